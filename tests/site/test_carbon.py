"""Published training runs from their energy, and water by its units."""

import numpy as np
import pytest

from gigaplan.site.carbon import gas_t, grid_t, water_m3


def test_llama_3_1_from_its_hours() -> None:
    # 39.3 million H100-hours at 700 W; 11,390 t published, 414 g/kWh implied
    energy = np.array([[39.3e6 * 0.7 / 1000.0]])
    assert grid_t(energy, 414.0) == pytest.approx(11390.0, rel=0.002)


def test_bloom_from_its_energy() -> None:
    assert grid_t(np.array([[433.196]]), 57.0) == pytest.approx(24.7, rel=0.002)


def test_gas_by_hand() -> None:
    assert gas_t(np.array([[1000.0]]), 9.3) == pytest.approx(493.458)


def test_a_litre_for_a_kwh_is_a_cubic_metre_for_a_mwh() -> None:
    assert water_m3(np.array([[100.0]]), np.array([[1.8]])) == 180.0
