"""Each score by the table of its paper: published examples, every boundary of every band, and what is missing."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import Cdm
from hfrisk.features import FeatureSettings
from hfrisk.features.family import KEYS, Context
from hfrisk.features.scores import SCORES
from hfrisk.features.scores.gwtg_hf import gwtg_hf
from hfrisk.features.scores.hospital import hospital
from hfrisk.features.scores.lace import lace, le
from hfrisk.features.scores.maggic import maggic, with_risks
from hfrisk.features.scores.parr30 import parr30
from hfrisk.features.scores.points import Inputs, Made, score_entry
from tests.engines import WITHOUT_A_CLUSTER
from tests.features import naive_scores as naive

ENGINES = WITHOUT_A_CLUSTER

Facts = dict[str, float | None]

MAKERS: dict[str, Callable[[Inputs], Made]] = {
    "lace": lace,
    "le": le,
    "hospital": hospital,
    "parr30": parr30,
    "gwtg_hf": gwtg_hf,
    "maggic": maggic,
}
# every whole number around every boundary, and what lies between two
VALUES: dict[str, list[float]] = {
    "length_of_stay": [0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 90],
    "emergency_admission": [0, 1],
    "lace_charlson": [0, 1, 2, 3, 4, 5, 12],
    "ae_attendances_180d": [0, 1, 2, 3, 4, 5],
    "haemoglobin_last": [60, 119, 120, 121, 160],
    "sodium_last": [120, 134, 135, 136, 150],
    "oncology_specialty": [0, 1],
    "any_procedure": [0, 1],
    "admissions_365d": [0, 1, 2, 5, 6, 7],
    "age": [18, 19, 20, 29, 30, 39, 40, 49, 50, 54, 55, 59, 60, 64, 65, 69, 70, 74, 75, 79, 80, 89, 90, 99, 100, 109, 110],
    "imd_score": [0.5, 9.9, 10, 14.99, 15, 24.9, 25, 39.9, 40, 49.9, 50, 80],
    "emergency_admissions_365d": [0, 1, 2, 7],
    "emergency_admissions_30d": [0, 1, 3],
    "parr30_conditions": [0.0950, 0.5170],
    "systolic_pressure_first": [50, *[edge + step for edge in range(60, 210, 10) for step in (-1, 0)], 240],
    "urea_first": [0.5, 3.2, 3.3, 3.4, 3.5, 3.6, 6.9, 7.0, 7.1, 10.6, 10.7, 14.1, 14.2, 17.6, 17.7, 17.8, 21.2, 21.3, 24.8, 25.0, 28.3,
                   28.4, 31.9, 32.0, 35.5, 35.6, 39.1, 39.2, 42.6, 42.7, 46.2, 46.3, 49.8, 49.9, 53.3, 53.4, 53.6, 80],
    "sodium_first": [120, 130, 131, 133, 134, 136, 137, 138, 139, 150],
    "heart_rate_first": [40, 79, 80, 84, 85, 89, 90, 94, 95, 99, 100, 104, 105, 180],
    "copd": [0, 1],
    "ethnicity_black": [0, 1],
    "ethnicity_not_stated": [0, 0, 0, 1],
    "ethnicity_not_known": [0, 0, 1],
    "lvef": [5, 19, 20, 24, 25, 29, 29.5, 30, 34, 35, 39, 39.9, 40, 60],
    "systolic_pressure_last": [60, 109, 110, 119, 120, 129, 130, 139, 140, 149, 150, 200],
    "bmi": [12, 14.9, 15, 19.9, 20, 24.9, 25, 29.9, 30, 45],
    "creatinine_last": [40, 89, 90, 109, 110, 129, 130, 149, 150, 169, 170, 209, 210, 249, 250, 900],
    "nyha_class": [1, 2, 3, 4],
    "male": [0, 1],
    "current_smoker": [0, 1],
    "diabetes": [0, 1],
    "days_since_first_heart_failure": [0, 547, 548, 2000],
    "look_back_days": [100, 547, 548, 3000],
    "beta_blocker": [0, 1],
    "ras_inhibitor": [0, 1],
}  # fmt: skip
BASE: Facts = {name: float(values[0]) for name, values in VALUES.items()}


def scores_of(cdm: Cdm, rows: list[Facts], **settings: Any) -> pd.DataFrame:
    """The columns of every score for these facts, one row each, in order; a fact that no row names has no column."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [{"person_id": i, "index_id": i, **{name: row.get(name) for name in names}} for i, row in enumerate(rows)]
    table = cdm.values(lines, {"person_id": "int64", "index_id": "int64", **dict.fromkeys(names, "float64")})
    context = Context(cdm, SimpleNamespace(), table, FeatureSettings(**settings), "icd10_uk")  # type: ignore[arg-type]
    inputs = Inputs(context, table, {})
    inputs = Inputs(
        context, table, {"lace_charlson": score_entry(inputs, (), "lace_charlson", "Charlson index", upper=37)}
    )
    here = {
        name: make(inputs) for name, make in MAKERS.items() if name not in ("lace", "le") or "lace_charlson" in names
    }
    found = table.select(*KEYS, **{name: value for made in here.values() for name, value in made.columns.items()})
    if here["maggic"].has_total:
        found = with_risks(context, found)
    return cdm.frame(found, "scores").sort_values("index_id").set_index("index_id")


