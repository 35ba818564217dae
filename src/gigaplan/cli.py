"""The command line: verbs, flags, exit codes.

Everything but the parser is imported inside the verbs, so that `--help` answers at once. Exit
codes: 0 fine, 2 bad input, 3 infeasible, 4 our fault.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gigaplan.plan import Plan, Result

FINE, BAD_INPUT, INFEASIBLE, OUR_FAULT = 0, 2, 3, 4
MOST_MOVERS = 20


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest verb and exits with 2."""

    def error(self, message: str) -> Any:
        """Say what is wrong on stderr and exit with 2."""
        self.exit(BAD_INPUT, f"gigaplan: {message}\ntry: {self.prog} --help\n")


def parser() -> Parser:
    """Return the parser of all verbs."""
    top = Parser(
        prog="gigaplan",
        description="Plan, simulate, finance and stress-test AI infrastructure, matmul to IRR.",
        epilog="Start with: gigaplan init rack, then gigaplan run rack.yaml. "
        "Exit codes: 0 fine, 2 bad input, 3 infeasible, 4 our fault.",
    )
    top.add_argument(
        "--version",
        action="store_true",
        help="versions and the processor's features that results rest on",
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB")
    add_plan_verbs(verbs)
    add_other_verbs(verbs)
    return top


def add_plan_verbs(verbs: Any) -> None:
    """Add the verbs that take a plan file."""
    one = plan_verb(verbs, "run", "simulate a plan: summary, report.html and result.parquet", run)
    one.add_argument(
        "--output", metavar="DIR", help="folder for the files (default: the plan's name)"
    )
    one.add_argument("--no-files", action="store_true", help="print only")
    plan_verb(verbs, "check", "read a plan and say what is wrong with it", check)
    many = plan_verb(
        verbs, "futures", "simulate many futures: P10, P50, P90 and probabilities", run_futures
    )
    many.add_argument("-n", "--count", default="1000", help="how many, such as 1e6 (default 1000)")
    many.add_argument("--seed", type=int, default=1, help="of the draws (default 1)")
    many.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)"
    )
    many.add_argument("--inputs", metavar="PATH", nargs="+", help="draw only these figures")
    many.add_argument("--results", metavar="PATH", nargs="+", help="results to show")
    many.add_argument("--parquet", metavar="FILE", help="keep every future's results")
    why = plan_verb(verbs, "why", "what moves a result, strongest first", run_why)
    why.add_argument("result", help="such as money.owner.equity_irr")
    why.add_argument("--most", type=int, default=MOST_MOVERS, help=f"rows (default {MOST_MOVERS})")
    even = plan_verb(
        verbs,
        "breakeven",
        "the value of an input at which a result reaches a target",
        run_breakeven,
    )
    even.add_argument("input", help="such as site.price")
    even.add_argument("result", help="such as money.owner.npv")
    even.add_argument("--target", default="0", help="with its unit (default 0)")
    cite = plan_verb(verbs, "cite", "the sources that a plan rests on", run_cite)
    del cite
    diff = verbs.add_parser("diff", help="what two plans say differently, and what that changes")
    diff.add_argument("plan")
    diff.add_argument("other", nargs="?", help="left out: the same plan with what --set changes")
    diff.add_argument("--set", metavar="PATH=VALUE", action="append", default=[], help="change one")
    common(diff, diff_plans)


def add_other_verbs(verbs: Any) -> None:
    """Add the verbs that need no plan."""
    shelf = verbs.add_parser("catalog", help="what a plan can name, each figure with its source")
    shelf.add_argument("what", nargs="?", default="list", help="list, show, why, or a kind")
    shelf.add_argument("name", nargs="?", help="entity, or entity.figure")
    common(shelf, run_catalog)
    proof = verbs.add_parser("evidence", help="the model against published measurements")
    proof.add_argument("wing", nargs="?", help="one wing only")
    proof.add_argument(
        "--cases", metavar="FILE", action="append", default=[], help="score these cases alone (CSV)"
    )
    proof.add_argument("--rows", action="store_true", help="every case")
    common(proof, run_evidence)
    schema = verbs.add_parser("schema", help="the JSON Schema of a plan file")
    common(schema, run_schema)
    begin = verbs.add_parser("init", help="write a plan to start from")
    begin.add_argument(
        "template", nargs="?", default="list", help="cloud, rack, megawatt or campus"
    )
    begin.add_argument("file", nargs="?", help="where to write it (default: TEMPLATE.yaml)")
    common(begin, run_init)


