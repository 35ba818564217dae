"""Plan files spoilt in every way that a hand, an editor or an enemy spoils them.

`mutations(text, seed, count)` yields what a text becomes, the same for the same seed. Each knows
the line that it touched, the line of the key above it and the keys that it touched, so that a test
can ask whether the message leads a reader there.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from gigaplan.read import Node, compose

NOTHING: frozenset[str] = frozenset()
COUNTED = re.compile(r"\d+(\.\d+)?(e\d+)?(?![-\d.:])")
"""The number of a quantity; a date has none."""
STEP = re.compile(r"from: *(\d{4}-\d{2}(?:-\d{2})?)")


@dataclass(frozen=True)
class Mutation:
    """One spoilt text.

    `lines` are the lines touched, as they stand in the new text, and those of the keys above them;
    `words` are the keys touched, lost ones among them, and what was put in place of a name.
    """

    kind: str
    text: bytes
    lines: frozenset[int]
    words: frozenset[str] = NOTHING


@dataclass(frozen=True)
class Entry:
    """A key and its value in the file: where both stand, what is above, what is in it."""

    key: Node
    value: Node
    above: int
    flow: bool
    path: tuple[str, ...]

    @property
    def lines(self) -> frozenset[int]:
        return frozenset({self.key.line, self.value.line, self.above})

    @property
    def scalar(self) -> bool:
        return self.value.kind == "text"


@dataclass(frozen=True)
class Document:
    """A text, where its lines begin, and all its keys."""

    text: str
    starts: list[int]
    entries: list[Entry] = field(default_factory=list)

    def offset(self, node: Node) -> int:
        return self.starts[node.line - 1] + node.column - 1

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def end(self, entry: Entry) -> int:
        """Where an entry ends: at a comma or bracket in a flow, else before the next key."""
        if entry.flow:
            return flow_end(self.text, self.offset(entry.value))
        for line in range(entry.key.line + 1, len(self.starts) + 1):
            begin = self.starts[line - 1]
            words = self.text[begin:].split("\n", 1)[0]
            indent = len(words) - len(words.lstrip(" "))
            said = words.strip() and not words.lstrip().startswith("#")
            if said and (indent < entry.key.column or words.startswith("- ")):
                return begin
        return len(self.text)

    def simple(self, entry: Entry) -> bool:
        """Whether a value is a text on one line."""
        begin = self.offset(entry.value)
        said = self.text[begin : begin + len(entry.value.text)]
        return entry.scalar and (said == entry.value.text or said[:1] in ("'", '"'))

    def scalar_end(self, entry: Entry) -> int:
        """Where a plain or quoted value of one line ends."""
        begin = self.offset(entry.value)
        if entry.value.plain:
            return begin + len(entry.value.text)
        quote = self.text[begin]
        closing = self.text.find(quote, begin + 1)
        return len(self.text) if closing < 0 or quote not in "\"'" else closing + 1


def flow_end(text: str, begin: int) -> int:
    """Return where a value in a flow mapping ends."""
    depth, quote, index = 0, "", begin
    while index < len(text):
        letter = text[index]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and text[index - 1] in " [{,:":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}" and depth:
            depth -= 1
        elif letter in "]}," and not depth:
            return index
        index += 1
    return index


def document(text: str) -> Document:
    """Return a text with all its keys."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    doc = Document(text, starts)
    walk(doc, compose(text, "example"), 1, ())
    return doc


def walk(doc: Document, node: Node, above: int, path: tuple[str, ...]) -> None:
    """Gather the keys below a node."""
    flow = doc.text[doc.offset(node)] in "{[" if doc.text else False
    for name, value in node.items.items():
        key = node.keys[name]
        doc.entries.append(Entry(key, value, above, flow, (*path, name)))
        walk(doc, value, key.line, (*path, name))
    for member in node.members:
        walk(doc, member, above, path)


def keys_below(node: Node) -> set[str]:
    """Return every key below a node."""
    found = set(node.items)
    for child in (*node.items.values(), *node.members):
        found |= keys_below(child)
    return found


# --- how a text is spoilt ---


def put(doc: Document, kind: str, entry: Entry, value: str, *words: str) -> Mutation:
    """Put another value in the place of a value."""
    begin = doc.offset(entry.value)
    simple = doc.simple(entry)
    end = doc.scalar_end(entry) if simple else doc.end(entry)
    tail = "" if simple or entry.flow else "\n"
    text = doc.text[:begin] + value + tail + doc.text[end:]
    return made(kind, text, entry.lines, {entry.path[-1], *words, *keys_below(entry.value)})


