"""Versions and processor features that a result is reproducible for, to the bit."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

import gigaplan

RESTS_ON = ("numpy", "scipy", "numba", "pyyaml", "pint", "pyarrow", "plotly")
LEVELS = ("X86_V4", "X86_V3", "X86_V2")
"""Levels of vector instructions, as NumPy names them, most first."""


def versions() -> list[str]:
    """Return the lines of `gigaplan --version`."""
    lines = [f"gigaplan {gigaplan.__version__}", f"python {platform.python_version()}"]
    for name in RESTS_ON:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} not installed")
    return [*lines, f"processor {platform.machine()}, {feature_level()}"]


def feature_level() -> str:
    """Return the level of vector instructions that NumPy found."""
    vectors = np.show_config(mode="dicts")["SIMD Extensions"]
    have = {*vectors["baseline"], *vectors["found"]}
    return next((level for level in LEVELS if level in have), "baseline")
