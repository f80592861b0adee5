"""Each profile reads a source in its own convention: small made-up sources, and who is found in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import hfrisk
from hfrisk.cdm import Cdm, connect
from hfrisk.cohort import Cohort, build_cohort
from hfrisk.features import FeatureTable, build_features
from hfrisk.profiles import profile_names, read_profile
from hfrisk.study import Study, study_from
from hfrisk.template import map_templates, starting_values
from tests import omop_text


@dataclass
class Found:
    """What a profile makes of a source."""

    study: Study
    cdm: Cdm
    cohort: Cohort
    features: FeatureTable

    def states(self) -> dict[object, tuple[str, int | None]]:
        index = self.cdm.frame(self.cohort.table.select("index_id", "state", "outcome_day"), "test")
        days = [None if pd.isna(day) else int(day) for day in index["outcome_day"]]
        return dict(zip(index["index_id"], zip(index["state"], days, strict=True), strict=True))

    def row(self, index_id: object) -> pd.Series:
        return self.cdm.frame(self.features.table, "test").set_index("index_id").loc[index_id]


def found(folder: Path, profile: str, source: Path, *overrides: str) -> Found:
    """The study that `hfrisk init --profile` writes, with its maps, on this source."""
    for name, text in map_templates(profile).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    study = study_from(starting_values("mine", str(source), profile), base=folder, overrides=overrides)
    cdm = connect(study.source)
    cohort = build_cohort(cdm, study.cohort, study.source.data_end, study.source.data_start)
    return Found(study, cdm, cohort, build_features(cdm, cohort, study.features, study.cohort.diagnosis_vocabulary))


@pytest.fixture
def opened() -> Iterator[list[Found]]:
    """Sources that are closed when the test is over."""
    made: list[Found] = []
    yield made
    for one in made:
        one.cdm.close()


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_says_what_it_is_where_its_facts_are_from_and_what_cannot_be_known(name: str) -> None:
    profile = read_profile(name)
    assert profile.words
    assert profile.source
    assert all(sentence.endswith(".") for sentence in profile.cannot)
    assert len(profile.cannot) >= 2
    assert all(re.search(r"\[[VMI]\]", fact) for fact in profile.source)
    study = study_from({"name": "mine", "profile": name, "source": {"path": "x"}}, base=Path("."))
    assert study.profile == name


def test_no_code_asks_which_profile_a_study_has() -> None:
    root = Path(hfrisk.__file__).parent
    names = "|".join(profile_names())
    asking = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in sorted(root.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(rf"[\"']({names})[\"']", line) or re.search(r"profile\w*\s*(==|!=| in \()", line)
    ]
    assert asking == ['study/settings.py: default="omop54",']


# --- Lancashire: binary ids, 262/9201/9203, no admission method, home NULL, local codes ------------------------------------------

LTH_PERSON = """
person_id gender_concept_id year_of_birth month_of_birth day_of_birth race_concept_id ethnicity_concept_id race_source_value
10 8507 1940 6 6 8527 0 3
11 8532 1950 6 6 0 0 10
12 8532 1950 6 6 0 0 2
13 8532 1950 6 6 0 0 Chinese
"""
LTH_VISITS = """
visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime visit_end_date visit_end_datetime \
admitted_from_concept_id discharged_to_concept_id discharged_to_source_value
a 10 262 2023-03-01 2023-03-01T08:00:00 2023-03-09 2023-03-09T12:00:00 0 - 26
b 10 9201 2023-03-15 2023-03-15T09:00:00 2023-03-16 2023-03-16T12:00:00 0 - 26
c 10 262 2023-03-20 2023-03-20T08:00:00 2023-03-24 2023-03-24T12:00:00 0 - 26
d 11 262 2023-04-01 2023-04-01T08:00:00 2023-04-05 2023-04-05T12:00:00 0 - 26
e 12 262 2023-04-01 2023-04-01T08:00:00 - - 0 - -
f 13 262 2023-05-01 2023-05-01T08:00:00 2023-05-05 2023-05-05T12:00:00 0 8676 15
g 12 9203 2024-02-01 2024-02-01T08:00:00 2024-02-01 2024-02-01T11:00:00 0 - -
h 12 9201 2024-06-01 2024-06-01T08:00:00 2024-06-02 2024-06-02T11:00:00 0 - -
"""
LTH_DIAGNOSES = """
condition_occurrence_id person_id condition_concept_id condition_start_date condition_status_concept_id condition_type_concept_id \
visit_occurrence_id condition_source_value
1 10 319835 2023-03-01 32903 32817 a I50.0
2 10 320128 2023-03-01 32909 32817 a I10
3 11 255848 2023-04-01 32903 32817 d J18.9
4 11 319835 2023-04-01 32909 32817 d I50.9
5 11 319835 2023-04-01 32902 32879 d I50.9
6 12 319835 2023-04-01 32903 32817 e I50.9
7 13 319835 2023-05-01 32903 32817 f I11.0
"""
LTH_OBSERVATION = """
person_id observation_concept_id observation_source_concept_id observation_date value_as_number
10 0 35812882 2020-01-01 2
13 0 35812882 2020-01-01 5
"""
LTH_DRUGS = """
drug_exposure_id person_id drug_concept_id drug_exposure_start_date drug_exposure_start_datetime drug_exposure_end_date \
drug_exposure_end_datetime visit_occurrence_id
1 10 956874 2023-03-08 2023-03-08T09:00:00 2023-03-08 2023-03-08T09:00:00 a
2 13 970250 2023-05-01 2023-05-01T09:00:00 2023-05-01 2023-05-01T09:00:00 f
"""


def _hashed(text: str) -> bytes:
    return hashlib.md5(text.encode()).digest()


def test_the_lancashire_convention(tmp_path: Path, opened: list[Found]) -> None:
    tables = {
        "person": LTH_PERSON,
        "visit_occurrence": LTH_VISITS,
        "condition_occurrence": LTH_DIAGNOSES,
        "observation": LTH_OBSERVATION,
        "drug_exposure": LTH_DRUGS,
        "death": "person_id death_date\n13 2023-05-15",
    }
    folder = tmp_path / "omop"
    folder.mkdir()
    for name, text in tables.items():
        frame = omop_text.rows(text)
        for column in ("visit_occurrence_id", "condition_occurrence_id", "drug_exposure_id"):
            if column in frame:
                frame[column] = frame[column].map(_hashed)
        frame.to_parquet(folder / f"{name}.parquet")
    this = found(tmp_path, "lsc_lth", folder)
    opened.append(this)
    first, second = _hashed("a").hex(), _hashed("f").hex()
    # the direct admission of day 6 looks planned; a cancer registry's diagnosis is no principal one; who is still in is no discharge
    assert this.states() == {first: ("readmitted", 11), second: ("died", 10)}
    row = this.row(first)
    assert (row["group_ethnicity"], row["group_imd_quintile"]) == ("White", "2")
    assert (row["loop_diuretic"], row["mra"], row["imd_quintile"]) == (1, 0, 2)
    # the name where the release writes names; and a medicine of the first day is none at discharge
    assert this.row(second)["group_ethnicity"] == "Other ethnic groups"
    assert this.row(second)["mra"] == 0
    assert "HFR034" not in {check.code for check in this.features.notices}


# --- Secondary Uses Service: 9201 for every stay, NHS codes, no status -----------------------------------------------------------

SUS_VISITS = """
visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime visit_end_date visit_end_datetime care_site_id \
admitted_from_source_value discharged_to_source_value discharged_to_concept_id
1 20 9203 2023-03-01 2023-03-01T06:00:00 2023-03-01 2023-03-01T09:00:00 1 - - -
2 20 9201 2023-03-01 2023-03-01T09:00:00 2023-03-05 2023-03-05T12:00:00 1 19 51 8717
3 20 9201 2023-03-05 2023-03-05T15:00:00 2023-03-09 2023-03-09T12:00:00 2 51 19 32759
4 20 9203 2023-03-20 2023-03-20T06:00:00 2023-03-20 2023-03-20T09:00:00 1 - - -
5 20 9201 2023-03-20 2023-03-20T09:00:00 2023-03-24 2023-03-24T12:00:00 1 19 19 32759
6 21 9203 2023-03-01 2023-03-01T06:00:00 2023-03-01 2023-03-01T09:00:00 1 - - -
7 21 9201 2023-03-01 2023-03-01T09:00:00 2023-03-05 2023-03-05T12:00:00 1 19 79 8650
8 22 9201 2023-03-01 2023-03-01T09:00:00 2023-03-05 2023-03-05T12:00:00 1 19 19 32759
9 22 9201 2024-03-01 2024-03-01T09:00:00 2024-03-05 2024-03-05T12:00:00 1 19 19 32759
"""
SUS_DIAGNOSES = """
condition_occurrence_id person_id condition_concept_id condition_start_date condition_type_concept_id visit_occurrence_id \
condition_source_value
1 20 0 2023-03-01 32818 2 J189
2 20 0 2023-03-01 32818 2 I500
3 21 0 2023-03-01 32818 7 I500
4 22 0 2023-03-01 32818 8 I500
"""
SUS_PERSON = """
person_id gender_concept_id year_of_birth race_concept_id race_source_value race_source_concept_id
20 8507 1940 8527 D 700388
21 8507 1940 8527 A 700385
22 8507 1940 8527 A 700385
"""


def test_the_convention_of_the_secondary_uses_service(tmp_path: Path, opened: list[Found]) -> None:
    source = omop_text.write(
        tmp_path / "omop", person=SUS_PERSON, visit_occurrence=SUS_VISITS, condition_occurrence=SUS_DIAGNOSES
    )
    this = found(tmp_path, "sus_apc", source)
    opened.append(this)
    # the transfer is one spell; 79 died whatever its concept says; an admission that no A&E visit tells is not an index
    assert this.states() == {2: ("readmitted", 11)}
    row = this.row(2)
    # mixed by the letter, although the race concept says White
    assert row["group_ethnicity"] == "Mixed"
    assert row["length_of_stay"] == 8


def test_the_secondary_uses_service_with_the_admission_method_as_a_column(tmp_path: Path, opened: list[Found]) -> None:
    head, *lines = SUS_VISITS.strip().splitlines()
    methods = {"2": "21", "3": "81", "5": "11", "7": "21", "8": "22", "9": "11"}
    with_method = "\n".join([f"{head} ADMIMETH", *[f"{line} {methods.get(line.split()[0], '-')}" for line in lines]])
    source = omop_text.write(
        tmp_path / "omop", person=SUS_PERSON, visit_occurrence=with_method, condition_occurrence=SUS_DIAGNOSES
    )
    this = found(
        tmp_path, "sus_apc", source, "source.columns={visit_occurrence.admission_method: ADMIMETH}",
    )  # fmt: skip
    opened.append(this)
    # the stay of day 11 was booked, whatever A&E visit came before it; the admission through a GP is an emergency
    assert this.states() == {2: ("none", None), 8: ("none", None)}


# --- MIMIC: five kinds of hospital stay, dates far in the future, negative ids, 5.3 names ------------------------------------------

MIMIC_VISITS = """
visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime visit_end_date visit_end_datetime \
admitting_source_concept_id discharge_to_concept_id discharge_to_source_value
-901 -30 8870 2150-03-01 2150-03-01T08:00:00 2150-03-09 2150-03-09T12:00:00 8870 581476 HOME
-902 -30 8883 2150-03-12 2150-03-12T08:00:00 2150-03-13 2150-03-13T12:00:00 38004207 581476 HOME
903 -30 581385 2150-03-20 2150-03-20T08:00:00 2150-03-21 2150-03-21T12:00:00 8870 581476 HOME
904 -31 262 2180-03-01 2180-03-01T08:00:00 2180-03-09 2180-03-09T12:00:00 38004207 4216643 DIED
905 -32 262 2190-03-01 2190-03-01T08:00:00 2190-03-09 2190-03-09T12:00:00 38004207 581476 HOME
906 -32 38004207 2190-03-15 2190-03-15T08:00:00 2190-03-15 2190-03-15T12:00:00 - - -
907 -33 9201 2202-01-01 2202-01-01T08:00:00 2202-03-09 2202-03-09T12:00:00 38004207 581476 HOME
"""
MIMIC_DIAGNOSES = """
condition_occurrence_id person_id condition_concept_id condition_start_date condition_type_concept_id visit_occurrence_id \
condition_source_value condition_source_concept_id
-1 -30 319835 2150-03-01 32821 -901 4280 44826642
-2 -31 319835 2180-03-01 32821 904 I5023 35207793
-3 -32 443580 2190-03-01 32821 905 I5023 35207793
-4 -33 319835 2202-01-01 32821 907 I5023 35207793
"""
MIMIC_PERSON = """
person_id gender_concept_id year_of_birth race_concept_id race_source_value race_source_concept_id ethnicity_concept_id
-30 8507 2080 8527 WHITE 2000001404 0
-31 8507 2110 8516 BLACK/AFRICAN_AMERICAN 2000001406 0
-32 8532 2120 0 HISPANIC/LATINO 0 38003563
-33 8532 2120 8515 ASIAN 2000001403 0
"""
MIMIC_RESULTS = """
person_id measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id visit_occurrence_id
-30 3016723 2150-03-08 2150-03-08T06:00:00 2.0 8840 -901
-30 2000030102 2150-03-08 2150-03-08T06:00:00 9.0 8840 -901
"""


def test_the_convention_of_mimic(tmp_path: Path, opened: list[Found]) -> None:
    source = omop_text.write(
        tmp_path / "omop",
        person=MIMIC_PERSON,
        visit_occurrence=MIMIC_VISITS,
        condition_occurrence=MIMIC_DIAGNOSES,
        measurement=MIMIC_RESULTS,
        death="person_id death_date\n-31 2180-03-09",
    )
    this = found(tmp_path, "mimic", source)
    opened.append(this)
    # 2150 and 2202 are dates like any other; surgery of day 3 was planned; ward visits without a stay are no readmission
    assert this.states() == {-901: ("readmitted", 11), 905: ("none", None)}
    assert this.cohort.data_end == date(2202, 3, 9)
    assert this.row(-901)["group_ethnicity"] == "White"
    assert this.row(905)["group_ethnicity"] == "Hispanic"
    assert this.row(-901)["creatinine_last"] == 177
    assert "imd_quintile" not in this.row(905).index


# --- DE-SynPUF: claims -----------------------------------------------------------------------------------------------------------

CLAIMS = """
visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date care_site_id discharge_to_source_value
1 40 9201 2008-03-01 2008-03-05 1 -
2 40 9201 2008-03-20 2008-03-22 1 -
3 41 9201 2008-03-01 2008-03-05 1 -
4 41 9201 2009-03-01 2009-03-05 1 -
"""
CLAIMED = """
condition_occurrence_id person_id condition_concept_id condition_start_date condition_status_concept_id visit_occurrence_id \
condition_source_value
1 40 319835 2008-03-01 32902 1 4280
2 40 0 2008-03-01 32908 1 25000
3 41 319835 2008-03-01 32890 3 4280
4 41 0 2008-03-01 32902 3 486
"""


def test_the_convention_of_desynpuf(tmp_path: Path, opened: list[Found]) -> None:
    person = """
