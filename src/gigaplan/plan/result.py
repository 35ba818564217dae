"""What a simulated plan says: results of every wing, by name, as columns and series.

Shapes: a column is (1,) or (N,), a series (T, 1) or (T, N). Months are the calendar's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan.figure import joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gigaplan.compute.serve import ServePoint
    from gigaplan.compute.train import TrainStep
    from gigaplan.units import Calendar, Column, Series

LIMITS = ("grid", "shell", "cooling", "chips", "cash", "demand")
"""What can bind in a month, in the order that decides ties."""
NOTHING_BINDS = -1
"""Binding limit of a month in which nothing is wanted yet."""


class Names(dict[str, Any]):
    """A mapping whose members are also attributes: `result.money.owner`."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Return a member by its name, a blank or dash written as an underscore."""
        for key in (name, name.replace("_", "-"), name.replace("_", " ")):
            if key in self:
                return self[key]
        raise AttributeError(f'"{name}" is not among {", ".join(self)}')


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """A training workload in one hall.

    Parameters
    ----------
    step : TrainStep
        One optimizer step.
    goodput_frac : Column
        Share of time that makes progress.
    chips_count : Column
        Chips of a run.
    run_days : Column
        Length of a run, failures included [days].
    chip_hours_count : Column
        Chip-hours of a run, failures included.
    chip_energy_mwh, it_energy_mwh, facility_energy_mwh : Column
        Energy of a run: chips at design power, all IT, the meter.
    chip_carbon_t, facility_carbon_t : Column
        Location-based emissions of the first and the last [tCO2].
    finish_date : Column
        End of the first run.
    """

    step: TrainStep
    goodput_frac: Column
    chips_count: Column
    run_days: Column
    chip_hours_count: Column
    chip_energy_mwh: Column
    it_energy_mwh: Column
    facility_energy_mwh: Column
    chip_carbon_t: Column
    facility_carbon_t: Column
    finish_date: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Serving:
    """An inference workload in one hall.

    Parameters
    ----------
    point : ServePoint
        Operating point that meets the SLO.
    tokens_per_s_per_chip : Column
        Output tokens at that point, uptime included [token/s].
    served_mtoken : Series
        Output tokens by month.
    """

    point: ServePoint
    tokens_per_s_per_chip: Column
    served_mtoken: Series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """A workload over all halls that it runs in.

    Parameters
    ----------
    given_count, busy_count : Series
        Chips set aside, and at work.
    revenue_usd : Series
        What it brings, by month.
    served_mtoken : Series
        Tokens served, or trained, by month.
    halls : Names
        Hall -> Training or Serving; empty for chips that are rented out.
    """

    given_count: Series
    busy_count: Series
    revenue_usd: Series
    served_mtoken: Series
    halls: Names


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HallResult:
    """Chips of a hall: what they are, what holds them back, what they do.

    Parameters
    ----------
    installed_count, in_service_count, busy_count : Series
        Delivered; powered and working; at work on average.
    chip_hours_count : Column
        In service over the plan.
    binding : NDArray
        Index into LIMITS by month (T, N).
    peak_kw_per_chip, mean_kw_per_chip : Column
        Facility power of a chip in the worst hour, and on average when busy [kW].
    price_usd_per_chip : Column
        All-in IT price of a chip, network and store included.
    first_capex_usd, capex_usd : Column
        IT capital of the first fleet; with what replaces it.
    switches_count, optics_count : Column
        Of the scale-out network.
    """

    installed_count: Series
    in_service_count: Series
    busy_count: Series
    chip_hours_count: Column
    binding: NDArray[np.int64]
    peak_kw_per_chip: Column
    mean_kw_per_chip: Column
    price_usd_per_chip: Column
    first_capex_usd: Column
    capex_usd: Column
    switches_count: Column
    optics_count: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteResult:
    """A site, or a group of like sites: power, energy, water, carbon, cost.

    Parameters
    ----------
    capacity_mw : Column
        Facility power of the campus when complete.
    needed_mw : Column
        What its halls need when complete, in the worst hour.
    firm_mw, shell_mw, load_mw : Series
        Supply it can count on; power under a roof; mean draw.
    peak_mw : Series
        Draw in the worst hour.
    it_mwh, grid_mwh, gas_mwh, unserved_mwh : Series
        Energy by month.
    energy_usd : Series
        Electricity bill and fuel.
    carbon_t, water_m3 : Series
        Location-based emissions [tCO2]; water drawn on site.
    total_mwh, total_usd, total_t, total_m3 : Column
        Facility energy, its cost, emissions and water over the whole plan.
    pue_ratio, peak_pue_ratio : Column
        Facility over IT energy over the plan's months; over IT power in the worst hour.
    capex_usd : Column
        Cost of the building, its plant and its generation.
    first_power_date, full_power_date : Column
        When the first and the last megawatt are ready.
    usual_power_date : Column
        When the first would be ready, had building taken as long as the cost book says; NaN where
        the plan names no ground-breaking.
    """

    capacity_mw: Column
    needed_mw: Column
    firm_mw: Series
    shell_mw: Series
    load_mw: Series
    peak_mw: Series
    it_mwh: Series
    grid_mwh: Series
    gas_mwh: Series
    unserved_mwh: Series
    energy_usd: Series
    carbon_t: Series
    water_m3: Series
    total_mwh: Column
    total_usd: Column
    total_t: Column
    total_m3: Column
    pue_ratio: Column
    peak_pue_ratio: Column
    capex_usd: Column
    first_power_date: Column
    full_power_date: Column
    usual_power_date: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levelised:
    """What a unit costs all together: discounted cost over discounted output.

    Parameters
    ----------
    chip_usd_per_chip_h : Column
        A chip in service for an hour.
    token_usd_per_mtoken : Column
        A million output tokens; NaN where none are served.
    shell_usd_per_kw_month : Column
        A kilowatt of critical IT load ready for a month, energy left out.
    """

    chip_usd_per_chip_h: Column
    token_usd_per_mtoken: Column
    shell_usd_per_kw_month: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Everything a simulated plan says.

    Parameters
    ----------
    calendar : Calendar
        The months.
    compute : Names
        Workload -> Work.
    cluster : Names
        Hall -> HallResult.
    site : Names
        Site or site group -> SiteResult.
    money : Names
        Party -> Accounts, and "consolidated".
    levelised : Levelised
        Unit costs.
    verdict : NDArray
        Bits of `figure.Verdict` (N,).
    """

    calendar: Calendar
    compute: Names
    cluster: Names
    site: Names
    money: Names
    levelised: Levelised
    verdict: NDArray[np.int64]


def columns_of(value: Any, path: str = "") -> Iterator[tuple[str, Column]]:  # noqa: ANN401
    """Walk a Result and yield every array in it with its path."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif is_dataclass(value):
        for item in fields(value):
            if not item.metadata.get("internal"):
                yield from columns_of(getattr(value, item.name), joined(path, item.name))
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from columns_of(member, joined(path, key))


__all__ = [
    "LIMITS",
    "HallResult",
    "Levelised",
    "Names",
    "Result",
    "Serving",
    "SiteResult",
    "Training",
    "Work",
    "columns_of",
]