def by_the_papers(facts: Mapping[str, float | None], assumed: str = "missing", **chosen: str) -> naive.Found:
    def with_normal(name: str) -> Mapping[str, float | None]:
        there = {key: value for key, value in facts.items() if value is not None or key not in naive.NORMAL[name]}
        return {**naive.NORMAL[name], **there} if assumed == "normal" else facts

    race, variant = chosen.get("gwtg_race_term", "omit"), chosen.get("hospital_variant", "2016")
    return {
        **naive.lace(facts, with_normal("lace")),
        **naive.hospital(facts, with_normal("hospital"), variant),
        **naive.parr30(facts),
        **naive.gwtg_hf(facts, with_normal("gwtg_hf"), race),
        **naive.maggic(facts, with_normal("maggic")),
    }


def differences(found: pd.DataFrame, rows: list[Facts], **chosen: str) -> list[str]:
    wrong = []
    for i, facts in enumerate(rows):
        for name, value in by_the_papers(facts, chosen.get("scores_missing", "missing"), **chosen).items():
            got = found.loc[i, name] if name in found.columns else None
            same = pd.isna(got) if value is None else got is not None and abs(got - value) < 1e-9
            if not same:
                wrong.append(f"{name}: {got}, by the paper {value}; {facts}")
    return wrong


@pytest.fixture
def cdm(engine: Any) -> Cdm:
    return engine.open({})  # type: ignore[no-any-return]


def one(cdm: Cdm, facts: Facts, **settings: Any) -> pd.Series:
    return scores_of(cdm, [facts], **settings).loc[0]


def test_lace_of_the_published_examples(cdm: Cdm) -> None:
    def row(days: float, emergency: float, charlson: float, attendances: float) -> Facts:
        names = ("length_of_stay", "emergency_admission", "lace_charlson", "ae_attendances_180d")
        return dict(zip(names, (days, emergency, charlson, attendances), strict=True))

    found = scores_of(cdm, [row(5, 1, 3, 2), row(0, 0, 0, 0), row(14, 1, 4, 4), row(40, 1, 9, 11)])
    assert found["score_lace"].tolist() == [12, 0, 19, 19]
    assert found["score_le"].tolist() == [6, 0, 11, 11]


def test_hospital_of_the_published_example(cdm: Cdm) -> None:
    facts: Facts = {
        "haemoglobin_last": 110,
        "sodium_last": 132,
        "emergency_admission": 1,
        "admissions_365d": 3,
        "length_of_stay": 6,
        "any_procedure": 0,
        "oncology_specialty": 0,
    }
    assert one(cdm, facts)["score_hospital"] == 7
    assert SCORES["hospital"].bands[-1].begins == 7


def test_the_two_hospital_scores_differ_at_one_admission_only(cdm: Cdm) -> None:
    rows: list[Facts] = [{**BASE, "admissions_365d": admissions} for admissions in range(8)]
    first, second = (
        scores_of(cdm, rows, hospital_variant=variant)["hospital_admissions"] for variant in ("2013", "2016")
    )
    assert first.tolist() == [0, 2, 2, 2, 2, 2, 5, 5]
    assert second.tolist() == [0, 0, 2, 2, 2, 2, 5, 5]


def test_parr30_of_the_worked_example(cdm: Cdm) -> None:
    # heart failure, chronic lung and kidney disease
    conditions = 0.0950 + 0.2243 + 0.1977
    facts: Facts = {
        "age": 80,
        "imd_score": 30,
        "emergency_admissions_365d": 1,
        "emergency_admissions_30d": 0,
        "emergency_admission": 1,
        "parr30_conditions": conditions,
    }
    assert one(cdm, facts)["score_parr30"] == pytest.approx(0.219)
    assert naive.log_odds({"chf", "copd", "rend"}) == pytest.approx(conditions)


