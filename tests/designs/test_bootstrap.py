"""Bootstrap models against a naive loop: people drawn one by one, the model made again, everything recomputed on real rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.metrics import roc_auc_score

from hfrisk.assessment import AssessmentSettings
from hfrisk.designs import Designs
from hfrisk.designs.bootstrap import Bootstrap, drawn_people, instability, instability_summary, optimism
from hfrisk.designs.drivers import mean_sizes, some_rows, stability
from hfrisk.designs.findings import _other_drivers
from hfrisk.modelling import Model, ModellingData
from hfrisk.modelling.calibration import apply_calibrator, fit_calibrator
from hfrisk.modelling.folds import person_folds as folds_of
from hfrisk.modelling.refitting import refit
from tests.designs.conftest import LEARNER, SETTINGS

JUDGING = AssessmentSettings()


def test_made_again_on_its_own_rows_the_model_is_the_same(model: Model, region: ModellingData) -> None:
    made = refit(region.part("development"), LEARNER, model.summary["params"], model.summary["rounds"])
    assert made.booster_text == model.booster_text
    assert made.calibration == model.calibration


@pytest.fixture(scope="module")
def naive(
    model: Model, region: ModellingData
) -> list[tuple[pd.DataFrame, np.ndarray, np.ndarray, list[float], list[str]]]:
    """For each bootstrap model its rows, its risks of them, its risks of all development rows, and what drives it (shares, names)."""
    import lightgbm as lgb

    data = region.part("development")
    table = data.features[model.inputs].assign(
        event=data.rows["event"].to_numpy(), person=data.rows["person_id"].to_numpy()
    )
    people = sorted(table["person"].unique())
    by_person = dict(iter(table.groupby("person")))
    out = []
    for number in range(SETTINGS.bootstraps):
        drawn = np.random.default_rng((SETTINGS.seed, number)).integers(0, len(people), len(people))
        rows = pd.concat([by_person[people[at]] for at in drawn]).sort_index(kind="stable")
        fold = folds_of(rows["person"], rows["event"], 3, seed=(SETTINGS.seed, number, 1))
        params = {name: value for name, value in model.summary["params"].items() if name != "monotone"}
        params |= {
            "objective": "binary",
            "bagging_freq": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        params |= {"seed": LEARNER.seed, "num_threads": 1, "max_bin": LEARNER.max_bin, "feature_pre_filter": False}
        params |= {"min_data_in_bin": LEARNER.min_data_in_bin, "data_random_seed": LEARNER.seed}
        x, y = rows[model.inputs].to_numpy(), rows["event"].to_numpy(dtype=float)
        whole = lgb.Dataset(x, y, feature_name=model.inputs, params=params, free_raw_data=False).construct()
        margin = np.empty(len(y))
        for k in range(3):
            part = whole.subset(np.flatnonzero(fold != k).tolist())
            booster = lgb.train(params, part, num_boost_round=model.summary["rounds"])
            margin[fold == k] = booster.predict(x[fold == k], raw_score=True)
        calibrator = fit_calibrator("platt", margin, y)
        final = lgb.train(params, whole, num_boost_round=model.summary["rounds"])
        mine = apply_calibrator(calibrator, final.predict(x, raw_score=True))
        every = apply_calibrator(calibrator, final.predict(table[model.inputs].to_numpy(), raw_score=True))
        explained = table[model.inputs].to_numpy()[some_rows(len(table), SETTINGS.driver_rows, SETTINGS.seed)]
        sizes = [np.mean([abs(v) for v in column]) for column in final.predict(explained, pred_contrib=True)[:, :-1].T]
        names = sorted(model.inputs, key=lambda name: -sizes[model.inputs.index(name)])
        out.append((rows, mine, every, [size / sum(sizes) for size in sizes], names))
    return out


def test_instability_is_that_of_a_naive_loop(model: Model, region: ModellingData, found: Designs, naive: list) -> None:
    own = model.predict(region.part("development").features)
    risks = np.array([every for _, _, every, *_ in naive])
    error = [np.mean([abs(risk[i] - own[i]) for risk in risks]) for i in range(len(own))]
    moved = [np.mean([(risk[i] >= 0.2) != (own[i] >= 0.2) for risk in risks]) for i in range(len(own))]
    shown = found.instability_summary.set_index("measure")["estimate"]
    # leaves are rounded in the model that may leave, and were not in the loop: risks differ by less than 0.002
    assert shown["mape"] == pytest.approx(np.mean(error), abs=0.002)
    assert shown["mape_95"] == pytest.approx(np.quantile(error, 0.95), abs=0.003)
    assert shown["moved"] == pytest.approx(np.mean(moved), abs=0.02)
    assert shown["mape"] > 0.005


def test_optimism_is_that_of_a_naive_loop(model: Model, region: ModellingData, found: Designs, naive: list) -> None:
    data = region.part("development")
    event, own = data.rows["event"].to_numpy(), model.predict(data.features)
    gaps: dict[str, list[float]] = {name: [] for name in ("auroc", "scaled_brier", "oe_ratio")}
    for rows, mine, every, *_ in naive:
        inside, outside = _measured(rows["event"].to_numpy(), mine), _measured(event, every)
        for name in gaps:
            gaps[name].append(inside[name] - outside[name])
    shown = found.optimism.set_index("measure")
    for name, values in gaps.items():
        assert shown.loc[name, "apparent"] == pytest.approx(_measured(event, own)[name], abs=1e-12)
        assert shown.loc[name, "optimism"] == pytest.approx(np.mean(values), abs=0.004)
        assert shown.loc[name, "estimate"] == pytest.approx(shown.loc[name, "apparent"] - shown.loc[name, "optimism"])
    assert shown.loc["auroc", "optimism"] > 0.01


def test_what_drives_the_models_is_that_of_a_naive_loop(model: Model, found: Designs, naive: list) -> None:
    shown = found.stability.set_index("feature")
    assert sorted(shown.index) == sorted(model.inputs)
    assert (shown["models"] == SETTINGS.bootstraps).all()
    assert shown["share"].is_monotonic_decreasing
    assert shown["share"].sum() == pytest.approx(1)
    for at, name in enumerate(model.inputs):
        shares = [each[at] for *_, each, _ in naive]
        # leaves are rounded in the model that may leave, and were not in the loop
        assert shown.loc[name, "median"] == pytest.approx(np.median(shares), abs=0.01)
        assert shown.loc[name, "lower"] == pytest.approx(np.quantile(shares, 0.05), abs=0.01)
        assert shown.loc[name, "upper"] == pytest.approx(np.quantile(shares, 0.95), abs=0.01)
    assert shown["top_ten"].sum() <= 10


def test_a_place_among_the_first_ten_is_counted_over_the_models() -> None:
    random = np.random.default_rng(4)
    names = [f"f{i:02d}" for i in range(14)]
    sizes = random.gamma(2, 1, (30, 14))
    sizes[:, 13] = 0.0
    frame = stability(names, np.arange(14, 0, -1.0), sizes).set_index("feature")
    for at, name in enumerate(names):
        places = [sorted(range(14), key=lambda i: -row[i]).index(at) for row in sizes]
        assert frame.loc[name, "top_ten"] == pytest.approx(np.mean([place < 10 for place in places]))
    assert frame.index.tolist() == names
    assert stability(names, None, None).empty


def test_a_feature_that_a_bootstrap_model_does_not_read_counts_for_nothing_there() -> None:
    parts = np.array([[1.0, -3.0, 9.0], [-2.0, 1.0, 9.0]])
    assert mean_sizes(parts, ["a", "b"], ["b", "c", "a"]).tolist() == [2.0, 0.0, 1.5]


def test_a_driver_that_other_models_do_not_have_is_named() -> None:
    frame = pd.DataFrame({"feature": ["urea", "sodium"], "share": [0.6, 0.4], "top_ten": [0.4, 0.9], "models": 10})
    (check,) = _other_drivers(frame, {"urea": "last urea"})
    assert (check.code, check.facts["named"]) == ("HFR152", "last urea")
    assert _other_drivers(frame.assign(top_ten=0.5), {}) == []
    assert _other_drivers(frame.assign(models=9), {}) == [], "a share of fewer models than ten says too little"


def _measured(event: np.ndarray, risk: np.ndarray) -> dict[str, float]:
    rate = event.mean()
    return {
        "auroc": roc_auc_score(event, risk),
        "scaled_brier": 1 - np.mean((risk - event) ** 2) / (rate * (1 - rate)),
        "oe_ratio": event.sum() / risk.sum(),
    }


def _made_up(models: int, n: int = 3000) -> tuple[np.ndarray, Bootstrap, pd.Series]:
    rng = np.random.default_rng(8)
    log_odds = rng.normal(-1.0, 0.8, n)
    person = pd.Series(rng.integers(0, 2000, n))
    event = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float)
    risks = 1 / (1 + np.exp(-(log_odds + rng.normal(0, 0.3, (models, n)))))
    drawn = np.array([drawn_people(person, (1, b)) for b in range(models)])
    return event, Bootstrap(1 / (1 + np.exp(-log_odds)), risks, drawn), person


def test_the_slope_s_optimism_is_that_of_regressions_on_repeated_rows() -> None:
    event, found, _ = _made_up(5)

    def slope(rows: np.ndarray, risk: np.ndarray) -> float:
        x = np.log(risk[rows] / (1 - risk[rows]))
        return float(sm.GLM(event[rows], sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-12).params[1])

    every = np.arange(len(event))
    gaps = [
        slope(np.repeat(every, times.astype(int)), risk) - slope(every, risk)
        for risk, times in zip(found.risks, found.drawn, strict=True)
    ]
    row = optimism(event, found, JUDGING).set_index("measure").loc["calibration_slope"]
    assert row["optimism"] == pytest.approx(np.mean(gaps), abs=1e-8)
    assert row["apparent"] == pytest.approx(slope(every, found.risk), abs=1e-8)


def test_an_interval_needs_a_hundred_bootstrap_models() -> None:
    event, few, _ = _made_up(99, n=900)
    assert optimism(event, few, JUDGING)["lower"].isna().all()
    event, enough, _ = _made_up(100, n=900)
    row = optimism(event, enough, JUDGING).set_index("measure").loc["auroc"]
    assert row["reason"] == ""
    inside = [
        roc_auc_score(event, risk, sample_weight=times) for risk, times in zip(enough.risks, enough.drawn, strict=True)
    ]
    assert row["lower"] == pytest.approx(np.quantile(inside, 0.025) - row["optimism"], abs=1e-9)


def test_bootstrap_models_that_do_not_rank_leave_no_slope() -> None:
    event, found, _ = _made_up(5)
    row = optimism(event, Bootstrap(found.risk, found.risks, found.drawn, flat=1), JUDGING).set_index("measure")
    assert np.isnan(row.loc["calibration_slope", "estimate"])
    assert "do not rank" in row.loc["calibration_slope", "reason"]
    assert row.loc["auroc", "estimate"] > 0.5


def test_a_person_is_drawn_with_all_their_discharges() -> None:
    _, found, person = _made_up(3)
    for times in found.drawn:
        assert (pd.Series(times).groupby(person.to_numpy()).nunique() == 1).all()
        assert pd.Series(times).groupby(person.to_numpy()).first().sum() == person.nunique()


def test_the_plot_s_steps_hold_the_centiles_of_their_people() -> None:
    event, found, _ = _made_up(6, n=1000)
    plot = instability(found, 0.2)
    assert plot["n"].sum() == 1000
    assert len(plot) == 20
    first = np.argsort(found.risk, kind="stable")[:50]
    assert plot.loc[0, "low"] == pytest.approx(np.quantile(found.risks[:, first].ravel(), 0.025))
    assert plot.loc[0, "moved"] == pytest.approx(np.mean((found.risks[:, first] >= 0.2) != (found.risk[first] >= 0.2)))
    summary = instability_summary(event, found, 0.2).set_index("measure")["estimate"]
    assert (plot["error"] * plot["n"]).sum() / 1000 == pytest.approx(summary["mape"])


def test_a_model_that_never_changes_is_stable() -> None:
    event, found, _ = _made_up(4)
    same = Bootstrap(found.risk, np.tile(found.risk, (4, 1)), found.drawn)
    assert (instability_summary(event, same, 0.2)["estimate"] == 0).all()
