"""The command line: exit codes, messages, JSON; no traceback whatever is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gigaplan.cli import BAD_INPUT, FINE, INFEASIBLE, main

EXAMPLES = Path(__file__).parent.parent / "examples"
LLAMA = str(EXAMPLES / "llama-405b.yaml")
SMALL = """\
name: small
start: 2026-01
horizon: 4 years
site: {from: texas-west, grid: 2 MW}
hall: {system: dgx-h100, chips: 800}
workload: {kind: rent, price: {value: 2.9 USD/chip-hour, low: 2 USD/chip-hour, high: 4 USD/chip-hour}}
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL)
    return "small.yaml"


def test_run_prints_and_writes(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", small]) == FINE
    said = capsys.readouterr().out
    for words in ("What binds, by month", "Parties", "What one unit is worth", "rests on"):
        assert words in said
    assert Path("small/report.html").stat().st_size > 0
    assert Path("small/result.parquet").stat().st_size > 0


def test_json_is_json_and_names_no_place(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", small, "--json", "--no-files"]) == FINE
    text = capsys.readouterr().out
    told = json.loads(text)
    assert told["results"]["money.owner.npv_usd"] == pytest.approx(
        told["results"]["money.consolidated.npv_usd"]
    )
    assert str(Path.cwd()) not in text
    for verb in (["check", small], ["futures", small, "-n", "32", "--workers", "1"], ["why", small, "owner.npv"],
                 ["breakeven", small, "workload.price", "owner.npv"], ["cite", small], ["diff", small, small],
                 ["catalog"], ["catalog", "show", "h100-sxm"], ["catalog", "why", "h100-sxm.tdp"], ["schema"]):  # fmt: skip
        assert main([*verb, "--json"]) == FINE
        json.loads(capsys.readouterr().out)


def test_set_changes_numbers_dates_and_structure(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def npv(*changes: str) -> float:
        assert main(["run", small, "--json", "--no-files", *changes]) == FINE
        return float(json.loads(capsys.readouterr().out)["results"]["money.owner.npv_usd"])

    before = npv()
    assert npv("--set", "workload.price=3.5 USD/chip-hour") > before
    assert npv("--set", "site.price=150 USD/MWh") < before
    assert npv("--set", "hall.system=dgx-h200") != before
    assert npv("--set", "catalog:dgx-h100.price=100000 USD") > before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "small.yaml", "--set", "site.prise=1"], "nearest"),
        (["run", "small.yaml", "--set", "site.price=3 MW"], "is a power"),
        (["run", "small.yaml", "--set", "hall.system=h900"], "not in the catalogue"),
        (["run", "small.yaml", "--set", "nonsense"], "PATH=VALUE"),
        (["futures", "small.yaml", "-n", "-4"], "number of futures"),
        (["futures", "small.yaml", "-n", "many"], "many"),
        (["why", "small.yaml", "money.nobody.npv"], "nobody"),
        (["breakeven", "small.yaml", "hall.system", "owner.npv"], "not a number"),
        (["catalog", "show", "h10-sxm"], "nearest: h100-sxm"),
        (["catalog", "why", "h100-sxm.tpd"], "tpd"),
    ],
)
def test_bad_input_is_named_and_exits_with_2(
    small: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == BAD_INPUT
    complaint = capsys.readouterr().err
    assert said in complaint
    assert "Traceback" not in complaint
    assert "our fault" not in complaint
    assert small in Path.cwd().joinpath(small).name


def test_an_unknown_verb_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["rnu"])
    assert caught.value.code == BAD_INPUT
    assert "--help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("grid: 2 MW", "grid: 1 MW"), "and the site will have 1 MW"),
        (("kind: rent, price: {value: 2.9 USD/chip-hour, low: 2 USD/chip-hour, high: 4 USD/chip-hour}",
          "kind: train, model: llama-3.1-405b, chips: 8, tokens: 1 Ttoken"), "GiB a chip at best"),
        (("kind: rent, price: {value: 2.9 USD/chip-hour, low: 2 USD/chip-hour, high: 4 USD/chip-hour}",
          "kind: serve, model: llama-3.1-70b, tpot: 0.6 ms"), "one request alone takes"),
    ],
)  # fmt: skip
def test_what_cannot_be_exits_with_3_and_says_why(
    small: str, change: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(small).write_text(SMALL.replace(*change))
    assert main(["run", small, "--no-files"]) == INFEASIBLE
    assert said in capsys.readouterr().err


def test_a_published_figure_that_names_no_result_is_refused_at_its_line(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(small).write_text(SMALL + "published:\n  x: {of: site.main.height, value: 3 m}\n")
    assert main(["check", small]) == BAD_INPUT
    assert "small.yaml:8:" in capsys.readouterr().err


def test_the_model_card_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", LLAMA, "--json", "--no-files"]) == FINE
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out)["published"]}
    for name in ("MFU", "chip-hours", "energy", "emissions"):
        assert abs(told[name]["error"]) <= 0.20, name