person_id gender_concept_id year_of_birth race_concept_id ethnicity_concept_id
40 8507 1930 8527 38003564
41 8532 1930 8516 38003564
"""
    source = omop_text.write(tmp_path / "omop", person=person, visit_occurrence=CLAIMS, condition_occurrence=CLAIMED)
    this = found(tmp_path, "desynpuf", source)
    opened.append(this)
    # an admitting diagnosis is not the principal one
    assert this.states() == {1: ("readmitted", 15)}
    # the stay's own claim is known at discharge
    assert this.row(1)["diabetes"] == 1
    assert this.row(1)["group_ethnicity"] == "White"


def test_omop_by_the_book(tmp_path: Path, opened: list[Found]) -> None:
    visits = """
visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date discharged_to_concept_id
1 50 262 2023-03-01 2023-03-05 0
2 50 9201 2023-03-10 2023-03-12 0
3 50 262 2024-03-10 2024-03-12 0
"""
    diagnoses = """
person_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value
50 2023-03-01 32903 1 I50.0
"""
    source = omop_text.write(
        tmp_path / "omop",
        person="person_id gender_concept_id year_of_birth race_source_value\n50 8507 1940 J",
        visit_occurrence=visits,
        condition_occurrence=diagnoses,
    )
    this = found(tmp_path, "omop54", source)
    opened.append(this)
    assert this.states() == {1: ("none", None)}
    assert this.row(1)["group_ethnicity"] == "Asian or Asian British"
