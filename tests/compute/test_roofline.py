"""One matmul, one attention, one memory pass."""

from dataclasses import replace

import numpy as np
import pytest

from gigaplan.compute.roofline import (
    Chip,
    attention_s,
    format_run,
    matmul_s,
    matmul_tflops,
    memory_s,
    peak_tflops,
    shape_frac,
)
from gigaplan.units import column


def test_a_big_matmul_is_bound_by_arithmetic(h100: Chip) -> None:
    speed = matmul_tflops(h100, "bf16")
    work, moved = column(2.0 * 8192**3), column(3 * 2.0 * 8192**2)
    assert matmul_s(work, moved, speed, h100)[0] == pytest.approx(2 * 8192**3 / (989e12 * 0.803))


def test_a_thin_matmul_is_bound_by_memory(h100: Chip) -> None:
    moved = column(2.0 * 8192**2)
    took = matmul_s(column(2.0 * 8192**2), moved, matmul_tflops(h100, "bf16"), h100)
    assert took == memory_s(moved, h100)
    assert took[0] == pytest.approx(2 * 8192**2 / (3350e9 * 0.887))


def test_attention_runs_at_a_share_of_bf16(h100: Chip) -> None:
    took = attention_s(column(1e12), column(0.0), column(0.5), h100)
    assert took[0] == pytest.approx(1 / (989 * 0.803 * 0.5))


def test_shape_share_rises_to_one_and_halves_at_the_tile() -> None:
    huge = column(1e9)
    assert shape_frac(huge, huge, huge, column(128.0))[0] == pytest.approx(1.0, abs=1e-6)
    assert shape_frac(column(128.0), huge, huge, column(128.0))[0] == pytest.approx(0.5, rel=1e-6)
    sizes = np.array([1.0, 64.0, 512.0, 4096.0])
    assert (np.diff(shape_frac(sizes, huge, huge, column(128.0))) > 0).all()


def test_a_format_the_chip_lacks_runs_as_the_next_wider(h100: Chip) -> None:
    assert format_run(h100, "fp4") == "fp8"
    assert peak_tflops(h100, "fp4") == peak_tflops(h100, "fp8")
    old = replace(h100, dense_tflops={"bf16": 312.0}, matmul_frac={"bf16": 0.869})
    assert format_run(old, "fp8") == "bf16"
    assert matmul_tflops(old, "fp8")[0] == pytest.approx(312 * 0.869)


def test_a_chip_without_any_matmul_is_a_mistake(h100: Chip) -> None:
    with pytest.raises(KeyError, match="has no matmul for bf16"):
        format_run(replace(h100, dense_tflops={"int8": 1.0}), "bf16")


def test_an_unmeasured_format_takes_the_share_of_bf16(h100: Chip) -> None:
    bare = replace(h100, matmul_frac={"bf16": 0.8})
    assert matmul_tflops(bare, "fp8")[0] == pytest.approx(1979 * 0.8)
