"""The catalogue on the command line: every figure opens to its source."""

from __future__ import annotations

import pytest

from gigaplan import catalog
from gigaplan.figure import PathError
from gigaplan.plan.shelf import KINDS
from gigaplan.report.shelf import catalog_json, catalog_lines, entity


def test_every_entity_can_be_shown_and_every_figure_says_where_it_comes_from() -> None:
    for kind in KINDS:
        for name in catalog.names(kind):
            assert catalog_lines("show", name)
            for figure in catalog_json("show", name)["figures"]:
                assert figure["source"] in catalog.sources()


def test_a_figure_tells_its_value_range_and_source() -> None:
    said = "\n".join(catalog_lines("why", "gb200-nvl72.price"))
    for words in ("3.1 MUSD", "range", "grade", "source", "publisher"):
        assert words in said


def test_what_is_not_there_names_the_nearest() -> None:
    with pytest.raises(PathError, match="nearest: h100-sxm"):
        entity("h100-sxn")
    with pytest.raises(PathError, match="say which figure"):
        catalog_lines("why", "h100-sxm")
