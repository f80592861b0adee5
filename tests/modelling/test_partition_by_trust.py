"""A test at other trusts: who is in it, and that nobody who is in it is learnt from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hfrisk.errors import DataError
from hfrisk.features import BY_VOLUME
from hfrisk.modelling import ValidationSettings

CUT = date(2018, 6, 1)
BEGIN = date(2017, 6, 1)
PLACES = ["North", "South", "East", "West", "Not recorded", "Not in the list of trusts", None]


def placed(frames: Any, seed: int = 0, places: list[str | None] = PLACES) -> Any:
    """The example with trusts; each person has several discharges, mostly at one place."""
    random = np.random.default_rng(seed)
    n = len(frames.rows)
    person = random.integers(0, n // 3, n)
    usual = random.integers(0, len(places), n)[person]
    at = np.where(random.random(n) < 0.8, usual, random.integers(0, len(places), n))
    groups = frames.groups.assign(site_group=pd.Series([places[each] for each in at], dtype=object))
    return replace(frames, rows=frames.rows.assign(person_id=person), groups=groups)


def naive(frames: Any, settings: ValidationSettings, window_end: int) -> dict[int, str]:
    """The part of each discharge, one by one, from the words of the settings."""
    rows = frames.rows.assign(trust=frames.groups["site_group"].to_numpy())
    told, tested = {}, set()
    for row in rows.itertuples():
        late = settings.test_from is None or row.discharge_date.date() >= settings.test_from
        if row.trust in settings.test_trusts and late:
            told[row.index_id] = "test"
            tested.add(row.person_id)
    for row in rows.itertuples():
        if row.index_id in told:
            continue
        last = (row.discharge_date + pd.Timedelta(days=window_end)).date()
        place_known = row.trust not in ("Not recorded", "Not in the list of trusts", None)
        elsewhere = place_known and row.trust not in settings.test_trusts and row.person_id not in tested
        complete = settings.test_from is None or last < settings.test_from
        begin = settings.calibration_from
        if not (elsewhere and complete):
            told[row.index_id] = "gap"
        elif begin is None or last < begin:
            told[row.index_id] = "development"
        else:
            told[row.index_id] = "calibration" if row.discharge_date.date() >= begin else "gap"
    return told


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("window_end", [0, 29])
@pytest.mark.parametrize(
    "more",
    [{}, {"test_from": CUT}, {"calibration_from": BEGIN}, {"test_from": CUT, "calibration_from": BEGIN}],
    ids=["trusts", "trusts and time", "window", "all"],
)
def test_each_discharge_is_where_the_words_put_it(frames, seed: int, window_end: int, more: dict[str, Any]) -> None:
    example = placed(frames, seed)
    settings = ValidationSettings(folds=3, test_trusts=("South", "West"), **more)
    rows = example.partition(settings, window_end=window_end).rows
    told = naive(example, settings, window_end)
    assert dict(zip(rows["index_id"], rows["split"], strict=True)) == told
    assert set(told.values()) >= {"development", "gap", "test"}


@pytest.mark.parametrize("more", [{}, {"test_from": CUT}, {"test_from": CUT, "calibration_share": 0.3}])
def test_nobody_is_in_the_test_and_learnt_from(frames, more: dict[str, Any]) -> None:
    example = placed(frames)
    data = example.partition(ValidationSettings(folds=3, test_trusts=("North",), **more))
    people = {split: set(part["person_id"]) for split, part in data.rows.groupby("split")}
    assert not people["test"] & people["development"]
    assert not people["test"] & people.get("calibration", set())
    assert people["test"] & people["gap"], "the example holds people of the test who were elsewhere too"
    assert set(data.part("test").groups["site_group"]) == {"North"}
    assert set(data.part("development").groups["site_group"]) == {"South", "East", "West"}
    assert data.tested == ("both" if more else "geographical")


def test_without_a_cut_both_sides_are_of_the_whole_period(frames) -> None:
    example = placed(frames)
    rows = example.partition(ValidationSettings(folds=3, test_trusts=("North",))).rows
    for split in ("development", "test"):
        days = rows.loc[rows["split"] == split, "discharge_date"]
        assert days.min() < pd.Timestamp("2016-03-01")
        assert days.max() > pd.Timestamp("2019-12-01")


def test_the_window_is_the_share_of_the_discharges_at_the_other_trusts(frames) -> None:
    example = placed(frames)
    settings = ValidationSettings(folds=3, test_trusts=("North",), calibration_share=0.25)
    whole = example.partition(settings.model_copy(update={"calibration_share": None})).part("development").rows
    window = example.partition(settings).part("calibration").rows
    assert len(window) / len(whole) == pytest.approx(0.25, abs=0.01)
    assert window["discharge_date"].min() > whole["discharge_date"].quantile(0.7)


def test_the_share_of_a_temporal_test_has_no_effect_and_is_refused(frames) -> None:
    with pytest.raises(ValueError, match="test_share: has no effect beside test_trusts"):
        ValidationSettings(test_trusts=("North",), test_share=0.2)
    with pytest.raises(ValueError, match="each trust once"):
        ValidationSettings(test_trusts=("North", "North"))


@pytest.mark.parametrize("name", ["Nowhere", "Not recorded", "Not in the list of trusts"])
def test_a_trust_that_is_not_there_is_refused_with_those_that_are(frames, name: str) -> None:
    with pytest.raises(DataError) as said:
        placed(frames).partition(ValidationSettings(test_trusts=("North", name)))
    assert said.value.where == "validation.test_trusts"
    assert said.value.todo == "Name some of: East, North, South, West."
    assert not any(letter.isdigit() for letter in str(said.value))


def test_trusts_that_are_shown_by_volume_are_explained(frames) -> None:
    example = placed(frames, places=list(BY_VOLUME))
    with pytest.raises(DataError, match=r"features\.most_sites"):
        example.partition(ValidationSettings(test_trusts=("North",)))


@pytest.mark.parametrize("places", [None, ["Not recorded", None]])
def test_without_trusts_in_the_data_a_test_at_trusts_is_refused(frames, places: list[str | None] | None) -> None:
    example = frames if places is None else placed(frames, places=places)
    with pytest.raises(DataError, match="no trust is recorded") as said:
        example.partition(ValidationSettings(test_trusts=("North",)))
    assert said.value.where == "validation.test_trusts"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"test_trusts": ("North", "South", "East", "West")}, "left for development"),
        ({"test_trusts": ("North",), "test_from": date(2030, 1, 1)}, "on or after its start"),
        ({"test_trusts": ("North",), "test_from": date(2016, 1, 20)}, "left for development"),
        ({"test_trusts": ("North",), "calibration_from": date(2030, 1, 1)}, "calibration window"),
    ],
)
def test_an_empty_part_is_refused_in_words_without_counts(frames, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words) as said:
        placed(frames).partition(ValidationSettings(**settings))
    assert "validation." in said.value.where
    assert not any(letter.isdigit() for letter in str(said.value))
