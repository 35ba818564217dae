"""Evidence: case files and their mistakes, rules, scores, and the committed table of scores."""

import csv
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gigaplan import catalog
from gigaplan.cli import BAD_INPUT, FINE, main
from gigaplan.evidence import score, score_lines
from gigaplan.evidence.cases import WINGS, Case, cases_of, measured_of, opened, shipped
from gigaplan.evidence.cluster import long_pairs
from gigaplan.evidence.rules import Refused, explanations, filled, rules, split, use_of
from gigaplan.evidence.scores import EXPLAINED_ABOVE, Row, statistics
from gigaplan.evidence.training import training_pairs
from gigaplan.read import ReadError
from gigaplan.site.cooling import Cooling
from gigaplan.site.power import PowerChain

TABLE = Path(__file__).parent / "evidence_scores.json"
UPDATE = "GIGAPLAN_UPDATE_EVIDENCE"
HALF_A_POINT = 0.005
# Quantities that are arithmetic on published inputs or on the catalogue, not a model's answer
ARITHMETIC = {
    "parameters_count", "active_count", "kv_byte_per_token", "checkpoint_interval_s", "waste_frac",
    "store_gb_per_s", "switches_count", "server_over_chip_power_ratio", "system_power_kw",
}  # fmt: skip


@pytest.fixture(scope="module")
def scored() -> dict[str, dict[str, Any]]:
    return {wing["wing"]: wing for wing in score()["wings"]}


def answered(wing: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (row for row in wing["rows"] if row["error_frac"] is not None)


# --- the committed table ---


def table_of(scored: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "cases": wing["cases"],
            "refused": wing["refused"],
            **{
                part: {
                    quantity: round(one["group_median_abs_frac"], 4)
                    for quantity, one in sorted(wing[part].items())
                }
                for part in ("quantities", "fit")
            },
        }
        for name, wing in scored.items()
    }


def test_scores_are_those_committed(scored: dict[str, dict[str, Any]]) -> None:
    now = table_of(scored)
    if os.environ.get(UPDATE):
        TABLE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    held = json.loads(TABLE.read_text(encoding="utf-8"))
    advice = f"; {UPDATE}=1 rewrites {TABLE.name}, and the changelog's Numbers name the change"
    assert {name: sorted(wing["quantities"]) for name, wing in now.items()} == {
        name: sorted(wing["quantities"]) for name, wing in held.items()
    }, "other quantities than those committed" + advice
    worse, better = [], []
    for name, wing in now.items():
        assert wing["cases"] == held[name]["cases"], f"{name}: other cases{advice}"
        if wing["refused"] > held[name]["refused"]:
            worse.append(f"{name}: {held[name]['refused']} refused -> {wing['refused']}")
        for part in ("quantities", "fit"):
            for quantity, error in wing[part].items():
                change = error - held[name][part][quantity]
                line = f"{name} {part} {quantity}: {held[name][part][quantity]:.4f} -> {error:.4f}"
                worse += [line] if change > HALF_A_POINT else []
                better += [line] if change < -HALF_A_POINT else []
    assert not worse, "\n".join(["worse than committed:", *worse]) + advice
    assert not better, "\n".join(["better than committed:", *better]) + advice


# --- what the issue asks of the first cases ---


def test_rows_that_miss_by_much_say_why(scored: dict[str, dict[str, Any]]) -> None:
    bare = [
        f"{row['case_id']} {row['quantity']} {row['error_frac']:+.2f}"
        for wing in scored.values()
        for row in answered(wing)
        if abs(row["error_frac"]) > EXPLAINED_ABOVE and not row["reason"]
    ]
    assert not bare, "\n".join(bare)


def test_refused_rows_say_why(scored: dict[str, dict[str, Any]]) -> None:
    for wing in scored.values():
        refused = [row for row in wing["rows"] if row["error_frac"] is None]
        assert all(row["reason"] and row["modelled"] is None for row in refused)
        assert wing["refused"] == sum(wing["refusals"].values())


@pytest.mark.parametrize(
    ("wing", "quantity", "most"),
    [
        ("compute", "step_s", 0.15),
        ("compute", "mfu_frac", 0.15),
        ("site", "power_mw", 0.15),
        ("site", "capex_usd", 0.15),
        ("site", "pue_ratio", 0.07),
        ("money", "capex_usd", 0.15),
        ("money", "cost_usd_per_year", 0.15),
        ("cluster", "mttf_h", 0.01),
        ("cluster", "ettr_frac", 0.01),
    ],
)
def test_quantities_within_their_goal(
    scored: dict[str, dict[str, Any]], wing: str, quantity: str, most: float
) -> None:
    assert scored[wing]["quantities"][quantity]["group_median_abs_frac"] <= most


