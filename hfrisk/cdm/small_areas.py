"""The site's map of small areas: deprivation by fifth, tenth and score, and rurality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from hfrisk.codelists import read_yaml

if TYPE_CHECKING:
    from hfrisk.cdm.maps import Line
    from hfrisk.cdm.source import Cdm

__all__ = ["BETWEEN_AREAS", "BETWEEN_KEYS", "INLINE", "Area", "area_of", "areas"]

INLINE = 200
"""Longer lists are written as text and taken apart in the engine."""
BETWEEN_KEYS = "¦"
BETWEEN_AREAS = "¶"
_AREAS_A_ROW = 1000
_HIGHEST_SCORE = 100


@dataclass(frozen=True)
class Area:
    """What one line of a map of small areas says; None where it has no such column, or an empty cell."""

    quintile: int
    decile: int | None
    score: float | None
    rural: int | None


def areas(cdm: Cdm) -> ir.Table:
    """The small areas of the site's map: `key`, `quintile`, `decile`, `score`, `rural`; NULL where the map does not say.

    Like `looked_up`, but with several values a key, nearly all of them different: whole lines are written as text, a thousand to a
    row, and taken apart in the engine.
    """
    maps = cdm.maps
    rows: list[dict[str, object]] = [
        {
            "key": key,
            "quintile": quintile,
            "decile": maps.imd_decile.get(key),
            "score": maps.imd_score.get(key),
            "rural": maps.rural.get(key),
        }
        for key, quintile in maps.imd.items()
    ]
    if len(rows) <= INLINE:
        types = {"key": "string", "quintile": "int64", "decile": "int64", "score": "float64", "rural": "int64"}
        return cdm.values(rows, types)
    lines = [BETWEEN_KEYS.join("" if cell is None else str(cell) for cell in row.values()) for row in rows]
    packed = cdm.values(
        [
            {"lines": BETWEEN_AREAS.join(lines[first : first + _AREAS_A_ROW])}
            for first in range(0, len(lines), _AREAS_A_ROW)
        ],
        {"lines": "string"},
    )
    apart = packed.select(cells=packed["lines"].split(BETWEEN_AREAS).unnest())
    apart = apart.select(cells=apart.cells.split(BETWEEN_KEYS))
    told = {
        name: apart.cells[place].nullif("").cast(kind)
        for place, (name, kind) in enumerate(
            (("quintile", "int64"), ("decile", "int64"), ("score", "float64"), ("rural", "int64")), start=1
        )
    }
    return apart.select(key=apart.cells[0], **told)


def area_of(line: Line) -> Area:
    """A quintile may be given by its decile; a decile is never made of a quintile."""
    quintile, decile = _group_of(line, "imd_quintile", 5), _group_of(line, "imd_decile", 10)
    if quintile is None and decile is None:
        raise line.wrong(
            "The map has neither imd_quintile nor imd_decile.", "Name the column of the index one of the two."
        )
    of_the_decile = None if decile is None else (decile + 1) // 2
    if quintile is not None and of_the_decile is not None and quintile != of_the_decile:
        raise line.wrong(
            "The imd_decile does not lie in the imd_quintile.",
            "Deciles 1 and 2 are quintile 1, the most deprived. Look which of the two columns is right.",
        )
    return Area(quintile or of_the_decile or 0, decile, _score(line), _rural(line))


def _group_of(line: Line, column: str, groups: int) -> int | None:
    if column not in line.cells:
        return None
    text = line.filled(column)
    if not text.isdigit() or not 1 <= int(text) <= groups:
        raise line.wrong(
            f"The {column} is not a whole number from 1 to {groups}.",
            "1 is the most deprived. A column of deciles is called imd_decile.",
        )
    return int(text)


def _score(line: Line) -> float | None:
    text = line.cells.get("imd_score", "")
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= _HIGHEST_SCORE:
        raise line.wrong(
            f"The imd_score is not a number from 0 to {_HIGHEST_SCORE}.",
            "The score of the index, higher is more deprived; not its rank. Leave the cell empty where it is not known.",
        )
    return score


def _rural(line: Line) -> int | None:
    text = line.cells.get("rurality", "").upper()
    if not text:
        return None
    listed = read_yaml("social.yaml")["rurality"]
    if text in listed["rural"]:
        return 1
    if text in listed["urban"]:
        return 0
    raise line.wrong(
        "The rurality is none that hfrisk knows.",
        f"Known: {', '.join([*listed['urban'], *listed['rural']])}. Leave the cell empty where it is not known.",
    )
