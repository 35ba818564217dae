"""Colours, labels and axes that all pictures share."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gigaplan.report import looks
from gigaplan.units import Calendar

PAPER = {"light": "#ffffff", "dark": "#15181c"}
# Machado, Oliveira and Fernandes (2009), severity 1: what a dichromat sees, in linear RGB.
SEEN = {
    "all": np.eye(3),
    "deuteranope": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    ),
    "protanope": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritanope": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.3039],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    whole = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(whole <= 0.04045, whole / 12.92, ((whole + 0.055) / 1.055) ** 2.4)


def oklab(light: np.ndarray) -> np.ndarray:
    first = np.array(
        [[0.41222, 0.53633, 0.05145], [0.2119, 0.6807, 0.1074], [0.0883, 0.28172, 0.62998]]
    )
    then = np.array(
        [[0.21045, 0.79362, -0.00407], [1.978, -2.42859, 0.45059], [0.0259, 0.78277, -0.80868]]
    )
    return np.asarray(then @ np.cbrt(np.clip(first @ light, 0, None)))


def contrast(one: str, other: str) -> float:
    weights = [0.2126, 0.7152, 0.0722]
    low, high = sorted(float(linear(colour) @ weights) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", looks.THEMES)
@pytest.mark.parametrize("eye", SEEN)
def test_colours_stay_apart_for_every_eye(theme: str, eye: str) -> None:
    tones = [looks.PALETTE[name][looks.THEMES.index(theme)] for name in looks.DATA]
    seen = [oklab(np.clip(SEEN[eye] @ linear(tone), 0, 1)) for tone in tones]
    near = min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))
    assert near >= (0.08 if theme == "light" else 0.048)


@pytest.mark.parametrize("theme", looks.THEMES)
def test_colours_stand_out_from_the_paper(theme: str) -> None:
    both = {name: tones[looks.THEMES.index(theme)] for name, tones in looks.PALETTE.items()}
    assert all(contrast(both[name], PAPER[theme]) >= 3.0 for name in looks.DATA)
    assert all(contrast(both[name], PAPER[theme]) >= 4.5 for name in ("ink", "quiet"))


def test_a_theme_changes_every_colour_and_nothing_else() -> None:
    trace = {"type": "bar", "y": [1.0], "marker": {"color": looks.colour("teal", looks.FAINT)}}
    figure = looks.drawn([trace], {"height": 200}, "title", "#1c4591 said")
    dark = looks.themed(figure, "dark")
    assert dark.data[0].marker.color == looks.PALETTE["teal"][1] + looks.FAINT
    assert dark.layout.template.layout.font.color == looks.PALETTE["quiet"][1]
    assert looks.themed(figure, "light").to_dict() == figure.to_dict()
    assert list(dark.data[0].y) == [1.0]


def test_numbers_get_the_unit_that_leaves_few_digits() -> None:
    assert looks.scaled(2.5e9, "USD") == (1e9, "BUSD")
    assert looks.scaled(900.0, "USD") == (1.0, "USD")
    assert looks.scaled(4e7, "MWh") == (1e6, "TWh")
    assert looks.signed_money(860_050.0) == "+860,000 USD"
    assert looks.signed_money(0.0) == "0 USD"
    assert looks.said_number(float("nan")) == "none"
    assert looks.largest(np.array([np.nan, -3.0, 2.0])) == 3.0
    assert looks.largest(np.array([np.nan])) == 0.0


def test_labels_break_for_a_phone_and_are_no_markup() -> None:
    assert looks.broken("five points of utilisation") == "five points of<br>utilisation"
    assert looks.broken("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"


def test_the_month_axis_spans_the_plan() -> None:
    axis = looks.month_axis(Calendar(312.0, 14))
    assert axis["range"] == ["2026-01-01", "2027-03-01"]
    assert looks.months(Calendar(322.0, 3)) == ["2026-11-01", "2026-12-01", "2027-01-01"]
