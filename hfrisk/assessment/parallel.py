"""Pieces of work side by side in threads, each with single-threaded linear algebra."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

__all__ = ["side_by_side"]


@contextmanager
def side_by_side(threads: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of `threads`; matrix products inside use one thread, so that sums keep one order however many there are."""
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        yield pool