def test_sam_case_b_to_the_dollar(scored: dict[str, dict[str, Any]]) -> None:
    rows = [row for row in answered(scored["money"]) if row["case_id"] == "sam-b"]
    assert len(rows) == 31
    for row in rows:
        if row["quantity"].endswith("_usd"):
            assert row["modelled"] == pytest.approx(row["measured"], abs=1.0), row
        else:
            assert row["modelled"] == pytest.approx(row["measured"], abs=1e-6), row


def test_sizes_are_counted_exactly(scored: dict[str, dict[str, Any]]) -> None:
    for quantity, most in (("parameters_count", 1e-3), ("kv_byte_per_token", 1e-12)):
        one = scored["compute"]["quantities"][quantity]
        assert one["n"] == 4
        assert one["mean_abs_frac"] < most


# --- the form of a score ---


def test_json_has_the_form_of_the_design(scored: dict[str, dict[str, Any]]) -> None:
    assert tuple(scored) == WINGS
    numbers = {"n", "groups", "median_abs_frac", "group_median_abs_frac", "mean_abs_frac",
               "p90_abs_frac", "bias_frac"}  # fmt: skip
    for wing in scored.values():
        assert {"wing", "cases", "refused", "quantities", "by", "rows"} <= set(wing)
        assert set(wing["by"]) == {"source", "chip", "model"}
        assert all(numbers <= set(one) for one in wing["quantities"].values())
        for row in wing["rows"]:
            told = {"case_id", "quantity", "measured", "modelled", "error_frac", "reason"}
            assert told <= set(row)
    json.dumps(scored, allow_nan=False)


def test_fitted_families_stand_apart(scored: dict[str, dict[str, Any]]) -> None:
    wing = scored["compute"]
    fitted = [row for row in answered(wing) if row["use"] == "fit" and row["quantity"] == "step_s"]
    tested = [row for row in answered(wing) if row["use"] != "fit" and row["quantity"] == "step_s"]
    assert wing["fit"]["step_s"]["n"] == len(fitted) > 0
    assert wing["quantities"]["step_s"]["n"] == len(tested)
    assert not {row["family"] for row in fitted} & {row["family"] for row in tested}
    free = [row for row in tested if not row["assumed"]]
    assert wing["without_assumed"]["step_s"]["n"] == len(free)


def a_case(family: str = "f", chip: str = "c") -> Case:
    return Case("i", "compute", "training", "s", family, chip, "m", "", {}, "f.csv", 2)


def test_a_group_has_one_vote() -> None:
    def rows(family: str, errors: list[float]) -> list[Row]:
        return [Row(a_case(family), "step_s", 1.0, 1.0 + e, e, "", "test") for e in errors]

    told = statistics([*rows("a", [0.1, -0.3, 0.2]), *rows("b", [0.5]), *rows("c", [-0.4])])
    assert told["groups"] == 3
    assert told["n"] == 5
    assert told["group_median_abs_frac"] == pytest.approx(0.4)
    assert told["median_abs_frac"] == pytest.approx(0.3)
    assert told["mean_abs_frac"] == pytest.approx(0.3)
    assert told["bias_frac"] == pytest.approx(0.02)


def test_lines_name_every_quantity_and_the_worst_rows(scored: dict[str, dict[str, Any]]) -> None:
    told = "\n".join(score_lines({"wings": list(scored.values())}))
    for wing in scored.values():
        assert all(name in told for name in wing["quantities"])
    assert "in-sample" in told
    assert "nothing assumed" in told
    assert "cases refused" in told
    assert "the worst rows" in told
    every = score_lines({"wings": list(scored.values())}, rows=True)
    assert len(every) > sum(len(wing["rows"]) for wing in scored.values())


# --- rules ---


def test_rules_name_what_exists() -> None:
    for design in rules().operators.values():
        catalog.load("coolings", design.cooling, Cooling)
        catalog.load("chains", design.chain, PowerChain)
        assert 0.0 < float(design.load) <= 1.0
    assert all(pattern.text for pattern in explanations())
    assert {one.use for one in split().training} == {"fit", "test"}


def test_every_shipped_case_has_source_and_family() -> None:
    for wing in WINGS:
        cases = shipped(wing)
        assert cases
        assert all(case.source and case.family and case.wing == wing for case in cases)
        assert len({case.case_id for case in cases}) == len(cases)


