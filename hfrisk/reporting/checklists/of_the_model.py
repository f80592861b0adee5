"""What a run knows of the model that it made or tried: what it is, what it reads and gives, and how it may be used."""

from __future__ import annotations

import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.reporting import words
from hfrisk.reporting.checklists.of_the_data import of_trees, set_to
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.naming import model_name

__all__ = ["FACTS_OF_THE_MODEL", "inputs", "part", "weights_used"]


def inputs(evidence: Evidence) -> pd.DataFrame:
    """The rows of the feature dictionary that the model reads."""
    frame = evidence.released.dictionary
    return frame[frame["in_model"].astype(bool)] if "in_model" in frame else frame


def part(evidence: Evidence, split: str) -> dict[str, object]:
    """Discharges, events and quarters of ``development`` or ``test``; empty where there is no such part."""
    found = (evidence.released.headline.get("by_split") or {}).get(split)
    return found if isinstance(found, dict) else {}


def weights_used(evidence: Evidence) -> list[str]:
    """Settings of the learner that weigh events against non-events, as far as the run has any."""
    best = evidence.released.tuning.get("best") or {}
    return [name for name in ("scale_pos_weight", "is_unbalance") if best.get(name) not in (None, False, 1, 1.0)]


def _sized(evidence: Evidence, split: str) -> str:
    mine = part(evidence, split)
    if not words.known(mine.get("n")):
        return ""
    text = f"{words.count(float(str(mine['n'])))} discharges"
    if words.known(mine.get("events")):
        text += f", {words.count(float(str(mine['events'])))} with the outcome"
    if mine.get("period_from") and mine.get("period_to"):
        text += f", {mine['period_from']} to {mine['period_to']}"
    return text


def _name(evidence: Evidence) -> str:
    name = str(evidence.released.study.get("model_name", ""))
    return name


def _identity(evidence: Evidence) -> str:
    noun = evidence.released.study.get("outcome_noun")
    risk = f"the risk of {noun}" if noun else f"the risk of being among those who {evidence.outcome}"
    return f"It gives a person with heart failure, on the day they leave hospital, {risk}."


def _version(evidence: Evidence) -> str:
    made = evidence.released.provenance
    told = [
        f"{words_} {str(made[key])[:20].strip()}"
        for key, words_ in (("hfrisk", "hfrisk"), ("study_hash", "study file"), ("source_fingerprint", "data"))
        if made.get(key)
    ]
    return f"Made by {'; '.join(told)}." if told else ""


def _stage(evidence: Evidence) -> str:
    return f"{words.capital(str(evidence.released.study.get('status', 'candidate')))}; for research only."


def _predictors_chosen(evidence: Evidence) -> str:
    frame = inputs(evidence)
    if frame.empty:
        return ""
    text = f"{len(frame)} features, chosen beforehand by families in the study file, none by the outcome."
    checks = evidence.released.checks
    if len(checks) and (checks["code"] == "HFR111").any():
        text += " Features that are the same for nearly everybody were left out (HFR111)."
    return text


def _predictors_timing(evidence: Evidence) -> str:
    frame = inputs(evidence)
    if frame.empty:
        return ""
    windows = frame["window"].astype(str).nunique()
    return (
        f"The dictionary gives the unit of all {len(frame)} features and when they were recorded, in "
        f"{words.in_words(windows)} windows of time."
    )


def _sample_size(evidence: Evidence) -> str:
    needed = (evidence.released.tuning.get("summary") or {}).get("sizes") or {}
    told = []
    learnt = part(evidence, "development").get("n")
    if needed and words.known(learnt):
        told.append(
            f"To learn: {words.count(max(needed.values()))} needed by Riley's criteria, {words.count(learnt)} there."
        )
    seen = evidence.released.sizes.dropna(subset=["needed", "n"]) if len(evidence.released.sizes) else pd.DataFrame()
    if len(seen):
        row = seen.loc[seen["needed"].idxmax()]
        told.append(f"To judge: {words.count(row['needed'])} needed, {words.count(row['n'])} there.")
    return " ".join(told)


