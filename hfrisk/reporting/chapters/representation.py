"""Whom these data represent: beside the census of the catchment, and by the items of STANDING Together."""

from __future__ import annotations

from collections.abc import Callable

from hfrisk.codelists import read_yaml
from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import EXPECTED_GROUPS, group_name, level_name, people
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["represented"]

_BLANK = "For the authors to write."


def represented(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit | Prose | Table]:
    """The cohort beside its catchment, and what is asked of a data set."""
    return [_beside_census(evidence, settings), _standing_together(evidence)]


def _beside_census(evidence: Evidence, settings: ReportingSettings) -> Exhibit | Prose:
    frame = evidence.released.representation
    if frame.empty:
        return Prose(
            (
                "No census counts of the catchment were given (inequality.census), so nobody can say whom these data leave out.",
            ),
            heading="Whom these data represent",
        )
    tab = Tabulator()
    lines: list[Line] = []
    rows: list[tuple[str, ...]] = []
    last = ""
    for _, row in frame.iterrows():
        ratio = (
            f"{words.figure(row['ratio'])} ({words.figure(row['lower'])} to {words.figure(row['upper'])})"
            if words.known(row["ratio"])
            else tab.cell("", row["ratio"], row)
        )
        if row["group"] != last:
            last = row["group"]
            rows.append((group_name(last),))
        name = level_name(row["group"], row["level"])
        rows.append((name, tab.percent(row, "share"), words.percent(row["census_share"]), ratio))
        lines.append(
            Line(name, row["ratio"], row["lower"], row["upper"], ratio, group_name(row["group"]).split(" (")[0])
        )
    table = tab.table(
        "People of the cohort beside the people of the catchment",
        ("Group", "Of the cohort", "Of the catchment", "Ratio (95% interval)"),
        rows,
        notes=(
            "Each person once; those whose group is not recorded are left out. The catchment's counts are the site's.",
        ),
        folded=True,
    )
    picture = draw_forest(
        "representation",
        lines,
        settings.dots_per_inch,
        reference=1.0,
        axis="Share of the cohort over share of the catchment",
        low_words="fewer than in the catchment",
        high_words="more",
        ratio=True,
    )
    if picture is None:
        return Exhibit("representation", "Representation is not shown", f"It is {why_held(frame)}.", "", None, table)
    within = evidence.released.study.get("settings", {}).get("inequality", {}).get("representation_within", (0.8, 1.25))
    fewer = frame[frame["upper"] < float(within[0])]
    more = frame[frame["lower"] > float(within[1])]
    told = [
        f"{words.listed(people(r['group'], r['level']) for _, r in part.iterrows())} {word}"
        for part, word in ((fewer, "are here less than in the catchment"), (more, "more"))
        if len(part)
    ]
    sentence = (
        f"{words.capital('; '.join(told))}. Heart failure is not spread evenly, so that a ratio other than 1 may be right; it may "
        "also mean people who are not admitted, not diagnosed or not recorded."
        if told
        else f"No group's share is clearly outside {within[0]:g} to {within[1]:g} times that of the catchment."
    )
    title = (
        "Some groups are here less, or more, than in the catchment" if told else "The mix is near that of the catchment"
    )
    alt = "Share of the cohort over share of the catchment: " + "; ".join(
        f"{i.section}, {i.label}: {i.text}" for i in lines
    )
    return Exhibit("representation", title, sentence, f"{alt}.", picture, table)


def _standing_together(evidence: Evidence) -> Table:
    """Each item, answered from the data and the study, or left to the authors."""
    rows: list[tuple[str, ...]] = []
    for part in read_yaml("standing_together.yaml")["parts"]:
        rows.append((str(part["title"]),))
        for item in part["items"]:
            answer = _ANSWERS[item["answer"]](evidence) if item.get("answer") else _BLANK
            rows.append((str(item["words"]), answer))
    return Table(
        "What STANDING Together asks of a data set and of its use",
        ("Asked", "Answer"),
        tuple(rows),
        (
            "After the STANDING Together recommendations (2023), in our words and order; not all 29 are here, and the "
            "authors should read the originals. What software cannot know is left to the authors.",
        ),
        frozenset({0, 1}),
        folded=True,
    )


