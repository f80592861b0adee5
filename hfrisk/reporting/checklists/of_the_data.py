"""What a run knows of its people, its data and its outcome, one sentence or two a fact; empty where it does not know."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.naming import group_name

__all__ = [
    "FACTS_OF_THE_DATA",
    "defined",
    "grave_checks",
    "missing_shares",
    "of_trees",
    "set_to",
    "share_told_by_record",
]


def set_to(evidence: Evidence, *path: str) -> Any:
    """A setting of the study file as it was released; None where it was not."""
    value: Any = evidence.released.study.get("settings") or {}
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def defined(evidence: Evidence, item: str) -> str:
    """How the study defines `item`, in words; empty where it does not say."""
    frame = evidence.released.definitions
    mine = frame[frame["item"] == item] if len(frame) else frame
    return str(mine["value"].iloc[0]) if len(mine) else ""


def grave_checks(evidence: Evidence) -> list[str]:
    """Codes of the checks that warned or failed."""
    checks = evidence.released.checks
    return [str(code) for code in checks.loc[checks["severity"] != "note", "code"]] if len(checks) else []


def share_told_by_record(evidence: Evidence) -> tuple[float, float, float] | None:
    """Of the emergency admissions, the share told by a recorded admission method, with both shown counts; None where it is held back."""
    frame = evidence.released.strategies
    if frame.empty:
        return None
    mine = frame[(frame["question"] == "unplanned") & (frame["told_by"] != "planned")]
    by_record = mine["told_by"].isin(["admission_method", "observation"])
    if mine.empty or mine.loc[by_record, "n"].isna().any():
        return None
    # what is held back is few, or kept so that few cannot be worked out
    record, total = float(mine.loc[by_record, "n"].sum()), float(mine["n"].sum())
    return (record / total, record, total) if total > 0 else None


def missing_shares(evidence: Evidence, split: str) -> pd.Series:
    """For each characteristic of Table 1, the shown share of the discharges of `split` that lack it, largest first."""
    table = evidence.released.table1
    if table.empty:
        return pd.Series(dtype=float)
    mine = table[(table["statistic"] == "missing") & (table["split"] == split)].dropna(subset=["value", "n"])
    mine = mine[mine["n"] > 0]
    shares = pd.Series((mine["value"] / mine["n"]).to_numpy(), index=mine["characteristic"].astype(str), dtype=float)
    return shares.sort_values(ascending=False, kind="stable")


def _title(evidence: Evidence) -> str:
    title = str(evidence.released.study.get("title", ""))
    return f"This report is called “{title}”." if title else ""


def _question(evidence: Evidence) -> str:
    question = str(evidence.released.study.get("question", "")).strip()
    return f"The study file asks: {question}" if question else ""


def _objective(evidence: Evidence) -> str:
    if evidence.stored:
        return "To evaluate a model that was made elsewhere."
    if evidence.compares:
        return "To evaluate clinical scores, with a simple spline model made beside them."
    return "Both: to make a model and to evaluate it."


def _intended_population(evidence: Evidence) -> str:
    people = "Adults who leave hospital alive" if _adults(evidence) else "People who leave hospital alive"
    text = f"{people} after a stay for heart failure."
    rule = defined(evidence, "Who would be scored in practice")
    return f"{text} In practice they would be picked out by {rule}." if rule and rule != "no rule declared" else text


def _adults(evidence: Evidence) -> bool:
    age = set_to(evidence, "cohort", "minimum_age")
    return isinstance(age, int) and age >= 18


def _data_source(evidence: Evidence) -> str:
    place = str(evidence.released.study.get("environment", ""))
    made_up = " The people are made up." if evidence.released.study.get("made_up") else ""
    where = f" ({place})" if place else ""
    return f"Routine hospital records in the form of OMOP{where}, as a cohort.{made_up}"


def _region_and_time(evidence: Evidence) -> str:
    place = str(evidence.released.study.get("environment", ""))
    head = evidence.released.headline
    first, last = head.get("period_from"), head.get("period_to")
    if not (first and last):
        return place
    period = f"{words.month(first)} to {words.month(last)}"
    return f"{place}, {period}." if place else f"{words.capital(period)}."


def _dates(evidence: Evidence) -> str:
    head = evidence.released.headline
    first, last = head.get("period_from"), head.get("period_to")
    if not (first and last):
        return ""
    text = f"Discharges from {words.month(first)} to {words.month(last)}"
    window = evidence.released.study.get("window_words")
    return f"{text}, each followed over {window}." if window else f"{text}."


def _sites(evidence: Evidence) -> str:
    sites = evidence.released.headline.get("sites")
    if not words.known(sites):
        return ""
    return f"Hospital care, {words.count(sites)} {'hospital' if sites == 1 else 'hospitals'}."


def _eligible(evidence: Evidence) -> str:
    rules = evidence.released.flow
    if rules.empty:
        return ""
    told = [str(text) for text in rules["words"].iloc[1:]]
    return f"Each rule in turn: {words.listed(text[:1].lower() + text[1:] for text in told)}." if told else ""


def _treatments(evidence: Evidence) -> str:
    frame = evidence.released.dictionary
    if frame.empty:
        return ""
    mine = frame[frame["theme"].astype(str).str.contains("edicine")]
    number, read = len(mine), int(mine["in_model"].astype(bool).sum()) if "in_model" in mine else 0
    if not number:
        return "No feature tells of medicines."
    if number == 1:
        return f"One feature tells of medicines{', and the model reads it' if read else ''}."
    model = "" if evidence.describes else f"; the model reads {words.in_words(read)} of them"
    return f"{words.capital(words.in_words(number))} features tell of medicines{model}."


def _checks_of_data(evidence: Evidence) -> str:
    checks = evidence.released.checks
    if checks.empty:
        return "No numbered check had anything to say."
    counts = checks["severity"].value_counts()
    said = [
        f"{words.in_words(int(counts[grade]))} {words_}"
        for grade, words_ in (("error", "failed"), ("warning", "warned"), ("note", "left a note"))
        if grade in counts
    ]
    return f"Of the numbered checks, {words.listed(said)}; the same rules were used for everyone."


def _outcome(evidence: Evidence) -> str:
    window = evidence.released.study.get("window_words")
    text = f"The person {evidence.outcome}{f' ({window})' if window else ''}."
    if evidence.composite:
        return text
    return f"{text} A death before that is not an event and is counted apart."


def _told_unplanned(evidence: Evidence) -> str:
    told = share_told_by_record(evidence)
    if told is None:
        return ""
    if not told[1]:
        return "No recorded admission method told that an admission was an emergency."
    return f"A recorded admission method told {words.percent(told[0])} of the emergencies."


def _crude_inequality(evidence: Evidence) -> str:
    frame = evidence.released.outcomes if evidence.describes else evidence.released.performance
    groups = [g for g in dict.fromkeys(frame["group"]) if g not in ("all", "quarter")] if len(frame) else []
    named = words.listed(group_name(g).split(" (")[0].lower() for g in groups)
    return f"This report shows how many {evidence.came_back} by {named}." if named else ""


def _flow(evidence: Evidence) -> str:
    frame = evidence.released.flow.dropna(subset=["admissions"]) if len(evidence.released.flow) else pd.DataFrame()
    head = evidence.released.headline
    if frame.empty or not words.known(head.get("index_discharges")):
        return ""
    text = f"Of {words.count(frame['admissions'].iloc[0])} stays, {words.count(head['index_discharges'])} were index discharges"
    if words.known(head.get("events")):
        text += f", of which {words.count(head['events'])} had the outcome"
    return f"{text}."


def _missing(evidence: Evidence) -> str:
    split = "all" if evidence.describes else "development"
    shares = missing_shares(evidence, split)
    how = "" if evidence.describes else f"{_missing_in_model(evidence)} "
    if shares.empty or not shares.iloc[0] > 0:
        return f"{how}Table 1 shows what is missing.".strip() if len(evidence.released.table1) else how.strip()
    return (
        f"{how}Most often missing: {shares.index[0]}, in {words.percent(float(shares.iloc[0]))} of discharges. "
        "Nobody was left out for a missing predictor."
    )


def of_trees(evidence: Evidence) -> bool:
    """Whether the model is one of trees, made here or elsewhere."""
    return evidence.stored or evidence.model == "lightgbm" or evidence.released.bundle is not None


def _missing_in_model(evidence: Evidence) -> str:
    if of_trees(evidence):
        return "A missing value is left missing, and the trees have a path for it."
    return "A missing value is the median of the others, with a mark that it was missing."


def _code_lists(evidence: Evidence) -> str:
    disease = defined(evidence, "Heart failure")
    lists = evidence.released.code_lists
    parts = [f"Heart failure is {disease}."] if disease else []
    if len(lists):
        parts.append(f"{words.count(len(lists))} codes in {words.in_words(lists['list'].nunique())} lists are printed.")
    return " ".join(parts)


def _validity_of_codes(evidence: Evidence) -> str:
    known = read_yaml("record.yaml")["validity"]
    published = known.get(str(set_to(evidence, "cohort", "heart_failure", "preset")))
    told = "This run did not validate them."
    if published:
        told += f" Published, against experts' judgement: {published} ({known['source']})."
    frame = evidence.released.eligibility
    if len(frame) and words.known(frame["sensitivity"].iloc[0]):
        found = words.in_hundred(float(frame["sensitivity"].iloc[0]))
        told += f" Of every 100 coded discharges, {found} have the signs that would pick them out before coding."
    return told


def _study_file(evidence: Evidence) -> str:
    made = str(evidence.released.provenance.get("study_hash", ""))
    return f"The study file says beforehand what is done; its hash is {made[:12]}." if made else ""


def _code(evidence: Evidence) -> str:
    made = evidence.released.provenance
    version = str(made.get("hfrisk", ""))
    return f"hfrisk {version}, open source (MIT licence)." if version else ""


def _limits(evidence: Evidence) -> str:
    checks = evidence.released.checks
    told = [
        f"{str(title)[:1].lower()}{str(title)[1:].rstrip('.')} ({code})"
        for title, code, severity in zip(checks["title"], checks["code"], checks["severity"], strict=True)
        if severity != "note"
    ]
    said = [f"The checks found: {words.listed(told)}."] if told else ["No check failed or warned."]
    cannot = evidence.released.study.get("cannot_know") or []
    said += [str(sentence) for sentence in cannot[:2]]
    return " ".join(said)


FACTS_OF_THE_DATA = {
    "title": _title,
    "question": _question,
    "objective": _objective,
    "intended_population": _intended_population,
    "data_source": _data_source,
    "region_and_time": _region_and_time,
    "dates": _dates,
    "sites": _sites,
    "eligible": _eligible,
    "treatments": _treatments,
    "checks_of_data": _checks_of_data,
    "outcome": _outcome,
    "told_unplanned": _told_unplanned,
    "crude_inequality": _crude_inequality,
    "flow": _flow,
    "missing": _missing,
    "code_lists": _code_lists,
    "validity_of_codes": _validity_of_codes,
    "study_file": _study_file,
    "code": _code,
    "limits": _limits,
}
