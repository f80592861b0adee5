"""Each check finds what was planted, with the count that was planted, and says nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.quality.looking import Seen

At = Callable[..., Seen]

# defects that do not touch each other are planted together, since a region takes seconds to look at
VALUES = {
    "diagnoses_dropped": 0.05,
    "hb_g_per_dl": 0.03,
    "creatinine_mg_per_dl": 0.03,
    "potassium_mass_concept": 0.2,
    "nt_probnp_ceiling": 1.0,
    "ethnicity_missing_by_deprivation": 0.1,
    "repeated_person_rows": 0.01,
    "covid_dip": 0.6,
}
LINKS = {"unmapped": 0.05, "dangling_visits": 0.02, "duplicated_persons": 0.01}
DATES = {"future_dates": 0.002, "before_birth": 0.002, "after_death": 0.01, "bnp_as_nt_probnp": 0.3}
TIMES = {"thinning_end": 0.6, "lookback_truncated": 0.4, "volume_step": 0.7, "coding_step": 1.0}


def planted(found: Seen, name: str) -> int:
    return int(found.planted[name]["planted"])


def test_i50_0_dropped_stops_the_run_by_name(seen: At) -> None:
    found = seen(defects={"i50_0_dropped": 1.0})
    check = found.of("HFR040")
    assert check.severity == "error"
    assert "I50.0" in check.title
    assert "I50.0" in check.text()
    # the stays that lose their principal diagnosis with it are told as well
    assert found.codes() == {"HFR040", "HFR044"}


def test_nothing_is_said_but_what_was_planted(seen: At) -> None:
    assert seen(defects=VALUES).codes() == {"HFR041", "HFR046", "HFR050", "HFR051", "HFR052"}
    # a principal diagnosis whose link is lost is lost to its stay, and so is a stay whose diagnoses are copied
    assert seen(defects=LINKS).codes() == {"HFR042", "HFR043", "HFR044", "HFR051"}
    assert seen(defects=DATES).codes() == {"HFR046", "HFR047"}
    assert seen(defects=TIMES).codes() == {"HFR049", "HFR050", "HFR053"}


def test_diagnoses_dropped_are_counted(seen: At) -> None:
    found = seen(defects=VALUES)
    assert found.of("HFR041").counts == {"stays": planted(found, "diagnoses_dropped")}
    assert found.of("HFR041").severity == "warning"


def test_a_source_in_which_most_stays_have_no_diagnosis_stops_the_run(seen: At) -> None:
    assert seen(defects={"diagnoses_dropped": 0.7}).of("HFR041").severity == "error"


@pytest.mark.parametrize(
    ("defect", "title"),
    [
        ("hb_g_per_dl", "Values in another unit: haemoglobin"),
        ("creatinine_mg_per_dl", "Values in another unit: creatinine"),
        ("potassium_mass_concept", "Filed under another test: potassium"),
        ("nt_probnp_ceiling", "Values above the ceiling without a number: NT-proBNP"),
    ],
)
def test_laboratory_defects_are_counted_by_analyte(seen: At, defect: str, title: str) -> None:
    found = seen(defects=VALUES)
    # ranges are those of adults, so a few values of children are not counted
    assert found.of("HFR046", title).counts["values"] == pytest.approx(planted(found, defect), rel=0.03)


def test_bnp_among_nt_probnp_is_told_by_values_that_cannot_be(seen: At) -> None:
    check = seen(defects=DATES).of("HFR046")
    assert check.title == "BNP under the name of NT-proBNP"
    assert {"too_low", "rising"} == set(check.counts)


def test_ethnicity_lost_by_deprivation_is_told(seen: At) -> None:
    check = seen(defects=VALUES).of("HFR052")
    most, least = (int(str(check.facts[name]).rstrip("%")) for name in ("most", "least"))
    assert most - least == pytest.approx(15, abs=4)


def test_people_with_several_rows_are_counted(seen: At) -> None:
    found = seen(defects=VALUES)
    assert found.of("HFR051").counts == {"rows": planted(found, "repeated_person_rows")}


def test_people_under_two_ids_are_counted(seen: At) -> None:
    found = seen(defects=LINKS)
    # someone with a single visit cannot be told from a namesake
    people = planted(found, "duplicated_persons")
    assert 0.8 * people <= found.of("HFR051").counts["people"] <= people


def test_lost_links_are_counted_by_table(seen: At) -> None:
    found = seen(defects=LINKS)
    for table, rows in found.planted["dangling_visits"]["tables"].items():
        assert found.of("HFR042", table).counts == {"rows": rows}
        assert found.of("HFR042", table).severity == "warning"


def test_diagnoses_that_nearly_all_point_nowhere_stop_the_run(seen: At) -> None:
    found = seen(defects={"dangling_visits": 0.6})
    assert found.of("HFR042", "condition_occurrence").severity == "error"
    assert found.of("HFR042", "measurement").severity == "warning"


def test_lost_concepts_are_counted_by_table(seen: At) -> None:
    found = seen(defects=LINKS)
    for table, rows in found.planted["unmapped"]["tables"].items():
        assert found.of("HFR043", table).counts["recoverable"] == rows
    assert found.of("HFR043", "measurement").severity == "warning"
    assert found.of("HFR043", "condition_occurrence").severity == "note"


def test_a_missing_status_is_counted(seen: At) -> None:
    found = seen(defects={"no_condition_status": 0.1})
    check = found.of("HFR044")
    assert check.counts["rows"] == planted(found, "no_condition_status")
    assert check.counts["stays"] > 1000
    assert found.codes() == {"HFR044"}


def test_records_out_of_time_are_counted_by_table(seen: At) -> None:
    found = seen(defects=DATES)
    # the cohort counts the inpatient stays that begin after the end of the data
    (stays,) = [check.counts["stays"] for check in found.cohort.checks if check.code == "HFR021"]
    counted = {
        "future_dates": stays + sum(found.of("HFR047", "after the end").counts.values()),
        "before_birth": sum(found.of("HFR047", "before the person was born").counts.values()),
        "after_death": sum(found.of("HFR047", "after the person's death").counts.values()),
    }
    # a later defect may move a row once more
    assert counted == {name: pytest.approx(planted(found, name), rel=0.02) for name in counted}


def test_deaths_known_by_month_alone_do_not_make_records_posthumous(seen: At) -> None:
    found = seen(defects={"month_start_deaths": 1.0})
    assert found.codes() == set()
    assert "HFR023" in {check.code for check in found.cohort.checks}


def test_records_that_fade_are_told_in_words(seen: At) -> None:
    text = seen(defects=TIMES).of("HFR049").text()
    assert re.match(
        r"Records thin out from \w+ 2023 to April 2024: the last 12 months hold \d+% of the inpatient stays", text
    )


@pytest.mark.parametrize("what", ["the share of stays coded as heart failure", "the number of inpatient stays"])
def test_a_step_at_one_trust_is_told_with_its_month(seen: At, what: str) -> None:
    check = seen(defects=TIMES).of("HFR050", what)
    assert (check.facts["what"], check.facts["sites"]) == (what, 1)
    # the step is on 1 October 2019; chance may move it by a month or two
    assert check.facts["months"] in {"August 2019", "September 2019", "October 2019", "November 2019", "December 2019"}
    assert check.counts == {}
    assert "Trust" not in check.text()


@pytest.mark.parametrize("trusts", [1, 2])
def test_of_one_or_two_trusts_the_one_that_changed_is_told(seen: At, trusts: int) -> None:
    found = seen(defects={"volume_step": 0.7}, trusts=trusts)
    (title,) = [check.title for check in found.checks if check.code == "HFR050"]
    assert title == "A step at a trust: the number of inpatient stays"
    assert found.of("HFR050").facts["sites"] == 1
    assert found.codes() == {"HFR050"}


def test_the_months_of_the_pandemic_are_told(seen: At) -> None:
    assert seen(defects=VALUES).of("HFR050").facts["months"] == "April to June 2020"


def test_same_day_care_that_leaves_one_trust_is_told(seen: At) -> None:
    found = seen(defects={"zero_day_step": 1.0}, trusts=4)
    assert found.of("HFR055").facts["sites"] == 1
    assert str(found.of("HFR055").facts["months"]).endswith("2019")
    assert found.codes() == {"HFR055"}


def test_a_trust_that_begins_late_is_told(seen: At) -> None:
    check = seen(defects=TIMES).of("HFR053")
    assert (check.facts["sites"], check.facts["months"]) == (1, "September 2017")
    assert check.counts["discharges"] > 0


def test_visits_that_are_there_twice_are_counted(seen: At) -> None:
    found = seen(defects={"duplicated_visits": 0.01})
    assert found.of("HFR058").counts == {"visits": planted(found, "duplicated_visits")}
    # two rows of one stay are one spell, which the study says
    assert found.codes() == {"HFR057", "HFR058"}


def test_codes_of_the_other_edition_are_counted(seen: At) -> None:
    found = seen(defects={"cm_codes": 0.1})
    check = found.of("HFR056")
    assert check.severity == "warning"
    # one of the twins, M17.11, has a shape that the UK's edition has as well
    assert check.counts["rows"] == pytest.approx(planted(found, "cm_codes"), rel=0.06)
    assert found.codes() == {"HFR056"}


def test_a_source_in_the_other_edition_stops_the_run(seen: At) -> None:
    found = seen(defects={"cm_codes": 1.0})
    assert found.of("HFR056").severity == "error"
    assert "HFR040" not in found.codes()


def test_transfers_and_overlaps_that_were_joined_are_counted(seen: At) -> None:
    found = seen(defects={"transfers_split": 0.1, "overlapping_stays": 0.05})
    check = found.of("HFR057")
    assert check.severity == "note"
    assert check.counts["transfers"] == pytest.approx(planted(found, "transfers_split"), rel=0.05)
    assert check.counts["overlapping"] == pytest.approx(planted(found, "overlapping_stays"), rel=0.05)
    assert found.codes() == {"HFR057"}


def test_transfers_without_codes_are_told_by_a_stand_in(seen: At) -> None:
    found = seen(defects={"transfers_uncoded": 0.1})
    assert found.of("HFR057").severity == "warning"
    assert found.of("HFR057").counts["stays"] == pytest.approx(planted(found, "transfers_uncoded"), rel=0.02)


def test_transfers_of_which_only_some_have_codes_are_told(seen: At) -> None:
    found = seen(defects={"transfers_split": 0.05, "transfers_uncoded": 0.1})
    check = found.of("HFR057")
    assert check.severity == "warning"
    assert check.counts["discharges"] == pytest.approx(planted(found, "transfers_uncoded"), rel=0.1)


def test_what_the_rules_bear_raises_no_alarm(seen: At) -> None:
    # the admission method is there, so admissions that bypass A&E are seen; regular attenders are no spells
    borne = {"late_deaths": 0.5, "same_day_readmission": 0.05, "regular_attenders": 0.01, "direct_as_9201": 0.3}
    assert {check.code for check in seen(defects=borne).checks if check.severity != "note"} == set()
