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
DEPRESSION_C = (0.0, 0.3, 1.0, 2.5, 5.0, 9.0, 14.0, 21.0, 30.0)
ELEVATION_M = (-400.0, 0.0, 650.0, 1700.0, 3000.0)
CLOSE_K = 1e-3
BAND_K = 0.5
"""Widest the two answers lie apart where both hold."""
OVER_WATER_K = 0.2
"""How far above 0 degC our answer may lie in that band."""


class Point(NamedTuple):
    dry_c: float
    dew_c: float
    height_m: float
    pressure_pa: float
    ours_c: float


@pytest.fixture(scope="module", autouse=True)
def _si() -> None:
    psychrolib.SetUnitSystem(psychrolib.SI)


@pytest.fixture(scope="module")
def grid() -> list[Point]:
    points = []
    for dry, depression, height in product(DRY_C, DEPRESSION_C, ELEVATION_M):
        pressure = psychrolib.GetStandardAtmPressure(height)
        ours = wet_bulb_c(np.array([[dry]]), np.array([[dry - depression]]), height)[0, 0]
        points.append(Point(dry, dry - depression, height, pressure, ours))
    return points


def psychrolibs_c(point: Point) -> float:
    dry, dew = float(point.dry_c), float(point.dew_c)
    return float(psychrolib.GetTWetBulbFromTDewPoint(dry, dew, point.pressure_pa))


def near_zero(found: float, point: Point) -> bool:
    """Whether psychrolib answers over ice what we answer over water."""
    return -BAND_K < found <= 0.0 < point.ours_c < OVER_WATER_K


def test_wet_bulb_over_the_grid(grid: list[Point]) -> None:
    assert len(grid) == len(DRY_C) * len(DEPRESSION_C) * len(ELEVATION_M)
    apart = [(abs(found - point.ours_c), found, point) for point in grid if (found := psychrolibs_c(point)) is not None]
    beyond = [(found, point) for gap, found, point in apart if gap > CLOSE_K]
    assert all(near_zero(found, point) for found, point in beyond), beyond
    assert len(beyond) < 0.01 * len(grid)
