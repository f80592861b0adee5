"""What groups, levels, models, splits and measures are called on the page.

Sex, ethnicity and deprivation are spoken of as the NHS does, and a group is described by what is recorded.
"""

from __future__ import annotations

__all__ = [
    "CROSS",
    "EXPECTED_GROUPS",
    "MEASURES",
    "SITE",
    "group_name",
    "level_name",
    "model_name",
    "people",
    "read_from",
    "told_by",
]

#: Stands between groups that are taken together, and between their levels, as the results have it.
CROSS = " x "

#: Groups that a reader looks for, and that the page misses aloud when the data do not record them.
EXPECTED_GROUPS = ("sex", "age_band", "ethnicity", "imd_quintile")

#: The group that names hospitals or trusts, or groups of them where there are many.
SITE = "site_group"

_GROUPS = {
    "all": "Everyone",
    "sex": "Sex",
    "age_band": "Age",
    "ethnicity": "Ethnicity",
    "imd_quintile": "Deprivation (IMD fifths)",
    SITE: "Hospital or trust",
    "palliative": "Palliative care",
}

_FIFTHS = {
    "1": "most deprived fifth",
    "2": "second most deprived fifth",
    "3": "middle fifth",
    "4": "second least deprived fifth",
    "5": "least deprived fifth",
}

_SEX = {"female": "women", "f": "women", "women": "women", "male": "men", "m": "men", "men": "men"}

_MODELS = {
    "lightgbm": "this model",
    "stored": "this model",
    "recalibrated": "this model, recalibrated here",
    "logistic": "the simple spline model",
    "points": "the score-card",
    "null": "the same risk for everyone",
    "treat_all": "reviewing everyone",
    "lace": "LACE",
    "lace_plus": "LACE+",
    "hospital": "HOSPITAL",
    "parr30": "PARR-30",
    "parr_30": "PARR-30",
    "gwtg_hf": "GWTG-HF",
    "maggic": "MAGGIC",
    "le": "LE",
    "lent": "LENT",
}

#: Tables of OMOP, as those speak of them who fill them in.
_RECORDS = {
    "person": "person",
    "visit_occurrence": "visits",
    "visit_detail": "ward stays",
    "condition_occurrence": "diagnoses",
    "measurement": "tests",
    "drug_exposure": "medicines",
    "drug_strength": "medicines",
    "observation": "observations",
    "procedure_occurrence": "procedures",
    "location": "places",
    "care_site": "places",
}

_TOLD = {
    "heart_failure": {
        "condition_status": "the status of the diagnosis",
        "legacy_type": "the type of the diagnosis, as older sources have it",
        "source_status": "the position as the source wrote it",
        "order": "the order in which the diagnoses stand",
        "any_position": "a diagnosis in any position",
    },
    "unplanned": {
        "admission_method": "the recorded admission method",
        "observation": "the admission method recorded as an observation",
        "ae_segment": "an A&E visit that leads to the admission",
        "admitted_from": "admission from an emergency department",
        "assume_unplanned": "nothing: it is assumed",
        "planned": "planned, or nothing says otherwise",
    },
    "spells": {
        "stays": "all hospital stays",
        "overlapping": "overlap in time",
        "transfer": "a recorded transfer",
        "stand_in": "a stay elsewhere the next day, where no transfer is recorded",
    },
}