def plan_verb(
    verbs: Any, name: str, words: str, action: Callable[[argparse.Namespace], int]
) -> Any:
    """Add a verb that takes a plan file and `--set`."""
    verb = verbs.add_parser(name, help=words, description=words)
    verb.add_argument("plan", help="a plan file")
    verb.add_argument(
        "--set",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="change one thing, such as site.price=60 USD/MWh",
    )
    common(verb, action)
    return verb


def common(verb: Any, action: Callable[[argparse.Namespace], int]) -> None:
    """Add what every verb takes."""
    verb.add_argument("--json", action="store_true", help="print JSON")
    verb.set_defaults(action=action)


def main(words: Sequence[str] | None = None) -> int:
    """Run a verb and return its exit code."""
    top = parser()
    said = top.parse_args(words)
    if said.version:
        from gigaplan.report.versions import versions

        print("\n".join(versions()))
        return FINE
    if said.verb is None:
        top.print_help()
        return FINE
    return guarded(said)


def guarded(said: argparse.Namespace) -> int:
    """Run a verb; bad input becomes 2, our own faults 4, never a traceback."""
    from gigaplan.figure import PathError
    from gigaplan.read import ReadError
    from gigaplan.units import UnitError

    try:
        return int(said.action(said))
    except ReadError as error:
        complain(error.lines())
    except (PathError, UnitError) as error:
        complain([f"gigaplan {said.verb}: {error}"])
    except BrokenPipeError:
        sys.stderr.close()
        return FINE
    except KeyboardInterrupt:
        complain(["gigaplan: stopped"])
        return 130
    except OSError as error:
        complain(
            [f"gigaplan {said.verb}: {error.filename or 'the disk'}: {error.strerror or error}"]
        )
    except MemoryError:
        complain([f"gigaplan {said.verb}: not enough memory; ask for fewer futures"])
        return OUR_FAULT
    except (
        Exception
    ) as error:  # the last line of defence: a fault of ours must not look like the user's
        if os.environ.get("GIGAPLAN_TRACE"):
            raise
        complain(
            [
                f"gigaplan {said.verb}: our fault: {type(error).__name__}: {error}",
                "please report it with the plan; GIGAPLAN_TRACE=1 shows where it happened",
            ]
        )
        return OUR_FAULT
    return BAD_INPUT


def complain(lines: Sequence[str]) -> None:
    """Print lines to stderr."""
    print("\n".join(lines), file=sys.stderr)


def show(lines: Sequence[str]) -> None:
    """Print lines to stdout."""
    print("\n".join(lines))


