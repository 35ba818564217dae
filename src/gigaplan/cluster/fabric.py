"""The network between systems: switches, optics, watts, dollars, and the tiers it offers.

Closed forms of folded-Clos (fat-tree) networks and of tori through optical switches. The count of
tiers is real-valued, so that the bill is smooth in the number of chips: it is exact for every full
tree, and between two full trees it goes from one to the other without a step. A real network of
that size has whole tiers; the difference is at most one tier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigaplan.compute.collective import EVERYBODY, Tier, Tiers
from gigaplan.units import Column, Real, column, option, quantity, ratio

TOPOLOGIES = ("rail-optimised", "fat-tree", "torus", "none")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fabric:
    """A kind of scale-out network and what its parts cost and draw.

    Notes
    -----
    `ports` is the radix of a switch at `port_gb_per_s`. An optic is one end of one link at port
    speed. For a torus the switches are optical circuit switches between electrical cubes of
    `cube` chips an edge; `cube` is not used otherwise.
    """

    title: str = option(doc="name for people")
    topology: str = option(doc="how links are laid out", choices=TOPOLOGIES)
    ports: int = option(64, doc="ports of a switch at port speed")
    rails: int = option(8, doc="chips of a server that each have a leaf of their own")
    cube: int = option(4, doc="chips along an edge of a torus's electrical block")
    nics_in_system: bool = option(
        default=True, doc="whether the system's price and nameplate hold the network cards"
    )
    port_gb_per_s: Real = quantity(low=0.0, doc="one port, one direction")
    switch_power_w: Real = quantity(low=0.0, doc="one switch without optics")
    switch_price_usd: Real = quantity(low=0.0, doc="one switch without optics")
    optic_power_w: Real = quantity(low=0.0, doc="one end of one optical link at port speed")
    optic_price_usd: Real = quantity(
        low=0.0, doc="one end of one link, its half of the cable included"
    )
    nic_power_w: Real = quantity(low=0.0, doc="one network card")
    nic_price_usd: Real = quantity(low=0.0, doc="one network card")
    oversubscription_ratio: Real = quantity(1.0, low=1.0, doc="downlinks over uplinks of a leaf")
    optical_frac: Real = quantity(
        1.0, low=0.0, high=1.0, doc="share of the links to chips that are optical"
    )
    frontend_ratio: Real = quantity(
        0.0, low=0.0, doc="ports of storage and management networks per port of compute"
    )
    latency_us: Real = quantity(low=0.0, doc="of one message within a leaf, software included")
    hop_us: Real = quantity(low=0.0, doc="added by each further switch on the way")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FabricBill:
    """What a fabric takes, each (1,) or (N,).

    Parameters
    ----------
    switches_count, optics_count, tiers_count : Column
        Of the whole fabric, real-valued [-].
    power_w_per_chip : Column
        Draw of switches, optics and, where not in the system, cards [W/chip].
    price_usd_per_chip : Column
        Price of the same [USD/chip].
    """

    switches_count: Column
    optics_count: Column
    tiers_count: Column
    power_w_per_chip: Column
    price_usd_per_chip: Column


def tiers_count(endpoints_count: Column, ports: int) -> Column:
    """Tiers of a full folded Clos with this many end points.

    Parameters
    ----------
    endpoints_count : Column
        Ports that face chips [-].
    ports : int
        Radix k of a switch.

    Returns
    -------
    Column
        L = ln(P/2) / ln(k/2), at least 1, real-valued [-].

    Notes
    -----
    The inverse of P = 2 (k/2)^L: k ports for one tier, k^2/2 for two, k^3/4 for three.

    References
    ----------
    leiserson-1985, alfares-2008
    """
    half = np.log(np.float64(ports) / 2.0)
    reach = np.log(np.maximum(endpoints_count, ports) / 2.0) / half
    return np.asarray(np.maximum(reach, 1.0))


def clos_bill(endpoints_count: Column, fabric: Fabric) -> tuple[Column, Column, Column]:
    """Switches, optical ends and tiers of a folded Clos.

    Parameters
    ----------
    endpoints_count : Column
        Ports that face chips P [-].
    fabric : Fabric
        Radix k and oversubscription o.

    Returns
    -------
    tuple of Column
        Switches, optical ends and tiers L [-].

    Notes
    -----
    A port faces a chip P times, and P/o links run between each two tiers, with a port at both ends:
    P (1 + 2 (L-1)/o) ports. Without oversubscription that is 3/k switches a chip for two tiers and
    5/k for three (5 k^2/4 switches for k^3/4 chips).
    """
    tiers = tiers_count(endpoints_count, fabric.ports)
    links = endpoints_count * (tiers - 1.0) / column(fabric.oversubscription_ratio)
    switches = (endpoints_count + 2.0 * links) / fabric.ports
    optics = 2.0 * (endpoints_count * column(fabric.optical_frac) + links)
    return switches, optics, tiers


def torus_bill(chips_count: Column, fabric: Fabric) -> tuple[Column, Column, Column]:
    """Switches, optical ends and tiers of a torus of electrical cubes.

    Parameters
    ----------
    chips_count : Column
        Chips [-].
    fabric : Fabric
        Edge a of a cube and ports of an optical switch.

    Returns
    -------
    tuple of Column
        Switches, optical ends and tiers [-].

    Notes
    -----
    The six faces of a cube of a^3 chips have 6 a^2 links out, each with one optical end on the cube
    and one port of a switch: 6/a ends a chip. That is 1.5 for a = 4, and 48 switches of 128 ports
    for 4,096 chips.

    References
    ----------
    tpu-v4-isca23
    """
    ends = chips_count * 6.0 / fabric.cube
    return ends / fabric.ports, ends, np.ones_like(ends)


def fabric_bill(chips_count: Column, fabric: Fabric, scale_out_gb_per_s: Real) -> FabricBill:
    """What the network of a hall takes.

    Parameters
    ----------
    chips_count : Column
        Chips of the hall [-].
    fabric : Fabric
        The network.
    scale_out_gb_per_s : Real
        Network bandwidth of a chip, one direction [GB/s].

    Returns
    -------
    FabricBill
        Counts of the whole, power and price per chip.

    Notes
    -----
    Rail-optimised and fat-tree networks of one size have the same parts; rails change which chips
    share a leaf (`fabric_tiers`). The storage and management networks count as further end points
    of the same tree. No whole numbers are taken.
    """
    chips = column(chips_count)
    nics = column(scale_out_gb_per_s) / column(fabric.port_gb_per_s)
    endpoints = chips * nics * (1.0 + column(fabric.frontend_ratio))
    if fabric.topology == "none":
        nothing = np.zeros_like(endpoints)
        switches, optics, tiers = nothing, nothing, nothing
    elif fabric.topology == "torus":
        switches, optics, tiers = torus_bill(chips, fabric)
    else:
        switches, optics, tiers = clos_bill(endpoints, fabric)
    cards = 0.0 if fabric.nics_in_system or fabric.topology == "none" else 1.0
    watts = switches * column(fabric.switch_power_w) + optics * column(fabric.optic_power_w)
    dollars = switches * column(fabric.switch_price_usd) + optics * column(fabric.optic_price_usd)
    return FabricBill(
        switches_count=switches,
        optics_count=optics,
        tiers_count=tiers,
        power_w_per_chip=ratio(watts, chips, 0.0) + cards * nics * column(fabric.nic_power_w),
        price_usd_per_chip=ratio(dollars, chips, 0.0) + cards * nics * column(fabric.nic_price_usd),
    )


def fabric_tiers(
    fabric: Fabric,
    *,
    scale_up_gb_per_s: Real,
    scale_up_chips: int,
    scale_up_latency_us: Real,
    scale_out_gb_per_s: Real,
    bandwidth_frac: Real = 1.0,
    chips: int = EVERYBODY,
) -> Tiers:
    """Levels of links that the compute wing's collectives run over.

    Parameters
    ----------
    fabric : Fabric
        The network outside the scale-up domain.
    scale_up_gb_per_s, scale_out_gb_per_s : Real
        Nominal link of a chip inside and outside, one direction [GB/s].
    scale_up_chips : int
        Chips of a scale-up domain.
    scale_up_latency_us : Real
        Of a message inside the domain [us].
    bandwidth_frac : Real
        Share of the nominal link that collectives reach [-].
    chips : int
        Chips of the whole cluster.

    Returns
    -------
    Tiers
        Domain, one leaf (or group of rails), and everything behind it. Without a fabric, or for a
        torus that is the domain itself, the outer level is the network card alone.

    Notes
    -----
    A fat tree's leaf reaches k o/(1+o) end points; with rails a group of `rails` such leaves is one
    switch away, because each server has a card on every one. Behind the leaf the bandwidth is
    divided by the oversubscription, and two more switches are passed for each further tier.
    """
    share = column(bandwidth_frac)
    inside = Tier(
        bandwidth_gb_per_s=column(scale_up_gb_per_s) * share,
        latency_us=column(scale_up_latency_us),
        chips=scale_up_chips,
    )
    outside = column(scale_out_gb_per_s) * share
    latency = column(fabric.latency_us)
    everybody = max(chips, scale_up_chips)
    if fabric.topology in {"torus", "none"}:
        far = Tier(bandwidth_gb_per_s=outside, latency_us=latency, chips=everybody)
        return Tiers(tiers=(inside, far))
    group = min(max(leaf_chips(fabric), scale_up_chips), everybody)
    behind = tiers_count(column(float(everybody)), fabric.ports) - 1.0
    near = Tier(bandwidth_gb_per_s=outside, latency_us=latency, chips=group)
    far = Tier(
        bandwidth_gb_per_s=outside / column(fabric.oversubscription_ratio),
        latency_us=latency + 2.0 * behind * column(fabric.hop_us),
        chips=everybody,
    )
    return Tiers(tiers=(inside, near, far))


def leaf_chips(fabric: Fabric) -> int:
    """Chips that reach each other through one switch (structure)."""
    down = fabric.ports // 2
    return down * (fabric.rails if fabric.topology == "rail-optimised" else 1)