def test_llama_3_rows_are_tests_and_know_their_chunks() -> None:
    case = next(case for case in shipped("compute") if case.family.startswith("grattafiori"))
    assert use_of(case) == "test"
    cells, assumed = filled(case)
    assert cells["vpp"] == "8"
    assert "vpp" not in assumed
    pairs, _ = training_pairs(case)
    assert {pair.quantity for pair in pairs} == {"step_s", "tflops_per_chip", "mfu_frac"}


def test_a_filled_cell_is_never_overwritten() -> None:
    for case in shipped("compute"):
        if case.form == "training":
            cells, _ = filled(case)
            assert all(cells[name] == text for name, text in case.cells.items() if text)


# --- case files ---

HEAD = "case_id,source,family,model,chip,chips,precision,seq,global_batch,tp,pp,measured_step_s"
GOOD = "a,s,f/llama/h100,llama-3.1-8b,h100-sxm,8,bf16,8192,16,1,1,4.0"


def file_of(folder: Path, *lines: str, name: str = "mine.csv") -> str:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def problems(folder: Path, *lines: str, name: str = "mine.csv") -> list[tuple[int, str]]:
    with pytest.raises(ReadError) as caught:
        opened(file_of(folder, *lines, name=name))
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_own_cases_are_scored_alone(tmp_path: Path) -> None:
    told = score(None, [file_of(tmp_path, HEAD, GOOD)])["wings"]
    assert [wing["wing"] for wing in told] == ["compute"]
    assert told[0]["cases"] == 1
    row = told[0]["rows"][0]
    assert row["case_id"] == "a"
    assert math.isclose(row["error_frac"], row["modelled"] / 4.0 - 1.0)


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ((HEAD, GOOD.replace("8192", "many")), 2, "not a number"),
        ((HEAD, GOOD, GOOD), 3, "line 2 too"),
        ((HEAD, GOOD + ",7"), 2, "13 cells"),
        ((HEAD, GOOD.replace("4.0", "nan")), 2, "not a number"),
        ((HEAD, GOOD.replace("4.0", "0")), 2, "zero"),
        ((HEAD, GOOD.replace("h100-sxm", "")), 2, "empty"),
        ((HEAD, '"open'), 2, "not CSV"),
        ((HEAD.replace("tp,pp", "tp,tp"), GOOD), 1, "two columns"),
        (("case_id,chip", "a,b"), 1, "measured"),
        (("case_id,measured_step_s", "a,1"), 1, "tell no form"),
        ((), 1, "empty"),
    ],
)
def test_mistakes_stand_at_their_line(
    tmp_path: Path, lines: tuple[str, ...], line: int, words: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ReadError) as caught:
        opened(str(path))
    assert any(p.line == line and words in p.message for p in caught.value.problems), (
        caught.value.lines()
    )


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    told = problems(tmp_path, HEAD, GOOD.replace("8192", "x"), GOOD.replace("4.0", "y"))
    assert [line for line, _ in told] == [2, 3, 3]


def test_text_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"case_id,chip\n\xff\xfe")
    with pytest.raises(ReadError, match="UTF-8"):
        opened(str(path))
    with pytest.raises(ReadError, match="cannot be read"):
        opened(str(tmp_path / "none.csv"))


PROJECT = """
source: me
family: mine
cases:
  one:
    chip: h100-sxm
    plan: |
      name: One
      start: 2024-01
      site: {{from: memphis, grid: 100 MW, cooling: {cooling}}}
      hall: {{system: dgx-h100, chips: 1000}}
    measured: {{power_mw: {{of: [{path}], value: 2 MW}}}}
"""


def test_a_small_plan_is_a_case(tmp_path: Path) -> None:
    text = PROJECT.format(cooling="tower-chiller", path="site.main.needed_mw")
    row = score("site", [file_of(tmp_path, text, name="mine.yaml")])["wings"][0]["rows"][0]
    assert row["quantity"] == "power_mw"
    assert row["measured"] == 2.0
    assert 1.0 < row["modelled"] < 3.0


@pytest.mark.parametrize(
    ("cooling", "path", "line"),
    [("tower-chillers", "site.main.needed_mw", 10), ("liquid-dry", "site.main.nothing_mw", 5)],
)
def test_mistakes_in_a_small_plan(tmp_path: Path, cooling: str, path: str, line: int) -> None:
    file = file_of(tmp_path, PROJECT.format(cooling=cooling, path=path), name="mine.yaml")
    with pytest.raises(ReadError) as caught:
        score("site", [file])
    assert caught.value.problems[0].line == line