def show_json(value: object) -> None:
    """Print a value as JSON, keys in the order they were made."""
    import json

    print(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def opened(said: argparse.Namespace) -> Plan:
    """Read the plan and make the changes of `--set`."""
    from gigaplan.figure import PathError
    from gigaplan.plan import load
    from gigaplan.plan.load import checked

    plan = load(said.plan)
    for change in said.set:
        path, sign, value = change.partition("=")
        if not sign:
            raise PathError(f'--set wants PATH=VALUE, not "{change}"')
        plan = plan.set(path.strip(), value.strip().strip('"'))
    return checked(plan, said.plan) if said.set else plan


def finished(plan: Plan, result: Result) -> int:
    """Return the exit code of a run, and say on stderr what blocks it."""
    from gigaplan.figure import BLOCKING, reasons
    from gigaplan.report.facts import facts

    bits = int(result.verdict[0])
    if not bits & BLOCKING:
        return FINE
    told = facts(plan, result, [])
    blocking = reasons(bits & BLOCKING)
    complain(["gigaplan: infeasible: " + "; ".join(told.verdicts[name] for name in blocking)])
    return INFEASIBLE


def run(said: argparse.Namespace) -> int:
    """Simulate a plan and write its report."""
    from gigaplan.futures import worth
    from gigaplan.plan import prepare, simulate
    from gigaplan.report.facts import as_json, check_published, facts
    from gigaplan.report.text import summary

    plan = prepare(opened(said))
    result = simulate(plan, statements=True)
    check_published(plan, result, Path(said.plan).name)
    told = facts(plan, result, worth(plan))
    if said.json:
        show_json(as_json(told))
    else:
        show(summary(plan, told))
    if not said.no_files:
        files = write_files(said, plan, result, told)
        if not said.json:
            show(
                [
                    "",
                    f"Written: {', '.join(files)}",
                    f"Next: gigaplan why {said.plan} money.consolidated.npv",
                    f"      gigaplan futures {said.plan} -n 1e4",
                ]
            )
    return finished(plan, result)


def write_files(said: argparse.Namespace, plan: Plan, result: Result, told: Any) -> list[str]:
    """Write report.html and result.parquet and return their names."""
    from gigaplan.report.page import page, write_text
    from gigaplan.report.parquet import write_parquet

    folder = Path(said.output or Path(said.plan).stem)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "report.html", page(plan, result, told))
    write_parquet(folder / "result.parquet", result)
    return [str(folder / "report.html"), str(folder / "result.parquet")]


def check(said: argparse.Namespace) -> int:
    """Read a plan, simulate it once, and say that it is fine or what is not."""
    from gigaplan.figure import BLOCKING, reasons
    from gigaplan.futures import uncertain
    from gigaplan.plan import prepare, simulate
    from gigaplan.report.facts import check_published, facts

    plan = prepare(opened(said))
    result = simulate(plan)
    check_published(plan, result, Path(said.plan).name)
    told = facts(plan, result, [])
    if said.json:
        show_json(
            {
                "plan": plan.name,
                "rests_on": told.rests_on,
                "uncertain": len(uncertain(plan)),
                "verdicts": told.verdicts,
            }
        )
    else:
        ranged = f"{len(uncertain(plan))} of them with a range"
        blocking = reasons(BLOCKING)
        show(
            [
                f"{said.plan}: reads well; it {told.rests_on}, {ranged}",
                *(
                    f"take note: {told.verdicts[name]}"
                    for name in told.verdicts
                    if name not in blocking
                ),
            ]
        )
    return finished(plan, result)


def whole_number(text: str) -> int:
    """Read a count such as 1e6 or 10,000."""
    from gigaplan.units import UnitError, parse

    value = parse(text, "futures_count")
    if value != int(value) or not 1 <= value <= 1e8:  # noqa: PLR2004
        raise UnitError(f'"{text}" is not a number of futures from 1 to 100,000,000')
    return int(value)


def run_futures(said: argparse.Namespace) -> int:
    """Simulate many futures and show how results spread."""
    from gigaplan.figure import resolve
    from gigaplan.futures import futures
    from gigaplan.report.files import write_columns
    from gigaplan.report.text import futures_lines, headline_paths

    plan = opened(said)
    count = whole_number(said.count)
    tell = progress(count) if sys.stderr.isatty() else None
    many = futures(plan, count, said.seed, inputs=said.inputs, workers=said.workers, progress=tell)
    paths = (
        [resolve(list(many.columns), path) for path in said.results]
        if said.results
        else headline_paths(many)
    )
    if said.parquet:
        write_columns(Path(said.parquet), many)
    if said.json:
        show_json(futures_json(many, paths))
    else:
        show([f"{plan.name}: {futures_lines(many, paths)[0]}", *futures_lines(many, paths)[1:]])
    return FINE


def progress(count: int) -> Callable[[int], None]:
    """Return a function that shows how many futures are done."""

    def tell(done: int) -> None:
        end = "\n" if done >= count else ""
        print(f"\r{done:,} of {count:,} futures", end=end, file=sys.stderr, flush=True)

    return tell


