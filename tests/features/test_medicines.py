"""What the family of medicines says about itself, its lists, and that nothing later changes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from hfrisk.features.ingredients import listed_ingredients, members
from tests.engines import WITHOUT_A_CLUSTER
from tests.features.random_people import DATA_END, DATA_START, random_people
from tests.spec.feature_example import FeatureExample, stacked

ENGINES = WITHOUT_A_CLUSTER

HEAD = "drug_concept_id drug_exposure_start_date drug_exposure_start_datetime drug_exposure_end_date"
GIVEN = f"{HEAD}\n956874 2023-06-14 2023-06-14T08:00:00 2023-06-14"


def everybody(cdm: Cdm, early: bool = False) -> Cohort:
    settings = CohortSettings(
        minimum_age=None,
        complete_follow_up=False,
        require_unplanned_index=False,
        prediction_time="admission_24h" if early else "discharge",
    )
    return build_cohort(cdm, settings, DATA_END, DATA_START)


def made(cdm: Cdm, early: bool = False) -> FeatureTable:
    return build_features(cdm, everybody(cdm, early), FeatureSettings(families=("medicines",)))


def one(engine: Any, text: str, stay: str = "", **tables: str) -> FeatureTable:
    example = FeatureExample("", {}, {"drug_exposure": text, **tables}, **({"stay": stay} if stay else {}))
    return made(engine.open(stacked([example])))


def said(table: FeatureTable) -> dict[str, str]:
    return {check.code: check.text() for check in table.notices}


def test_a_source_without_hierarchy_is_told_so_with_what_was_not_recognised(engine: Any) -> None:
    table = one(engine, f"{GIVEN}\n19900001 2023-06-14 - 2023-06-14\n956874 2023-06-13 - 2023-06-13")
    assert "1 of 3 records are none of the list" in said(table)["HFR075"]
    with_one = one(engine, GIVEN, concept_ancestor="ancestor_concept_id descendant_concept_id\n956874 957136")
    assert "HFR075" not in said(with_one)
    # nor where the source writes nothing but ingredients of the list
    assert "HFR075" not in said(one(engine, GIVEN))


def test_loop_diuretics_without_doses_give_no_dose_and_a_note(engine: Any) -> None:
    table = one(engine, GIVEN)
    assert "HFR076" in said(table)
    assert "loop_furosemide_equivalent_mg" not in [entry.name for entry in table.catalogue]
    dosed = one(engine, f"{HEAD} dose_mg\n956874 2023-06-14 2023-06-14T18:00:00 2023-06-14 40")
    assert "HFR076" not in said(dosed)
    assert "loop_furosemide_equivalent_mg" in [entry.name for entry in dosed.dictionary]


def test_discharges_from_before_a_medicine_could_be_had_are_counted(engine: Any) -> None:
    early = one(engine, "person_id " + HEAD, stay="1 10 262 2021-02-01T14:00:00 2021-02-11T16:30:00")
    assert said(early)["HFR077"].startswith(
        "1 index discharges were before 24 February 2021, when SGLT2 inhibitor could"
    )
    assert "HFR077" not in said(one(engine, GIVEN))


def test_no_medicine_near_the_end_of_any_stay_is_a_warning(engine: Any) -> None:
    assert "HFR033" in said(one(engine, f"{HEAD}\n956874 2023-06-06 2023-06-06T08:00:00 2023-06-06"))
    assert "HFR033" not in said(one(engine, GIVEN))


def test_single_administrations_are_called_given_in_hospital(engine: Any) -> None:
    window = {entry.name: entry.window for entry in one(engine, GIVEN).catalogue}
    assert window["beta_blocker_year"] == "given in hospital in the year before admission"
    orders = one(engine, f"{HEAD}\n956874 2023-06-01 - 2023-06-14")
    window = {entry.name: entry.window for entry in orders.catalogue}
    assert window["beta_blocker_year"] == "given or prescribed in the year before admission"


def test_the_words_of_the_dictionary_name_the_day_of_the_appraisal() -> None:
    since = read_yaml("medicine_rules.yaml")["availability"]["england"]
    assert {name: entry["since"].isoformat() for name, entry in since.items()} == {
        "sglt2_inhibitor": "2021-02-24", "arni": "2016-04-27", "ivabradine": "2012-11-28",
    }  # fmt: skip


def test_every_ingredient_of_a_class_is_named_and_is_in_one_class_of_its_own() -> None:
    classes = read_yaml("medicines.yaml")
    of_its_own = [concept for entry in classes.values() for concept in entry.get("concepts", [])]
    assert sorted(of_its_own) == sorted(listed_ingredients())
    assert set(members("ras_inhibitor")) == {
        c for name in ("ace_inhibitor", "arb", "arni") for c in classes[name]["concepts"]
    }
    rules = read_yaml("medicine_rules.yaml")
    assert set(rules["loop_diuretics"]) == set(classes["loop_diuretic"]["concepts"])
    named = {name for entry in rules["together"].values() for group in entry["all_of"] for name in group}
    assert named | set(rules["availability"]["england"]) <= set(classes)


@pytest.mark.parametrize("early", [False, True], ids=["at discharge", "a day after admission"])
def test_nothing_that_happens_or_is_written_later_changes_a_feature(engine: Any, early: bool) -> None:
    tables = _one_stay_each(random_people(seed=3, persons=250 if engine.name == "duckdb" else 60))
    cdm = engine.open(tables)
    before = made(cdm, early)
    told = cdm.frame(everybody(cdm, early).table, "cohort").set_index("person_id")["predicted_at"]
    changed = {**tables, "drug_exposure": _later(tables["drug_exposure"], told)}
    other = engine.open(changed)
    after = made(other, early)
    names = [entry.name for entry in before.catalogue]
    left, right = (
        frame.sort_values("index_id").reset_index(drop=True)[["person_id", "index_id", *names]]
        for frame in (cdm.frame(before.table, "before"), other.frame(after.table, "after"))
    )
    assert len(left) > 40
    pd.testing.assert_frame_equal(left, right)


def _one_stay_each(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Only the first stay for heart failure is one: another would be told by what is later than the first."""
    conditions = tables["condition_occurrence"]
    hf = conditions["condition_source_value"].isin(["I50.0", "I509"])
    first = conditions["visit_occurrence_id"] == conditions["person_id"] * 100
    return {**tables, "condition_occurrence": conditions[first | ~hf].reset_index(drop=True)}


