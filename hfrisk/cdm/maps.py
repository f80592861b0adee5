"""Site maps: lists that the site owns, read and checked before the data is opened, and joined inside the engine.

No message repeats a cell of a map: a file that was named by mistake may hold anything.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import ibis.expr.types as ir

from hfrisk.cdm.settings import SiteMaps
from hfrisk.cdm.small_areas import BETWEEN_AREAS, BETWEEN_KEYS, INLINE, Area, area_of
from hfrisk.cdm.units import plain_unit
from hfrisk.codelists import read_csv, read_yaml
from hfrisk.errors import StudyError
from hfrisk.fingerprints import text_fingerprint

if TYPE_CHECKING:
    from hfrisk.cdm.source import Cdm

__all__ = [
    "NOT_AN_ANALYTE",
    "AnalyteRow",
    "Line",
    "Maps",
    "load_maps",
    "looked_up",
    "matched",
    "trusts",
    "unit_concept",
]

NOT_AN_ANALYTE = "none"
"""What a map of analytes says of a test that stands under a concept by mistake."""


@dataclass(frozen=True)
class AnalyteRow:
    """One line of a map of analytes: `concept` and `unit` are None where the line leaves them open."""

    key: str
    concept: int | None
    analyte: str
    unit: int | None


_Value = TypeVar("_Value", str, Area)


@dataclass(frozen=True)
class Maps:
    """The site's maps, each empty where the study names none. Keys are trimmed and in lower case.

    `imd` holds the quintile of every small area; `imd_decile`, `imd_score` and `rural` (1 or 0) those of the areas for which the map
    says them.
    """

    analyte: tuple[AnalyteRow, ...] = ()
    trust: Mapping[str, str] = field(default_factory=dict)
    imd: Mapping[str, int] = field(default_factory=dict)
    imd_release: str = ""
    ethnicity: Mapping[str, str] = field(default_factory=dict)
    imd_decile: Mapping[str, int] = field(default_factory=dict)
    imd_score: Mapping[str, float] = field(default_factory=dict)
    rural: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""


def load_maps(settings: SiteMaps) -> Maps:
    """Read and check every map that the study names.

    Raises
    ------
    StudyError
        If a file is not there, is not such a list, contradicts itself, or holds what does not exist; with its name and line.
    """
    contents: list[str] = []

    def rows(path: Path | None, columns: Sequence[str]) -> Iterator[Line]:
        if path is None:
            return
        text = _text(path)
        contents.append(text)
        yield from _lines(path, text, columns)

    analyte = _analytes(list(rows(settings.analyte, ("source_value", "analyte"))))
    trust = _one_each(rows(settings.trust, ("source_value", "trust")), lambda line: line.filled("trust"))
    small_areas = _one_each(rows(settings.imd, ("source_value",)), area_of)
    ethnicity = _one_each(rows(settings.ethnicity, ("source_value", "category")), _category)
    release = settings.imd_release or ""
    given = [str(path is not None) for path in (settings.analyte, settings.trust, settings.imd, settings.ethnicity)]
    fingerprint = text_fingerprint([*given, release, *contents]) if contents else ""
    return Maps(
        analyte=analyte,
        trust=trust,
        imd={key: area.quintile for key, area in small_areas.items()},
        imd_release=release,
        ethnicity=ethnicity,
        imd_decile={key: area.decile for key, area in small_areas.items() if area.decile is not None},
        imd_score={key: area.score for key, area in small_areas.items() if area.score is not None},
        rural={key: area.rural for key, area in small_areas.items() if area.rural is not None},
        fingerprint=fingerprint,
    )


def matched(value: ir.StringValue) -> ir.StringValue:
    """A source value as the keys of the maps are written."""
    return value.strip().lower()


def looked_up(cdm: Cdm, pairs: Mapping[str, str | int]) -> ir.Table:
    """The pairs as a table with the columns ``key`` and ``value``, to be joined.

    Thousands of small areas are written as one text for each value and taken apart in the engine: a literal table of that length
    takes some engines minutes to parse.
    """
    kind = "int64" if pairs and all(isinstance(value, int) for value in pairs.values()) else "string"
    if len(pairs) <= INLINE:
        return cdm.values(
            [{"key": key, "value": value} for key, value in pairs.items()], {"key": "string", "value": kind}
        )
    keys: dict[str | int, list[str]] = {}
    for key, value in pairs.items():
        keys.setdefault(value, []).append(key)
    packed = cdm.values(
        [{"keys": BETWEEN_KEYS.join(listed), "value": value} for value, listed in keys.items()],
        {"keys": "string", "value": kind},
    )
    return packed.select(key=packed["keys"].split(BETWEEN_KEYS).unnest(), value=packed.value)


def trusts(cdm: Cdm) -> ir.Table:
    """The trust of each care site that the site's map knows: `care_site_id`, `trust`; by source value, else by name."""
    pairs = looked_up(cdm, cdm.maps.trust)
    sites = cdm.table("care_site")
    sites = sites.select(
        "care_site_id", by_value=matched(sites.care_site_source_value), by_name=matched(sites.care_site_name)
    )
    first = sites.left_join(pairs, sites.by_value == pairs.key).select("care_site_id", "by_name", told=pairs.value)
    again = pairs.view()
    second = first.left_join(again, first.by_name == again.key)
    second = second.select("care_site_id", trust=second.told.fill_null(second.value)).filter(
        lambda t: t.trust.notnull()
    )
    return second.group_by("care_site_id").aggregate(trust=second.trust.min())


