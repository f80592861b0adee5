"""The lists that a site owns are checked when they are read, line by line, and joined inside every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import AnalyteRow, Maps, load_maps, looked_up, trusts, unit_concept
from hfrisk.cdm.settings import SiteMaps, SourceSettings
from hfrisk.cdm.small_areas import areas
from hfrisk.errors import StudyError
from tests import omop_text

CELL = "943 476 5919"  # a cell that no message may repeat


def given(folder: Path, name: str, text: str, **more: Any) -> Maps:
    """The maps of a study that names one file."""
    path = folder / f"our_{name}.csv"
    path.write_text(text, encoding="utf-8")
    release = {"imd_release": "2019"} if name == "imd" else {}
    return load_maps(SiteMaps(**{name: path, **release, **more}))


def refused(folder: Path, name: str, text: str) -> str:
    with pytest.raises(StudyError) as told:
        given(folder, name, text)
    words = str(told.value)
    assert f"our_{name}.csv" in words
    assert "what to do" in words
    assert CELL not in words
    return words


def test_a_study_without_maps_has_none() -> None:
    assert load_maps(SiteMaps()) == Maps()


def test_keys_are_read_whatever_their_case_and_blanks(tmp_path: Path) -> None:
    maps = given(tmp_path, "ethnicity", "\ufeffSource_Value , CATEGORY\n# a comment\n\n White British ,a\n14,Z\n")
    assert maps.ethnicity == {"white british": "A", "14": "Z"}


def test_quintiles_are_kept_and_deciles_are_halved(tmp_path: Path) -> None:
    assert given(tmp_path, "imd", "lsoa,imd_quintile\nE01000001,1\nE01000002,5\n").imd == {
        "e01000001": 1,
        "e01000002": 5,
    }
    deciles = given(tmp_path, "imd", "source_value,imd_decile\n" + "".join(f"E{d},{d}\n" for d in range(1, 11)))
    assert list(deciles.imd.values()) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert deciles.imd_release == "2019"


def test_a_map_of_small_areas_may_hold_score_and_rurality(tmp_path: Path) -> None:
    text = "lsoa,imd_quintile,imd_decile,imd_score,rurality\nE1,1,2,61.25,u\nE2,5,9,,D1\nE3,3,6,0,\n"
    maps = given(tmp_path, "imd", text)
    assert maps.imd == {"e1": 1, "e2": 5, "e3": 3}
    assert maps.imd_decile == {"e1": 2, "e2": 9, "e3": 6}
    assert maps.imd_score == {"e1": 61.25, "e3": 0}
    assert maps.rural == {"e1": 0, "e2": 1}


@pytest.mark.parametrize(
    ("text", "rural"),
    [("U", 0), ("urban", 0), ("A1", 0), ("C2", 0), ("R", 1), ("rural", 1), ("d1", 1), ("E2", 1), ("F2", 1)],
)
def test_rurality_is_known_as_it_is_written(tmp_path: Path, text: str, rural: int) -> None:
    assert given(tmp_path, "imd", f"lsoa,imd_quintile,rurality\nE1,1,{text}\n").rural == {"e1": rural}


def test_a_decile_is_never_made_of_a_quintile(tmp_path: Path) -> None:
    maps = given(tmp_path, "imd", "lsoa,imd_quintile\nE1,1\n")
    assert (maps.imd_decile, maps.imd_score, maps.rural) == ({}, {}, {})


def test_an_index_has_a_release() -> None:
    with pytest.raises(ValueError, match="imd_release"):
        SiteMaps(imd=Path("imd.csv"))


def test_a_map_of_analytes_may_be_narrower_and_name_the_unit(tmp_path: Path) -> None:
    maps = given(
        tmp_path,
        "analyte",
        'source_value,analyte,concept,unit\n"Creatinine, serum",creatinine,,µmol/L\nHb,haemoglobin,3000963,g/dL\n'
        "BNP,none,,\nweight lb,weight,,8739\n",
    )
    assert maps.analyte == (
        AnalyteRow("creatinine, serum", None, "creatinine", 8749),
        AnalyteRow("hb", 3000963, "haemoglobin", 8713),
        AnalyteRow("bnp", None, "none", None),
        AnalyteRow("weight lb", None, "weight", 8739),
    )


@pytest.mark.parametrize(
    ("text", "unit"),
    [("µmol/L", 8749), ("μmol/l", 8749), (" umol / L", 8749), ("g/dL", 8713), ("mg/dl", 8840), ("bushel", None)],
)
def test_units_are_known_as_they_are_written(text: str, unit: int | None) -> None:
    assert unit_concept(text) == unit


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("ethnicity", "", "empty"),
        ("ethnicity", "source_value,category\n", "empty"),
        ("ethnicity", f"{CELL},A\n", "source_value is missing"),
        ("ethnicity", f"source_value;category\n{CELL};A\n", "source_value is missing"),
        ("ethnicity", f"source_value,code\n{CELL},A\n", "category is missing"),
        ("ethnicity", "source_value,category,category\n1,A,A\n", "there twice"),
        ("ethnicity", f"source_value,category\n1,A\n{CELL},A,3\n", "line 3"),
        ("ethnicity", f"source_value,category\n1,{CELL}\n", "not one of the NHS Data Dictionary"),
        ("ethnicity", "source_value,category\n1,A\n2,B\n 1 ,C\n", "another meaning in line 2"),
        ("ethnicity", "source_value,category\n1,\n", "category is empty"),
        ("ethnicity", "source_value,category\n,A\n", "source_value is empty"),
        ("imd", f"source_value,imd_quintile\nE01,{CELL}\n", "not a whole number from 1 to 5"),
        ("imd", "source_value,imd_quintile\nE01,6\n", "imd_decile"),
        ("imd", "source_value,imd_decile\nE01,0\n", "from 1 to 10"),
        ("imd", "source_value,imd\nE01,1\n", "neither imd_quintile nor imd_decile"),
        ("imd", "source_value,imd_quintile\nE¦1,1\n", "holds the character"),
        ("imd", "source_value,imd_quintile\nE¶1,1\n", "holds the character"),
        ("imd", "source_value,imd_quintile,imd_decile\nE1,1,2\nE2,1,3\n", "does not lie in the imd_quintile"),
        ("imd", f"source_value,imd_quintile,imd_score\nE1,1,20\nE2,1,{CELL}\n", "not a number from 0 to 100"),
        ("imd", "source_value,imd_quintile,imd_score\nE1,1,12345\n", "not its rank"),
        ("imd", "source_value,imd_quintile,imd_score\nE1,1,nan\n", "not a number from 0 to 100"),
        ("imd", f"source_value,imd_quintile,rurality\nE1,1,{CELL}\n", "none that hfrisk knows"),
        ("imd", "source_value,imd_quintile,imd_score\nE1,1,20\ne1,1,21\n", "another meaning in line 2"),
        ("trust", "source_value,trust\nWard 1,North\nward 1,South\n", "another meaning in line 2"),
        ("analyte", "source_value,analyte\nHb,hemoglobin\n", "Did you mean haemoglobin?"),
        ("analyte", f"source_value,analyte\nHb,{CELL}\n", "does not know"),
        ("analyte", "source_value,analyte,unit\nHb,haemoglobin,bushels\n", "not one that hfrisk knows"),
        ("analyte", f"source_value,analyte,concept\nHb,haemoglobin,{CELL}\n", "concept is not a whole number"),
        ("analyte", "source_value,analyte\nHb,haemoglobin\nhb,none\n", "another meaning in line 2"),
    ],
)
def test_a_fault_in_a_map_is_told_with_file_and_line_and_no_cell(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    assert says in refused(tmp_path, name, text)


def test_the_same_line_twice_is_no_fault(tmp_path: Path) -> None:
    assert given(tmp_path, "trust", "source_value,trust\nWard 1,North\nWARD 1,North\n").trust == {"ward 1": "North"}


def test_the_same_test_may_be_two_analytes_under_two_concepts(tmp_path: Path) -> None:
    maps = given(tmp_path, "analyte", "source_value,analyte,concept\nU,urea,1\nU,none,2\nU,urea,\n")
    assert [(row.concept, row.analyte) for row in maps.analyte] == [(1, "urea"), (2, "none"), (None, "urea")]


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no map"):
        load_maps(SiteMaps(trust=tmp_path / "nothing.csv"))
    path = tmp_path / "excel.csv"
    path.write_bytes("source_value,trust\nGyn\xe6kologi,North\n".encode("latin-1"))
    with pytest.raises(StudyError, match="cannot be read"):
        load_maps(SiteMaps(trust=path))


def test_what_a_map_holds_is_in_its_fingerprint_and_where_it_lies_is_not(tmp_path: Path) -> None:
    text = "source_value,trust\nWard 1,North\n"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first = given(tmp_path / "a", "trust", text).fingerprint
    assert given(tmp_path / "b", "trust", text).fingerprint == first
    assert given(tmp_path / "b", "trust", text.replace("North", "South")).fingerprint != first


SITES = """
care_site_id care_site_name care_site_source_value
1 CCU W12
2 Ward-9 -
3 Elsewhere W99
4 CCU W13
"""
TRUSTS = {"w12": "North", "ccu": "South", "ward-9": "South"}


def test_a_care_site_is_of_the_trust_of_its_source_value_or_else_of_its_name(engine: Any) -> None:
    cdm = engine.open({"care_site": omop_text.rows(SITES)})
    cdm.maps = Maps(trust=TRUSTS)
    found = cdm.frame(trusts(cdm), "trusts").sort_values("care_site_id")
    assert list(zip(found["care_site_id"], found["trust"], strict=True)) == [(1, "North"), (2, "South"), (4, "South")]


def test_a_map_of_every_small_area_of_england_is_looked_up_inside_the_engine(engine: Any) -> None:
    areas = {f"e{1_000_000 + number}": number % 5 + 1 for number in range(33_755)}
    asked = [{"lsoa": "e1000000"}, {"lsoa": "e1033754"}, {"lsoa": "w1000000"}, {"lsoa": None}]
    cdm = engine.open({})
    table = cdm.values(asked, {"lsoa": "string"})
    lookup = looked_up(cdm, areas)
    assert cdm.frame(lookup.aggregate(n=lookup.count()), "areas")["n"].iloc[0] == len(areas)
    found = cdm.frame(table.left_join(lookup, table.lsoa == lookup.key), "areas")
    told = dict(zip(found["lsoa"], found["value"], strict=True))
    assert told["e1000000"] == 1
    assert told["e1033754"] == 5
    assert told["w1000000"] != told["w1000000"]  # missing


@pytest.mark.parametrize("number", [3, 33_755])
def test_everything_a_map_says_of_small_areas_is_looked_up_inside_the_engine(engine: Any, number: int) -> None:
    names = [f"e{1_000_000 + place}" for place in range(number)]
    cdm = engine.open({})
    cdm.maps = Maps(
        imd={name: place % 5 + 1 for place, name in enumerate(names)},
        imd_decile={names[0]: 2, names[-1]: 9},
        imd_score={name: place / 1000 for place, name in enumerate(names) if place},
        rural={names[-1]: 1},
    )
    lookup = areas(cdm)
    assert cdm.frame(lookup.aggregate(n=lookup.count()), "areas")["n"].iloc[0] == number
    found = cdm.frame(lookup.filter(lookup.key.isin([names[0], names[-1]])), "areas").set_index("key")
    assert found.loc[names[0], ["quintile", "decile"]].tolist() == [1, 2]
    assert found.loc[names[0], ["score", "rural"]].isna().all()
    assert found.loc[names[-1]].tolist() == [(number - 1) % 5 + 1, 9, (number - 1) / 1000, 1]


@pytest.mark.parametrize("many", [False, True])
def test_keys_with_every_kind_of_character_are_found(engine: Any, many: bool) -> None:
    odd = ["it's", 'a "quoted" one', "back\\slash", "100 %", "µmol/l", "a,b;c", "tab\tinside", "$1", "x.*", "a|b"]
    pairs: dict[str, str | int] = {key: f"value {number}" for number, key in enumerate(odd)}
    if many:
        pairs |= {f"other {number}": "value 0" for number in range(300)}
    cdm = engine.open({})
    asked = cdm.values([{"text": key} for key in odd], {"text": "string"})
    lookup = looked_up(cdm, pairs)
    found = cdm.frame(asked.inner_join(lookup, asked.text == lookup.key).select("text", "value"), "keys")
    assert dict(zip(found["text"], found["value"], strict=True)) == {key: pairs[key] for key in odd}


def test_a_change_of_a_map_makes_stage_results_anew(tmp_path: Path) -> None:
    source = omop_text.write(tmp_path / "omop")
    keys = []
    for text in ("North", "North", "South"):
        path = tmp_path / "trust.csv"
        path.write_text(f"source_value,trust\nWard 1,{text}\n")
        cdm = _opened(source, path)
        keys.append(cdm.materialise(cdm.table("person"), "people", [], order=["person_id"]).key)
        cdm.close()
    assert keys[0] == keys[1] != keys[2]


def _opened(source: Path, trust: Path) -> Cdm:
    from hfrisk.cdm import connect

    return connect(SourceSettings(path=source, maps=SiteMaps(trust=trust)))
