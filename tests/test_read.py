"""YAML into dataclasses: what is meant is read, what is wrong is said where it stands."""

import json
import math
import pickle
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigaplan.figure import canonical
from gigaplan.plan.schema import Plan
from gigaplan.plan.shelf import KINDS
from gigaplan.read import (
    DEEPEST,
    LARGEST_FILE,
    MOST_KEPT,
    MOST_NODES,
    MOST_PROBLEMS,
    Node,
    Problem,
    ReadError,
    compose,
    json_schema,
    nearest,
    no_such_key,
    position,
    printable,
    read,
    there_are,
)
from gigaplan.units import ALWAYS_DATE, Real, Steps, option, quantity

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.yaml"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Debt:
    """One of three kinds."""

    share_frac: Real = quantity(low=0.0, high=1.0, doc="of the price")
    rate_frac_per_year: Real = quantity(low=0.0, high=1.0)
    term_years: Real = quantity(5.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lease:
    """One of three kinds."""

    tenant: str = option(doc="who pays")
    rate_usd_per_kw_month: Real = quantity(low=0.0)
    term_years: Real = quantity(15.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sale:
    """One of three kinds."""

    buyer: str = option()
    price_usd: Real = quantity(low=0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """A part."""

    place: str = option("us", key="from", entry="places", doc="region")
    grid_mw: Steps = quantity(low=0.0, high=1e5, doc="firm power")
    price_usd_per_mwh: Steps | None = quantity(None, low=-500.0, high=5000.0, words=("market",))
    tax_frac: Real | None = quantity(None, low=0.0, high=1.0)
    chips_count: Real | None = quantity(None, low=1.0, words=("rest",))
    dense_tflops: dict[str, Real] | None = quantity(None, low=0.0)
    max_c: tuple[Real, ...] | None = quantity(None, low=-90.0, high=90.0)
    cooling: str = option("air", choices=("air", "liquid"))
    topology: Literal["ring", "mesh"] = option("ring")
    buildings: int = option(1)
    members: int = option(1, low=1, high=100)
    latitude: float = option(0.0)
    refresh: bool = option(default=False)
    halls: tuple[str, ...] = option(())
    offer: str | None = option(None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """The whole."""

    name: str = option(doc="name of it")
    note: str = option("")
    start_date: Real = quantity(326.0)
    sites: dict[str, Site] = option({})
    deals: dict[str, Debt | Lease | Sale] = option({})
    parties: dict[str, Sale] = option({})
    words: dict[str, str] = option({})


NAMES = {"places": ("us", "texas-west", "texas-east")}


def problems(text: str) -> list[tuple[int, int, str, str]]:
    """Return line, column, path and message of every problem of a text."""
    try:
        read(text, World, names=NAMES)
    except ReadError as error:
        return [(it.line, it.column, it.path, it.message) for it in error.problems]
    return []


def problem(text: str) -> tuple[int, int, str, str]:
    """Return the only problem of a text."""
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def of(text: str) -> World:
    """Return a text as a World."""
    value: World = read(text, World, names=NAMES)[0]
    return value


def site_of(lines: str) -> Site:
    """Return the site of a plan with these lines in it."""
    return of(f"name: x\nsite: {{grid: 1 MW, {lines}}}").sites["main"]


# --- what is meant ---


def test_text_means_what_its_field_says() -> None:
    world = of(
        """
name: 12:30
note: no
start: 2027-06
site:
  from: texas-west
  grid: 1.2 GW
  price: market
  tax: 21 %
  chips: rest
  dense: {bf16: 989 TFLOP/s, fp8: {value: 1979 TFLOP/s, grade: B}}
  max: [1 degC, -2.5 degC]
  cooling: liquid
  topology: mesh
  buildings: 1e1
  latitude: -32.5
  refresh: yes
  halls: [one, 2]
  offer: ~
"""
    )
    assert (world.name, world.note, world.start_date) == ("12:30", "no", 329.0)
    site = world.sites["main"]
    assert (site.place, site.cooling, site.topology) == ("texas-west", "liquid", "mesh")
    assert (site.grid_mw.dates, site.grid_mw.values) == ((ALWAYS_DATE,), (1200.0,))
    assert site.price_usd_per_mwh is None
    assert site.chips_count is None
    assert site.offer is None
    assert site.dense_tflops == {"bf16": 989.0, "fp8": 1979.0}
    assert site.max_c == (1.0, -2.5)
    assert (site.buildings, site.latitude, site.refresh) == (10, -32.5, True)
    assert site.halls == ("one", "2")


@pytest.mark.parametrize(
    "text",
    [
        "name: x\nsite:\n  grid: 5 MW\n",
        "name: x\r\nsite:\r\n  grid: 5 MW\r\n",
        "\ufeffname: x\nsite: {grid: 5 MW}",
        "---\nname: x\nsites: {main: {grid: 5 MW}}\n...\n",
        "%YAML 1.1\n---\nname: x\nsites: {main: {grid: 5 MW}}\n",
        '{"name": "x", "site": {"grid": "5 MW"}}',
        "name: x\nsite:\n  grid: '5 MW'  # a comment\n",
        "name: x\nsite:\n  grid: >-\n    5\n    MW\n",
        "name: x\nsite:\n  ? grid\n  : 5 MW\n",
    ],
)
def test_one_plan_in_many_spellings(text: str) -> None:
    world = of(text)
    assert world.name == "x"
    assert world.sites["main"].grid_mw.values == (5.0,)


def test_unicode_and_quotes_and_folds_are_text() -> None:
    world = of('name: "Zürich \\u00e9 ☂ 東京"\nnote: >\n  one\n  two\n\n  three\n')
    assert world.name == "Zürich é ☂ 東京"
    assert world.note == "one two three"


def test_the_singular_is_a_mapping_with_one_member() -> None:
    world = of("name: x\nsite: {grid: 1 MW}\nparty: {buyer: me, price: 1 USD}\n")
    assert list(world.sites) == ["main"]
    assert world.parties["main"].buyer == "me"


def test_steps_have_dates_and_ranges_of_both_kinds() -> None:
    text = """
name: x
site:
  grid:
    - {value: 20 MW}
    - {from: 2027-06, value: 200 MW, low: 150 MW, high: 220 MW, source: s1}
    - {from: 2028-03, value: 600 MW, low: 2027-12, high: 2029-06, grade: C}
    - {from: {value: 2030-01, low: 2029-01, high: 2031-01, grade: D}, value: {value: 700 MW}}
"""
    text = text.replace("{value: 700 MW}", "700 MW")
    world, reader = read(text, World, names=NAMES)
    steps = world.sites["main"].grid_mw
    assert steps.dates == (ALWAYS_DATE, 329.0, 338.0, 360.0)
    assert steps.values == (20.0, 200.0, 600.0, 700.0)
    ledger = {path.removeprefix("sites.main.grid_mw."): fig for path, fig in reader.ledger.items()}
    assert (ledger["1.value"].low, ledger["1.value"].high) == (150.0, 220.0)
    assert ledger["1.value"].source == "s1"
    assert math.isnan(ledger["1.from_date"].low)
    assert (ledger["2.from_date"].low, ledger["2.from_date"].high) == (335.0, 353.0)
    assert ledger["2.from_date"].grade == "C"
    assert math.isnan(ledger["2.value"].low)
    assert (ledger["3.from_date"].low, ledger["3.from_date"].grade) == (348.0, "D")


@pytest.mark.parametrize(
    "grid",
    [
        "200 MW",
        "{value: 200 MW, low: 100 MW, high: 300 MW}",
        "[{value: 200 MW}]",
        "{from: 2027-06, value: 200 MW}",
        "[{from: 2027-06, value: 200 MW}]",
        "[{value: 1 MW}, {from: 2027-06, value: 200 MW, low: 2027-01, high: 2028-01}]",
    ],
)
def test_every_figure_has_the_path_that_the_plan_has_for_it(grid: str) -> None:
    world, reader = read(f"name: x\nsite: {{grid: {grid}}}", World, names=NAMES)
    paths = {path for path, _ in canonical(world) if path != "start_date"}
    assert set(reader.ledger) == paths
    assert all(reader.ledger[path].path == path for path in paths)


def test_a_figure_has_its_provenance_and_line() -> None:
    text = """name: x
site:
  grid: 1 MW
  tax: {value: 21 %, low: 20 %, high: 25 %, basis: federal, source: irs, page: p. 3,
    date: 2024-01, grade: A, note: "statutory\\n  rate"}
"""
    _, reader = read(text, World, names=NAMES)
    figure = reader.ledger["sites.main.tax_frac"]
    assert (figure.value, figure.low, figure.high) == (0.21, 0.2, 0.25)
    assert (figure.basis, figure.source, figure.page) == ("federal", "irs", "p. 3")
    assert (figure.date, figure.grade, figure.note) == ("2024-01", "A", "statutory rate")
    assert figure.line == 4
    assert reader.ledger["sites.main.grid_mw"].grade == "yours"


def test_defaults_complete_what_a_figure_does_not_say() -> None:
    text = "name: x\nsite:\n  grid: {value: 1 MW, grade: C}\n  tax: 21 %\n"
    defaults = {"source": "s", "grade": "B", "date": "2024"}
    _, reader = read(text, World, names=NAMES, prefix="catalog:it.", defaults=defaults)
    grid = reader.ledger["catalog:it.sites.main.grid_mw"]
    assert (grid.grade, grid.source, grid.date) == ("C", "s", "2024")
    assert reader.ledger["catalog:it.sites.main.tax_frac"].grade == "B"


def test_marks_say_where_each_key_stands() -> None:
    text = "name: x\nsites:\n  a b:\n    grid: 1 MW\n"
    _, reader = read(text, World, names=NAMES)
    assert reader.marks["sites"] == (2, 1)
    assert reader.marks['sites."a b"'] == (3, 3)
    assert reader.marks['sites."a b".grid_mw'] == (4, 5)


# --- unions ---


@pytest.mark.parametrize(
    "deals",
    [
        "deals: {main: {kind: debt, share: 65 %, rate: 8 %}}",
        "deals: {main: {share: 65 %, rate: 8 %}}",
        "deals: {main: {debt: {share: 65 %, rate: 8 %}}}",
        "deal: {debt: {share: 65 %, rate: 8 %}}",
        "deal: {kind: debt, share: 65 %, rate: 8 %}",
        "deal: {share: 65 %, rate: 8 %}",
    ],
)
def test_a_union_says_its_kind_or_shows_it(deals: str) -> None:
    deal = of(f"name: x\n{deals}").deals["main"]
    assert isinstance(deal, Debt)
    assert (deal.share_frac, deal.rate_frac_per_year, deal.term_years) == (0.65, 0.08, 5.0)


@pytest.mark.parametrize(
    ("deal", "column", "path", "words"),
    [
        (
            "{kind: dept, share: 1}",
            14,
            "kind",
            'is no kind; there are debt, lease, sale; did you mean "debt"?',
        ),
        ("{kind: [a], share: 1}", 14, "kind", "a list is no kind"),
        ("{term: 5 years}", 1, "kind", "missing: say kind: debt, lease, sale"),
        ("{}", 1, "kind", "missing: say kind"),
        ("5", 7, "", '"5" should be a mapping with a kind: debt, lease, sale'),
        ("[1]", 7, "", "a list should be a mapping with a kind"),
        ("{tenant: me, rate: 1 USD/kW-month, tern: 3 years}", 42, "tern", 'did you mean "term"?'),
        ("{tenant: me}", 1, "rate", "missing: rate"),
        ("{debt: 5}", 14, "", '"5" should be a mapping with keys such as share, rate, term'),
    ],
)
def test_a_union_that_is_unclear_is_refused(deal: str, column: int, path: str, words: str) -> None:
    line, place, where, message = problem(f"name: x\ndeal: {deal}")
    assert (line, place) == (2, column)
    assert where == f"deals.main.{path}".rstrip(".")
    assert words in message


# --- what is wrong, and where ---

BAD_FIELDS = [
    ("grid: 3 USD", 7, "grid_mw", '"3 USD" is money; grid is a power, such as 200 MW'),
    ("grid: yes", 7, "grid_mw", '"yes" is yes or no, not a quantity; grid is a power'),
    ("grid: true", 7, "grid_mw", "is yes or no"),
    ("grid: .nan", 7, "grid_mw", "is not a quantity"),
    ("grid: .inf", 7, "grid_mw", "is not a quantity"),
    ("grid: 1e400 MW", 7, "grid_mw", "is not a finite number"),
    ("grid: 1e6 MW", 7, "grid_mw", "must be at most 100000 (got 1e+06)"),
    ("grid: -1 MW", 7, "grid_mw", "must be at least 0 (got -1)"),
    ("grid:", 6, "grid_mw", "has no value"),
    ("grid: ~", 7, "grid_mw", "has no value"),
    ("grid: {value: 1 MW, vlaue: 2}", 21, "grid_mw.vlaue", 'no such key; did you mean "value"?'),
    ("grid: {low: 1 MW}", 7, "grid_mw", "missing: value, such as 200 MW"),
    ("grid: {value: }", 15, "grid_mw", "has no value; grid is a power"),
    ("grid: {value: [1]}", 15, "grid_mw", "should be one, not a list"),
    ("grid: {value: 1 MW, low: 0 MW}", 7, "grid_mw", "needs both low and high"),
    ("grid: {value: 9 MW, low: 0 MW, high: 1 MW}", 7, "grid_mw", "must lie between"),
    ("grid: {value: 1 MW, low: 0 MW, high: 1 USD}", 38, "grid_mw.high", "is money"),
    ("grid: {value: 1 MW, grade: E}", 28, "grid_mw.grade", '"E" is no grade; there are A, B, C, D'),
    ('grid: {value: 1 MW, note: "a\\x07"}', 27, "grid_mw.note", "not a line of plain text"),
    ("grid: {value: 1 MW, note: [a]}", 27, "grid_mw.note", "not a line of plain text"),
    ("grid: []", 7, "grid_mw", "an empty list"),
    ("grid: [5 MW]", 8, "grid_mw.0", "a step is {from: DATE, value: QUANTITY}"),
    ("grid: [{from: 2027-13, value: 1 MW}]", 15, "grid_mw.0.from_date", "not a day"),
    ("grid: [{from: 2027-01, value: 1 USD}]", 31, "grid_mw.0.value", "is money"),
    ("grid: [{from: 2027-01, value: 1 MW, x: 1}]", 37, "grid_mw.0.value.x", "no such key"),
    ("grid: [{value: 1 MW, low: 2027-01, high: 2028-01}]", 27, "grid_mw.0.low", "has no from:"),
    (
        "grid: [{from: {value: 2027-06}, value: 1 MW, low: 2027-01, high: 2028-01}]",
        51,
        "grid_mw.0.from_date.low",
        "a second range",
    ),
    ("grid: [{from: [1], value: 1 MW}]", 15, "grid_mw.0.from_date", "does not change with time"),
    (
        "grid: [{from: 2027-06, value: 1 MW}, {from: 2027-06, value: 2 MW}]",
        38,
        "grid_mw.1",
        "the dates of the steps must rise",
    ),
    (
        "grid: [{from: 2027-06, value: 1 MW}, {value: 2 MW}]",
        38,
        "grid_mw.1",
        "the dates of the steps must rise",
    ),
    ("tax: [1 %]", 6, "tax_frac", "does not change with time; write one value such as 65 %"),
    ("tax: 65", 6, "tax_frac", "must be at most 1 (got 65)"),
    ("dense: 5", 8, "dense_tflops", '"5" should be a mapping'),
    ("dense: {bf16: 5}", 15, "dense_tflops.bf16", "has no unit"),
    ("dense: {'a\"b': 1 TFLOP/s}", 9, 'dense_tflops."ab"', "a key is a word"),
    ("max: 5 degC", 6, "max_c", "should be a list of values"),
    ("max: []", 6, "max_c", "should be a list of values"),
    ("max: {unit: degC}", 6, "max_c", "should be a list of values"),
    ("max: [1 degC, 2]", 15, "max_c.1", "has no unit"),
    ("max: [1 degC, 99 degC]", 15, "max_c.1", "must be at most 90"),
    ("max: [1 degC, [2]]", 15, "max_c.1", "should be one, not a list"),
    ("max: {values: [1, 2], units: degC, unit: degC}", 23, "max_c.units", "no such key"),
    ("max: {values: [1, 2], unit: degC, low: [1], high: [1, 3]}", 6, "max_c", "of one length"),
    ("max: {values: [1], unit: degC, low: [2], high: [3]}", 6, "max_c.0", "must lie between"),
    ("cooling: water", 10, "cooling", '"water" is not a choice; there are air, liquid'),
    ("topology: star", 11, "topology", "is not a choice; there are mesh, ring"),
    ("from: texas-wst", 7, "place", '"texas-wst" is not in the catalogue; nearest: texas-west'),
    ("from: 123456", 7, "place", "is not in the catalogue; there are texas-east, texas-west, us"),
    ("buildings: yes", 12, "buildings", '"yes" should be a whole number'),
    ("buildings: 1.5", 12, "buildings", "should be a whole number"),
    ("buildings: -1", 12, "buildings", "should lie between 0 and 1e+09"),
    ("buildings: 1e20", 12, "buildings", "should lie between 0 and 1e+09"),
    ("buildings: nan", 12, "buildings", "should be a whole number"),
    ("buildings: {a: 1}", 12, "buildings", "should be a word or a number, not a mapping"),
    ("members: 0", 10, "members", '"0" should lie between 1 and 100'),
    ("members: 101", 10, "members", '"101" should lie between 1 and 100'),
    ("members: " + "9" * 100, 10, "members", "should be a whole number"),
    ("latitude: north", 11, "latitude", "should be a number"),
    ("refresh: 1", 10, "refresh", '"1" should be yes or no'),
    ("halls: one", 8, "halls", '"one" should be a list'),
    ("halls: [[one]]", 9, "halls.0", "should be a word or a number, not a list"),
    ('offer: "a\\x07b"', 8, "offer", "is not a line of plain text"),
    ('offer: "a\\u202eb"', 8, "offer", "is not a line of plain text"),
    ("prise: 5 USD/MWh", 1, "prise", 'no such key; did you mean "price"?'),
    ("price_usd_per_mwh: 5", 1, "price_usd_per_mwh", 'no such key; did you mean "price"?'),
    ("zzz: 5", 1, "zzz", "no such key; there are buildings, chips, cooling"),
]


@pytest.mark.parametrize(("field", "column", "path", "words"), BAD_FIELDS)
def test_every_mistake_is_said_where_it_stands(
    field: str, column: int, path: str, words: str
) -> None:
    base = "" if field.startswith("grid:") else "    grid: 1 MW\n"
    line, place, where, message = problem(f"name: x\nsites:\n  main:\n{base}    {field}\n")
    assert (line, place) == (5 if base else 4, 4 + column), message
    assert where == f"sites.main.{path}"
    assert words in message


def test_a_missing_key_is_said_at_the_key_above() -> None:
    assert problem("name: x\nsites:\n  main:\n    tax: 1 %\n") == (
        3,
        3,
        "sites.main.grid",
        "missing: firm power",
    )
    assert problem("note: x\n") == (1, 1, "name", "missing: name of it")


def test_all_problems_are_said_at_once_in_the_order_of_the_file() -> None:
    text = """name: x
site:
  grid: 3 USD
  prise: 5
  buildings: many
deal: {kind: dept}
start: 2027-13
colour: red
"""
    assert [(line, column) for line, column, _, _ in problems(text)] == [
        (3, 9),
        (4, 3),
        (5, 14),
        (6, 14),
        (7, 8),
        (8, 1),
    ]


def test_what_is_said_twice_is_refused() -> None:
    text = "name: x\nsite: {grid: 1 MW}\nsites: {a: {grid: 1 MW}}\n"
    assert problem(text) == (3, 1, "sites", "said twice: as site and as sites")


@pytest.mark.parametrize("name", ["a/b", "-a", "", " ", "a" * 81, "é", "a\\nb", "'", "a:b"])
def test_names_that_a_user_chooses_are_plain(name: str) -> None:
    text = f'name: x\nsites: {{"{name}": {{grid: 1 MW}}}}\n'
    line, _, _, message = problem(text)
    assert line == 2
    assert "a name is made of letters, digits, blanks" in message


def test_mappings_of_words() -> None:
    assert of("name: x\nwords: {a.b: 5 MW, c: no}").words == {"a.b": "5 MW", "c": "no"}
    assert problem("name: x\nwords: {a: [1]}")[:3] == (2, 12, "words.a")
    assert problem("name: x\nsites: [1]")[:3] == (2, 8, "sites")
    assert problem("name: x\nsites: 5")[:3] == (2, 8, "sites")
    assert problem("name: x\nsites: {a: 5}")[:3] == (2, 12, "sites.a")


# --- YAML that is refused ---

BAD_YAML = [
    ("", 1, 1, "the file must be a mapping"),
    ("# nothing\n", 1, 1, "the file must be a mapping"),
    ("just text", 1, 1, "the file must be a mapping"),
    ("- a\n- b\n", 1, 1, "the file must be a mapping"),
    ("name: x\nname: y\n", 2, 1, "duplicate key; first on line 1"),
    ("name: x\nsite:\n  grid: 1 MW\n  grid: 2 MW\n", 4, 3, "duplicate key; first on line 3"),
    ("name: &a x\nnote: *a\n", 1, 7, "anchors (&a) are not allowed"),
    ("name: x\nnote: *a\n", 2, 7, "aliases (*name) are not allowed"),
    ("name: x\nsite: &s\n  grid: 1 MW\n", 2, 7, "anchors (&s)"),
    ("name: !!python/object/apply:os.system [ls]", 1, 7, "tags (tag:yaml.org,2002:python/object"),
    ("name: !mine x", 1, 7, "tags (!mine) are not allowed"),
    ("name: !!str x", 1, 7, "tags (tag:yaml.org,2002:str) are not allowed"),
    ("!!map {name: x}", 1, 1, "tags"),
    ("name: x\n---\nname: y\n", 2, 1, "a second document"),
    ("{a: b}: c\n", 1, 1, "a key must be a word"),
    ("? [a]\n: c\n", 1, 3, "a key must be a word"),
    ("name: x\nnote: a\x07b\n", 2, 8, "a control character ('\\x07')"),
    ("name: é\nnote: é\x00\n", 2, 8, "a control character ('\\x00')"),
    ("name: x\nnote: a\u2028b", 2, 8, "a control character ('\\u2028')"),
    ("name: x\nnote: a\ud800b", 2, 8, "a control character ('\\ud800')"),
    ("name: x\r\nnote: \x1b[31m", 2, 7, "a control character ('\\x1b')"),
    ("name: x\nsite:\n\tgrid: 1 MW", 3, 1, "not YAML: a tab; indent with blanks"),
    ("name: 'x\nnote: y\nstart: 'z'\n", 3, 9, "after a text in quotes that begins on line 1"),
    ("name: 'x\nnote: y\n", 2, 8, "while scanning a quoted scalar that begins on line 1"),
    ("name: x\nsite: {grid: 1 MW\nnote: y\n", 3, 5, "a flow mapping that begins on line 2"),
    ("name: x\n note: y\n", 2, 6, "not YAML"),
    ("name: x\nnote: @y\n", 2, 7, "not YAML: found character that cannot start any token"),
    ("name: x\nnote: a: b\n", 2, 8, "mapping values are not allowed"),
    ("name: x]\nnote: [a, b\n", 2, 12, "expected ',' or ']'"),
    ("name: x\n<<: {note: y}\n", 2, 1, "no such key"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), BAD_YAML)
def test_yaml_that_is_refused_says_where(text: str, line: int, column: int, words: str) -> None:
    found = problems(text)
    assert found
    assert (line, column) in {(it[0], it[1]) for it in found}, found
    assert any(words in it[3] for it in found), found


def test_a_tab_between_words_is_fine() -> None:
    assert of("name:\tx\t# comment\nsite: {grid: 5\tMW}").sites["main"].grid_mw.values == (5.0,)


def test_the_deepest_nesting() -> None:
    def nested(depth: int) -> str:
        return "a: " + "[" * (depth - 1) + "]" * (depth - 1)

    compose(nested(DEEPEST), "x")
    with pytest.raises(ReadError, match="nested deeper than"):
        compose(nested(DEEPEST + 1), "x")


WICKED: dict[str, Callable[[], str]] = {
    "lists in lists": lambda: "a: " + "[" * 400_000,
    "mappings in mappings": lambda: "{a: " * 200_000,
    "lists in lines": lambda: "- " * 200_000,
    "keys without values": lambda: "? " * 490_000,
    "many unknown keys": lambda: "name: x\n" + "".join(f"k{n}: 1\n" for n in range(40_000)),
    "many sites": lambda: "name: x\nsites:\n" + "".join(f" {n}: {{}}\n" for n in range(40_000)),
    "many wrong units": lambda: (
        "name: x\nsites:\n" + "".join(f" {n}: {{grid: {n} USD}}\n" for n in range(20_000))
    ),
    "one long key": lambda: "? " + "_mw" * 320_000 + "\n: 1\n",
    "one long word": lambda: "name: " + "x" * 990_000,
    "one long number": lambda: "name: x\nsite: {grid: " + "9" * 980_000 + "}",
    "one long comment": lambda: "#" * 999_000,
    "one long quote": lambda: 'name: "' + "\\u0041" * 160_000 + '"',
    "many lines": lambda: "\n" * 999_000,
    "many aliases": lambda: "a: [" + "*a," * 320_000 + "]",
    "many anchors": lambda: "a: [" + "&a b," * 190_000 + "]",
    "many tags": lambda: "a: [" + "!a b," * 190_000 + "]",
    "many duplicates": lambda: "a: 1\n" * 60_000,
    "many commas": lambda: "a: [" + "b," * 490_000 + "]",
    "many documents": lambda: "---\n" * 240_000,
    "many directives": lambda: "%TAG !a! b\n" * 90_000,
    "a laughing bomb": lambda: (
        "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*b{n - 1}]\n" for n in range(1, 30_000))
    ),
    "indents": lambda: "\n".join(" " * n + "a:" for n in range(1400)),
}


@pytest.mark.parametrize("name", WICKED)
def test_wicked_texts_are_refused_soon_and_in_little_memory(name: str) -> None:
    text = WICKED[name]()
    assert len(text) <= LARGEST_FILE
    start = time.process_time()
    with pytest.raises(ReadError) as caught:
        read(text, World, names=NAMES)
    # half a second on a quiet machine; tests may run beside others
    assert time.process_time() - start < 3.0
    assert len(caught.value.lines()) <= MOST_PROBLEMS + 1
    assert len(str(caught.value)) < 100_000
    assert len(caught.value.problems) <= MOST_KEPT


def test_memory_is_bounded() -> None:
    text = WICKED["many commas"]()
    tracemalloc.start()
    try:
        with pytest.raises(ReadError, match=f"more than {MOST_NODES:,} values"):
            compose(text, "x")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60e6


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(ReadError, match="larger than 1,000,000 characters"):
        compose("a: " + "x" * LARGEST_FILE, "x")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    problems(text)


@given(st.text("abgrid:{}[]-,'\"\n #&*!|>%@`?~ 0123456789MW", max_size=120))
def test_any_text_of_yaml_letters_is_read_or_refused(text: str) -> None:
    problems(text)
    problems("name: x\nsite: " + text)


# --- messages ---


def test_the_lines_of_an_error_stand_below_each_other() -> None:
    with pytest.raises(ReadError) as caught:
        read("name: x\nsite:\n  prise: 5\n  grid: 3 USD\n", World, "my.yaml", names=NAMES)
    assert str(caught.value).split("\n") == [
        'my.yaml:3:3  sites.main.prise    no such key; did you mean "price"?',
        'my.yaml:4:9  sites.main.grid_mw  "3 USD" is money; grid is a power, such as 200 MW',
    ]


def test_very_many_problems_are_counted() -> None:
    error = ReadError("f", [Problem(n, 1, "p", "m") for n in range(MOST_PROBLEMS + 5)])
    assert error.lines()[-1] == "and 5 more"
    assert len(error.lines()) == MOST_PROBLEMS + 1


def test_errors_travel_between_processes() -> None:
    error = ReadError("f", [Problem(3, 1, "p", "m")])
    sent = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (sent.file, sent.problems, str(sent)) == (error.file, error.problems, str(error))


def test_nodes_travel_between_processes() -> None:
    node = compose("a: {b: [c, d]}", "f")
    sent = pickle.loads(pickle.dumps(node))  # noqa: S301
    assert sent.items["a"].items["b"].members[1].text == "d"


def test_words_for_messages() -> None:
    assert printable("a\x07\n☂") == "a\\x07\\n☂"
    assert no_such_key("grid_mw", ["grid", "price"]) == 'no such key; did you mean "grid"?'
    assert nearest("x" * 100_000, ["x"]) == ""
    assert there_are([]) == "there are none"
    assert there_are(map_of(10)) == "there are 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
    assert Node("text", 1, 1, "x" * 100).short() == '"' + "x" * 60 + '..."'
    assert position("ab\r\ncd\ref", 4) == (2, 1)
    assert position("ab\r\ncd\ref", 8) == (3, 2)


def map_of(count: int) -> dict[str, int]:
    """Return numbers as words."""
    return {str(number): number for number in range(count)}


# --- the schema for editors ---


def plain(node: Node) -> Any:  # noqa: ANN401
    """Return a node as an editor's YAML 1.2 would see it."""
    if node.kind == "mapping":
        return {key: plain(value) for key, value in node.items.items()}
    if node.kind == "list":
        return [plain(member) for member in node.members]
    if not node.plain:
        return node.text
    if node.empty:
        return None
    if node.text in {"true", "false"}:
        return node.text == "true"
    try:
        return int(node.text)
    except ValueError:
        pass
    try:
        return float(node.text)
    except ValueError:
        return node.text


def is_type(value: object, kind: str) -> bool:
    """Return whether a value is of a JSON type."""
    number = float(value) if isinstance(value, int | float) else math.nan
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "null": value is None,
        "number": numeric,
        "integer": numeric and number.is_integer(),
    }[kind]


def fits(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> list[str]:  # noqa: ANN401
    """Return why a value does not fit a schema (the keywords that ours uses)."""
    if "$ref" in schema:
        target = whole["$defs"][schema["$ref"].rpartition("/")[2]]
        return fits(value, target, whole)
    if "anyOf" in schema:
        every = [fits(value, form, whole) for form in schema["anyOf"]]
        return [] if any(not why for why in every) else [f"{value!r}: none of {every}"]
    if "const" in schema and value != schema["const"]:
        return [f"{value!r} is not {schema['const']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{value!r} is not one of {schema['enum']}"]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_type(value, kind) for kind in kinds):
        return [f"{value!r} is not {kinds}"]
    if isinstance(value, list):
        return [why for member in value for why in fits(member, schema.get("items", {}), whole)]
    if not isinstance(value, dict):
        return []
    found = [f"missing {key}" for key in schema.get("required", []) if key not in value]
    extra = schema.get("additionalProperties", {})
    for key, member in value.items():
        inner = schema.get("properties", {}).get(key, extra)
        found += [f"{key}?"] if inner is False else fits(member, inner, whole)
    return found


PLAN_SCHEMA = json_schema(Plan, KINDS)


def test_the_schema_is_json() -> None:
    text = json.dumps(PLAN_SCHEMA, allow_nan=False)
    assert json.loads(text) == PLAN_SCHEMA
    assert len(text) < 400_000


def test_every_reference_of_the_schema_exists() -> None:
    def walk(part: object) -> None:
        if isinstance(part, dict):
            if "$ref" in part:
                assert part["$ref"].removeprefix("#/$defs/") in PLAN_SCHEMA["$defs"]
            for member in part.values():
                walk(member)
        elif isinstance(part, list):
            for member in part:
                walk(member)

    walk(PLAN_SCHEMA)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_schema_covers_the_examples(file: Path) -> None:
    tree = plain(compose(file.read_text(encoding="utf-8"), file.name))
    assert fits(tree, PLAN_SCHEMA, PLAN_SCHEMA) == []


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("name: x\nsite: {grid: 5 MW, tax: 21 %, refresh: yes, buildings: 3, from: us}", True),
        ("name: x\nsite: {grid: [{from: 2027-06, value: 5 MW}], max: [1, 2], offer: ~}", True),
        ("name: x\nsite: {grid: {from: 2027-06, value: 5 MW}, dense: {bf16: 1 TFLOP/s}}", True),
        ("name: x\nsite: {grid: 5 MW, max: {values: [1], unit: degC, note: n}}", True),
        ("name: x\ndeal: {debt: {share: 1 %, rate: 1 %}}", True),
        ("name: x\ndeals: {a: {kind: lease, tenant: t, rate: 1 USD/kW-month}}", True),
        ("name: x\ndeals: {a: {kind: debt, tenant: t, rate: 1 USD/kW-month}}", False),
        ("name: x\nparty: {buyer: b, price: 1 USD}", True),
        ("site: {grid: 5 MW}", False),
        ("name: x\nsite: {}", False),
        ("name: x\nsite: {grid: 5 MW, prise: 5}", False),
        ("name: x\nsite: {grid: [5 MW]}", False),
        ("name: x\nsite: {grid: 5 MW, cooling: water}", False),
        ("name: x\nsite: {grid: {value: 5 MW, colour: red}}", False),
        ("name: x\nsite: {grid: 5 MW, tax: [1 %]}", False),
    ],
)
def test_the_schema_and_the_reader_agree(text: str, good: bool) -> None:  # noqa: FBT001
    schema = json_schema(World)
    tree = plain(compose(text, "x"))
    assert (fits(tree, schema, schema) == []) == good
    if "max: [1, 2]" not in text:  # the schema knows no units
        assert (problems(text) == []) == good


def test_a_plan_may_carry_entities_of_its_own() -> None:
    text = "name: x\nstart: 2026-01\ncatalog: {chips: {mine: {from: h100-sxm, tdp: 500 W}}}\n"
    assert fits(plain(compose(text, "x")), PLAN_SCHEMA, PLAN_SCHEMA) == []


def test_numbers_that_are_read_are_numbers() -> None:
    value = site_of("tax: 21 %").tax_frac
    assert isinstance(value, float)
    assert np.isfinite(value)
