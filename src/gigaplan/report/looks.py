"""The looks that all pictures share: colours, axes, lines, and numbers as labels.

Colours are those of the light page; `themed` gives the same figure in another theme.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan.figure import joined
from gigaplan.units import KW_PER_MW, date_text, number_text, over_time, scaled_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure

    from gigaplan.units import Calendar, Series

Spec = dict[str, Any]
"""A trace or a layout as Plotly takes it."""

THEMES = ("light", "dark")
PALETTE: dict[str, tuple[str, str]] = {
    "blue": ("#1c4591", "#3f8edc"),
    "amber": ("#b5760a", "#c79a3a"),
    "teal": ("#26a194", "#2fbfa6"),
    "purple": ("#6f2757", "#c98fd6"),
    "red": ("#a8451c", "#f49a70"),
    "sky": ("#1878ad", "#a6dcf7"),
    "grey": ("#6a7179", "#737b83"),
    "ink": ("#1d2329", "#e7e9eb"),
    "quiet": ("#57606a", "#a3abb3"),
    "rule": ("#e2e4e7", "#2e343a"),
}
"""Name -> colour in each theme; tests hold the first seven apart for colour-blind eyes."""
DATA = ("blue", "amber", "teal", "purple", "red", "sky", "grey")
FAINT, LIGHT, SOFT = "26", "4d", "80"
"""Opacity, as the last two digits of a colour."""
COLOUR_DIGITS = 7
FONT = 'Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif'

LABEL_LETTERS = 20
"""A label left of a row is broken after so many letters, so that a phone keeps room."""
MILLION, BILLION = 1e6, 1e9
CONSOLIDATED = "consolidated"


def template(theme: str = "light") -> Spec:
    """Return the looks that all figures share, as a Plotly template.

    Parameters
    ----------
    theme : str
        "light" or "dark".
    """
    tone = {name: both[THEMES.index(theme)] for name, both in PALETTE.items()}
    axis = {
        "gridcolor": tone["rule"],
        "linecolor": tone["rule"],
        "zerolinecolor": tone["grey"],
        "zerolinewidth": 1,
        "automargin": True,
        "title": {"font": {"size": 12, "color": tone["quiet"]}, "standoff": 8},
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 12.5, "color": tone["quiet"]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [tone[name] for name in DATA],
            "xaxis": {**axis, "showgrid": False, "ticks": "outside", "tickcolor": tone["rule"]},
            "yaxis": {**axis, "rangemode": "tozero"},
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "font": {"color": tone["ink"]},
            },
            "hoverlabel": {"font": {"family": FONT, "size": 12.5}},
            "margin": {"l": 8, "r": 12, "t": 10, "b": 8},
        }
    }


def themed(figure: Figure, theme: str) -> Figure:
    """Return a figure in another theme.

    Parameters
    ----------
    figure : Figure
        As one of the functions below made it.
    theme : str
        "light" or "dark".
    """
    swap = {light: dark if theme == "dark" else light for light, dark in PALETTE.values()}

    def turned(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            known = swap.get(value[:COLOUR_DIGITS])
            return known + value[COLOUR_DIGITS:] if known else value
        if isinstance(value, dict):
            return {key: turned(member) for key, member in value.items() if key != "template"}
        if isinstance(value, list | tuple):
            return [turned(member) for member in value]
        return value

    spec = turned(figure.to_dict())
    spec["layout"]["template"] = template(theme)
    return type(figure)(spec)


def drawn(traces: Sequence[Spec], layout: Spec, title: str, alt: str) -> Figure:
    """Return a figure with the shared looks, its title and its words."""
    import plotly.graph_objects  # noqa: PLC0415  (a quarter of a second that only pictures pay)

    whole = {**layout, "template": template(), "meta": {"title": title, "alt": alt}}
    return plotly.graph_objects.Figure({"data": list(traces), "layout": whole})


def colour(name: str, opacity: str = "") -> str:
    """Return a colour of the light theme, with an opacity where one is given."""
    return PALETTE[name][0] + opacity


def clean(text: str) -> str:
    """Return a name as text that Plotly does not read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def broken(name: str) -> str:
    """Return a label on as many lines as a phone needs."""
    return "<br>".join(clean(line) for line in textwrap.wrap(name, LABEL_LETTERS))


