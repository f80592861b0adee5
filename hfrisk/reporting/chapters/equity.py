"""The rest of the chapter on groups: what differs by more than chance, who would be seen, small groups, and groups taken together."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chance import Tested, asked_of, frame_of, shown_p, spoken, whole_sentence
from hfrisk.reporting.evidence import Evidence, Number, reason_of
from hfrisk.reporting.exhibits import Prose, Table, Tabulator
from hfrisk.reporting.naming import CROSS, MEASURES, group_name, people
from hfrisk.reporting.tables import by_group_rows, sectioned

__all__ = ["at_capacity", "differences", "excess", "flagged", "small_groups", "together"]

_NAMED = 5  # a longer list is counted
_Blocks = tuple[Prose | Table, ...]


def _tested_measures(evidence: Evidence) -> dict[str, str]:
    place = f"{evidence.threshold:.2f}"
    return {
        "oe_ratio": "Its percentages (O/E)",
        "auroc": "Its ranking (AUROC)",
        f"selection_rate@{place}": "Flagged",
        f"sensitivity@{place}": f"Flagged, of those who {evidence.came_back}",
        f"false_positive_rate@{place}": f"Flagged, of those who did not {evidence.come_back}",
        f"equalized_odds@{place}": "The last two together",
        f"ppv@{place}": f"{words.capital(evidence.came_back)}, of those flagged",
        f"net_benefit@{place}": "Net benefit",
    }


def differences(evidence: Evidence) -> _Blocks:
    """Whether groups differ by more than chance gives: a sentence, and a table of every test."""
    measures = _tested_measures(evidence)
    found = {name: [*asked_of(evidence, name), *asked_of(evidence, name, crossed=True)] for name in measures}
    groups = list(dict.fromkeys(one.group for row in found.values() for one in row))
    if not groups:
        return ()
    place = f"{evidence.threshold:.2f}"
    told = [
        whole_sentence(evidence, f"selection_rate@{place}", "how many are flagged"),
        whole_sentence(evidence, f"sensitivity@{place}", f"how many are flagged of those who {evidence.came_back}"),
    ]
    tab = Tabulator()
    rows = []
    for group in groups:
        mine = {name: next((one for one in row if one.group == group), None) for name, row in found.items()}
        rows.append((group_name(group), *(_asked(tab, one) for one in mine.values())))
    sentence = " ".join(t for t in told if t).replace("**", "")
    return (
        Prose(
            (
                "Of many groups some look different by chance. So each characteristic is asked once whether its groups differ at all: they "
                "are dealt out anew among the people, again and again, to see how often chance alone gives as large a difference.",
                *((sentence,) if sentence else ()),
            ),
            heading="More than chance?",
        ),
        tab.table(
            "Do the groups differ? The gap between the two that differ most, and p",
            ("By", *measures.values()),
            rows,
            notes=(
                "p: how often chance alone would give a difference as large, allowing for the number of characteristics (Holm); 0.05 or "
                "less is called a difference.",
                "The gaps in fairlearn's words: demographic_parity_difference (flagged), equal_opportunity_difference and "
                "false_positive_rate_difference (flagged, of those who did and who did not), equalized_odds_difference (the two "
                "together).",
                "A gap is between the groups whose number is shown; p is of all that are large enough to be tested.",
            ),
        ),
    )


def _asked(tab: Tabulator, one: Tested | None) -> str:
    if one is None:
        return words.NOT_COMPUTED
    gap = (
        f"{words.figure(one.gap, 3 if one.measure.startswith('net_benefit') else 2)}; " if words.known(one.gap) else ""
    )
    why = {"reason" if one.reason.startswith(words.NOT_COMPUTED) else "suppressed": one.reason}
    return tab.cell(f"{gap}p {shown_p(one.p)}", one.p, why)


def excess(evidence: Evidence) -> str:
    """In which groups its percentages are further out on average than chance would give in 19 of 20; empty where none is known."""
    known = [g for g in evidence.groups("ici_excess") if g.known]
    ici = {(g.group, g.level): g.estimate for g in evidence.groups("ici")}
    most = {(g.group, g.level): g.estimate for g in evidence.groups("ici_expected_95")}
    judged = [g for g in known if {(g.group, g.level)} <= ici.keys() & most.keys()]
    if not judged:
        return ""
    out = [g for g in judged if ici[g.group, g.level] > most[g.group, g.level]]
    large = (
        f"the {len(judged)} groups that are large enough" if len(judged) > 1 else "the one group that is large enough"
    )
    if not out:
        return f"In none of {large} are its percentages further out on average than chance alone would give in 19 of 20 tests."
    worst = max(out, key=lambda g: g.estimate)
    which = f"{'most so for ' if len(out) > 1 else ''}{people(worst.group, worst.level)}"
    return (
        f"In {words.in_words(len(out))} of {large} its percentages are further out on average than chance alone would give in 19 of 20 "
        f"tests: {which}, by {100 * worst.estimate:.1f} percentage points beyond chance. One group in 20 would be so by chance."
    )


def flagged(evidence: Evidence) -> str:
    """Among whom most and fewest are flagged, if how many are differs by more than chance gives."""
    measure = f"selection_rate@{evidence.threshold:.2f}"
    differ = [one.group for one in asked_of(evidence, measure) if one.differs]
    told = []
    for group in differ:
        known = [g for g in evidence.groups(measure) if g.group == group and g.with_interval]
        if len(known) > 1:
            most, fewest = max(known, key=lambda g: g.estimate), min(known, key=lambda g: g.estimate)
            told.append(f"{_hundred(most)}, against {_hundred(fewest)}")
    return f"Of every 100, would be flagged: {'; '.join(told)}." if told else ""


def _hundred(number: Number) -> str:
    span = words.interval(number.lower, number.upper, words.in_hundred)
    return f"{words.in_hundred(number.estimate)} among {people(number.group, number.level)} ({span})"


def at_capacity(evidence: Evidence) -> _Blocks:
    """Who would be seen by a team with room for a share of all: how many of each group, and how many of theirs it would find."""
    frame = frame_of(evidence, "capacity_groups", crossed=False)
    frame = frame[frame["group"] != "all"] if len(frame) else frame
    if frame.empty:
        return ()
    shares = sorted(frame["share"].unique())
    tab = Tabulator()
    rows = []
    for group, level, first in by_group_rows(frame.drop_duplicates(["group", "level"])):
        cells = [tab.count(first, "n")]
        for share in shares:
            for name in ("selection_rate", "sensitivity"):
                number = evidence.number(f"{name}@top{share:g}", group=group, level=level)
                span = words.interval(number.lower, number.upper, words.in_hundred)
                text = f"{words.in_hundred(number.estimate)} ({span})" if number.known else ""
                cells.append(tab.cell(text, number.estimate, _why(number)))
        rows.append((group, level, tuple(cells)))
    head = ["Group", "Discharges"]
    for share in shares:
        room = words.percent(share)
        head += [
            f"With room for {room}: seen, of every 100",
            f"With room for {room}: seen, of every 100 who {evidence.came_back}",
        ]
    widest = f"top{shares[-1]:g}"
    sentence = whole_sentence(evidence, f"selection_rate@{widest}", "how many would be seen").replace("**", "")
    text = (
        "A team that can see a share of all discharges sees those at highest risk, whichever group they are in: one capacity for all. "
        f"{f'At {words.percent(shares[-1])} of all: {sentence[:1].lower()}{sentence[1:]}' if sentence else ''}"
    ).strip()
    return (
        Prose((text,), heading="When a team has room for a share of all"),
        tab.table(
            "Who would be seen, by group",
            head,
            sectioned(rows),
            notes=("Brackets: 95% interval, from resampling people and ranking them anew.",),
        ),
    )


def _why(number: Number) -> dict[str, str]:
    return {"reason" if number.reason.startswith(words.NOT_COMPUTED) else "suppressed": number.reason}


def small_groups(evidence: Evidence) -> _Blocks:
    """Each group's O/E and AUROC beside the same drawn towards the others, and a sentence on the one that is drawn furthest."""
    frame = frame_of(evidence, "shrunk", crossed=False)
    frame = frame[frame["measure"].isin(["oe_ratio", "auroc"])] if len(frame) else frame
    known = frame[frame["shrunken"].notna()] if len(frame) else frame
    if known.empty:
        return ()
    tab = Tabulator()
    rows = []
    for group, level, _ in by_group_rows(frame.drop_duplicates(["group", "level"])):
        mine = frame[(frame["group"] == group) & (frame["level"] == level)]
        cells: list[str] = []
        for measure in ("oe_ratio", "auroc"):
            cells += (
                _beside(evidence, tab, mine[mine["measure"] == measure].iloc[0])
                if (mine["measure"] == measure).any()
                else [words.NOT_COMPUTED] * 2
            )
        rows.append((group, level, tuple(cells)))
    ratios = known[known["measure"] == "oe_ratio"]
    return (
        Prose((_steadied(evidence, ratios),), heading="Small groups, steadied"),
        tab.table(
            "Each group's own number, and the same drawn towards the others",
            ("Group", "O/E", "O/E, drawn to the others", "AUROC", "AUROC, drawn to the others"),
            sectioned(rows),
            notes=(
                "Brackets: 95% interval. Drawn together by a random-effects model (REML) on the log and logit scale, each as far as "
                "little is known of it. Not done with fewer than three of a kind.",
            ),
        ),
    )


