"""The budgets and laws of the house (docs/design.md), held by a census of the source."""

import ast
import doctest
import functools
import importlib
import io
import re
import statistics
import subprocess
import sys
import time
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gigaplan.units import SUFFIXES

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "gigaplan"
SCRIPTS = Path(sys.executable).parent

FUNCTION_LINES = 60
FUNCTION_LINES_P95 = 40
FUNCTION_LINES_MEDIAN = 12
FILE_LINES = 600
FIRST_LINE = 72
HELP_RATIO = 8.0

WINGS = ("compute", "cluster", "site", "money")
QUANTITIES = {"Real", "Column", "Series", "Steps"}
# Sums whose order depends on how many futures stand beside this one, or on how memory is laid out:
# over_time, cumsum(axis=0) or rows take their place. Powers: units.power, products.
SUMMING = {
    "sum",
    "nansum",
    "mean",
    "nanmean",
    "average",
    "dot",
    "vdot",
    "inner",
    "matmul",
    "tensordot",
}
SUMMING |= {"einsum", "prod", "nanprod", "trapezoid", "power", "float_power"}
SUMMING_METHODS = {"dot", "mean", "prod"}

# Names of quantities that need no unit, with the reason.
NO_UNIT = {
    "futures/many.py": "columns of any result, the unit in their path",
    "units.py": "generic arithmetic: what it is given has a unit at the caller",
    "figure.py": "a figure says its unit in a field of its own",
}
# Functions of the wings that do the same to a quantity of any unit, with the reason.
GENERIC = {
    "money/build.py shifted": "moves steps of any unit in time",
    "money/build.py from_start": "dates steps of any unit",
    "money/build.py rise": "differences steps of any unit",
    "money/returns.py levelised_cost": "divides money by an amount of anything",
}

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """A module of the package: its path in it, its text, its tree and the lines that hold code."""

    name: str
    text: str
    tree: ast.Module
    code: frozenset[int]

    @property
    def wing(self) -> str:
        return self.name.split("/")[0].removesuffix(".py")

    @property
    def module(self) -> str:
        parts = ["gigaplan", *self.name.removesuffix(".py").split("/")]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def at(self, node: ast.AST) -> str:
        return f"src/gigaplan/{self.name}:{getattr(node, 'lineno', 1)}"


