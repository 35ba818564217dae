"""A million futures through the same code as one, in blocks, on any number of workers."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gigaplan.figure import Figure, resolve
from gigaplan.futures.draw import drawn, uncertain, with_columns
from gigaplan.plan import prepare, simulate
from gigaplan.plan.result import columns_of
from gigaplan.plan.schema import most_members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from gigaplan.plan import Plan, Result
    from gigaplan.units import Column

BLOCK = 512
"""Futures simulated at once: small enough that their months stay in the processor's cache."""
SHARD = 16_384
"""Futures handed to a worker at once; a multiple of the block."""
FAN = 512
"""Futures whose months are kept for fan charts: the first ones."""
DIMENSIONS_OF_SERIES = 2

Shard: TypeAlias = "tuple[dict[str, Column], dict[str, Column]]"
"""Columns of a run of futures, and the months of the first."""


@dataclass(frozen=True, slots=True, eq=False)
class Futures:
    """Outcomes of many futures.

    Parameters
    ----------
    source : Plan
        The prepared plan, with the choices every future shares.
    figures : tuple of Figure
        The inputs that were drawn.
    seed, count : int
        What they were drawn with, and how many.
    columns : dict of str to array
        Path of a result -> (count,).
    fans : dict of str to array
        Path of a monthly series -> (T, at most FAN).
    """

    source: Plan
    figures: tuple[Figure, ...]
    seed: int
    count: int
    columns: dict[str, Column]
    fans: dict[str, Column]

    def __getitem__(self, path: str) -> Column:
        """Return a result over all futures (N,)."""
        return self.columns[resolve(list(self.columns), path)]

    def feasible_frac(self, path: str) -> float:
        """Return the share of futures in which a result exists."""
        return float(np.count_nonzero(np.isfinite(self[path]))) / self.count

    def above_frac(self, path: str, level: float) -> float:
        """Return the share above a level, of the futures in which it exists."""
        values = self[path]
        finite = values[np.isfinite(values)]
        return (
            float(np.count_nonzero(finite > level)) / finite.size if finite.size else float("nan")
        )

    def quantile(self, path: str, shares: Sequence[float]) -> NDArray[np.float64]:
        """Return quantiles of a result over the futures in which it exists."""
        values = self[path]
        finite = values[np.isfinite(values)]
        return np.quantile(finite, shares) if finite.size else np.full(len(shares), np.nan)

    def plan(self, index: int) -> Plan:
        """Return one future as a plan: simulated, it gives the same bits."""
        if not 0 <= index < self.count:
            raise IndexError(f"there are futures 0 to {self.count - 1}, not {index}")
        return with_columns(self.source, drawn(self.figures, self.seed, index, 1))


def selected(result: Result, wanted: Callable[[str, Column], bool]) -> dict[str, Column]:
    """Return the arrays of a Result that a test lets through."""
    return {path: array for path, array in columns_of(result) if wanted(path, array)}


def is_column(path: str, array: Column) -> bool:
    """Return whether an array of a Result is a column of numbers."""
    del path
    return array.ndim == 1


def shard(
    plan: Plan,
    figures: tuple[Figure, ...],
    seed: int,
    start: int,
    count: int,
    known: frozenset[str] = frozenset(),
) -> Shard:
    """Simulate futures `start` to `start + count`, block after block.

    Returns
    -------
    tuple of dict
        The columns, those `known` already left out, and the series of the futures below `FAN`.
    """
    parts: list[dict[str, Column]] = []
    fans: list[dict[str, Column]] = []
    block = max(1, BLOCK // most_members(plan))
    for begin in range(start, start + count, block):
        size = min(block, start + count - begin)
        result = simulate(with_columns(plan, drawn(figures, seed, begin, size)))
        parts.append(
            {
                path: np.broadcast_to(array, (size,))
                for path, array in selected(result, is_column).items()
                if path not in known
            }
        )
        if begin < FAN:
            series = selected(result, lambda _, array: array.ndim == DIMENSIONS_OF_SERIES)
            fans.append(
                {
                    path: np.broadcast_to(array, (array.shape[0], size))
                    for path, array in series.items()
                }
            )
    return gathered(parts, 0), gathered(fans, 1)


def gathered(parts: list[dict[str, Column]], axis: int) -> dict[str, Column]:
    """Join blocks in the order of their futures."""
    return {
        path: np.concatenate([part[path] for part in parts], axis=axis)
        for path in (parts[0] if parts else {})
    }


def futures(
    plan: Plan,
    count: int,
    seed: int = 1,
    *,
    inputs: Sequence[str] | None = None,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Futures:
    """Simulate many futures of a plan.

    Parameters
    ----------
    plan : Plan
        Every figure with a range is drawn from it.
    count : int
        How many futures.
    seed : int
        With the path of a figure it decides its draws.
    inputs : sequence of str, optional
        Only these figures are drawn, by path or a unique shortening.
    workers : int
        Processes; the answer is the same to the bit for any number.
    progress : callable, optional
        Told how many futures are done.

    Returns
    -------
    Futures
        Columns of every scalar result.

    Raises
    ------
    PathError
        When an input has no range or does not exist.
    """
    ready = prepare(plan)
    figures = chosen_figures(ready, inputs)
    jobs = [(begin, min(SHARD, count - begin)) for begin in range(0, count, SHARD)]
    columns = alike(ready, figures, seed, count)
    known = frozenset(columns)
    fans: list[dict[str, Column]] = []
    for begin, size, (part, fan) in done(ready, figures, seed, jobs, workers, known):
        for path, values in part.items():
            columns.setdefault(path, np.empty(count, dtype=values.dtype))[begin : begin + size] = (
                values
            )
        if fan:
            fans.append(fan)
        if progress:
            progress(begin + size)
    return Futures(ready, figures, seed, count, columns, gathered(fans, 1))


def alike(plan: Plan, figures: tuple[Figure, ...], seed: int, count: int) -> dict[str, Column]:
    """Return the results that no drawn figure reaches (count,).

    Their shape says so: two futures at once give one value. They take no memory of their own.
    """
    two = selected(simulate(with_columns(plan, drawn(figures, seed, 0, 2))), is_column)
    return {
        path: np.broadcast_to(array, (count,)) for path, array in two.items() if array.shape == (1,)
    }


def done(
    plan: Plan,
    figures: tuple[Figure, ...],
    seed: int,
    jobs: Sequence[tuple[int, int]],
    workers: int,
    known: frozenset[str],
) -> Iterator[tuple[int, int, Shard]]:
    """Yield each shard with its place, in order, from here or other processes."""
    if workers <= 1 or len(jobs) == 1:
        for begin, size in jobs:
            yield begin, size, shard(plan, figures, seed, begin, size, known)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = deque(
            pool.submit(shard, plan, figures, seed, begin, size, known) for begin, size in jobs
        )
        for begin, size in jobs:
            yield begin, size, waiting.popleft().result()


def chosen_figures(plan: Plan, inputs: Sequence[str] | None) -> tuple[Figure, ...]:
    """Return the uncertain figures that are asked for, or all of them."""
    known = uncertain(plan)
    if inputs is None:
        return tuple(known.values())
    return tuple(known[resolve(list(known), path)] for path in inputs)