def _later(rows: pd.DataFrame, told: pd.Series) -> pd.DataFrame:
    """Each record that is later than the prediction becomes another one, each end that is later another end; in another order."""
    made = []
    for row in rows.to_dict("records"):
        predicted = told.get(row["person_id"])
        if predicted is None or pd.isna(predicted):
            made.append(row)
            continue
        at = row["drug_exposure_start_datetime"]
        at = datetime.combine(row["drug_exposure_start_date"], datetime.min.time()) if at is None or pd.isna(at) else at
        known = row["recorded_at"] is not None and not pd.isna(row["recorded_at"]) and row["recorded_at"] >= predicted
        if known or at.date() > predicted.date():
            row = {**row, "drug_concept_id": 1338005, "dose_mg": 80.0, "quantity": 3.0}
        elif _ends_later(row, predicted):
            end = row["drug_exposure_end_date"] + timedelta(days=9)
            row = {**row, "drug_exposure_end_date": end, "drug_exposure_end_datetime": None}
        made.append(row)
    return pd.DataFrame(made[::-1], dtype="object")


def _ends_later(row: dict[str, Any], predicted: datetime) -> bool:
    day, at = row["drug_exposure_end_date"], row["drug_exposure_end_datetime"]
    if day is None or day < row["drug_exposure_start_date"]:
        return False
    timed = at is not None and not pd.isna(at) and at.date() == day and at.time() != datetime.min.time()
    return bool(at > predicted if timed else day > predicted.date())
