"""The example plans: each runs clean and fast, and the demonstration moves as the world does."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gigaplan.cli import main
from gigaplan.plan import Result, load, loads, prepare, simulate
from gigaplan.plan.result import columns_of
from gigaplan.report.templates import template_names, template_text

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
NAMES = [path.stem for path in EXAMPLES]
ONE_SECOND = 1.0
FEW_SECONDS = 30.0
"""Of a run with its report, on a busy machine of two cores; three to ten is usual."""


PER_CHIP_H = "levelised.chip_usd_per_chip_h"
PER_MTOKEN = "levelised.token_usd_per_mtoken"


@cache
def of(example: str, *changes: tuple[str, str]) -> Result:
    plan = load(ROOT / "examples" / f"{example}.yaml")
    for path, value in changes:
        plan = plan.set(path, value)
    return simulate(plan)


def base() -> Result:
    return of("abilene")


def tokens(result: Result, workload: str = "chat") -> float:
    return float(np.cumsum(result.compute[workload].served_mtoken, axis=0)[-1, 0])


def one(result: Result, path: str) -> float:
    return float(dict(columns_of(result))[path][0])


def npv(result: Result, party: str) -> float:
    return one(result, f"money.{party}.npv_usd")


def irr(result: Result, party: str) -> float:
    return one(result, f"money.{party}.equity_irr_frac_per_year")


def cover(result: Result, party: str) -> float:
    return one(result, f"money.{party}.dscr_min_ratio")


def test_every_example_of_the_plan_is_there() -> None:
    wanted = {"abilene", "llama-405b", "powered-shell", "first-rack", "cloud-team", "edge-city"}
    assert wanted <= set(NAMES)


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_runs_clean(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.perf_counter()
    assert main(["run", str(path), "--output", str(tmp_path)]) == 0
    assert time.perf_counter() - begin < FEW_SECONDS
    told = capsys.readouterr()
    assert not told.err
    assert "nan" not in told.out.lower().split()
    assert {file.name for file in tmp_path.iterdir()} == {"report.html", "result.parquet"}


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_the_json_of_an_example_is_valid_and_its_comparisons_are_finite(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(path), "--no-files", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for row in told["published"]:
        assert all(isinstance(row[key], float | int) for key in ("published", "modelled", "error"))
        assert row["source"]
        unexplained = row["unit"] != "" and abs(row["error"]) > 0.3 and not row["note"]
        assert not unexplained, row["name"]
    assert str(ROOT) not in json.dumps(told)


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_checks_clean(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 0
    assert "reads well" in capsys.readouterr().out


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_figures_of_an_example_that_are_guessed_have_a_range(path: Path) -> None:
    plan = load(path)
    own = {name: figure for name, figure in plan.ledger.items() if not name.startswith("catalog:")}
    bare = {name for name, figure in own.items() if figure.grade == "D" and not figure.uncertain}
    # of a step it is enough that its date or its value has one
    steps = {name for name in bare if name.endswith(".value")}
    dated = {name for name in steps if own[name.removesuffix("value") + "from_date"].uncertain}
    assert not bare - dated


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_named_in_the_documentation(name: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"examples/{name}.yaml" in page.read_text("utf-8") for page in pages)


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_is_simulated_within_a_second(path: Path) -> None:
    ready = prepare(load(path))
    simulate(ready)
    begin = time.perf_counter()
    simulate(ready)
    assert time.perf_counter() - begin < ONE_SECOND


@pytest.mark.parametrize("name", list(template_names()))
def test_a_template_runs_clean(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", name]) == 0
    assert main(["check", f"{name}.yaml"]) == 0
    assert main(["run", f"{name}.yaml", "--no-files"]) == 0
    told = capsys.readouterr()
    assert not told.err
    assert "Take note" not in told.out
    assert (tmp_path / f"{name}.yaml").read_text("utf-8") == template_text(name)


class TestDemonstration:
    """Abilene with a date, the system or an efficiency changed: tokens, debt cover and IRR move."""

    def test_power_a_year_late(self) -> None:
        late = of("abilene", ("site.grid.1.from", "2027-06"))
        assert tokens(late) < tokens(base())
        for party in ("crusoe", "oracle", "consolidated"):
            assert irr(late, party) < irr(base(), party), party
        assert cover(late, "crusoe") < cover(base(), "crusoe")

    @pytest.mark.parametrize("system", ["dgx-h200", "dgx-b200"])
    def test_slower_chips_make_fewer_and_dearer_tokens(self, system: str) -> None:
        other = of("abilene", ("hall.system", system))
        assert tokens(other) < tokens(base())
        assert one(other, PER_MTOKEN) > one(base(), PER_MTOKEN)
        assert npv(other, "openai") < npv(base(), "openai")
        assert irr(other, "consolidated") < irr(base(), "consolidated")

    def test_cheaper_chips_sold_by_the_hour_cover_their_loan_better(self) -> None:
        other = of("abilene", ("hall.system", "dgx-h200"))
        capex = "cluster.main.first_capex_usd"
        assert one(other, capex) < one(base(), capex)
        assert cover(other, "oracle") > cover(base(), "oracle")
        assert irr(other, "oracle") > irr(base(), "oracle")

    def test_a_faster_engine(self) -> None:
        fast = of("abilene", ("chat.throughput", "1.3"))
        assert tokens(fast) > tokens(base())
        assert irr(fast, "openai") > irr(base(), "openai")
        assert one(fast, PER_MTOKEN) < one(base(), PER_MTOKEN)

    @pytest.mark.parametrize("path", ["frontier.mfu_extra", "hall.goodput_extra"])
    def test_an_efficiency_of_training_shortens_the_run(self, path: str) -> None:
        days = "compute.frontier.halls.main.run_days"
        assert one(of("abilene", (path, "2 %")), days) < one(base(), days)

    @pytest.mark.parametrize(
        ("path", "better"),
        [("frontier.mfu_extra", "2 %"), ("hall.goodput_extra", "2 %"), ("chat.throughput", "1.1")],
    )
    def test_an_efficiency_never_hurts_and_leaves_the_landlord_alone(
        self, path: str, better: str
    ) -> None:
        moved = of("abilene", (path, better))
        assert npv(moved, "oracle") >= npv(base(), "oracle")
        assert npv(moved, "openai") >= npv(base(), "openai")
        assert npv(moved, "crusoe") == npv(base(), "crusoe")

    def test_a_cooler_site_covers_more_of_the_debt(self) -> None:
        cooler = of("abilene", ("site.pue_extra", "-0.05"))
        assert one(cooler, "site.main.pue_ratio") < one(base(), "site.main.pue_ratio")
        assert cover(cooler, "oracle") > cover(base(), "oracle")
        assert irr(cooler, "oracle") > irr(base(), "oracle")


class TestPoweredShell:
    """A plan without a chip."""

    def test_it_has_no_chips_and_an_owner_who_earns_rent(self) -> None:
        result = of("powered-shell")
        assert not result.cluster
        assert not result.compute
        assert np.isfinite(irr(result, "developer"))
        assert np.isfinite(one(result, "levelised.shell_usd_per_kw_month"))
        assert not np.isfinite(one(result, PER_CHIP_H))

    def test_a_higher_rent_is_better_and_a_late_grid_worse(self) -> None:
        middle = irr(of("powered-shell"), "developer")
        dearer = of("powered-shell", ("tenancy.rate", "140 USD/kW-month"))
        late = of("powered-shell", ("site.grid.1.from", "2029-12"))
        assert irr(late, "developer") < middle < irr(dearer, "developer")


class TestOwnOrRent:
    """The same product on one's own chips and on rented ones."""

    def test_the_product_is_the_same(self) -> None:
        own, rented = (of(name).compute.chat.halls.main for name in ("first-rack", "cloud-team"))
        assert own.point.batch_count == rented.point.batch_count
        assert own.tokens_per_s_per_chip == pytest.approx(rented.tokens_per_s_per_chip, rel=1e-9)

    def test_a_chip_of_the_cloud_costs_its_offer(self) -> None:
        assert one(of("cloud-team"), PER_CHIP_H) == pytest.approx(3.5, rel=1e-9)

    def test_the_building_of_the_landlord_is_no_capital_of_the_plan(self) -> None:
        result = of("first-rack")
        chips = one(result, "cluster.main.first_capex_usd")
        assert one(result, "money.startup.peak_equity_usd") <= chips

    def test_a_dearer_cloud_is_worse(self) -> None:
        dearer = of("cloud-team", ("nebius-h200.price", "4 USD/chip-hour"))
        assert npv(dearer, "startup") < npv(of("cloud-team"), "startup")


class TestEdgeCity:
    """Two hundred like sites as one group."""

    def test_the_group_is_the_sum_of_its_members(self) -> None:
        hall = of("edge-city").cluster.cabinets
        assert hall.installed_count.max() == 1600.0
        assert hall.first_capex_usd == pytest.approx(1600.0 * hall.price_usd_per_chip, rel=1e-9)

    def test_it_is_fast_enough_for_its_users(self) -> None:
        point = of("edge-city").compute.answers.halls.cabinets.point
        assert point.ttft_s[0] <= 0.15
        assert point.tpot_s[0] <= 0.012 * (1.0 + 1e-9)

    def test_members_differ_about_the_middle(self) -> None:
        text = (ROOT / "examples" / "edge-city.yaml").read_text("utf-8")
        begin, end = text.index("    spread:"), text.index("    site:")
        alike = simulate(loads(text[:begin] + text[end:]))
        spread, even = (one(it, "site.cabinets.capex_usd") for it in (of("edge-city"), alike))
        assert spread != even
        assert spread == pytest.approx(even, rel=0.02)
