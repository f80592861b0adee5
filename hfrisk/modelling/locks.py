"""Advisory locks of PostgreSQL, by the search and a number within it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

__all__ = ["GATE", "free", "hold", "holding", "let_go"]

GATE = 0
"""The lock of a search under which its trials are counted; others are those of trials, from 1."""


@contextmanager
def holding(session: Connection, key: int, number: int) -> Iterator[None]:
    """Hold a lock for a while."""
    hold(session, key, number)
    try:
        yield
    finally:
        let_go(session, key, number)


def hold(session: Connection, key: int, number: int) -> None:
    """Wait for a lock, and take it."""
    session.execute(text("SELECT pg_advisory_lock(:key, :number)"), {"key": key, "number": number})


def free(session: Connection, key: int, number: int) -> bool:
    """Whether nobody held a lock, which is then taken."""
    return bool(
        session.execute(text("SELECT pg_try_advisory_lock(:key, :number)"), {"key": key, "number": number}).scalar()
    )


def let_go(session: Connection, key: int, number: int) -> None:
    """Give a lock back."""
    session.execute(text("SELECT pg_advisory_unlock(:key, :number)"), {"key": key, "number": number})
