"""The file of results reads back to the bit, and survives a failed write."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet
from tests.report.made import made

from gigaplan.plan.result import LIMITS, columns_of
from gigaplan.report.parquet import table, write_parquet


def test_every_number_reads_back(tmp_path: Path) -> None:
    _, result, _ = made()
    path = tmp_path / "out" / "result.parquet"
    write_parquet(path, result)
    held = parquet.read_table(path).to_pydict()
    rows: dict[str, list[float]] = {}
    for name, value in zip(held["path"], held["value"], strict=True):
        rows.setdefault(name, []).append(value)
    arrays = {name: array for name, array in columns_of(result) if array.size}
    assert rows.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(np.array(rows[name]), array.astype(float).ravel(), equal_nan=True)


def test_months_units_and_columns_are_said() -> None:
    _, result, _ = made()
    held = table(result)
    rows = [row for row in held.to_pylist() if row["path"] == "site.main.firm_mw"]
    assert len(rows) == result.calendar.months
    assert [str(row["month"]) for row in rows[:2]] == ["2026-01-01", "2026-02-01"]
    assert {row["unit"] for row in rows} == {"MW"}
    scalar = next(row for row in held.to_pylist() if row["path"] == "site.main.capex_usd")
    assert scalar["month"] is None
    assert scalar["column"] == 0
    assert json.loads(held.schema.metadata[b"gigaplan.limits"]) == list(LIMITS)


def test_futures_are_columns() -> None:
    plan, _, _ = made()
    from gigaplan.plan import simulate  # noqa: PLC0415

    result = simulate(plan.set("workloads.let.price", np.array([2.0, 3.0, 4.0])))
    rows = [row for row in table(result).to_pylist() if row["path"] == "money.operator.npv_usd"]
    assert [row["column"] for row in rows] == [0, 1, 2]
    assert [row["value"] for row in rows] == result.money["operator"].npv_usd.tolist()


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, result, _ = made()
    path = tmp_path / "result.parquet"
    write_parquet(path, result)
    before = path.read_bytes()

    def broken(_: object, where: Path, **__: object) -> None:
        where.write_bytes(b"half")
        raise OSError(28, "no space left")

    monkeypatch.setattr(parquet, "write_table", broken)
    with pytest.raises(OSError, match="no space"):
        write_parquet(path, result)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["result.parquet"]
