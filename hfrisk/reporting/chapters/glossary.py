"""What the terms of the report mean, in plain words."""

from __future__ import annotations

from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Definitions

__all__ = ["glossary"]


def glossary(evidence: Evidence) -> Chapter:
    """The glossary; without the terms about models where there is none."""
    terms = _COMMON if evidence.describes else (*_COMMON, *_OF_A_MODEL, ("Cross-validation", evidence.folds["means"]))
    return Chapter("glossary", "Glossary", "In plain words.", (Definitions(tuple(sorted(terms, key=_alphabetical))),))


def _alphabetical(pair: tuple[str, str]) -> str:
    return pair[0].lower()


_COMMON = (
    (
        "Cumulative incidence",
        "Of everyone who left hospital, the share who had come back by the end of a day. Whoever dies first is counted as having "
        "died, not as someone who might still come back.",
    ),
    (
        "Funnel plot",
        "Each trust's share over its size. The smaller a trust, the further from everyone chance alone may set it; the limits say how far.",
    ),
    ("Index discharge", "The end of a hospital stay with heart failure from which the days are counted."),
    (
        "Interval (95%)",
        "Where the true number plausibly lies. Were the study done many times, 19 in 20 such intervals would hold it.",
    ),
    (
        "At one age and sex, standardised",
        "What the share would be if the group had the ages and sexes of the standard, so that a group is not set apart by its age alone.",
    ),
    (
        "Slope and relative index of inequality",
        "The difference, and the ratio, between the most and the least deprived, along a line through all fifths rather than from the two "
        "ends alone.",
    ),
    (
        "Not computed",
        "Too few people for an honest number, or the data do not hold what it needs; the reason stands beside it.",
    ),
    (
        "Spell",
        "Hospital stays that belong together, from the first admission to the last discharge: a transfer to another hospital does "
        "not end it.",
    ),
    (
        "Standardised difference",
        "How far two lots of people differ in something, in units of how much people differ in it anyway. 0 is no difference; it says "
        "nothing of whether chance could explain it.",
    ),
    ("Suppressed", "Withheld so that nobody can be recognised from a small number."),
)
_OF_A_MODEL = (
    (
        "Area under the curve, AUROC",
        "Of two people, one who had the outcome and one who did not: how often the first was given the higher risk. "
        "50 in 100 is a coin toss.",
    ),
    ("Calibration", "Whether a risk of 20% means that 20 in every 100 such people had the outcome."),
    (
        "Calibration slope",
        "1 when risks are spread as they should be. Below 1, high risks are too high and low ones too low.",
    ),
    (
        "Drawn to the others",
        "A small group's number, moved towards those of the other groups of its kind: the further, the less is known of it. It guards "
        "against taking chance for a finding.",
    ),
    (
        "Excess ICI",
        "By how much the percentages are out on average (ICI), less what they would be out by chance alone among so many people.",
    ),
    (
        "More than chance, p",
        "How often a difference as large would come of dealing the groups out anew among the same people. At 0.05, 1 in 20.",
    ),
    (
        "Contribution",
        "How far one feature moves one person's risk away from the average, on the scale of log-odds. All contributions of a person add up "
        "to that person's risk.",
    ),
    (
        "Log-odds",
        "The scale on which contributions add up. Near a risk of 20%, 0.1 more is about one and a half percentage points more.",
    ),
    (
        "Net benefit",
        "People rightly picked out, less those needlessly picked out, the latter weighed by the threshold.",
    ),
    (
        "Observed over expected, O/E",
        "How many had the outcome for each one predicted. 1 is right; 0.5 is half as many.",
    ),
    (
        "Rank correlation",
        "Whether two values rise together: 1 when the person with more of one always has more of the other, 0 when they have nothing to "
        "do with each other, \u22121 when one falls as the other rises.",
    ),
    (
        "Silent testing",
        "Running the model on today's discharges with nobody shown its numbers, to see whether it goes on working.",
    ),
    (
        "Gap by chance",
        "How far groups would lie apart if people had been dealt to them by lot: exceeded by one deal in twenty.",
    ),
    (
        "Recalibration",
        "Moving risks up or down so that they are true on average again, without changing who is at higher risk than whom.",
    ),
    ("Threshold", "The risk at and above which a person would be flagged for review."),
)
