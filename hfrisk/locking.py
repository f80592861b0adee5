"""One at a time: a lock that the operating system lets go of when its holder dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet

__all__ = ["locked"]

_PAUSE = 0.1


@contextmanager
def locked(path: Path, progress: Quiet, *, what: str, patience: float = 3600) -> Iterator[None]:
    """Hold the lock file `path`; wait while another process holds it.

    Parameters
    ----------
    path
        The lock file, made when absent and left in place (removing it would let two in).
    progress
        Is told once when there is somebody to wait for.
    what
        What the other is doing, such as "Another run is publishing to the same models folder".
    patience
        Seconds to wait.

    Raises
    ------
    StudyError
        When the other process still holds it after `patience` seconds.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        started = time.monotonic()
        told = False
        while not _taken(handle):
            if time.monotonic() - started > patience:
                raise StudyError(
                    f"{what}, and has not finished.",
                    where=str(path.parent),
                    todo="Wait for it to end, or give this study an output folder of its own; then run again.",
                )
            if not told:
                progress.say(f"{what}; waiting for it.")
                told = True
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            _let_go(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _taken(handle: int) -> bool:
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _let_go(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _taken(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _let_go(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
