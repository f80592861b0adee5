"""Tables of counts that a site owns: a standard population, and the census of its catchment."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hfrisk.errors import StudyError

__all__ = ["Counted", "read_counts"]

_COUNT = "count"


class Counted(NamedTuple):
    """One line: its cells in the order of the columns that were asked for, and its count."""

    cells: tuple[str, ...]
    people: float


def read_counts(path: Path, columns: Sequence[str], setting: str) -> list[Counted]:
    """The lines of a CSV file with these columns and ``count``; lines that begin with ``#`` carry its source.

    Raises
    ------
    StudyError
        With file and line: no file, a column missing, a cell empty, a count that is no number of people, or a line that is there twice.
    """
    needed = (*columns, _COUNT)
    rows = [(number, line) for number, line in enumerate(_text(path, setting).splitlines(), start=1)]
    rows = [(number, line) for number, line in rows if line.strip(" ,;\t") and not line.startswith("#")]
    if len(rows) < 2:
        raise StudyError("The table is empty.", where=path.name, todo=f"It needs the columns {', '.join(needed)}.")
    header = [cell.strip().lower() for cell in next(csv.reader([rows[0][1]]))]
    lacking = [name for name in needed if name not in header]
    if lacking:
        raise StudyError(
            f"The column {lacking[0]} is missing.",
            where=f"{path.name}, line {rows[0][0]}",
            todo=f"The first line names the columns, with commas between: {', '.join(needed)}.",
        )
    found: dict[tuple[str, ...], Counted] = {}
    for number, line in rows[1:]:
        one = _line(line, header, columns, where=f"{path.name}, line {number}")
        if one.cells in found:
            raise StudyError(
                "The same line is there twice.", where=f"{path.name}, line {number}", todo="Keep one of them."
            )
        found[one.cells] = one
    return list(found.values())


def _line(line: str, header: Sequence[str], columns: Sequence[str], *, where: str) -> Counted:
    cells = [cell.strip() for cell in next(csv.reader([line]))]
    if len(cells) != len(header):
        raise StudyError(
            f"The line has {len(cells)} cells where {len(header)} belong.",
            where=where,
            todo="Put a text that holds a comma between double quotes.",
        )
    by_name = dict(zip(header, cells, strict=True))
    if empty := [name for name in columns if not by_name[name]]:
        raise StudyError(f"The column {empty[0]} is empty.", where=where, todo="Fill it, or delete the line.")
    count = by_name[_COUNT].replace(",", "").replace(" ", "")
    if not count.isdigit():
        raise StudyError("The count is not a whole number of people.", where=where, todo="Write digits only.")
    return Counted(tuple(by_name[name] for name in columns), float(count))


def _text(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(
            f"There is no file {path.name}.", where=setting, todo="A relative path counts from the study file."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise StudyError(
            "The table cannot be read.", where=path.name, todo="Save it as CSV in UTF-8 (in a spreadsheet: CSV UTF-8)."
        ) from None
