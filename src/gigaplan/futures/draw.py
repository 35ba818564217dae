"""Draws of uncertain figures, keyed by the identity of the figure.

A figure's draw depends on the seed, its path and the number of the future, and on nothing else:
adding an input reshuffles nothing, and future i is the same alone, in a block, on any worker.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.figure import CATALOG, Figure, canonical, replaced
from gigaplan.units import Column, column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gigaplan.plan.schema import Plan

WORDS_PER_COUNT = 4
"""64-bit words that Philox makes for each step of its counter."""
UNIT_STEP = 2.0**-53


def uncertain(plan: Plan) -> dict[str, Figure]:
    """Return the figures that have a range and still the value it is about.

    A figure that the user has set to something else is certain: what they say counts.
    """
    known = dict(canonical(plan)) | {
        f"{CATALOG}{path}": value for path, value in canonical(plan.entities)
    }
    return {
        path: figure
        for path, figure in plan.ledger.items()
        if figure.uncertain
        and path in known
        and column(known[path]).shape == (1,)
        and column(known[path])[0] == figure.value
    }


def uniform_frac(seed: int, identity: str, start: int, count: int) -> Column:
    """Return numbers in (0, 1) for futures `start` to `start + count` (N,).

    Notes
    -----
    Philox 4x64 with its key hashed from seed and identity and its counter from the future's number
    (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11).
    """
    digest = hashlib.blake2b(f"{seed}:{identity}".encode(), digest_size=16).digest()
    key = np.frombuffer(digest, dtype=np.uint64)
    skip = start % WORDS_PER_COUNT
    stream = np.random.Philox(key=key, counter=start // WORDS_PER_COUNT)
    words = stream.random_raw(skip + count)[skip:]
    return np.asarray(((words >> np.uint64(11)).astype(np.float64) + 0.5) * UNIT_STEP)


def inverse(figure: Figure, chance_frac: Column) -> Column:
    """Return the figure's value at a chance, in the figure's unit (N,).

    Notes
    -----
    Two half-triangles: the value is the median, `low` and `high` are the ends, and density falls to
    zero at both.
    """
    below = np.sqrt(np.minimum(2.0 * chance_frac, 1.0))
    above = np.sqrt(np.minimum(2.0 * (1.0 - chance_frac), 1.0))
    fall = (figure.value - figure.low) * (1.0 - below)
    climb = (figure.high - figure.value) * (1.0 - above)
    return np.asarray(np.where(chance_frac < 0.5, figure.value - fall, figure.value + climb))  # noqa: PLR2004


def drawn(figures: Iterable[Figure], seed: int, start: int, count: int) -> dict[str, Column]:
    """Return the draws of figures for a block of futures, by path."""
    return {
        figure.path: inverse(figure, uniform_frac(seed, figure.path, start, count))
        for figure in figures
    }


def with_columns(plan: Plan, columns: Mapping[str, Column]) -> Plan:
    """Return the plan with figures replaced by columns, its choices kept."""
    entities = plan.entities
    chosen = plan
    for path, values in columns.items():
        if path.startswith(CATALOG):
            entities = replaced(entities, path.removeprefix(CATALOG), values)
        else:
            chosen = replaced(chosen, path, values)
    return replace(chosen, entities=entities)
