"""Case files: published results as rows, every mistake in them said at its line.

A case file is CSV (one result a row) or YAML (small plans with what was published of them). What a
CSV holds is told from its columns, so that anybody's file reads as well as the ones shipped here.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from gigaplan.read import Problem, Reader, ReadError, compose, read_dataclass, read_node, without
from gigaplan.units import option

WINGS = ("compute", "cluster", "site", "money")
LARGEST_CASES = 8_000_000
"""Characters of a case file; the largest set in use is a thirtieth of it."""
MOST_SHOWN = 40
MEASURED = "measured"

DATE = re.compile(r"\d{4}\b[- ]?\w*")
"""What a long row may hold in place of a number: a date, which nothing computes yet."""

QUANTITIES: dict[str, tuple[str, float]] = {
    "measured_step_s": ("step_s", 1.0),
    "measured_tokens_per_s_per_chip": ("tokens_per_s_per_chip", 1.0),
    "measured_tflops_per_chip": ("tflops_per_chip", 1.0),
    "measured_mfu_frac": ("mfu_frac", 1.0),
    "measured_memory_gib": ("memory_gib", 1.0),
    "measured_ttft_ms": ("ttft_s", 1e-3),
    "measured_tpot_ms": ("tpot_s", 1e-3),
    "measured_ttft_s": ("ttft_s", 1.0),
    "measured_tpot_s": ("tpot_s", 1.0),
    "measured_output_tokens_per_s": ("tokens_per_s_per_chip", 1.0),
    "measured_tokens_per_s": ("tokens_per_s_per_chip", 1.0),
    "measured_batch_latency_s": ("batch_s", 1.0),
    "measured_prompt_ms": ("prompt_s", 1e-3),
    "measured_token_ms": ("tpot_s", 1e-3),
    "measured_parameters_count": ("parameters_count", 1.0),
    "measured_active_count": ("active_count", 1.0),
    "measured_kv_byte_per_token": ("kv_byte_per_token", 1.0),
    "measured_pue": ("pue_ratio", 1.0),
    "measured_wue_l_per_kwh": ("water_l_per_kwh", 1.0),
    "measured_power_kw": ("system_power_kw", 1.0),
    "measured_server_over_chip_power": ("server_over_chip_power_ratio", 1.0),
    "measured_npv_usd": ("npv_usd", 1.0),
    "measured_irr_frac": ("equity_irr_frac_per_year", 1.0),
    "measured_dscr_min": ("dscr_min_ratio", 1.0),
    "measured_debt_usd": ("debt_usd", 1.0),
    "measured_equity_usd": ("equity_usd", 1.0),
    "measured_flow_usd": ("equity_flow_usd", 1.0),
}
"""Column of a wide file -> house name of the quantity, and its unit over the column's."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of CSV is known, and which of its columns hold numbers.

    Parameters
    ----------
    name, wing : str
        Of the form; of the model that answers it.
    needs : tuple of str
        Columns that such a file has, in every row.
    numbers : tuple of str
        Columns that hold a number or nothing.
    """

    name: str
    wing: str
    needs: tuple[str, ...]
    numbers: tuple[str, ...] = ()


SIZES = (
    "layers",
    "hidden",
    "heads",
    "kv_heads",
    "ffn",
    "vocab",
    "experts",
    "active_experts",
    "chips",
    "seq",
    "global_batch",
    "micro_batch",
    "tp",
    "pp",
    "vpp",
    "cp",
    "ep",
    "dp",
    "fsdp",
)
FORMS = (
    Form("training", "compute", ("chip", "seq", "global_batch"), SIZES),
    Form(
        "engine",
        "compute",
        ("chip", "isl", "osl", "concurrency"),
        ("isl", "osl", "concurrency", "tp", "pp", "dp", "moe_tp", "moe_ep"),
    ),
    Form("batch", "compute", ("chip", "isl", "osl", "batch"), ("isl", "osl", "gpus", "batch")),
    Form("throughput", "compute", ("chip", "gpus", "per"), ("isl", "osl", "gpus")),
    Form("long", "cluster", ("quantity", "inputs", "measured", "unit"), ()),
    Form("region", "site", ("operator", "region"), ()),
    Form("system", "site", ("system",), ("systems",)),
    Form("accounts", "money", ("installed_usd", "revenue_usd_per_year"), ()),
    Form("shape", "compute", ("model",), ()),
)
"""Forms of CSV; the first whose columns are all there is taken."""


@dataclass(frozen=True, slots=True)
class Case:
    """One published result, or several of one setting.

    Parameters
    ----------
    case_id, wing, form : str
        Name; wing; which evaluation answers it.
    source, family, chip, model, note : str
        Who published it; what is fitted or tested together; the rest as filed.
    cells : mapping of str to str
        Every column of the row.
    file, line : str, int
        Where it stands.
    project, plan, plan_line : ProjectCase, str, int, optional
        A YAML case, the text of its small plan, and the line before it.
    """

    case_id: str
    wing: str
    form: str
    source: str
    family: str
    chip: str
    model: str
    note: str
    cells: Mapping[str, str]
    file: str
    line: int
    project: ProjectCase | None = None
    plan: str = ""
    plan_line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Published:
    """A published figure of a small plan."""

    of: tuple[str, ...] = option((), doc="paths of the results that add up to it")
    times: str | None = option(None, doc="path of a result to multiply by")
    take: str = option("most", choices=("most", "total", "yearly"), doc="what of a series counts")
    value: str = option(doc="as published, with its unit")
    note: str = option("", doc="what explains a difference")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProjectCase:
    """A small plan and what was published of what it describes."""

    chip: str = option("", doc="chip, for grouping")
    model: str = option("", doc="model, for grouping")
    refuse: str | None = option(None, doc="why it cannot be expressed")
    note: str = option("", doc="what it is")
    assumed: tuple[str, ...] = option((), doc="inputs that nobody published")
    measured: dict[str, Published] = option(doc="published figures by the name of their quantity")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProjectFile:
    """A YAML file of small plans from one source."""

    wing: str = option("site", choices=WINGS, doc="wing they test")
    source: str = option(doc="who published it")
    family: str = option(doc="what is fitted or tested together")
    note: str = option("", doc="what holds for all")


@dataclass(slots=True)
class Sheet:
    """A CSV being read: its problems so far."""

    file: str
    wing: str | None
    problems: list[Problem] = field(default_factory=list)

    def say(self, line: int, column: int, path: str, message: str) -> None:
        """Note a problem; of very many, the first are enough."""
        self.problems.append(Problem(line, column, path, message))
        if len(self.problems) >= MOST_SHOWN:
            raise ReadError(self.file, self.problems)


def shipped(wing: str) -> list[Case]:
    """Return the cases of a wing that the package holds, file by file."""
    folder = resources.files("gigaplan.evidence") / "cases" / wing
    found: list[Case] = []
    for item in sorted(folder.iterdir(), key=lambda one: str(one.name)) if folder.is_dir() else []:
        if item.name.endswith((".csv", ".yaml")):
            found += cases_of(item.read_text("utf-8"), f"cases/{wing}/{item.name}", wing)
    return found


def opened(path: str) -> list[Case]:
    """Return the cases of a user's file.

    Raises
    ------
    ReadError
        With every problem at its line.
    """
    file = Path(path)
    try:
        text = file.read_bytes()[: LARGEST_CASES + 1].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise ReadError(
            path, [Problem(line, 1, "", "cannot be read: is not text in UTF-8")]
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ReadError(path, [Problem(1, 1, "", f"cannot be read: {reason}")]) from None
    if len(text) > LARGEST_CASES:
        raise ReadError(path, [Problem(1, 1, "", f"is longer than {LARGEST_CASES:,} characters")])
    return cases_of(text, file.name, None)


def cases_of(text: str, file: str, wing: str | None) -> list[Case]:
    """Return the cases of a file's text, CSV or YAML by its name."""
    if file.endswith((".yaml", ".yml")):
        return project_cases(text, file)
    return table_cases(text, Sheet(file, wing))


