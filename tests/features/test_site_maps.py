"""What a site's own lists say goes into the features and groups, on DuckDB and PostgreSQL, and what they leave out is counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import AnalyteRow, Maps
from hfrisk.features import FeatureSettings
from hfrisk.features.demography import demography
from hfrisk.features.family import Context, Family
from hfrisk.features.groups import groups
from hfrisk.features.measurements import laboratory as measurements
from tests import omop_text
from tests.engines import WITHOUT_A_CLUSTER

ENGINES = WITHOUT_A_CLUSTER

PEOPLE = """
person_id gender_concept_id year_of_birth race_source_value ethnicity_source_value location_id
1 8507 1940 A - 11
2 8532 1941 z - 12
3 8507 1942 99 - 13
4 8532 1943 3 16 -
5 8507 1944 - 16 11
6 8532 1945 77 - 12
"""
LOCATIONS = "location_id location_source_value\n11 E01000001\n12 e01000002\n13 E09999999"
SITES = "care_site_id care_site_name care_site_source_value\n100 CCU W12\n101 Lodge W13\n102 Manor W14"
# everybody's stay: 5 to 15 June 2023; the last two at a site that no list has, and at none
AT_SITE = {1: 100, 2: 101, 3: 100, 4: 101, 5: 102, 6: None}

# where people came from does not matter here
STAYS = {
    **dict.fromkeys(("person_id", "index_id", "visit_occurrence_id", "admitted_from_concept_id"), "int64"),
    "opening": "boolean",
    "source": "string",
}


def context(cdm: Cdm, maps: Maps | None = None, **settings: Any) -> Context:
    """One index discharge of each person, as a family of features sees it."""
    cdm.maps = maps or Maps()
    rows = [
        {
            "person_id": person,
            "index_id": person,
            "admission_date": "2023-06-05",
            "admitted_at": "2023-06-05 14:00:00",
            "discharge_date": "2023-06-15",
            "predicted_at": "2023-06-15 16:30:00",
            "age": 80,
            "care_site_id": site,
        }
        for person, site in AT_SITE.items()
    ]
    types = {
        "admission_date": "date",
        "admitted_at": "timestamp",
        "discharge_date": "date",
        "predicted_at": "timestamp",
    }
    index = cdm.values(rows, {name: types.get(name, "int64") for name in rows[0]})
    cohort: Any = SimpleNamespace(key="made up", sites=3, prediction_time="discharge", stays=cdm.values([], STAYS))
    return Context(cdm, cohort, index, FeatureSettings(**settings), "icd10_uk")


def frames(**tables: str) -> dict[str, pd.DataFrame]:
    return {name: omop_text.rows(text) for name, text in {"person": PEOPLE, "care_site": SITES, **tables}.items()}


def by_person(made: Context, table: Any) -> pd.DataFrame:
    return made.cdm.frame(table, "test").set_index("person_id").sort_index()


def made_features(made: Context, family: Family) -> pd.DataFrame:
    assert family.table is not None
    return by_person(made, family.table)


def notices(family: Family) -> dict[str, str]:
    return {f"{check.code} {check.facts.get('map', '')}".strip(): check.text() for check in family.notices}


def test_local_codes_of_ethnicity_become_groups(engine: Any) -> None:
    cdm = engine.open(frames())
    maps = Maps(ethnicity={"3": "A", "16": "P", "z": "Z", "99": "99"})
    five = by_person(context(cdm, maps), groups(context(cdm, maps)))["group_ethnicity"]
    # the list alone says what a code means: 77 and a bare A are in none of its lines; the second column is read where the first is empty
    assert list(five) == [
        "Not recorded", "Not stated", "Not recorded", "White", "Black or Black British", "Not recorded",
    ]  # fmt: skip
    sixteen = context(cdm, maps, ethnicity_detail="sixteen")
    assert list(by_person(sixteen, groups(sixteen))["group_ethnicity"]) == [
        "Not recorded", "Not stated", "Not recorded", "British", "Any other Black background", "Not recorded",
    ]  # fmt: skip
    told = notices(demography(context(cdm, maps)))
    assert told["HFR034 ethnicity"].startswith("The code of ethnicity of 2 of 6 index discharges (about 33 %)")


def test_letters_of_the_nhs_need_no_list(engine: Any) -> None:
    made = context(engine.open(frames()))
    assert list(by_person(made, groups(made))["group_ethnicity"])[:3] == ["White", "Not stated", "Not recorded"]
    assert notices(demography(made)) == {}


def test_deprivation_is_the_observation_or_else_that_of_the_small_area(engine: Any) -> None:
    observed = (
        "person_id observation_concept_id observation_date value_as_number\n"
        "1 35812882 2023-01-01 4\n2 35812882 2023-06-16 1\n4 35812882 2020-01-01 2\n4 35812882 2021-01-01 3"
    )
    cdm = engine.open(frames(observation=observed, location=LOCATIONS))
    made = context(cdm, Maps(imd={"e01000001": 5, "e01000002": 2}, imd_release="2019"))
    family = demography(made)
    # 1 observed; 2 observed too late, so by area; 3 lives in no listed area; 4 the later observation; 5 and 6 by area
    assert made_features(made, family)["imd_quintile"].fillna(0).tolist() == [4, 2, 0, 3, 5, 2]
    assert notices(family)["HFR034 imd"].startswith("The small area of 1 of 5 index discharges")
    assert [entry.sources for entry in family.entries if entry.name == "imd_quintile"] == [("observation", "location")]


def test_small_areas_alone_tell_deprivation(engine: Any) -> None:
    made = context(engine.open(frames(location=LOCATIONS)), Maps(imd={"e01000001": 5}, imd_release="2019"))
    assert made_features(made, demography(made))["imd_quintile"].fillna(0).tolist() == [5, 0, 0, 0, 5, 0]


def test_decile_score_and_rurality_are_those_of_the_small_area(engine: Any) -> None:
    observed = "person_id observation_concept_id observation_date value_as_number\n1 35812882 2023-01-01 4\n5 35812882 2023-01-01 5"
    cdm = engine.open(frames(observation=observed, location=LOCATIONS))
    maps = Maps(
        imd={"e01000001": 5, "e01000002": 2},
        imd_decile={"e01000001": 10, "e01000002": 3},
        imd_score={"e01000001": 5.4321, "e01000002": 40.0},
        rural={"e01000001": 1, "e01000002": 0},
        imd_release="2019",
    )
    made = context(cdm, maps)
    family = demography(made)
    found = made_features(made, family).fillna(-1)
    assert found["imd_quintile"].tolist() == [4, 2, -1, -1, 5, 2]
    # 1 was recorded at another address than that of the area; 5 at one like it; 3 and 4 have no area that the map lists
    assert found["imd_decile"].tolist() == [-1, 3, -1, -1, 10, 3]
    assert found["imd_score"].tolist() == [-1, 40, -1, -1, 5.432, 40]
    assert found["rural"].tolist() == [1, 0, -1, -1, 1, 0]
    by_name = {entry.name: entry for entry in family.entries}
    assert {by_name[name].role for name in ("imd_decile", "imd_score", "rural")} == {"more"}
    assert [by_name[name].sensitive for name in ("imd_quintile", "imd_decile", "imd_score", "rural")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_what_the_map_does_not_say_is_no_feature(engine: Any) -> None:
    made = context(engine.open(frames(location=LOCATIONS)), Maps(imd={"e01000001": 5}, imd_release="2019"))
    names = {entry.name for entry in demography(made).entries}
    assert not names & {"imd_decile", "imd_score", "rural"}


OBSERVED = "person_id observation_concept_id observation_date value_as_string observation_source_value"


def test_local_codes_of_observed_ethnicity_are_read_by_the_map(engine: Any) -> None:
    cdm = engine.open(
        frames(observation=f"{OBSERVED}\n1 900 2023-01-01 16 -\n2 900 2023-01-01 - 3\n3 900 2023-01-01 x A")
    )
    maps = Maps(ethnicity={"3": "A", "16": "P", "a": "A", "z": "Z", "99": "99"})
    made = context(cdm, maps, ethnicity_observations=(900,))
    assert by_person(made, groups(made))["group_ethnicity"].tolist()[:3] == ["Black or Black British", "White", "White"]


def test_observed_ethnicity_that_is_no_category_is_counted(engine: Any) -> None:
    cdm = engine.open(
        frames(observation=f"{OBSERVED}\n1 900 2023-01-01 A -\n2 900 2023-01-01 odd 3\n3 901 2023-01-01 y -")
    )
    family = demography(context(cdm, ethnicity_observations=(900,)))
    (check,) = [check for check in family.notices if check.code == "HFR090"]
    assert check.severity == "warning"
    assert check.text().startswith("1 of 2 observations")
    # a concept that nobody has is told too
    assert [check.code for check in demography(context(cdm, ethnicity_observations=(9,))).notices] == ["HFR090"]
    assert demography(context(cdm, ethnicity_observations=())).notices == []


DECILES = (
    "person_id observation_source_concept_id observation_concept_id observation_date value_as_number\n"
    + "\n".join(
        f"{person} 35812882 0 2023-01-01 {value}"
        for person, value in zip(range(1, 7), (1, 2, 3, 6, 9, 10), strict=True)
    )
)


def test_deciles_are_halved_when_the_study_says_so(engine: Any) -> None:
    made = context(engine.open(frames(observation=DECILES)), imd_scale="decile")
    family = demography(made)
    assert made_features(made, family)["imd_quintile"].tolist() == [1, 1, 2, 3, 5, 5]
    assert notices(family) == {}


def test_deciles_taken_for_quintiles_are_an_error(engine: Any) -> None:
    (check,) = demography(context(engine.open(frames(observation=DECILES)))).notices
    assert (check.code, check.severity) == ("HFR038", "error")
    assert "3 of 6" in check.text()
    assert "features.imd_scale" in check.todo


def test_sites_are_grouped_by_trust(engine: Any) -> None:
    cdm = engine.open(frames())
    made = context(cdm, Maps(trust={"w12": "North", "lodge": "North"}))
    assert by_person(made, groups(made))["group_site_group"].tolist() == [
        "North", "North", "North", "North", "Not in the list of trusts", "Not recorded",
    ]  # fmt: skip
    assert notices(demography(made))["HFR034 trust"].startswith("The site of 1 of 5 index discharges (about 20 %)")


def test_many_trusts_are_grouped_by_volume(engine: Any) -> None:
    made = context(engine.open(frames()), Maps(trust={"w12": "North", "w13": "South", "w14": "West"}), most_sites=2)
    assert set(by_person(made, groups(made))["group_site_group"].str[:3]) == {"1st", "2nd", "4th", "Not"}


RESULTS = """
person_id measurement_concept_id measurement_date value_as_number unit_concept_id unit_source_value measurement_source_value
1 0 2023-06-10 110 0 - Creat
1 3000963 2023-06-10 12.1 0 g/dL FBC-Hb
1 3023103 2023-06-10 4.4 8753 - K
2 3020564 2023-06-10 1.2 - MG/DL other
2 3007081 2023-06-10 9000 - - Creat
3 0 2023-06-10 13.0 - - HbUnitless
3 3029187 2023-06-10 400 - - BNP
4 0 2023-06-10 200 - - never_heard_of
"""
ANALYTES = Maps(
    analyte=(
        AnalyteRow("creat", None, "creatinine", None),
        AnalyteRow("creat", 3007081, "none", None),
        AnalyteRow("hbunitless", None, "haemoglobin", 8713),
        AnalyteRow("bnp", None, "none", None),
    )
)


def test_a_laboratory_s_own_names_tell_the_analyte_and_the_unit(engine: Any) -> None:
    made = context(engine.open(frames(measurement=RESULTS)), ANALYTES)
    family = measurements(made)
    found = made_features(made, family)
    # by name, where the concept says nothing; in the unit that the source wrote; and by concept, where no line names it
    assert found.loc[1, ["creatinine_last", "haemoglobin_last", "potassium_last"]].tolist() == [110, 121, 4.4]
    # mg/dL by its own words; and the urine test that shares the name is none by its concept
    assert found.loc[2, ["creatinine_last", "creatinine_highest", "creatinine_count"]].tolist() == [106, 106, 1]
    # the unit that the list says; and BNP that stood under NT-proBNP is left out
    assert found.loc[3, "haemoglobin_last"] == 130
    assert "nt_probnp_last" not in found.columns
    assert notices(family)["HFR034 analyte"].startswith("The laboratory name of 4 of 8 measurements (about 50 %)")
    assert {check.severity for check in family.notices} == {"note"}


def test_without_a_list_the_concept_tells_the_analyte(engine: Any) -> None:
    made = context(engine.open(frames(measurement=RESULTS)))
    family = measurements(made)
    found = made_features(made, family)
    assert found.loc[3, "nt_probnp_last"] == 400
    assert found["creatinine_count"].tolist() == [0, 1, 0, 0, 0, 0]
    assert "HFR034 analyte" not in notices(family)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_share_never_gives_a_small_count_away(share: float) -> None:
    from hfrisk.features.site_maps import _percent

    assert _percent(share) in {"under 1 %", "50 %", "over 99 %"}
