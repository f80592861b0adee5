"""The comparison as one page that opens anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.reporting import words
from hfrisk.reporting.comparing.differences import NEAR, Comparison, Row, Run, Told, model_of
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table
from hfrisk.reporting.figures.comparison import draw_two_curves
from hfrisk.reporting.naming import MEASURES, group_name, level_name, model_name
from hfrisk.reporting.templates_of import environment

__all__ = ["comparison_page", "finding"]

_QUESTIONS = {"outcome_words": "the outcome", "window": "the window of days", "risk": "whether a death counts"}


def comparison_page(comparison: Comparison, dots_per_inch: int = 144) -> str:
    """The page: style and figures inside, no script, nothing fetched.

    Parameters
    ----------
    comparison
        What differs.
    dots_per_inch
        Resolution of the figure.
    """
    blocks = [chapter for chapter in _chapters(comparison, dots_per_inch) if chapter.blocks]
    template = environment().get_template("comparison.html")
    return template.render(
        title=f"{comparison.a.name} and {comparison.b.name}",
        finding=finding(comparison),
        sentences=_sentences(comparison),
        runs=[(letter, *_identity(run)) for letter, run in (("A", comparison.a), ("B", comparison.b))],
        chapters=blocks,
        made_up=any(run.study.get("made_up") for run in (comparison.a, comparison.b)),
    )


def finding(comparison: Comparison) -> str:
    """The heading: what the comparison comes to."""
    if comparison.identical:
        return "No difference"
    told = [t for t in comparison.estimates if not t.model and t.group == "all" and t.measure in ("auroc", "oe_ratio")]
    apart = [t.measure for t in told if t.apart]
    if not comparison.split:
        return "Two descriptions" if not _makes_model(comparison) else "No measure that both have"
    if not apart:
        return "No clear difference in ranking or in percentages"
    both = {"auroc": "in how well they rank people", "oe_ratio": "in how true their percentages are"}
    return f"They differ {words.listed(both[m] for m in apart)}"


def _makes_model(comparison: Comparison) -> bool:
    return any(run.metrics["performance"] for run in (comparison.a, comparison.b))


def _identity(run: Run) -> tuple[str, str, str]:
    study, cohort = run.study, run.metrics["cohort"]
    n = cohort.get("index_discharges")
    size = f"{words.count(n)} discharges" if words.known(n) else f"discharges {words.SUPPRESSED}"
    facts = [
        str(study.get("environment") or ""),
        f"{words.month(cohort['period_from'])} to {words.month(cohort['period_to'])}",
        size,
        str(study.get("outcome_words") or ""),
    ]
    return run.name, str(study.get("title") or ""), "; ".join(f for f in facts if f)


def _sentences(comparison: Comparison) -> list[str]:
    if comparison.identical:
        return ["Every released number of the two runs is the same."]
    told = []
    if comparison.questions:
        named = words.listed(_QUESTIONS.get(row.what, row.what) for row in comparison.questions)
        told.append(
            f"**They answer different questions**: {named} is not the same, so their numbers do not measure one thing."
        )
    for t in comparison.estimates:
        if not t.model and t.group == "all" and t.measure in ("auroc", "oe_ratio"):
            told.append(_sentence(t, _judged_where(comparison)))
    versions = {row.what: row for row in comparison.versions}
    if "hfrisk" in versions:
        row = versions["hfrisk"]
        told.append(
            f"They were made by different versions of hfrisk ({row.a} and {row.b}), which may work a measure out in different ways."
        )
    told.append(_people(comparison))
    return told


def _judged_where(comparison: Comparison) -> str:
    """Where both were judged: "later discharges" if both tests are that, "each on its own test" if they are of different kinds."""
    if comparison.split != "test":
        return comparison.split
    kinds = {str(run.study.get("tested", "temporal")) for run in (comparison.a, comparison.b)}
    if len(kinds) > 1:
        return "each on its own test"
    discharges: str = read_yaml("tested.yaml")[kinds.pop()]["discharges"]
    return discharges


def _sentence(told: Told, where: str) -> str:
    a, b = (_with_interval(x, told) for x in (told.a, told.b))
    what = "Ranking (AUROC)" if told.measure == "auroc" else "Observed over expected"
    end = {
        True: "**the intervals are apart**",
        False: "the intervals overlap, so no clear difference is shown",
        None: "whether that is a difference cannot be said",
    }[told.apart]
    return f"{what}, {where}: A {a}, B {b}; {end}."


def _people(comparison: Comparison) -> str:
    if comparison.same_source:
        return (
            "Both read the same data, so that the same people can be in both. Their numbers then go up and down together, and two "
            "intervals that overlap can hide a difference: to set two models against each other on the same people, put both in one study."
        )
    why = (
        "the data that they read differ" if comparison.same_source is False else "one of them does not say what it read"
    )
    return f"Whether the two share people is not known: {why}."


def _chapters(comparison: Comparison, dots_per_inch: int) -> Iterable[Chapter]:
    if comparison.identical:
        return
    shared = {f"net_benefit@{float(run.study.get('threshold', 0.2)):.2f}" for run in (comparison.a, comparison.b)}
    everyone = [
        t
        for t in comparison.estimates
        if t.group == "all" and not t.model and (not t.measure.startswith("net_benefit@") or t.measure in shared)
    ]
    others = [
        t
        for t in comparison.estimates
        if t.group == "all" and t.model and t.measure in ("auroc", "scaled_brier", "oe_ratio")
    ]
    groups = [t for t in comparison.estimates if t.group != "all"]
    yield Chapter(
        "measures",
        "How good they are",
        "No interval of a difference is given: the two were not resampled together.",
        (
            *_curves(comparison, dots_per_inch),
            *_told(everyone, f"The models, {_judged_where(comparison)}", by="measure"),
            *_told(others, "Models and scores that both have", by="model"),
            *_told(groups, "By group", by="group"),
        ),
    )
    yield Chapter(
        "outcomes",
        "How many came back",
        "From the released counts.",
        (*_told(comparison.shares, "By group", by="group"),),
    )
    yield Chapter(
        "cohort",
        "Who was in it",
        "Counts as each run shows them.",
        (*_counts(comparison),),
    )
    yield Chapter(
        "settings", "Settings that differ", "As in the two study files.", (*_words(comparison.settings, "Setting"),)
    )
    yield Chapter(
        "checks",
        "Checks that differ",
        "Checks that are the same in both are not listed.",
        (*_check_table(comparison.checks),),
    )
    yield Chapter(
        "made",
        "How they were made",
        "Versions and seeds that differ.",
        (*_words(comparison.versions, "What"),),
    )


def _curves(comparison: Comparison, dots_per_inch: int) -> Iterable[Exhibit]:
    found = []
    for run in (comparison.a, comparison.b):
        place = (model_of(run), comparison.split, "all")
        rows = [
            row
            for row in run.metrics["tables"].get("calibration_curve", [])
            if (row["model"], row["split"], row["group"]) == place
        ]
        columns = ["predicted", "observed", "lower", "upper"]
        found.append(pd.DataFrame(rows, columns=columns).astype(float).dropna(subset=["predicted", "observed"]))
    if any(curve.empty for curve in found):
        return
    told = [_at(curve) for curve in found]
    sentence = f"A: {told[0]}. B: {told[1]}. On the dotted line what is said and what happened agree."
    yield Exhibit(
        "curves",
        "What each said, and what happened",
        sentence,
        f"Two calibration curves against the line of agreement. {sentence}",
        draw_two_curves(found[0], found[1], dots_per_inch),
    )


def _at(curve: pd.DataFrame) -> str:
    """The curve at its two ends and in the middle."""
    rows = curve.iloc[sorted({0, len(curve) // 2, len(curve) - 1})]
    parts = [
        f"said {words.percent(r['predicted'])}, {words.percent(r['observed'])} happened" for _, r in rows.iterrows()
    ]
    return "; ".join(parts)


def _told(rows: list[Told], caption: str, *, by: str) -> Iterable[Table]:
    if not rows:
        return
    lines: list[tuple[str, ...]] = []
    section = ""
    for told in rows:
        place = (
            group_name(told.group) if by == "group" else words.capital(model_name(told.model)) if by == "model" else ""
        )
        if place and place != section:
            section = place
            lines.append((place,))
        name, _, _ = _measure(told.measure)
        label = level_name(told.group, told.level) if by == "group" else name
        label = f"{label}: {name}" if by == "group" and told.measure != "share" else label
        lines.append(
            (
                label,
                _with_interval(told.a, told),
                _with_interval(told.b, told),
                _gap(told),
                _apart(told),
            )
        )
    head = ("Measure", "A", "B", "B less A", "Intervals")
    yield Table(caption, head, tuple(lines), ("Brackets: 95% interval.",), folded=by == "group" and len(lines) > 30)


def _measure(measure: str) -> tuple[str, int, str]:
    if measure == "share":
        return "Share", 3, ""
    name, _, where = measure.partition("@")
    title, decimals, good = MEASURES.get(name, (name, 3, ""))
    return (f"{title}, {_where(where)}" if where else title), decimals, good


def _where(where: str) -> str:
    if where.startswith("week"):
        return f"{where.removeprefix('week')} a week at each site"
    share = words.percent(float(where.removeprefix("top")))
    return f"{share} at highest risk" if where.startswith("top") else f"threshold {share}"


def _with_interval(values: tuple[float | None, float | None, float | None], told: Told) -> str:
    decimals = _measure(told.measure)[1]
    estimate, lower, upper = values
    if not words.known(estimate):
        return told.note or "not shown"

    def show(value: float) -> str:
        return words.percent(value) if told.measure == "share" else words.estimate(value, decimals, firm=told.firm)

    span = words.interval(lower, upper, show) if words.known(lower) and words.known(upper) else ""
    return show(estimate) + (f" ({span})" if span else "")


def _gap(told: Told) -> str:
    if told.difference is None:
        return "–"
    if told.measure == "share":
        return f"{words.signed(100 * told.difference)} in 100"
    return words.signed(told.difference, _measure(told.measure)[1])


def _apart(told: Told) -> str:
    return {True: "apart", False: "overlap", None: "–"}[told.apart]


def _counts(comparison: Comparison) -> Iterable[Table | Prose]:
    rows = [(row.what, _number(row.a, row), _number(row.b, row), _less(row)) for row in comparison.cohort]
    threshold = max(comparison.a.threshold, comparison.b.threshold)
    note = (
        f"Nearly the same: the two counts differ by fewer than {threshold}, and neither the other nor the difference is shown, since it "
        "could be the number of a few people. Shares that rest on such counts are treated alike."
    )
    notes = (note,) if any(row.note == NEAR for row in comparison.cohort) else ()
    differ = sum(not row.same for row in comparison.cohort)
    yield Prose(
        (f"{words.capital(words.in_words(differ))} of {len(rows)} numbers {'differs' if differ == 1 else 'differ'}.",)
    )
    yield Table("Counts of the two", ("What", "A", "B", "B less A"), tuple(rows), notes)


def _number(value: float | str | None, row: Row) -> str:
    if value is None:
        return row.note or "not there"
    if isinstance(value, str):
        return value
    return words.percent(value, 3) if row.what.startswith("Share") else words.count(value)


def _less(row: Row) -> str:
    if row.note == NEAR:
        return row.note
    if row.difference is None or (isinstance(row.difference, float) and math.isnan(row.difference)):
        return "–"
    if row.difference == 0:
        return "0"
    if row.what.startswith("Share"):
        return f"{words.signed(100 * row.difference)} in 100"
    return ("+" if row.difference > 0 else "\u2212") + words.count(abs(row.difference))


def _words(rows: list[Row], what: str) -> Iterable[Table | Prose]:
    if not rows:
        yield Prose(("There is no difference.",))
        return
    lines = tuple((_breakable(row.what), str(row.a), str(row.b)) for row in rows)
    yield Table(
        f"{len(lines)} {'differs' if len(lines) == 1 else 'differ'}", (what, "A", "B"), lines, left=frozenset({0, 1, 2})
    )


def _breakable(name: str) -> str:
    # a phone breaks the line after a dot
    return name.replace(".", ".\u200b")


def _check_table(rows: list[Row]) -> Iterable[Table | Prose]:
    if not rows:
        yield Prose(("There is no difference.",))
        return
    lines = []
    for row in rows:
        both = row.note != "in one only"
        lines.append(
            (row.what, str(row.a or "not found"), "in both, with other numbers" if both else str(row.b or "not found"))
        )
    yield Table(
        "Checks in one and not in the other, or with other numbers",
        ("Check", "A", "B"),
        tuple(lines),
        left=frozenset({0, 1, 2}),
    )
