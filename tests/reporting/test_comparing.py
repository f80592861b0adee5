"""Two runs side by side: what differs is told, what is a few people is not, and a run does not differ from itself."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from hfrisk.comparing import compared, comparison_in_words, read_run, write_comparison
from hfrisk.errors import StudyError
from hfrisk.reporting.comparing import Run, compare, comparison_page, finding
from tests.reporting import reporting_samples as samples

QUICK = 72


@pytest.fixture(scope="module")
def region() -> dict[str, Any]:
    return samples.region().metrics()


@pytest.fixture(scope="module")
def synpuf() -> dict[str, Any]:
    return samples.desynpuf().metrics()


def metrics_of(name: str) -> dict[str, Any]:
    """The metrics of a sample; one that shows nothing still says how many hospitals and which months."""
    sample = getattr(samples, name)()
    told = {"sites": 0, "period_from": "2019-04", "period_to": "2024-03"}
    missing = {key: value for key, value in told.items() if sample.headline.get(key) is None}
    return samples.changed(sample, headline={**sample.headline, **missing}).metrics()


def changed(metrics: dict[str, Any], **cohort: Any) -> dict[str, Any]:
    other = copy.deepcopy(metrics)
    other["cohort"] |= cohort
    return other


def rows(found: list[Any]) -> dict[str, Any]:
    return {row.what: row for row in found}


def test_a_run_beside_itself_has_no_difference(region: dict[str, Any]) -> None:
    told = compare(Run("a", region), Run("b", copy.deepcopy(region)))
    assert told.identical
    assert finding(told) == "No difference"
    assert [told.settings, told.checks, told.versions, told.questions] == [[], [], [], []]
    assert all(row.same for row in told.cohort)
    assert all(one.difference in (0, None) and one.apart in (False, None) for one in told.estimates)
    page = comparison_page(told, QUICK)
    assert "Every released number of the two runs is the same." in page
    assert "<table" not in page


def test_a_difference_is_the_second_less_the_first(region: dict[str, Any], synpuf: dict[str, Any]) -> None:
    told = compare(Run("a", region), Run("b", synpuf))
    (auroc,) = [t for t in told.estimates if (t.model, t.group, t.measure) == ("", "all", "auroc")]
    place = ("lightgbm", "test", "all", "auroc")
    one, two = (
        next(r["estimate"] for r in m["performance"] if (r["model"], r["split"], r["group"], r["measure"]) == place)
        for m in (region, synpuf)
    )
    assert auroc.difference == round(two - one, 6)
    assert auroc.apart
    events = rows(told.cohort)["With the outcome"]
    assert events.difference == synpuf["cohort"]["events"] - region["cohort"]["events"]
    assert {row.what for row in told.questions} == {"outcome_words"}
    assert "They answer different questions" in comparison_page(told, QUICK)
    assert {row.what for row in told.checks} == {"HFR132", "HFR021", "HFR134", "HFR130"}


@pytest.mark.parametrize("by", [5, -5])
def test_a_difference_of_a_few_people_is_not_told(region: dict[str, Any], by: int) -> None:
    events = region["cohort"]["events"]
    told = compare(Run("a", region), Run("b", changed(region, events=events + by, share_events=0.1965)))
    row = rows(told.cohort)["With the outcome"]
    assert (row.a, row.b, row.difference, row.note) == (events, None, None, "nearly the same")
    share = rows(told.cohort)["Share with the outcome"]
    assert (share.b, share.difference, share.note) == (None, None, "nearly the same")
    text = comparison_page(told, QUICK) + json.dumps(told.as_json())
    assert f"{events + by:,}" not in text
    assert f'"b": {events + by}' not in text
    assert "0.1965" not in text
    assert "nearly the same" in text


def test_the_larger_threshold_of_the_two_holds(region: dict[str, Any]) -> None:
    strict = changed(region, events=region["cohort"]["events"] + 15)
    assert rows(compare(Run("a", region), Run("b", strict)).cohort)["With the outcome"].difference == 15
    strict["study"]["settings"] = {"disclosure": {"threshold": 20}}
    assert rows(compare(Run("a", region), Run("b", strict)).cohort)["With the outcome"].note == "nearly the same"


def test_of_a_check_with_other_numbers_only_that_is_said(region: dict[str, Any]) -> None:
    other = copy.deepcopy(region)
    for check in other["checks"]:
        check["finding"] = check["finding"].replace("3,010", "3,015")
    told = compare(Run("a", region), Run("b", other))
    (row,) = told.checks
    assert (row.what, row.b, row.note) == ("HFR132", None, "in both, with other numbers")
    assert "3,015" not in comparison_page(told, QUICK)


def test_what_is_withheld_in_one_stays_withheld(region: dict[str, Any]) -> None:
    told = compare(Run("a", region), Run("b", changed(region, died=None, share_died=None)))
    row = rows(told.cohort)["Died first"]
    assert (row.b, row.difference, row.note) == (None, None, "suppressed")


def test_settings_and_versions_that_differ_are_named(region: dict[str, Any]) -> None:
    one, two = (copy.deepcopy(region) for _ in range(2))
    one["study"]["settings"] = {"cohort": {"window": "0-29", "minimum_age": 18}}
    two["study"]["settings"] = {"cohort": {"window": "1-30", "minimum_age": 18, "unplanned": ["ae_segment", "planned"]}}
    two["provenance"]["hfrisk"] = "0.2.0"
    told = compare(Run("a", one), Run("b", two))
    assert {(r.what, r.a, r.b) for r in told.settings} == {
        ("cohort.window", "0-29", "1-30"),
        ("cohort.unplanned", "not set", "ae_segment, planned"),
    }
    assert "different versions of hfrisk (0.1.0 and 0.2.0)" in comparison_page(told, QUICK)


def test_whether_they_share_people_is_known_only_from_the_source(region: dict[str, Any]) -> None:
    other = copy.deepcopy(region)
    assert "Both read the same data" in comparison_page(
        compare(Run("a", region), Run("b", changed(region, sites=3))), QUICK
    )
    other["provenance"]["source_fingerprint"] = "another"
    assert "not known: the data that they read differ" in comparison_page(
        compare(Run("a", region), Run("b", other)), QUICK
    )
    del other["provenance"]["source_fingerprint"]
    assert compare(Run("a", region), Run("b", other)).same_source is None


def test_two_descriptions_are_compared_by_the_share_of_each_group() -> None:
    one, two = samples.described().metrics(), samples.described(rate=0.3).metrics()
    told = compare(Run("a", one), Run("b", two))
    assert told.split == ""
    assert finding(told) == "Two descriptions"
    women = next(t for t in told.shares if t.level == "Female")
    assert women.difference == pytest.approx(women.b[0] - women.a[0])
    assert "How many came back" in comparison_page(told, QUICK)


@pytest.mark.parametrize(
    "pair", [("bare", "region"), ("tiny", "region"), ("described", "region"), ("described_bare", "described")]
)
def test_runs_of_different_kinds_make_a_page(pair: tuple[str, str]) -> None:
    found = [Run(name, metrics_of(name)) for name in pair]
    page = comparison_page(compare(*found), QUICK)
    for forbidden in ("nan", "None", "NaN", "<script", "http://", "https://"):
        assert forbidden not in page.replace("http-equiv", ""), forbidden


def test_folders_are_read_and_written_and_the_names_are_told_apart(region: dict[str, Any], tmp_path: Path) -> None:
    for year in ("2023", "2024"):
        (tmp_path / year / "demo").mkdir(parents=True)
        text = json.dumps(changed(region, sites=22 if year == "2023" else 21))
        (tmp_path / year / "demo" / "metrics.json").write_text(text, encoding="utf-8")
    found = compared(tmp_path / "2023" / "demo", tmp_path / "2024" / "demo" / "metrics.json")
    assert found.a.name != found.b.name
    page = write_comparison(found, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))["identical"] is False
    assert "Numbers of the cohort that differ: 1 of" in comparison_in_words(found, page)


def test_what_is_no_finished_run_is_told(region: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="is not the folder of a finished run"):
        read_run(tmp_path, "A")
    path = tmp_path / "metrics.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(StudyError, match="cannot be read"):
        read_run(tmp_path, "A")
    old = copy.deepcopy(region)
    del old["tables"]["flow"]
    old["provenance"]["hfrisk"] = "0.0.1"
    path.write_text(json.dumps(old), encoding="utf-8")
    with pytest.raises(StudyError, match=r"shape.*0\.0\.1"):
        read_run(path, "B")
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(StudyError, match="shape"):
        read_run(path, "B")
