"""Folds forward in time: nothing of a block, or of what came after, teaches the model that judges it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from scipy import special
from sklearn.metrics import log_loss

from hfrisk.errors import DataError
from hfrisk.modelling import Model, ModellingData, ModelSettings, ValidationSettings, develop
from hfrisk.modelling.calibration import fit_calibrator
from hfrisk.modelling.choosing import final_rounds
from hfrisk.modelling.folds import person_folds
from hfrisk.modelling.logistic import fit_comparator, fit_logistic, logistic_margin
from hfrisk.modelling.material import prepared
from hfrisk.modelling.refitting import chosen_rows, refit
from hfrisk.modelling.space import first_trial, search_space
from hfrisk.modelling.tuning import _name, tune
from hfrisk.modelling.workers import put_down, work
from tests.modelling.conftest import Frames, make_frames

FORWARD = ValidationSettings(folds=3, folds_forward=True, test_from=date(2019, 1, 1))
WINDOW_END = 29


def example(seed: int = 4, n: int = 3000, visits: int = 3) -> Frames:
    """People with several discharges, so that blocks share people."""
    frames = make_frames(n, seed)
    person = np.random.default_rng(seed).integers(0, n // visits, n)
    return replace(frames, rows=frames.rows.assign(person_id=person))


@pytest.fixture(scope="module")
def data() -> ModellingData:
    return example().partition(FORWARD)


@pytest.fixture(scope="module")
def development(data: ModellingData) -> ModellingData:
    return data.part("development")


@pytest.fixture(scope="module")
def quick() -> ModelSettings:
    """Two trials; the three repeats that it asks for mean nothing here."""
    return ModelSettings(
        trials=2,
        startup_trials=2,
        repeats=3,
        max_rounds=80,
        early_stopping_rounds=15,
        points={"enabled": False},
        competing={"enabled": False},
    )


@pytest.fixture(scope="module")
def model(data: ModellingData, quick: ModelSettings, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return develop(data, quick, folder=Path(tmp_path_factory.mktemp("forward")))


def naive(rows: pd.DataFrame, block: dict[int, int], window_end: int, k: int) -> tuple[set[int], set[int]]:
    """Who is judged in block `k`, and who may be learnt from, one discharge at a time."""
    judged = {row.index_id for row in rows.itertuples() if block[row.index_id] == k}
    begins = min(row.discharge_date for row in rows.itertuples() if row.index_id in judged).date()
    people = {row.person_id for row in rows.itertuples() if row.index_id in judged}
    learnt = set()
    for row in rows.itertuples():
        last = row.discharge_date.date() + timedelta(days=window_end)
        if last < begins and row.person_id not in people:
            learnt.add(row.index_id)
    return judged, learnt


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("window_end", [0, 29, 89])
@pytest.mark.parametrize("folds", [2, 5])
def test_each_fold_is_what_a_naive_reading_makes_it(seed: int, window_end: int, folds: int) -> None:
    settings = FORWARD.model_copy(update={"folds": folds})
    part = example(seed, 2000, visits=2).partition(settings, window_end=window_end).part("development")
    rows, division = part.rows, part.division
    block = dict(zip(rows["index_id"], rows["block"], strict=True))
    assert set(block.values()) == set(range(folds + 1))
    assert division.count == folds
    for k in range(1, folds + 1):
        judged, learnt = naive(rows, block, window_end, k)
        assert set(rows.loc[division.fold == k - 1, "index_id"]) == judged
        assert set(rows.loc[division.learn[k - 1], "index_id"]) == learnt
        assert learnt
    assert (division.fold[rows["block"] == 0] == -1).all()


def test_blocks_are_days_in_order_and_of_one_size(development: ModellingData) -> None:
    days = development.rows.groupby("block")["discharge_date"].agg(["min", "max", "size"])
    assert (days["min"].iloc[1:].to_numpy() > days["max"].iloc[:-1].to_numpy()).all()
    assert days["size"].max() - days["size"].min() <= 10


def test_outside_development_there_is_no_block_and_without_the_setting_none_at_all(data: ModellingData) -> None:
    outside = data.rows["split"] != "development"
    assert (data.rows.loc[outside, "block"] == -1).all()
    assert (data.rows.loc[outside, "fold"] == -1).all()
    by_person = example().partition(FORWARD.model_copy(update={"folds_forward": False}))
    assert "block" not in by_person.rows
    assert by_person.blocks is None
    # person folds, by which calibrations are cross-fitted, are the same with and without
    pd.testing.assert_series_equal(by_person.rows["fold"], data.rows["fold"])


def test_a_trial_is_judged_as_a_plain_call_of_lightgbm_on_rows_cut_by_hand(
    development: ModellingData, quick: ModelSettings
) -> None:
    folds = prepared(development, quick)[0]
    params = first_trial(search_space(quick, len(folds.event)))
    judged = list(folds.judge(params))
    assert len(judged) == 3, "one division, whatever the repeats"
    rows = development.rows
    block = dict(zip(rows["index_id"], rows["block"], strict=True))
    for k, (value, trees) in enumerate(judged, start=1):
        held_out, learnt = (rows["index_id"].isin(ids).to_numpy() for ids in naive(rows, block, WINDOW_END, k))
        text = _plain(folds.features, folds.event, learnt, params, quick, trees)
        risk = special.expit(lgb.Booster(model_str=text).predict(folds.features[held_out], raw_score=True))
        assert value == pytest.approx(log_loss(folds.event[held_out], risk), abs=1e-9)


def _plain(
    features: np.ndarray,
    event: np.ndarray,
    learnt: np.ndarray,
    params: dict[str, Any],
    settings: ModelSettings,
    trees: int,
) -> str:
    """A model of some rows, with bins of all of them."""
    bins = {"max_bin": settings.max_bin, "min_data_in_bin": settings.min_data_in_bin, "feature_pre_filter": False}
    more = {"verbosity": -1, "data_random_seed": settings.seed % 2**31, "num_threads": 1}
    whole = lgb.Dataset(features, event, params=bins | more, free_raw_data=False).construct()
    fixed = {"objective": "binary", "bagging_freq": 1, "deterministic": True, "force_col_wise": True, "num_threads": 1}
    fixed |= {"seed": settings.seed % 2**31, "verbosity": -1}
    booster = lgb.train(params | fixed, whole.subset(np.flatnonzero(learnt).tolist()), num_boost_round=trees)
    return str(booster.model_to_string(num_iteration=-1))


def test_only_what_was_held_out_has_a_risk_and_it_is_that_of_its_fold(
    model: Model, development: ModellingData, quick: ModelSettings
) -> None:
    found, rows = model.cross_validated, development.rows
    assert found["risk"].notna().equals(rows["block"] > 0)
    assert found["risk_logistic"].notna().equals(rows["block"] > 0)
    assert found["risk_null"].notna().all(), "what is only a share of other people's outcomes has no need of time"
    folds = prepared(development, quick)[0]
    rounds = final_rounds(model.summary["fold_rounds"])
    division, margin = development.division, np.full(len(rows), np.nan)
    for k in range(division.count):
        text = _plain(folds.features, folds.event, division.learn[k], model.summary["params"], quick, rounds)
        inside = division.fold == k
        margin[inside] = lgb.Booster(model_str=text).predict(folds.features[inside], raw_score=True)
    known = rows["block"].to_numpy() > 0
    # the shipped calibration is of all of them, and each risk is calibrated by the other person folds
    assert model.calibration == pytest.approx(fit_calibrator("platt", margin[known], folds.event[known]), abs=1e-9)
    for k in range(3):
        others, inside = known & (rows["fold"] != k), known & (rows["fold"] == k)
        line = fit_calibrator("platt", margin[others], folds.event[others])
        expected = special.expit(line["intercept"] + line["slope"] * margin[inside])
        np.testing.assert_allclose(found.loc[inside, "risk"], expected, atol=1e-9)
    expected = float(np.mean(np.logaddexp(0, margin[known]) - folds.event[known] * margin[known]))
    assert model.summary["log_loss_out_of_fold"] == pytest.approx(expected, abs=1e-9)


def test_what_comes_later_changes_no_earlier_prediction(
    model: Model, data: ModellingData, development: ModellingData, quick: ModelSettings
) -> None:
    rows = development.rows
    last = (rows["block"] == 3).to_numpy()
    params, rounds = model.summary["params"], int(model.summary["rounds"])
    turned = replace(
        development, rows=rows.assign(event=np.where(last, 1 - rows["event"], rows["event"]).astype("int8"))
    )
    before, after = (prepared(each, quick)[0].out_of_fold(params, rounds) for each in (development, turned))
    np.testing.assert_array_equal(before, after)
    one, other = (
        fit_comparator(each.features, each.rows["event"], each.division, each.dictionary, penalties=(0.01,)).margin
        for each in (development, turned)
    )
    np.testing.assert_array_equal(one, other)


def test_the_comparator_of_a_fold_is_the_model_of_what_it_may_learn_from(development: ModellingData) -> None:
    division, event = development.division, development.rows["event"].to_numpy()
    found = fit_comparator(development.features, event, division, development.dictionary, penalties=(0.01,))
    for k in range(division.count):
        learnt, inside = division.learn[k], division.fold == k
        alone = fit_logistic(development.features[learnt], event[learnt], development.dictionary, penalty=0.01)
        np.testing.assert_allclose(
            found.margin[inside], logistic_margin(alone, development.features[inside]), atol=1e-8
        )


def test_three_states_are_held_out_forward_too_and_the_score_card_by_person(
    data: ModellingData, development: ModellingData, tmp_path: Path
) -> None:
    rows = data.rows.copy()
    died = (rows["event"] == 0) & (np.arange(len(rows)) % 5 == 0)
    rows["state"] = np.where(rows["event"] == 1, "readmitted", np.where(died, "died", "none"))
    settings = ModelSettings(learner="none", points={"items": 3}, scores_least_share=0.5)
    found = develop(replace(data, rows=rows), settings, folder=tmp_path).cross_validated
    late = development.rows["block"] > 0
    states = found[["risk_readmitted", "risk_died", "risk_none"]]
    assert states.notna().all(axis=1).equals(late)
    np.testing.assert_allclose(states[late].sum(axis=1), 1)
    assert found["risk_logistic"].notna().equals(late)
    assert found["risk_points"].notna().all()


def test_made_again_on_the_same_rows_it_is_the_same_model(
    model: Model, development: ModellingData, quick: ModelSettings
) -> None:
    again = refit(development, quick, model.summary["params"], model.summary["rounds"])
    assert again.booster_text == model.booster_text
    assert again.calibration == model.calibration


def test_drawn_people_keep_their_blocks(development: ModellingData) -> None:
    places = np.repeat(np.arange(0, len(development.rows), 2), 2)
    drawn = chosen_rows(development, places, seed=(1, 2))
    rows, division = drawn.rows, drawn.division
    assert (division.fold == rows["block"] - 1).all()
    for k in range(division.count):
        learnt, judged = rows[division.learn[k]], rows[division.fold == k]
        assert not set(learnt["person_id"]) & set(judged["person_id"])
        assert learnt["discharge_date"].max() + pd.Timedelta(days=WINDOW_END) < judged["discharge_date"].min()


def test_another_division_is_another_search(development: ModellingData, quick: ModelSettings) -> None:
    by_person = replace(development, blocks=None)
    longer = replace(development, blocks=replace(development.blocks, window_end=60))
    names = []
    for each in (development, by_person, longer):
        folds = prepared(each, quick)[0]
        names.append(_name(folds, quick, search_space(quick, len(folds.event))))
    assert len(set(names)) == 3


def test_another_worker_reads_the_same_folds(development: ModellingData, quick: ModelSettings, tmp_path: Path) -> None:
    settings = quick.model_copy(update={"trials": 1})
    folds = prepared(development, settings)[0]
    one = tune(folds, settings, folder=tmp_path / "one")
    put_down(tmp_path / "rows", folds, settings, 20)
    other = work(tmp_path / "rows")
    pd.testing.assert_frame_equal(one.trials, other.trials)


def test_repeats_mean_nothing_and_are_said_to_be_one(model: Model) -> None:
    assert model.summary["repeats"] == 1
    assert model.summary["folds_forward"] is True
    assert [name for name in model.trials if name.startswith("fold_")] == ["fold_0", "fold_1", "fold_2"]


def test_too_few_days_or_events_are_refused_in_words_without_counts_of_people(frames, quick, tmp_path: Path) -> None:
    busy = frames.rows.assign(discharge_date=pd.Timestamp("2016-01-01"))
    busy.loc[busy.index[:50], "discharge_date"] = pd.Timestamp("2020-01-01")
    with pytest.raises(DataError, match="too few days") as said:
        replace(frames, rows=busy).partition(FORWARD)
    assert "validation.folds_forward" in said.value.where
    part = example().partition(FORWARD)
    short = replace(part, blocks=replace(part.blocks, window_end=400))
    with pytest.raises(DataError, match="too little") as said:
        develop(short, quick, folder=tmp_path)
    assert "validation.folds_forward" in said.value.where
    assert not (tmp_path / "tuning.db").exists()


def test_folds_of_people_are_as_they_were(development: ModellingData) -> None:
    division = replace(development, blocks=None).division
    rows = development.rows
    expected = person_folds(rows["person_id"], rows["event"], 3, seed=FORWARD.seed)
    np.testing.assert_array_equal(division.fold, expected)
    assert division.by_person
    assert division.ratio == 1 / 2
    assert not development.division.by_person
