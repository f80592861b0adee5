"""What leaves of the remedies: no difference between two of them that is a few people, and nothing of them in the model."""

from __future__ import annotations

import ast
import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import hfrisk.registry
from hfrisk.disclosure import Released
from hfrisk.disclosure.mitigation import MITIGATION, release_mitigation
from hfrisk.disclosure.policy import Policy
from hfrisk.fairness import Mitigation
from hfrisk.fairness.results import COLUMNS, empty
from tests.disclosure.made_up import Run

POLICY = Policy()
LEVELS = {"1": (812, 203), "2": (643, 121), "3": (598, 117)}
BEFORE = {"1": (93, 187), "2": (44, 131), "3": (41, 122)}  # true and false positives
NAN = math.nan


def _performance(levels: dict[str, tuple[int, int]]) -> pd.DataFrame:
    n, events = (sum(count[k] for count in levels.values()) for k in (0, 1))
    sets = {("all", "all"): (n, events)} | {("imd_quintile", level): count for level, count in levels.items()}
    return pd.DataFrame(
        [
            ("lightgbm", split, *place, "auroc", 0.6, *count)
            for split in ("test", "cross-validation")
            for place, count in sets.items()
        ],
        columns=["model", "split", "group", "level", "measure", "estimate", "n", "events"],
    )


def _found(
    moved: dict[str, tuple[int, int, int, int]], levels: dict[str, tuple[int, int]] = LEVELS, **frames: pd.DataFrame
) -> Mitigation:
    """One remedy that flags and unflags so many: newly with and without the outcome, no longer with and without it."""
    cells, flags, benefit, ratios = [], [], [], []
    both = {level: (*levels[level], *BEFORE[level], *moved.get(level, (0, 0, 0, 0))) for level in levels}
    both = {"all": tuple(map(sum, zip(*both.values(), strict=True)))} | both
    for remedy in ("none", "recalibration"):
        for level, (n, events, hits, false, new_hits, new_false, lost_hits, lost_false) in both.items():
            place = ("all" if level == "all" else "imd_quintile", level)
            tp, fp = (
                (hits, false) if remedy == "none" else (hits + new_hits - lost_hits, false + new_false - lost_false)
            )
            cells.append((remedy, *place, 0.2, n, events, tp + fp, tp, fp, events - tp, n - events - fp))
            worth = (tp - fp / 4) / n
            benefit.append(
                (
                    remedy,
                    *place,
                    worth,
                    NAN if remedy == "none" else worth - (hits - false / 4) / n,
                    -0.01,
                    0.01,
                    n,
                    events,
                )
            )
            ratios.append((remedy, *place, "oe_ratio", events / (0.2 * n), 0.8, 1.2, n, events, ""))
            if remedy != "none":
                flags.append(
                    (remedy, *place, n, hits + false, new_hits + new_false, new_hits, lost_hits + lost_false, lost_hits)
                )
    tables = {
        "remedy_cells": cells,
        "remedy_benefit": benefit,
        "remedy_calibration": ratios,
        "remedy_flags": flags,
        "remedies": [("none", 1, "in use", 0, ""), ("recalibration", 1, "needs assessment", 0, "")],
        "remedy_gaps": [
            (remedy, measure, 0.1, 0.0512345, 3)
            for remedy in ("none", "recalibration")
            for measure in ("demographic_parity_difference", "equal_opportunity_difference")
        ],
        "remedy_rules": [("recalibration", "1", "own", 0.123456, 1.0, 812, 203), ("group_thresholds", "1", "own", 0.185, NAN, 812, 203)],
    }  # fmt: skip
    made = {name: empty(name) for name in COLUMNS}
    made |= {name: pd.DataFrame(rows, columns=COLUMNS[name].split()) for name, rows in tables.items()}
    return Mitigation(**(made | frames), facts={"group": "imd_quintile"}, checks=[])


