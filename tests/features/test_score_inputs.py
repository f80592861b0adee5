"""For how many patients each input of a score was observed, which scores cannot be made, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import Maps
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from hfrisk.features.scores import score_inputs
from tests.engines import WITHOUT_A_CLUSTER
from tests.features.random_people import DATA_END, DATA_START, random_people
from tests.spec.feature_example import FeatureExample, stacked
from tests.spec.features.scores import MEASURED, codes

ENGINES = WITHOUT_A_CLUSTER

FAMILIES = ("demography", "stay", "prior_care", "comorbidity", "laboratory", "scores")
LATE = ("lace", "le", "hospital")


def made_from(
    engine: Any, examples: list[FeatureExample], **settings: Any
) -> tuple[Cdm, FeatureTable, FeatureSettings]:
    cdm = engine.open(stacked(examples))
    cohort = build_cohort(
        cdm,
        CohortSettings(minimum_age=None, complete_follow_up=False, unplanned=("assume_unplanned",)),
        DATA_END,
        DATA_START,
    )
    chosen = FeatureSettings(**{"families": FAMILIES, **settings})
    return cdm, build_features(cdm, cohort, chosen), chosen


def measured(*lines: str) -> FeatureExample:
    return FeatureExample("", {}, tables={"measurement": "\n".join([MEASURED, *lines])})


SODIUM = "3019550 2023-06-06 - 140 8753"
UREA = "3020779 2023-06-06 - 5 8753"


def test_each_input_is_counted_over_all_index_discharges(engine: Any) -> None:
    examples = [measured(SODIUM), measured(SODIUM), measured(UREA), FeatureExample("", {})]
    cdm, made, chosen = made_from(engine, examples)
    counted = score_inputs(cdm, made, chosen).set_index(["score", "input"])
    assert set(counted["rows"]) == {4}
    observed = counted["observed"]
    assert (observed["hospital", "sodium_last"], observed["gwtg_hf", "urea_nitrogen_first"]) == (2, 1)
    assert observed["hospital", "emergency_admission"] == observed["parr30", "emergency_admission"] == 4
    assert observed["parr30", "parr30_conditions"] == observed["lace", "lace_charlson"] == 4
    assert counted.loc[("hospital", "sodium_last"), "share"] == 0.5
    assert counted.loc[("hospital", "sodium_last"), "words"] == "last sodium"


def test_what_the_source_lacks_was_observed_for_nobody(engine: Any) -> None:
    cdm, made, chosen = made_from(engine, [measured(SODIUM)])
    observed = score_inputs(cdm, made, chosen).set_index(["score", "input"])["observed"]
    # there is no A&E visit apart from the one that began the stay in it, no medicine, and no ejection fraction
    assert observed["maggic", "beta_blocker"] == observed["maggic", "lvef"] == observed["parr30", "imd_score"] == 0
    assert observed["maggic", "score_maggic"] == observed["parr30", "score_parr30"] == 0
    assert ("gwtg_hf", "black_ethnicity") not in observed
    assert "score_maggic" not in made.table.columns


def test_the_race_term_is_an_input_only_where_the_study_uses_it(engine: Any) -> None:
    cdm, made, chosen = made_from(engine, [measured(SODIUM)], gwtg_race_term="as_published")
    assert ("gwtg_hf", "black_ethnicity") in score_inputs(cdm, made, chosen).set_index(["score", "input"]).index
    assert "HFR082" in {notice.code for notice in made.notices}


def test_a_study_without_scores_has_no_inputs_of_scores(engine: Any) -> None:
    cdm, made, chosen = made_from(engine, [measured(SODIUM)], families=("demography", "stay"))
    assert score_inputs(cdm, made, chosen).empty


def test_counts_of_inputs_are_those_of_the_parts(engine: Any) -> None:
    tables = random_people(seed=3, persons=60)
    cdm = engine.open(tables)
    cohort = build_cohort(
        cdm,
        CohortSettings(minimum_age=None, complete_follow_up=False, require_unplanned_index=False),
        DATA_END,
        DATA_START,
    )
    chosen = FeatureSettings(families=FAMILIES)
    made = build_features(cdm, cohort, chosen)
    frame = cdm.frame(made.table, "features")
    counted = score_inputs(cdm, made, chosen)
    for score in ("lace", "le", "hospital", "parr30", "gwtg_hf", "maggic"):
        mine = counted[(counted["score"] == score) & ~counted["input"].str.startswith("score_")]
        assert mine["observed"].sum() == frame[f"{score}_observed"].sum(), score
        assert (counted["rows"] == len(frame)).all()


def test_a_day_after_admission_the_scores_that_need_the_length_of_the_stay_are_not_made(engine: Any) -> None:
    cdm = engine.open(stacked([measured(SODIUM)]))
    cohort = build_cohort(
        cdm,
        CohortSettings(
            minimum_age=None, complete_follow_up=False, unplanned=("assume_unplanned",), prediction_time="admission_24h"
        ),
        DATA_END,
        DATA_START,
    )
    chosen = FeatureSettings(families=FAMILIES)
    made = build_features(cdm, cohort, chosen)
    assert not any(name.startswith(LATE) or name.startswith("score_le") for name in made.table.columns)
    assert {"parr30_observed", "gwtg_hf_observed", "maggic_observed"} <= set(made.table.columns)
    assert "HFR080" in {notice.code for notice in made.notices}
    assert set(score_inputs(cdm, made, chosen)["score"]) == {"parr30", "gwtg_hf", "maggic"}


def test_scores_that_nobody_can_have_are_told(engine: Any) -> None:
    _, made, _ = made_from(engine, [measured(SODIUM)])
    (told,) = [notice for notice in made.notices if notice.code == "HFR081"]
    assert "MAGGIC score: left-ventricular ejection fraction" in told.text()
    assert told.severity == "warning"


def test_a_study_that_takes_missing_tests_as_normal_is_told_so_and_the_words_of_the_score_say_it(engine: Any) -> None:
    _, made, _ = made_from(engine, [measured(SODIUM)], scores_missing="normal", charlson_variant="original")
    assert "HFR083" in {notice.code for notice in made.notices}
    words = {entry.name: entry.words for entry in made.catalogue}
    assert words["score_lace"].startswith("LACE index (Charlson index by the weights of Charlson 1987; missing")
    assert "2016" in words["score_hospital"]
    assert "missing" in words["score_hospital"]


def test_scores_are_not_offered_to_the_model_unless_a_study_asks(engine: Any) -> None:
    _, made, _ = made_from(engine, [FeatureExample("", {}, tables={"condition_occurrence": codes("2022-01-01 J44.9")})])
    assert not any(entry.family == "scores" for entry in made.dictionary)
    _, made, _ = made_from(engine, [FeatureExample("", {})], also=("lace_charlson",))
    assert "lace_charlson" in {entry.name for entry in made.dictionary}


@pytest.mark.parametrize("name", ["lace_charlson", "parr30_conditions", "lace_c"])
def test_what_is_made_of_diagnoses_says_where_it_comes_from(engine: Any, name: str) -> None:
    _, made, _ = made_from(engine, [FeatureExample("", {})])
    entry = next(entry for entry in made.catalogue if entry.name == name)
    assert entry.sources[0] == "condition_occurrence"


def test_parr30_of_the_worked_example_from_records(engine: Any) -> None:
    head = "visit_occurrence_id person_id visit_concept_id start end admission_method"
    example = FeatureExample(
        "",
        {},
        person="person_id gender_concept_id year_of_birth month_of_birth day_of_birth race_source_value location_id\n10 8507 1943 1 6 A 1",
        stay=f"{head}\n1 10 262 2023-06-05T14:00:00 2023-06-15T16:30:00 21\n2 10 262 2022-11-01 2022-11-09 21",
        tables={
            "location": "location_id location_source_value\n1 E01000001",
            "condition_occurrence": codes("2022-09-01 J44.9", "2022-09-01 N18.3", "2020-09-01 C50.9"),
        },
    )
    cdm = engine.open(stacked([example]))
    cdm.maps = Maps(imd={"e01000001": 2}, imd_score={"e01000001": 30.0}, imd_release="2019")
    cohort = build_cohort(cdm, CohortSettings(minimum_age=None, complete_follow_up=False), DATA_END, DATA_START)
    chosen = FeatureSettings(families=FAMILIES)
    made = build_features(cdm, cohort, chosen)
    found = cdm.frame(made.table, "features").set_index("index_id").loc[1]
    assert found["score_parr30"] == pytest.approx(0.219)
    assert found["parr30_observed"] == 6
    inputs = score_inputs(cdm, made, chosen).set_index(["score", "input"])["observed"]
    assert inputs["parr30", "imd_score"] == inputs["parr30", "score_parr30"]
