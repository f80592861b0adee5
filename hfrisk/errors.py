"""The errors that a user can meet. Each says what went wrong, where, and what to do about it.

No message ever carries a value read from the data: it names tables, columns, files and settings.
"""

from __future__ import annotations

__all__ = ["DataError", "HfriskError", "StudyError"]


class HfriskError(Exception):
    """Something stopped the work. Printed without a traceback; sets the exit code.

    Parameters
    ----------
    what
        What went wrong, in one sentence.
    where
        The file, setting, table or column that it is about.
    todo
        What the reader can do next.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.todo:
            lines.append(f"  what to do: {self.todo}")
        return "\n".join(lines)


class StudyError(HfriskError):
    """The study file, or a setting given on the command line, cannot be obeyed (exit code 2)."""

    exit_code = 2


class DataError(HfriskError):
    """The data cannot be read, or cannot support what the study asks of it (exit code 3)."""

    exit_code = 3
