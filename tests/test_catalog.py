"""Every entity of the catalogue: it loads, it is sourced, and it is plausible."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gigaplan import catalog
from gigaplan.catalog import PLAN_FILE, Entity, load, names, source_ids, sources
from gigaplan.compute.roofline import Chip, System
from gigaplan.compute.workload import Model, active_parameters_count, parameters_count
from gigaplan.figure import CATALOG, canonical
from gigaplan.plan.load import loads
from gigaplan.plan.shelf import KINDS, named
from gigaplan.read import Node, ReadError, compose
from gigaplan.units import Real, column, option, quantity

ENTITIES = [(kind, name) for kind in KINDS for name in names(kind)]
SAYS_ITSELF = ".elevation_m"
"""A field with one basis only: above the sea."""
PRECISIONS = ("bf16", "fp16", "fp8", "int8", "fp4")


def entity(kind: str, name: str) -> Entity:
    return load(kind, name, KINDS[kind])


def every(kind: str) -> list[str]:
    return list(names(kind))


# --- what every entity keeps to ---


def test_every_kind_has_a_class_and_entities() -> None:
    assert set(catalog.kinds()) == set(KINDS)
    assert [kind for kind in KINDS if not names(kind)] == []


def test_names_are_unique_over_all_kinds() -> None:
    # a figure's path is catalog:NAME.FIELD, without the kind
    counts = Counter(name for _, name in ENTITIES)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(("kind", "name"), ENTITIES)
def test_every_entity_loads_and_every_figure_is_sourced(kind: str, name: str) -> None:
    loaded = entity(kind, name)
    assert isinstance(loaded.value, KINDS[kind])
    assert getattr(loaded.value, "title", "")
    bare = []
    for path, figure in loaded.ledger.items():
        compulsory = (
            ("source", "date") if path.endswith(SAYS_ITSELF) else ("source", "basis", "date")
        )
        missing = [key for key in compulsory if not getattr(figure, key)]
        missing += [] if figure.grade in "ABCD" else ["grade"]
        missing += [] if figure.source in sources() else [f"source {figure.source}"]
        bare += [f"{path}: {missing}"] if missing else []
    assert bare == []


@pytest.mark.parametrize(("kind", "name"), ENTITIES)
def test_what_is_uncertain_has_a_range(kind: str, name: str) -> None:
    node = catalog.file_node(kind, name)
    listed = {key for key, child in node.items.items() if "values" in child.items}
    found = []
    for path, figure in entity(kind, name).ledger.items():
        ranged = np.isfinite(figure.low) and np.isfinite(figure.high)
        field = path.split(".")[-1].removesuffix("_c")
        ranged |= field in listed and {"low", "high"} <= set(node.items[field].items)
        found += [path] if figure.grade in "CD" and not ranged else []
    assert found == []


@pytest.mark.parametrize(("kind", "name"), ENTITIES)
def test_every_figure_has_the_canonical_path_of_its_field(kind: str, name: str) -> None:
    loaded = entity(kind, name)
    known = {f"{CATALOG}{path}" for path, _ in canonical({name: loaded.value})}
    whole = {path.rpartition(".")[0] for path in known}  # a list of twelve months is one figure
    assert set(loaded.ledger) <= known | whole
    assert all(path == figure.path for path, figure in loaded.ledger.items())


@pytest.mark.parametrize(("kind", "name"), ENTITIES)
def test_what_an_entity_names_exists(kind: str, name: str) -> None:
    for other, below in named(entity(kind, name).value):
        assert below in names(other)


def test_sources_say_who_published_them_and_when() -> None:
    for name, source in sources().items():
        assert source.title, name
        assert source.publisher, name
        assert source.date[:2] in {"19", "20"}, (name, source.date)
        assert source.kind, name
        assert source.licence, name


def test_the_quick_list_of_sources_is_the_whole_list() -> None:
    assert source_ids() == sources().keys()


# --- plausibility ---


@pytest.mark.parametrize("name", every("chips"))
def test_chips_are_dense_and_balanced(name: str) -> None:
    chip: Chip = entity("chips", name).value
    dense = {key: float(column(value)[0]) for key, value in chip.dense_tflops.items()}
    assert set(dense) <= set(PRECISIONS)
    assert set(chip.matmul_frac) == set(dense)
    # half precisions are one rate; eight bits once or twice it (a sparse figure would be four)
    assert dense.get("fp16", dense["bf16"]) == pytest.approx(dense["bf16"], rel=0.02)
    for key in ("fp8", "int8"):
        assert 0.98 <= dense.get(key, dense["bf16"]) / dense["bf16"] <= 2.05, key
    assert dense.get("fp4", 4 * dense["bf16"]) / dense["bf16"] <= 6.05
    balance = dense["bf16"] * 1e12 / (float(column(chip.memory_bandwidth_gb_per_s)[0]) * 1e9)
    assert 20.0 <= balance <= 2000.0
    assert column(chip.idle_w)[0] < column(chip.tdp_w)[0]
    assert column(chip.scale_out_gb_per_s)[0] < column(chip.scale_up_gb_per_s)[0]
    assert all(0.3 < column(share)[0] <= 1.0 for share in chip.matmul_frac.values())


@pytest.mark.parametrize("name", every("chips"))
def test_links_of_chips_are_unidirectional(name: str) -> None:
    ledger = entity("chips", name).ledger
    prefix = f"{CATALOG}{name}."
    for field in ("scale_up_gb_per_s", "scale_out_gb_per_s"):
        assert "unidirectional" in ledger[prefix + field].basis, field
    for path, figure in ledger.items():
        if ".dense_tflops." in path:
            assert "dense" in figure.basis, path


@pytest.mark.parametrize("name", every("systems"))
def test_systems_hold_their_chips(name: str) -> None:
    system: System = entity("systems", name).value
    chip: Chip = entity("chips", system.chip).value
    assert 1 <= system.scale_up_chips <= system.chips
    assert column(system.power_max_kw)[0] * 1e3 >= system.chips * column(chip.tdp_w)[0]
    assert column(system.idle_frac)[0] < column(system.power_mean_frac)[0] <= 1.0
    assert (
        column(system.idle_frac * system.power_max_kw)[0] * 1e3
        >= system.chips * column(chip.idle_w)[0] * 0.9
    )
    assert 5e3 <= column(system.price_usd)[0] / system.chips <= 1e5


@pytest.mark.parametrize("name", every("models"))
def test_models_count_what_was_published(name: str) -> None:
    model: Model = entity("models", name).value
    published = float(column(model.published_parameters_count)[0])
    assert parameters_count(model) == pytest.approx(published, rel=0.005)
    active = float(column(model.published_active_count)[0]) or published
    assert active_parameters_count(model) == pytest.approx(active, rel=0.03)


@pytest.mark.parametrize("name", every("climates"))
def test_climates_have_twelve_months_in_order(name: str) -> None:
    climate = entity("climates", name).value
    rows = {key: np.array(getattr(climate, key)) for key in ("min_c", "mean_c", "max_c")}
    dew, spread = np.array(climate.dew_point_c), np.array(climate.sd_c)
    assert {len(row) for row in (*rows.values(), dew, spread)} == {12}
    assert np.all(rows["min_c"] < rows["mean_c"])
    assert np.all(rows["mean_c"] < rows["max_c"])
    assert np.all(dew <= rows["mean_c"] + 0.5)
    assert np.all((spread > 0.0) & (spread < 15.0))
    assert column(climate.design_wet_bulb_c)[0] < column(climate.design_dry_bulb_c)[0]
    assert column(climate.design_dry_bulb_c)[0] >= rows["max_c"].max() - 2.0
    north = climate.latitude > 0.0
    summer = rows["mean_c"][5:8].mean() if north else rows["mean_c"][[0, 1, 11]].mean()
    winter = rows["mean_c"][[0, 1, 11]].mean() if north else rows["mean_c"][5:8].mean()
    assert summer > winter


# --- the loader ---


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thing:
    """An entity of a catalogue of our own."""

    title: str = option()
    chip: str = option("h100-sxm", entry="chips")
    power_kw: Real = quantity(low=0.0)
    price_usd: Real = quantity(0.0, low=0.0)


def own(text: str) -> dict[str, Node]:
    """Return the entities of a text."""
    return dict(compose(text, "plan.yaml").items)


def test_a_plan_changes_what_it_says_and_nothing_else() -> None:
    text = """
