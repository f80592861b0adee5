"""Clinical scores, one index discharge at a time: the tables as the papers print them, in ranges of whole numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hfrisk.codelists import read_csv
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Row, Source, is_known, on_grid
from tests.features.naive_codes import codes_known

Facts = Mapping[str, float | None]
Found = dict[str, float | None]

EVERYTHING = ("demography", "stay", "prior_care", "comorbidity", "laboratory", "medicines", "scores")
CASES = [
    (EVERYTHING, {}),
    (EVERYTHING, {"scores_missing": "normal", "charlson_variant": "quan2011", "hospital_variant": "2013"}),
    (EVERYTHING, {"charlson_variant": "original", "coding_is_live": True, "gwtg_race_term": "as_published"}),
    (("laboratory", "scores"), {"dates_are_known": "start_of_day"}),
]

TABLES = {
    "lace_l": "0:0 1:1 2:2 3:3 4-6:4 7-13:5 14-:7",
    "lace_c": "0:0 1:1 2:2 3:3 4-:5",
    "lace_e": "0:0 1:1 2:2 3:3 4-:4",
    "hospital_admissions 2013": "0:0 1-5:2 6-:5",
    "hospital_admissions 2016": "0-1:0 2-5:2 6-:5",
    "gwtg_hf_systolic": "-59:28 60-69:26 70-79:24 80-89:23 90-99:21 100-109:19 110-119:17 120-129:15 130-139:13 140-149:11 150-159:9 "
    "160-169:8 170-179:6 180-189:4 190-199:2 200-:0",
    "gwtg_hf_urea": "-9:0 10-19:2 20-29:4 30-39:6 40-49:8 50-59:9 60-69:11 70-79:13 80-89:15 90-99:17 100-109:19 110-119:21 120-129:23 "
    "130-139:25 140-149:27 150-:28",
    "gwtg_hf_sodium": "-130:4 131-133:3 134-136:2 137-138:1 139-:0",
    "gwtg_hf_age": "-19:0 20-29:3 30-39:6 40-49:8 50-59:11 60-69:14 70-79:17 80-89:19 90-99:22 100-109:25 110-:28",
    "gwtg_hf_heart_rate": "-79:0 80-84:1 85-89:3 90-94:4 95-99:5 100-104:6 105-:8",
    "maggic_lvef": "-19:7 20-24:6 25-29:5 30-34:3 35-39:2 40-:0",
    "maggic_age -29": "-54:0 55-59:1 60-64:2 65-69:4 70-74:6 75-79:8 80-:10",
    "maggic_age 30-39": "-54:0 55-59:2 60-64:4 65-69:6 70-74:8 75-79:10 80-:13",
    "maggic_age 40-": "-54:0 55-59:3 60-64:5 65-69:7 70-74:9 75-79:12 80-:15",
    "maggic_systolic -29": "-109:5 110-119:4 120-129:3 130-139:2 140-149:1 150-:0",
    "maggic_systolic 30-39": "-109:3 110-119:2 120-129:1 130-139:1 140-149:0 150-:0",
    "maggic_systolic 40-": "-109:2 110-119:1 120-129:1 130-139:0 140-149:0 150-:0",
    "maggic_bmi": "-14:6 15-19:5 20-24:3 25-29:2 30-:0",
    "maggic_creatinine": "-89:0 90-109:1 110-129:2 130-149:3 150-169:4 170-209:5 210-249:6 250-:8",
    "maggic_nyha": "1:0 2:2 3:6 4:8",
    "imd": "-9:0 10-14:0.0209 15-24:0.0239 25-39:0.0661 40-49:0.1017 50-:0.0982",
}
WEIGHTS = {
    "schneeweiss": "ami1 cevd1 pvd1 diab1 chf2 diabwc2 copd2 mld2 canc2 dementia3 rheumd3 aids4 msld4 rend4 metacanc6",
    "original": "ami1 chf1 pvd1 cevd1 dementia1 copd1 rheumd1 pud1 mld1 diab1 diabwc2 hp2 rend2 canc2 msld3 metacanc6 aids6",
    "quan2011": "chf2 dementia2 copd1 rheumd1 mld2 diabwc1 hp2 rend1 canc2 msld4 metacanc6 aids4",
}
PARR30 = {"chf": 0.0950, "pvd": 0.1043, "copd": 0.2243, "diabwc": 0.1457, "rend": 0.1977, "metacanc": 0.2762, "canc": 0.5069,
          "msld": 0.2673, "mld": 0.2133, "hp": 0.1061, "dementia": 0.0467}  # fmt: skip
NORMAL = {
    "hospital": {"haemoglobin_last": 140, "sodium_last": 140, "oncology_specialty": 0, "any_procedure": 0},
    "gwtg_hf": {
        "systolic_pressure_first": 130,
        "urea_first": 5,
        "sodium_first": 140,
        "heart_rate_first": 75,
        "copd": 0,
    },
    "maggic": {"systolic_pressure_last": 125, "creatinine_last": 80, "current_smoker": 0, "diabetes": 0, "copd": 0},
    "lace": {"ae_attendances_180d": 0},
}
RISK_1Y = (".015 .016 .018 .02 .022 .024 .027 .029 .032 .036 .039 .043 .048 .052 .058 .063 .07 .077 .084 .093 .102 .111 .122 .134 .147 "
           ".16 .175 .191 .209 .227 .248 .269 .292 .316 .342 .369 .398 .427 .458 .49 .523 .557 .591 .625 .659 .692 .725 .757 .787 .816 "
           ".842")  # fmt: skip
RISK_3Y = (".039 .043 .048 .052 .058 .063 .07 .077 .084 .092 .102 .111 .122 .134 .146 .16 .175 .191 .209 .227 .247 .269 .292 .316 .342 "
           ".369 .397 .427 .458 .49 .523 .556 .59 .625 .658 .692 .725 .756 .787 .815 .842 .866 .889 .908 .926 .941 .953 .964 .973 .98 "
           ".985")  # fmt: skip


def points(table: str, value: float | None) -> float | None:
    """By a table of ranges; what lies between two whole numbers belongs to the lower one."""
    if value is None:
        return None
    for line in TABLES[table].split():
        span, _, given = line.rpartition(":")
        lowest, dash, highest = span.partition("-")
        highest = highest if dash else lowest
        if (not lowest or math.floor(value) >= int(lowest)) and (not highest or math.floor(value) <= int(highest)):
            return float(given)
    raise AssertionError(f"{table} has nothing for {value}")


def by_lvef(table: str, value: float | None, lvef: float | None) -> float | None:
    if value is None or lvef is None:
        return None
    return points(f"{table} {'-29' if lvef < 30 else '30-39' if lvef < 40 else '40-'}", value)


def times(value: float | None, given: float) -> float | None:
    return None if value is None else given * (value > 0)


def total(parts: Mapping[str, float | None], most: float = 1000) -> float | None:
    found = list(parts.values())
    return None if None in found else min(sum(found), most)  # type: ignore[type-var, arg-type]


def seen(facts: Facts, names: str) -> float:
    return float(sum(facts.get(name) is not None for name in names.split()))


def lace_parts(facts: Facts) -> Found:
    return {
        "lace_l": points("lace_l", facts.get("length_of_stay")),
        "lace_a": times(facts.get("emergency_admission"), 3),
        "lace_c": points("lace_c", facts.get("lace_charlson")),
        "lace_e": points("lace_e", facts.get("ae_attendances_180d")),
    }


def lace(facts: Facts, assumed: Facts) -> Found:
    parts, counted = lace_parts(facts), lace_parts(assumed)
    return {
        "lace_charlson": facts.get("lace_charlson"),
        **parts,
        "lace_observed": seen(facts, "length_of_stay emergency_admission lace_charlson ae_attendances_180d"),
        "score_lace": total(counted),
        "le_observed": seen(facts, "length_of_stay ae_attendances_180d"),
        "score_le": total({name: counted[name] for name in ("lace_l", "lace_e")}),
    }


def hospital_parts(facts: Facts, variant: str) -> Found:
    haemoglobin, sodium, length = facts.get("haemoglobin_last"), facts.get("sodium_last"), facts.get("length_of_stay")
    return {
        "hospital_haemoglobin": None if haemoglobin is None else float(haemoglobin < 120),
        "hospital_oncology": times(facts.get("oncology_specialty"), 2),
        "hospital_sodium": None if sodium is None else float(sodium < 135),
        "hospital_procedure": times(facts.get("any_procedure"), 1),
        "hospital_index_type": times(facts.get("emergency_admission"), 1),
        "hospital_admissions": points(f"hospital_admissions {variant}", facts.get("admissions_365d")),
        "hospital_length": None if length is None else 2.0 * (length >= 5),
    }


def hospital(facts: Facts, assumed: Facts, variant: str) -> Found:
    names = "haemoglobin_last oncology_specialty sodium_last any_procedure emergency_admission admissions_365d length_of_stay"
    return {
        **hospital_parts(facts, variant),
        "hospital_observed": seen(facts, names),
        "score_hospital": total(hospital_parts(assumed, variant)),
    }


def parr30(facts: Facts) -> Found:
    age, admissions = facts.get("age"), facts.get("emergency_admissions_365d")
    parts = {
        "parr30_age": None if age is None else 0.000060581 * age**2,
        "parr30_imd_score": points("imd", facts.get("imd_score")),
        "parr30_emergency_admissions_365d": None if admissions is None else 0.1215 * admissions,
        "parr30_emergency_admissions_30d": times(facts.get("emergency_admissions_30d"), 0.5258),
        "parr30_emergency_admission": times(facts.get("emergency_admission"), 0.5565),
        "parr30_conditions": facts.get("parr30_conditions"),
    }
    odds = None if None in parts.values() else math.exp(-2.91821 + sum(parts.values()))  # type: ignore[arg-type]
    return {
        **{name: on_grid(value, 0.0001) for name, value in parts.items()},
        "parr30_observed": float(sum(value is not None for value in parts.values())),
        "score_parr30": None if odds is None else on_grid(odds / (1 + odds), 0.001),
    }


def is_black(facts: Facts) -> float | None:
    said = not (facts.get("ethnicity_not_stated") or facts.get("ethnicity_not_known"))
    return facts.get("ethnicity_black") if said else None


def gwtg_hf_parts(facts: Facts, race: str) -> Found:
    urea, black = facts.get("urea_first"), is_black(facts)
    return {
        "gwtg_hf_systolic": points("gwtg_hf_systolic", facts.get("systolic_pressure_first")),
        "gwtg_hf_urea": points("gwtg_hf_urea", None if urea is None else math.floor(urea * 2.8 + 0.5)),
        "gwtg_hf_sodium": points("gwtg_hf_sodium", facts.get("sodium_first")),
        "gwtg_hf_age": points("gwtg_hf_age", facts.get("age")),
        "gwtg_hf_heart_rate": points("gwtg_hf_heart_rate", facts.get("heart_rate_first")),
        "gwtg_hf_copd": times(facts.get("copd"), 2),
        "gwtg_hf_race": 3.0 if race == "omit" else None if black is None else 3.0 * (1 - black),
    }


def gwtg_hf(facts: Facts, assumed: Facts, race: str) -> Found:
    names = "systolic_pressure_first urea_first sodium_first age heart_rate_first copd"
    return {
        **gwtg_hf_parts(facts, race),
        "gwtg_hf_observed": seen(facts, names) + (race != "omit" and is_black(facts) is not None),
        "score_gwtg_hf": total(gwtg_hf_parts(assumed, race)),
    }


def for_18_months(facts: Facts) -> float | None:
    since, looks_back = facts.get("days_since_first_heart_failure"), facts.get("look_back_days")
    if since is not None and since >= 548:
        return 1.0
    known = "days_since_first_heart_failure" in facts and looks_back is not None and looks_back >= 548
    return 0.0 if known else None


def maggic_parts(facts: Facts) -> Found:
    lvef = facts.get("lvef")
    treated = {name: facts.get(name) for name in ("beta_blocker", "ras_inhibitor")}
    return {
        "maggic_lvef": points("maggic_lvef", lvef),
        "maggic_age": by_lvef("maggic_age", facts.get("age"), lvef),
        "maggic_systolic": by_lvef("maggic_systolic", facts.get("systolic_pressure_last"), lvef),
        "maggic_bmi": points("maggic_bmi", facts.get("bmi")),
        "maggic_creatinine": points("maggic_creatinine", facts.get("creatinine_last")),
        "maggic_nyha": points("maggic_nyha", facts.get("nyha_class")),
        "maggic_male": times(facts.get("male"), 1),
        "maggic_smoker": times(facts.get("current_smoker"), 1),
        "maggic_diabetes": times(facts.get("diabetes"), 3),
        "maggic_copd": times(facts.get("copd"), 2),
        "maggic_duration": times(for_18_months(facts), 2),
        "maggic_beta_blocker": None if treated["beta_blocker"] is None else 3.0 * (1 - treated["beta_blocker"]),
        "maggic_ras_inhibitor": None if treated["ras_inhibitor"] is None else 1.0 * (1 - treated["ras_inhibitor"]),
    }


def maggic(facts: Facts, assumed: Facts) -> Found:
    names = "lvef age systolic_pressure_last bmi creatinine_last nyha_class male current_smoker diabetes copd beta_blocker ras_inhibitor"
    score = total(maggic_parts(assumed), 50)
    return {
        **maggic_parts(facts),
        "maggic_observed": seen(facts, names) + (for_18_months(facts) is not None),
        "score_maggic": score,
        "maggic_risk_1y": None if score is None else float(RISK_1Y.split()[int(score)]),
        "maggic_risk_3y": None if score is None else float(RISK_3Y.split()[int(score)]),
    }


def charlson(codes: set[str], edition: str = "icd10") -> set[str]:
    """The categories of these codes, and heart failure; of a pair the graver one alone."""
    lines = [row for row in read_csv("charlson_quan.csv") if row["system"] == edition]
    found = {row["category"] for row in lines for code in codes if code.startswith(row["prefix"])} | {"chf"}
    return found - {
        lesser for lesser, graver in (("mld", "msld"), ("diab", "diabwc"), ("canc", "metacanc")) if graver in found
    }


def weighed(categories: set[str], variant: str) -> float:
    return float(sum(int(word[-1]) for word in WEIGHTS[variant].split() if word[:-1] in categories))


def log_odds(categories: set[str]) -> float:
    """PARR-30's conditions; diabetes, cancer and the liver as in `charlson`."""
    return sum(PARR30.get(category, 0.0) for category in categories)


