"""Page one: the verdict, and six questions answered in computed sentences."""

from __future__ import annotations

from dataclasses import dataclass

from hfrisk.reporting import ranking as picking
from hfrisk.reporting import sentences, words
from hfrisk.reporting.chapters.performance import calibration_alt, calibration_title
from hfrisk.reporting.chapters.record import worries
from hfrisk.reporting.chapters.why import themes
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Exhibit
from hfrisk.reporting.figures.calibration import draw_calibration
from hfrisk.reporting.figures.people import draw_hundred
from hfrisk.reporting.inequality import sort_groups
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.tables import calibration_table, capacity_table
from hfrisk.reporting.verdict import Verdict, reach

__all__ = ["Answer", "FrontPage", "front_page"]


@dataclass(frozen=True)
class Answer:
    """One question of page one, answered."""

    key: str
    question: str
    paragraphs: tuple[str, ...]
    items: tuple[str, ...] = ()
    exhibit: Exhibit | None = None


@dataclass(frozen=True)
class FrontPage:
    """What a busy reader reads alone.

    Parameters
    ----------
    title, facts
        The study, and the line under its title.
    made_up
        Whether the people are made up.
    verdict
        What may be done with it.
    identity
        What it is, in a sentence.
    answers
        The other five questions.
    worries
        Checks that did not pass, gravest first.
    """

    title: str
    facts: tuple[str, ...]
    made_up: bool
    verdict: Verdict
    identity: str
    answers: tuple[Answer, ...]
    worries: tuple[dict[str, str], ...]

    def statements(self) -> list[tuple[str, str]]:
        """Where each sentence stands, and the sentence."""
        told = [("verdict", self.verdict.words), *(("verdict", r) for r in self.verdict.reasons)]
        for answer in self.answers:
            told.extend((answer.key, t) for t in (*answer.paragraphs, *answer.items))
        return [(where, text.replace("**", "")) for where, text in told]


def front_page(evidence: Evidence, settings: ReportingSettings) -> FrontPage:
    """Compute page one."""
    study = evidence.released.study
    return FrontPage(
        title=str(study.get("title", "Validation report")),
        facts=_facts(evidence),
        made_up=bool(study.get("made_up", False)),
        verdict=reach(evidence, settings),
        identity=_identity(evidence),
        answers=(
            Answer("who", "Whom was it tried on?", (sentences.who(evidence), sentences.who_learned(evidence))),
            _picks(evidence, settings),
            _percentages(evidence, settings),
            _groups(evidence),
            _drivers(evidence, settings),
        ),
        worries=tuple(worries(evidence.released.checks, ("error", "warning"))),
    )


def _facts(evidence: Evidence) -> tuple[str, ...]:
    study, head = evidence.released.study, evidence.released.headline
    first, last = head.get("period_from"), head.get("period_to")
    period = f"{words.month(first)} to {words.month(last)}" if first and last else ""
    version = str(evidence.released.provenance.get("hfrisk", ""))
    told = (
        str(study.get("environment", "")),
        period,
        *(
            ("No model was learnt",)
            if evidence.compares
            else (f"Made elsewhere: {_made(evidence)}",)
            if evidence.stored
            else (str(study.get("model_name", "")), f"Status: {study.get('status', 'candidate')}")
        ),
        f"hfrisk {version}" if version else "",
    )
    return tuple(t for t in told if t)


def _made(evidence: Evidence) -> str:
    """Which model it is that was made elsewhere."""
    made = evidence.released.provenance.get("stored_model") or {}
    return f"{made.get('version', 'not recorded')}, bundle {str(made.get('bundle', ''))[:12]}"


def _identity(evidence: Evidence) -> str:
    if evidence.stored:
        return (
            "A model that was made elsewhere, or before, tried here as it is: it gives each person with heart failure, on the day they "
            f"leave hospital, {_risk(evidence)}. Nothing was registered. **Research software, not a medical device; not for direct care.**"
        )
    if evidence.compares:
        return (
            "A simple spline model, set beside the clinical scores, that gives each person with heart failure, on the day they leave "
            f"hospital, {_risk(evidence)}. No model was learnt by trees and nothing was registered: “this model” here is the spline "
            "model. **Research, not a medical device; not for direct care.**"
        )
    return (
        f"A model that gives each person with heart failure, on the day they leave hospital, {_risk(evidence)}. "
        f"**Research software, not a medical device; not for direct care.**"
    )


def _risk(evidence: Evidence) -> str:
    noun = evidence.released.study.get("outcome_noun")
    return f"the risk of {noun}" if noun else f"the risk of being among those who {evidence.outcome}"


def _picks(evidence: Evidence, settings: ReportingSettings) -> Answer:
    hundred = picking.hundred_people(evidence)
    back = evidence.came_back
    if hundred is None:
        exhibit = None
    else:
        share = f"{hundred.found} of the {hundred.found + hundred.missed} who {back}"
        exhibit = Exhibit(
            "hundred",
            f"Reviewing the {hundred.reviewed} at highest risk of 100 finds {share}",
            "",
            f"Picture of 100 people. Of the {hundred.reviewed} at highest risk, who would be reviewed, {hundred.found} "
            f"{back}. Of the {hundred.others} who would not be reviewed, {hundred.missed} {back}.",
            draw_hundred(hundred, back, settings.dots_per_inch),
            capacity_table(evidence),
        )
    return Answer(
        "picks",
        "Does it pick out the right people?",
        (" ".join(picking.ranking(evidence)), picking.worth(evidence)),
        exhibit=exhibit,
    )


def _percentages(evidence: Evidence, settings: ReportingSettings) -> Answer:
    curve = evidence.overall("calibration_curve")
    exhibit = None
    if len(curve) and curve["observed"].notna().any():
        picture = draw_calibration(
            "calibration_small",
            curve,
            evidence.rows("risk_distribution"),
            evidence.came_back,
            settings.dots_per_inch,
            small=True,
        )
        exhibit = Exhibit(
            "calibration-small",
            calibration_title(evidence),
            "",
            calibration_alt(evidence),
            picture,
            calibration_table(evidence),
        )
    told = (
        sentences.calibration_at_threshold(evidence),
        sentences.level(evidence),
        sentences.recent(evidence),
        sentences.spread_of_risks(evidence),
    )
    return Answer("percentages", "Are its percentages true?", tuple(t for t in told if t), exhibit=exhibit)


def _groups(evidence: Evidence) -> Answer:
    found = sort_groups(evidence)
    return Answer(
        "groups-brief",
        "For whom is it worse?",
        (found.summary,),
        (*found.worse[:5], *_more(found.worse), *found.unknown),
    )


def _more(worse: tuple[str, ...]) -> tuple[str, ...]:
    rest = len(worse) - 5
    return (f"And {rest} more, in the chapter on groups.",) if rest > 0 else ()


def _drivers(evidence: Evidence, settings: ReportingSettings) -> Answer:
    exhibit = themes(evidence, settings)
    told = tuple(sentences.drivers(evidence))
    if exhibit.picture is None:
        return Answer("drivers", "What drives it, and what can be changed?", told)
    brief = Exhibit(exhibit.key, exhibit.title, "", exhibit.alt, exhibit.picture, exhibit.table)
    return Answer("drivers", "What drives it, and what can be changed?", told, exhibit=brief)
