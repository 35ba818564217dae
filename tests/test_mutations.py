"""Spoilt plans: each is read or refused, soon, in little memory, with its place in the message."""

import re
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.mutations import Mutation, document, mutations

from gigaplan.plan import Plan, load, loads, simulate
from gigaplan.read import ReadError

EXAMPLES = Path(__file__).parent.parent / "examples"
SLOWEST_S = 1.0
MOST_MEMORY = 100e6
NAMED_FRAC = 0.99
MUTATIONS = 2_000
SIMULATED = 800
SOAK = 100_000

# Every part of the schema in one plan: the examples need not have them all.
EVERYTHING = """\
# every part of the schema
name: Everything
start: 2026-01
horizon: 12 years
parties:
  owner: {role: chips}
  landlord:
    role: shell
    tax: {value: 21 %, low: 15 %, high: 25 %, grade: D}
    opening: {cash: 5 MUSD, debt: 1 MUSD, debt_rate: 6 %}
sites:
  main:
    from: texas-west
    owner: landlord
    buildings: 2
    construction: 2026-02
    grid:
      - {from: 2026-06, value: 200 MW}
      - {from: 2027-03, value: 600 MW, low: 2026-12, high: 2027-09}
    price: {value: 47 USD/MWh, low: 38 USD/MWh, high: 70 USD/MWh, source: a tariff, grade: B}
    gas: 10 MW
  far:
    grid: 20 MW
    "cooling": 'liquid-dry'
site_groups:
  edge:
    members: 20
    site: {from: frankfurt, grid: 1 MW}
    hall: {system: dgx-h100, chips: 64}
    spread: {site.grid: 0.2 MW}
halls:
  main: {system: own-node, chips: [{from: 2026-07, value: 4096}, {from: 2027-01, value: 8192}]}
  rented:
    tenure: cloud
    system: dgx-h100
    offer: nebius-h100
    chips: 16
workloads:
  pretrain:
    kind: train
    model: llama-3.1-70b
    halls: [main]
    chips: 4096
    tokens: 15.6 Ttoken
    every: 12 months
    layout: {tp: 8, pp: 4, micro_batch: 1}
  chat: {kind: serve, model: llama-3.1-8b, halls: [rented], demand: 4 Mtoken/s, ttft: 1 s}
  tenants: {rent: {chips: rest, price: 2.9 USD/chip-hour, utilised: 85 %}}
deals:
  shell: {kind: lease, landlord: landlord, tenant: owner, rate: 120 USD/kW-month, term: 15 years}
  loan: {debt: {party: owner, share: 65 %, rate: 8.5 %, term: 5 years}}
published:
  power: {of: site.main.needed_mw, value: 600 MW, source: press, note: as said}
catalog:
  systems:
    own-node: {from: dgx-h100, price: 250000 USD, chip: own-chip}
  chips:
    own-chip:
      from: h100-sxm
      tdp: {value: 650 W, low: 600 W, high: 700 W, grade: C}
"""


def texts() -> dict[str, str]:
    """Every example that reads, and the plan above."""
    found = {"everything": EVERYTHING}
    for file in sorted(EXAMPLES.glob("*.yaml")):
        found[file.stem] = file.read_text(encoding="utf-8")
    return found


def nothing(plan: Plan) -> None:
    """Do nothing more with a plan that is still valid."""
    assert plan.entities


def simulated(plan: Plan) -> None:
    """Simulate a plan that is still valid: whatever it says, that ends in a result."""
    assert simulate(plan) is not None


@dataclass
class Count:
    """What became of many mutations."""

    kinds: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unnamed: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: str = ""

    def summary(self) -> str:
        many, refused = self.kinds.total(), self.refused.total()
        return (
            f"{many} mutations, {many - refused} still valid, {refused} refused, "
            f"{len(self.unnamed)} of these without the place; slowest {self.slowest_s:.3f} s "
            f"({self.slowest})"
        )


def leads_there(error: ReadError, mutation: Mutation) -> bool:
    """Whether a reader of the message finds the place: by its line, or by the key's name."""
    for problem in error.problems:
        said = {problem.line, *map(int, re.findall(r"on line (\d+)", problem.message))}
        if said & mutation.lines:
            return True
        words = f"{problem.path} {problem.message}"
        if any(re.search(rf"(?<!\w){re.escape(it)}s?(?!\w)", words) for it in mutation.words if it):
            return True
    return False