def _partition(evidence: Evidence) -> str:
    learnt, judged = _sized(evidence, "development"), _sized(evidence, "test")
    if not learnt:
        return ""
    text = f"By time. {'Set beside it' if evidence.stored else 'Development'}: {learnt}."
    return f"{text} Test: {judged}, all later." if judged else f"{text} No later discharges were kept for a test."


def _predictor_handling(evidence: Evidence) -> str:
    if evidence.stored:
        return ""
    if of_trees(evidence):
        return "Trees read each value as it is, rounded to its clinical grid; nothing was rescaled or cut into classes."
    return "Restricted cubic splines, skewed laboratory values logged, a ridge penalty."


def _model_type(evidence: Evidence) -> str:
    if evidence.stored:
        return "Gradient-boosted trees (LightGBM), made elsewhere and tried as they are."
    if evidence.compares:
        return "A logistic regression with splines and a ridge penalty, beside clinical scores."
    trials = len(evidence.released.tuning.get("trials") or [])
    searched = f", settings found in {words.count(trials)} trials of person-grouped cross-validation" if trials else ""
    method = str((evidence.released.bundle.calibration if evidence.released.bundle else {}).get("method", "none"))
    calibrated = f", calibrated ({method})" if method != "none" else ", not calibrated further"
    return f"Gradient-boosted trees (LightGBM){searched}{calibrated}."


def _updating(evidence: Evidence) -> str:
    if "recalibrated" in evidence.comparators:
        return "It was recalibrated on the earlier discharges (intercept and slope), and is shown beside itself."
    return "It was not updated after it was judged."


def _predictions(evidence: Evidence) -> str:
    bundle = evidence.released.bundle
    if bundle is None:
        return "By the fitted model in the same run."
    number = len(bundle.contract.get("inputs", []))
    return (
        f"By the exported model: {words.count(number)} inputs give a log-odds, which a calibration "
        f"({bundle.calibration.get('method', 'none')}) turns into a risk. The model folder's contract says how."
    )


def _imbalance(evidence: Evidence) -> str:
    if evidence.stored:
        return ""
    used = weights_used(evidence)
    if used:
        return f"Classes were weighted ({words.listed(used)}); the risks were calibrated afterwards."
    return "Nothing was done: no resampling and no weights, so that risks keep the true rate."


def _output(evidence: Evidence) -> str:
    study = evidence.released.study
    bands = [words.percent(float(b)) for b in study.get("bands") or []]
    text = f"A risk from 0 to 1. The study file sets the threshold for review at {words.percent(evidence.threshold)}"
    return f"{text}, with bands at {words.listed(bands)}." if bands else f"{text}."


def _differences(evidence: Evidence) -> str:
    if not _sized(evidence, "test"):
        return "" if evidence.released.performance.empty else "There were no later discharges to compare with."
    text = "Same hospitals, rules, outcome and predictors; the test is later in time."
    if evidence.stored:
        text = "The model was made on other data, which this run has not seen."
    shifts = evidence.released.feature_shifts
    known = shifts.dropna(subset=["estimate"]) if len(shifts) else shifts
    if len(known):
        row = known.loc[known["estimate"].idxmax()]
        text += f" What shifted most: {row['words']} (PSI {words.figure(float(row['estimate']))})."
    return text


def _model_given(evidence: Evidence) -> str:
    bundle = evidence.released.bundle
    if bundle is None:
        return ""
    return (
        f"In full, as files that leave with this report: the text of the trees, the calibration and a contract of "
        f"{words.count(len(bundle.contract.get('inputs', [])))} inputs. Research only."
    )