NYHA = {"420300004": 1, "421704003": 2, "420913000": 3, "422293003": 4}
SMOKING = {"77176002": 1, "449868002": 1, "8517006": 0, "266919005": 0}
SMOKING_CONCEPTS = {4298794: 1, 42709996: 1, 4310250: 0, 4144272: 0}
SMOKING_ANSWERS = {**SMOKING_CONCEPTS, 36309332: 1, 45883458: 0, 45879404: 0}
NO = (4188540, 45878245)


def stated(row: Row, table: str) -> tuple[str, float] | None:
    """What a row of observations or measurements states of NYHA class or smoking."""
    concept, number, text = (
        row[f"{table}_concept_id"],
        row["value_as_number"],
        (row.get(f"{table}_source_value") or "").strip(),
    )
    answer = row.get("value_as_concept_id")
    if answer in NO:
        return None
    if concept == 36305765:
        return ("nyha_class", float(number)) if number in (1, 2, 3, 4) else None
    if concept in (43054909, 4203874):
        return ("current_smoker", SMOKING_ANSWERS[answer]) if answer in SMOKING_ANSWERS else None
    if concept in SMOKING_ANSWERS:
        return "current_smoker", SMOKING_ANSWERS[concept]
    if text in NYHA:
        return "nyha_class", NYHA[text]
    return ("current_smoker", SMOKING[text]) if text in SMOKING else None


