"""Sentences, settings and provenance: no exact date, no path, no exact count."""

from __future__ import annotations

import pandas as pd
import pytest

from hfrisk.checks import Check
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.wording import release_checks, release_definitions, without_places

POLICY = Policy()
COLUMNS = ["measure", "estimate", "lower", "upper"]
EXACT = pd.DataFrame([("oe_ratio", 0.8312, 0.7214, 0.9533), ("auroc", 0.6437, 0.61, 0.68)], columns=COLUMNS)
SHOWN = pd.DataFrame([("oe_ratio", 0.826, 0.717, 0.947), ("auroc", 0.644, 0.61, 0.68)], columns=COLUMNS)


def said(finding: str, *, counts: dict[str, int] | None = None, **facts: str | float) -> str:
    check = Check("HFR999", "note", "Title", finding, "None.", "None.", counts=counts or {}, facts=facts)
    return str(release_checks([check], POLICY, EXACT, SHOWN)["finding"].iloc[0])


def test_counts_in_a_finding_are_rounded_or_said_to_be_few() -> None:
    assert said("{a} of {b} stays.", counts={"a": 7, "b": 12343}) == "fewer than 10 of 12,345 stays."


def test_a_format_of_the_finding_does_not_stop_the_words() -> None:
    assert said("{a:,} stays ({share:.1%}).", counts={"a": 3}, share=0.0004) == "fewer than 10 stays ((withheld))."


def test_a_share_beside_a_count_has_two_figures() -> None:
    assert (
        said("{a} of {b} ({share:.2%}).", counts={"a": 1234, "b": 9876}, share=1234 / 9876)
        == "1,235 of 9,875 (12.00%)."
    )


def test_an_estimate_in_a_finding_is_the_released_one() -> None:
    words = "Observed over expected is {oe_ratio} ({lower} to {upper})."
    assert (
        said(words, oe_ratio="0.831", lower="0.721", upper="0.953")
        == "Observed over expected is 0.826 (0.717 to 0.947)."
    )


def test_an_exact_ratio_that_is_not_in_the_results_is_withheld() -> None:
    assert said("It is {oe_ratio} ({lower}).", oe_ratio="0.512", lower="0.4") == "It is (withheld) ((withheld))."


def test_a_withheld_estimate_is_said_to_be_withheld() -> None:
    check = Check("HFR130", "error", "T", "It is {auroc}.", "", "", facts={"auroc": "0.644"})
    shown = SHOWN.assign(estimate=float("nan"))
    assert release_checks([check], POLICY, EXACT, shown)["finding"].iloc[0] == "It is (withheld)."


@pytest.mark.parametrize(
    ("exact", "shown"),
    [
        ("up to 2024-03-31 there", "up to 2024-03 there"),
        ("2024-03-31T10:05:00Z", "2024-03"),
        ("2024-03-31 10:05", "2024-03"),
        ("on 31/03/2024", "on 2024-03"),
        ("on 3 March 2024", "on March 2024"),
        ("read /srv/data/omop/person.csv now", "read (path withheld) now"),
        ("~/study/demo.yaml", "(path withheld)"),
        ("../shared/data", "(path withheld)"),
        ("sqlite:////srv/mlflow.db", "(path withheld)"),
        ("C:\\Users\\someone\\omop", "(path withheld)"),
        ("\\\\server\\share\\omop", "(path withheld)"),
    ],
)
def test_dates_become_months_and_paths_are_withheld(exact: str, shown: str) -> None:
    assert without_places(exact) == shown


@pytest.mark.parametrize(
    "text",
    [
        "creatinine in µmol/L",
        "https://doi.org/10.1136/bmj-2024",
        "and/or",
        "version 2024.2.1",
        "0/1",
        "days 0-29",
        "1 April",
        "2023 Q1",
    ],
)
def test_units_and_addresses_are_no_paths_and_no_dates(text: str) -> None:
    assert without_places(text) == text


def test_times_of_the_run_and_dates_of_the_study_file_stay() -> None:
    given = {
        "run_at": "2026-04-01T09:00",
        "data_end": "2024-03-31",
        "seeds": {"model": 20260401},
        "list": ["/a/b", None, True],
    }
    assert without_places(given) == {**given, "data_end": "2024-03", "list": ["(path withheld)", None, True]}
    assert without_places({"test_from": "2021-04-01"}, keep_dates=True) == {"test_from": "2021-04-01"}


def test_definitions_are_words_without_dates() -> None:
    frame = pd.DataFrame({"item": ["End"], "value": ["2024-03-31"], "source": ["/srv/x"]})
    assert release_definitions(frame).to_numpy().tolist() == [["End", "2024-03", "(path withheld)"]]
