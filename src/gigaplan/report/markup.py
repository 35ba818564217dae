"""The few pieces of HTML that a report is made of; text becomes markup in one place, escaped.

`Html` is a type of its own, so that the type checker refuses text that nobody escaped.
"""

from __future__ import annotations

import html
import json
import math
import re
from typing import TYPE_CHECKING, Any, NewType
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Html = NewType("Html", str)
"""Text that a browser may read as markup."""

NOTHING = Html("")
SIGNIFICANT = 7
"""Figures that a drawn number keeps: more than a screen can show."""
SCHEMES = {"http", "https"}


def text(value: object) -> Html:
    """Return any value as text that a browser shows as it is."""
    return Html(html.escape(str(value), quote=True))


def join(parts: Iterable[Html], between: str = "") -> Html:
    """Return pieces one after another."""
    return Html(between.join(parts))


def tag(name: str, *content: Html, **attributes: str) -> Html:
    """Return an element; `class_` stands for the attribute `class`."""
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    said = "".join(f' {key}="{html.escape(value, quote=True)}"' for key, value in named.items())
    return Html(f"<{name}{said}>{''.join(content)}</{name}>")


def link(address: str, words: str) -> Html:
    """Return a link to the web; plain words for any other address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return text(words)
    if parts.scheme not in SCHEMES or not parts.netloc:
        return text(words)
    return tag("a", text(words), href=address, rel="noreferrer noopener")


def lines(*content: Html) -> Html:
    """Return a first line and quieter ones beneath; empty ones left out."""
    first, *rest = content
    return join([first, *(tag("small", one) for one in rest if one)])


def table(
    caption: Html,
    heads: Sequence[str],
    rows: Sequence[Sequence[Html]],
    *,
    left: int = 1,
    name: str = "plain",
) -> Html:
    """Return a table with its caption; nothing where there are no rows.

    Parameters
    ----------
    caption : Html
        What it shows and how to read it.
    heads : sequence of str
        Of the columns.
    rows : sequence of sequence of Html
        Cells; the first of each row is its heading.
    left : int
        So many columns are words; the others are numbers, aligned on the right.
    name : str
        Its classes.
    """
    if not rows:
        return NOTHING
    sides = ["words" if index < left else "number" for index in range(len(heads))]
    top = (
        tag("th", text(head), scope="col", class_=side)
        for head, side in zip(heads, sides, strict=True)
    )
    body = (tag("tr", *map(cell, row, sides, heads, range(len(heads)))) for row in rows)
    said = tag("caption", tag("span", caption))
    whole = tag("table", said, tag("thead", tag("tr", *top)), tag("tbody", *body), class_=name)
    return tag("div", whole, class_="scroll", data_label=plain(caption))


def cell(content: Html, side: str, head: str, index: int) -> Html:
    """Return one cell of a table; the first of a row is its heading."""
    if index == 0:
        return tag("th", content, scope="row", class_=side)
    return tag("td", content, class_=side, data_head=head)


def plain(content: Html) -> str:
    """Return markup as plain text."""
    return html.unescape(re.sub(r"<[^>]*>", "", content))


def data(value: Any) -> Html:  # noqa: ANN401
    """Return a value as JSON that may stand inside a script element."""
    said = json.dumps(rounded(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        said = said.replace(letter, f"\\u{ord(letter):04x}")
    return Html(said)


def rounded(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON can hold it: numbers short, NaN as null."""
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): rounded(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(member) for member in value]
    if hasattr(value, "tolist"):
        return rounded(value.tolist())
    return value