def _input_in_use(evidence: Evidence) -> str:
    bundle = evidence.released.bundle
    if bundle is None:
        return ""
    missing = str(bundle.contract.get("missing", "")).strip()
    text = "A missing column, or text where a number belongs, is refused."
    return f"{words.capital(missing)}. {text}" if missing else text


def _keywords(evidence: Evidence) -> str:
    noun = str(evidence.released.study.get("outcome_noun", "readmission"))
    return f"Heart failure; {noun}; hospital discharge; routine data."


def _input_types(evidence: Evidence) -> str:
    frame = inputs(evidence)
    if frame.empty:
        return ""
    kinds = frame["kind"].astype(str).value_counts()
    told = words.listed(f"{words.count(int(n))} {kind}" for kind, n in kinds.items())
    return f"In: {told} features, as numbers. Out: one risk from 0 to 1."


def _libraries(evidence: Evidence) -> str:
    libraries = evidence.released.provenance.get("libraries") or {}
    told = words.listed(f"{name} {version}" for name, version in list(libraries.items())[:4])
    return f"Open-source libraries, {told} among them." if told else ""


def _sensitive(evidence: Evidence) -> str:
    frame = inputs(evidence)
    if frame.empty or "sensitive" not in frame:
        return ""
    mine = [f"“{name}”" for name in frame.loc[frame["sensitive"].astype(bool), "words"]]
    if not mine:
        return "The model reads no protected characteristic and no deprivation."
    return f"The model reads {words.listed(mine)}, which speak of protected characteristics or deprivation."


def _training_data(evidence: Evidence) -> str:
    if evidence.stored:
        return "It learned elsewhere; this run has not seen those data."
    mine = _sized(evidence, "development")
    return f"{mine}." if mine else ""


def _evaluation_data(evidence: Evidence) -> str:
    mine = _sized(evidence, "test")
    return f"{mine}; all later than development." if mine else "No later discharges; cross-validation only."


def _beside(evidence: Evidence) -> str:
    named = words.listed(model_name(c) for c in evidence.comparators)
    return f"Beside it: {named}." if named else ""


def _groups_looked_at(evidence: Evidence) -> str:
    asked = set_to(evidence, "assessment", "groups")
    frame = evidence.released.performance
    found = [g for g in dict.fromkeys(frame["group"]) if g != "all"] if len(frame) else []
    if not found:
        return "These data record no groups of people."
    text = f"{words.capital(words.in_words(len(found)))} groupings: {words.listed(_plain(g) for g in found)}."
    gone = [g for g in asked or [] if isinstance(g, str) and g not in found]
    return f"{text} Not recorded here: {words.listed(_plain(g) for g in gone)}." if gone else text


def _plain(group: str) -> str:
    return {"imd_quintile": "deprivation", "age_band": "age", "site_group": "hospital group"}.get(
        group, group.replace("_", " ")
    )


def _references(evidence: Evidence) -> str:
    named = [str(read_yaml(f"{name}.yaml")["source"]) for name in ("tripod_ai", "probast_ai", "chai_card")]
    return f"{'; '.join(named)}."


FACTS_OF_THE_MODEL = {
    "name": _name,
    "identity": _identity,
    "version": _version,
    "stage": _stage,
    "predictors_chosen": _predictors_chosen,
    "predictors_timing": _predictors_timing,
    "sample_size": _sample_size,
    "partition": _partition,
    "predictor_handling": _predictor_handling,
    "model_type": _model_type,
    "updating": _updating,
    "predictions": _predictions,
    "imbalance": _imbalance,
    "output": _output,
    "differences": _differences,
    "model_given": _model_given,
    "input_in_use": _input_in_use,
    "keywords": _keywords,
    "input_types": _input_types,
    "libraries": _libraries,
    "sensitive": _sensitive,
    "training_data": _training_data,
    "evaluation_data": _evaluation_data,
    "beside": _beside,
    "groups_looked_at": _groups_looked_at,
    "references": _references,
}
