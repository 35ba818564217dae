"""gigaplan: plan, simulate, finance and stress-test AI infrastructure.

One plan file goes in; tokens, seconds, megawatts and dollars come out, each traceable to its
source, for one future or for a million.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

# Compiled kernels are kept in the user's cache folder, by version: numba would keep them beside the
# sources, where an upgrade leaves those of the version before, which it then fails to read.
CACHE_FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gigaplan"
os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE_FOLDER / f"kernels-{__version__}"))

FACE = {
    "load": "gigaplan.plan",
    "loads": "gigaplan.plan",
    "prepare": "gigaplan.plan",
    "simulate": "gigaplan.plan",
    "Plan": "gigaplan.plan",
    "Result": "gigaplan.plan",
    "futures": "gigaplan.futures",
    "movers": "gigaplan.futures",
    "breakeven": "gigaplan.futures",
    "worth": "gigaplan.futures",
    "ReadError": "gigaplan.read",
    "PathError": "gigaplan.figure",
    "UnitError": "gigaplan.units",
    "Verdict": "gigaplan.figure",
}
"""Public names and where they live; loaded when first asked for, so that `--help` is quick."""

__all__ = ["__version__", *FACE]  # noqa: PLE0604


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Load a public name from its module."""
    if name not in FACE:
        raise AttributeError(f"gigaplan has no {name!r}")
    room = import_module(FACE[name])
    return room if name == "futures" else getattr(room, name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *FACE])
