"""Benchmarks: each a case at several sizes, beside a plain reference in the same process.

    uv run python -m benchmarks [NAME] [--json] [--largest]

A benchmark times the product's own path. Machines are shared: read the ratios first.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Case:
    """One thing to time.

    Parameters
    ----------
    name : str
        Room and plan, such as "futures/abilene".
    unit : str
        What is counted.
    sizes : tuple of int
        Small ones first; CI runs the first only.
    prepare : callable
        Returns what both sides work on; not timed.
    work : callable
        The product's path, of (prepared, size).
    reference : callable
        The plain path, of (prepared, size).
    reference_name : str
        What it is.
    reference_size : int
        At which the reference is timed; rates are compared.
    """

    name: str
    unit: str
    sizes: tuple[int, ...]
    prepare: Callable[[], Any]
    work: Callable[[Any, int], object]
    reference: Callable[[Any, int], object]
    reference_name: str
    reference_size: int


@dataclass(frozen=True)
class Timing:
    """What a case took."""

    name: str
    size: int
    seconds: float
    rate: float
    peak_mib: float
    reference: str
    reference_rate: float
    ratio: float


CASES: dict[str, Case] = {}


def register(case: Case) -> Case:
    """Add a case to the list."""
    CASES[case.name] = case
    return case


def timed(work: Callable[[object, int], object], prepared: object, size: int) -> float:
    """Return the seconds that one call takes."""
    begin = time.perf_counter()
    work(prepared, size)
    return time.perf_counter() - begin


def peak_mib() -> float:
    """Return the most memory that this process or one of its workers has held [MiB]."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / KIB_PER_MIB


def run(case: Case, size: int) -> Timing:
    """Time a case at one size, warm, beside its reference."""
    prepared = case.prepare()
    timed(case.work, prepared, case.sizes[0])
    timed(case.reference, prepared, 2)
    seconds = timed(case.work, prepared, size)
    plain = timed(case.reference, prepared, case.reference_size)
    rate, reference_rate = size / seconds, case.reference_size / plain
    return Timing(
        case.name, size, seconds, rate, peak_mib(), case.reference_name, reference_rate,
        rate / reference_rate,
    )  # fmt: skip
