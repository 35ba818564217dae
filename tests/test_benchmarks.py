"""Benchmarks hold half of the ratio that was measured, on a small size."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

import benchmarks.futures  # noqa: F401
from benchmarks import CASES, run

HALF_OF_MEASURED = {"futures/abilene": 15.0}
"""Case -> half of its rate over the reference's, from `python -m benchmarks`."""


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_benchmark_keeps_half_of_its_ratio(name: str) -> None:
    case = CASES[name]
    assert run(case, case.sizes[0]).ratio >= HALF_OF_MEASURED[name]