def docstring_lines(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            # a string that is a statement: the docstring of what holds it, or of the name above it
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                yield from range(child.lineno, (child.end_lineno or child.lineno) + 1)


def source_of(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, str(path))
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    silent |= {tokenize.ENCODING, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    spans = [range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in silent]
    code = {line for span in spans for line in span} - set(docstring_lines(tree))
    return Source(path.relative_to(SOURCE).as_posix(), text, tree, frozenset(code))


@functools.cache
def sources() -> tuple[Source, ...]:
    return tuple(source_of(path) for path in sorted(SOURCE.rglob("*.py")))


def named(tree: ast.AST, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every class and function, nested ones too, with the dotted path of its name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            here = f"{path}.{node.name}" if path else node.name
            yield here, node
            yield from named(node, here)
        else:
            yield from named(node, path)


def public(tree: ast.Module) -> Iterator[tuple[str, Node]]:
    """Public classes and functions of a module and the public methods of those classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_"):
                continue
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                methods = [item for item in node.body if isinstance(item, FUNCTIONS)]
                yield from (
                    (f"{node.name}.{item.name}", item)
                    for item in methods
                    if not item.name.startswith("_")
                )


def function_sizes() -> list[tuple[int, str]]:
    sizes = []
    for source in sources():
        for name, node in named(source.tree):
            if isinstance(node, FUNCTIONS):
                span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                sizes.append((len(source.code & set(span)), f"{source.at(node)} {name}"))
    return sorted(sizes, reverse=True)


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    spec = node.args
    extra = [arg for arg in (spec.vararg, spec.kwarg) if arg is not None]
    every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *extra]
    return [arg for arg in every if arg.arg not in {"self", "cls"}]


def names_quantity(annotation: ast.expr | None) -> bool:
    """Whether an annotation speaks of a quantity; a function of quantities is none itself."""
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.Subscript):
        head = annotation.value
        if isinstance(head, ast.Name) and head.id in {"Callable", "type"}:
            return False
        return names_quantity(head) or names_quantity(annotation.slice)
    if isinstance(annotation, ast.BinOp):
        return names_quantity(annotation.left) or names_quantity(annotation.right)
    if isinstance(annotation, ast.Tuple):
        return any(names_quantity(item) for item in annotation.elts)
    name = annotation.attr if isinstance(annotation, ast.Attribute) else None
    return (annotation.id if isinstance(annotation, ast.Name) else name) in QUANTITIES


def has_unit(name: str) -> bool:
    return any(name == suffix or name.endswith(f"_{suffix}") for suffix in SUFFIXES)


def listed(found: list[str], rule: str) -> None:
    assert not found, f"{rule}\n" + "\n".join(found)


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call of an attribute, with the name it is called on ("" if none) and the attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            yield node, owner, node.func.attr


# --- size ---


def test_functions_are_short() -> None:
    listed(
        [f"{lines} {where}" for lines, where in function_sizes() if lines > FUNCTION_LINES],
        f"functions of more than {FUNCTION_LINES} code lines",
    )


def test_most_functions_are_shorter() -> None:
    sizes = [lines for lines, _ in function_sizes()]
    assert statistics.median(sizes) <= FUNCTION_LINES_MEDIAN
    p95 = sorted(sizes)[int(0.95 * (len(sizes) - 1))]
    longest = "\n".join(f"{lines} {where}" for lines, where in function_sizes()[:20])
    assert p95 <= FUNCTION_LINES_P95, longest


def test_files_are_short() -> None:
    listed(
        [f"{len(s.code)} {s.name}" for s in sources() if len(s.code) > FILE_LINES],
        f"files of more than {FILE_LINES} code lines",
    )


# --- what is said about each name ---


def test_public_names_have_docstrings() -> None:
    bare = [s.name for s in sources() if ast.get_docstring(s.tree) is None]
    for source in sources():
        bare += [
            f"{source.at(node)} {name}"
            for name, node in public(source.tree)
            if ast.get_docstring(node) is None
        ]
    listed(bare, "no docstring")


def test_first_lines_of_docstrings_fit() -> None:
    long = []
    for source in sources():
        for name, node in [("", source.tree), *named(source.tree)]:
            first = (ast.get_docstring(node) or "").split("\n")[0]
            # a module's line is a headline of the page, and may run to the line's end
            if not isinstance(node, ast.Module) and len(first) > FIRST_LINE:
                long.append(f"{source.at(node)} {name}: {len(first)}")
    listed(long, f"first lines of more than {FIRST_LINE} characters")


def test_public_names_have_annotations() -> None:
    bare = []
    for source in sources():
        for name, node in public(source.tree):
            if not isinstance(node, FUNCTIONS):
                continue
            missing = [arg.arg for arg in arguments(node) if arg.annotation is None]
            missing += ["return"] if node.returns is None else []
            bare += [f"{source.at(node)} {name}: {missing}"] if missing else []
    listed(bare, "no annotation")


def test_fields_that_are_quantities_end_in_their_unit() -> None:
    bare = []
    for source in sources():
        if source.name in NO_UNIT:
            continue
        for name, node in named(source.tree):
            if isinstance(node, ast.ClassDef):
                fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
                bare += [
                    f"{source.at(item)} {name}.{ast.unparse(item.target)}"
                    for item in fields
                    if names_quantity(item.annotation) and not has_unit(ast.unparse(item.target))
                ]
    listed(bare, "quantities whose field ends in no suffix of units.SUFFIXES")


def test_arguments_that_are_quantities_end_in_their_unit() -> None:
    bare = []
    for source in sources():
        if source.wing not in WINGS:
            continue
        for name, node in named(source.tree):
            if isinstance(node, FUNCTIONS) and f"{source.name} {name}" not in GENERIC:
                bare += [
                    f"{source.at(arg)} {name}({arg.arg})"
                    for arg in arguments(node)
                    if names_quantity(arg.annotation) and not has_unit(arg.arg)
                ]
    listed(bare, "quantities whose argument ends in no suffix of units.SUFFIXES")


def test_functions_that_return_a_quantity_end_in_its_unit() -> None:
    bare = []
    for source in sources():
        if source.wing not in WINGS:
            continue
        for name, node in public(source.tree):
            if isinstance(node, FUNCTIONS) and isinstance(node.returns, ast.Name):
                free = has_unit(node.name) or f"{source.name} {name}" in GENERIC
                one = names_quantity(node.returns) and not free
                bare += [f"{source.at(node)} {name}"] if one else []
    listed(bare, "functions that return a quantity and end in no suffix of units.SUFFIXES")


def test_generic_functions_exist() -> None:
    here = {f"{source.name} {name}" for source in sources() for name, _ in named(source.tree)}
    listed(sorted(GENERIC.keys() - here), "names in GENERIC that are gone")


# --- what the code may not do ---


def test_sums_do_not_depend_on_the_other_futures() -> None:
    found = []
    for source in sources():
        if source.wing not in (*WINGS, "fleet", "plan"):
            continue
        for call, owner, name in calls(source.tree):
            axes = [key.value for key in call.keywords if key.arg == "axis"] + call.args[:1]
            over_first = any(ast.unparse(axis) == "0" for axis in axes) or not axes
            if (owner in {"np", "numpy"} and name in SUMMING) or (
                name in SUMMING_METHODS
                or (name == "sum" and over_first)
                or ast.unparse(call.func) == "np.add.reduce"
            ):
                found.append(f"{source.at(call)} {ast.unparse(call)[:60]}")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                found.append(f"{source.at(node)} {ast.unparse(node)[:60]}")
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
                free = [n for n in ast.walk(node.right) if isinstance(n, ast.Name)]
                found += [f"{source.at(node)} {ast.unparse(node)[:60]}"] if free else []
    listed(found, "use units.over_time, cumsum(axis=0), rows or units.power instead")


def test_no_assert_in_the_package() -> None:
    found = [s.at(n) for s in sources() for n in ast.walk(s.tree) if isinstance(n, ast.Assert)]
    listed(found, "an assert is no message to a user")


def imported(source: Source) -> Iterator[tuple[ast.stmt, str]]:
    """Every import of a module of the package: the statement and the absolute name."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield node, base
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)


def test_imports_are_absolute() -> None:
    found = [
        source.at(node)
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    listed(found, "relative imports")


def test_no_import_cycles() -> None:
    modules = {source.module for source in sources()}
    graph = {
        source.module: {name for _, name in imported(source) if name in modules} - {source.module}
        for source in sources()
    }
    while leaves := {name for name, needs in graph.items() if not needs & graph.keys()}:
        graph = {name: needs for name, needs in graph.items() if name not in leaves}
    # what is left is in a cycle or imports one
    listed([f"{name} <- {sorted(needs & graph.keys())}" for name, needs in graph.items()], "cycles")


def test_rooms_keep_their_order() -> None:
    done = subprocess.run(
        [SCRIPTS / "lint-imports", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- what the documentation shows ---


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.module)
def test_examples_in_docstrings(source: Source) -> None:
    if ">>>" not in source.text:
        return
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(importlib.import_module(source.module), optionflags=flags)
    assert result.failed == 0


# --- the repository ---


def committed() -> list[Path]:
    """Every file that is or would be committed; outside a checkout, what lies in src and tests."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = done.stdout.split("\0")
    inside = [ROOT / name for name in names if name and done.returncode == 0]
    loose = [*SOURCE.rglob("*"), *(ROOT / "tests").rglob("*")]
    return [path for path in inside or loose if path.is_file()]


def searched(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line} {match[0]}")
    return found


def test_no_file_names_a_package_index() -> None:
    # written in parts, since this file is searched too
    hosts = [
        "py" + "pi.org",
        "python" + "hosted.",
        "np" + "mjs.",
        "deb" + ".debian.",
        "py" + "pi.python",
    ]
    hosts += ["index" + "-url", "crates" + ".io", "cona" + "nda.org", "proxy." + "golang"]
    listed(searched(re.compile("|".join(map(re.escape, hosts)), re.IGNORECASE)), "package index")


def test_no_file_names_a_path_of_one_machine() -> None:
    places = "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers", "t" + "mp"])
    listed(searched(re.compile(rf"(?<![\w.~$}}>:/-])/(?:{places})/[\w.-]+")), "path of one machine")


def test_help_is_quick() -> None:
    script = SCRIPTS / "gigaplan"
    rounds = 7

    def seconds(command: list[str | Path]) -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start

    def best(run: Callable[[], float]) -> float:
        run()  # warms the disk cache
        return statistics.median(run() for _ in range(rounds))

    plain_s = best(lambda: seconds([sys.executable, "-c", "pass"]))
    help_s = best(lambda: seconds([script, "--help"]))
    assert help_s <= HELP_RATIO * plain_s, f"--help {help_s:.3f} s, python -c pass {plain_s:.3f} s"