def test_gwtg_hf_of_the_published_example_and_its_race_term(cdm: Cdm) -> None:
    facts: Facts = {
        "age": 50,
        "systolic_pressure_first": 100,
        "urea_first": 10 / 2.8,
        "sodium_first": 135,
        "heart_rate_first": 100,
        "copd": 1,
        "ethnicity_black": 0,
    }
    assert one(cdm, facts)["score_gwtg_hf"] == 45
    black = {**facts, "ethnicity_black": 1.0}
    assert one(cdm, black)["score_gwtg_hf"] == 45
    assert one(cdm, facts, gwtg_race_term="as_published")["score_gwtg_hf"] == 45
    assert one(cdm, black, gwtg_race_term="as_published")["score_gwtg_hf"] == 42
    unknown = {**facts, "ethnicity_not_stated": 1.0}
    assert pd.isna(scores_of(cdm, [black, unknown], gwtg_race_term="as_published")["score_gwtg_hf"][1])


def test_maggic_is_at_most_50_and_its_risk_is_the_published_one(cdm: Cdm) -> None:
    worst: Facts = {
        **BASE,
        "age": 90,
        "male": 1,
        "current_smoker": 1,
        "diabetes": 1,
        "copd": 1,
        "nyha_class": 4,
        "creatinine_last": 400,
    }
    worst |= {"days_since_first_heart_failure": 900, "look_back_days": 3000}
    best: Facts = {**BASE, "lvef": 60, "age": 40, "systolic_pressure_last": 160, "bmi": 32, "nyha_class": 1}
    best |= {"beta_blocker": 1, "ras_inhibitor": 1, "days_since_first_heart_failure": None, "look_back_days": 3000}
    found = scores_of(cdm, [worst, best])
    assert found["score_maggic"].tolist() == [50, 0]
    assert found["maggic_risk_1y"].tolist() == pytest.approx([0.842, 0.015])
    assert found["maggic_risk_3y"].tolist() == pytest.approx([0.985, 0.039])


CHOSEN = [
    {},
    {"scores_missing": "normal", "hospital_variant": "2013"},
    {"gwtg_race_term": "as_published", "hospital_variant": "2013"},
]


@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_every_boundary_of_every_band_is_that_of_the_paper(cdm: Cdm, chosen: dict[str, str]) -> None:
    rng = random.Random(4)
    longest = max(len(values) for values in VALUES.values())
    # every value of every input once, then any values beside each other, some of them missing
    rows: list[Facts] = [
        {name: float(values[turn % len(values)]) for name, values in VALUES.items()} for turn in range(longest)
    ]
    for turn in range(2 * longest):
        row: Facts = {name: float(rng.choice(values)) for name, values in VALUES.items()}
        rows.append(row | dict.fromkeys(rng.sample(list(VALUES), turn % 4)))
    for name, values in VALUES.items():
        assert {row[name] for row in rows} >= set(map(float, values)), name
    assert differences(scores_of(cdm, rows, **chosen), rows, **chosen)[:5] == []


@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_a_missing_input_makes_the_total_missing_unless_the_study_takes_it_as_normal(
    cdm: Cdm, chosen: dict[str, str]
) -> None:
    rows: list[Facts] = [{**BASE, name: None} for name in VALUES]
    assert differences(scores_of(cdm, rows, **chosen), rows, **chosen)[:5] == []


@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_an_input_that_the_source_lacks_counts_as_a_missing_one(cdm: Cdm, chosen: dict[str, str]) -> None:
    for absent in (
        "haemoglobin_last",
        "imd_score",
        "urea_first",
        "lvef",
        "bmi",
        "any_procedure",
        "ae_attendances_180d",
    ):
        rows: list[Facts] = [{name: value for name, value in BASE.items() if name != absent}]
        assert differences(scores_of(cdm, rows, **chosen), rows, **chosen)[:5] == []


def test_every_score_says_what_it_was_made_for() -> None:
    assert {name: facts.outcome for name, facts in SCORES.items()} == {
        "lace": "composite",
        "le": "composite",
        "hospital": "readmission",
        "parr30": "readmission",
        "gwtg_hf": "death_in_hospital",
        "maggic": "death",
    }
    for facts in SCORES.values():
        assert facts.source
        begins = [band.begins for band in facts.bands]
        assert begins == sorted(begins)
        assert set(facts.normal) <= set(facts.inputs)
