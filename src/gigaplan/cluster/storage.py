"""The store beside the chips: checkpoints, data, service nodes; bandwidth, watts and dollars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigaplan.units import Column, Real, column, option, quantity, ratio

GB_PER_BYTE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Storage:
    """A store and the service nodes of a hall, per chip that they serve."""

    title: str = option(doc="name for people")
    write_gb_per_s_per_chip: Real = quantity(low=0.0, doc="sustained write into the store")
    host_gb_per_s_per_chip: Real = quantity(
        low=0.0, doc="copy from chip memory to its host, which stops the job"
    )
    capacity_tb_per_chip: Real = quantity(low=0.0, doc="usable capacity")
    power_w_per_chip: Real = quantity(low=0.0, doc="draw of the store")
    price_usd_per_chip: Real = quantity(low=0.0, doc="price of the store")
    service_power_w_per_chip: Real = quantity(
        low=0.0, doc="draw of management, login and data-preparation nodes"
    )
    service_price_usd_per_chip: Real = quantity(
        low=0.0, doc="price of management, login and data-preparation nodes"
    )


def checkpoint_gb(parameters_count: Real, state_byte: Real) -> Column:
    """Size of a training state.

    Parameters
    ----------
    parameters_count : Real
        Parameters of the model [-].
    state_byte : Real
        Weights, master copy and optimizer moments of one parameter [byte].

    Returns
    -------
    Column
        [GB]
    """
    return column(parameters_count) * column(state_byte) * GB_PER_BYTE


def checkpoint_write_s(size_gb: Real, chips_count: Real, storage: Storage) -> Column:
    """Time to bring a checkpoint into the store.

    Parameters
    ----------
    size_gb : Real
        Training state [GB].
    chips_count : Real
        Chips of the hall, whose whole store takes the write [-].
    storage : Storage
        The store.

    Returns
    -------
    Column
        Size / (chips x bandwidth) [s].
    """
    bandwidth = column(chips_count) * column(storage.write_gb_per_s_per_chip)
    return ratio(column(size_gb), bandwidth)


def checkpoint_block_s(size_gb: Real, chips_count: Real, storage: Storage) -> Column:
    """Time an asynchronous checkpoint stops the job: the copy to the hosts.

    Parameters
    ----------
    size_gb : Real
        Training state [GB].
    chips_count : Real
        Chips of the job, each of which copies its own part [-].
    storage : Storage
        The store.

    Returns
    -------
    Column
        [s]
    """
    bandwidth = column(chips_count) * column(storage.host_gb_per_s_per_chip)
    return ratio(column(size_gb), bandwidth)


def write_gb_per_s(size_gb: Real, waste_frac: Real, interruption_s: Real) -> Column:
    """Bandwidth that keeps writing and lost work below a share of the time.

    Parameters
    ----------
    size_gb : Real
        Training state S [GB].
    waste_frac : Real
        Allowed share e [-].
    interruption_s : Real
        Mean time to interruption M [s].

    Returns
    -------
    Column
        2 S / (e^2 M) [GB/s].

    Notes
    -----
    At Young's interval the waste is sqrt(2 w / M); for blocking writes, and small wastes.
    """
    waste = column(waste_frac)
    return ratio(2.0 * column(size_gb), waste * waste * column(interruption_s))


def storage_w_per_chip(storage: Storage) -> Column:
    """Draw of store and service nodes [W/chip]."""
    return np.asarray(column(storage.power_w_per_chip) + column(storage.service_power_w_per_chip))


def storage_usd_per_chip(storage: Storage) -> Column:
    """Price of store and service nodes [USD/chip]."""
    return np.asarray(
        column(storage.price_usd_per_chip) + column(storage.service_price_usd_per_chip)
    )
