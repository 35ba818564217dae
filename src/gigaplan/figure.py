"""Figures with their provenance, paths that name them, and verdicts that explain a NaN.

Provenance is identity, not wrapping: the model computes with bare numbers, and the Ledger joins a
number to its source by the path that names it (`sites.main.price_usd_per_mwh`).
"""

from __future__ import annotations

import difflib
import types
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum, IntFlag
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np

from gigaplan.units import (
    ALWAYS_DATE,
    Real,
    Steps,
    UnitError,
    column,
    constant,
    parse,
    stem,
    suffix,
)

LARGEST_WHOLE = 1e9
"""A whole number is structure (layers, members): none is negative, none larger."""
CATALOG = "catalog:"
"""What the path of a catalogue figure begins with."""


class Grade(Enum):
    """How far a figure can be trusted, best first."""

    A = "measured or audited"
    B = "data sheet or filing"
    C = "independent analyst or press"
    D = "our assumption"


class Verdict(IntFlag):
    """Why a value does not exist, or what a reader must know; a bit set."""

    OK = 0
    DOES_NOT_FIT = 1
    """The model, its optimizer or its cache does not fit in the memory of the chips."""
    OVER_GRID = 2
    """The hall at full build needs more power than the site will ever have."""
    BELOW_SLO_FLOOR = 4
    """Even one request alone misses the latency that was asked for."""
    NEGATIVE_CFADS = 8
    """Cash available for debt service is negative in an operating year."""
    NO_IRR = 16
    """The cash flow has no internal rate of return between -99 % and +1,000 %."""
    SEVERAL_IRR = 32
    """The cash flow has several; the one nearest to zero is shown."""
    DEBT_OUTLIVES_PLAN = 64
    """Debt is still owed when the plan ends."""
    NOT_BUILT = 128
    """Nothing is in service within the plan."""
    OVER_GEARED = 256
    """Debt exceeds what it pays for."""
    UNSERVED_ENERGY = 512
    """Supply falls short of the load in some months."""
    RUN_UNFINISHED = 1024
    """A training run does not end within the plan."""
    PAYS_FIRST = 2048
    """A cash flow pays its owners before they put anything in, as a loan does."""


BLOCKING = Verdict.DOES_NOT_FIT | Verdict.BELOW_SLO_FLOOR | Verdict.OVER_GRID | Verdict.NOT_BUILT
"""Reasons for which `run` exits with 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where figures come from: a document, its publisher and its date."""

    title: str
    publisher: str
    date: str
    link: str = ""
    licence: str = "facts cited"
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with its range and where it comes from.

    Parameters
    ----------
    path : str
        Canonical path; begins with `catalog:` for a catalogue figure.
    value, low, high : float
        In the unit of the path's name; `low` and `high` are NaN where no range is known.
    basis, source, page, date, grade, note : str
        Provenance. `grade` is a letter of `Grade`, or "yours" for a plan's own unsourced figure.
    line : int
        Line in the file it was read from, 0 when set in code.
    """

    path: str
    value: float
    low: float = np.nan
    high: float = np.nan
    unit: str = ""
    basis: str = ""
    source: str = ""
    page: str = ""
    date: str = ""
    grade: str = "yours"
    note: str = ""
    line: int = 0

    @property
    def uncertain(self) -> bool:
        """Whether the figure has a range that futures draw from."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high) and self.high > self.low)


Ledger = dict[str, Figure]
"""Path -> Figure, for every number a plan rests on."""

GRADE_ORDER = ("A", "B", "C", "D", "yours")


def rests_on(ledger: Mapping[str, Figure]) -> str:
    """Say how many figures of which grade a result rests on."""
    counts = Counter(figure.grade for figure in ledger.values())
    parts = [f"{counts[grade]} {grade}" for grade in GRADE_ORDER if counts[grade]]
    return f"rests on {sum(counts.values())} figures: {', '.join(parts)}"


def worst_grade(ledger: Mapping[str, Figure]) -> str:
    """Return the worst letter among the figures ("A" when there are none)."""
    found = {figure.grade for figure in ledger.values()}
    return next((grade for grade in ("D", "yours", "C", "B", "A") if grade in found), "A")


def reasons(verdict: int) -> list[str]:
    """Return the names of the bits in a verdict, lower case."""
    return [(bit.name or "").lower() for bit in Verdict if bit and int(verdict) & bit]