def at(*keys: str) -> str:
    """Return the path of a result, keys with other characters quoted.

    Examples
    --------
    >>> at("money", "chip owner", "npv_usd")
    'money."chip owner".npv_usd'
    """
    path = ""
    for key in keys:
        path = joined(path, key)
    return path


def called(party: str) -> str:
    """Return what a party is called in words."""
    return "all parties" if party == CONSOLIDATED else party


def months(calendar: Calendar) -> list[str]:
    """Return the first day of each month as Plotly reads dates."""
    return [f"{date_text(date)}-01" for date in calendar.dates[:, 0]]


def month_axis(calendar: Calendar, **more: Any) -> Spec:  # noqa: ANN401
    """Return the axis of the months of a plan."""
    ends = [f"{date_text(calendar.start_date + month)}-01" for month in (0, calendar.months)]
    title = {"text": "month"}
    return {"type": "date", "range": ends, "title": title, "hoverformat": "%Y-%m", **more}


def value_axis(title: str, **more: Any) -> Spec:  # noqa: ANN401
    """Return a vertical axis; its title says the unit."""
    return {"title": {"text": title}, "tickformat": ",~g", **more}


def stepped(
    dates: Sequence[str],
    series: Series,
    name: str,
    tone: str,
    said: str,
    *,
    dash: str = "solid",
    filled: bool = False,
) -> Spec:
    """Return a series by month as a line that holds its value.

    Parameters
    ----------
    dates : sequence of str
        First day of each month.
    series : Series
        As drawn (T,) or (T, 1).
    name, tone : str
        For the legend; a colour of the palette.
    said : str
        Plotly's template of the value under the pointer.
    dash : str
        Style of the line.
    filled : bool
        Whether the area beneath is tinted.
    """
    return {
        "type": "scatter",
        "mode": "lines",
        "x": dates,
        "y": series if series.ndim == 1 else series[:, 0],
        "name": name,
        "line": {"color": colour(tone), "dash": dash, "width": 2, "shape": "hv"},
        "fill": "tozeroy" if filled else "none",
        "fillcolor": colour(tone, FAINT),
        "hovertemplate": said,
    }


def scaled(most: float, unit: str) -> tuple[float, str]:
    """Return what to divide by, and the unit, so that digits stay few.

    Parameters
    ----------
    most : float
        Largest magnitude that is drawn.
    unit : str
        "USD" or "MWh".
    """
    steps = {
        "USD": ((BILLION, "BUSD"), (MILLION, "MUSD")),
        "MWh": ((MILLION, "TWh"), (KW_PER_MW, "GWh")),
    }[unit]
    return next(((size, name) for size, name in steps if most >= size), (1.0, unit))


def signed_money(amount: float) -> str:
    """Return money with its sign, to about three figures.

    Examples
    --------
    >>> signed_money(-4.683e6)
    '-4.68 MUSD'
    """
    number, unit = scaled_money(float(f"{amount:.3g}"), "USD")
    sign = "+" if number > 0.0 else ""
    return f"{sign}{number_text(number)} {unit}"


def largest(values: Any) -> float:  # noqa: ANN401
    """Return the largest magnitude that exists, 0 where none does."""
    found = np.abs(np.asarray(values, dtype=np.float64))
    found = found[np.isfinite(found)]
    return float(found.max()) if found.size else 0.0


def total(series: Series) -> float:
    """Return the sum over the months of the one future that is drawn."""
    return float(over_time(series)[0])


def said_number(value: float) -> str:
    """Return a number for people, "none" where there is none."""
    return number_text(value) if np.isfinite(value) else "none"
