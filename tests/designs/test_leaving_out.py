"""Each trust left out once: who teaches, who is judged, and with what variance."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from hfrisk.assessment import AssessmentSettings
from hfrisk.assessment.pooling import pool
from hfrisk.designs import Designs
from hfrisk.designs.estimates import auroc_on_logit, log_loss, log_oe, slope
from hfrisk.designs.leaving_out import leave_each_out, summarise
from hfrisk.modelling import Model, ModellingData
from hfrisk.modelling.refitting import chosen_rows, refit
from hfrisk.progress import Quiet
from tests.designs.conftest import LEARNER, SETTINGS


def test_a_trust_is_judged_by_a_model_that_saw_none_of_its_people(
    model: Model, region: ModellingData, found: Designs
) -> None:
    data = region.part("development")
    level = data.groups["site_group"].to_numpy()
    person = data.rows["person_id"].to_numpy()
    for number, name in enumerate(["A", "B", "C"]):
        there = set(person[level == name])
        rest = np.array([at for at, who in enumerate(person) if who not in there])
        assert len(rest) < (level != name).sum(), "some people were seen at two trusts"
        made = refit(
            chosen_rows(data, rest, seed=(SETTINGS.seed, number, 2)),
            LEARNER,
            model.summary["params"],
            model.summary["rounds"],
        )
        risk = made.predict(data.features[level == name])
        event = data.rows["event"].to_numpy()[level == name]
        row = found.left_out.set_index(["level", "measure"]).loc[(name, "oe_ratio")]
        assert row["estimate"] == pytest.approx(event.sum() / risk.sum(), abs=1e-12)
        assert (row["n"], row["events"]) == (len(event), event.sum())
        assert row["lower"] < row["estimate"] < row["upper"]


def test_a_trust_with_too_few_events_has_a_reason_and_no_number(found: Designs) -> None:
    rows = found.left_out.set_index(["level", "measure"])
    assert np.isnan(rows.loc[("Tiny", "auroc"), "estimate"])
    assert rows.loc[("Tiny", "auroc"), "reason"] == "fewer than 10 events or non-events"
    assert rows.loc[("A", "calibration_slope"), "reason"] == "fewer than 200 events or non-events"
    assert "Not recorded" not in set(found.left_out["level"])


def test_only_so_many_are_left_out_those_with_most_events_first(model: Model, region: ModellingData) -> None:
    few = SETTINGS.model_copy(update={"most_left_out": 2})
    rows, _ = leave_each_out(model, region.part("development"), LEARNER, few, AssessmentSettings(), Quiet())
    oe = rows[rows["measure"] == "oe_ratio"].set_index("level")
    assert oe["estimate"].notna().to_dict() == {"A": True, "B": True, "C": False, "Tiny": False}
    assert oe.loc["C", "reason"] == "not among the 2 with most events (designs.most_left_out)"


def test_what_is_summarised_is_what_was_computed(found: Designs) -> None:
    row = found.across_trusts.set_index("measure").loc["oe_ratio"]
    known = found.left_out[(found.left_out["measure"] == "oe_ratio") & (found.left_out["reason"] == "")]
    assert row["levels"] == len(known) == 3
    reach = (np.log(known["upper"]) - np.log(known["lower"])) / 2 / 1.959963984540054
    pooled = pool(np.log(known["estimate"]), reach**2)
    assert row["estimate"] == pytest.approx(np.exp(pooled.mean), abs=1e-9)
    assert row["prediction_upper"] == pytest.approx(np.exp(pooled.prediction_upper), abs=1e-9)
    assert found.across_trusts.set_index("measure").loc["calibration_slope", "reason"] == "fewer than 3 trusts have it"


def test_two_trusts_are_told_and_not_summarised(found: Designs) -> None:
    known = found.left_out[found.left_out["level"].isin(["A", "B"])]
    across = summarise({"auroc": [auroc_on_logit([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.2], range(4))] * 2}, known, 0.95)
    assert np.isnan(across.loc[0, "estimate"])
    assert across.loc[0, "reason"] == "fewer than 3 trusts have it"


@pytest.fixture(scope="module")
def people() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    person = rng.integers(0, 500, 900)
    log_odds = rng.normal(-1, 1, 900) + rng.normal(0, 0.5, 500)[person]
    return (rng.random(900) < 1 / (1 + np.exp(-log_odds))).astype(float), 1 / (1 + np.exp(-log_odds)), person


def test_the_slope_and_its_variance_are_those_of_a_clustered_regression(
    people: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    event, risk, person = people
    design = sm.add_constant(np.log(risk / (1 - risk)))
    fit = sm.GLM(event, design, family=sm.families.Binomial()).fit(
        tol=1e-13, cov_type="cluster", cov_kwds={"groups": person, "use_correction": False}
    )
    count = len(np.unique(person))
    found = slope(event, risk, person)
    assert found.value == pytest.approx(fit.params[1], abs=1e-8)
    assert found.variance == pytest.approx(fit.cov_params()[1, 1] * count / (count - 1), rel=1e-6)


def test_the_other_variances_are_those_of_a_bootstrap_of_people(
    people: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    event, risk, person = people
    rows = [np.flatnonzero(person == who) for who in np.unique(person)]
    rng = np.random.default_rng(1)
    draws = [np.concatenate([rows[at] for at in rng.integers(0, len(rows), len(rows))]) for _ in range(600)]
    loss = -(event * np.log(risk) + (1 - event) * np.log(1 - risk))
    for way, naive in (
        (log_oe, lambda at: np.log(event[at].sum() / risk[at].sum())),
        (log_loss, lambda at: loss[at].mean()),
    ):
        found = way(event, risk, person)
        assert found.value == pytest.approx(naive(np.arange(len(event))), abs=1e-12)
        assert found.variance == pytest.approx(np.var([naive(at) for at in draws]), rel=0.2)


def test_a_perfect_ranking_has_no_variance_and_is_not_known() -> None:
    assert not auroc_on_logit([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], [1, 2, 3, 4]).known
