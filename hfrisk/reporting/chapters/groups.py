"""For whom it is worse: whether its percentages are true for each group, and what happens at the threshold."""

from __future__ import annotations

from hfrisk.reporting import words
from hfrisk.reporting.chapters.equity import at_capacity, differences, excess, flagged, small_groups, together
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.inequality import sort_groups
from hfrisk.reporting.naming import group_name, level_name
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.tables import group_estimates_table, threshold_table

__all__ = ["groups"]


def groups(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """Observed over expected by group as a forest, and the group table at the threshold."""
    found = list(evidence.groups("oe_ratio"))
    sorted_ = sort_groups(evidence)
    table = group_estimates_table(
        evidence,
        ("oe_ratio", "auroc", "calibration_slope", "ici_excess", f"net_benefit@{evidence.threshold:.2f}"),
        "Percentages and ranking, by group",
    )
    threshold = threshold_table(evidence)
    lead = (
        "Whether what it says is true for each group, and who would be flagged and who missed. A gap between groups "
        "says where the model, the data or the care differ; it says nothing about the people themselves."
    )
    if not found:
        nothing = Prose(("These data record no groups of people, so nobody can say whether it is worse for some.",))
        return Chapter("groups", "For whom is it worse?", lead, (nothing, threshold))
    lines = [
        Line(
            level_name(g.group, g.level),
            g.estimate,
            g.lower,
            g.upper,
            g.text(),
            group_name(g.group).split(" (")[0],
        )
        for g in found
    ]
    picture = draw_forest(
        "groups",
        lines,
        settings.dots_per_inch,
        reference=1.0,
        axis="Observed over expected",
        low_words="it says too much",
        high_words="it says too little",
        ratio=True,
    )
    alt = "Observed over expected by group: " + "; ".join(f"{i.section}, {i.label}: {i.text}" for i in lines) + "."
    number = len(sorted_.worse)
    title = _title(evidence, number) if picture is not None else "No group is large enough to judge"
    sentence = " ".join([sorted_.summary, *sorted_.worse, *sorted_.unknown]).replace("**", "")
    rest = excess(evidence)
    more = flagged(evidence)
    at_threshold = Prose(
        (
            f"At a risk of {words.percent(evidence.threshold)} or more a person would be flagged. Being flagged more "
            "often can be right, where a group has more need, or wrong: read it beside how many were found and missed.",
            *((more,) if more else ()),
        ),
        heading="At the threshold",
    )
    return Chapter(
        "groups",
        "For whom is it worse?",
        lead,
        (
            Exhibit("groups", title, f"{sentence} {rest}".strip(), alt, picture, table),
            *differences(evidence),
            at_threshold,
            threshold,
            *at_capacity(evidence),
            *small_groups(evidence),
            *together(evidence),
        ),
    )


def _title(evidence: Evidence, findings: int) -> str:
    if findings:
        return f"{'One finding stands' if findings == 1 else f'{findings} findings stand'} out between groups"
    overall = evidence.number("oe_ratio")
    if overall.excludes(1):
        much = "much" if overall.estimate < 1 else "little"
        return f"It says too {much} for everyone, and no group clearly stands out from that"
    return "No group clearly stands out"
