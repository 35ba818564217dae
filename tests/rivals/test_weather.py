"""Wet bulb against psychrolib: over a grid, to the thousandth of a kelvin that psychrolib claims.

psychrolib halves an interval until it is 0.001 K wide, so its own answer is up to 0.0005 K off. Its
equation for the humidity at a wet bulb has no such limit: our wet bulb, put into it, must give back
the humidity that we began with.

At 0 degC the definition jumps from ice to water, and in a narrow band of humidity a wet bulb on
either side satisfies it. There psychrolib may take ice and we take water.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from gigaplan.site.weather import humidity_ratio, pressure_pa_ratio, wet_bulb_c

psychrolib = pytest.importorskip("psychrolib", reason="needs uv run --group rivals")
pytestmark = pytest.mark.rivals

Floats = NDArray[np.float64]
DRY_C = np.arange(-40.0, 52.0, 2.3)
DEPRESSION_C = np.array([0.0, 0.3, 1.0, 2.5, 5.0, 9.0, 14.0, 21.0, 30.0])
ELEVATION_M = (-400.0, 0.0, 650.0, 1700.0, 3000.0)
CLOSE_K = 1e-3
BAND_K = 0.7
"""How far apart the two answers may lie where both hold; 0.62 is the most found here."""


class Point(NamedTuple):
    dry_c: float
    dew_c: float
    height_m: float
    pressure_pa: float
    ours_c: float


@pytest.fixture(scope="module", autouse=True)
def _si() -> None:
    psychrolib.SetUnitSystem(psychrolib.SI)


def points_of(dry_c: Floats, depressions_c: Floats, heights_m: tuple[float, ...]) -> list[Point]:
    points = []
    for dry, depression, height in product(dry_c.tolist(), depressions_c.tolist(), heights_m):
        pressure = psychrolib.GetStandardAtmPressure(height)
        dew = dry - depression
        ours = wet_bulb_c(np.array([[dry]]), np.array([[dew]]), height)[0, 0]
        points.append(Point(dry, dew, height, pressure, float(ours)))
    return points


@pytest.fixture(scope="module")
def grid() -> list[Point]:
    return points_of(DRY_C, DEPRESSION_C, ELEVATION_M)


@pytest.fixture(scope="module")
def melting() -> list[Point]:
    """Weather whose wet bulb is within 2 K of freezing."""
    found = points_of(np.arange(0.5, 12.0, 0.7), np.arange(0.0, 30.0, 0.25), (0.0, 1700.0))
    return [point for point in found if abs(point.ours_c) < 2.0]


def psychrolibs_c(point: Point) -> float:
    found = psychrolib.GetTWetBulbFromTDewPoint(point.dry_c, point.dew_c, point.pressure_pa)
    return float(found)


def near_zero(found_c: float, point: Point) -> bool:
    """Whether psychrolib answers over ice what we answer over water."""
    return found_c <= 0.0 < point.ours_c < found_c + BAND_K


def beyond(points: list[Point]) -> list[tuple[float, Point]]:
    """Where the answers differ, with psychrolib's."""
    answers = [(psychrolibs_c(point), point) for point in points]
    return [(found, point) for found, point in answers if abs(found - point.ours_c) > CLOSE_K]


def test_wet_bulb_over_the_grid(grid: list[Point]) -> None:
    assert len(grid) == 1800
    apart = beyond(grid)
    assert all(near_zero(*one) for one in apart), apart
    assert len(apart) < 0.01 * len(grid)


def test_wet_bulb_about_freezing(melting: list[Point]) -> None:
    assert len(melting) > 300
    apart = beyond(melting)
    assert all(near_zero(*one) for one in apart), apart
    assert 0 < len(apart) < 0.1 * len(melting)


@pytest.mark.parametrize("where", ["grid", "melting"])
def test_psychrolib_gives_the_humidity_back(where: str, request: pytest.FixtureRequest) -> None:
    """In the band about 0 degC too: there psychrolib's own equation holds at our answer."""
    points: list[Point] = request.getfixturevalue(where)
    for point in points:
        held = psychrolib.GetHumRatioFromTDewPoint(point.dew_c, point.pressure_pa)
        back = psychrolib.GetHumRatioFromTWetBulb(point.dry_c, point.ours_c, point.pressure_pa)
        assert back == pytest.approx(held, rel=1e-10), point


def test_pressure_and_humidity(grid: list[Point]) -> None:
    for point in grid:
        air = pressure_pa_ratio(point.height_m)
        assert 101_325.0 * air[0] == pytest.approx(point.pressure_pa, rel=1e-13)
        held = psychrolib.GetHumRatioFromTDewPoint(point.dew_c, point.pressure_pa)
        ours = humidity_ratio(np.array([point.dew_c]), air)[0]
        assert ours[0] == pytest.approx(held, rel=1e-12)
