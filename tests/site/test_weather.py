"""Psychrometrics against psychrolib's equations, and representative hours against their normals."""

from dataclasses import replace

import numpy as np
import pytest

from gigaplan.site.weather import (
    POINTS,
    Climate,
    day_shape,
    enthalpy_ratio,
    month_means,
    on_months,
    pressure_pa_ratio,
    representative_hours,
    saturation_ratio,
    wet_bulb_c,
    with_design_day,
)
from gigaplan.units import Calendar, column

PLACE = Climate(
    title="continental",
    elevation_m=200.0,
    max_c=(2.0, 4.0, 10.0, 17.0, 23.0, 28.0, 31.0, 30.0, 26.0, 19.0, 11.0, 4.0),
    min_c=(-7.0, -5.0, 0.0, 5.0, 11.0, 16.0, 19.0, 18.0, 14.0, 7.0, 2.0, -4.0),
    mean_c=(-2.0, 0.0, 5.0, 11.0, 17.0, 22.0, 25.0, 24.0, 20.0, 13.0, 6.0, 0.0),
    dew_point_c=(-7.0, -6.0, -2.0, 3.0, 10.0, 15.0, 18.0, 17.0, 13.0, 6.0, 0.0, -5.0),
    sd_c=(5.0, 5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.5, 3.5, 4.0, 4.5, 5.0),
    design_dry_bulb_c=35.0,
    design_wet_bulb_c=25.5,
)


@pytest.mark.parametrize(
    ("dry", "dew", "height", "wet"),
    [  # psychrolib 2.5.0's equations solved to rounding; its own answers lie within 0.0004 K
        (35.0, 20.0, 0, 24.2909),
        (44.2, 2.0, 649, 19.14635),
        (33.0, 26.0, 16, 27.66813),
        (25.0, 25.0, 100, 25.0),
        (20.0, -5.0, 1734, 7.70765),
        (5.0, 2.0, 0, 3.65364),
        (-10.0, -14.0, 382, -11.01783),
        (-25.0, -30.0, 0, -25.39511),
        (30.0, 10.0, 3000, 16.23933),
        (27.5, 24.0, 7, 24.91718),
    ],
)
def test_wet_bulb_is_psychrolibs(dry: float, dew: float, height: float, wet: float) -> None:
    got = wet_bulb_c(np.array([[dry]]), np.array([[dew]]), height)
    assert got[0, 0] == pytest.approx(wet, abs=2e-5)


def test_pressures_of_the_handbook() -> None:
    assert 101325.0 * pressure_pa_ratio(1734.0) == pytest.approx(82155.98, abs=0.01)
    pressure, slope = saturation_ratio(np.array([-20.0, 0.0, 25.0, 40.0]))
    # ASHRAE Fundamentals 2017, chapter 1, table 3 [kPa]
    assert pressure * 101.325 == pytest.approx([0.10324, 0.61115, 3.1693, 7.3838], rel=2e-4)
    step = 1e-5
    above, below = (saturation_ratio(np.array([25.0 + sign * step]))[0] for sign in (1, -1))
    assert slope[2] == pytest.approx((above - below) / (2 * step), rel=1e-7)


def test_wet_bulb_lies_between_dew_point_and_dry_bulb() -> None:
    draw = np.random.default_rng(0)
    dry = draw.uniform(-35.0, 50.0, (500, 3))
    dew = dry - draw.uniform(0.0, 35.0, (500, 3))
    wet = wet_bulb_c(dry, dew, np.array([0.0, 1000.0, 2500.0]))
    assert np.all(wet <= dry)
    assert np.all(wet >= dew - 0.1)  # over ice the definitions of dew point and wet bulb differ
    assert np.all(wet_bulb_c(dry, dew + 0.5, 0.0) >= wet_bulb_c(dry, dew, 0.0) - 1e-9)


def test_enthalpy_rises_faster_in_warm_air() -> None:
    rise = enthalpy_ratio(np.linspace(-10.0, 30.0, 41)[:, None], 0.0)
    assert np.all(np.diff(rise[:, 0]) >= 0.0)
    assert rise[20, 0] == pytest.approx(2.5, abs=0.2)  # saturated air near 14 degC


def test_hours_keep_the_normals() -> None:
    hours = representative_hours(PLACE)
    assert hours.dry_c.shape == (POINTS * 12, 1)
    assert month_means(np.ones_like(hours.dry_c), hours) == pytest.approx(1.0, abs=1e-14)
    means = month_means(hours.dry_c, hours)[:, 0]
    assert means == pytest.approx(PLACE.mean_c, abs=1e-12)
    daily = np.stack([hours.dry_c[start * 12 : (start + 8) * 12, 0] for start in (0, 8, 16)])
    by_day = daily.reshape(3, 8, 12).sum(axis=1) / 8.0
    spread = np.array([1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0])[:, None] * (by_day - means) ** 2
    assert np.sqrt(spread.sum(axis=0)) == pytest.approx(PLACE.sd_c, abs=1e-12)
    assert abs(day_shape().sum()) < 1e-14
    assert np.all(hours.wet_c <= hours.dry_c)


def test_a_calendar_takes_its_months() -> None:
    by_month = np.arange(12.0)[:, None]
    assert list(on_months(by_month, Calendar(322.0, 4))[:, 0]) == [10.0, 11.0, 0.0, 1.0]


def test_columns_of_a_climate_are_like_one() -> None:
    warmer = replace(PLACE, mean_c=tuple(value + np.array([0.0, 1.5]) for value in PLACE.mean_c))
    both = representative_hours(warmer)
    assert both.dry_c.shape == (POINTS * 12, 2)
    assert np.array_equal(both.wet_c[:, :1], representative_hours(PLACE).wet_c)


def test_design_days_may_be_drawn() -> None:
    hours = representative_hours(PLACE)
    hot = replace(PLACE, design_dry_bulb_c=np.array([35.0, 38.0]))
    drawn = with_design_day(hours, hot)
    assert drawn.dry_c is hours.dry_c
    assert list(drawn.design_dry_c[0]) == [35.0, 38.0]
    assert np.all(column(drawn.design_wet_c[0]) == 25.5)
