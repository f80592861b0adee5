"""The wide sweep: against a naive reference on random people, rule by rule on one person, and as a sparse matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_csv
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, Sweep, build_sweep
from tests.features.naive import Index, Source, days, indexes, is_known
from tests.features.naive_codes import codes_known
from tests.features.random_people import DATA_END, DATA_START, random_people
from tests.spec.feature_example import FeatureExample, stacked

PERSONS = {"duckdb": 200, "postgres": 100, "spark": 50}
EVENTS = {
    "drug": ("drug_exposure", "drug_concept_id", "drug_exposure_start"),
    "measurement": ("measurement", "measurement_concept_id", "measurement"),
}
TABLES = {"condition": "condition_occurrence", "drug": "drug_exposure", "measurement": "measurement"}
RARE = {"minimum_share": 0, "minimum_people": 1}
CASES: list[dict[str, Any]] = [
    {"sweep": RARE},
    {"sweep": {"minimum_share": 0.05, "minimum_people": 10}, "coding_is_live": True},
    {
        "sweep": {**RARE, "windows": ["stay", [1, 1], [31, 365], [366, 5000]], "statistics": "any"},
        "dates_are_known": "start_of_day",
        "codes_in_observations": False,
        "coding_lag_days": 20,
    },
]


def everybody(cdm: Cdm) -> Cohort:
    settings = CohortSettings(
        minimum_age=None, complete_follow_up=False, require_unplanned_index=False, unplanned="assume_unplanned"
    )
    return build_cohort(cdm, settings, DATA_END, DATA_START)


def swept(cdm: Cdm, **settings: Any) -> Sweep:
    return build_sweep(cdm, everybody(cdm), FeatureSettings(**settings))


def values(sweep: Sweep) -> dict[tuple[Any, str], float]:
    """By index discharge and name of the feature."""
    names = dict(zip(sweep.reference["feature"], sweep.reference["name"], strict=True))
    frame = sweep.cdm.frame(sweep.table, "sweep")
    return {(int(row.index_id), names[row.feature]): row.value for row in frame.itertuples()}


def with_concepts(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """And names for a few; one ingredient that only the vocabulary knows, and a group of medicines, which is none."""
    concepts = [(1125315, "paracetamol", "Ingredient"), (1201620, "codeine", "Precise Ingredient"),
                (21601664, "diuretics", "ATC 3rd"), (3019550, "Sodium", "Lab Test")]  # fmt: skip
    frame = pd.DataFrame(concepts, columns=["concept_id", "concept_name", "concept_class_id"], dtype="object")
    return {**tables, "concept": frame}


def naive(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float]:
    """On which days before admission each concept was known, counted by window."""
    asked = settings.sweep
    assert asked is not None
    of: dict[tuple[str, int], set[int]] = {}
    for concept, ago, _ in codes_known(source, index, settings, "icd10_uk", concepts=True):
        if concept is not None and int(concept):
            of.setdefault(("condition", int(concept)), set()).add(ago)
    ingredients = {int(row["concept"]) for row in read_csv("medicine_ingredients.csv")}
    ingredients |= {r["concept_id"] for r in source.all("concept") if r["concept_class_id"] == "Ingredient"}
    for kind, (table, column, at) in EVENTS.items():
        for row in source.of(index.person_id, table):
            if not row[column] or not is_known(row, f"{at}_date", f"{at}_datetime", index, settings):
                continue
            above = {
                pair["ancestor_concept_id"]
                for pair in source.all("concept_ancestor")
                if pair["descendant_concept_id"] == row[column] and pair["ancestor_concept_id"] in ingredients
            }
            for concept in (above if kind == "drug" else set()) or {row[column]}:
                ago = days(index.admission_date, row[f"{at}_date"])
                of.setdefault((kind, concept), set()).add(ago)
    made: dict[str, float] = {}
    for (kind, concept), agos in of.items():
        for window in asked.windows:
            near, far = (-(10**9), 0) if window == "stay" else window
            there = [ago for ago in agos if int(near) <= ago <= int(far)]
            if there:
                name = f"{kind}_{concept}_{'stay' if window == 'stay' else f'{near}_{far}d'}"
                made[name] = float(len(there)) if asked.statistics == "count" else 1.0
    return made


@pytest.mark.parametrize("settings", CASES, ids=["everything", "the common, coded live", "other windows"])
def test_a_sweep_equals_the_naive_reference(engine: Any, settings: dict[str, Any]) -> None:
    tables = with_concepts(random_people(seed=3, persons=PERSONS[engine.name]))
    cdm = engine.open(tables)
    cohort = everybody(cdm)
    chosen = FeatureSettings(**settings)
    assert chosen.sweep is not None
    source = Source(tables)
    everyone = indexes(cdm, cohort)
    found = {index.index_id: naive(source, index, chosen) for index in everyone}
    holders: dict[str, list[Any]] = {}
    for index in everyone:
        for name in found[index.index_id]:
            holders.setdefault(name, []).append(index.person_id)
    shares = {name: len(people) / len(everyone) for name, people in holders.items()}
    common = {
        name
        for name, people in holders.items()
        if shares[name] >= chosen.sweep.minimum_share and len(set(people)) >= chosen.sweep.minimum_people
    }
    expected = {(int(key), name): value for key, row in found.items() for name, value in row.items() if name in common}
    sweep = build_sweep(cdm, cohort, chosen)
    assert len(common) > 20
    assert values(sweep) == expected
    reference = sweep.reference.set_index("name")
    assert reference["index_discharges"].to_dict() == {name: len(holders[name]) for name in common}
    assert reference["share"].to_dict() == {name: shares[name] for name in common}
    assert sweep.reference["feature"].is_monotonic_increasing
    assert sweep.reference["feature"].is_unique
    kinds = {"condition", "drug", "measurement"}
    assert {name.split("_")[0] for name in common} == kinds
    assert set(sweep.reference["table"]) == {TABLES[kind] for kind in kinds}

    # the matrix: rows in the order that is asked for, and one of nobody
    keys = cdm.frame(cohort.table.select("person_id", "index_id"), "cohort").sample(frac=1, random_state=1)
    keys = pd.concat([keys, pd.DataFrame({"person_id": [10**9], "index_id": [10**9]})], ignore_index=True)
    matrix = sweep.matrix(keys)
    assert matrix.shape == (len(everyone) + 1, len(common))
    dense = np.zeros(matrix.shape)
    place = {name: column for column, name in enumerate(sweep.reference["name"])}
    row_of = {int(key): row for row, key in enumerate(keys["index_id"])}
    for (key, name), value in expected.items():
        dense[row_of[key], place[name]] = value
    np.testing.assert_array_equal(matrix.toarray(), dense)


ONE = FeatureExample(
    "One person takes furosemide and has tests taken",
    {},
    tables={
        "drug_exposure": """
        drug_exposure_id drug_concept_id drug_exposure_start_date drug_exposure_start_datetime
        1 19900001 2023-06-04 -
        2 19900002 2023-06-04 -
        3 956874   2023-05-06 -
        4 19900002 2023-05-05 -
        5 19900099 2023-06-05 2023-06-05T15:00:00
        6 0        2023-06-04 -
        """,
        "measurement": """
        measurement_id measurement_concept_id measurement_date measurement_datetime
        1 3019550 2023-06-05 2023-06-05T15:00:00
        2 3019550 2023-06-05 2023-06-05T18:00:00
        3 3019550 2023-06-14 -
        4 3019550 2023-06-15 -
        5 3019550 2022-06-05 -
        6 3019550 2022-06-04 -
        7 3023103 2023-06-15 2023-06-15T16:30:00
        """,
        "condition_occurrence": """
        condition_concept_id condition_start_date condition_source_value visit_occurrence_id
        255573 2023-06-04 J44.9 -
        255573 2022-01-01 J44.9 -
        201826 2023-06-06 E11.9 1
        """,
        "concept_ancestor": """
        ancestor_concept_id descendant_concept_id
        956874   19900001
        956874   19900002
        991382   19900002
        956874   956874
        21601664 19900001
        """,
    },
)
OF_ONE = {
    # 30 days before is in, 31 days before is not; two tablets of a day are one day
    "drug_956874_1_30d": 2.0,
    "drug_956874_1_365d": 3.0,
    "drug_991382_1_30d": 1.0,
    "drug_991382_1_365d": 2.0,
    # nobody knows what is in it
    "drug_19900099_stay": 1.0,
    # two tests of one day are one day; that of the day of discharge has no time; a year back is in
    "measurement_3019550_stay": 2.0,
    "measurement_3019550_1_365d": 1.0,
    "condition_255573_1_30d": 1.0,
    "condition_255573_1_365d": 1.0,
}
LATER = {
    "drug_exposure": {"drug_exposure_id": "901", "drug_concept_id": "956874", "drug_exposure_start_date": "2023-06-16"},
    "measurement": {"measurement_id": "901", "measurement_concept_id": "3023103", "measurement_date": "2023-06-15"},
    "condition_occurrence": {
        "condition_occurrence_id": "901",
        "condition_concept_id": "4329847",
        "condition_start_date": "2023-06-16",
    },
}


def test_what_was_known_of_one_person(engine: Any) -> None:
    assert _without_key(swept(engine.open(stacked([ONE])), sweep=RARE)) == OF_ONE


def test_what_is_recorded_later_changes_nothing(engine: Any) -> None:
    tables = stacked([ONE])
    for name, row in LATER.items():
        tables[name] = pd.concat([tables[name], pd.DataFrame([{"person_id": "10", **row}])], ignore_index=True)
    assert _without_key(swept(engine.open(tables), sweep=RARE)) == OF_ONE


def test_codes_of_the_stay_are_swept_where_coding_is_live(engine: Any) -> None:
    found = _without_key(swept(engine.open(stacked([ONE])), sweep=RARE, coding_is_live=True))
    assert found == {**OF_ONE, "condition_201826_stay": 1.0}


def test_the_order_of_rows_is_irrelevant_and_ids_may_be_text(engine: Any) -> None:
    turned = {name: frame.iloc[::-1].reset_index(drop=True) for name, frame in stacked([ONE]).items()}
    for frame in turned.values():
        if "person_id" in frame:
            frame["person_id"] = "p" + frame["person_id"].astype(str)
    sweep = swept(engine.open(turned), sweep=RARE)
    assert _without_key(sweep) == OF_ONE
    keys = pd.DataFrame({"person_id": ["p11", "p10"], "index_id": [1, 1]})
    assert sweep.matrix(keys).toarray().tolist() == [[0.0] * len(OF_ONE), [OF_ONE[n] for n in sweep.reference["name"]]]


def _without_key(sweep: Sweep) -> dict[str, float]:
    return {name: value for (_, name), value in values(sweep).items()}


def duck(tables: dict[str, pd.DataFrame], folder: Path, *, stages: bool = False) -> Cdm:
    from hfrisk.cdm import SourceSettings, connect

    source = folder / "omop"
    source.mkdir(exist_ok=True)
    for name, frame in tables.items():
        frame.to_csv(source / f"{name}.csv", index=False)
    return connect(SourceSettings(path=source), stages=folder / "stages" if stages else None)


def test_a_feature_has_a_name_that_a_reader_understands(tmp_path: Path) -> None:
    tables = stacked([ONE])
    tables["concept"] = pd.DataFrame({"concept_id": [3019550], "concept_name": ["Sodium in serum"]})
    reference = swept(duck(tables, tmp_path), sweep=RARE).reference
    row = reference.set_index("name").loc["measurement_3019550_1_365d"]
    assert row.drop("feature").to_dict() == {
        "table": "measurement",
        "concept_id": 3019550,
        "concept_name": "Sodium in serum",
        "window": "1 to 365 days before admission",
        "index_discharges": 1,
        "share": 1.0,
    }
    assert reference.set_index("name").loc["drug_19900099_stay", "window"] == "in the stay"
    assert reference.set_index("name").loc["drug_19900099_stay", "concept_name"] == ""


def test_a_kind_that_is_not_asked_for_is_not_swept(tmp_path: Path) -> None:
    sweep = swept(duck(stacked([ONE]), tmp_path), sweep={**RARE, "drugs": False, "conditions": False})
    assert set(sweep.reference["table"]) == {"measurement"}
    assert sweep.notices == []


def test_what_cannot_be_swept_is_said(tmp_path: Path) -> None:
    tables = stacked([ONE])
    del tables["measurement"], tables["concept_ancestor"]
    sweep = swept(duck(tables, tmp_path), sweep=RARE)
    assert [(notice.code, dict(notice.facts)) for notice in sweep.notices] == [
        ("HFR087", {"table": "measurement"}),
        ("HFR088", {}),
    ]
    # without a hierarchy a medicine is what it is recorded as
    assert {"drug_956874_1_365d", "drug_19900001_1_30d"} <= set(sweep.reference["name"])


def test_a_sweep_in_which_nothing_is_common_is_empty_and_that_is_said(tmp_path: Path) -> None:
    sweep = swept(duck(stacked([ONE]), tmp_path), sweep={})
    assert [notice.code for notice in sweep.notices] == ["HFR089"]
    assert (len(sweep.reference), len(sweep.cdm.frame(sweep.table, "sweep"))) == (0, 0)
    assert sweep.matrix(pd.DataFrame({"person_id": [10], "index_id": [1]})).shape == (1, 0)
    nothing = swept(duck(stacked([ONE]), tmp_path), sweep={"drugs": False, "conditions": False, "measurements": False})
    assert (nothing.notices, len(nothing.reference)) == ([], 0)


def test_a_sweep_is_kept_and_leaves_the_features_as_they_are(tmp_path: Path) -> None:
    cdm = duck(stacked([ONE]), tmp_path, stages=True)
    first = swept(cdm, sweep=RARE)
    again = swept(cdm, sweep=RARE)
    assert (first.reused, again.reused, again.key) == (False, True, first.key)
    pd.testing.assert_frame_equal(first.reference, again.reference)
    other = swept(cdm, sweep={**RARE, "statistics": "any"})
    assert other.key != first.key
    assert set(_without_key(other).values()) == {1.0}
    assert FeatureSettings(sweep=RARE).identity == FeatureSettings().identity