def project_cases(text: str, file: str) -> list[Case]:
    """Return the small plans of a YAML file as cases.

    The plan stands in the file as a text of its own, and is read when the case is scored.
    """
    node = compose(text, file)
    made, _ = read_node(without(node, "cases"), ProjectFile, Reader(file, {}))
    cases = node.items.get("cases")
    if cases is None or cases.kind != "mapping":
        raise ReadError(file, [Problem(node.line, node.column, "cases", "missing: cases by name")])
    problems: list[Problem] = []
    found = []
    for name, child in cases.items.items():
        reader = Reader(file, {})
        one = read_dataclass(without(child, "plan"), ProjectCase, f"cases.{name}", reader)
        plan = child.items.get("plan")
        if plan is not None and plan.kind != "text":
            reader.say(
                plan, f"cases.{name}.plan", "should be the text of a plan: write plan: | before it"
            )
        problems += reader.problems
        if not reader.problems:
            found.append(
                Case(
                    name,
                    made.wing,
                    "project",
                    made.source,
                    made.family,
                    one.chip,
                    one.model,
                    one.note or made.note,
                    {},
                    file,
                    cases.keys[name].line,
                    one,
                    plan.text if plan else "",
                    plan.line if plan else 0,
                )
            )
    if problems:
        raise ReadError(file, problems)
    return found


