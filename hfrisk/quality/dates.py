"""Records out of time: after the end of the data, before birth, after death (HFR047)."""

from __future__ import annotations

from hfrisk.checks import Check
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.survey import TABLES
from hfrisk.quality.words import listed, month_of, month_words

__all__ = ["date_checks"]

_FINDINGS = {
    "future": (
        "Records dated after the end of the data",
        "{tables} are dated after the end of the data, in {end}.",
        "They are not used: nothing that lies after the end of the data is looked at.",
        "Check source.data_end. If it is right, ask how these dates came about: typing errors, planned dates, or 9999 for none.",
    ),
    "unborn": (
        "Records dated before birth",
        "{tables} are dated before the person was born.",
        "Such a date stands for no date (1900-01-01, 1800-01-01), or the record is another person's; either way it is not known when it "
        "was.",
        "Ask which date stands for none in the source, and whether records of mothers and newborn children are mixed.",
    ),
    "late": (
        "Records dated after death",
        "{tables} are dated more than {days} days after the person's death.",
        "Either the death or the record is another person's, or the date of death is wrong: people may count as dead who are alive.",
        "Ask how deaths are linked to people, and whether the date of death is the day of death or of its registration.",
    ),
}


def date_checks(evidence: Evidence) -> list[Check]:
    """HFR047, one check a kind of error, naming its tables."""
    totals, words = evidence.totals, {table.name: table.words for table in TABLES}
    checks = []
    for kind, (title, finding, consequence, todo) in _FINDINGS.items():
        wrong = totals[kind][totals[kind] > 0]
        if wrong.empty:
            continue
        # said as a warning when it is common in any one table
        common = bool((wrong >= evidence.quality.misplaced_dates * totals.loc[wrong.index, "rows"]).any())
        facts: dict[str, str | float | int] = {}
        if kind == "future":
            facts["end"] = month_words(month_of(evidence.cohort.data_end))
        if kind == "late":
            facts["days"] = evidence.quality.after_death_days
        checks.append(
            Check(
                "HFR047",
                "warning" if common else "note",
                title,
                finding.replace("{tables}", listed([f"{{{name}}} {words[name]}" for name in wrong.index])),
                consequence,
                todo,
                counts={str(name): int(count) for name, count in wrong.items()},
                facts=facts,
            )
        )
    return checks