def futures_json(many: Any, paths: Sequence[str]) -> dict[str, Any]:
    """Return quantiles of results as JSON holds them."""
    import math

    def plain(value: float) -> float | None:
        return value if math.isfinite(value) else None

    shares = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    results = {
        path: {
            **{
                f"p{round(100 * share)}": plain(float(value))
                for share, value in zip(shares, many.quantile(path, shares), strict=True)
            },
            "exists_frac": many.feasible_frac(path),
            "above_zero_frac": plain(many.above_frac(path, 0.0)),
        }
        for path in paths
    }
    return {
        "count": many.count,
        "seed": many.seed,
        "inputs": [figure.path for figure in many.figures],
        "results": results,
    }


def run_why(said: argparse.Namespace) -> int:
    """Show what moves a result."""
    import math

    from gigaplan.futures import movers
    from gigaplan.report.text import mover_lines

    path, middle, moved = movers(opened(said), said.result)
    if said.json:
        show_json(
            {
                "result": path,
                "central": middle if math.isfinite(middle) else None,
                "movers": [
                    {
                        "figure": one.figure.path,
                        "grade": one.figure.grade,
                        "source": one.figure.source,
                        "line": one.figure.line,
                        "low": one.figure.low,
                        "high": one.figure.high,
                        "at_low": one.at_low if math.isfinite(one.at_low) else None,
                        "at_high": one.at_high if math.isfinite(one.at_high) else None,
                    }
                    for one in moved[: said.most]
                ],
            }
        )
    else:
        show(mover_lines(path, middle, moved, said.most))
    return FINE


def run_breakeven(said: argparse.Namespace) -> int:
    """Show where a result reaches a target."""
    from gigaplan.futures import breakeven
    from gigaplan.report.text import breakeven_lines

    found = breakeven(opened(said), said.input, said.result, said.target)
    if said.json:
        show_json(
            {
                "input": found.path,
                "now": found.now,
                "result": found.result,
                "current": found.current,
                "target": found.target,
                "values": list(found.values),
                "searched": [found.low, found.high],
            }
        )
    else:
        show(breakeven_lines(found))
    return FINE


def run_cite(said: argparse.Namespace) -> int:
    """List the sources of a plan's figures, most used first."""
    from gigaplan.report.sources import cite_lines, cited

    found = cited(opened(said))
    if said.json:
        show_json(found)
    else:
        show(cite_lines(found))
    return FINE


def diff_plans(said: argparse.Namespace) -> int:
    """Show what differs between two plans and between their results."""
    from gigaplan.plan import load
    from gigaplan.report.compare import diff_lines, differences

    other = opened(argparse.Namespace(plan=said.other or said.plan, set=said.set))
    label = said.other or "changed"
    found = differences({said.plan: load(said.plan), label: other})
    if said.json:
        show_json(found)
    else:
        show(diff_lines(found))
    return FINE


def run_catalog(said: argparse.Namespace) -> int:
    """Show the catalogue: kinds, entities, figures and their sources."""
    from gigaplan.report.shelf import catalog_json, catalog_lines

    if said.json:
        show_json(catalog_json(said.what, said.name))
    else:
        show(catalog_lines(said.what, said.name))
    return FINE


def run_evidence(said: argparse.Namespace) -> int:
    """Score the models against published measurements."""
    from gigaplan.evidence import score, score_lines

    scored = score(said.wing, said.cases)
    if said.json:
        show_json(scored)
    else:
        show(score_lines(scored, rows=said.rows))
    return FINE


def run_schema(said: argparse.Namespace) -> int:
    """Print the JSON Schema of a plan file."""
    from gigaplan.plan.schema import Plan
    from gigaplan.plan.shelf import KINDS
    from gigaplan.read import json_schema

    del said
    show_json(json_schema(Plan, KINDS))
    return FINE


def run_init(said: argparse.Namespace) -> int:
    """Write a plan to start from, never over a file that exists."""
    from gigaplan.report.templates import template_names, write_template

    if said.template == "list":
        show(
            [
                "templates:",
                *(f"  {name:<10} {words}" for name, words in template_names().items()),
                "",
                "gigaplan init rack my-rack.yaml",
            ]
        )
        return FINE
    file = write_template(said.template, said.file)
    show([f"written: {file}", f"next: gigaplan run {file}"])
    return FINE


if __name__ == "__main__":
    raise SystemExit(main())
