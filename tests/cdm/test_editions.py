"""The editions of ICD-10 share shapes but not codes; the shipped lists are what they say they are."""

from __future__ import annotations

import pytest

from hfrisk.cdm.editions import refuse_other_edition
from hfrisk.codelists import read_yaml
from hfrisk.errors import StudyError

PRESETS = {name: entry for name, entry in read_yaml("heart_failure.yaml").items() if "codes" in entry}


@pytest.mark.parametrize("name", PRESETS)
def test_every_shipped_list_belongs_to_its_own_vocabulary(name: str) -> None:
    refuse_other_edition(PRESETS[name]["codes"], PRESETS[name]["vocabulary"])


@pytest.mark.parametrize(
    ("codes", "vocabulary", "says"),
    [
        (["I50.22"], "icd10_uk", "exists only in ICD-10-CM"),
        (["I50.9", "i50.810"], "icd10_uk", "longer than any code of ICD-10 as used in the United Kingdom"),
        (["I09.81"], "icd10_uk", "rheumatic heart failure"),
        (["I50.0"], "icd10_cm", "congestive heart failure, which exists only in ICD-10 as used in the United Kingdom"),
        (["I50.9"], "icd9_cm", "not shaped like ICD-9-CM"),
        (["428.0"], "icd10_uk", "not shaped like ICD-10"),
        (["I509"], "snomed", "not a SNOMED CT code"),
        (["I50.21", "I50.22", "I50.23", "I50.31", "I50.32", "I50.33", "I50.41"], "icd10_uk", "and 2 more"),
    ],
)
def test_a_list_for_another_edition_is_refused_with_the_reason(codes: list[str], vocabulary: str, says: str) -> None:
    with pytest.raises(StudyError, match=says) as told:
        refuse_other_edition(codes, vocabulary, where="a list")
    assert "a list" in str(told.value)
    assert "cohort.diagnosis_vocabulary" in str(told.value)


@pytest.mark.parametrize(
    ("codes", "vocabulary"),
    [
        (["I50", "I42.0", "I50.X", "S72.00", "C00"], "icd10_uk"),
        (["I50.9", "S72.001A", "I11.0"], "icd10_cm"),
        (["428", "V58.1", "E849.0"], "icd9_cm"),
        (["84114007"], "snomed"),
    ],
)
def test_a_list_for_the_study_s_edition_passes(codes: list[str], vocabulary: str) -> None:
    refuse_other_edition(codes, vocabulary)


def test_every_snomed_code_has_a_valid_check_digit() -> None:
    # Verhoeff's scheme, by which a mistyped SNOMED CT identifier is told
    codes = PRESETS["qof"]["codes"]
    assert len(set(codes)) == 41
    assert all(_verhoeff(code) == 0 for code in codes)
    assert _verhoeff("84114008") != 0


def _verhoeff(code: str) -> int:
    def product(a: int, b: int) -> int:
        # the dihedral group of order ten
        if a < 5:
            return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
        return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5

    shuffle = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check = 0
    for place, digit in enumerate(reversed(code)):
        moved = int(digit)
        for _ in range(place % 8):
            moved = shuffle[moved]
        check = product(check, moved)
    return check