def _beside(evidence: Evidence, tab: Tabulator, row: pd.Series) -> list[str]:
    group, level = str(row["group"]), str(row["level"])
    own = evidence.number(str(row["measure"]), group=group, level=level)
    # with no more figures than the number itself is shown with
    behind = {"n": own.n, "events": own.events, "group": group}
    raw = {"estimate": row["raw"], "lower": row["raw_lower"], "upper": row["raw_upper"]}
    drawn = {"estimate": row["shrunken"], "lower": row["lower"], "upper": row["upper"], "reason": row["reason"]}
    return [tab.estimate(pd.Series(numbers | behind)) for numbers in (raw, drawn)]


def _steadied(evidence: Evidence, ratios: pd.DataFrame) -> str:
    why = (
        "The number of a small group swings by chance. Here each is drawn towards the others of its kind: the further, the less is known "
        "of it."
    )
    if ratios.empty:
        return why
    moved = ratios.loc[(ratios["raw"] - ratios["shrunken"]).abs().idxmax()]
    overall = evidence.number("oe_ratio")
    right = overall.estimate if overall.excludes(1) else 1.0
    shown = "1" if right == 1 else f"{words.figure(right, 2)}, that of everyone"
    out = ratios[[words.differs(low, high, right) for low, high in zip(ratios["lower"], ratios["upper"], strict=True)]]
    raw, drawn = (words.figure(float(moved[name]), 2) for name in ("raw", "shrunken"))
    who = people(str(moved["group"]), str(moved["level"]))
    told = f" Furthest moved: {who}, observed over expected from {raw} to {drawn}." if raw != drawn else ""
    if out.empty:
        return f"{why}{told} Drawn so, the interval of every group holds {shown}."
    named = words.listed(people(str(g), str(v)) for g, v in zip(out["group"], out["level"], strict=True))
    named = named if len(out) <= _NAMED else f"{len(out)} of {len(ratios)} groups"
    return f"{why}{told} Drawn so, the interval still leaves out {shown}, for {named}."


