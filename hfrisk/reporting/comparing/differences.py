"""What differs between two runs, from their `metrics.json` and from nothing else.

Disclosure. Both files have passed the gate, each by itself, and whoever holds both can subtract; this comparison must not do it for them
where the answer is a few people. A count that differs by fewer than the threshold (the larger of the two runs') is therefore shown once,
with the words "nearly the same" in place of the other and of the difference, and so is a share that is worked out from such a count; of a
check that is in both with other numbers in it, only that is said. Estimates stand at the figures at which the gate lets them out; those
that are no more than the share of events (the prevalence, the uncertainty of the Brier score) are left to the counts. This holds whatever
the sources, since a source that was refreshed has another fingerprint and most of the same people. It adds nothing to what the two files
give away together: that is for whoever lets the second of them leave to look at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from hfrisk.reporting import words
from hfrisk.reporting.evidence import firm
from hfrisk.reporting.naming import MEASURES

__all__ = ["NEAR", "Comparison", "Row", "Run", "Told", "compare", "judged_on", "model_of"]

_COUNTS = {
    "index_discharges": "Index discharges",
    "persons": "People",
    "events": "With the outcome",
    "readmitted": "Came back",
    "readmitted_for_heart_failure": "Came back for heart failure",
    "died": "Died first",
}
_SHARES = {
    "share_events": ("Share with the outcome", ("events", "index_discharges")),
    "share_died": ("Share who died first", ("died", "index_discharges")),
}
_PLAIN = {
    "sites": ("Hospitals", words.count),
    "period_from": ("First month", words.month),
    "period_to": ("Last month", words.month),
}
_SPLITS = {"development": "learned from", "test": "tried on"}
NEAR = "nearly the same"
"""What stands for a count that differs by a few people."""

_OF_COUNTS = ("prevalence", "brier_uncertainty")
_PREFERRED = ("lightgbm", "stored", "logistic")


@dataclass(frozen=True)
class Run:
    """One of the two: what it is called here, and its `metrics.json`."""

    name: str
    metrics: Mapping[str, Any]

    @property
    def study(self) -> Mapping[str, Any]:
        """What was studied, in words and settings."""
        study: Mapping[str, Any] = self.metrics["study"]
        return study

    @property
    def threshold(self) -> int:
        """Counts below it were withheld."""
        settings = self.study.get("settings") or {}
        return int((settings.get("disclosure") or {}).get("threshold", 10))


@dataclass(frozen=True)
class Row:
    """One number of each run, or one word; None where it is withheld or not there, `note` saying what stands for it."""

    what: str
    a: float | str | None
    b: float | str | None
    difference: float | None = None
    note: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.a == self.b and not self.note


@dataclass(frozen=True)
class Told:
    """One estimate of each run with its interval; `apart` is whether the two intervals leave each other out (None: one is not there).

    `firm` is whether both rest on events enough for more than two figures.
    """

    model: str
    group: str
    level: str
    measure: str
    a: tuple[float | None, float | None, float | None]
    b: tuple[float | None, float | None, float | None]
    difference: float | None
    apart: bool | None
    firm: bool = True
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """What differs.

    Parameters
    ----------
    a, b
        The two runs.
    same_source
        Whether both read the same data; None where one does not say what it read.
    split
        Where both models are judged: ``test`` or ``cross-validation``; empty where there is nothing to judge.
    cohort
        Counts and shares of everyone, and what is left after each rule that both have.
    estimates
        The measures of the two models, everyone's and by group, and of the other models that both have.
    shares
        How many had the outcome, by group, where neither makes a model.
    settings
        Settings of the study files that differ.
    checks
        Checks that differ: their words, in the run that has them.
    versions
        Versions and seeds that differ.
    questions
        In what the two answer different questions; empty if they answer the same.
    identical
        Whether the two files are the same but for the run's name.
    """

    a: Run
    b: Run
    same_source: bool | None
    split: str
    cohort: list[Row]
    estimates: list[Told]
    shares: list[Told]
    settings: list[Row]
    checks: list[Row]
    versions: list[Row]
    questions: list[Row]
    identical: bool

    def as_json(self) -> dict[str, Any]:
        """Everything but the two files themselves, JSON-able."""
        found = {
            name: [asdict(row) for row in getattr(self, name)]
            for name in ("cohort", "estimates", "shares", "settings", "checks", "versions", "questions")
        }
        named = {
            letter: {"name": run.name, "title": run.study.get("title", "")}
            for letter, run in (("a", self.a), ("b", self.b))
        }
        return {**named, "same_source": self.same_source, "identical": self.identical, "split": self.split, **found}


def compare(a: Run, b: Run) -> Comparison:
    """Set two runs side by side.

    Parameters
    ----------
    a, b
        The runs; a difference is `b` less `a`.
    """
    prints = [run.metrics["provenance"].get("source_fingerprint") for run in (a, b)]
    split = judged_on(a, b)
    questions = ("outcome_words", "window", "risk")
    return Comparison(
        a,
        b,
        None if None in prints else prints[0] == prints[1],
        split,
        list(_cohort(a, b)),
        list(_estimates(a, b, split)) if split else [],
        list(_shares(a, b)),
        _differing(_flat(a.study.get("settings") or {}), _flat(b.study.get("settings") or {})),
        list(_checks(a, b)),
        _differing(_versions(a), _versions(b)),
        _differing(*({name: _text(run.study.get(name)) for name in questions} for run in (a, b))),
        a.metrics == b.metrics,
    )


def model_of(run: Run) -> str:
    """The model that a run is about; empty where it makes none."""
    models = list(dict.fromkeys(str(row["model"]) for row in run.metrics["performance"]))
    return next((m for m in (*_PREFERRED, *models) if m in models), "")


def judged_on(a: Run, b: Run) -> str:
    """Later discharges if both have them, else cross-validation if both have that; else nothing."""
    found = []
    for run in (a, b):
        model = model_of(run)
        mine = (row for row in run.metrics["performance"] if row["model"] == model and row["group"] == "all")
        found.append({row["split"] for row in mine})
    return next((split for split in ("test", "cross-validation") if all(split in there for there in found)), "")


def _cohort(a: Run, b: Run) -> Iterator[Row]:
    threshold = max(a.threshold, b.threshold)
    mine, theirs = a.metrics["cohort"], b.metrics["cohort"]
    near: set[str] = set()
    for name, what in _COUNTS.items():
        if name in mine or name in theirs:
            row = _counted(what, mine.get(name), theirs.get(name), threshold)
            near |= {name} if row.note == NEAR else set()
            yield row
    for name, (what, counts) in _SHARES.items():
        yield _measured(what, mine.get(name), theirs.get(name), near=bool(near & set(counts)))
    for name, (what, show) in _PLAIN.items():
        first, last = (_text(None) if run.get(name) is None else show(run[name]) for run in (mine, theirs))
        yield Row(what, first, last)
    for split, where in _SPLITS.items():
        one, two = ((run.get("by_split") or {}).get(split) or {} for run in (mine, theirs))
        if one or two:
            rows = [
                _counted(f"{w}, {where}", one.get(n), two.get(n), threshold)
                for n, w in (("n", "Discharges"), ("events", "With the outcome"))
            ]
            yield from rows
            shared = any(row.note == NEAR for row in rows)
            yield _measured(
                f"Share with the outcome, {where}", one.get("share_events"), two.get("share_events"), near=shared
            )
    boxes = [{row["rule"]: row for row in run.metrics["tables"]["flow"]} for run in (a, b)]
    for rule, row in boxes[0].items():
        if rule in boxes[1]:
            yield _counted(
                f"Admissions after “{row['words']}”", row["admissions"], boxes[1][rule]["admissions"], threshold
            )


def _counted(what: str, a: float | None, b: float | None, threshold: int) -> Row:
    if a is None or b is None:
        return Row(what, a, b, None, words.SUPPRESSED)
    if a != b and abs(b - a) < threshold:
        return Row(what, a, None, None, NEAR)
    return Row(what, a, b, b - a)


def _measured(what: str, a: float | None, b: float | None, *, near: bool) -> Row:
    if a is None or b is None:
        return Row(what, a, b, None, words.SUPPRESSED)
    return Row(what, a, None, None, NEAR) if near else Row(what, a, b, round(b - a, 6))


def _estimates(a: Run, b: Run, split: str) -> Iterator[Told]:
    subjects = (model_of(a), model_of(b))
    found = [_by_place(run, split) for run in (a, b)]
    told = []
    for (model, group, level, measure), row in found[0].items():
        chosen = model == subjects[0]
        other = found[1].get((subjects[1] if chosen else model, group, level, measure))
        if other is None or not _wanted(measure, row, other, everyone=group == "all"):
            continue
        # of the other models only those that both have, and everyone's numbers
        if not chosen and (model in (*subjects, "null") or group != "all"):
            continue
        told.append(_told("" if chosen else model, group, level, measure, row, other))
    order = {measure: place for place, measure in enumerate(MEASURES)}
    groups = {group: place for place, group in enumerate(dict.fromkeys(one.group for one in told))}
    models = {model: place for place, model in enumerate(dict.fromkeys(one.model for one in told))}

    def place(one: Told) -> tuple[int, ...]:
        last = order.get(one.measure.partition("@")[0], len(order))
        return models[one.model], groups[one.group], "@" in one.measure, last if one.group == "all" else 0

    yield from sorted(told, key=place)


def _wanted(measure: str, a: Mapping[str, Any], b: Mapping[str, Any], *, everyone: bool) -> bool:
    if not everyone:
        return measure in ("auroc", "oe_ratio")
    if measure in _OF_COUNTS:
        return False
    # A threshold or a capacity is compared where both show it: their own may differ, and the decision curve has many.
    return "@" not in measure or (a["estimate"] is not None and b["estimate"] is not None)


def _by_place(run: Run, split: str) -> dict[tuple[str, str, str, str], Mapping[str, Any]]:
    rows = [row for row in run.metrics["performance"] if row["split"] == split]
    return {(row["model"], row["group"], row["level"], row["measure"]): row for row in rows}


def _shares(a: Run, b: Run) -> Iterator[Told]:
    threshold = max(a.threshold, b.threshold)
    found = [
        {(row["group"], row["level"]): row for row in run.metrics["tables"]["outcomes"] if row["group"] != "quarter"}
        for run in (a, b)
    ]
    for (group, level), row in found[0].items():
        other = found[1].get((group, level))
        if other is None:
            continue
        told = _told(
            "", group, level, "share", {**row, "estimate": row["share"]}, {**other, "estimate": other["share"]}
        )
        near = any(_counted("", row[c], other[c], threshold).note == NEAR for c in ("n", "events"))
        nothing = (None, None, None)
        yield replace(told, b=nothing, difference=None, apart=None, note=NEAR) if near else told


def _told(model: str, group: str, level: str, measure: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Told:
    one, two = ((row["estimate"], row.get("lower"), row.get("upper")) for row in (a, b))
    difference = None if one[0] is None or two[0] is None else round(two[0] - one[0], 6)
    limits = [float(end) for end in (*one[1:], *two[1:]) if end is not None]
    apart = limits[1] < limits[2] or limits[3] < limits[0] if len(limits) == 4 else None
    sure = firm(a.get("n"), a.get("events")) and firm(b.get("n"), b.get("events"))
    return Told(model, group, level, measure, one, two, difference, apart, sure)


def _checks(a: Run, b: Run) -> Iterator[Row]:
    found = [{(c["code"], _without_numbers(c["finding"])): c for c in run.metrics["checks"]} for run in (a, b)]
    for key in dict.fromkeys([*found[0], *found[1]]):
        one, two = (checks.get(key) for checks in found)
        if one and two:
            if (one["finding"], one["severity"]) != (two["finding"], two["severity"]):
                yield Row(key[0], one["finding"], None, None, "in both, with other numbers")
            continue
        yield Row(key[0], one["finding"] if one else None, two["finding"] if two else None, None, "in one only")


def _without_numbers(text: str) -> str:
    return re.sub(r"fewer than \d+|\d[\d,.]*%?", "#", text)


def _versions(run: Run) -> dict[str, str]:
    given = {k: v for k, v in run.metrics["provenance"].items() if k not in ("study_hash", "source_fingerprint", "log")}
    return _flat(given)


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{above}{name}.")
        else:
            found[f"{above}{name}"] = _text(value)
    return found


def _text(value: object) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "not set"
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> list[Row]:
    names = dict.fromkeys([*a, *b])
    return [
        Row(n, a.get(n, "not set"), b.get(n, "not set")) for n in names if a.get(n, "not set") != b.get(n, "not set")
    ]