def test_mistakes_in_yaml_cases(tmp_path: Path) -> None:
    assert problems(tmp_path, "source: x\nfamily: y\nplans: 3", name="mine.yaml")
    told = problems(
        tmp_path, "source: x\nfamily: y\ncases:\n  one:\n    mesured: 3\n", name="mine.yaml"
    )
    assert {line for line, _ in told} == {4, 5}


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "compute", "--cases", file_of(tmp_path, HEAD, GOOD), "--json"]) == FINE
    assert json.loads(capsys.readouterr().out)["wings"][0]["cases"] == 1
    bad = file_of(tmp_path, HEAD, GOOD + ",7", name="bad.csv")
    assert main(["evidence", "--cases", bad]) == BAD_INPUT
    assert "bad.csv:2:1" in capsys.readouterr().err
    assert main(["evidence", "moon"]) == BAD_INPUT


# --- evaluations by hand ---


def a_long_row(quantity: str, inputs: str, measured: str, unit: str, hint: str = "") -> Case:
    head = "case_id,source,quantity,inputs,measured,unit,tolerance_hint"
    line = f'a,s,"{quantity}","{inputs}",{measured},{unit},"{hint}"'
    return cases_of(f"{head}\n{line}\n", "cluster.csv", None)[0]


def test_mean_time_to_failure_by_hand() -> None:
    # 6.5 failures in 1,000 node-days and 2,048 nodes: 24 / (0.0065 x 2048) = 1.803 h
    inputs = "gpus=16384;gpus_per_node=8;failures_per_1000_node_day=6.5"
    pairs, _ = long_pairs(a_long_row("mean time to failure of one job", inputs, "1.8", "h"))
    assert pairs[0].modelled == pytest.approx(24.0 / (0.0065 * 2048.0))


@pytest.mark.parametrize(
    ("quantity", "hint", "words"),
    [
        ("mean GPUs per job", "", "nothing computes"),
        ("mean time to failure of one job", "input", "input"),
        ("mean time to failure of one job", "report only; of others", "reported only"),
        ("mean time to failure of one job", "", "not published: gpus"),
    ],
)
def test_long_rows_that_are_refused(quantity: str, hint: str, words: str) -> None:
    case = a_long_row(quantity, "failures_per_1000_node_day=6.5", "1.8", "h", hint)
    with pytest.raises(Refused, match=words):
        long_pairs(case)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "moon-1t"}, "model not in the catalogue"),
        ({"chip": "abacus"}, "chip not in the catalogue"),
        ({"tp": ""}, "not published: tp"),
        ({"precision": "fp3"}, "precision not known"),
        ({"precision": ""}, "precision not known"),
        ({"case_id": "llama-lora"}, "LoRA"),
    ],
)
def test_training_rows_that_are_refused(change: dict[str, str], words: str) -> None:
    cells = dict(zip(HEAD.split(","), GOOD.split(","), strict=True)) | change
    text = f"{HEAD}\n{','.join(cells.values())}\n"
    with pytest.raises(Refused, match=words):
        training_pairs(cases_of(text, "mine.csv", None)[0])


def test_a_row_counts_as_a_step_however_it_was_printed() -> None:
    head = HEAD.replace("measured_step_s", "measured_tokens_per_s_per_chip")
    speed = 8192 * 16 / 8 / 4.0
    printed = cases_of(f"{HEAD}\n{GOOD}\n", "mine.csv", None)[0]
    derived = cases_of(f"{head}\n{GOOD.replace('4.0', str(speed))}\n", "mine.csv", None)[0]
    steps = [
        next(pair for pair in training_pairs(case)[0] if pair.quantity == "step_s")
        for case in (printed, derived)
    ]
    assert steps[0].measured == steps[1].measured == 4.0
    assert steps[0].modelled == steps[1].modelled


def test_shape_cells_override_the_catalogue() -> None:
    head = HEAD.replace("model,", "model,layers,")
    whole = cases_of(f"{HEAD}\n{GOOD}\n", "mine.csv", None)[0]
    cut = cases_of(f"{head}\n{GOOD.replace('3.1-8b', '3.1-8b,16')}\n", "mine.csv", None)[0]
    times = [training_pairs(case)[0][0].modelled for case in (whole, cut)]
    assert 0.4 < times[1] / times[0] < 0.7


def test_units_of_columns() -> None:
    head = "case_id,model,chip,precision,isl,osl,concurrency,tp,measured_tpot_ms"
    case = cases_of(f"{head}\na,m,c,fp8,1,1,1,1,25\n", "mine.csv", None)[0]
    assert case.form == "engine"
    assert measured_of(case) == {"tpot_s": 0.025}


def test_files_of_the_evidence_folder_have_one_form_each() -> None:
    folder = Path(str(catalog.shelf())).parent / "evidence" / "cases"
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert rows, path.name
        assert len({case.form for case in opened(str(path))}) == 1, path.name
