"""Published parameter counts, cache sizes and system powers against the catalogue: arithmetic."""

from __future__ import annotations

from gigaplan.compute.roofline import Chip, System
from gigaplan.compute.workload import active_parameters_count, kv_byte_per_token, parameters_count
from gigaplan.evidence.cases import Case, measured_of
from gigaplan.evidence.rules import Refused, chip_of, entity, model_named
from gigaplan.evidence.training import Pair
from gigaplan.units import column

W_PER_KW = 1000.0


def shape_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return published sizes of a model beside those counted from its shape.

    Raises
    ------
    Refused
        When the catalogue lacks the model.
    """
    model = model_named(case.model)
    modelled = {
        "parameters_count": parameters_count(model),
        "active_count": active_parameters_count(model),
        "kv_byte_per_token": kv_byte_per_token(model),
    }
    return known_pairs(case, modelled), ()


def system_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return the published power of a system beside the catalogue's nameplate.

    Raises
    ------
    Refused
        When the catalogue lacks the system.
    """
    system: System = entity("systems", case.cells["system"], System)
    chip: Chip = chip_of(system.chip)
    each_kw = float(column(system.power_max_kw)[0])
    count = float(case.cells.get("systems") or 1.0)
    chips_kw = system.chips * float(column(chip.tdp_w)[0]) / W_PER_KW
    return known_pairs(
        case,
        {"system_power_kw": count * each_kw, "server_over_chip_power_ratio": each_kw / chips_kw},
    ), ()


def known_pairs(case: Case, modelled: dict[str, float]) -> list[Pair]:
    """Return the measured quantities that were computed.

    Raises
    ------
    Refused
        When there is none.
    """
    pairs = [
        Pair(name, value, modelled[name])
        for name, value in measured_of(case).items()
        if name in modelled
    ]
    if not pairs:
        raise Refused("nothing was measured that the model computes")
    return pairs
