"""Two plans side by side."""

from __future__ import annotations

from pathlib import Path

from gigaplan.plan import load
from gigaplan.report.compare import diff_lines, differences

PLAN = """\
name: t
start: 2026-01
horizon: 3 years
site: {from: texas-west, grid: 40 MW}
hall: {system: dgx-h100, chips: 16000}
workload: {kind: rent, price: 2.9 USD/chip-hour}
"""


def test_what_differs_is_told_with_what_it_changes(tmp_path: Path) -> None:
    one, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    one.write_text(PLAN)
    other.write_text(PLAN.replace("2.9 USD", "3.1 USD").replace("dgx-h100", "dgx-h200"))
    found = differences({str(one): load(one), str(other): load(other)})
    assert found["inputs"]["workloads.main.price_usd_per_chip_h"] == [
        "2.9 USD/chip-hour",
        "3.1 USD/chip-hour",
    ]
    assert found["inputs"]["halls.main.system"] == ["dgx-h100", "dgx-h200"]
    before, after = found["results"]["money.owner.npv_usd"]
    assert before != after
    assert "What that changes" in diff_lines(found)
    assert diff_lines(differences({str(one): load(one)})) == ["the two plans say the same"]