def statements(source: Source, index: Index, settings: FeatureSettings) -> Found:
    """The latest class and habit; of several on one day the graver."""
    latest: dict[str, tuple[Any, float]] = {}
    for table in ("observation", "measurement"):
        for row in source.of(index.person_id, table):
            day, at = f"{table}_date", f"{table}_datetime"
            said = stated(row, table)
            if said is None or row[day] is None or not is_known(row, day, at, index, settings):
                continue
            what, value = said
            if what == "nyha_class" and row[day] < index.admission_date - timedelta(days=365):
                continue
            latest[what] = max(latest.get(what, (row[day], value)), (row[day], float(value)))
    return {what: latest[what][1] if what in latest else None for what in ("nyha_class", "current_smoker")}


def expected(source: Source, index: Index, settings: FeatureSettings, made: Facts) -> Found:
    """Every column of the scores, from what the other families made of this index discharge, and from the source."""
    habits = statements(source, index, settings)
    known = codes_known(source, index, settings, "icd10_uk")
    before = charlson({code for code, ago, _ in known if ago <= settings.condition_lookback_days})
    lately = charlson({code for code, ago, _ in known if ago <= 730})
    facts: Found = {
        "emergency_admission": float(index.unplanned),
        **{name: value for name, value in made.items() if not name.startswith(("lace_", "parr30_"))},
        **habits,
        "look_back_days": float(index.look_back_days),
        "lace_charlson": weighed(before, settings.charlson_variant),
        "parr30_conditions": log_odds(lately),
    }

    def assumed(name: str) -> Facts:
        if settings.scores_missing == "missing":
            return facts
        there = {key: value for key, value in facts.items() if value is not None or key not in NORMAL[name]}
        return {**NORMAL[name], **there}

    return {
        **habits,
        **lace(facts, assumed("lace")),
        **hospital(facts, assumed("hospital"), settings.hospital_variant),
        **parr30(facts),
        **gwtg_hf(facts, assumed("gwtg_hf"), settings.gwtg_race_term),
        **maggic(facts, assumed("maggic")),
    }
