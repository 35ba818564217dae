"""The results of one run as a Parquet file: every series by month, and every scalar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan import __version__
from gigaplan.plan.result import LIMITS, columns_of
from gigaplan.report.files import replacing
from gigaplan.units import SUFFIXES, date_text, suffix

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gigaplan.plan import Result

MATRIX = 2
"""Dimensions of a series: months, columns."""


def write_parquet(path: Path, result: Result) -> None:
    """Write a result; the file holds its old content or the whole of the new.

    Parameters
    ----------
    path : Path
        The file.
    result : Result
        What `simulate` returned.

    Notes
    -----
    One row for each number: `path` (its name ends in the unit), `unit`, `month` (its first day;
    null for a scalar), `column` (0 for one future; members of a group and futures count on) and
    `value`. A binding limit is its place in the metadata's `gigaplan.limits`, -1 for none.
    """
    from pyarrow import parquet  # noqa: PLC0415  (slow to load, and only files pay)

    with replacing(path) as temporary:
        parquet.write_table(table(result), temporary, compression="zstd")


def table(result: Result) -> Any:  # noqa: ANN401
    """Return a result as an Arrow table, sorted as the Result is.

    Parameters
    ----------
    result : Result
        What `simulate` returned.
    """
    import pyarrow as pa  # noqa: PLC0415

    arrays = [(path, array) for path, array in columns_of(result) if array.size]
    starts = [f"{date_text(date)}-01" for date in result.calendar.dates[:, 0]]
    days = np.array(starts, dtype="datetime64[D]")
    sizes = [array.size for _, array in arrays]
    paths = [path for path, _ in arrays]
    facts = {"gigaplan.version": __version__, "gigaplan.limits": json.dumps(LIMITS)}
    shown = pa.table(
        {
            "path": pa.array(np.repeat(paths, sizes)).dictionary_encode(),
            "unit": pa.array(np.repeat(list(map(unit_of, paths)), sizes)).dictionary_encode(),
            "month": np.concatenate([months_of(array, days) for _, array in arrays]),
            "column": np.concatenate([columns_in(array) for _, array in arrays]),
            "value": np.concatenate([array.astype(np.float64).ravel() for _, array in arrays]),
        }
    )
    return shown.replace_schema_metadata(facts)


def unit_of(path: str) -> str:
    """Return the unit that a path's name ends in; empty where it has none."""
    kind = suffix(path.rpartition(".")[2])
    return SUFFIXES[kind].unit if kind else ""


def months_of(array: NDArray[Any], days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return the month of each number of an array; none for those of a column."""
    if array.ndim == MATRIX and array.shape[0] == len(days):
        return np.repeat(days, array.shape[1])
    return np.full(array.size, "NaT", dtype="datetime64[D]")


def columns_in(array: NDArray[Any]) -> NDArray[np.int32]:
    """Return which future or member each number of an array is of."""
    width = array.shape[-1]
    return np.tile(np.arange(width, dtype=np.int32), array.size // width)