def together(evidence: Evidence) -> _Blocks:
    """Groups taken together: estimates without counts, and whether they differ by more than chance gives."""
    ratios = list(evidence.groups("oe_ratio", crossed=True))
    if not ratios:
        return ()
    place = f"{evidence.threshold:.2f}"
    measures = ("oe_ratio", "auroc", f"selection_rate@{place}", f"sensitivity@{place}")
    drawn = frame_of(evidence, "shrunk", crossed=True)
    frame = evidence.rows("performance").set_index(["group", "level", "measure"])
    tab = Tabulator()
    rows = []
    for one in ratios:
        cells = []
        for measure in measures:
            row = frame.loc[(one.group, one.level, measure)]
            # that there are no counts is no reason for a number that was never computed
            row = pd.concat([row, pd.Series({"group": one.group})])
            cells.append(tab.estimate(row.drop("suppressed") if row["reason"] else row))
        cells.insert(1, _drawn_cell(evidence, tab, drawn, one))
        rows.append((one.group, one.level, tuple(cells)))
    asked = [one for one in asked_of(evidence, "oe_ratio", crossed=True) if words.known(one.p)]
    told = [
        f"By {' and '.join(spoken(part) for part in one.group.split(CROSS))} together, the gap between what it says and what happened "
        f"{'varies by more than' if one.differs else 'varies no more than'} chance gives (p {shown_p(one.p)})."
        for one in asked
    ]
    held = sum(1 for one in ratios if not one.known)
    if held:
        are = "is" if held == 1 else "are"
        told.append(
            f"Of these {len(ratios)} groups {words.in_words(held)} {are} too small to show, or would give another away."
        )
    return (
        Prose(
            (
                "Someone may belong to two groups that each fare well and fare badly in both. No counts are shown here: with those of each "
                "group alone they could be worked out.",
                *((" ".join(told),) if told else ()),
            ),
            heading="Groups taken together",
        ),
        tab.table(
            "By two characteristics at once",
            (
                "Group",
                "O/E",
                "O/E, drawn to the others",
                MEASURES["auroc"][0],
                "Flagged, of all",
                f"Flagged, of those who {evidence.came_back}",
            ),
            sectioned(rows),
            notes=("Brackets: 95% interval. Two figures, shares to the nearest hundredth.",),
        ),
    )


def _drawn_cell(evidence: Evidence, tab: Tabulator, drawn: pd.DataFrame, one: Number) -> str:
    if drawn.empty:
        return words.NOT_COMPUTED
    mine = drawn[(drawn["group"] == one.group) & (drawn["level"] == one.level) & (drawn["measure"] == "oe_ratio")]
    if mine.empty:
        return (
            words.SUPPRESSED
            if reason_of({"suppressed": one.reason}).startswith(words.SUPPRESSED)
            else words.NOT_COMPUTED
        )
    return _beside(evidence, tab, mine.iloc[0])[1]
