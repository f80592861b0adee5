"""The chapters on the score-card and on readmission, death and neither say what the tables hold."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting.chapters.card import score_card
from hfrisk.reporting.chapters.states import states
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Prose, Table
from tests.reporting import reporting_samples

HELD = "fewer than 10 here or in the rest, or needed to keep such a number from being worked out"


def _evidence(**tables: pd.DataFrame) -> Evidence:
    return Evidence(reporting_samples.changed(reporting_samples.region(), **tables))


def _card(points: list[float], why: str = "") -> pd.DataFrame:
    bands = ["under 7.0", "7.0 or more"]
    item = {"item": "urea_last", "words": "last urea", "unit": "mmol/L"}
    return pd.DataFrame({**item, "band": bands, "points": points, "suppressed": why})


TOTALS = pd.DataFrame({"total": [0.0, 3.0], "risk": [0.11, 0.26], "suppressed": ""})


def _states(observed: float) -> pd.DataFrame:
    rows = [
        (outcome, "test", band, 1000.0, 1000 * observed, 0.2, observed, observed - 0.02, observed + 0.02, "")
        for outcome in ("readmitted", "died", "either")
        for band in range(6)
    ]
    return pd.DataFrame(
        rows,
        columns=["outcome", "split", "band", "n", "events", "predicted", "observed", "lower", "upper", "suppressed"],
    )


def test_the_card_is_shown_with_its_items_points_and_risks() -> None:
    chapter = score_card(_evidence(points_card=_card([0.0, 3.0]), points_risk=TOTALS))
    assert chapter is not None
    points, risks = (block for block in chapter.blocks if isinstance(block, Table))
    assert points.rows == (("Last urea (mmol/L)",), ("Under 7.0", "0"), ("7.0 or more", "3"))
    assert risks.rows == (("0", "11%"), ("3", "26%"))
    text = chapter.blocks[0]
    assert isinstance(text, Prose)
    assert "one item " in text.paragraphs[0]
    assert "from 11% to 26%" in text.paragraphs[0]


def test_a_card_that_is_held_back_says_why() -> None:
    held = _card([float("nan")] * 2, HELD).head(1)
    chapter = score_card(_evidence(points_card=held, points_risk=TOTALS.head(0)))
    assert chapter is not None
    (text,) = chapter.blocks
    assert isinstance(text, Prose)
    assert HELD in text.paragraphs[0]


def test_foretold_and_observed_are_said_of_each_outcome() -> None:
    told = []
    for observed in (0.3, 0.15):
        chapter = states(
            _evidence(competing=_states(observed), competing_performance=_measures(), competing_hazards=_hazards())
        )
        assert chapter is not None
        first = chapter.blocks[0]
        assert isinstance(first, Prose)
        told.append(first.items)
    assert told[0][0].startswith("It foretold that 20% came back; 30% did (28% to 32%)")
    assert told[1][1].startswith("It foretold that 20% died without coming back; 15% did (13% to 17%)")
    assert next(block.caption for block in chapter.blocks if isinstance(block, Table)).endswith("later discharges")


def test_without_card_and_states_there_are_no_chapters() -> None:
    evidence = Evidence(reporting_samples.region())
    assert score_card(evidence) is None
    assert states(evidence) is None


def _measures() -> pd.DataFrame:
    return pd.DataFrame(
        [("died", "test", "auroc", 0.7, 0.66, 0.74, 5000.0, 300.0, "", "")],
        columns=["outcome", "split", "measure", "estimate", "lower", "upper", "n", "events", "reason", "suppressed"],
    )


def _hazards() -> pd.DataFrame:
    return pd.DataFrame(
        [("died", "test", 1.4, 1.2, 1.6, 5000.0, 300.0, "", "")],
        columns=["cause", "split", "estimate", "lower", "upper", "n", "events", "reason", "suppressed"],
    )
