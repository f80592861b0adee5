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
from hfrisk.cdm.units import plain_unit
from hfrisk.codelists import read_csv, read_yaml
from hfrisk.errors import StudyError
from hfrisk.fingerprints import text_fingerprint

if TYPE_CHECKING:
    from hfrisk.cdm.source import Cdm

__all__ = ["NOT_AN_ANALYTE", "AnalyteRow", "Maps", "load_maps", "looked_up", "matched", "trusts", "unit_concept"]

NOT_AN_ANALYTE = "none"
"""What a map of analytes says of a test that stands under a concept by mistake."""

_Value = TypeVar("_Value", str, int)
_INLINE = 200
_BETWEEN_KEYS = "¦"


@dataclass(frozen=True)
class AnalyteRow:
    """One line of a map of analytes: `concept` and `unit` are None where the line leaves them open."""

    key: str
    concept: int | None
    analyte: str
    unit: int | None


@dataclass(frozen=True)
class Maps:
    """The site's maps, each empty where the study names none. Keys are trimmed and in lower case."""

    analyte: tuple[AnalyteRow, ...] = ()
    trust: Mapping[str, str] = field(default_factory=dict)
    imd: Mapping[str, int] = field(default_factory=dict)
    imd_release: str = ""
    ethnicity: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""


def load_maps(settings: SiteMaps) -> Maps:
    """Read and check every map that the study names.

    Raises
    ------
    StudyError
        If a file is not there, is not such a list, contradicts itself, or holds what does not exist; with its name and line.
    """
    contents: list[str] = []

    def rows(path: Path | None, columns: Sequence[str]) -> Iterator[_Line]:
        if path is None:
            return
        text = _text(path)
        contents.append(text)
        yield from _lines(path, text, columns)

    analyte = _analytes(list(rows(settings.analyte, ("source_value", "analyte"))))
    trust = _one_each(rows(settings.trust, ("source_value", "trust")), lambda line: line.filled("trust"))
    imd = _one_each(rows(settings.imd, ("source_value",)), _quintile)
    ethnicity = _one_each(rows(settings.ethnicity, ("source_value", "category")), _category)
    release = settings.imd_release or ""
    given = [str(path is not None) for path in (settings.analyte, settings.trust, settings.imd, settings.ethnicity)]
    fingerprint = text_fingerprint([*given, release, *contents]) if contents else ""
    return Maps(analyte, trust, imd, release, ethnicity, fingerprint)


def matched(value: ir.StringValue) -> ir.StringValue:
    """A source value as the keys of the maps are written."""
    return value.strip().lower()


def looked_up(cdm: Cdm, pairs: Mapping[str, str | int]) -> ir.Table:
    """The pairs as a table with the columns ``key`` and ``value``, to be joined.

    Thousands of small areas are written as one text for each value and taken apart in the engine: a literal table of that length
    takes some engines minutes to parse.
    """
    kind = "int64" if pairs and all(isinstance(value, int) for value in pairs.values()) else "string"
    if len(pairs) <= _INLINE:
        return cdm.values(
            [{"key": key, "value": value} for key, value in pairs.items()], {"key": "string", "value": kind}
        )
    keys: dict[str | int, list[str]] = {}
    for key, value in pairs.items():
        keys.setdefault(value, []).append(key)
    packed = cdm.values(
        [{"keys": _BETWEEN_KEYS.join(listed), "value": value} for value, listed in keys.items()],
        {"keys": "string", "value": kind},
    )
    return packed.select(key=packed["keys"].split(_BETWEEN_KEYS).unnest(), value=packed.value)


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
class _Line:
    file: str
    number: int
    cells: Mapping[str, str]

    def wrong(self, what: str, todo: str) -> StudyError:
        return StudyError(what, where=f"{self.file}, line {self.number}", todo=todo)

    def filled(self, column: str) -> str:
        text = self.cells.get(column, "")
        if not text:
            raise self.wrong(f"The column {column} is empty.", "Fill it, or delete the line.")
        return text

    def key(self) -> str:
        text = self.filled("source_value")
        if _BETWEEN_KEYS in text:
            raise self.wrong(f"A source value holds the character {_BETWEEN_KEYS}.", "It cannot be in a map.")
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


def _lines(path: Path, text: str, columns: Sequence[str]) -> Iterator[_Line]:
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
        yield _Line(path.name, number, dict(zip(header, cells, strict=True)))
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


def _one_each(lines: Iterator[_Line], value_of: Callable[[_Line], _Value]) -> dict[str, _Value]:
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


def _analytes(lines: Sequence[_Line]) -> tuple[AnalyteRow, ...]:
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


def _concept(line: _Line) -> int | None:
    text = line.cells.get("concept", "")
    if not text:
        return None
    if not text.lstrip("-").isdigit():
        raise line.wrong("The concept is not a whole number.", "Give a measurement_concept_id, or leave it empty.")
    return int(text)


def _unit(line: _Line) -> int | None:
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


def _quintile(line: _Line) -> int:
    for column, groups in (("imd_quintile", 5), ("imd_decile", 10)):
        if column not in line.cells:
            continue
        text = line.filled(column)
        if not text.isdigit() or not 1 <= int(text) <= groups:
            raise line.wrong(
                f"The {column} is not a whole number from 1 to {groups}.",
                "1 is the most deprived. A column of deciles is called imd_decile.",
            )
        return (int(text) * 5 + groups - 1) // groups
    raise line.wrong("The map has neither imd_quintile nor imd_decile.", "Name the column of the index one of the two.")


def _category(line: _Line) -> str:
    known = {row["code"] for row in read_csv("ethnicity.csv")}
    category = line.filled("category").upper()
    if category not in known:
        raise line.wrong(
            "The category is not one of the NHS Data Dictionary.",
            f"Known: {', '.join(sorted(known))} (Z not stated, 99 not known).",
        )
    return category
