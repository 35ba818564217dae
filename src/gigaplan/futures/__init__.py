"""Futures: draw, run a million, ask what moves a result, where it breaks even, what a unit is worth."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from gigaplan.futures.draw import uncertain
from gigaplan.futures.many import Futures, futures
from gigaplan.futures.why import Breakeven, Mover, breakeven, movers
from gigaplan.futures.worth import Worth, worth

__all__ = ["Breakeven", "Futures", "Mover", "Worth", "breakeven", "futures", "movers", "uncertain", "worth"]


class Room(ModuleType):
    """This package, callable: `gigaplan.futures(plan, 1000)` is the room and its first verb."""

    def __call__(self, *args: Any, **options: Any) -> Futures:  # noqa: ANN401
        """Simulate many futures; see `gigaplan.futures.many.futures`."""
        return futures(*args, **options)


sys.modules[__name__].__class__ = Room