def suffer(mutation: Mutation, file: Path, run: Callable[[Plan], None]) -> ReadError | None:
    """Read a spoilt plan; return the refusal, None when it is still valid."""
    try:
        text = mutation.text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = None
    try:
        if text is None:
            file.write_bytes(mutation.text)
            run(load(file))
        else:
            run(loads(text))
    except ReadError as error:
        return error
    return None


def survive(
    spoilt: Iterator[Mutation], folder: Path, run: Callable[[Plan], None] = nothing
) -> Count:
    """Read many spoilt plans, and count what became of them."""
    count = Count()
    for mutation in spoilt:
        start = time.process_time()
        try:
            error = suffer(mutation, folder / "spoilt.yaml", run)
        except Exception as fault:  # noqa: BLE001  (a traceback is what this test is about)
            keep = folder / "fault.yaml"
            keep.write_bytes(mutation.text)
            pytest.fail(f"{mutation.kind}: {type(fault).__name__}: {fault} (kept in {keep})")
        taken = time.process_time() - start
        if taken > count.slowest_s:
            count.slowest_s, count.slowest = taken, mutation.kind
        count.kinds[mutation.kind] += 1
        if error is not None:
            assert error.problems
            assert all(line.isprintable() for line in error.lines())
            count.refused[mutation.kind] += 1
            if not leads_there(error, mutation):
                lines = ", ".join(map(str, sorted(mutation.lines)))
                count.unnamed.append(f"{mutation.kind} at {lines}: {error.lines()[0]}")
    return count


def all_mutations(count: int, seed: int) -> Iterator[Mutation]:
    """Yield so many mutations, shared among all texts."""
    found = texts()
    each, more = divmod(count, len(found))
    for index, text in enumerate(found.values()):
        yield from mutations(text, seed + index, each + (index < more))


def judged(count: Count) -> None:
    """Hold a count to what was promised."""
    refused = count.refused.total()
    worst = Counter(it.split(" at ")[0] for it in count.unnamed).most_common(5)
    assert refused
    assert len(count.unnamed) <= (1.0 - NAMED_FRAC) * refused, (
        count.summary(),
        worst,
        count.unnamed,
    )
    assert count.slowest_s < SLOWEST_S, count.summary()


def test_the_plans_are_valid_before_they_are_spoilt() -> None:
    for text in texts().values():
        assert loads(text).name


def test_every_key_of_a_text_is_found() -> None:
    entries = {entry.path: entry for entry in document(EVERYTHING).entries}
    entry = entries["sites", "main", "price", "low"]
    assert (entry.key.line, entry.above, entry.flow) == (20, 20, True)
    assert entries["sites", "far", "cooling"].value.plain is False
    assert entries["workloads", "pretrain", "model"].above == 39
    assert ("catalog", "chips", "own-chip", "tdp", "grade") in entries


def test_the_same_seed_gives_the_same_mutations() -> None:
    one, two, other = ([it.text for it in mutations(EVERYTHING, seed, 50)] for seed in (1, 1, 2))
    assert one == two
    assert one != other


def test_spoilt_plans_are_read_or_refused(tmp_path: Path) -> None:
    count = survive(all_mutations(MUTATIONS, seed=2026), tmp_path)
    print(count.summary())  # noqa: T201  (the figure that the note quotes; pytest -s shows it)
    assert count.kinds.total() == MUTATIONS
    assert len(count.kinds) >= 25
    judged(count)


def test_memory_is_bounded(tmp_path: Path) -> None:
    spoilt = [it for it in all_mutations(60, seed=7) if it.kind != "huge"]
    spoilt += [it for it in mutations(EVERYTHING, 11, 1500) if it.kind == "huge"][:10]
    tracemalloc.start()
    try:
        survive(iter(spoilt), tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY


def test_spoilt_plans_that_are_still_valid_are_simulated(tmp_path: Path) -> None:
    for text in texts().values():
        simulate(loads(text))  # compiles
    judged(survive(all_mutations(SIMULATED, seed=3), tmp_path, simulated))


@pytest.mark.soak
def test_very_many_spoilt_plans_are_read_or_refused(tmp_path: Path) -> None:
    for text in texts().values():
        simulate(loads(text))  # compiles
    count = survive(all_mutations(SOAK, seed=1), tmp_path, simulated)
    print(count.summary())  # noqa: T201
    judged(count)