def is_quantity(item: Any) -> bool:  # noqa: ANN401
    """Return whether a field was declared with `units.quantity`."""
    return bool(item.metadata.get("quantity"))


@cache
def hints(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields."""
    return get_type_hints(kind)


def alternatives(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401  (a type of any kind)
    """Return the parts of a union without None; of another type, itself."""
    if get_origin(hint) in {Union, types.UnionType}:
        return tuple(part for part in get_args(hint) if part is not type(None))
    return (hint,)


def member_hint(hint: Any) -> Any:  # noqa: ANN401
    """Return the type of a mapping's values or a tuple's members."""
    for kind in alternatives(hint):
        if get_origin(kind) in {dict, tuple}:
            return get_args(kind)[1 if get_origin(kind) is dict else 0]
    return object


def canonical(value: Any, path: str = "", name: str = "") -> Iterator[tuple[str, Real]]:  # noqa: ANN401
    """Walk a dataclass and yield every quantity with its canonical path.

    Parameters
    ----------
    value : object
        A dataclass, mapping, tuple, Steps or number.
    path : str
        The path of `value` itself.
    name : str
        The field's name, whose suffix is the unit; empty for structure.

    Yields
    ------
    tuple of str and Real
        Such as ("sites.main.price_usd_per_mwh", 47.0), or ("sites.main.grid_mw.0.value", 200.0)
        for steps with a date.
    """
    if isinstance(value, Steps):
        yield from canonical_steps(value, path)
    elif is_dataclass(value):
        for item in fields(value):
            if item.metadata.get("internal") or getattr(value, item.name) is None:
                continue
            below = item.name if is_quantity(item) else ""
            yield from canonical(getattr(value, item.name), joined(path, item.name), below)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from canonical(member, joined(path, key), name)
    elif isinstance(value, tuple):
        for index, member in enumerate(value):
            yield from canonical(member, joined(path, str(index)), name)
    elif name and suffix(name) and is_number(value):
        yield path, value


def canonical_steps(steps: Steps, path: str) -> Iterator[tuple[str, Real]]:
    """Yield dates and values of steps; one value without a date is the whole."""
    for index, (date, value) in enumerate(zip(steps.dates, steps.values, strict=True)):
        always = bool(np.all(column(date) <= ALWAYS_DATE))
        if not always:
            yield f"{path}.{index}.from_date", date
        yield path if always and len(steps.values) == 1 else f"{path}.{index}.value", value


def is_number(value: object) -> bool:
    """Return whether a value is a number or an array; a boolean is none."""
    return isinstance(value, int | float | np.number | np.ndarray) and not isinstance(value, bool)


def joined(path: str, key: object) -> str:
    """Append a key to a path, quoted where it has characters of its own."""
    text = str(getattr(key, "value", key))
    if not text.replace("-", "").replace("_", "").isalnum():
        text = '"' + text.replace('"', "") + '"'
    return f"{path}.{text}" if path else text


def split(path: str) -> list[str]:
    """Split a path at its dots, respecting quoted keys."""
    parts: list[str] = []
    quoted = False
    word = ""
    for letter in path:
        if letter == '"':
            quoted = not quoted
        elif letter == "." and not quoted:
            parts.append(word)
            word = ""
        else:
            word += letter
    return [*parts, word]


MOST_NAMED = 4
"""How many paths a message names."""


class PathError(ValueError):
    """A path names nothing, or several things; the message says what is near."""


def resolve(known: list[str], short: str) -> str:
    """Return the canonical path that a shortening names.

    A shortening lists some of the keys in order, the last one among them, units left out:
    `site.price` for `sites.main.price_usd_per_mwh`. A singular stands for its plural with one
    member.

    Raises
    ------
    PathError
        When nothing, or more than one thing, answers to it.
    """
    if short in known:
        return short
    wanted = split(short.removeprefix(CATALOG))
    shelf = short.startswith(CATALOG)
    hits = [
        path
        for path in known
        if answers(split(path.removeprefix(CATALOG)), wanted)
        and (path.startswith(CATALOG) or not shelf)
    ]
    exact = [path for path in hits if len(split(path)) == len(wanted)]
    hits = exact or hits
    if len(hits) == 1:
        return hits[0]
    if hits:
        more = " ..." if len(hits) > MOST_NAMED else ""
        raise PathError(f'"{short}" could mean {", ".join(hits[:MOST_NAMED])}{more}')
    spoken = [*known, *map(brief, known)]
    near = difflib.get_close_matches(short, spoken, n=1, cutoff=0.4)
    raise PathError(f'nothing is called "{short}"' + (f"; nearest: {near[0]}" if near else ""))


def brief(path: str) -> str:
    """Return a path with the units left out, as a user would type it."""
    return ".".join(stem(part) for part in split(path))


def answers(parts: list[str], wanted: list[str]) -> bool:
    """Return whether words are among a path's keys, in order, the last last."""
    if not matches(parts[-1], wanted[-1]):
        return False
    position = 0
    for word in wanted[:-1]:
        while position < len(parts) - 1 and not matches(parts[position], word):
            position += 1
        if position >= len(parts) - 1:
            return False
        position += 1
    return True


def matches(part: str, word: str) -> bool:
    """Return whether a typed word stands for one key of a path."""
    plain = stem(part)
    singular = part.removesuffix("ies") + "y" if part.endswith("ies") else part.removesuffix("s")
    spoken = word.replace("-", "_")
    return word in {part, plain, singular} or spoken in {part, plain, singular}


def replaced(value: Any, path: str, new: object) -> Any:  # noqa: ANN401
    """Return a copy of a dataclass with one thing changed.

    Parameters
    ----------
    value : object
        A dataclass, mapping, tuple or Steps.
    path : str
        Canonical path below `value`.
    new : str or Real or object
        A text with a unit, a number, a column, or for structure the thing itself.

    Raises
    ------
    PathError
        When the path leads nowhere.
    UnitError
        When a text does not fit the unit, or a number lies outside its bounds.
    """
    return with_change(value, split(path), new, Slot())


class Slot(NamedTuple):
    """What is known of the place that a value stands in.

    The name is empty where the value is structure.
    """

    name: str = ""
    hint: Any = object
    metadata: Mapping[str, Any] = types.MappingProxyType({})


def with_change(value: Any, keys: list[str], new: object, slot: Slot) -> Any:  # noqa: ANN401
    """Rebuild a value along keys with another at the end; see `replaced`."""
    if isinstance(value, Steps) or (not keys and Steps in alternatives(slot.hint)):
        return steps_with_change(value, keys, new, slot)
    if not keys:
        return number_for(new, slot) if slot.name else structure_for(value, new, slot)
    key, rest = keys[0], keys[1:]
    if is_dataclass(value):
        known = {item.name: item for item in fields(value) if not item.metadata.get("internal")}
        item = known.get(key) or next(
            (each for each in known.values() if each.metadata.get("key") == key), None
        )
        if item is None:
            raise PathError(f'"{key}" is not a part of {type(value).__name__}')
        name = item.name if is_quantity(item) else ""
        below = Slot(name, hints(value.__class__)[item.name], item.metadata)
        changed = with_change(getattr(value, item.name), rest, new, below)
        return replace(value, **{item.name: changed})  # type: ignore[type-var]
    inner = slot._replace(hint=member_hint(slot.hint))
    if isinstance(value, dict):
        real = next((each for each in value if str(getattr(each, "value", each)) == key), None)
        if real is None:
            raise PathError(f'"{key}" is not among {", ".join(map(str, value))}')
        return {**value, real: with_change(value[real], rest, new, inner)}
    if isinstance(value, tuple) and key.isdecimal() and int(key) < len(value):
        changed = with_change(value[int(key)], rest, new, inner)
        return (*value[: int(key)], changed, *value[int(key) + 1 :])
    raise PathError(f'nothing below "{key}" can be set')


def steps_with_change(steps: Steps | None, keys: list[str], new: object, slot: Slot) -> Any:  # noqa: ANN401
    """Change one date or value of steps, or all of them to a constant."""
    if not keys:
        value = new if isinstance(new, Steps) else number_for(new, slot)
        return value if value is None or isinstance(value, Steps) else constant(value)
    count = len(steps.values) if steps else 0
    if steps is None or len(keys) != 2 or not keys[0].isdecimal() or int(keys[0]) >= count:  # noqa: PLR2004
        raise PathError(f'"{".".join(keys)}" is not a step; write 0.value or 0.from')
    index = int(keys[0])
    if keys[1] == "value":
        values = list(steps.values)
        values[index] = checked(new, slot.name, slot.metadata)
        return Steps(steps.dates, tuple(values))
    if stem(keys[1]) != "from":
        raise PathError(f'"{keys[1]}" is not a part of a step; write 0.value or 0.from')
    dates = list(steps.dates)
    dates[index] = checked(new, "from_date", {})
    return Steps(tuple(dates), steps.values)


def structure_for(old: object, new: object, slot: Slot) -> object:
    """Turn the text of a `--set` into the type of the structure it replaces."""
    if not isinstance(new, str):
        return new
    kinds = alternatives(slot.hint) if slot.hint is not object else (type(old),)
    choices = slot.metadata.get("choices")
    if choices and new not in choices:
        raise UnitError(f'"{new}" is not a choice; there are {", ".join(choices)}')
    if str in kinds:
        return new
    if bool in kinds and new in {"yes", "no", "true", "false"}:
        return new in {"yes", "true"}
    if int in kinds or float in kinds:
        return plain_number(new, slot.metadata, whole=int in kinds)
    raise UnitError(f'"{new}" cannot replace {old!r}')


def plain_number(text: str, bounds: Mapping[str, Any], *, whole: bool) -> float | int:
    """Read a number that is structure: whole (layers), or not (latitude).

    Raises
    ------
    UnitError
        When it is no number, not whole, or out of its bounds.
    """
    kind = "whole number" if whole else "number"
    try:
        number = parse(text, "any_count")
    except UnitError:
        raise UnitError(f'"{text}" should be a {kind}') from None
    if whole and number != int(number):
        raise UnitError(f'"{text}" should be a {kind}')
    low = bounds.get("low", 0.0 if whole else -np.inf)
    high = bounds.get("high", LARGEST_WHOLE if whole else np.inf)
    if not low <= number <= high:
        raise UnitError(f'"{text}" should lie between {low:g} and {high:g}')
    return int(number) if whole else number


def number_for(new: object, slot: Slot) -> Real | None:
    """Return a number for a place; None for a word such as "rest"."""
    if isinstance(new, str) and new in slot.metadata.get("words", ()):
        return None
    return checked(new, slot.name, slot.metadata)


def checked(new: object, name: str, bounds: Mapping[str, Any]) -> Real:
    """Return a number or column in the unit of `name`, held to its bounds."""
    if isinstance(new, str):
        value: Real = parse(new, name)
    elif is_number(new):
        try:
            value = column(new) if isinstance(new, np.ndarray) else float(new)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise UnitError(f"{stem(name)} must be a number or a column of numbers") from None
    else:
        raise UnitError(f"{new!r} is not a quantity for {stem(name)}")
    if np.ndim(value) > 1:
        raise UnitError(f"{stem(name)} must be a column (N,), not of shape {np.shape(value)}")
    check_bounds(value, name, bounds)
    return value


def check_bounds(value: Real, name: str, bounds: Mapping[str, Any]) -> None:
    """Refuse a number or column outside the bounds of its field.

    Raises
    ------
    UnitError
        Naming the bound and the offending value.
    """
    low, high = bounds.get("low"), bounds.get("high")
    numbers = column(value)
    if not np.all(np.isfinite(numbers)):
        raise UnitError(f"{stem(name)} must be a finite number")
    if low is not None and np.any(numbers < low):
        raise UnitError(f"{stem(name)} must be at least {low:g} (got {numbers.min():g})")
    if high is not None and np.any(numbers > high):
        raise UnitError(f"{stem(name)} must be at most {high:g} (got {numbers.max():g})")


def structure(value: Any, path: str = "") -> Iterator[tuple[str, object]]:  # noqa: ANN401
    """Walk a dataclass and yield what is no number: names, kinds, steps.

    Yields
    ------
    tuple of str and object
        Such as ("halls.main.system", "dgx-h100"), or ("sites.main.grid_mw", Steps(...)).
    """
    if is_dataclass(value) and not isinstance(value, Steps):
        for item in fields(value):
            if not item.metadata.get("internal"):
                below = getattr(value, item.name)
                if is_quantity(item) and (below is None or isinstance(below, Steps)):
                    yield joined(path, item.name), below
                elif not is_quantity(item):
                    yield from structure(below, joined(path, item.name))
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from structure(member, joined(path, key))
    elif not isinstance(value, tuple):
        yield path, value
