"""Files are whole or as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from gigaplan.futures import futures
from gigaplan.plan import loads
from gigaplan.report.files import replacing, write_columns

PLAN = """\
name: t
start: 2026-01
horizon: 2 years
site: {from: texas-west, grid: 40 MW}
hall: {system: dgx-h100, chips: 16000}
workload: {kind: rent, price: 2.9 USD/chip-hour}
"""


def test_a_file_is_replaced_only_when_all_went_well(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")

    def half() -> None:
        with replacing(file) as temporary:
            temporary.write_text("half")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        half()
    assert file.read_text() == "old"
    with replacing(file) as temporary:
        temporary.write_text("new")
    assert file.read_text() == "new"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_every_future_can_be_kept(tmp_path: Path) -> None:
    many = futures(loads(PLAN), 20)
    write_columns(tmp_path / "many.parquet", many)
    table = parquet.read_table(tmp_path / "many.parquet")
    assert table.num_rows == 20
    assert table.column("money.owner.npv_usd").to_numpy().tolist() == many["owner.npv"].tolist()
