"""Draw futures, run a million, ask what moves and breaks a result."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from gigaplan.futures.draw import uncertain
from gigaplan.futures.many import Futures, futures
from gigaplan.futures.why import Breakeven, Mover, breakeven, movers
from gigaplan.futures.worth import Worth, worth

__all__ = [
    "Breakeven",
    "Futures",
    "Mover",
    "Worth",
    "breakeven",
    "futures",
    "movers",
    "uncertain",
    "worth",
]


class Room(ModuleType):
    """The package made callable: `gigaplan.futures(plan, 1000)`."""

    def __call__(self, *args: Any, **options: Any) -> Futures:  # noqa: ANN401
        """Simulate many futures; see `gigaplan.futures.many.futures`."""
        return futures(*args, **options)


sys.modules[__name__].__class__ = Room
