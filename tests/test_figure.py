"""Figures, the paths that name them, and verdicts."""

import pickle
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pytest

from gigaplan.figure import (
    BLOCKING,
    CATALOG,
    Figure,
    PathError,
    Verdict,
    alternatives,
    brief,
    canonical,
    check_bounds,
    joined,
    member_hint,
    reasons,
    replaced,
    resolve,
    rests_on,
    split,
    structure,
    worst_grade,
)
from gigaplan.units import ALWAYS_DATE, Real, Steps, UnitError, constant, option, quantity


class Precision(Enum):
    """A key of a mapping."""

    BF16 = "bf16"
    FP8 = "fp8"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loan:
    """A part with quantities and words."""

    rate_frac_per_year: Real = quantity(0.07, low=0.0, high=1.0)
    kind: str = option("level", choices=("level", "bullet"))
    years: int | None = option(None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """A part of every kind of node."""

    place: str = option("us", key="from", entry="places")
    grid_mw: Steps = quantity(constant(100.0), low=0.0, high=1000.0)
    price_usd_per_mwh: Steps | None = quantity(None, low=-10.0, high=500.0)
    chips_count: Real | None = quantity(None, low=1.0, words=("rest",))
    dense_tflops: dict[str, Real] = quantity(None)
    max_c: tuple[Real, ...] = quantity((1.0, 2.0, 3.0))
    refresh: bool = option(default=False)
    buildings: int = option(1)
    members: int = option(1, low=1, high=100)
    latitude: float = option(32.5)
    spread: dict[str, str] = option({})
    loan: Loan | None = option(None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """The whole."""

    sites: dict[str, Site] = option({})
    parties: dict[str, Loan] = option({})
    cache: object = option(None)


def world(**changes: Any) -> World:  # noqa: ANN401
    site = Site(
        dense_tflops={"bf16": 989.0, "fp8": 1979.0}, loan=Loan(), spread={"grid": "5 MW"}, **changes
    )
    return World(sites={"main": site}, parties={"crusoe": Loan()})


STEPS = Steps((300.0, 312.5), (200.0, 600.0))


# --- canonical paths ---


def test_every_quantity_has_a_canonical_path() -> None:
    assert (
        dict(canonical(world(grid_mw=STEPS, chips_count=8.0)))
        == {
            "sites.main.grid_mw.0.from_date": 300.0,
            "sites.main.grid_mw.0.value": 200.0,
            "sites.main.grid_mw.1.from_date": 312.5,
            "sites.main.grid_mw.1.value": 600.0,
            "sites.main.chips_count": 8.0,
            "sites.main.dense_tflops.bf16": 989.0,
            "sites.main.dense_tflops.fp8": 1979.0,
            "sites.main.max_c.0": 1.0,
            "sites.main.max_c.1": 2.0,
            "sites.main.max_c.2": 3.0,
            "sites.main.loan.rate_frac_per_year": 0.07,
            "parties.crusoe.rate_frac_per_year": 0.07,
        }
        | {}
    )


def test_steps_without_a_date_have_the_path_of_the_whole() -> None:
    assert dict(canonical(constant(5.0), "grid_mw")) == {"grid_mw": 5.0}
    one = Steps((300.0,), (5.0,))
    assert dict(canonical(one, "grid_mw")) == {"grid_mw.0.from_date": 300.0, "grid_mw.0.value": 5.0}
    first = Steps((ALWAYS_DATE, 300.0), (5.0, 6.0))
    assert list(dict(canonical(first, "grid_mw"))) == [
        "grid_mw.0.value",
        "grid_mw.1.from_date",
        "grid_mw.1.value",
    ]


def test_a_date_that_is_a_column_is_a_date() -> None:
    steps = Steps((np.array([300.0, 301.0]),), (5.0,))
    assert "x.0.from_date" in dict(canonical(steps, "x"))


def test_every_canonical_path_can_be_set_to_what_it_has() -> None:
    whole = world(grid_mw=STEPS, price_usd_per_mwh=constant(47.0), chips_count=8.0)
    before = dict(canonical(whole))
    for path, value in before.items():
        assert dict(canonical(replaced(whole, path, value))) == before
        moved = dict(canonical(replaced(whole, path, float(np.asarray(value)) * 0.5 + 0.25)))
        assert {key for key in before if moved[key] != before[key]} <= {path}
        column = replaced(whole, path, np.array([1.0, 1.0]))
        assert np.asarray(dict(canonical(column))[path]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", ["main", "a b", "llama-3.1-8b", "x.y.z", "site_1"])
def test_names_with_other_characters_are_quoted_and_split_again(name: str) -> None:
    path = joined(joined("sites", name), "grid_mw")
    assert split(path) == ["sites", name, "grid_mw"]
    assert ('"' in path) == (not name.replace("-", "").replace("_", "").isalnum())
    whole = World(sites={name: Site(dense_tflops={})})
    assert joined(f"sites.{joined('', name)}", "grid_mw") in dict(canonical(whole))
    assert dict(canonical(replaced(whole, path, 7.0)))[path] == 7.0


def test_keys_that_are_enums_stand_by_their_value() -> None:
    tree = {Precision.BF16: 1.0}
    assert dict(canonical(tree, "dense_tflops", "dense_tflops")) == {"dense_tflops.bf16": 1.0}
    assert (
        replaced({Precision.BF16: Loan()}, "bf16.kind", "bullet")[Precision.BF16].kind == "bullet"
    )


def test_booleans_words_and_internal_parts_are_no_quantities() -> None:
    paths = dict(canonical(world()))
    assert not any("refresh" in path or "cache" in path or "latitude" in path for path in paths)


# --- structure ---


def test_structure_is_what_is_no_number() -> None:
    found = dict(structure(world(grid_mw=STEPS)))
    assert found["sites.main.place"] == "us"
    assert found["sites.main.grid_mw"] is STEPS
    assert found["sites.main.price_usd_per_mwh"] is None
    assert found["sites.main.loan.kind"] == "level"
    assert found["sites.main.spread.grid"] == "5 MW"
    assert "sites.main.loan.rate_frac_per_year" not in found


# --- shortenings ---

KNOWN = [
    "start_date",
    "sites.main.grid_mw",
    "sites.main.price_usd_per_mwh",
    "halls.main.price_usd_per_chip",
    "workloads.chat.price_usd_per_mtoken",
    "workloads.chat.input_price_usd_per_mtoken",
    "parties.owner.tax_frac",
    'catalog:"llama-3.1-8b".published_parameters_count',
    "catalog:gb200.price_usd",
    "halls.gb200.price_usd",
]


@pytest.mark.parametrize(
    ("short", "path"),
    [
        ("site.price", "sites.main.price_usd_per_mwh"),
        ("sites.main.price_usd_per_mwh", "sites.main.price_usd_per_mwh"),
        ("main.grid", "sites.main.grid_mw"),
        ("grid", "sites.main.grid_mw"),
        ("grid_mw", "sites.main.grid_mw"),
        ("chat.input-price", "workloads.chat.input_price_usd_per_mtoken"),
        ("workload.input_price", "workloads.chat.input_price_usd_per_mtoken"),
        ("party.tax", "parties.owner.tax_frac"),
        ("start", "start_date"),
        ("catalog:gb200.price", "catalog:gb200.price_usd"),
        ('catalog:"llama-3.1-8b".published-parameters', KNOWN[7]),
        ('"llama-3.1-8b".published_parameters', KNOWN[7]),
    ],
)
def test_a_unique_shortening_names_a_path(short: str, path: str) -> None:
    assert resolve(KNOWN, short) == path


def test_a_shortening_of_several_names_them() -> None:
    with pytest.raises(PathError) as caught:
        resolve(KNOWN, "price")
    assert str(caught.value) == (
        '"price" could mean sites.main.price_usd_per_mwh, halls.main.price_usd_per_chip, '
        "workloads.chat.price_usd_per_mtoken, catalog:gb200.price_usd ..."
    )


def test_of_several_the_one_of_the_same_length_wins() -> None:
    assert resolve(["a.x", "a.b.x"], "a.x") == "a.x"
    assert resolve(["sites.main.x_mw", "sites.main.y.x_mw"], "site.main.x") == "sites.main.x_mw"


def test_what_is_near_is_named() -> None:
    with pytest.raises(
        PathError, match=r'nothing is called "site\.prise"; nearest: sites\.main\.pri'
    ):
        resolve(KNOWN, "site.prise")
    with pytest.raises(PathError, match=r'nothing is called "zzzzz"$'):
        resolve(KNOWN, "zzzzz")
    with pytest.raises(PathError):
        resolve(KNOWN, "")
    with pytest.raises(PathError):
        resolve([], "x")


def test_a_path_as_a_user_would_type_it() -> None:
    assert brief("sites.main.price_usd_per_mwh") == "sites.main.price"


# --- changes ---


def test_text_with_a_unit_is_converted() -> None:
    assert replaced(Loan(), "rate_frac_per_year", "8.5 %").rate_frac_per_year == 0.085
    assert replaced(world(), "sites.main.max_c.1", "27 degC").sites["main"].max_c == (
        1.0,
        27.0,
        3.0,
    )
    dense = replaced(world(), "sites.main.dense_tflops.fp8", "2 PFLOP/s").sites["main"].dense_tflops
    assert dense == {"bf16": 989.0, "fp8": 2000.0}


def test_steps_are_set_whole_or_in_part() -> None:
    whole = world(grid_mw=STEPS)
    site = replaced(whole, "sites.main.grid_mw", "300 MW").sites["main"]
    assert site.grid_mw.values == (300.0,)
    assert site.grid_mw.dates == (ALWAYS_DATE,)
    assert replaced(whole, "sites.main.grid_mw", STEPS).sites["main"].grid_mw is STEPS
    site = replaced(whole, "sites.main.grid_mw.1.value", "700 MW").sites["main"]
    assert site.grid_mw.values == (200.0, 700.0)
    for key in ("from", "from_date"):
        site = replaced(whole, f"sites.main.grid_mw.1.{key}", "2026-06").sites["main"]
        assert site.grid_mw.dates == (300.0, 317.0)
    site = replaced(whole, "sites.main.price_usd_per_mwh", "60 USD/MWh").sites["main"]
    assert isinstance(site.price_usd_per_mwh, Steps)
    assert site.price_usd_per_mwh.values == (60.0,)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("sites.main.grid_mw.2.value", "not a step"),
        ("sites.main.grid_mw.x.value", "not a step"),
        ("sites.main.grid_mw.0", "not a step"),
        ("sites.main.grid_mw.0.low", "not a part of a step"),
        ("sites.main.price_usd_per_mwh.0.value", "can be set"),
        ("sites.main.nothing", "is not a part of Site"),
        ("sites.other.grid_mw", "is not among main"),
        ("sites.main.max_c.9", "can be set"),
        ("sites.main.max_c.x", "can be set"),
        ("sites.main.buildings.x", "can be set"),
        ("sites.main.cache", "is not a part of Site"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, words: str) -> None:
    with pytest.raises(PathError, match=words):
        replaced(world(grid_mw=STEPS), path, 1.0)


def test_words_that_stand_for_no_number() -> None:
    assert (
        replaced(world(chips_count=5.0), "sites.main.chips_count", "rest").sites["main"].chips_count
        is None
    )
    with pytest.raises(UnitError):
        replaced(world(), "sites.main.grid_mw", "rest")


def test_structure_keeps_its_type() -> None:
    whole = world()

    def changed(path: str, new: object) -> Any:  # noqa: ANN401
        return replaced(whole, f"sites.main.{path}", new).sites["main"]

    assert changed("place", "texas").place == "texas"
    assert changed("from", "texas").place == "texas"
    assert changed("refresh", "yes").refresh is True
    assert changed("refresh", "false").refresh is False
    assert changed("buildings", 3).buildings == 3
    assert changed("buildings", "1,000").buildings == 1000
    assert changed("latitude", "-3.5").latitude == -3.5
    assert changed("loan.years", "12").loan.years == 12
    assert changed("loan.kind", "bullet").loan.kind == "bullet"
    assert changed("spread.grid", "7 MW").spread == {"grid": "7 MW"}


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("refresh", "maybe"),
        ("buildings", "many"),
        ("buildings", "1.5"),
        ("buildings", "-1"),
        ("buildings", "1e20"),
        ("members", "0"),
        ("members", "101"),
        ("latitude", "north"),
        ("loan.kind", "balloon"),
        ("loan.years", "ten"),
        ("loan", "text"),
        ("loan.rate_frac_per_year", "-1 %"),
        ("loan.rate_frac_per_year", "5 MW"),
        ("loan.rate_frac_per_year", True),
        ("loan.rate_frac_per_year", None),
        ("loan.rate_frac_per_year", np.ones((2, 2))),
        ("loan.rate_frac_per_year", np.array(["x"])),
        ("loan.rate_frac_per_year", 10**400),
    ],
)
def test_what_does_not_fit_is_refused(path: str, new: object) -> None:
    with pytest.raises(UnitError):
        replaced(world(), f"sites.main.{path}", new)


def test_columns_are_held_to_the_bounds() -> None:
    changed = replaced(Loan(), "rate_frac_per_year", np.array([0, 1])).rate_frac_per_year
    assert changed.dtype == np.float64
    with pytest.raises(UnitError, match=r"rate must be at most 1 \(got 2\)"):
        replaced(Loan(), "rate_frac_per_year", np.array([0.0, 2.0]))
    with pytest.raises(UnitError, match=r"rate must be at least 0 \(got -3\)"):
        replaced(Loan(), "rate_frac_per_year", np.array([-3.0, 0.5]))
    for bad in (np.nan, np.inf, np.array([0.5, np.nan])):
        with pytest.raises(UnitError, match="finite"):
            replaced(Loan(), "rate_frac_per_year", bad)
    with pytest.raises(UnitError, match="grid must be at most 1000"):
        replaced(world(), "sites.main.grid_mw", np.array([5.0, 1001.0]))


def test_a_change_leaves_the_old_as_it_was() -> None:
    whole = world()
    before = dict(canonical(whole))
    replaced(whole, "sites.main.dense_tflops.fp8", 1.0)
    assert dict(canonical(whole)) == before


def test_bounds_may_be_open() -> None:
    check_bounds(np.array([-1e9, 1e9]), "x_usd", {})
    check_bounds(5.0, "x_usd", {"low": None, "high": None})


def test_types_of_fields() -> None:
    assert alternatives(int | None) == (int,)
    assert alternatives(str) == (str,)
    assert member_hint(dict[str, Loan] | None) is Loan
    assert member_hint(tuple[Real, ...]) == Real
    assert member_hint(int) is object


# --- grades and verdicts ---


def figure(grade: str, low: float = np.nan, high: float = np.nan) -> Figure:
    return Figure(path="x", value=1.0, low=low, high=high, grade=grade)


def test_a_result_says_what_it_rests_on() -> None:
    ledger = {
        str(index): figure(grade) for index, grade in enumerate(["A", "B", "B", "yours", "D"])
    }
    assert rests_on(ledger) == "rests on 5 figures: 1 A, 2 B, 1 D, 1 yours"
    assert worst_grade(ledger) == "D"
    assert worst_grade({"x": figure("C"), "y": figure("yours")}) == "yours"
    assert worst_grade({}) == "A"


def test_a_figure_is_uncertain_when_its_range_has_a_width() -> None:
    assert figure("C", 0.5, 1.5).uncertain
    assert not figure("C", 1.0, 1.0).uncertain
    assert not figure("C").uncertain


def test_a_verdict_names_its_reasons() -> None:
    assert reasons(0) == []
    assert reasons(int(Verdict.DOES_NOT_FIT | Verdict.NO_IRR)) == ["does_not_fit", "no_irr"]
    assert reasons(int(np.int64(64))) == ["debt_outlives_plan"]
    bits = [int(bit) for bit in Verdict if bit]
    assert all(bit & (bit - 1) == 0 for bit in bits)
    assert len(set(bits)) == len(bits)
    assert Verdict.DOES_NOT_FIT in BLOCKING
    assert Verdict.NO_IRR not in BLOCKING


def test_figures_travel_between_processes() -> None:
    sent = pickle.loads(pickle.dumps(figure("B")))  # noqa: S301
    assert (sent.path, sent.grade) == ("x", "B")


def test_catalogue_paths_have_a_prefix() -> None:
    assert CATALOG == "catalog:"
