"""The signalling questions of PROBAST+AI, answered from what the run knows, with the number that supports it.

No answer says that the risk of bias is low. What software cannot know is left to the authors, and no domain is rated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hfrisk.codelists import read_yaml
from hfrisk.reporting import words
from hfrisk.reporting.checklists.of_the_data import (
    defined,
    grave_checks,
    missing_shares,
    of_trees,
    set_to,
    share_told_by_record,
)
from hfrisk.reporting.checklists.of_the_model import inputs, part, weights_used
from hfrisk.reporting.checklists.of_the_results import kinds_judged
from hfrisk.reporting.evidence import Evidence

__all__ = ["AGAINST", "QUESTIONS", "Judged", "Reply"]

Reply = Literal["Yes", "Probably yes", "Probably no", "No", "No information", "Not applicable", "For the authors"]

#: Answers that speak against a domain.
AGAINST = frozenset({"No", "Probably no"})


@dataclass(frozen=True)
class Judged:
    """An answer, and what it rests on in a sentence or two."""

    reply: Reply
    why: str


def _leaks(evidence: Evidence) -> list[str]:
    return [code for code in grave_checks(evidence) if code in ("HFR101", "HFR102")]


# ------------------------------------------------------------------ people and data


def _data_source(evidence: Evidence) -> Judged:
    grave = grave_checks(evidence)
    what = "Routine hospital records, not made for this question. "
    found = (
        f"{words.capital(words.in_words(len(grave)))} numbered check{'s' if len(grave) > 1 else ''} failed or warned"
    )
    return Judged("For the authors", f"{what}{found}{f' ({words.listed(grave)})' if grave else ''}.")


def _design(evidence: Evidence) -> Judged:
    number = evidence.released.headline.get("index_discharges")
    window = evidence.released.study.get("window_words", "the window")
    if not words.known(number):
        return Judged("No information", "The number of index discharges is not shown.")
    return Judged(
        "Probably yes",
        f"A cohort: {words.count(number)} discharges, every one that met the rules, each followed over {window}.",
    )


def _representative(evidence: Evidence) -> Judged:
    frame = evidence.released.flow
    seen = frame.dropna(subset=["excluded"]) if len(frame) else frame
    told = "Whom the rules leave out is in the flow of patients."
    if len(seen) > 2:
        # the first box is everyone, and the second takes those with heart failure out of all stays
        later = seen.iloc[2:]
        row = later.loc[later["excluded"].idxmax()]
        told = f"After the diagnosis, most are left out by “{row['words']}”: {words.count(row['excluded'])} stays."
    return Judged("For the authors", told)


# ------------------------------------------------------------------ predictors


def _predictors_alike(evidence: Evidence) -> Judged:
    limit = read_yaml("probast_ai.yaml")["limits"]["much_missing"]
    shares = missing_shares(evidence, "development")
    much = shares[shares > limit]
    told = "Definitions are the same for everyone; how hospitals measure is not in the data."
    if len(much):
        named = words.listed(f"{name} ({words.percent(float(share))})" for name, share in list(much.items())[:3])
        told += f" Missing in more than {words.percent(limit)} of discharges: {named}."
    elif len(shares):
        told += f" No feature is missing in more than {words.percent(limit)} of discharges."
    return Judged("For the authors", told)


def _prepared_alike(evidence: Evidence) -> Judged:
    number = len(inputs(evidence))
    if not number:
        return Judged("No information", "No feature dictionary was released.")
    return Judged("Yes", f"One set of rules makes all {words.count(number)} features, for everyone.")


def _predictors_blind(evidence: Evidence) -> Judged:
    time = defined(evidence, "Time of prediction")
    if _leaks(evidence):
        return Judged("Probably no", f"A check found what looks like a leak ({words.listed(_leaks(evidence))}).")
    if time == "at discharge" and not evidence.released.study.get("coding_is_live"):
        return Judged(
            "Yes",
            "Only what was recorded by discharge is used, and no diagnosis of the stay itself, which is coded later.",
        )
    known = f"known {time}" if time else "known by the time of prediction"
    return Judged(
        "Probably yes",
        f"Only what was {known} is used. Codes are written after discharge, by people who may know more.",
    )


def _available(evidence: Evidence) -> Judged:
    number = len(inputs(evidence))
    if _leaks(evidence):
        return Judged("Probably no", f"A check found what looks like a leak ({words.listed(_leaks(evidence))}).")
    if not number:
        return Judged("No information", "No feature dictionary was released.")
    return Judged(
        "For the authors",
        f"By its date each of the {words.count(number)} features is known in time. Whether it reaches a screen by then is not in the data.",
    )


# ------------------------------------------------------------------ outcome


def _outcome_told(evidence: Evidence) -> Judged:
    limits = read_yaml("probast_ai.yaml")["limits"]
    told = share_told_by_record(evidence)
    if told is None:
        return Judged("No information", "How it was told that an admission was an emergency is not shown.")
    share, record, total = told
    frame = evidence.released.strategies
    assumed = frame[(frame["question"] == "unplanned") & (frame["told_by"] == "assume_unplanned")]
    if len(assumed) and float(assumed["n"].sum()) == total:
        return Judged("No", "Every admission was taken as an emergency: planned ones count as readmissions.")
    why = (
        f"A recorded admission method told {words.percent(share)} of the emergencies ({words.count(record)} of {words.count(total)}); "
        f"{words.percent(limits['told_by_record'])} is asked for."
    )
    if share >= limits["told_by_record"]:
        return Judged("Probably yes", why)
    return Judged("Probably no" if share < limits["some_told"] else "For the authors", why)


def _outcome_alike(evidence: Evidence) -> Judged:
    seen = {code for code in evidence.released.checks.get("code", ())} & {"HFR050", "HFR055"}
    if seen:
        return Judged(
            "Probably no",
            f"The rule is one for all, but not every hospital or month is seen alike ({words.listed(sorted(seen))}).",
        )
    sites = evidence.released.headline.get("sites")
    place = f" at {words.count(sites)} hospitals" if words.known(sites) else ""
    return Judged("For the authors", f"The rule is one for all{place}. Readmissions outside the region are not seen.")


def _outcome_blind(evidence: Evidence) -> Judged:
    return Judged(
        "Yes",
        f"“{words.capital(evidence.outcome)}” is worked out from dates and codes of later stays; no predictor is part of it.",
    )


def _interval(evidence: Evidence) -> Judged:
    window = evidence.released.study.get("window_words")
    if not window:
        return Judged("No information", "The window is not stated.")
    full = defined(evidence, "Complete follow-up")
    if full == "not required":
        return Judged("Probably no", f"The window is {window}, but some discharges were not followed to its end.")
    return Judged(
        "Yes",
        f"{words.capital(str(window))}, as the NHS indicator has it."
        if str(window).startswith("days 0 to 29")
        else f"{words.capital(str(window))}.",
    )


# ------------------------------------------------------------------ analysis


def _enough_to_learn(evidence: Evidence) -> Judged:
    needed = (evidence.released.tuning.get("summary") or {}).get("sizes") or {}
    there = part(evidence, "development").get("n")
    if not needed or not words.known(there):
        return Judged("No information", "The sizes asked for, or those that there were, are not shown.")
    most = max(needed.values())
    why = f"Riley's criteria ask for {words.count(most)} discharges; there were {words.count(there)}."
    if there < most:
        return Judged("No", why)
    trees = " Trees may ask for more." if evidence.model == "lightgbm" else ""
    return Judged("Probably yes" if trees else "Yes", f"{why}{trees}")


def _enough_to_judge(evidence: Evidence) -> Judged:
    if not evidence.has_test:
        return Judged("No", f"There were {evidence.tested['none']}.")
    frame = evidence.released.sizes
    seen = frame.dropna(subset=["needed", "n"]) if len(frame) else frame
    if seen.empty:
        return Judged("No information", "The sizes asked for, or those that there were, are not shown.")
    short = seen[seen["n"] < seen["needed"]]
    row = (short if len(short) else seen).sort_values("needed").iloc[-1]
    what = {
        "oe_ratio": "observed over expected",
        "auroc": "the AUROC",
        "calibration_slope": "the calibration slope",
    }.get(str(row["measure"]), str(row["measure"]))
    why = f"{words.count(row['needed'])} discharges asked for by {what}; there were {words.count(row['n'])}."
    if short.empty:
        return Judged("Yes", f"Most: {why}")
    return Judged(
        "No" if len(short) == len(seen) else "Probably no", f"{len(short)} of {len(seen)} criteria missed: {why}"
    )


def _form(evidence: Evidence) -> Judged:
    if inputs(evidence).empty:
        return Judged("No information", "No feature dictionary was released.")
    number = words.count(len(inputs(evidence)))
    if of_trees(evidence):
        return Judged("Yes", f"Trees read the values of {number} features as numbers; none was cut into classes.")
    return Judged("Yes", f"Splines for the numbers among {number} features; none was cut into classes.")


def _missing(evidence: Evidence, split: str) -> Judged:
    shares = missing_shares(evidence, split)
    full = defined(evidence, "Complete follow-up")
    if shares.empty:
        return Judged("No information", "How much is missing is not shown.")
    worst = f"{words.capital(str(shares.index[0]))} is missing in {words.percent(float(shares.iloc[0]))} of discharges"
    if not shares.iloc[0] > 0:
        worst = "Table 1 shows no predictor as missing"
    worst += "; nobody was left out for a missing one"
    followed = (
        "" if full == "not required" else " Follow-up is complete, and a death is an outcome of its own, not a loss."
    )
    if of_trees(evidence):
        reply: Reply = "Probably no" if full == "not required" else "Probably yes"
        return Judged(reply, f"{worst}, and the trees have a path for it.{followed}")
    return Judged("Probably no", f"{worst}: the median stood in, with a mark, not multiple imputation.{followed}")


def _missing_in_development(evidence: Evidence) -> Judged:
    return _missing(evidence, "development")


def _missing_in_evaluation(evidence: Evidence) -> Judged:
    return _missing(evidence, "test" if evidence.has_test else "development")


def _imbalance(evidence: Evidence) -> Judged:
    if evidence.stored:
        return Judged(
            "For the authors", "How the model was made elsewhere is not in these data; here nothing was corrected."
        )
    used = weights_used(evidence)
    if not used:
        return Judged("Not applicable", "Nothing was corrected: no resampling, no weights.")
    method = str((evidence.released.bundle.calibration if evidence.released.bundle else {}).get("method", "none"))
    return Judged(
        "No" if method == "none" else "Yes", f"Weights ({words.listed(used)}); calibration afterwards: {method}."
    )


def _overfitting(evidence: Evidence) -> Judged:
    slope = evidence.number("calibration_slope")
    optimism = evidence.released.optimism
    mine = optimism[optimism["measure"] == "auroc"] if len(optimism) else optimism
    told = (
        "Settings were found in cross-validation by person, with early stopping."
        if of_trees(evidence)
        else "A ridge penalty."
    )
    if len(mine) and words.known(mine["optimism"].iloc[0]):
        told += f" Bootstrap optimism of the AUROC: {words.figure(float(mine['optimism'].iloc[0]), 3)}."
    if not slope.with_interval:
        return Judged("Probably yes", f"{told} Whether that was enough is not known: no calibration slope.")
    told += f" Calibration slope in {evidence.where()}: {slope.text()}."
    if slope.upper < 1:
        return Judged("Probably no", f"{told} Below 1 is the mark of overfitting.")
    return Judged("Yes", told)


def _not_only_apparent(evidence: Evidence) -> Judged:
    auroc = evidence.number("auroc")
    there = f" ({words.count(auroc.n)} discharges)" if words.known(auroc.n) else ""
    if evidence.has_test and auroc.known:
        return Judged("Yes", f"Judged on {evidence.tested['discharges']}{there}.")
    if auroc.known:
        return Judged("Yes", f"Judged in cross-validation only{there}; there was no {evidence.tested['test']}.")
    return Judged("No information", f"Its performance is not shown: {auroc.reason}.")


def _leakage(evidence: Evidence) -> Judged:
    leaks = _leaks(evidence)
    auroc = evidence.number("auroc")
    shown = f" AUROC {auroc.text()}." if auroc.known else ""
    if leaks:
        return Judged("No", f"A check found what looks like a leak ({words.listed(leaks)}).{shown}")
    if not evidence.has_test:
        return Judged("Probably yes", f"Folds never divide a person, and the alarm for leaks stayed silent.{shown}")
    if evidence.stored:
        return Judged(
            "Probably yes", f"The model was made on other data, and the alarm for leaks stayed silent.{shown}"
        )
    apart = (
        "development stops one window before the cut. The same people may be on both sides, as they would be in use"
        if evidence.same_places
        else "nobody of the test is in development"
    )
    return Judged(
        "Probably yes",
        f"The test is the {evidence.tested['discharges']}; {apart}. The alarm for leaks stayed silent.{shown}",
    )


def _every_step(evidence: Evidence) -> Judged:
    optimism = evidence.released.optimism
    if evidence.stored:
        return Judged("Not applicable", "Nothing was made here. People were drawn again for the intervals only.")
    if evidence.compares:
        return Judged("Probably yes", "Medians, splines, penalty and calibration are worked out again in each fold.")
    if optimism.empty:
        return Judged(
            "Probably no",
            "Cross-validation refits model and calibration in each fold, at settings found on the same development discharges. The "
            "test took no part in that."
            if evidence.has_test
            else "Cross-validation refits model and calibration in each fold, at settings found on the same development discharges.",
        )
    trials = set_to(evidence, "designs", "retune_trials")
    if isinstance(trials, int) and trials > 0:
        return Judged(
            "Yes", f"Each bootstrap model was tuned again ({words.count(trials)} trials), fitted and calibrated."
        )
    return Judged(
        "Probably no",
        "Each bootstrap model was fitted and calibrated again, but at settings found once on all of development.",
    )


def _all_measures(evidence: Evidence) -> Judged:
    there, gone = kinds_judged(evidence)
    if not there:
        return Judged("No information", "No measure has a number where the model is judged.")
    if gone:
        return Judged("Probably no", f"With a number: {words.listed(there)}. Without: {words.listed(gone)}.")
    auroc, slope = evidence.number("auroc"), evidence.number("calibration_slope")
    return Judged(
        "Yes",
        f"{words.capital(words.listed(there))}, with intervals: AUROC {auroc.text()}, calibration slope {slope.text()}.",
    )


QUESTIONS: dict[str, Callable[[Evidence], Judged]] = {
    "data_source": _data_source,
    "design": _design,
    "representative": _representative,
    "predictors_alike": _predictors_alike,
    "prepared_alike": _prepared_alike,
    "predictors_blind": _predictors_blind,
    "available": _available,
    "outcome_told": _outcome_told,
    "outcome_alike": _outcome_alike,
    "outcome_blind": _outcome_blind,
    "interval": _interval,
    "enough_to_learn": _enough_to_learn,
    "enough_to_judge": _enough_to_judge,
    "form": _form,
    "missing_in_development": _missing_in_development,
    "missing_in_evaluation": _missing_in_evaluation,
    "imbalance": _imbalance,
    "overfitting": _overfitting,
    "not_only_apparent": _not_only_apparent,
    "leakage": _leakage,
    "every_step": _every_step,
    "all_measures": _all_measures,
}