def made(
    kind: str, text: str | bytes, lines: frozenset[int] | set[int], words: set[str] | None = None
) -> Mutation:
    """Return a mutation; half a surrogate pair stays one."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Mutation(kind, raw, frozenset(lines), frozenset(words or ()))


Spoiler = Callable[[Document, random.Random], Mutation | None]


def one(doc: Document, rng: random.Random, *, scalar: bool = True) -> Entry:
    """Choose a key; one with a scalar of one line where that is asked for."""
    return rng.choice([entry for entry in doc.entries if not scalar or doc.simple(entry)])


def drop_key(doc: Document, rng: random.Random) -> Mutation:
    entry = one(doc, rng, scalar=False)
    begin, end = doc.offset(entry.key), doc.end(entry)
    if entry.flow and doc.text[end : end + 1] == ",":
        end += 1
    elif entry.flow:
        begin = (
            doc.text.rfind(",", 0, begin) if "," in doc.text[:begin].rsplit("{", 1)[-1] else begin
        )
    elif not doc.text[doc.starts[entry.key.line - 1] : begin].strip():
        begin = doc.starts[entry.key.line - 1]
    words = {entry.path[-1], *keys_below(entry.value)}
    return made("drop key", doc.text[:begin] + doc.text[end:], entry.lines, words)


def rename_key(doc: Document, rng: random.Random) -> Mutation:
    entry = one(doc, rng, scalar=False)
    name = entry.path[-1]
    place = rng.randrange(len(name))
    new = rng.choice(
        [
            name[:place] + name[place + 1 :] or "q",
            name[:place] + rng.choice("aeknrstxz") + name[place:],
            name.upper(),
            name + "_mw",
            rng.choice(["price", "kind", "colour", "from", "owner", "x.y", "a b", "0"]),
        ]
    )
    begin = doc.offset(entry.key)
    length = len(name) + (0 if entry.key.plain else 2)
    text = doc.text[:begin] + new + doc.text[begin + length :]
    return made("rename key", text, entry.lines, {name, new, *entry.path[-1:]})


def replacing(kind: str, *values: str, scalar: bool = True) -> Spoiler:
    """Return a spoiler that puts one of these values in the place of one."""

    def spoil(doc: Document, rng: random.Random) -> Mutation:
        value = rng.choice(values)
        return put(doc, kind, one(doc, rng, scalar=scalar), value)

    return spoil


def wrapping(kind: str, *pairs: tuple[str, str]) -> Spoiler:
    """Return a spoiler that puts something before and after a value."""

    def spoil(doc: Document, rng: random.Random) -> Mutation:
        entry = one(doc, rng)
        before, after = rng.choice(pairs)
        said = doc.text[doc.offset(entry.value) : doc.scalar_end(entry)]
        return put(doc, kind, entry, before + said + after)

    return spoil


def other_number(doc: Document, rng: random.Random) -> Mutation | None:
    """Keep the unit and change the number: what is still within bounds must still be simulated."""
    fit = [it for it in doc.entries if doc.simple(it) and COUNTED.match(it.value.text)]
    if not fit:
        return None
    entry = rng.choice(fit)
    number = COUNTED.match(entry.value.text)
    value = float(number[0]) if number else 1.0
    new = rng.choice([0.0, 1.0, value * 1e-6, value * 1e-3, value / 2, value * 2, value * 30, 1e9])
    return put(doc, "other number", entry, COUNTED.sub(f"{new:.6g}", entry.value.text, count=1))


def nest(doc: Document, rng: random.Random) -> Mutation:
    entry = one(doc, rng)
    depth = rng.choice([1, 2, 5, 23, 24, 25, 100, 5000])
    opening, closing = rng.choice([("[", "]"), ("{a: ", "}")])
    return put(doc, "nest", entry, opening * depth + "1" + closing * rng.choice([depth, depth - 1]))


def unknown_name(doc: Document, rng: random.Random) -> Mutation | None:
    places = {"from", "owner", "site", "hall", "system", "model", "landlord", "tenant", "party"}
    places |= {"seller", "buyer", "fabric", "storage", "cooling", "chain", "costs", "offer", "kind"}
    fit = [entry for entry in doc.entries if doc.simple(entry) and entry.path[-1] in places]
    if not fit:
        return None
    new = rng.choice(["nobody", "no-such-thing", "x" * 70, "../../secrets", "main2", "Ω", "0"])
    return put(doc, "unknown name", rng.choice(fit), new, new)


def insert_key(doc: Document, rng: random.Random) -> Mutation:
    entry = one(doc, rng, scalar=False)
    word = rng.choice(
        ["colour", "prise", "grid_mw", "__class__", "<<", "catalog", "self", "kind", "-"]
    )
    value = rng.choice(["5", "{a: 1}", "[1]", "yes", ""])
    begin = doc.offset(entry.key)
    after = ", " if entry.flow else "\n" + " " * (entry.key.column - 1)
    text = f"{doc.text[:begin]}{word}: {value}{after}{doc.text[begin:]}"
    return made("insert key", text, entry.lines, {word})


def duplicate_key(doc: Document, rng: random.Random) -> Mutation:
    entry = one(doc, rng)
    begin, end = doc.offset(entry.key), doc.scalar_end(entry)
    between = ", " if entry.flow else "\n" + " " * (entry.key.column - 1)
    text = doc.text[:end] + between + doc.text[begin:end] + doc.text[end:]
    lines = entry.lines | {doc.line_of(end) + (0 if entry.flow else 1)}
    return made("duplicate key", text, lines, {entry.path[-1]})


def control_letter(doc: Document, rng: random.Random) -> Mutation:
    place = rng.randrange(len(doc.text))
    letter = rng.choice("\x00\x01\x07\x08\x0b\x0c\x1b\x7f\x80\x85\u2028\u2029\ufffe\ud800\udfff")
    line = doc.line_of(place)
    return made("control letter", doc.text[:place] + letter + doc.text[place:], {line})


def escaped_letter(doc: Document, rng: random.Random) -> Mutation:
    letter = rng.choice(["\\x07", "\\0", "\\u202e", "\\n", "\\u200b", "\\xff", "\\q"])
    return put(doc, "escaped letter", one(doc, rng), f'"a{letter}b"')


def swap_dates(doc: Document, rng: random.Random) -> Mutation | None:
    found = list(STEP.finditer(doc.text))
    pairs = [
        (first, second)
        for first, second in pairwise(found)
        if first[1] < second[1] and "\n\n" not in doc.text[first.end() : second.start()]
    ]
    if not pairs:
        return None
    first, second = rng.choice(pairs)
    text = doc.text[: first.start(1)] + second[1] + doc.text[first.end(1) : second.start(1)]
    text += first[1] + doc.text[second.end(1) :]
    lines = {doc.line_of(first.start()), doc.line_of(second.start())}
    above = {entry.above for entry in doc.entries if entry.key.line in lines}
    return made("swap dates", text, lines | above, {"from", "from_date"})


def truncate(doc: Document, rng: random.Random) -> Mutation:
    place = rng.randrange(len(doc.text))
    line = doc.line_of(place)
    lost = {word for entry in doc.entries if entry.value.line >= line for word in entry.path}
    above = {entry.above for entry in doc.entries if entry.key.line in {line, line - 1}}
    return made("truncate", doc.text[:place], {line, line - 1} | above, lost)


def flip_bytes(doc: Document, rng: random.Random) -> Mutation:
    raw = bytearray(doc.text.encode("utf-8"))
    place = rng.randrange(len(raw))
    for index in range(place, min(place + rng.choice([1, 1, 1, 2, 4]), len(raw))):
        raw[index] ^= 1 << rng.randrange(8)
    return made("flip bytes", bytes(raw), *around(doc, len(raw[:place].decode("utf-8", "replace"))))


def around(doc: Document, place: int) -> tuple[set[int], set[str]]:
    """Return the lines and keys that what stands at an offset belongs to.

    A line end that is lost joins its line and the next one; an indent that is lost moves a key and
    all below it.
    """
    line = doc.line_of(place)
    lines = {line, line + 1}
    here = [entry for entry in doc.entries if lines & {entry.key.line, entry.value.line}]
    above = {entry.above for entry in here}
    words = {word for entry in here for word in (entry.path[-1], *keys_below(entry.value))}
    return lines | above, words


def delete_line(doc: Document, rng: random.Random) -> Mutation:
    line = rng.randrange(1, len(doc.starts))
    text = doc.text[: doc.starts[line - 1]] + doc.text[doc.starts[line] :]
    lines, words = around(doc, doc.starts[line - 1])
    return made("delete line", text, lines | {line - 1}, words)


def swap_lines(doc: Document, rng: random.Random) -> Mutation | None:
    if len(doc.starts) < 4:
        return None
    line = rng.randrange(1, len(doc.starts) - 1)
    one_, two, three = (doc.starts[line - 1], doc.starts[line], doc.starts[line + 1])
    text = doc.text[:one_] + doc.text[two:three] + doc.text[one_:two] + doc.text[three:]
    lines, words = around(doc, one_)
    more, others = around(doc, two)
    return made("swap lines", text, lines | more, words | others)


def indent(doc: Document, rng: random.Random) -> Mutation:
    line = rng.randrange(1, len(doc.starts))
    begin = doc.starts[line - 1]
    text = doc.text[:begin] + rng.choice([" ", "  ", "   ", "\t", "        "]) + doc.text[begin:]
    lines, words = around(doc, begin)
    return made("indent", text, lines | {line - 1}, words)


def insert_letter(doc: Document, rng: random.Random) -> Mutation:
    place = rng.randrange(len(doc.text))
    letter = rng.choice("{}[]:,-#&*!|>'\"%@`?\\~ \n\t0")
    text = doc.text[:place] + letter * rng.choice([1, 1, 2]) + doc.text[place:]
    return made("insert letter", text, *around(doc, place))


def new_document(doc: Document, rng: random.Random) -> Mutation:
    line = rng.randrange(2, len(doc.starts))
    begin = doc.starts[line - 1]
    return made("new document", doc.text[:begin] + "---\n" + doc.text[begin:], {line})


def huge(doc: Document, rng: random.Random) -> Mutation:
    entry = one(doc, rng)
    value = rng.choice(
        [
            "x" * 500_000,
            "9" * 300_000,
            "[" + "1," * 200_000 + "1]",
            "{" + ",".join(f"k{index}: 1" for index in range(50_000)) + "}",
            "y" * 1_100_000,
        ]
    )
    mutation = put(doc, "huge", entry, value)
    return made("huge", mutation.text, mutation.lines | {1}, set(mutation.words))


UNITS = (
    "3 parsec",
    "5 USD",
    "7 MW",
    "12 %",
    "4 GB",
    "1 token",
    "2 years",
    "9 K",
    "5 degC",
    "1 EUR",
)
NUMBERS = (".nan", "nan", ".inf", "-inf MW", "1e400", "1e400 MW", "-1e999 USD", "1e29", "1e31 USD")
DATES = ("2027-13", "2027-02-30", "0000-00", "9999-12", "1969-12", "27-06", "2027/06", "06.2027")

SPOILERS: tuple[tuple[float, Spoiler], ...] = (
    (2.0, drop_key),
    (2.0, rename_key),
    (1.0, insert_key),
    (1.0, duplicate_key),
    (1.5, unknown_name),
    (1.5, replacing("wrong unit", *UNITS)),
    (0.5, replacing("wrong date", *DATES)),
    (2.0, other_number),
    (1.5, replacing("no finite number", *NUMBERS, "9" * 50, "9" * 400, "9" * 5000)),
    (1.0, replacing("list for value", "[1, 2]", "[]", "[5 MW]", "[[1]]", "[{from: 2027-06}]")),
    (1.0, replacing("mapping for value", "{a: 1}", "{}", "{value: 5}", "{value: {value: 1}}")),
    (1.0, replacing("text for value", "lots", "N/A", "-", "'", "::", "a: b", "12:30", "=1+1")),
    (1.0, replacing("scalar for structure", "5", "text", "[]", "{}", "~", scalar=False)),
    (1.0, replacing("boolean", "yes", "no", "true", "False", "on")),
    (1.0, replacing("empty", "", "~", "null", '""')),
    (1.0, wrapping("negative", ("-", ""))),
    (0.7, wrapping("anchor", ("&x ", ""), ("&x *", ""))),
    (0.7, replacing("alias", "*x", "*a", "[*x]")),
    (0.7, wrapping("tag", ("!!python/object:os.system ", ""), ("!x ", ""), ("!!float ", ""))),
    (0.5, wrapping("quote", ("'", ""), ('"', ""), ("'", '"'), ("|", ""), (">\n", ""))),
    (1.0, nest),
    (1.0, control_letter),
    (0.7, escaped_letter),
    (1.0, swap_dates),
    (1.0, truncate),
    (1.5, flip_bytes),
    (0.7, delete_line),
    (0.7, swap_lines),
    (0.7, indent),
    (1.0, insert_letter),
    (0.3, new_document),
    (0.02, huge),
)


def mutations(text: str, seed: int, count: int) -> Iterator[Mutation]:
    """Yield so many spoilt versions of a text, the same for the same seed."""
    doc = document(text)
    rng = random.Random(seed)  # noqa: S311  (no secret)
    weights = [weight for weight, _ in SPOILERS]
    while count:
        spoil = rng.choices(SPOILERS, weights)[0][1]
        mutation = spoil(doc, rng)
        if mutation is not None and mutation.text != text.encode():
            count -= 1
            yield mutation