def unit_concept(text: str) -> int | None:
    """The OMOP concept of a unit as it is written, or None."""
    plain = plain_unit(text)
    for concept, spellings in read_yaml("units.yaml").items():
        if plain in spellings:
            return int(concept)
    return None


@dataclass(frozen=True)
class Line:
    """One line of a map below its header: the cells by the name of the column."""

    file: str
    number: int
    cells: Mapping[str, str]

    def wrong(self, what: str, todo: str) -> StudyError:
        """An error that names the file and the line."""
        return StudyError(what, where=f"{self.file}, line {self.number}", todo=todo)

    def filled(self, column: str) -> str:
        """The cell, which must not be empty."""
        text = self.cells.get(column, "")
        if not text:
            raise self.wrong(f"The column {column} is empty.", "Fill it, or delete the line.")
        return text

    def key(self) -> str:
        """The source value, as maps are keyed."""
        text = self.filled("source_value")
        for character in (BETWEEN_KEYS, BETWEEN_AREAS):
            if character in text:
                raise self.wrong(f"A source value holds the character {character}.", "It cannot be in a map.")
        return text.lower()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(
            f"There is no map {path}.", where="source.maps", todo="A relative path counts from the study file."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise StudyError(
            "The map cannot be read.", where=path.name, todo="Save it as CSV in UTF-8 (in a spreadsheet: CSV UTF-8)."
        ) from None


def _lines(path: Path, text: str, columns: Sequence[str]) -> Iterator[Line]:
    """The lines below the header; lines that begin with ``#`` are comments. The names of the columns come in any case."""
    header: list[str] = []
    found = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip(" ,;\t") or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if not header:
            header = [cell.lower() for cell in cells]
            if "source_value" not in header and "lsoa" in header:
                header[header.index("lsoa")] = "source_value"
            _check_header(path, number, header, columns)
            continue
        if len(cells) != len(header):
            raise StudyError(
                f"The line has {len(cells)} cells where {len(header)} belong.",
                where=f"{path.name}, line {number}",
                todo="Put a text that holds a comma between double quotes.",
            )
        found = True
        yield Line(path.name, number, dict(zip(header, cells, strict=True)))
    if not found:
        raise StudyError(
            "The map is empty.", where=path.name, todo=f"It needs the columns {', '.join(columns)}, and lines."
        )


def _check_header(path: Path, number: int, header: Sequence[str], columns: Sequence[str]) -> None:
    lacking = [name for name in columns if name not in header]
    if lacking:
        raise StudyError(
            f"The column {lacking[0]} is missing from the first line of the map.",
            where=f"{path.name}, line {number}",
            todo=f"The first line names the columns, with commas between: {', '.join(columns)}.",
        )
    if len(set(header)) != len(header):
        raise StudyError("A column is there twice.", where=f"{path.name}, line {number}", todo="Keep one of them.")


def _one_each(lines: Iterator[Line], value_of: Callable[[Line], _Value]) -> dict[str, _Value]:
    """The value of each source value; one that is there twice must say the same."""
    found: dict[str, _Value] = {}
    first: dict[str, int] = {}
    for line in lines:
        key, value = line.key(), value_of(line)
        if found.setdefault(key, value) != value:
            raise line.wrong(
                f"The same source value has another meaning in line {first[key]}.", "Keep one of the two lines."
            )
        first.setdefault(key, line.number)
    return found


def _analytes(lines: Sequence[Line]) -> tuple[AnalyteRow, ...]:
    known = [*read_yaml("measurements.yaml"), NOT_AN_ANALYTE]
    found: dict[tuple[str, int | None], tuple[AnalyteRow, int]] = {}
    for line in lines:
        analyte = line.filled("analyte").lower()
        if analyte not in known:
            near = difflib.get_close_matches(analyte, known, n=1, cutoff=0.5)
            raise line.wrong(
                "The line names an analyte that hfrisk does not know.",
                (f"Did you mean {near[0]}? " if near else "") + f"Known: {', '.join(known)}.",
            )
        row = AnalyteRow(line.key(), _concept(line), analyte, _unit(line))
        other, number = found.setdefault((row.key, row.concept), (row, line.number))
        if other != row:
            raise line.wrong(
                f"The same source value has another meaning in line {number}.", "Keep one of the two lines."
            )
    return tuple(row for row, _ in found.values())


def _concept(line: Line) -> int | None:
    text = line.cells.get("concept", "")
    if not text:
        return None
    if not text.lstrip("-").isdigit():
        raise line.wrong("The concept is not a whole number.", "Give a measurement_concept_id, or leave it empty.")
    return int(text)


def _unit(line: Line) -> int | None:
    text = line.cells.get("unit", "")
    if not text:
        return None
    concept = int(text) if text.isdigit() else unit_concept(text)
    if concept is None:
        spellings = [spelling for listed in read_yaml("units.yaml").values() for spelling in listed]
        raise line.wrong(
            "The unit is not one that hfrisk knows.",
            f"Give its concept id, or one of {', '.join(spellings)}; or leave it empty.",
        )
    return concept


def _category(line: Line) -> str:
    known = {row["code"] for row in read_csv("ethnicity.csv")}
    category = line.filled("category").upper()
    if category not in known:
        raise line.wrong(
            "The category is not one of the NHS Data Dictionary.",
            f"Known: {', '.join(sorted(known))} (Z not stated, 99 not known).",
        )
    return category
