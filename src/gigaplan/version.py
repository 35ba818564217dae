"""Versions and processor features that a result is reproducible for, to the bit."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import gigaplan

RESTS_ON = ("numpy", "scipy", "numba", "pyyaml", "pint", "pyarrow", "plotly")
LEVELS = {
    "x86-64-v4": ("AVX512F", "AVX512BW", "AVX512DQ", "AVX512VL"),
    "x86-64-v3": ("AVX2", "FMA3"),
}
"""Level of the processor -> features that make it, most first."""


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
    from numpy._core._multiarray_umath import __cpu_features__ as found  # noqa: PLC0415, PLC2701

    for level, wanted in LEVELS.items():
        if all(found.get(feature, False) for feature in wanted):
            return level
    return "baseline"
