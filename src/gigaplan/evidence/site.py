"""Published PUE and water of cloud regions against `site`: a design in the weather of a place."""

from __future__ import annotations

from functools import cache

import numpy as np

from gigaplan import catalog
from gigaplan.evidence.cases import Case
from gigaplan.evidence.rules import Refused, entity, rules
from gigaplan.evidence.shapes import known_pairs
from gigaplan.evidence.training import Pair
from gigaplan.site.cooling import Cooling, CoolingLoad, cooling_load
from gigaplan.site.power import PowerChain, facility
from gigaplan.site.weather import Climate, representative_hours

ALL_AIR = 0.0
"""Share of heat to liquid in the fleets of these years: servers of clouds were cooled by air."""


def region_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return the published PUE and water of a region beside the modelled.

    Raises
    ------
    Refused
        When there is no rule for the operator, or no climate for the region.
    """
    operator, region = case.cells["operator"], case.cells["region"]
    if "exclude" in case.note:
        raise Refused("a design value or a fleet's default, not measured")
    design = rules().operators.get(operator)
    if design is None:
        raise Refused(f"no rule for the design of {operator}")
    climate = rules().regions.get(f"{operator} {region}")
    if climate is None or climate not in catalog.names("climates"):
        raise Refused(f"no climate in the catalogue for {region}")
    chain: PowerChain = entity("chains", design.chain, PowerChain)
    made = facility(air_load(climate, design.cooling), chain, load_frac=float(design.load))
    modelled = {
        "pue_ratio": float(np.mean(made.pue_ratio)),
        "water_l_per_kwh": float(np.mean(made.water_l_per_kwh)),
    }
    return known_pairs(case, modelled), ("load",)


@cache
def air_load(climate: str, cooling: str) -> CoolingLoad:
    """Return the cooling load of air-cooled systems in a climate."""
    hours = representative_hours(entity("climates", climate, Climate))
    return cooling_load(hours, entity("coolings", cooling, Cooling), ALL_AIR)
