"""Collectives over tiers of links, by the alpha-beta model.

A group is `group` chips, `stride` ranks apart. Ranks fill the innermost tier first, so a group with
stride 1 and 8 members lies in one scale-up domain of 8, and one with stride 8 meets only the
network. Group and stride may be whole-number arrays (L,), one for each layout. A collective that
spans tiers runs tier by tier: on the inner one first, on what is left to exchange on the outer.

References: thakur-2005 (costs of the algorithms), hockney-1994 (alpha-beta).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gigaplan.compute.roofline import BYTE_PER_GB, Chip, System
from gigaplan.units import Column, Real, column, option, quantity

Sizes: TypeAlias = NDArray[np.int64]
"""Whole-number structure of layouts, (L,)."""

US_PER_S = 1e6
EVERYBODY = 2**31
"""Chips in the outermost tier when nobody says how many."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tier:
    """One level of links: what a chip can send, how soon, among how many."""

    bandwidth_gb_per_s: Real = quantity(low=0.0, doc="reached by one chip, one direction")
    latency_us: Real = quantity(low=0.0, doc="of one message")
    chips: int = option(doc="chips that it connects, all inner tiers included")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tiers:
    """The levels from the innermost to the outermost."""

    tiers: tuple[Tier, ...]


def system_tiers(
    chip: Chip,
    system: System,
    *,
    bandwidth_frac: Real,
    scale_up_latency_us: Real,
    scale_out_latency_us: Real,
    chips: int = EVERYBODY,
) -> Tiers:
    """Return a system's scale-up domain and a flat network outside.

    Parameters
    ----------
    chip, system : Chip, System
        Links and the size of the domain. A torus counts as one switched domain of its size.
    bandwidth_frac : Real
        Share of the nominal link that collectives reach [-].
    scale_up_latency_us, scale_out_latency_us : Real
        Latency of a message [us].
    chips : int
        Size of the whole cluster.

    Returns
    -------
    Tiers
        Two levels.
    """
    share = column(bandwidth_frac)
    inner = Tier(
        bandwidth_gb_per_s=column(chip.scale_up_gb_per_s) * share,
        latency_us=column(scale_up_latency_us),
        chips=system.scale_up_chips,
    )
    outer = Tier(
        bandwidth_gb_per_s=column(chip.scale_out_gb_per_s) * share,
        latency_us=column(scale_out_latency_us),
        chips=max(chips, system.scale_up_chips),
    )
    return Tiers(tiers=(inner, outer))


def members_by_tier(group: Sizes, stride: Sizes, tiers: Tiers) -> list[Column]:
    """Split a group into its members on each tier.

    Parameters
    ----------
    group, stride : Sizes
        Members and the distance between them (L,).
    tiers : Tiers
        The levels.

    Returns
    -------
    list of Column
        One count for each tier [-], at least 1; their product is at least the group.
    """
    left = np.atleast_1d(group).astype(np.float64)
    apart = np.atleast_1d(stride).astype(np.float64)
    counts: list[Column] = []
    for tier in tiers.tiers[:-1]:
        inside = np.clip(np.floor(tier.chips / apart), 1.0, left)
        counts.append(inside)
        left = np.ceil(left / inside)
        apart = apart * inside
    return [*counts, left]


def gathered_s(payload_byte: Column, members_count: Column, tier: Tier) -> Column:
    """Time of an all-gather, or a reduce-scatter, within one tier.

    Parameters
    ----------
    payload_byte : Column
        The whole, gathered vector [byte].
    members_count : Column
        Chips that take part [-].
    tier : Tier
        Links.

    Returns
    -------
    Column
        log2(n) alpha + (n-1)/n bytes / bandwidth [s]; zero alone.
    """
    share = (members_count - 1.0) / members_count
    sent = payload_byte * share / (column(tier.bandwidth_gb_per_s) * BYTE_PER_GB)
    return np.asarray(sent + np.log2(members_count) * column(tier.latency_us) / US_PER_S)


def all_gather_s(payload_byte: Column, group: Sizes, tiers: Tiers, stride: Sizes) -> Column:
    """Time to give every member of a group the whole vector.

    Parameters
    ----------
    payload_byte : Column
        The whole vector, after the gather [byte].
    group, stride : Sizes
        Members and the distance between them, (1,) or (L,).
    tiers : Tiers
        The levels.

    Returns
    -------
    Column
        [s]

    Notes
    -----
    The outer tier gathers first, each inner member one slice of the vector, then the inner tier
    joins the slices: the outer links carry the vector divided by the inner members.
    """
    total: Column = np.zeros(1)
    left = payload_byte
    for members, tier in zip(members_by_tier(group, stride, tiers), tiers.tiers, strict=True):
        total = total + gathered_s(left, members, tier)
        left = left / members
    return total


def reduce_scatter_s(payload_byte: Column, group: Sizes, tiers: Tiers, stride: Sizes) -> Column:
    """Time to sum a vector over a group and leave each member its slice [s].

    The mirror of `all_gather_s`: the same bytes the other way.
    """
    return all_gather_s(payload_byte, group, tiers, stride)


def all_reduce_s(payload_byte: Column, group: Sizes, tiers: Tiers, stride: Sizes) -> Column:
    """Time to sum a vector over a group and give all members the sum.

    Parameters
    ----------
    payload_byte : Column
        The vector [byte].
    group, stride : Sizes
        Members and the distance between them, (1,) or (L,).
    tiers : Tiers
        The levels.

    Returns
    -------
    Column
        A reduce-scatter and an all-gather: 2 (log2(n) alpha + (n-1)/n bytes / bandwidth) on one
        tier [s].
    """
    return 2.0 * all_gather_s(payload_byte, group, tiers, stride)


def all_to_all_s(payload_byte: Column, group: Sizes, tiers: Tiers, stride: Sizes) -> Column:
    """Time for every member to send every other its own part.

    Parameters
    ----------
    payload_byte : Column
        What one member holds, to be spread evenly over all members [byte].
    group, stride : Sizes
        Members and the distance between them, (1,) or (L,).
    tiers : Tiers
        The levels; they work at the same time, so the slowest one counts.

    Returns
    -------
    Column
        [s]
    """
    total: Column = np.zeros(1)
    inside: Column = np.ones(1)
    counts = members_by_tier(group, stride, tiers)
    whole: Column = np.ones(1)
    for members in counts:
        whole = whole * members
    for members, tier in zip(counts, tiers.tiers, strict=True):
        leaving = payload_byte * inside * (members - 1.0) / whole
        sent = leaving / (column(tier.bandwidth_gb_per_s) * BYTE_PER_GB)
        wait = np.log2(members) * column(tier.latency_us) / US_PER_S
        total = np.maximum(total, sent + wait)
        inside = inside * members
    return total


def send_s(payload_byte: Column, tiers: Tiers, stride: Sizes) -> Column:
    """Time to send a vector to the chip that is `stride` ranks away.

    Parameters
    ----------
    payload_byte : Column
        The vector [byte].
    tiers : Tiers
        The levels; the innermost one that spans two strides carries it.
    stride : Sizes
        Distance (1,) or (L,).

    Returns
    -------
    Column
        alpha + bytes / bandwidth [s].
    """
    apart = np.atleast_1d(stride)
    total: Column = np.zeros(1)
    for index, tier in enumerate(reversed(tiers.tiers)):
        wait = column(tier.latency_us) / US_PER_S
        took = wait + payload_byte / (column(tier.bandwidth_gb_per_s) * BYTE_PER_GB)
        total = took if index == 0 else np.where(2 * apart <= tier.chips, took, total)
    return np.asarray(total)
