"""Files that survive a crash: written beside their place, flushed, then moved into it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gigaplan.futures import Futures


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside `path` that takes its place when all went well.

    Whatever happens, `path` holds either its old content or the whole of the new.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_columns(path: Path, many: Futures) -> None:
    """Write the results of all futures as Parquet, one column for each.

    Parameters
    ----------
    path : Path
        The file.
    many : Futures
        Outcomes.
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    with replacing(path) as temporary:
        parquet.write_table(
            pa.table({path: np.ascontiguousarray(one) for path, one in many.columns.items()}),
            temporary,
            compression="zstd",
        )
