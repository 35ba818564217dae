"""Pieces of HTML: text is escaped once, links lead to the web, data cannot leave its script."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gigaplan.report.markup import Html, data, lines, link, plain, table, tag, text


def test_text_is_never_markup() -> None:
    assert text('<b a="1">&') == "&lt;b a=&quot;1&quot;&gt;&amp;"
    assert tag("p", text("a < b"), class_="x", title='"q"') == (
        '<p class="x" title="&quot;q&quot;">a &lt; b</p>'
    )


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//evil", "", "http://[", "ftp://a", " https:x"],
)
def test_other_addresses_are_plain_words(address: str) -> None:
    assert link(address, "a & b") == "a &amp; b"


def test_a_link_to_the_web_is_a_link() -> None:
    found = link('https://a.example/?q="x"&y', "words")
    assert found.startswith('<a href="https://a.example/?q=&quot;x&quot;&amp;y"')
    assert "noopener" in found


def test_tables_have_captions_and_scopes() -> None:
    made = table(text("what"), ("a", "b"), [[text("x"), text("1")]])
    assert "<caption><span>what</span></caption>" in made
    assert '<th scope="col" class="number">b</th>' in made
    assert '<th scope="row" class="words">x</th>' in made
    assert '<td class="number" data-head="b">1</td>' in made
    assert table(text("what"), ("a",), []) == ""


def test_lines_leave_out_what_is_empty() -> None:
    assert lines(text("a"), Html(""), text("b")) == "a<small>b</small>"
    assert plain(lines(text("a<"), text("b"))) == "a<b"


def test_data_reads_back_and_closes_no_script() -> None:
    value = {"a": ["</script><!--", "\u2028&"], "n": np.array([1.0, np.nan, 1 / 3]), "i": 3}
    said = data(value)
    assert "<" not in said
    assert "&" not in said
    assert "\u2028" not in said
    back = json.loads(said)
    assert back["a"] == ["</script><!--", "\u2028&"]
    assert back["n"] == [1.0, None, 0.3333333]
    assert back["i"] == 3