#: measure, without the threshold or capacity after its ``@`` -> (words for a table, decimals, what a good value is)
MEASURES = {
    "auroc": ("Ranking (AUROC)", 2, "0.5 is a coin toss, 1 is perfect"),
    "auroc_delong": (
        "The same, with DeLong's interval",
        2,
        "as papers give it: every discharge as if another person's",
    ),
    "auprc": ("Precision over recall (AUPRC)", 2, "compare with the next line"),
    "prevalence": ("Share with the outcome", 3, "the AUPRC of a model without inputs"),
    "brier": ("Brier score", 3, "0 is perfect"),
    "brier_reliability": ("Of the Brier score, error of the percentages (reliability)", 4, "0 is best"),
    "brier_resolution": ("Of it, what telling people apart takes off (resolution)", 4, "higher is better"),
    "brier_uncertainty": ("Of it, what one risk for all would score (uncertainty)", 4, ""),
    "scaled_brier": ("Scaled Brier score", 3, "0 is no better than one risk for all, 1 is perfect"),
    "log_loss": ("Log loss", 3, "lower is better"),
    "oe_ratio": ("Observed over expected (O/E)", 2, "1 is right"),
    "calibration_intercept": ("Calibration intercept, slope held at 1", 2, "0 is right"),
    "calibration_slope": ("Calibration slope", 2, "1 is right"),
    "sensitivity": ("Found, of those with the outcome (sensitivity)", 2, "1 is everyone"),
    "specificity": ("Passed by, of those without it (specificity)", 2, "1 is everyone"),
    "ppv": ("With the outcome, of those chosen (PPV)", 2, "compare with the share overall"),
    "npv": ("Without it, of the others (NPV)", 2, "compare with the share overall"),
    "nne": ("Reviews for each one found (number needed to evaluate)", 1, "fewer is better"),
    "net_benefit": ("Net benefit", 3, "above 0 and above that of choosing everyone"),
    "ici": ("Average error of the percentages (ICI)", 3, "compare with what chance alone gives"),
    "e50": ("Median error of the percentages (E50)", 3, "near 0"),
    "e90": ("Error exceeded for 1 person in 10 (E90)", 3, "near 0"),
    "emax": ("Largest error, among the middle 95 in 100 of the risks (Emax)", 3, "near 0"),
    "ici_expected": ("ICI that chance alone gives, mean", 3, ""),
    "ici_expected_95": ("ICI that chance alone gives, 95th centile", 3, ""),
    "ici_excess": ("Average error of the percentages beyond what chance gives (excess ICI)", 3, "near 0"),
    "selection_rate": ("Flagged, of all (selection rate)", 2, ""),
    "false_positive_rate": ("Flagged, of those without the outcome (false positive rate)", 2, "0 is nobody"),
}


def group_name(group: str) -> str:
    """The heading of a group, such as ``Deprivation``."""
    if CROSS in group:
        first, *others = (group_name(part) for part in group.split(CROSS))
        return " by ".join([first, *(name[:1].lower() + name[1:] for name in others)])
    return _GROUPS.get(group, group.replace("_", " ").capitalize())


def level_name(group: str, level: str) -> str:
    """A level as a table row says it."""
    if CROSS in group:
        first, *others = _parts(group, level)
        return ", ".join([level_name(*first), *(_within(g, level_name(g, v)) for g, v in others)])
    if group == "all":
        return "Everyone"
    if group == "sex":
        return _SEX.get(level.lower(), level).capitalize() if level.lower() in _SEX else level
    if group == "imd_quintile" and level[:1] in _FIFTHS:
        return _FIFTHS[level[:1]].capitalize()
    if group == "age_band":
        return level.replace("-", " to ")
    return level


def people(group: str, level: str) -> str:
    """A level as the people in it, to follow "for": ``people in the most deprived fifth``."""
    if group == "all":
        return "everyone"
    if CROSS in group:
        # women in the most deprived fifth: whoever has a noun of their own comes first
        told = sorted((people(g, v) for g, v in _parts(group, level)), key=lambda words: words.startswith("people "))
        return " ".join([told[0], *(words.removeprefix("people ") for words in told[1:])])
    if level.lower() in ("not recorded", "not known", "unknown"):
        return f"people whose {_thing(group)} is not recorded"
    if level.lower() == "not stated":
        return f"people whose {_thing(group)} is not stated"
    if group == "sex":
        return _SEX.get(level.lower(), f"people whose sex is recorded as {level}")
    if group == "age_band":
        return f"people aged {level.replace('-', ' to ')}"
    if group == "imd_quintile" and level[:1] in _FIFTHS:
        return f"people in the {_FIFTHS[level[:1]]}"
    if group == "ethnicity":
        return f"people whose ethnicity is recorded as {level}"
    if group == "site_group":
        return f"people discharged from {level if ' ' in level else f'hospital group {level}'}"
    return f"people whose {_thing(group)} is {level}"


def model_name(model: str) -> str:
    """A model as a sentence says it."""
    return _MODELS.get(model, model)


def read_from(sources: str) -> str:
    """The kinds of records that a feature is read from, given the names of their tables."""
    return ", ".join(dict.fromkeys(_RECORDS.get(name, name.replace("_", " ")) for name in sources.split(", ")))


def told_by(question: str, evidence: str) -> str:
    """What told whether a stay was for heart failure, unplanned, or part of a spell."""
    return _TOLD.get(question, {}).get(evidence, evidence.replace("_", " "))


def _within(group: str, name: str) -> str:
    """A level's name in the middle of a line: words in lower case, names as they are."""
    return name[:1].lower() + name[1:] if group in ("sex", "imd_quintile") else name


def _parts(group: str, level: str) -> list[tuple[str, str]]:
    """Groups that are taken together, each with its level."""
    return list(zip(group.split(CROSS), level.split(CROSS), strict=False))


def _thing(group: str) -> str:
    return {
        "age_band": "age",
        "imd_quintile": "deprivation",
        "site_group": "hospital",
    }.get(group, group.replace("_", " "))
