"""Models made side by side, in an order that changes no result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hfrisk.progress import Step

__all__ = ["side_by_side"]

Item = TypeVar("Item")
Made = TypeVar("Made")


def side_by_side(make: Callable[[Item], Made], items: Iterable[Item], threads: int, step: Step) -> list[Made]:
    """`make` of each item, in the order of the items, `threads` at a time; `step` is told of each."""
    made = []
    with ThreadPoolExecutor(threads) as pool:
        for result in pool.map(make, items):
            made.append(result)
            step.advance(1)
    return made
