"""A study without a model: page one answers who, how many, when and for whom, and its verdict is on the data."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import Rendered, render
from hfrisk.reporting.chapters.incidence import by_the_end, half_of_them
from hfrisk.reporting.chapters.years import first_and_last_year, quarters_in_words
from hfrisk.reporting.description import data_verdict
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.verdict import Verdict
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK
from tests.reporting.page_reader import read

CAN, CARE, NOT = "These figures can be used", "These figures can be used with care", "These figures must not be used"


def verdict(released: Released) -> Verdict:
    return data_verdict(Evidence(released))


def with_checks(*severities: str) -> Released:
    rows = [(f"HFR04{i}", severity, f"Something odd {i}", "f.", "c.", "t.") for i, severity in enumerate(severities)]
    return samples.changed(
        samples.described(), checks=pd.DataFrame(rows, columns=list(samples.described().checks.columns))
    )


def page_of(released: Released) -> dict[str, str]:
    return read(render(released, QUICK).html).by_id


# ------------------------------------------------------------------ the page


def test_page_one_asks_the_questions_of_a_description_in_order(of_a_description: Rendered) -> None:
    asked = [words for _, words in read(of_a_description.html).headings]
    first = [
        "What is this, and may I use it?",
        "Who are they?",
        "How many came back, and how many died first?",
        "Is it the same for everyone?",
        "Has it changed over time?",
        "Does it depend on how people are counted?",
        "What to worry about",
        "What happens next",
    ]
    places = [asked.index(question) for question in first]
    assert places == sorted(places)


def test_nothing_on_the_page_speaks_of_a_model_that_is_not_there(of_a_description: Rendered) -> None:
    text = read(of_a_description.html).text
    for allowed in ("no risk model", "a new model, is worth trying"):
        text = text.replace(allowed, "")
    assert not re.search(r"\b(model|models|AUROC|calibration|learned from|tried on|LightGBM)\b", text, re.IGNORECASE)
    assert of_a_description.model_card is None


def test_no_chapter_about_a_model_is_there(description: Rendered) -> None:
    chapters = set(read(description.html).by_id)
    assert {"flow", "table-1", "day-by-day", "outcomes", "over-time", "other-definitions", "data-quality"} <= chapters
    assert not chapters & {"discrimination", "calibration", "usefulness", "groups", "why", "percentages", "drivers"}


def test_a_study_that_names_no_other_definition_says_so_and_has_no_chapter_of_them() -> None:
    base = samples.described()
    page = page_of(samples.changed(base, sensitivity=base.sensitivity.iloc[:0]))
    assert "No other definition was tried: the study file names none." in page["counted"]
    assert "other-definitions" not in page


def test_the_released_tables_are_the_files_beside_the_report(description: Rendered) -> None:
    assert {"incidence", "outcomes", "sensitivity", "strategies", "eligibility", "flow", "table1"} <= set(
        description.tables
    )
    assert "performance" not in description.tables
    assert {"incidence", "quarters", "definitions", "outcomes_by_group", "flow"} <= set(description.figures)


def test_a_description_in_which_next_to_nothing_may_be_shown_is_whole() -> None:
    page = page_of(samples.described_without_numbers())
    assert (
        f"How many came back to hospital as an emergency within 30 days is suppressed ({samples.HELD})"
        in page["how-many"]
    )
    assert "How many came back by which day is not shown" in page["day-by-day"]
    assert "Whether it is the same for everyone is not computed" in page["groups-brief"]
    assert "How many came back in each quarter is suppressed" in page["over-years"]
    assert "How well that does is suppressed" in page["definitions"]


# ------------------------------------------------------------------ the verdict


@pytest.mark.parametrize(
    ("severities", "words", "grade"),
    [((), CAN, "go"), (("note",), CAN, "go"), (("warning", "note"), CARE, "wait"), (("warning", "error"), NOT, "stop")],
)
def test_the_verdict_is_that_of_the_gravest_check(severities: tuple[str, ...], words: str, grade: str) -> None:
    found = verdict(with_checks(*severities))
    assert (found.words, found.grade) == (words, grade)


def test_the_verdict_names_the_checks_behind_it() -> None:
    found = verdict(with_checks("warning", "warning", "warning", "warning", "warning"))
    assert found.reasons[0] == "Something odd 0 (HFR040)."
    assert len(found.reasons) == 4
    assert found.reasons[-1] == "And two more, under “What to worry about”."


def test_an_error_comes_before_the_warnings() -> None:
    assert verdict(with_checks("warning", "error")).reasons[0] == "Something odd 1 (HFR041)."


def test_figures_of_which_the_main_one_may_not_be_shown_must_not_be_used() -> None:
    found = verdict(samples.described_without_numbers())
    assert found.words == NOT
    assert found.reasons[0].startswith("How many came back is suppressed")


def test_without_a_warning_it_is_said_what_the_figures_rest_on() -> None:
    assert verdict(with_checks()).reasons == (
        "How many came back rests on 10,030 discharges.",
        "Every discharge was followed to the end of the window.",
    )


def test_the_verdict_on_the_data_says_nothing_of_silent_testing() -> None:
    for severities in ((), ("warning",), ("error",)):
        steps = " ".join(verdict(with_checks(*severities)).next_steps)
        assert "silent" not in steps
        assert "recalibrate" not in steps.lower()


# ------------------------------------------------------------------ sentences change with the numbers


def test_how_many_came_back_and_died_first_with_intervals() -> None:
    page = page_of(samples.described())
    assert "Of every 100 people who left hospital, 20 came back" in page["how-many"]
    assert "(19.6%; 18.8% to 20.4%); 23 in every 1,000 died without coming back (2.3%; 2% to 2.6%)" in page["how-many"]
    other = samples.described(rate=0.141)
    assert "Of every 100 people who left hospital, 14 came back" in page_of(other)["how-many"]


def test_with_incomplete_follow_up_the_curve_counts_and_not_the_share_of_all() -> None:
    base = samples.described()
    frame = base.incidence.copy()
    end = (frame["state"] == "readmitted") & (frame["day"] == 29)
    frame.loc[end, ["share", "lower", "upper"]] = [0.213, 0.205, 0.221]
    head = {**base.headline, "states": {"readmitted": 1965, "died": 230, "none": 7000, "censored": 840}}
    released = samples.changed(base, incidence=frame, headline=head, checks=base.checks.iloc[:0])
    assert "(21.3%; 20.5% to 22.1%)" in page_of(released)["how-many"]
    assert "840 discharges were not followed to the end of the window" in verdict(released).reasons[1]


def test_with_deaths_as_events_the_sentence_says_either() -> None:
    page = page_of(samples.described_composite())
    assert "22 came back to hospital as an emergency or died within 30 days" in page["how-many"]
    assert "died without coming back" in page["how-many"]


def test_half_of_them_by_the_day_on_which_the_curve_passes_half() -> None:
    base = samples.described()
    evidence = Evidence(base)
    day = half_of_them(evidence)
    points = base.incidence[base.incidence["state"] == "readmitted"].set_index("day")["events"]
    assert day is not None
    assert points[day] >= points.iloc[-1] / 2 > points[day - 1]
    last = by_the_end(evidence, "died")
    assert last is not None
    assert (last.day, round(last.share, 3)) == (29, 0.023)


def test_steps_too_long_for_a_day_to_mean_anything_give_no_half() -> None:
    base = samples.described()
    few = base.incidence[base.incidence["day"].isin([9, 19, 29])]
    assert half_of_them(Evidence(samples.changed(base, incidence=few))) is None


def test_who_they_are_comes_from_table_1() -> None:
    base = samples.described()
    table = base.table1.copy()
    women = (table["characteristic"] == "Sex") & (table["level"] == "Female")
    assert "45 in every 100 were women." in page_of(base)["who"]
    table.loc[women, "value"] = 0.38 * table.loc[women, "n"]
    assert "38 in every 100 were women." in page_of(samples.changed(base, table1=table))["who"]
    table.loc[women, "value"] = math.nan
    assert "women" not in page_of(samples.changed(base, table1=table))["who"]


def test_only_groups_that_clearly_differ_are_told_and_furthest_first() -> None:
    page = page_of(samples.described())
    told = page["groups-brief"]
    assert "People in the most deprived fifth came back more often: 24 in every 100" in told
    assert told.index("most deprived fifth") < told.index("least deprived fifth")
    assert "Women came back" not in told
    assert "Too few to know: ethnicity: Mixed and Other." in told


def test_groups_that_nobody_recorded_are_missed_aloud() -> None:
    base = samples.described()
    without = base.outcomes[base.outcomes["group"] != "imd_quintile"]
    told = page_of(samples.changed(base, outcomes=without))["groups-brief"]
    assert "Not recorded in these data: deprivation." in told


def quarters(shares: list[float], n: float = 2000.0) -> Released:
    from tests.reporting.invented_population import outcomes_table

    base = samples.described()
    frame = outcomes_table(n * len(shares), 0.2)
    kept = frame[frame["group"] != "quarter"]
    pattern = frame[frame["group"] == "quarter"].iloc[0]
    rows = []
    for place, share in enumerate(shares):
        half = 1.96 * math.sqrt(share * (1 - share) / n)
        level = f"{2019 + place // 4} Q{place % 4 + 1}"
        rows.append(
            {
                **pattern,
                "level": level,
                "n": n,
                "events": n * share,
                "share": share,
                "lower": share - half,
                "upper": share + half,
            }
        )
    return samples.changed(base, outcomes=pd.concat([kept, pd.DataFrame(rows)], ignore_index=True))


def test_a_change_from_the_first_year_to_the_last_is_one_only_if_it_is() -> None:
    steady = first_and_last_year(Evidence(quarters([0.2] * 12)))
    assert "no clear difference (interval of the gap −" in steady
    risen = first_and_last_year(Evidence(quarters([0.17] * 4 + [0.2] * 4 + [0.23] * 4)))
    assert (
        "In the last four quarters (to 2021 Q4) **23%** came back, in the first four (from 2019 Q1) **17%**: more than before"
        in risen
    )
    fallen = first_and_last_year(Evidence(quarters([0.23] * 4 + [0.17] * 4)))
    assert "fewer than before" in fallen
    assert first_and_last_year(Evidence(quarters([0.2] * 7))) == ""


def test_quarters_that_differ_are_named() -> None:
    title, sentence = quarters_in_words(Evidence(quarters([0.2] * 9 + [0.3])))
    assert title == "One quarter differs from the whole period"
    assert "2021 Q2 (30%)" in sentence
    title, _ = quarters_in_words(Evidence(quarters([0.2] * 10)))
    assert title == "No quarter clearly differs from the whole period"


def test_other_definitions_are_told_by_how_far_they_go() -> None:
    base = samples.described()
    page = page_of(base)
    assert (
        "between 19 and 24 of every 100; furthest off is “all admissions taken as emergencies” with 24%"
        in page["counted"]
    )
    assert "Between 19 and 24 of every 100 came back, depending on the definition" in page["other-definitions"]
    same = base.sensitivity.assign(readmission=0.196, lower=0.188, upper=0.204)
    assert "give the same 20 of every 100" in page_of(samples.changed(base, sensitivity=same))["counted"]


def test_the_rate_has_a_column_of_its_own_only_where_it_is_another_number() -> None:
    assert "Share who came back" not in page_of(samples.described())["other-definitions"].split("Other definitions")[0]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', render(samples.described(), QUICK).html)
    assert "Share who came back" not in heads
    composite = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', render(samples.described_composite(), QUICK).html)
    assert "Share who came back or died" in composite


def test_how_emergencies_were_told_is_said() -> None:
    base = samples.described()
    assert "told by the recorded admission method (76 of every 100) and an A&E visit" in page_of(base)["counted"]
    assumed = pd.DataFrame(
        [("unplanned", "assume_unplanned", 900.0, 900.0, "")], columns=["question", "told_by", "n", "of", "suppressed"]
    )
    assert "Every admission was taken as an emergency" in page_of(samples.changed(base, strategies=assumed))["counted"]


def test_the_definitions_chapter_says_who_would_be_picked_out_in_practice() -> None:
    for sample in (samples.described(), samples.region()):
        page = page_of(sample)
        assert (
            "At the time of scoring a rule would find 71 of every 100 heart-failure discharges" in page["definitions"]
        )
        assert "the recorded admission method" in page["definitions"]
        assert "suppressed" in page["definitions"]


def test_what_such_data_cannot_tell_stands_with_the_checks() -> None:
    assert (
        "What such data cannot tell OMOP has no field for the admission method."
        in page_of(samples.described())["data-quality"]
    )


# ------------------------------------------------------------------ the curve


def test_a_report_on_a_model_shows_the_curve_with_the_outcomes_too() -> None:
    page = page_of(samples.region())
    assert "20 of every 100 came back by day 29, half of them by day 8" in page["outcomes"]
    assert "other-definitions" in page


def test_the_curve_is_told_by_its_days_and_its_end() -> None:
    told = page_of(samples.described())["figure-incidence"]
    assert re.search(r"Had come back: 8\.8% by day 6, 14% by day 13 and 19\.6% \(18\.8% to 20\.4%\) by day 29\.", told)
    assert "Days with few people are joined with the next, so that nobody can be counted." in told


def test_one_curve_that_may_not_be_shown_leaves_the_other() -> None:
    from tests.reporting.invented_population import incidence_table

    base = samples.described()
    page = page_of(samples.changed(base, incidence=incidence_table(10_030, 0.196, hidden=("died",))))
    assert f"How many died first is suppressed: {samples.HELD}." in page["figure-incidence"]
    assert "20 of every 100 came back by day 29" in page["figure-incidence"]


def test_kaplan_meier_is_named_only_to_say_that_it_is_not_used(description: Rendered) -> None:
    text = read(description.html).text
    assert text.count("Kaplan") == 1
    assert re.search(r"One minus Kaplan-Meier, .* is not used\.", text)