hot:
  from: h100-sxm
  tdp: 800 W
  idle: {value: 90 W, low: 80 W, high: 100 W, source: my meter, grade: A}
"""
    loaded = load("chips", "hot", Chip, own(text))
    shipped = entity("chips", "h100-sxm")
    assert loaded.value.tdp_w == 800.0
    assert loaded.value.memory_gb == shipped.value.memory_gb
    tdp = loaded.ledger["catalog:hot.tdp_w"]
    # the vendor's data sheet does not say 800 W: the plan does
    assert (tdp.grade, tdp.source, tdp.line) == ("yours", "", 4)
    assert loaded.ledger["catalog:hot.idle_w"].source == "my meter"
    memory = loaded.ledger["catalog:hot.memory_gb"]
    assert memory.source == shipped.ledger["catalog:h100-sxm.memory_gb"].source
    assert set(loaded.ledger) == {path.replace("h100-sxm", "hot") for path in shipped.ledger}


def test_a_plan_may_say_its_own_defaults() -> None:
    text = "hot: {from: h100-sxm, defaults: {source: my meter, grade: A}, tdp: 800 W}"
    ledger = load("chips", "hot", Chip, own(text)).ledger
    assert (ledger["catalog:hot.tdp_w"].source, ledger["catalog:hot.tdp_w"].grade) == (
        "my meter",
        "A",
    )
    assert ledger["catalog:hot.idle_w"].source != "my meter"


def test_a_plan_may_change_an_entity_under_its_own_name() -> None:
    text = "h100-sxm: {from: h100-sxm, tdp: 650 W}"
    assert load("chips", "h100-sxm", Chip, own(text)).value.tdp_w == 650.0
    assert entity("chips", "h100-sxm").value.tdp_w == 700.0


def test_a_chain_of_changes() -> None:
    text = "a: {from: b, tdp: 1 W}\nb: {from: c, idle: 0.5 W}\nc: {from: h100-sxm, tdp: 3 W}\n"
    chip = load("chips", "a", Chip, own(text)).value
    assert (chip.tdp_w, chip.idle_w) == (1.0, 0.5)


def test_an_entity_from_nothing() -> None:
    text = "mine: {title: Mine, power: 5 kW}"
    loaded = load("things", "mine", Thing, own(text))
    assert (loaded.value.power_kw, loaded.value.price_usd) == (5.0, 0.0)
    assert list(loaded.ledger) == ["catalog:mine.power_kw"]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: {from: b}\nb: {from: a}\n", 2, 11, "from: goes in a circle"),
        ("a: {from: a}\n", 1, 11, '"a" is not in the catalogue'),
        ("a: {from: h100-sxn}\n", 1, 11, "nearest: h100-sxm"),
        ("a: {from: [h100-sxm]}\n", 1, 11, "a list is not in the catalogue"),
        ("a: {from: ../systems/dgx-h100}\n", 1, 11, "is not in the catalogue"),
        ("a: {from: dgx-h100}\n", 1, 11, "is not in the catalogue"),
        ("a: {from: h100-sxm, tdp: 5 USD}\n", 1, 26, "is money"),
        ("a: {from: h100-sxm, tpd: 5 W}\n", 1, 21, 'did you mean "tdp"?'),
        ("a: {title: x}\n", 1, 1, "missing:"),
    ],
)
def test_what_is_wrong_with_an_own_entity_is_said_in_the_plan(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(ReadError) as caught:
        load("chips", "a", Chip, own(text))
    found = caught.value.problems
    assert caught.value.file == PLAN_FILE
    assert (found[0].line, found[0].column) == (line, column), found
    assert any(words in problem.message for problem in found)


def test_a_chain_that_is_too_long_is_refused() -> None:
    text = "".join(f"a{n}: {{from: a{n + 1}}}\n" for n in range(20)) + "a20: {from: h100-sxm}\n"
    with pytest.raises(ReadError, match="too long"):
        load("chips", "a0", Chip, own(text))
    assert load("chips", "a15", Chip, own(text)).value.tdp_w == 700.0


@pytest.mark.parametrize(
    "name", ["nothing", "../systems/dgx-h100", "/etc/passwd", "", "h100-sxm.yaml"]
)
def test_a_name_outside_the_catalogue_opens_no_file(name: str) -> None:
    with pytest.raises(ReadError, match="is not in the catalogue"):
        load("chips", name, Chip)


def test_an_entity_is_loaded_once() -> None:
    assert entity("chips", "h100-sxm") is entity("chips", "h100-sxm")


def test_twenty_entities_load_in_little_time() -> None:
    catalog.shipped.cache_clear()
    catalog.file_node.cache_clear()
    start = time.process_time()
    for kind, name in ENTITIES[:20]:
        entity(kind, name)
    assert time.process_time() - start < 1.0  # 0.06 s on a quiet machine


# --- entities in a plan ---

PLAN = """name: x
start: 2026-01
site: {grid: 50 MW}
hall: {system: mine, chips: 8}
catalog:
"""


def plan_with(section: str) -> Any:  # noqa: ANN401
    """Return a plan with its own entities."""
    return loads(PLAN + section)


def test_a_plan_carries_a_thousand_entities_at_most() -> None:
    chips = "".join(f"    c{n}: {{from: h100-sxm}}\n" for n in range(1001))
    with pytest.raises(ReadError, match="more than 1,000 entities"):
        plan_with(f"  chips:\n{chips}")


def test_own_entities_may_name_each_other() -> None:
    plan = plan_with(
        "  systems:\n    mine: {from: dgx-h100, chip: hot}\n"
        "  chips:\n    hot: {from: h100-sxm, tdp: 650 W}\n"
    )
    assert plan.entities["mine"].chip == "hot"
    assert plan.entities["hot"].tdp_w == 650.0
    assert "catalog:hot.tdp_w" in plan.ledger


@pytest.mark.parametrize(
    ("section", "line", "words"),
    [
        ("  systems:\n    mine: {from: dgx-h100, chip: hat}\n", 7, "is not in the catalogue"),
        ("  systems:\n    mine: {from: dgx-h100}\n  chips:\n    a: {tdp: 5 W}\n", 9, "missing"),
        (
            "  systems:\n    mine: {from: dgx-h100}\n    h100-sxm: {from: dgx-h100}\n",
            8,
            "another kind",
        ),
        (
            "  systems:\n    mine: {from: dgx-h100}\n  chips:\n    mine: {tdp: 5 W}\n",
            7,
            "another kind",
        ),
        ("  systems:\n    mine: {from: dgx-h100}\n    'a/b': {}\n", 8, "a name is made of"),
        ("  systems:\n    mine: 5\n", 7, "should be a mapping of keys to figures"),
        ("  systems: 5\n", 6, "should be a mapping of names to entities"),
        ("  system: {}\n", 6, 'no such kind; did you mean "systems"?'),
        ("  - a\n", 6, "should be a mapping of kinds"),
    ],
)
def test_what_is_wrong_with_own_entities_is_said_at_its_line(
    section: str, line: int, words: str
) -> None:
    with pytest.raises(ReadError) as caught:
        plan_with(section)
    assert caught.value.file == "plan.yaml"
    found = {(problem.line, words in problem.message) for problem in caught.value.problems}
    assert (line, True) in found, caught.value.problems
