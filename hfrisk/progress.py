"""Progress of long work, on standard error: bars on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Progress", "Quiet", "Step"]


class Step:
    """One piece of long work with a known number of parts. `advance` as parts are done."""

    def __init__(self, label: str, total: int) -> None:
        self.label = label
        self.total = total
        self.done = 0

    def advance(self, parts: int = 1, note: str = "") -> None:
        """Say that `parts` more are done; `note` is a few words such as the best value so far."""
        self.done += parts


class Quiet:
    """Says nothing. The default wherever a stage is called from Python."""

    def say(self, message: str) -> None:
        """A line for the reader."""

    @contextmanager
    def step(self, label: str, total: int) -> Iterator[Step]:
        """Work with `total` parts."""
        yield Step(label, total)


class _Lines(Step):
    """Plain lines, at most one every few seconds, for logs and schedulers."""

    def __init__(self, label: str, total: int, every: float = 5.0) -> None:
        super().__init__(label, total)
        self._every = every
        self._last = time.monotonic()

    def advance(self, parts: int = 1, note: str = "") -> None:
        super().advance(parts, note)
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            tail = f" ({note})" if note else ""
            print(f"  {self.label}: {self.done} of {self.total}{tail}", file=sys.stderr, flush=True)


class Progress(Quiet):
    """Speaks to the person at the terminal, or to the log."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()

    def say(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    @contextmanager
    def step(self, label: str, total: int) -> Iterator[Step]:
        if not self._terminal:
            yield _Lines(label, total)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(label, total=total, note="")

            class _Bar(Step):
                def advance(self, parts: int = 1, note: str = "") -> None:
                    super().advance(parts, note)
                    bars.update(task, advance=parts, note=note)

            yield _Bar(label, total)