def _origin(evidence: Evidence) -> str:
    study = evidence.released.study
    place = str(study.get("environment") or "").strip()
    made_up = " The data are made up." if study.get("made_up") else ""
    return (f"{place}, in OMOP form." if place else "In OMOP form; the place is not named.") + (
        f"{made_up} Why they were collected: for the authors to write."
    )


def _period(evidence: Evidence) -> str:
    head = evidence.released.headline
    first, last = head.get("period_from"), head.get("period_to")
    return f"Discharges from {words.month(first)} to {words.month(last)}." if first and last else _BLANK


def _who(evidence: Evidence) -> str:
    return "By the rules of the flow diagram, in its order, with how many each left out; definitions and code lists are in the appendix."


def _groups(evidence: Evidence) -> str:
    rates = evidence.released.inequality_rates
    here = [g for g in dict.fromkeys(rates["group"]) if g not in ("all", "palliative")]
    gone = [group_name(g).split(" (")[0].lower() for g in EXPECTED_GROUPS if g not in here]
    told = f"Recorded: {words.listed(group_name(g).split(' (')[0].lower() for g in here)}."
    lacking = f" Not recorded: {words.listed(gone)}." if gone else ""
    return (
        f"{told}{lacking} Of the other protected characteristics (disability, gender reassignment, religion, sexual orientation ...) "
        "nothing is told here. How people were asked: for the authors to write."
    )


def _numbers(evidence: Evidence) -> str:
    return "In Table 1 and in this chapter; numbers too small to be shown are marked."


def _census(evidence: Evidence) -> str:
    if evidence.released.representation.empty:
        return "Not set beside the catchment: no census counts were given."
    return "Set beside census counts of the catchment, in this chapter."


def _missing(evidence: Evidence) -> str:
    if evidence.released.group_missingness.empty:
        return "Not looked at."
    return "In this chapter, by group. Why it is missing: for the authors to write."


def _quality(evidence: Evidence) -> str:
    checks = evidence.released.checks
    return (
        f"{words.in_words(len(checks)).capitalize()} numbered checks found something to say; they are under data quality."
        if len(checks)
        else "No numbered check found anything to say."
    )


def _prepared(evidence: Evidence) -> str:
    return "In the methods and in the dictionary of features, from the study file."


def _chosen(evidence: Evidence) -> str:
    groups = evidence.released.study.get("settings", {}).get("assessment", {}).get("groups")
    named = f": {words.listed(group_name(str(g)).split(' (')[0].lower() for g in groups)}" if groups else ""
    return f"Named in the study file before any result{named}. Why these: for the authors to write."


def _performance(evidence: Evidence) -> str:
    if evidence.describes:
        return "No risks are worked out here."
    return "Under “For whom is it worse?”, with intervals, and with the groups that are too small to know."


def _inputs(evidence: Evidence) -> str:
    if evidence.describes:
        return "No risks are worked out here."
    frame = evidence.released.dictionary
    if not {"sensitive", "in_model"} <= set(frame.columns):
        return _BLANK
    used = frame[frame["sensitive"].astype(bool) & frame["in_model"].astype(bool)]["words"]
    if used.empty:
        return "No feature of a protected characteristic or of deprivation is used by the model."
    return f"Used by the model: {words.listed(str(w) for w in used)}. Why: for the authors to write."


_ANSWERS: dict[str, Callable[[Evidence], str]] = {
    "origin": _origin,
    "period": _period,
    "who": _who,
    "groups": _groups,
    "numbers": _numbers,
    "census": _census,
    "missing": _missing,
    "quality": _quality,
    "prepared": _prepared,
    "chosen": _chosen,
    "performance": _performance,
    "inputs": _inputs,
}
