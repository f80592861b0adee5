"""Who is learnt from, who is tested on, and in which fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest

from hfrisk.errors import DataError
from hfrisk.modelling import ModellingData, ValidationSettings, partition
from hfrisk.modelling.folds import person_folds

CUT = date(2019, 1, 1)


def test_every_discharge_on_or_after_the_cut_is_in_the_test(frames) -> None:
    rows = frames.partition(ValidationSettings(test_from=CUT)).rows
    late = rows["discharge_date"] >= pd.Timestamp(CUT)
    assert ((rows["split"] == "test") == late).all()
    assert late.any()


@pytest.mark.parametrize("window_end", [0, 29, 30, 89])
def test_what_development_learns_from_had_happened_before_the_cut(frames, window_end: int) -> None:
    rows = frames.partition(ValidationSettings(test_from=CUT), window_end=window_end).rows
    development = rows[rows["split"] == "development"]
    last_day_of_outcome = development["discharge_date"] + pd.Timedelta(days=window_end)
    assert last_day_of_outcome.max() < pd.Timestamp(CUT)
    # and nobody is set aside without need
    gap = rows[rows["split"] == "gap"]
    assert (gap["discharge_date"] + pd.Timedelta(days=window_end) >= pd.Timestamp(CUT)).all()
    assert (gap["discharge_date"] < pd.Timestamp(CUT)).all()


def test_a_discharge_in_the_evening_belongs_to_its_day(frames) -> None:
    at_night = replace(
        frames, rows=frames.rows.assign(discharge_date=frames.rows["discharge_date"] + pd.Timedelta("23h"))
    )
    by_day = frames.partition(ValidationSettings(test_from=CUT)).rows["split"]
    by_night = at_night.partition(ValidationSettings(test_from=CUT)).rows["split"]
    assert by_day.equals(by_night)


def test_without_a_date_the_last_share_of_discharges_is_the_test_and_no_day_is_divided(frames) -> None:
    rows = frames.partition(ValidationSettings(test_share=0.3)).rows
    test = rows["split"] == "test"
    assert abs(test.mean() - 0.3) < 0.01
    assert rows.loc[~test, "discharge_date"].max() < rows.loc[test, "discharge_date"].min()


def test_one_very_busy_day_is_kept_whole_on_the_nearer_side(frames) -> None:
    busy = frames.rows.copy()
    busy.loc[busy.index[:1800], "discharge_date"] = pd.Timestamp("2021-01-01")
    rows = replace(frames, rows=busy).partition(ValidationSettings(test_share=0.5)).rows
    assert (rows.loc[rows["split"] == "test", "discharge_date"] == pd.Timestamp("2021-01-01")).all()
    assert (rows["split"] == "test").sum() == 1800


def test_no_person_is_in_two_folds(data: ModellingData) -> None:
    development = data.part("development").rows
    assert development.groupby("person_id")["fold"].nunique().max() == 1
    assert development["person_id"].duplicated().any(), "the example holds people with several discharges"
    assert sorted(development["fold"].unique()) == [0, 1, 2]


def test_rows_outside_development_have_no_fold(data: ModellingData) -> None:
    assert (data.rows.loc[data.rows["split"] != "development", "fold"] == -1).all()


def test_folds_are_alike_in_size_and_events(data: ModellingData) -> None:
    by_fold = data.part("development").rows.groupby("fold")["event"].agg(["size", "sum"])
    assert by_fold["size"].max() - by_fold["size"].min() <= 20
    assert by_fold["sum"].max() - by_fold["sum"].min() <= 20


def test_the_order_of_rows_changes_nothing(frames) -> None:
    straight, shuffled = frames.partition(), frames.shuffled(5).partition()
    pd.testing.assert_frame_equal(straight.rows, shuffled.rows)
    pd.testing.assert_frame_equal(straight.features, shuffled.features)
    pd.testing.assert_frame_equal(straight.groups, shuffled.groups)


def test_rows_are_sorted_by_key_and_features_stay_with_their_row(frames) -> None:
    data = frames.shuffled(3).partition()
    keys = list(zip(data.rows["person_id"], data.rows["index_id"], strict=True))
    assert keys == sorted(keys)
    by_id = frames.features.set_index(frames.rows["index_id"])
    expected = by_id.loc[data.rows["index_id"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(data.features, expected)


def test_another_seed_gives_other_folds(frames) -> None:
    one = frames.partition(ValidationSettings(folds=3, seed=1)).rows["fold"]
    other = frames.partition(ValidationSettings(folds=3, seed=2)).rows["fold"]
    assert not one.equals(other)


def test_ids_may_be_text(frames) -> None:
    text = replace(frames, rows=frames.rows.assign(person_id="p" + frames.rows["person_id"].astype(str)))
    development = text.partition().part("development").rows
    assert development.groupby("person_id")["fold"].nunique().max() == 1


def test_fewer_people_than_folds_is_refused() -> None:
    with pytest.raises(DataError, match="fewer people"):
        person_folds(pd.Series([1, 1, 2]), pd.Series([0, 1, 0]), 3, seed=1)


@pytest.mark.parametrize(
    ("cut", "words"), [(date(2030, 1, 1), "temporal test"), (date(2016, 1, 20), "left for development")]
)
def test_an_empty_side_is_refused_in_words_without_counts(frames, cut: date, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        frames.partition(ValidationSettings(test_from=cut))
    assert not any(letter.isdigit() for letter in str(caught.value))
    assert caught.value.where == "validation.test_from"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda rows: pd.concat([rows.iloc[:-1], rows.iloc[:1]]), "more than once"),
        (lambda rows: rows.assign(discharge_date=pd.NaT), "discharge date"),
        (lambda rows: rows.assign(event=np.nan), "outcome"),
    ],
)
def test_rows_that_cannot_be_divided_are_refused(frames, damage: Callable, words: str) -> None:
    with pytest.raises(DataError, match=words):
        replace(frames, rows=damage(frames.rows)).partition()


def test_a_part_has_only_its_rows_numbered_afresh(data: ModellingData) -> None:
    test = data.part("test")
    assert set(test.rows["split"]) == {"test"}
    for frame in (test.rows, test.features, test.groups):
        assert isinstance(frame.index, pd.RangeIndex)
        assert len(frame) == (data.rows["split"] == "test").sum()


def test_the_door_fetches_from_the_engine_what_the_frames_hold(frames) -> None:
    lace = pd.DataFrame(
        {"score_lace": (frames.rows["index_id"] % 20).astype(float).mask(frames.rows["index_id"] % 7 == 0)}
    )
    table = pd.concat(
        [frames.rows[["person_id", "index_id"]], frames.features, lace, frames.groups.add_prefix("group_")], axis=1
    )
    score = replace(frames.dictionary[0], name="score_lace", role="score", lower=0, upper=19)
    features = SimpleNamespace(
        table=ibis.memtable(table.sample(frac=1, random_state=1)),
        dictionary=frames.dictionary,
        catalogue=(*frames.dictionary, score),
        groups=("sex",),
    )
    cohort = SimpleNamespace(table=ibis.memtable(frames.rows.assign(event=frames.rows["event"] == 1)), window=(0, 29))
    settings = ValidationSettings(folds=3)
    fetched, expected = partition(features, cohort, settings), frames.partition(settings)
    pd.testing.assert_frame_equal(fetched.rows, expected.rows)
    pd.testing.assert_frame_equal(fetched.features, expected.features)
    pd.testing.assert_frame_equal(fetched.groups, expected.groups)
    assert list(fetched.for_comparators.columns) == [*expected.features.columns, "score_lace"]
    told = dict(zip(frames.rows["index_id"], lace["score_lace"], strict=True))
    wanted = fetched.rows["index_id"].map(told).rename("score_lace")
    pd.testing.assert_series_equal(fetched.scores["score_lace"], wanted)


def test_a_discharge_without_features_is_refused_at_the_door(frames) -> None:
    table = pd.concat([frames.rows[["person_id", "index_id"]], frames.features], axis=1)
    features = SimpleNamespace(
        table=ibis.memtable(table.iloc[1:]), dictionary=frames.dictionary, catalogue=frames.dictionary, groups=()
    )
    cohort = SimpleNamespace(table=ibis.memtable(frames.rows), window=(0, 29))
    with pytest.raises(DataError, match="same index discharges"):
        partition(features, cohort, ValidationSettings())
