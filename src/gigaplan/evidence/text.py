"""Scores as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

WORST = 10
WIDTH = 110
INDENT = " " * 12
MOST_REASONS = 12
HEAD = ("wing", "quantity", "cases", "groups", "group median", "median", "mean", "bias", "refused")


def score_lines(scored: dict[str, Any], rows: bool = False) -> list[str]:  # noqa: FBT001, FBT002
    """Return scores as a table, then refusals, then the worst rows with why.

    Parameters
    ----------
    scored : dict
        What `score` returned.
    rows : bool
        Whether to list every row.
    """
    lines = table([HEAD, *(line for wing in scored["wings"] for line in wing_lines(wing))])
    lines += [
        "",
        "Errors are modelled over measured less one; a (family x chip) group has one vote.",
        "Families that were fitted on count only in the lines marked in-sample.",
    ]
    for wing in scored["wings"]:
        lines += refusal_lines(wing)
    lines += every_row(scored["wings"]) if rows else worst_rows(scored["wings"])
    return lines


def wing_lines(wing: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the lines of one wing's table."""
    found = []
    refused = str(wing["refused"])
    for name, one in wing["quantities"].items():
        found.append((wing["wing"], name, *numbers(one), refused))
        apart = wing["without_assumed"].get(name)
        if apart is not None and apart["n"] != one["n"]:
            found.append(("", "  nothing assumed", *numbers(apart), ""))
        inside = wing["fit"].get(name)
        if inside is not None:
            found.append(("", "  in-sample", *numbers(inside), ""))
        if "judged" in one:
            found.append(
                (
                    "",
                    f"  within tolerance: {one['within']} of {one['judged']}",
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                )
            )
        refused = ""
    for name, one in wing["fit"].items():
        if name not in wing["quantities"]:
            found.append((wing["wing"], f"{name} (in-sample)", *numbers(one), refused))
    return found or [(wing["wing"], "-", "0", "0", "", "", "", "", refused)]


def numbers(one: dict[str, Any]) -> tuple[str, ...]:
    """Return the numbers of a quantity as text."""
    shares = ("group_median_abs_frac", "median_abs_frac", "mean_abs_frac", "bias_frac")
    return (
        str(one["n"]),
        str(one["groups"]),
        *(percent(one[name], signed=name == "bias_frac") for name in shares),
    )


def percent(share: float, *, signed: bool = False) -> str:
    """Return a share in per cent."""
    return f"{100.0 * share:+.1f} %" if signed else f"{100.0 * share:.1f} %"


def table(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Return lines of equal columns, the first two to the left."""
    wide = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    wide[1] = max(len(line[1]) for line in lines if line[2])
    return [
        "  ".join(
            cell.ljust(size) if index <= 1 else cell.rjust(size)
            for index, (cell, size) in enumerate(zip(line, wide, strict=True))
        ).rstrip()
        for line in lines
    ]


def refusal_lines(wing: dict[str, Any]) -> list[str]:
    """Return why cases of a wing were refused, the commonest reasons first."""
    if not wing["refused"]:
        return []
    shown = list(wing["refusals"].items())
    lines = ["", f"{wing['wing']}: {wing['refused']} of {wing['cases']} cases refused"]
    for reason, count in shown[:MOST_REASONS]:
        lines += textwrap.wrap(f"{count:>5}  {reason}", WIDTH, subsequent_indent=" " * 7)
    if len(shown) > MOST_REASONS:
        lines.append(f"       and {len(shown) - MOST_REASONS} more reasons")
    return lines


def worst_rows(wings: Iterable[dict[str, Any]]) -> list[str]:
    """Return the worst rows of each wing, each case once, with why."""
    lines: list[str] = []
    for wing in wings:
        answered = [
            row for row in wing["rows"] if row["error_frac"] is not None and row["use"] != "fit"
        ]
        seen: set[str] = set()
        kept = []
        for row in sorted(answered, key=lambda row: -abs(row["error_frac"])):
            if row["case_id"] not in seen and abs(row["error_frac"]) > 0.0:
                seen.add(row["case_id"])
                kept.append(row)
        if kept:
            lines += ["", f"{wing['wing']}: the worst rows"]
            lines += rows_lines(kept[:WORST])
    return lines


def every_row(wings: Iterable[dict[str, Any]]) -> list[str]:
    """Return every row of every wing."""
    lines: list[str] = []
    for wing in wings:
        lines += ["", f"{wing['wing']}: every row"]
        lines += rows_lines(wing["rows"])
    return lines


def rows_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return rows, each reason for a miss or refusal below those it explains."""
    lines: list[str] = []
    for index, row in enumerate(rows):
        lines.append(row_line(row))
        last = index + 1 == len(rows) or rows[index + 1]["reason"] != row["reason"]
        if row["reason"] and last:
            lines += textwrap.wrap(
                row["reason"], WIDTH, initial_indent=INDENT, subsequent_indent=INDENT
            )
    return lines


def row_line(row: dict[str, Any]) -> str:
    """Return one row."""
    if row["error_frac"] is None:
        return f"  refused   {row['case_id']}  {row['quantity']}"
    marks = " (in-sample)" if row["use"] == "fit" else ""
    if row["assumed"]:
        marks += f" (assumed: {', '.join(row['assumed'])})"
    error = percent(row["error_frac"], signed=True)
    told = f"{row['quantity']}: {row['modelled']:.4g}, measured {row['measured']:.4g}"
    return f"  {error:>8}  {row['case_id']}  {told}{marks}"