def table_cases(text: str, sheet: Sheet) -> list[Case]:
    """Return the rows of a CSV as cases."""
    rows = lines_of(text, sheet)
    first = next(rows, None)
    if first is None:
        raise ReadError(
            sheet.file,
            [Problem(1, 1, "", "is empty: it needs a first line with the names of its columns")],
        )
    head_line, names = first
    form = form_of(names, head_line, sheet)
    found: list[Case] = []
    seen: dict[str, int] = {}
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            sheet.say(
                line,
                1,
                "",
                f"has {len(cells)} cells where the first line names {len(names)} columns",
            )
            continue
        case = case_of(
            dict(zip(names, (cell.strip() for cell in cells), strict=True)), form, line, sheet
        )
        if case.case_id in seen:
            sheet.say(
                line, 1, "case_id", f'"{case.case_id}" is the name of line {seen[case.case_id]} too'
            )
        seen.setdefault(case.case_id, line)
        found.append(case)
    if sheet.problems:
        raise ReadError(sheet.file, sheet.problems)
    return found


def lines_of(text: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV, each with the line that it begins at."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = Problem(line, 1, "", f"is not CSV: {error}")
            raise ReadError(sheet.file, [*sheet.problems, problem]) from None
        yield line, cells
        line = reader.line_num + 1


def form_of(names: list[str], line: int, sheet: Sheet) -> Form:
    """Return the form that columns tell, or say what is wrong with them."""
    for index, name in enumerate(names):
        if not name.strip() or name in names[:index]:
            message = "is the name of two columns" if name.strip() else "a column without a name"
            sheet.say(line, index + 1, name, message)
    if not any(name.startswith(MEASURED) for name in names):
        sheet.say(
            line,
            1,
            "",
            "no column says what was measured: one must begin with measured_, or be measured",
        )
    form = next((one for one in FORMS if set(one.needs) <= set(names)), None)
    if form is None:
        forms = "; ".join(f"{one.name}: {', '.join(one.needs)}" for one in FORMS)
        sheet.say(line, 1, "", f"the columns tell no form; each has these: {forms}")
    if sheet.problems or form is None:
        raise ReadError(sheet.file, sheet.problems)
    return form


def case_of(cells: dict[str, str], form: Form, line: int, sheet: Sheet) -> Case:
    """Return one row as a case, noting cells that should be numbers."""
    columns = list(cells)
    for name, text in cells.items():
        wide = name.startswith(f"{MEASURED}_")
        is_date = form.name == "long" and name == MEASURED and DATE.match(text)
        if (
            text
            and (name in form.numbers or wide or name == MEASURED)
            and number(text) is None
            and not is_date
        ):
            sheet.say(line, columns.index(name) + 1, name, f'"{text[:40]}" is not a number')
        elif wide and text and number(text) == 0.0:
            sheet.say(
                line,
                columns.index(name) + 1,
                name,
                "nothing can be compared with zero; leave it empty",
            )
    for name in form.needs:
        if (
            form.name != "long"
            and name in {"chip", "system", "model", "operator"}
            and not cells[name]
        ):
            sheet.say(line, columns.index(name) + 1, name, "is empty")
    case_id = cells.get("case_id") or "/".join(
        filter(None, (cells.get(name, "") for name in form_keys(form)))
    )
    return Case(
        case_id=case_id or f"line {line}",
        wing=sheet.wing or wing_of(cells, form, sheet.file),
        form=form.name,
        source=cells.get("source", "") or sheet.file,
        family=cells.get("family", "") or default_family(cells, form),
        chip=cells.get("chip", ""),
        model=cells.get("model", ""),
        note=cells.get("note", ""),
        cells=cells,
        file=sheet.file,
        line=line,
    )


def form_keys(form: Form) -> tuple[str, ...]:
    """Return the columns that name a row of a form without `case_id`."""
    return ("operator", "region", "year", "note") if form.name == "region" else form.needs


def default_family(cells: Mapping[str, str], form: Form) -> str:
    """Return what a row is tested together with where the file does not say."""
    if form.name == "region":
        return f"{cells['operator']}/{cells['region']}"
    return cells.get("source", "") or cells.get("model", "")


def wing_of(cells: Mapping[str, str], form: Form, file: str) -> str:
    """Return the wing of a row: as it, its file's name or its form says."""
    said = cells.get("wing", "")
    named = next((wing for wing in WINGS if file.startswith(wing)), form.wing)
    return said if said in WINGS else named if form.name == "long" else form.wing


def number(text: str) -> float | None:
    """Return a finite number, None where the text is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def measured_of(case: Case) -> dict[str, float]:
    """Return what a wide row measured, by the house name of the quantity."""
    found = {}
    for name, text in case.cells.items():
        if name.startswith(f"{MEASURED}_") and text:
            quantity, factor = QUANTITIES.get(name, (name.removeprefix(f"{MEASURED}_"), 1.0))
            found[quantity] = float(text) * factor
    return found
