"""The appendix prints the rules as sentences and every code that the study counts by."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from hfrisk.codelists import read_yaml
from hfrisk.cohort.settings import CohortSettings, Preset
from hfrisk.cohort.words import definitions as in_words
from hfrisk.disclosure.code_lists import CODE_LISTS, release_code_lists
from hfrisk.reporting.chapters.counting import definitions
from hfrisk.reporting.chapters.rules import rules
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Table
from tests.reporting import reporting_samples as samples

VOCABULARY = {"cms_icd10cm": "icd10_cm", "icd9_428": "icd9_cm"}


def released(**cohort: Any) -> Any:
    return release_code_lists({"settings": {"cohort": CohortSettings(**cohort).model_dump(mode="json")}})


def codes(frame: Any, name: str) -> list[str]:
    return list(frame.loc[frame["list"].str.startswith(name), "code"])


@pytest.mark.parametrize("preset", [p for p in get_args(Preset) if p != "concept_set"])
def test_every_code_of_the_preset_is_printed(preset: str) -> None:
    more = {"diagnosis_vocabulary": VOCABULARY[preset]} if preset in VOCABULARY else {}
    frame = released(heart_failure={"preset": preset}, **more)
    told = read_yaml("heart_failure.yaml")[preset]
    wanted = [str(code) for code in told.get("codes") or told["concepts"]]
    assert codes(frame, f"Heart failure: {told['words']}") == wanted
    assert codes(frame, "Heart failure: left out") == [str(code) for code in told.get("excluded", ())]
    if told["vocabulary"] != "snomed":
        assert (frame["words"] != "").all()
    assert list(frame.columns) == CODE_LISTS


def test_the_lists_are_those_that_the_settings_use() -> None:
    methods = read_yaml("admission.yaml")["admission_method"]
    frame = released()
    assert codes(frame, "Emergency admission") == methods["unplanned"]
    assert codes(frame, "Planned") == methods["planned"]
    assert codes(frame, "Transfer, by destination") == ["49", "50", "51", "52", "53", "84"]
    assert codes(released(spells={"rule": "che"}), "Transfer, by destination") == ["51", "52", "53"]
    assert codes(released(spells={"rule": "none"}), "Transfer") == []
    assert codes(released(nhs_codes=False), "Transfer, by destination") == []
    assert codes(released(unplanned=("ae_segment",)), "Emergency admission") == []
    assert codes(frame, "Left out: cancer") == []
    assert codes(released(nhs_exclusions=True), "Left out: chemotherapy") == ["Z511", "Z512", "Z082", "Z092"]
    assert (released(nhs_exclusions=True)["words"] != "").all()


def test_without_settings_there_is_nothing_and_a_study_s_own_set_is_its_own() -> None:
    assert release_code_lists({}).empty
    own = release_code_lists({"settings": {"cohort": {"heart_failure": {"preset": "concept_set"}}}})
    assert not own["list"].str.startswith("Heart failure").any()


def _sentences(**cohort: Any) -> tuple[str, ...]:
    settings = CohortSettings(**cohort)
    base = samples.region()
    study = {**base.study, "settings": {"cohort": settings.model_dump(mode="json")}}
    told = rules(Evidence(samples.changed(base, study=study, definitions=in_words(settings))))
    assert told is not None
    return told.items


def test_each_rule_is_a_sentence() -> None:
    told = _sentences()
    assert len(told) == len(in_words(CohortSettings())) + 3
    assert all(text[0].isupper() and text.endswith(".") and "  " not in text for text in told)
    assert "Stays that end in death are left out." in told
    assert "Admissions of people younger than 18 are left out." in told
    assert "The risk is asked for at discharge, and only what was known by then is used." in told


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"discharged_alive": False}, "Stays that end in death are kept."),
        ({"complete_follow_up": False}, "Discharges are kept although the data end before their window does."),
        ({"index": "first"}, "A person counts once, with the first such discharge."),
        ({"window": "1-30"}, "The days that count are days 1 to 30 after discharge, both included."),
        ({"heart_failure": {"position": "any"}}, "The code may stand in any position, in any episode of the spell."),
        ({"minimum_look_back_days": 365}, "A stay counts with at least 365 days of data before admission."),
        (
            {"nhs_exclusions": True},
            "Also left out, as the NHS indicator does: cancer, chemotherapy, maternity and mental-health specialties.",
        ),
        ({"unplanned": ("assume_unplanned",)}, "Whether an admission is an emergency: every admission is taken as unplanned."),
    ],
)  # fmt: skip
def test_another_setting_is_another_sentence(changed: dict[str, Any], sentence: str) -> None:
    assert sentence in _sentences(**changed)
    assert sentence not in _sentences()


def test_the_appendix_shows_them_folded_with_their_sources() -> None:
    chapter = definitions(Evidence(samples.region()))
    tables = {block.caption: block for block in chapter.blocks if isinstance(block, Table)}
    lists = tables["The code lists in use"]
    assert lists.folded
    assert ("I500", "congestive heart failure") in lists.rows
    assert ("2A", "emergency department of another hospital") in lists.rows
    assert "fightingfailure.co.uk" in " ".join(lists.notes)
    assert tables["Definitions"].folded
