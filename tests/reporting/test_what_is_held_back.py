"""Suppressed is shown as suppressed, not computed as not computed, each with its reason; nothing is blank."""

from __future__ import annotations

import math
import re

import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import Rendered, render
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK
from tests.reporting.page_reader import read


def test_no_value_is_shown_as_nan_none_or_nothing(rendered: Rendered) -> None:
    shown = read(rendered.html).text
    assert not re.search(r"\bnan\b", shown, re.IGNORECASE)
    assert not re.search(r"\bNone\b", shown)
    assert not re.search(r"(?<![\d.])0\.000(?!\d)", shown)
    assert "inf" not in re.findall(r"\b[a-z]+\b", shown.lower())


def test_no_cell_of_results_is_blank(rendered: Rendered) -> None:
    blank = re.findall(r"<td[^>]*>\s*</td>", rendered.html)
    # A line of Table 1 that only names what its levels divide has nothing to say itself.
    named = re.findall(r'<tr><th scope="row" class="left">[^<]*</th>(?:<td class="">\s*</td>)+</tr>', rendered.html)
    assert len(blank) == sum(row.count("<td") for row in named)


def test_a_suppressed_group_has_its_word_and_its_reason(region_report: Rendered) -> None:
    page = read(region_report.html)
    assert "Mixed suppressed suppressed" in page.by_id["table-1"]
    assert f"Suppressed: {samples.HELD}." in page.by_id["table-1"]
    assert f"Suppressed: {samples.HELD}." in page.by_id["groups"]


def test_what_was_not_computed_has_its_word_and_its_reason(region_report: Rendered) -> None:
    page = read(region_report.html)
    assert re.search(r"Other \d+ \d+ not computed not computed", page.by_id["groups"])
    assert "Not computed: fewer than 10 events." in page.by_id["groups"]
    assert "Not computed: fewer than 200 events." in page.by_id["groups"]


def test_a_test_that_is_too_small_is_a_whole_report(tiny_report: Rendered) -> None:
    page = read(tiny_report.html)
    assert tiny_report.verdict == "Do not use"
    assert "How well it tells people apart is not computed: fewer than 10 events." in page.text
    assert f"What reviewing the people at highest risk would have found is suppressed: {samples.HELD}." in page.text
    assert "There is no calibration curve" in page.text
    assert "There is no decision curve" in page.text
    assert "Quarters are not shown" in page.text
    assert [level for level, words in page.headings if level == 1] == [1]


def test_a_run_in_which_nothing_was_computed_is_a_whole_report() -> None:
    report = render(samples.bare(), QUICK)
    page = read(report.html)
    assert report.verdict == "Do not use"
    assert "How well it tells people apart is not computed" in page.text
    assert len(page.by_id) > 15


@pytest.mark.parametrize("column", ["sex", "ethnicity", "imd_quintile", "site_group"])
def test_a_group_that_the_data_do_not_record_is_missed_aloud(column: str) -> None:
    base = samples.region()
    without = samples.changed(
        base,
        performance=base.performance[base.performance["group"] != column],
        threshold_groups=base.threshold_groups[base.threshold_groups["group"] != column],
    )
    page = read(render(without, QUICK).html)
    if column == "site_group":
        assert "Groups of hospitals are not recorded in these data" in page.text
    else:
        word = {"imd_quintile": "deprivation"}.get(column, column)
        assert f"Not recorded in these data: {word}." in page.text


def test_a_report_without_comparators_or_laboratory_features_is_whole() -> None:
    base = samples.region()
    few = {"age", "sex_female", "prior_emergency_365"}
    small = samples.changed(
        base,
        performance=base.performance[base.performance["model"] == "lightgbm"],
        comparison=base.comparison.iloc[:0],
        calibration_curve=base.calibration_curve[base.calibration_curve["model"] == "lightgbm"],
        decision_curve=base.decision_curve[base.decision_curve["model"] == "lightgbm"],
        by_feature=base.by_feature[base.by_feature["feature"].isin(few)],
        by_theme=base.by_theme.iloc[[0, 7]],
        by_family=base.by_family.iloc[:2],
        dependence=base.dependence[base.dependence["feature"].isin(few)],
        dictionary=base.dictionary[base.dictionary["name"].isin(few)],
    )
    page = read(render(small, QUICK).html)
    assert "spline" not in page.text
    assert "The model reads 3 features" in page.text
    assert "All 3 features are shown." in page.text


def test_a_study_of_comparators_alone_is_a_whole_report() -> None:
    base = samples.region()
    frame = base.performance[base.performance["model"] != "lightgbm"]
    page = read(render(samples.changed(base, performance=frame), QUICK).html)
    assert "it ranks them rightly 63 times in 100" in page.text


def test_words_from_the_study_cannot_become_markup() -> None:
    base = samples.region()
    study = {**base.study, "title": "A <b>bold</b> & <script>alert(1)</script> title", "environment": "<img src=x>"}
    html = render(samples.changed(base, study=study), QUICK).html
    assert "<script" not in html
    assert "<img src=x>" not in html
    assert "&lt;script&gt;" in html


def test_made_up_people_are_announced_and_real_ones_are_not(region_report: Rendered) -> None:
    assert "The people in this report are made up" in region_report.html
    assert "made up" in region_report.model_card
    base: Released = samples.region()
    real = render(samples.changed(base, study={**base.study, "made_up": False}), QUICK)
    assert "made up" not in real.html
    assert "made-up people" not in real.html
    assert "made up" not in real.model_card


def test_a_threshold_that_may_not_be_shown_gives_way_to_its_neighbour() -> None:
    base = samples.region()
    frame = base.decision_curve.copy()
    frame.loc[frame["threshold"] >= 0.19, ["flagged", "true_positives", "net_benefit"]] = math.nan
    page = read(render(samples.changed(base, decision_curve=frame), QUICK).html)
    assert "At a threshold of 18% (the nearest to 20% that may be shown)" in page.by_id["usefulness"]


def test_a_curve_that_may_not_be_shown_gives_its_reason() -> None:
    base = samples.region()
    frame = base.calibration_curve.head(1).assign(predicted=math.nan, observed=math.nan, suppressed=samples.HELD)
    page = read(render(samples.changed(base, calibration_curve=frame), QUICK).html)
    assert f"The curve is suppressed: {samples.HELD}." in page.text
    assert f"a risk near 20% is suppressed: {samples.HELD}." in page.by_id["percentages"]
