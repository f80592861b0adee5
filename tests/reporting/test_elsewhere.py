"""The chapter on other trusts, other people and other months says what the tables hold, and changes when they do."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from hfrisk.disclosure.designs import DESIGNS
from hfrisk.reporting.chapters.elsewhere import elsewhere
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table
from hfrisk.reporting.settings import ReportingSettings
from tests.reporting import reporting_samples

HELD = "fewer than 10 here or in the rest, or needed to keep such a number from being worked out"
NAN = math.nan


def _table(name: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [(*row, "")[: len(DESIGNS[name].split()) + 1] for row in rows], columns=[*DESIGNS[name].split(), "suppressed"]
    )


def _tables(
    *, prediction: tuple[float, float] = (0.85, 1.2), moved: float = 0.04, oe: float = 1.02, psi: float = 0.03
) -> dict[str, pd.DataFrame]:
    trusts = _table(
        "left_out",
        *[
            (level, measure, *values, 900.0, 180.0, "")
            for level in ("Trust A", "Trust B", "Trust C")
            for measure, values in (("oe_ratio", (1.05, 0.9, 1.22)), ("auroc", (0.61, 0.57, 0.65)))
        ],
        ("Trust D", "oe_ratio", NAN, NAN, NAN, NAN, NAN, ""),
    )
    trusts.loc[trusts["level"] == "Trust D", "suppressed"] = HELD
    return {
        "left_out": trusts,
        "across_trusts": _table(
            "across_trusts",
            ("oe_ratio", 1.03, 0.93, 1.13, *prediction, 0.05, 4.0, ""),
            ("auroc", 0.61, 0.59, 0.63, 0.56, 0.66, 0.02, 3.0, ""),
        ),
        "instability": _table(
            "instability", *[(i, 350.0, 0.1 * i, 0.08 * i, 0.1 * i, 0.12 * i, 0.01, 0.02) for i in (1, 2, 3)]
        ),
        "instability_summary": _table(
            "instability_summary",
            ("mape", 0.0123, 7000.0, 1400.0, ""),
            ("mape_95", 0.031, 7000.0, 1400.0, ""),
            ("moved", moved, 7000.0, 1400.0, ""),
        ),
        "optimism": _table("optimism", ("auroc", 0.67, 0.04, 0.63, NAN, NAN, 7000.0, 1400.0, "no interval")),
        "learning_curve": _table(
            "learning_curve",
            *[(share, "auroc", 0.58 + share / 20, 0.55, 0.66, 7000 * share, "") for share in (0.5, 1.0)],
            *[(share, "log_loss", 0.49, 0.48, 0.5, 7000 * share, "") for share in (0.5, 1.0)],
        ),
        "drift": _table(
            "drift",
            *[
                (month, measure, *values, "")
                for month in ("2023-01", "2023-02 to 2023-03")
                for measure, values in (
                    ("oe_ratio", (oe, oe - 0.15, oe + 0.2)),
                    ("auroc", (0.6, 0.55, 0.65)),
                    ("psi", (psi, NAN, NAN)),
                    ("psi_expected", (0.05, NAN, NAN)),
                )
            ],
        ),
        "feature_shifts": _table("feature_shifts", ("urea", "last urea", 0.31, 0.01, "")),
    }


def _chapter(**tables: pd.DataFrame) -> Chapter | None:
    return elsewhere(
        Evidence(reporting_samples.changed(reporting_samples.region(), **tables)), ReportingSettings(dots_per_inch=72)
    )


def _exhibits(*only: str, **changes: Any) -> dict[str, Exhibit]:
    """The figures of the chapter, with some of the tables only: drawing is what takes time."""
    chapter = _chapter(**{name: table for name, table in _tables(**changes).items() if name in only or not only})
    assert chapter is not None
    return {block.key: block for block in chapter.blocks if isinstance(block, Exhibit)}


def test_without_designs_there_is_no_chapter() -> None:
    assert _chapter() is None


def test_each_design_is_drawn_with_its_numbers_in_words_and_its_table() -> None:
    shown = _exhibits()
    assert set(shown) == {"left-out-oe", "left-out-auroc", "instability", "learning-curve", "drift"}
    for exhibit in shown.values():
        assert exhibit.picture is not None
        assert exhibit.table is not None
        assert any(character.isdigit() for character in exhibit.alt)


@pytest.mark.parametrize(
    ("prediction", "title"),
    [
        ((0.85, 1.2), "At another trust its risks would probably be true on average"),
        ((0.7, 1.5), "At another trust its risks may be off: observed over expected 0.70 to 1.50"),
    ],
)
def test_what_another_trust_may_see_follows_the_prediction_interval(
    prediction: tuple[float, float], title: str
) -> None:
    exhibit = _exhibits("left_out", "across_trusts", prediction=prediction)["left-out-oe"]
    assert exhibit.title == title
    assert "Each of 4 trusts, of which 3 may be shown, was left out once" in exhibit.sentence


def test_a_trust_that_is_held_back_says_why_and_shows_no_number() -> None:
    table = _exhibits("left_out")["left-out-oe"].table
    assert table is not None
    row = next(cells for cells in table.rows if cells[0] == "Trust D")
    assert row[1:] == ("suppressed",) * 3
    assert any(HELD in note.lower() for note in table.notes)


def test_how_often_the_threshold_is_crossed_is_held_against_the_limit() -> None:
    assert (
        "less than the 10 from which"
        in _exhibits("instability_summary", "instability", moved=0.04)["instability"].sentence
    )
    assert "In 20 of 100 cases" in (
        said := _exhibits("instability_summary", "instability", moved=0.2)["instability"].sentence
    )
    assert "more than the 10 from which" in said


def test_months_that_are_off_are_counted() -> None:
    assert _exhibits("drift")["drift"].title == "In each of 2 periods of the test its risks could be true"
    assert _exhibits("drift", oe=1.5)["drift"].title == "Its risks were clearly off in 2 of 2 periods of the test"
    assert "all but 2" in _exhibits("drift", psi=0.3)["drift"].sentence


def test_the_curve_says_whether_the_last_people_helped() -> None:
    assert _exhibits("learning_curve")["learning-curve"].title == "It still ranked better with the last people added"


def test_corrected_stands_beside_cross_validation_and_test() -> None:
    chapter = _chapter(optimism=_tables()["optimism"])
    assert chapter is not None
    table = next(b for b in chapter.blocks if isinstance(b, Table) and b.caption.startswith("How good it is"))
    region = Evidence(reporting_samples.region())
    assert table.rows[0][1:4] == ("0.67", "0.04", "0.63")
    assert table.rows[0][5] == region.number("auroc", split="test").text()
    told = next(b for b in chapter.blocks if isinstance(b, Prose))
    assert "searched for once" in told.paragraphs[0]


def test_what_is_held_back_altogether_is_said() -> None:
    held = _tables()["instability_summary"].assign(estimate=NAN, suppressed=HELD)
    chapter = _chapter(instability_summary=held)
    assert chapter is not None
    exhibit = next(b for b in chapter.blocks if isinstance(b, Exhibit) and b.key == "instability")
    assert exhibit.picture is None
    assert HELD in exhibit.sentence