def _released(
    moved: dict[str, tuple[int, int, int, int]], levels: dict[str, tuple[int, int]] = LEVELS, **frames: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    return release_mitigation(_found(moved, levels, **frames), _performance(levels), POLICY, 0.95, {})


def test_every_table_has_its_columns() -> None:
    none = release_mitigation(None, _performance(LEVELS), POLICY, 0.95, {})
    some = _released({"1": (20, 40, 0, 0)})
    for name, columns in MITIGATION.items():
        assert list(some[name].columns) == list(none[name].columns) == [*columns.split(), "suppressed"]
        assert none[name].empty


def test_a_cell_that_a_few_people_moved_is_shown_as_it_was() -> None:
    for few in range(10):
        cells = _released({"1": (few, 0, 0, 0)})["remedy_cells"]
        shown = cells[cells["level"] == "1"].set_index("remedy")
        assert shown.loc["none", "true_positives"] == shown.loc["recalibration", "true_positives"] == 95
        assert shown.loc["recalibration", "near"].startswith("a cell that differs by fewer than 10")
    cells = _released({"1": (10, 0, 0, 0)})["remedy_cells"].set_index(["remedy", "level"])
    assert cells.loc[("recalibration", "1"), "true_positives"] == 105


def test_what_leaves_of_the_cells_is_the_same_whether_one_person_or_nine_moved() -> None:
    one, nine = (_released({"1": (few, 0, 0, 0)}) for few in (1, 9))
    for name in ("remedy_cells", "remedy_flags", "remedy_gaps"):
        pd.testing.assert_frame_equal(one[name], nine[name])
    # of net benefit the interval is that of the risks; its value is that of the cells
    pd.testing.assert_series_equal(one["remedy_benefit"]["difference"], nine["remedy_benefit"]["difference"])


def test_rates_and_net_benefit_are_those_of_the_shown_cells() -> None:
    found = _released({"1": (20, 40, 0, 0)})
    row = found["remedy_cells"].set_index(["remedy", "level"]).loc[("recalibration", "1")]
    assert [row["true_positives"], row["false_positives"]] == [115, 225]  # 113 and 227
    assert row["true_positive_rate"] == pytest.approx(115 / (115 + row["false_negatives"]), abs=0.001)
    worth = found["remedy_benefit"].set_index(["remedy", "level"]).loc[("recalibration", "1")]
    assert worth["net_benefit"] == pytest.approx((115 - 225 / 4) / 810, abs=0.0005)
    before = (95 - 185 / 4) / 810
    assert worth["difference"] == pytest.approx((115 - 225 / 4) / 810 - before, abs=0.0005)
    assert worth["upper"] - worth["lower"] > 0.02  # widened by what rounding may have moved
    gaps = found["remedy_gaps"].set_index(["remedy", "measure"])
    shown = found["remedy_cells"].query("remedy == 'none' and level != 'all'")["true_positive_rate"]
    assert gaps.loc[("none", "equal_opportunity_difference"), "estimate"] == round(shown.max() - shown.min(), 2)
    assert gaps.loc[("none", "equal_opportunity_difference"), "by_chance"] == 0.05


@pytest.mark.parametrize(
    ("moved", "shown"),
    [
        ((20, 40, 0, 0), (60.0, 20.0, NAN, NAN)),
        ((4, 40, 0, 0), (45.0, NAN, NAN, NAN)),  # four of them came back
        ((20, 4, 0, 0), (25.0, NAN, NAN, NAN)),  # four of them did not
        ((3, 5, 0, 0), (NAN, NAN, NAN, NAN)),
        ((0, 0, 21, 33), (NAN, NAN, 55.0, 20.0)),
        ((0, 0, 90, 185), (NAN, NAN, NAN, NAN)),  # five keep their flag
    ],
)
def test_who_moved_is_shown_only_where_all_who_moved_and_who_stayed_are_enough(
    moved: tuple[int, int, int, int], shown: tuple[float, ...]
) -> None:
    everywhere = {"1": moved, "2": (14, 25, 12, 18), "3": (13, 26, 13, 17)}
    flags = _released(everywhere)["remedy_flags"].set_index("level")
    found = flags.loc["1", ["newly", "newly_events", "no_longer", "no_longer_events"]]
    assert [None if math.isnan(x) else x for x in found] == [None if math.isnan(x) else x for x in shown]
    assert (flags["suppressed"] != "").tolist() == flags.drop(columns="suppressed").isna().any(axis=1).tolist()


def test_a_level_that_would_follow_from_the_others_is_withheld_too() -> None:
    flags = _released({"1": (20, 40, 0, 0), "2": (14, 26, 0, 0), "3": (1, 2, 0, 0)})["remedy_flags"].set_index("level")
    assert flags["newly"].isna().tolist() == [False, False, True, True]


def test_a_level_that_performance_withholds_is_withheld_here() -> None:
    levels = LEVELS | {"3": (598, 8)}
    found = _found({}, levels | {"3": (598, 117)})
    small = dataclasses.replace(
        found,
        **{
            name: frame.assign(events=frame["events"].where(frame["level"] != "3", 8))
            for name in ("remedy_cells", "remedy_benefit", "remedy_calibration")
            for frame in [getattr(found, name)]
        },
    )
    total = small.remedy_cells["events"].where(small.remedy_cells["level"] != "all", sum(c[1] for c in levels.values()))
    small = dataclasses.replace(
        small,
        remedy_cells=small.remedy_cells.assign(events=total),
        remedy_benefit=small.remedy_benefit.iloc[:0],
        remedy_calibration=small.remedy_calibration.iloc[:0],
    )
    cells = release_mitigation(small, _performance(levels), POLICY, 0.95, {})["remedy_cells"]
    hidden = cells[cells["level"] == "3"]
    assert hidden[["events", "true_positives", "true_positive_rate"]].isna().all(axis=None)
    assert (hidden["suppressed"] != "").all()


def test_counts_that_differ_from_those_of_performance_are_a_fault() -> None:
    with pytest.raises(ValueError, match="disagree"):
        release_mitigation(_found({}), _performance(LEVELS | {"1": (812, 204)}), POLICY, 0.95, {})


def test_a_shift_of_risks_is_that_of_the_shown_events_and_a_threshold_stays() -> None:
    rules = _released({})["remedy_rules"].set_index("remedy")
    moved = 0.123456 + math.log(205 / (810 - 205)) - math.log(203 / (812 - 203))
    assert rules.loc["recalibration", "value"] == pytest.approx(moved, abs=0.006)
    assert rules.loc["group_thresholds", "value"] == 0.185


def test_ratios_of_deaths_are_withheld_where_few_died_and_carry_no_counts() -> None:
    deaths = {"1": 31, "2": 23, "3": 6}
    rows: list[tuple[Any, ...]] = []
    for level, (n, events) in LEVELS.items():
        rows += [
            ("imd_quintile", level, "readmitted", 0.8, 0.7, 0.9, n, events, ""),
            ("imd_quintile", level, "died", 1.1, 0.8, 1.5, n, deaths[level], ""),
            ("imd_quintile", level, "lost", 1 - 0.8 / 1.1, 0.0, 0.5, n, deaths[level], ""),
            # everyone has the sign, which leaves nobody without: that is no small count
            ("imd_quintile", level, "urea_last", 0.123456, 0.0, 0.2, n, n if level != "2" else 7, ""),
        ]
    frame = pd.DataFrame(rows, columns=COLUMNS["label_bias"].split())
    shown = _released({}, label_bias=frame)["label_bias"].set_index(["level", "sign"])
    assert not {"n", "events"} & set(shown.columns)
    assert shown.loc[("1", "died"), "estimate"] == pytest.approx(1.1 * 30 / 31, abs=0.006)
    assert shown.loc[("1", "lost"), "estimate"] == pytest.approx(1 - (0.8 * 205 / 203) / (1.1 * 30 / 31), abs=0.006)
    assert shown.loc[("1", "urea_last"), "estimate"] == 0.12
    assert math.isnan(shown.loc[("2", "urea_last"), "estimate"])
    for level in ("3", "2"):  # the second would follow
        assert math.isnan(shown.loc[(level, "died"), "estimate"])
        assert math.isnan(shown.loc[(level, "lost"), "estimate"])
        assert shown.loc[(level, "died"), "suppressed"] == POLICY.withheld


def test_nothing_of_a_remedy_is_in_the_model_that_leaves(run: Run, released: Released) -> None:
    without = dataclasses.replace(run, mitigation=None).release()  # type: ignore[arg-type]
    assert not released.remedy_cells.empty
    assert without.remedy_cells.empty
    assert released.bundle is not None
    assert vars(released.bundle) == vars(without.bundle)
    assert released.tuning == without.tuning
    # the comparison keeps no model that could be taken: frames, settings and checks
    kept = {field.name: getattr(run.mitigation, field.name) for field in dataclasses.fields(run.mitigation)}
    assert all(isinstance(value, (pd.DataFrame, dict, list)) for value in kept.values())
    assert "tree" not in "".join(frame.to_csv() for frame in kept.values() if isinstance(frame, pd.DataFrame))


def test_what_registers_and_exports_a_model_reads_no_table_of_the_remedies() -> None:
    folder = Path(str(hfrisk.registry.__file__)).parent
    names = {
        getattr(node, "attr", None) or getattr(node, "value", None)
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Attribute, ast.Constant))
    }
    named = {name for name in names if isinstance(name, str)}
    assert "bundle" in named
    assert not set(MITIGATION) & named


def test_with_every_remedy_the_gate_shows_rounded_counts_only(released: Released) -> None:
    check: Callable[[pd.Series], bool] = lambda column: bool((column.dropna().astype(float) % 5 == 0).all())  # noqa: E731
    for name in ("remedy_cells", "remedy_flags", "remedy_benefit"):
        frame = getattr(released, name)
        assert len(frame)
        counts = frame[[c for c in frame if c in COLUMNS[name].split() and c in _COUNTS]]
        assert all(check(counts[column]) for column in counts)


_COUNTS = {
    "n", "events", "flagged", "true_positives", "false_positives", "false_negatives", "true_negatives", "newly", "newly_events",
    "no_longer", "no_longer_events",
}  # fmt: skip
