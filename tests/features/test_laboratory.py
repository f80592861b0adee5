"""Blood tests and vital signs beyond the examples: published values, what is counted, and that no order of rows matters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.cdm.units import conversions, plain_unit
from hfrisk.codelists import read_yaml
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from hfrisk.features.found import measurements_found
from hfrisk.features.uk_units import analytes
from tests.features.random_people import DATA_END, DATA_START, random_people
from tests.spec.feature_example import FeatureExample, features_of, found_in, stacked

# Creatinine in µmol/L, age, woman: what the calculator of the National Kidney Foundation gave for the equation of 2009, as kept by
# ellessenne/SCREAM tests/testthat/test-ckd_epi.R; and 1.2 mg/dL in a man of 55, 71 by the equation of 2021 (kidney.org).
PUBLISHED_2009 = [
    (50, 40, False, 129),
    (50, 40, True, 116),
    (30, 50, False, 148),
    (30, 50, True, 128),
    (60, 60, False, 104),
    (60, 60, True, 95),
    (100, 70, False, 65),
    (100, 70, True, 49),
]
HEAD = "measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id"


@pytest.fixture
def duckdb(_start: Callable[[str], Any]) -> Any:
    """DuckDB alone."""
    return _start("duckdb")


def made(cdm: Cdm, *also: str) -> FeatureTable:
    cohort = CohortSettings(minimum_age=None, complete_follow_up=False, require_unplanned_index=False)
    index = build_cohort(cdm, cohort, DATA_END, DATA_START)
    return build_features(cdm, index, FeatureSettings(families=("laboratory",), also=also))


def rates(engine: Any, of: Sequence[tuple[float, int, bool]], unit: int, year: str) -> list[float | None]:
    """The filtration rate of people with a creatinine, an age and a sex."""
    examples = [
        FeatureExample(
            f"person {number}",
            expect={},
            person=f"10 {8532 if woman else 8507} {2023 - age} 1 1 A",
            tables={"measurement": f"{HEAD}\n3020564 2023-06-07 2023-06-07T09:00:00 {creatinine} {unit}"},
        )
        for number, (creatinine, age, woman) in enumerate(of)
    ]
    frame = features_of(engine.open(stacked(examples)), examples[0], ("laboratory",))
    return [found_in(frame, number, [f"egfr_{year}"])[f"egfr_{year}"] for number in range(len(of))]


def test_filtration_rates_are_those_of_the_published_calculator(duckdb: Any) -> None:
    people = [(creatinine, age, woman) for creatinine, age, woman, _ in PUBLISHED_2009]
    assert rates(duckdb, people, 8749, "2009") == [expected for *_, expected in PUBLISHED_2009]
    assert rates(duckdb, [(1.2, 55, False)], 8840, "2021") == [71]


def test_no_filtration_rate_of_a_child_is_worked_out(duckdb: Any) -> None:
    assert rates(duckdb, [(100, 17, False), (100, 18, False)], 8749, "2021") == [None, 96]


def test_the_order_of_rows_changes_nothing(duckdb: Any) -> None:
    tables = random_people(seed=3, persons=120)
    turned = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()}
    frames = []
    for source in (tables, turned):
        cdm = duckdb.open(source)
        frame = cdm.frame(made(cdm).table, "features")
        frames.append(frame.sort_values("index_id").reset_index(drop=True))
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_values_in_a_unit_that_is_not_converted_are_counted(engine: Any) -> None:
    lines = [
        "3000963 2023-06-07 2023-06-07T09:00:00 121 8753",
        "3000963 2023-01-07 2023-01-07T09:00:00 121 8753",
        "3019550 2023-06-07 2023-06-07T09:00:00 138 8840",
        "3019550 2023-06-08 2023-06-08T09:00:00 138 8753",
        "3019550 2023-07-08 2023-07-08T09:00:00 138 8840",
    ]
    example = FeatureExample("one source", expect={}, tables={"measurement": "\n".join([HEAD, *lines])})
    family = made(engine.open(stacked([example])))
    notice = next(check for check in family.notices if check.code == "HFR070")
    assert notice.counts == {"values": 3}
    assert "haemoglobin, sodium" in notice.text()
    assert "sodium" not in next(check for check in family.notices if check.code == "HFR032").text()
    assert not any(entry.name.startswith("haemoglobin") for entry in family.catalogue)


def test_only_what_occurs_has_columns(engine: Any) -> None:
    example = FeatureExample(
        "one source", expect={}, tables={"measurement": f"{HEAD}\n3001122 2023-01-07 2023-01-07T09:00:00 50 8748"}
    )
    names = {entry.name for entry in made(engine.open(stacked([example])), "ferritin*").catalogue}
    assert {"ferritin_year_last", "iron_deficiency_esc"} < names
    assert not names & {"ferritin_last", "iron_deficiency_tsat", "bmi", "egfr_2021", "creatinine_count"}


def test_the_inputs_are_few_and_new_statistics_are_there_to_be_asked_for(duckdb: Any) -> None:
    family = made(duckdb.open(random_people(seed=1, persons=150)))
    inputs = {entry.name for entry in family.dictionary}
    assert {"nt_probnp_change", "creatinine_year_last", "weight_change", "sodium_last", "sodium_count"} <= inputs
    assert not inputs & {"sodium_first", "sodium_slope", "egfr_2021", "ferritin_last", "anaemia_measured", "bmi"}
    assert len(inputs) == 12 * 4 + 6
    # 36 analytes, 10 statistics of the stay and 9 of the year before, and 7 that are worked out
    assert len(family.catalogue) == 36 * 19 + 7


def test_the_code_list_of_tests_is_sound() -> None:
    concepts = [concept for entry in analytes().values() for concept in entry["concepts"]]
    assert len(set(concepts)) == len(concepts)
    assert len({entry["words"] for entry in analytes().values()}) == len(analytes())
    spellings = [spelling for listed in read_yaml("units.yaml").values() for spelling in listed]
    assert len(set(spellings)) == len(spellings)
    assert all(plain_unit(spelling) == spelling for spelling in spellings)
    for name, entry in analytes().items():
        assert math.log10(entry["grid"]) == round(math.log10(entry["grid"])), name
        assert all(factor > 0 for factor, _ in conversions(entry).values()), name
        assert entry["lower"] < entry["upper"], name
        assert set(entry.get("inputs", ())) <= {"last", "lowest", "highest", "count", "change", "year_last"}, name


def test_the_small_american_source_is_read_by_its_own_concepts(synthea: Path) -> None:
    with connect(SourceSettings(path=synthea)) as cdm:
        found = measurements_found(cdm).set_index("analyte")
    assert list(found.index) == list(analytes())
    assert found.loc["creatinine", ["concepts_found", "rows", "people", "usable_rows"]].tolist() == [
        "3016723, 3051825", 241, 10, 241,
    ]  # fmt: skip
    # children weigh less than any adult
    assert found.loc["weight", ["rows", "people", "usable_rows", "usable_people", "not_usable"]].tolist() == [
        511, 28, 412, 23, 99,
    ]  # fmt: skip
    assert found["other_unit"].sum() == 0
    lacking = found.index[found["rows"] == 0]
    assert list(lacking) == [
        "egfr", "crp", "bnp", "transferrin", "troponin_t", "news2", "clinical_frailty_scale", "urate", "tsh",
    ]  # fmt: skip


def test_what_was_found_is_counted_by_kind_on_every_engine(engine: Any) -> None:
    text = """
    person_id measurement_concept_id measurement_date value_as_number unit_concept_id operator_concept_id value_source_value
    10 3029187 2023-06-07 400   8725 - -
    10 3029187 2023-06-08 35000 8725 4172704 -
    10 3029187 2023-06-09 -     8725 - >35000
    10 3029187 2023-06-09 1     8725 - -
    10 3029187 2023-06-09 -     8725 - lost
    11 3029187 2023-06-07 400   8753 - -
    11 9999999 2023-06-07 400   8753 - -
    """
    example = FeatureExample("one source", expect={}, tables={"measurement": text.strip()})
    found = measurements_found(engine.open(stacked([example]))).set_index("analyte").loc["nt_probnp"]
    counts = found[["rows", "people", "usable_rows", "usable_people", "bounds", "other_unit", "not_usable"]]
    assert counts.tolist() == [6, 2, 3, 1, 2, 1, 2]
    assert found["concepts_found"] == "3029187"
