"""What a run found out about its model, one sentence or two a fact; empty where it found nothing."""

from __future__ import annotations

from hfrisk.reporting import sentences, words
from hfrisk.reporting.checklists.of_the_model import part
from hfrisk.reporting.evidence import Evidence, held
from hfrisk.reporting.inequality import sort_groups
from hfrisk.reporting.naming import MEASURES
from hfrisk.reporting.ranking import worth

__all__ = ["FACTS_OF_THE_RESULTS", "kinds_judged"]

_KINDS = {
    "discrimination": ("auroc",),
    "calibration": ("oe_ratio", "calibration_slope"),
    "net benefit": ("net_benefit",),
}


def kinds_judged(evidence: Evidence) -> tuple[list[str], list[str]]:
    """Which of discrimination, calibration and net benefit have a number where the model is judged, and which have none."""
    frame = evidence.released.performance
    mine = evidence.overall("performance") if len(frame) else frame
    known = {str(m).split("@")[0] for m in mine.loc[mine["estimate"].notna(), "measure"]} if len(mine) else set()
    there = [kind for kind, needed in _KINDS.items() if known.issuperset(needed)]
    return there, [kind for kind in _KINDS if kind not in there]


def _measures(evidence: Evidence) -> str:
    frame = evidence.released.performance
    if frame.empty:
        return ""
    there, _ = kinds_judged(evidence)
    known = {str(m).split("@")[0] for m in frame["measure"]} & set(MEASURES)
    what = f"{words.count(len(known))} measures, with 95% intervals from a bootstrap that draws people"
    return f"{what}; {words.listed(there)} among them." if there else f"{what}."


def _performance(evidence: Evidence) -> str:
    auroc, ratio, slope = (evidence.number(m) for m in ("auroc", "oe_ratio", "calibration_slope"))
    if not auroc.known:
        return f"The ranking is {held(auroc)}." if evidence.model else ""
    text = f"In {evidence.where()}: AUROC {auroc.text()}"
    text += f"; observed over expected {ratio.text()}" if ratio.known else ""
    return f"{text}; calibration slope {slope.text()}." if slope.known else f"{text}."


def _ranked(evidence: Evidence) -> str:
    auroc = evidence.number("auroc")
    if not auroc.with_interval:
        return f"How well it ranks people is {held(auroc)}." if evidence.model else ""
    span = f"{100 * auroc.lower:.0f} to {100 * auroc.upper:.0f}"
    better = "better than a coin" if auroc.lower > 0.5 else "not shown to be better than a coin"
    return f"It ranks two people rightly {100 * auroc.estimate:.0f} times in 100 ({span}), {better}."


def _useful(evidence: Evidence) -> str:
    return worth(evidence).replace("**", "") if evidence.model else ""


def _level(evidence: Evidence) -> str:
    return sentences.level(evidence).replace("**", "") if evidence.model else ""


def _slope(evidence: Evidence) -> str:
    slope = evidence.number("calibration_slope")
    if not slope.known:
        return f"The calibration slope is {held(slope)}." if evidence.model else ""
    return f"The calibration slope is {slope.text()}, where 1 is right."


def _fairness(evidence: Evidence) -> str:
    if not evidence.model:
        return ""
    found = sort_groups(evidence)
    return found.summary.replace("**", "")


def _fair_results(evidence: Evidence) -> str:
    found = sort_groups(evidence)
    told = found.worse[:3] or ("No group stands out.",) if found.looked_at else (found.summary,)
    return " ".join(told).replace("**", "") if evidence.model else ""


def _clusters(evidence: Evidence) -> str:
    frame = evidence.released.across_trusts
    mine = frame[frame["measure"] == "oe_ratio"] if len(frame) else frame
    if mine.empty or not words.known(mine["estimate"].iloc[0]):
        return "No model was made with a hospital left out, so that differences between hospitals were not modelled."
    row = mine.iloc[0]
    span = words.interval(row["prediction_lower"], row["prediction_upper"], words.figure)
    text = (
        f"Each hospital was left out in turn; observed over expected is {words.figure(float(row['estimate']))} over all"
    )
    return f"{text}, and {span} may be expected at another." if span else f"{text}."


def _numbers_analysed(evidence: Evidence) -> str:
    told = []
    for split, name in (("development", "Development"), ("test", "Test")):
        mine = part(evidence, split)
        n, events = mine.get("n"), mine.get("events")
        if words.known(n):
            told.append(
                f"{name}: {words.count(n)}"
                + (f", {words.count(events)} with the outcome" if words.known(events) else "")
            )
    return f"{'. '.join(told)}." if told else ""


def _updating_results(evidence: Evidence) -> str:
    if "recalibrated" not in evidence.comparators:
        return "Nothing was updated."
    ratio = evidence.number("oe_ratio", model="recalibrated")
    return f"Recalibrated, observed over expected is {ratio.text()}."


def _kind_of_test(evidence: Evidence) -> str:
    if evidence.stored:
        return "Of a model made elsewhere, on these data as it is."
    if not evidence.has_test:
        return f"Cross-validation only; no {evidence.tested['test']}."
    there = words.capital(evidence.tested["discharges"])
    return f"{there} of the same hospitals." if evidence.same_places else f"{there}."


FACTS_OF_THE_RESULTS = {
    "measures": _measures,
    "performance": _performance,
    "ranked": _ranked,
    "useful": _useful,
    "level": _level,
    "slope": _slope,
    "fairness": _fairness,
    "fair_results": _fair_results,
    "clusters": _clusters,
    "numbers_analysed": _numbers_analysed,
    "updating_results": _updating_results,
    "kind_of_test": _kind_of_test,
}
