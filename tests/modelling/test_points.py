"""The score-card: bands, items, points, and the risk of a total."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from hfrisk.modelling import points
from hfrisk.modelling.bands import band_of, bands_of, published_cuts
from hfrisk.modelling.points import fit_card, points_risk, points_total, total_risk
from hfrisk.modelling.settings import PointsSettings

SETTINGS = PointsSettings(items=6)


@pytest.fixture(scope="module")
def development(make):
    """With effects twice those of the recipe, so that few discharges are enough."""
    frames = make(4000)
    log_odds = 2 * (logit(frames.truth) - logit(frames.truth).mean()) - 1.5
    event = (np.random.default_rng(8).random(4000) < expit(log_odds)).astype("int8")
    return replace(frames, rows=frames.rows.assign(event=event)).partition().part("development")


@pytest.fixture(scope="module")
def fit(development):
    made = fit_card(
        development.features, development.rows["event"], development.rows["fold"], development.dictionary, SETTINGS
    )
    assert made is not None
    return made


@pytest.fixture
def entry(development):
    return {feature.name: feature for feature in development.dictionary}


def test_a_total_is_the_sum_of_the_bands_and_a_missing_value_has_points_of_its_own() -> None:
    card = {
        "items": [
            {"feature": "sodium", "cuts": [130.0, 135.0], "common": 2, "not_recorded": True, "points": [4, 2, 0], "points_not_recorded": 1},
            {"feature": "copd", "cuts": [1.0], "common": 0, "not_recorded": False, "points": [0, 3], "points_not_recorded": 0},
        ],
        "intercept": -2.0,
        "slope": 0.25,
    }  # fmt: skip
    people = pd.DataFrame({"sodium": [129.0, 130.0, 134.9, 135.0, np.nan], "copd": [1.0, 0.0, 1.0, np.nan, 0.0]})
    assert points_total(card, people).tolist() == [7, 2, 5, 0, 1]
    np.testing.assert_allclose(points_risk(card, people), 1 / (1 + np.exp(2.0 - 0.25 * np.array([7, 2, 5, 0, 1]))))
    np.testing.assert_array_equal(total_risk(card, [7]), points_risk(card, people)[:1])


def test_cut_points_are_those_of_the_clinical_scores_where_there_are_any(entry) -> None:
    random = np.random.default_rng(2)
    sodium = random.normal(135, 5, 2000).round()
    found = bands_of(sodium, replace(entry["sodium"], name="sodium_last"), least=50, most=5)
    assert (found["cuts"], found["source"]) == ([135.0], "published")
    assert bands_of(sodium, replace(entry["sodium"], name="sodium_lowest"), least=50, most=5)["cuts"] == [135.0]
    assert published_cuts()["haemoglobin_last"] == (120.0,)
    assert {90.0, 250.0} <= set(published_cuts()["creatinine_last"])


def test_other_cuts_are_rounded_quantiles_on_the_grid(entry, development) -> None:
    found = bands_of(development.features["nt_probnp"].to_numpy(), entry["nt_probnp"], least=50, most=5)
    assert found["source"] == "quantiles"
    assert all(cut == float(f"{cut:.1e}") and cut % 10 == 0 for cut in found["cuts"])


def test_no_band_holds_fewer_than_it_must_and_few_missing_values_are_read_as_the_commonest(entry) -> None:
    values = np.repeat([0.0, 1.0, 2.0, 3.0, 5.0, np.nan], [500, 200, 30, 25, 10, 20])
    count = replace(entry["prior_admissions"], kind="count")
    found = bands_of(values, count, least=50, most=5)
    assert found["cuts"] == [1.0, 2.0]
    assert found["fewest"] == 65
    assert not found["not_recorded"]
    assert band_of(found, np.array([np.nan, 0.0, 1.0, 9.0])).tolist() == [0, 0, 1, 2]
    assert bands_of(np.append(values, np.full(40, np.nan)), count, least=50, most=5)["not_recorded"]


def test_what_foretells_is_on_the_card_and_its_points_go_the_right_way(fit) -> None:
    items = {item["feature"]: item for item in fit.card["items"]}
    assert {"prior_admissions", "nt_probnp"} <= set(items)
    assert len(items) <= SETTINGS.items
    assert items["prior_admissions"]["points"][0] < items["prior_admissions"]["points"][-1]
    assert items["nt_probnp"]["not_recorded"]
    assert fit.card["slope"] > 0
    for item in items.values():
        every = [*item["points"], item["points_not_recorded"]]
        assert min(every) == 0
        assert 0 < max(every) <= 12
        assert all(isinstance(value, int) for value in every)


def test_every_band_on_the_card_holds_enough_discharges(fit, development) -> None:
    for item in fit.card["items"]:
        place = band_of(item, development.features[item["feature"]].to_numpy())
        assert min(np.unique(place, return_counts=True)[1]) >= SETTINGS.least_in_band


def test_out_of_fold_risks_are_calibrated_and_honest(fit, development) -> None:
    event = development.rows["event"].to_numpy()
    assert fit.risk.mean() == pytest.approx(event.mean(), abs=0.005)
    assert roc_auc_score(event, fit.risk) > 0.65
    assert roc_auc_score(event, fit.risk) < roc_auc_score(event, points_total(fit.card, development.features))


def test_items_are_chosen_inside_the_fold_so_that_noise_foretells_nothing_out_of_it() -> None:
    random = np.random.default_rng(4)
    noise = pd.DataFrame(random.normal(size=(1500, 40)).round(2)).add_prefix("x")
    event, fold = (random.random(1500) < 0.2).astype(int), np.arange(1500) % 5
    entry = _entry()
    dictionary = [replace(entry, name=name, words=name) for name in noise]
    folds = [np.isin(fold, k, invert=True) for k in range(5)]
    values = {name: noise[name].to_numpy() for name in noise}
    # each fold's own card, with all the items that enter: far too good inside, nothing outside
    inside, outside = [], np.empty(1500)
    for k, learn in enumerate(folds):
        path = points._path(values, event.astype(float), dictionary, SETTINGS, learn)
        inside.append(roc_auc_score(event[learn], path.margins[-1][learn]))
        outside[fold == k] = path.margins[-1][fold == k]
    assert min(inside) > 0.57
    assert np.mean(inside) > 0.6
    assert roc_auc_score(event, outside) < 0.56
    made = fit_card(noise, event, fold, dictionary, SETTINGS)
    assert made is None or roc_auc_score(event, made.risk) < 0.56


def _entry():
    from tests.modelling.conftest import make_frames

    return replace(make_frames(50).dictionary[-2], kind="continuous", precision=0.01)


def test_the_score_statistic_is_that_of_statsmodels_but_for_the_ridge(development) -> None:
    x = development.features
    y = development.rows["event"].to_numpy(dtype=float)
    design = (x[["copd", "lives_alone"]] == 1).to_numpy(dtype=float)
    urea = x["urea"].to_numpy()
    candidate = np.column_stack([(urea < 8), (urea >= 8) & (urea < 12)]).astype(float)
    null = sm.GLM(y, sm.add_constant(design), family=sm.families.Binomial()).fit()
    statistic = null.score_test(exog_extra=candidate)[0]
    freedom = 2
    (ours,) = points._gains([candidate], y, null.predict(which="linear"), design)
    assert ours + 2 * freedom == pytest.approx(float(np.squeeze(statistic)), rel=0.02)


def test_rounding_keeps_nearly_all_that_the_exact_coefficients_gain(fit, development) -> None:
    y = development.rows["event"].to_numpy(dtype=float)
    features = development.features
    design = np.hstack(
        [
            pd.get_dummies(band_of(i, features[i["feature"]].to_numpy())).to_numpy(float)[:, 1:]
            for i in fit.card["items"]
        ]
    )
    exact = sm.Logit(y, sm.add_constant(design)).fit(disp=0)
    rounded = sm.Logit(y, sm.add_constant(points_total(fit.card, features).astype(float))).fit(disp=0)
    assert rounded.llf - exact.llnull > 0.96 * (exact.llf - exact.llnull)


def test_an_input_that_the_dictionary_calls_monotone_has_points_that_only_rise(development) -> None:
    item = {"cuts": [1.0, 2.0, 3.0], "monotone": "increasing"}
    place = np.repeat([0, 1, 2, 3, 4], [100, 50, 50, 100, 30])
    effect = points._in_order(item, np.array([0.0, 0.4, 0.2, 0.6, -0.3]), place)
    np.testing.assert_allclose(effect, [0.0, 0.3, 0.3, 0.6, -0.3])


def test_the_card_is_the_same_whatever_the_number_of_threads(fit, development) -> None:
    again = fit_card(
        development.features,
        development.rows["event"],
        development.rows["fold"],
        development.dictionary,
        SETTINGS,
        threads=2,
    )
    assert again is not None
    assert again.card == fit.card
    np.testing.assert_array_equal(again.risk, fit.risk)
