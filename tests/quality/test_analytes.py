"""Which analyte a row is, in which unit, and what is wrong with it: as the features read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hfrisk.cdm import SourceSettings, connect
from hfrisk.quality.analytes import values_by_analyte

HAEMOGLOBIN, POTASSIUM, POTASSIUM_BY_MASS, WEIGHT, PEPTIDE = 3000963, 3023103, 21490733, 4099154, 3029187
PERSON = "person_id gender_concept_id year_of_birth\n1 8532 1940\n2 8507 2015"


def counted(omop: Callable[..., Path], rows: str, **maps: Path) -> pd.DataFrame:
    """The counts of rows `person concept value unit spelling operator name`, by analyte."""
    columns = (
        "person_id measurement_concept_id value_as_number unit_concept_id unit_source_value operator_concept_id "
        "measurement_source_value"
    )
    lines = [f"{line} 2024-03-01" for line in rows.strip().splitlines()]
    folder = omop(person=PERSON, measurement="\n".join([f"{columns} measurement_date", *lines]))
    found = values_by_analyte(connect(SourceSettings(path=folder, maps=maps)))
    return found.set_index("analyte")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (f"1 {HAEMOGLOBIN} 120 8636 - - -", "plausible"),
        # the unit field says g/dL, by its concept or as it was written, so the value is converted
        (f"1 {HAEMOGLOBIN} 12 8713 - - -", "plausible"),
        (f"1 {HAEMOGLOBIN} 12 0 g/dL - -", "plausible"),
        (f"1 {HAEMOGLOBIN} 12 8636 g/L - -", "contrary"),
        (f"1 {HAEMOGLOBIN} 12 - - - -", "contrary"),
        # in g/L though the unit says g/dL: neither unit makes it low
        (f"1 {HAEMOGLOBIN} 120 8713 - - -", "outside"),
        (f"1 {HAEMOGLOBIN} 900 8636 - - -", "outside"),
        (f"1 {PEPTIDE} - - - 4172704 -", "above"),
    ],
)
def test_a_value_is_of_one_kind(omop: Callable[..., Path], row: str, kind: str) -> None:
    found = counted(omop, row)
    kinds = ["plausible", "contrary", "outside", "above"]
    assert dict(found[kinds].iloc[0]) == {name: int(name == kind) for name in kinds}


def test_children_are_not_held_to_the_ranges_of_adults(omop: Callable[..., Path]) -> None:
    found = counted(omop, f"1 {WEIGHT} 12 9529 - - -\n2 {WEIGHT} 12 9529 - - -")
    assert (found.loc["weight", "rows"], found.loc["weight", "outside"]) == (1, 1)


def test_a_concept_that_means_something_else_is_apart(omop: Callable[..., Path]) -> None:
    found = counted(omop, f"1 {POTASSIUM} 4.1 8753 - - -\n1 {POTASSIUM_BY_MASS} 4.3 8753 - - -")
    assert list(found.loc["potassium"].sort_values("misfiled")["misfiled"]) == [False, True]


def test_the_map_of_the_site_goes_before_the_concept(omop: Callable[..., Path], tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text(
        f"source_value,concept,analyte,unit\nK,,potassium,\nHBX,,none,\nHB,{HAEMOGLOBIN},haemoglobin,g/dL\nHB,,none,\n",
        encoding="utf-8",
    )
    rows = f"""
        1 {POTASSIUM_BY_MASS} 4.3 8753 - - k
        1 {HAEMOGLOBIN} 12 8636 - - HB
        1 {HAEMOGLOBIN} 12 8636 - - HBX
        1 {POTASSIUM} 12 8753 - - HB
    """
    found = counted(omop, rows, analyte=names)
    assert set(found.index) == {"potassium", "haemoglobin"}
    assert not found["misfiled"].any()
    # the site says that this laboratory's haemoglobin is in g/dL, whatever the unit field says
    assert list(found["plausible"]) == [1, 1]
