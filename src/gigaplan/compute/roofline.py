"""One matmul, one attention, one pass over memory on one chip.

Times are columns: (1,) or (N,) over futures, (L,) over layouts. Work (FLOP, bytes, shapes) comes
from structure, speeds from figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gigaplan.units import Column, Real, column, option, quantity

FLOP_PER_TFLOP = 1e12
BYTE_PER_GB = 1e9

RUNS_AS: dict[str, tuple[str, ...]] = {
    "fp4": ("fp4", "fp8", "bf16", "fp16"),
    "fp8": ("fp8", "bf16", "fp16"),
    "int8": ("int8", "fp8", "bf16", "fp16"),
    "bf16": ("bf16", "fp16"),
    "fp16": ("fp16", "bf16"),
}
"""What a chip without a format runs it as: weights stored narrow, multiplied at the next wider
one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chip:
    """One accelerator as its data sheet and measurements describe it.

    Notes
    -----
    Peaks are dense. Links are unidirectional, per chip.
    """

    title: str = option(doc="name for people")
    vendor: str = option("", doc="who makes it")
    dense_tflops: dict[str, Real] = quantity(
        low=0.0, doc="dense peak of a format: bf16, fp8, fp4..."
    )
    matmul_frac: dict[str, Real] = quantity(
        low=0.0, high=1.0, doc="largest measured share of the dense peak that a big matmul reaches"
    )
    memory_gb: Real = quantity(low=0.0, doc="usable memory")
    memory_bandwidth_gb_per_s: Real = quantity(low=0.0, doc="memory bandwidth")
    memory_reach_frac: Real = quantity(low=0.0, high=1.0, doc="reachable share of memory bandwidth")
    scale_up_gb_per_s: Real = quantity(low=0.0, doc="link to the scale-up domain, one direction")
    scale_out_gb_per_s: Real = quantity(low=0.0, doc="network card, one direction")
    tdp_w: Real = quantity(low=0.0, doc="design power")
    idle_w: Real = quantity(low=0.0, doc="power at rest")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class System:
    """A server, rack or pod as it is bought and powered."""

    title: str = option(doc="name for people")
    vendor: str = option("", doc="who sells it")
    chip: str = option(doc="its chip", entry="chips")
    chips: int = option(doc="chips in it")
    scale_up_chips: int = option(doc="chips that share one scale-up domain")
    topology: Literal["switched", "torus"] = option("switched", doc="of the scale-up domain")
    power_max_kw: Real = quantity(low=0.0, doc="nameplate of the whole system")
    power_mean_frac: Real = quantity(low=0.0, high=1.0, doc="mean draw over nameplate when busy")
    price_usd: Real = quantity(low=0.0, doc="price of the whole system")
    failures_count_per_chip_year: Real = quantity(
        low=0.0, doc="job interruptions, per chip and year"
    )
    liquid_frac: Real = quantity(low=0.0, high=1.0, doc="share of the heat that goes to liquid")
    life_years: Real = quantity(low=0.0, doc="economic life")
    idle_frac: Real = quantity(low=0.0, high=1.0, doc="draw at rest over nameplate")
    available_date: Real = quantity(doc="first deliveries")


def format_run(chip: Chip, precision: str) -> str:
    """Return the format a chip multiplies in when asked for one (structure).

    Raises
    ------
    KeyError
        When the chip lists no format that can stand in.
    """
    for candidate in RUNS_AS[precision]:
        if candidate in chip.dense_tflops:
            return candidate
    raise KeyError(f"{chip.title} has no matmul for {precision}")


def peak_tflops(chip: Chip, precision: str) -> Column:
    """Dense peak in the format that the chip runs a precision in.

    Parameters
    ----------
    chip : Chip
        The chip.
    precision : str
        Key of `dense_tflops`; absent ones run as the next wider format (`RUNS_AS`).

    Returns
    -------
    Column
        [TFLOP/s]
    """
    return column(chip.dense_tflops[format_run(chip, precision)])


def matmul_tflops(chip: Chip, precision: str) -> Column:
    """Speed of a big matmul: peak times the largest share that was measured.

    A format without a measurement takes the share of bf16.
    """
    run = format_run(chip, precision)
    share = chip.matmul_frac.get(run, chip.matmul_frac["bf16"])
    return peak_tflops(chip, precision) * column(share)


def memory_byte_per_s(chip: Chip) -> Column:
    """Reachable memory bandwidth [byte/s]."""
    return column(chip.memory_bandwidth_gb_per_s) * column(chip.memory_reach_frac) * BYTE_PER_GB


def shape_frac(
    rows_count: Column, columns_count: Column, depth_count: Column, tile_count: Column
) -> Column:
    """Share of a big matmul's speed that a matmul of this shape reaches.

    Parameters
    ----------
    rows_count, columns_count, depth_count : Column
        m, n and k of an (m, k) by (k, n) product [-].
    tile_count : Column
        Length at which one dimension costs half [-], a fitted constant.

    Returns
    -------
    Column
        m/(m+t) x n/(n+t) x k/(k+t) [-].

    Notes
    -----
    A smooth stand-in for wave and tile quantisation and the filling of the pipeline: a dimension of
    one tile does half its work on edges. Rises to 1 for big matmuls.
    """
    m, n, k = rows_count, columns_count, depth_count
    return np.asarray((m * n * k) / ((m + tile_count) * (n + tile_count) * (k + tile_count)))


def matmul_s(work_flop: Column, moved_byte: Column, speed_tflops: Column, chip: Chip) -> Column:
    """Time of a matmul on one chip: arithmetic or memory, whichever is longer.

    Parameters
    ----------
    work_flop : Column
        FLOP [FLOP].
    moved_byte : Column
        Bytes of both inputs and the output [byte].
    speed_tflops : Column
        Reached speed, shape included [TFLOP/s].
    chip : Chip
        Whose memory it is.

    Returns
    -------
    Column
        [s]
    """
    arithmetic = work_flop / (speed_tflops * FLOP_PER_TFLOP)
    return np.asarray(np.maximum(arithmetic, memory_s(moved_byte, chip)))


def attention_s(
    work_flop: Column, moved_byte: Column, attention_frac: Column, chip: Chip
) -> Column:
    """Time of a fused attention kernel in bf16.

    Parameters
    ----------
    work_flop : Column
        FLOP of scores and values [FLOP].
    moved_byte : Column
        Bytes of queries, keys, values and output [byte].
    attention_frac : Column
        Speed over that of a big bf16 matmul [-].
    chip : Chip
        The chip.

    Returns
    -------
    Column
        [s]
    """
    return matmul_s(work_flop, moved_byte, matmul_tflops(chip, "bf16") * attention_frac, chip)


def memory_s(moved_byte: Column, chip: Chip) -> Column:
    """Time to move bytes between a chip and its memory [s]."""
    return np.asarray(moved_byte / memory_byte_per_s(chip))
