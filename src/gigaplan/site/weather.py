"""Climate to representative hours: dry bulb, wet bulb, pressure.

Twelve monthly normals become 288 weighted hours: in each month eight points of the day on each of
three days, a mean one and a cold and a hot one that keep the day-to-day variance. It is structure:
done once, before any future.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigaplan.units import MONTHS_PER_YEAR, Calendar, Column, Real, Series, column, option, quantity

KELVIN = 273.15
"""0 degC in kelvin."""
DAY_HOURS = (1.5, 4.5, 7.5, 10.5, 13.5, 16.5, 19.5, 22.5)
"""Middle of each three-hour part of the day."""
COLDEST_HOUR = 6.0
HOTTEST_HOUR = 15.0
"""Hours of the daily minimum and maximum; reference map of the site, recipe of hourly synthesis."""
DAYS_SIGMA = (-np.sqrt(3.0), 0.0, np.sqrt(3.0))
DAYS_FRAC = (1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0)
"""Gauss-Hermite days: the normal law's moments up to the fifth are exact."""
POINTS = len(DAY_HOURS) * len(DAYS_FRAC)
"""Representative hours of a month."""
NEWTON_STEPS = 12
"""From the dry bulb down; six reach 1e-6 K in a desert, the rest is margin."""

# ASHRAE Handbook of Fundamentals 2017, chapter 1 (source ashrae-fundamentals-2017), SI.
ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)
"""Coefficients C1 to C7 of ln(saturation pressure) over ice, eq. 5."""
WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
"""Coefficients C8 to C13 over water, eq. 6, in the order of `ICE`."""
TRIPLE_POINT_C = 0.01
ABOVE_ICE_C = 0.02
"""Coldest water film of a tower, which is kept from freezing."""
VAPOUR_RATIO = 0.621945
"""Molar mass of water over that of dry air."""
SEA_LEVEL_PA = 101325.0
LAPSE_PER_M = 2.25577e-5
LAPSE_POWER = 5.2559
"""Standard atmosphere, eq. 3."""
AIR_HEAT = 1.006
VAPOUR_HEAT = 1.86
"""Heat capacity of dry air and of vapour [kJ/kg/K]."""
WET = (2501.0, 2.326, 4.186)
FROZEN = (2830.0, 0.24, 2.1)
"""Latent heat at 0 degC, its fall and the heat capacity of the condensate, eq. 33 and 35."""
MIDDLE_OF_TOWER_K = 4.0
"""Mean temperature of the air in a cooling tower over its entering wet bulb: half a usual rise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Climate:
    """Monthly normals of one place; twelve values each, January first."""

    title: str = option(doc="name for people")
    latitude: float = option(0.0, doc="degrees north")
    longitude: float = option(0.0, doc="degrees east")
    elevation_m: Real = quantity(0.0, low=-500.0, high=6000.0, doc="above the sea")
    max_c: tuple[Real, ...] = quantity(low=-90.0, high=60.0, doc="mean of the daily maxima")
    min_c: tuple[Real, ...] = quantity(low=-90.0, high=60.0, doc="mean of the daily minima")
    mean_c: tuple[Real, ...] = quantity(low=-90.0, high=60.0, doc="mean dry bulb")
    dew_point_c: tuple[Real, ...] = quantity(low=-90.0, high=40.0, doc="mean dew point")
    sd_c: tuple[Real, ...] = quantity(
        low=0.0, high=30.0, doc="standard deviation of the daily means (a spread in kelvin)"
    )
    dew_point_response_ratio: Real = quantity(
        0.7, low=0.0, high=2.0, doc="rise of the dew point with that of the daily mean, K per K"
    )
    design_dry_bulb_c: Real = quantity(low=-90.0, high=60.0, doc="hottest hour to build for")
    design_wet_bulb_c: Real = quantity(low=-90.0, high=40.0, doc="most humid hour to build for")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outdoors:
    """Representative hours of a place, ready for the cooling formulae.

    Parameters
    ----------
    month : NDArray
        Month of each hour, 0 to 11 (H,): all months of the first point, then of the second...
    weight_frac : Series
        Share of its month that each hour stands for (H, 1).
    dry_c, wet_c : Series
        Dry and wet bulb [degC] (H, 1).
    enthalpy_ratio : Series
        Rise of saturated air's enthalpy over that of dry air's, per kelvin, in a tower [-] (H, 1).
    design_dry_c, design_wet_c, design_enthalpy_ratio : Series
        The same on the design day (1, 1).
    """

    month: NDArray[np.int64]
    weight_frac: Series
    dry_c: Series
    wet_c: Series
    enthalpy_ratio: Series
    design_dry_c: Series
    design_wet_c: Series
    design_enthalpy_ratio: Series


def pressure_pa_ratio(elevation_m: Real) -> Column:
    """Mean air pressure at a height over that at the sea [-].

    Parameters
    ----------
    elevation_m : Real
        Above the sea [m].

    Returns
    -------
    Column
        (1 - 2.25577e-5 z)^5.2559, of 101,325 Pa [-].

    References
    ----------
    ashrae-fundamentals-2017
    """
    left = 1.0 - LAPSE_PER_M * column(elevation_m)
    return np.asarray(np.exp(LAPSE_POWER * np.log(left)))


def saturation_ratio(temperature_c: Series) -> tuple[Series, Series]:
    """Saturation pressure of water vapour over that of sea-level air.

    Parameters
    ----------
    temperature_c : Series
        [degC], any shape.

    Returns
    -------
    tuple of Series
        The pressure over 101,325 Pa [-], and its rise per kelvin.

    References
    ----------
    ashrae-fundamentals-2017
    """
    kelvin = np.asarray(temperature_c) + KELVIN
    frozen = np.asarray(temperature_c) <= TRIPLE_POINT_C
    log_kelvin = np.log(kelvin)
    terms = []
    slopes = []
    for c1, c2, c3, c4, c5, c6, c7 in (ICE, WATER):
        square = kelvin * kelvin
        cube = square * kelvin
        terms.append(
            c1 / kelvin
            + c2
            + c3 * kelvin
            + c4 * square
            + c5 * cube
            + c6 * square * square
            + c7 * log_kelvin
        )
        slopes.append(
            -c1 / square
            + c3
            + 2.0 * c4 * kelvin
            + 3.0 * c5 * square
            + 4.0 * c6 * cube
            + c7 / kelvin
        )
    pressure = np.exp(np.where(frozen, terms[0], terms[1])) / SEA_LEVEL_PA
    return pressure, np.asarray(pressure * np.where(frozen, slopes[0], slopes[1]))


def humidity_ratio(temperature_c: Series, air_ratio: Column) -> tuple[Series, Series]:
    """Water that saturated air holds.

    Parameters
    ----------
    temperature_c : Series
        [degC]
    air_ratio : Column
        Air pressure over that at sea level [-].

    Returns
    -------
    tuple of Series
        Kilograms of vapour per kilogram of dry air [-], and its rise per kelvin.
    """
    vapour, slope = saturation_ratio(temperature_c)
    rest = np.maximum(air_ratio - vapour, 1e-3)  # boiling, far from any weather: keep finite
    return np.asarray(VAPOUR_RATIO * vapour / rest), np.asarray(
        VAPOUR_RATIO * slope * air_ratio / (rest * rest)
    )


def wet_bulb_c(dry_c: Series, dew_point_c: Series, elevation_m: Real) -> Series:
    """Thermodynamic wet bulb.

    Parameters
    ----------
    dry_c, dew_point_c : Series
        Dry bulb and dew point, the latter not above the former [degC].
    elevation_m : Real
        Above the sea [m].

    Returns
    -------
    Series
        [degC], in the shape of the inputs.

    Notes
    -----
    Solves W = ((L - a t) W_s(t) - c (T - t)) / (L + 1.86 T - b t) for t by Newton from the dry
    bulb, with the latent heat of water where the answer is above 0 degC and of ice below. At 0 degC
    the definition jumps: in a band of about 0.6 K both answer, and the one over water is taken.

    References
    ----------
    ashrae-fundamentals-2017
    """
    dry = np.asarray(dry_c, dtype=np.float64)
    air = pressure_pa_ratio(elevation_m)
    held = humidity_ratio(np.minimum(dew_point_c, dry), air)[0]
    at_zero = (WET[0] * humidity_ratio(np.zeros(1), air)[0] - AIR_HEAT * dry) / (
        WET[0] + VAPOUR_HEAT * dry
    )
    icy = held < at_zero
    latent, fall, heat = (np.where(icy, ice, wet) for ice, wet in zip(FROZEN, WET, strict=True))
    guess = np.where(icy, np.minimum(dry, 0.0), np.maximum(dry, 0.0))
    for _ in range(NEWTON_STEPS):
        full, slope = humidity_ratio(guess, air)
        below = latent + VAPOUR_HEAT * dry - heat * guess
        above = (latent - fall * guess) * full - AIR_HEAT * (dry - guess)
        rise = (latent - fall * guess) * slope - fall * full + AIR_HEAT
        off = above / below - held
        guess = guess - off / ((rise + above / below * heat) / below)
    return np.asarray(np.minimum(guess, dry))


def enthalpy_ratio(wet_c: Series, elevation_m: Real) -> Series:
    """Heat that saturated air takes up per kelvin over that of dry air.

    Parameters
    ----------
    wet_c : Series
        Wet bulb of the air that enters a tower [degC].
    elevation_m : Real
        Above the sea [m].

    Returns
    -------
    Series
        1 + L dW_s/dt / c, in the middle of the tower [-]; 1 / it is the sensible share.
    """
    film = np.maximum(np.asarray(wet_c) + MIDDLE_OF_TOWER_K, ABOVE_ICE_C)
    slope = humidity_ratio(film, pressure_pa_ratio(elevation_m))[1]
    return np.asarray(1.0 + WET[0] * slope / AIR_HEAT)


def day_shape() -> NDArray[np.float64]:
    """Departure from the daily mean over the daily range, at `DAY_HOURS` (8,).

    A cosine that rises for 9 hours and falls for 15, its mean taken off.
    """
    rise = HOTTEST_HOUR - COLDEST_HOUR
    fall = 24.0 - rise
    shape = [
        -np.cos(np.pi * (hour - COLDEST_HOUR) / rise) / 2.0
        if COLDEST_HOUR <= hour < HOTTEST_HOUR
        else np.cos(np.pi * ((hour - HOTTEST_HOUR) % 24.0) / fall) / 2.0
        for hour in DAY_HOURS
    ]
    centre = sum(shape) / len(shape)
    return np.asarray(np.array(shape) - centre)


def representative_hours(climate: Climate) -> Outdoors:
    """Turn monthly normals into weighted hours and a design day.

    Parameters
    ----------
    climate : Climate
        Normals of the place.

    Returns
    -------
    Outdoors
        288 hours (`POINTS` for each month) and the design day.

    Notes
    -----
    Dry bulb = mean + range x shape of the day + sigma x standard deviation of daily means. The dew
    point of a day is constant, moves with the day's mean by `dew_point_response_ratio`, and is
    capped at the dry bulb. Cooling by the year is within 0.003 of IT power of hourly synthesis from
    the same normals (24 places, five designs; 0.0004 on average).
    """
    mean, sd, dew = (
        monthly(values) for values in (climate.mean_c, climate.sd_c, climate.dew_point_c)
    )
    spread = monthly(climate.max_c) - monthly(climate.min_c)
    response = column(climate.dew_point_response_ratio)
    dry_rows, dew_rows, weights = [], [], []
    for sigma, share in zip(DAYS_SIGMA, DAYS_FRAC, strict=True):
        for shape in day_shape():
            dry = mean + shape * spread + sigma * sd
            dry_rows.append(dry)
            dew_rows.append(np.minimum(dew + sigma * response * sd, dry))
            weights.append(share / len(DAY_HOURS))
    dry_c, dew_c = np.concatenate(dry_rows), np.concatenate(dew_rows)
    height = climate.elevation_m
    wet_c = wet_bulb_c(dry_c, dew_c, height)
    design_dry, design_wet, design_ratio = design_day(climate)
    return Outdoors(
        month=np.tile(np.arange(MONTHS_PER_YEAR), POINTS),
        weight_frac=np.repeat(np.array(weights), MONTHS_PER_YEAR)[:, None],
        dry_c=dry_c,
        wet_c=wet_c,
        enthalpy_ratio=enthalpy_ratio(wet_c, height),
        design_dry_c=design_dry,
        design_wet_c=design_wet,
        design_enthalpy_ratio=design_ratio,
    )


def design_day(climate: Climate) -> tuple[Series, Series, Series]:
    """Weather of the worst hour to build for.

    Parameters
    ----------
    climate : Climate
        Normals of the place; the design figures may be columns.

    Returns
    -------
    tuple of Series
        Dry and wet bulb [degC] and enthalpy ratio [-], each (1, N).

    Notes
    -----
    The design dry bulb serves what looks at the dry bulb and the design wet bulb what looks at the
    wet bulb, though they seldom meet in one hour.
    """
    dry = column(climate.design_dry_bulb_c)[None, :]
    wet = np.minimum(column(climate.design_wet_bulb_c)[None, :], dry)
    return dry, wet, enthalpy_ratio(wet, climate.elevation_m)


def with_design_day(outdoors: Outdoors, climate: Climate) -> Outdoors:
    """Return prepared hours with the design day of these futures.

    Parameters
    ----------
    outdoors : Outdoors
        Prepared once, at the central values.
    climate : Climate
        With design figures as columns.

    Returns
    -------
    Outdoors
        Hours as they were, the design day (1, N).
    """
    dry, wet, rise = design_day(climate)
    return replace(outdoors, design_dry_c=dry, design_wet_c=wet, design_enthalpy_ratio=rise)


def monthly(values: tuple[float | NDArray[np.float64], ...]) -> NDArray[np.float64]:
    """Stack twelve normals as rows (12, 1) or (12, N)."""
    rows = np.broadcast_arrays(*[column(value) for value in values])
    return np.asarray(np.stack(rows))


def month_means(hourly: NDArray[np.float64], outdoors: Outdoors) -> NDArray[np.float64]:
    """Average representative hours to months.

    Parameters
    ----------
    hourly : NDArray
        By representative hour (H, N), any unit.
    outdoors : Outdoors
        Whose hours they are.

    Returns
    -------
    NDArray
        By month of the year (12, N), in the same unit.
    """
    by_point = hourly.reshape(POINTS, MONTHS_PER_YEAR, hourly.shape[1])
    weights = outdoors.weight_frac.reshape(POINTS, MONTHS_PER_YEAR, 1)
    total = np.zeros((MONTHS_PER_YEAR, hourly.shape[1]))
    for point, weight in zip(by_point, weights, strict=True):
        total = total + weight * point
    return total


def on_months(by_month: NDArray[np.float64], calendar: Calendar) -> NDArray[np.float64]:
    """Repeat a year of months over a plan's calendar.

    Parameters
    ----------
    by_month : NDArray
        January to December (12, N), any unit.
    calendar : Calendar
        The T months.

    Returns
    -------
    NDArray
        (T, N), in the same unit.
    """
    return np.asarray(by_month[calendar.month_of_year])
