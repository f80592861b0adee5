"""What the scores have in common: from band tables to points, from points to a total, and how many inputs were there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.features.dictionary import Feature
from hfrisk.features.family import Context, joined, on_grid
from hfrisk.features.scores.facts import ScoreFacts

__all__ = ["Bands", "Inputs", "Made", "Part", "flag", "how_many", "parts_of", "points", "score_entry", "scored"]

_WHEN = "known when the risk is asked for"
Bands = Sequence[tuple[float | None, float]]


def points(value: ir.Value, bands: Bands) -> ir.FloatingValue:
    """The points of a value by a band table; a missing value has missing points.

    Parameters
    ----------
    bands
        ``(from, points)`` in rising order; the first ``from`` is None and means everything lower.
    """
    return _chosen(value, [(begins, ibis.literal(given, "float64")) for begins, given in bands])


def _chosen(value: ir.Value, rising: Sequence[tuple[float | None, ir.Value]]) -> ir.FloatingValue:
    value = value.cast("float64")
    below = zip(rising[1:], rising[:-1], strict=True)
    branches = [(value < begins, given) for (begins, _), (_, given) in below]
    return ibis.cases((value.isnull(), ibis.null("float64")), *branches, else_=rising[-1][1])


def flag(condition: ir.BooleanValue) -> ir.FloatingValue:
    """1 or 0; missing stays missing."""
    return condition.cast("int32").cast("float64")


@dataclass(frozen=True)
class Inputs:
    """What scores are put together from: the index discharges with every feature that was made.

    Attributes
    ----------
    entries
        The dictionary entries of its columns.
    derived
        What stands for a column, or besides the columns, as expressions of the table.
    """

    context: Context
    table: ir.Table
    entries: Mapping[str, Feature]
    derived: Mapping[str, ir.Value] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.derived or name in self.table.columns

    def __getitem__(self, name: str) -> ir.Value:
        return self.derived[name] if name in self.derived else self.table[name]

    def beside(self, table: ir.Table, entries: Iterable[Feature]) -> Inputs:
        """With the columns of a table that has the key."""
        told = {**self.entries, **{entry.name: entry for entry in entries}}
        return replace(self, table=joined(self.table, table), entries=told)

    def with_derived(self, name: str, value: ir.Value, *, like: str = "") -> Inputs:
        """With something worked out from the columns, of which the dictionary says what it says of `like`."""
        told = {**self.entries, name: self.entries[like]} if like in self.entries else self.entries
        return replace(self, derived={**self.derived, name: value}, entries=told)

    def about(self, names: Collection[str]) -> dict[str, Any]:
        """What the dictionary says of something that is put together from these columns."""
        entries = [self.entries[name] for name in names if name in self.entries]
        sources = dict.fromkeys(source for entry in entries for source in entry.sources)
        windows = {entry.window for entry in entries}
        return {
            "sources": tuple(sources),
            "sensitive": any(entry.sensitive for entry in entries),
            "window": windows.pop() if len(windows) == 1 else _WHEN,
        }


@dataclass(frozen=True)
class Part:
    """One addend of a score.

    Attributes
    ----------
    of
        The inputs that it reads.
    bands, tables
        The band table of its input; or the tables of the first input, among which the second one chooses.
    constant
        Points that everybody has, where it reads no input.
    """

    name: str
    words: str
    of: tuple[str, ...] = ()
    bands: Bands = ()
    tables: Sequence[tuple[float | None, Bands]] = ()
    constant: float | None = None

    def points(self, inputs: Inputs) -> ir.FloatingValue | None:
        """The points; None where an input is not in the source at all."""
        if self.constant is not None:
            return ibis.literal(self.constant, "float64")
        if any(name not in inputs for name in self.of):
            return None
        value = inputs[self.of[0]]
        if not self.tables:
            return points(value, self.bands)
        return _chosen(inputs[self.of[1]], [(begins, points(value, bands)) for begins, bands in self.tables])

    @property
    def range(self) -> tuple[float, float]:
        """Fewest and most points."""
        if self.constant is not None:
            return self.constant, self.constant
        bands = [self.bands, *(table for _, table in self.tables)]
        every = [given for table in bands for _, given in table]
        return min(every), max(every)


def parts_of(facts: ScoreFacts, **variants: str) -> list[Part]:
    """The parts of a score as the code list has them; of a part with variants, the one that is named."""
    return [_part(facts, name, data, variants) for name, data in facts.data["parts"].items()]


def _part(facts: ScoreFacts, name: str, data: Mapping[str, Any], variants: Mapping[str, str]) -> Part:
    of = (data["of"], data["by"]) if "by" in data else (data["of"],)
    bands = data["variants"][variants[name]] if "variants" in data else data.get("points", ())
    tables = [(begins, _bands(table)) for begins, table in data.get("tables", ())]
    return Part(name, f"points for {facts.inputs[of[0]]} in the {facts.words}", of, _bands(bands), tables)


def _bands(rows: Sequence[Sequence[Any]]) -> Bands:
    return [(begins, float(given)) for begins, given in rows]


@dataclass(frozen=True)
class Made:
    """The columns of one score, their entries, and the inputs that nobody in this source has (in words)."""

    facts: ScoreFacts
    columns: Mapping[str, ir.Value]
    entries: tuple[Feature, ...]
    absent: tuple[str, ...]

    @property
    def has_total(self) -> bool:
        """Whether anybody can have a total."""
        return self.facts.total in self.columns


def scored(inputs: Inputs, facts: ScoreFacts, parts: Sequence[Part], *, variant: str = "", shown: bool = True) -> Made:
    """A score that adds up points.

    A part is missing exactly where one of its inputs is, whatever the study assumes, so that the parts tell what was observed. The
    total is missing where a part is; with ``features.scores_missing: normal`` a missing input counts with its normal value.

    Parameters
    ----------
    variant
        Which version of the score it is, for its words.
    shown
        Whether its parts become columns; not where another score shows them.
    """
    used = [name for name in facts.inputs if any(name in part.of for part in parts)]
    columns: dict[str, ir.Value] = {}
    entries: list[Feature] = []
    for part in parts:
        mine = part.points(inputs)
        if mine is not None and shown:
            # whole points and their sums lie on the grid
            columns[part.name] = mine
            lower, upper = part.range
            entries.append(
                score_entry(inputs, part.of, part.name, part.words, lower=lower, upper=upper, monotone="none")
            )
    columns[facts.observed], entry = how_many(inputs, facts, used)
    entries.append(entry)
    assumed = _with_normal(inputs, facts)
    addends = [addend for part in parts if (addend := part.points(assumed)) is not None]
    if len(addends) == len(parts):
        total = reduce(add, addends)
        if sum(part.range[1] for part in parts) > facts.highest:
            # LEAST would give the limit where the total is missing
            total = ibis.ifelse(total > facts.highest, facts.highest, total)
        columns[facts.total] = total.cast("float64")
        words = _in_words(inputs, facts, variant)
        lower = sum(part.range[0] for part in parts)
        entries.append(score_entry(inputs, used, facts.total, words, lower=lower, upper=facts.highest))
    return Made(facts, columns, tuple(entries), tuple(facts.inputs[name] for name in used if name not in inputs))


def _with_normal(inputs: Inputs, facts: ScoreFacts) -> Inputs:
    if inputs.context.settings.scores_missing == "missing":
        return inputs
    for name, value in facts.normal.items():
        normal = ibis.literal(value, "float64")
        inputs = inputs.with_derived(name, inputs[name].fill_null(normal) if name in inputs else normal)
    return inputs


def _in_words(inputs: Inputs, facts: ScoreFacts, variant: str) -> str:
    assumed = inputs.context.settings.scores_missing == "normal" and facts.normal
    notes = [variant, "missing tests and facts taken as normal" if assumed else ""]
    said = "; ".join(note for note in notes if note)
    return f"{facts.words} ({said})" if said else facts.words


def how_many(inputs: Inputs, facts: ScoreFacts, used: Sequence[str]) -> tuple[ir.FloatingValue, Feature]:
    """How many of the inputs were observed, and its dictionary entry."""
    there = [inputs[name].notnull().cast("int32") for name in used if name in inputs]
    words = f"number of inputs of the {facts.words} that were observed"
    entry = score_entry(
        inputs, used, facts.observed, words, upper=len(used), unit="count", kind="count", monotone="none"
    )
    return on_grid(reduce(add, there, ibis.literal(0, "int32")), 1), entry


def score_entry(inputs: Inputs, of: Collection[str], name: str, words: str, **more: Any) -> Feature:
    """The dictionary entry of a score, or of a part of one."""
    usual = {"unit": "points", "precision": 1, "lower": 0, "direction": "higher", "monotone": "increasing"}
    told = {**usual, **inputs.about(of), **more}
    return Feature(name, words, family="scores", theme="Clinical scores", role="score", **told)
