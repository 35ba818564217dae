"""Models, chips and systems of the catalogue, as the tests of the compute wing use them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gigaplan import catalog
from gigaplan.compute.roofline import Chip, System
from gigaplan.compute.serve import ServeLaw
from gigaplan.compute.train import TrainLaw
from gigaplan.compute.workload import Model


def entity(kind: str, name: str, cls: type) -> Any:  # noqa: ANN401  (any dataclass)
    return catalog.load(kind, name, cls).value


@pytest.fixture(scope="session")
def h100() -> Chip:
    chip: Chip = entity("chips", "h100-sxm", Chip)
    return chip


@pytest.fixture(scope="session")
def dgx() -> System:
    system: System = entity("systems", "dgx-h100", System)
    return system


@pytest.fixture(scope="session")
def llama_8b() -> Model:
    model: Model = entity("models", "llama-3.1-8b", Model)
    return model


@pytest.fixture(scope="session")
def llama_70b() -> Model:
    model: Model = entity("models", "llama-3.1-70b", Model)
    return model


@pytest.fixture(scope="session")
def llama_405b() -> Model:
    model: Model = entity("models", "llama-3.1-405b", Model)
    return model


@pytest.fixture(scope="session")
def deepseek() -> Model:
    model: Model = entity("models", "deepseek-v3", Model)
    return model


@pytest.fixture(scope="session")
def train_law() -> TrainLaw:
    law: TrainLaw = entity("train-laws", "train", TrainLaw)
    return law


@pytest.fixture(scope="session")
def serve_law() -> ServeLaw:
    law: ServeLaw = entity("serve-laws", "serve", ServeLaw)
    return law


FUTURES = 7


@pytest.fixture(scope="session")
def uncertain_h100(h100: Chip) -> Chip:
    """An H100 whose every figure that matters differs between futures."""
    draws = np.random.default_rng(5).uniform(0.8, 1.2, size=(6, FUTURES))
    return replace(
        h100,
        dense_tflops={key: peak * draws[0] for key, peak in h100.dense_tflops.items()},
        memory_gb=h100.memory_gb * draws[1],
        memory_bandwidth_gb_per_s=h100.memory_bandwidth_gb_per_s * draws[2],
        scale_up_gb_per_s=h100.scale_up_gb_per_s * draws[3],
        scale_out_gb_per_s=h100.scale_out_gb_per_s * draws[4],
    )


def one_of(chip: Chip, index: int) -> Chip:
    """The chip of one future alone."""
    names = ("memory_gb", "memory_bandwidth_gb_per_s", "scale_up_gb_per_s", "scale_out_gb_per_s")
    alone: dict[str, Any] = {
        name: np.asarray(getattr(chip, name))[index : index + 1] for name in names
    }
    alone["dense_tflops"] = {
        key: np.asarray(peak)[index : index + 1] for key, peak in chip.dense_tflops.items()
    }
    return replace(chip, **alone)


@pytest.fixture(scope="session")
def alone_h100(uncertain_h100: Chip) -> list[Chip]:
    return [one_of(uncertain_h100, index) for index in range(FUTURES)]
