"""Membership-inference attacks on the model: can anyone tell who was in its development?

Members are the discharges that the trees were learnt from; outsiders are those of the temporal test whose person was not among
them. Two attackers are played:

- the *worst case* (Rigaki and Garcia's survey; SACRO-ML): one who has already been told of most people whether they were members, and
  learns from their risks and outcomes to tell the rest. Every person is judged by an attack model that was not told of them.
- a *likelihood-ratio* attacker (LiRA; Carlini and others, IEEE Symposium on Security and Privacy 2022), offline, with few shadow models:
  how much surer the model is of what happened to someone than models of the same settings that never saw them. With few shadow models
  one variance for all is better than one each (their section VI); the order of the scores then is that of the plain difference.

Members left before the test began, so that a change over the years alone tells them apart. The same worst-case attack is therefore
made on risks that development's rows were given by models that had not seen them: what it finds is no leak, and is the *control*.
"""

from __future__ import annotations

import math
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from hfrisk.modelling.boosting import BinnedFolds
from hfrisk.modelling.folds import person_folds
from hfrisk.modelling.membership_settings import MembershipSettings
from hfrisk.modelling.model import Model
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.settings import ModelSettings

__all__ = ["ATTACKS", "RATES", "attack_model", "auc_of_attack", "caught_at"]

Floats = NDArray[np.float64]

ATTACKS = "attack measure estimate lower upper caught members outsiders reason"
"""Columns of the attacks."""

RATES = (0.01, 0.001)
"""False-positive rates at which the share of members who are found out is given (Carlini and others 2022)."""

_FEWEST = 100
_NO_OUTSIDERS = f"fewer than {_FEWEST} members or outsiders: nobody to tell apart"
_ROUNDS = 60


def attack_model(
    model: Model, data: ModellingData, settings: ModelSettings, membership: MembershipSettings, *, confidence: float
) -> pd.DataFrame:
    """Attack the model.

    Parameters
    ----------
    model
        As developed here.
    data
        All index discharges, with their split.
    settings
        As the model was made with; the shadow models are made with them too.
    membership
        How many shadow models, folds and the seed.
    confidence
        Of the intervals (0 to 1).

    Returns
    -------
    DataFrame
        Columns `ATTACKS`: attack (``worst_case``, ``control``, ``lira``), measure (``auc``, ``tpr@0.01``, ``tpr@0.001``), estimate with
        interval, caught (members above the threshold; NaN for ``auc``), members and outsiders (discharges), and why there is no
        estimate. Exact: it leaves by the gate. The same for the same data, model and settings.
    """
    inside, outside = data.part("development"), _outsiders(data)
    members, outsiders = len(inside.rows), len(outside.rows)
    names = ["worst_case", "control", *(["lira"] if membership.shadow_models else [])]
    if min(members, outsiders) < _FEWEST:
        rows = [
            (name, "auc", math.nan, math.nan, math.nan, math.nan, members, outsiders, _NO_OUTSIDERS) for name in names
        ]
        return pd.DataFrame(rows, columns=ATTACKS.split())
    who = pd.concat([inside.rows, outside.rows], ignore_index=True)
    member = np.repeat([1, 0], [members, outsiders])
    event = who["event"].to_numpy(dtype=np.float64)
    seen, unseen = model.predict(inside.features), model.predict(outside.features)
    held_out = inside.rows[["person_id", "index_id"]].merge(model.cross_validated, how="left")["risk"].to_numpy()
    everyone = np.ones(len(member), dtype=bool)
    # where folds run forward in time, the earliest block was never held out
    judged = np.concatenate([~np.isnan(held_out), np.ones(outsiders, dtype=bool)])
    scores = {
        "worst_case": (
            _told_apart(np.concatenate([seen, unseen]), event, member, who["person_id"], membership),
            everyone,
        ),
        "control": (
            _told_apart(
                np.concatenate([held_out, unseen])[judged],
                event[judged],
                member[judged],
                who["person_id"][judged].reset_index(drop=True),
                membership,
            ),
            judged,
        ),
    }
    if membership.shadow_models:
        scores["lira"] = (_surer_than_shadows(model, inside, outside, event, settings, membership), everyone)
    rows = [
        row
        for name, (score, among) in scores.items()
        for row in _judged(name, score, member[among], who["person_id"][among].reset_index(drop=True), confidence)
    ]
    return pd.DataFrame(rows, columns=ATTACKS.split())


def _outsiders(data: ModellingData) -> ModellingData:
    """Discharges of the test whose person the model has never met, in development or in calibration."""
    rows = data.rows
    met = set(rows.loc[rows["split"].isin(["development", "calibration"]), "person_id"])
    keep = (rows["split"] == "test") & ~rows["person_id"].isin(met)
    chosen = np.flatnonzero(keep)
    rows, features, groups = (f.iloc[chosen].reset_index(drop=True) for f in (data.rows, data.features, data.groups))
    return ModellingData(rows, features, groups, data.dictionary)


def _told_apart(
    risk: Floats, event: Floats, member: NDArray[Any], person: pd.Series, membership: MembershipSettings
) -> Floats:
    """How much like a member each row looks, as its place among those of its fold (0 to 1)."""
    sure = np.where(event == 1, risk, 1 - risk)
    known = np.column_stack([risk, event, sure])
    fold = person_folds(person, pd.Series(member), membership.folds, seed=membership.seed)
    params = {
        "objective": "binary",
        "num_leaves": 7,
        "learning_rate": 0.1,
        "min_data_in_leaf": max(20, len(member) // 200),
        "seed": membership.seed % 2**31,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    score = np.empty(len(member))
    for k in range(membership.folds):
        judged = fold == k
        told = lgb.Dataset(known[~judged], member[~judged], params={"verbosity": -1})
        found = lgb.train(params, told, _ROUNDS).predict(known[judged], num_threads=1)
        # Attack models of two folds have levels of their own; places within the fold can be put together.
        score[judged] = stats.rankdata(found) / judged.sum()
    return score


def _surer_than_shadows(
    model: Model,
    inside: ModellingData,
    outside: ModellingData,
    event: Floats,
    settings: ModelSettings,
    membership: MembershipSettings,
) -> Floats:
    """Log-odds that the model gives what happened, less what models that had not seen the person give it."""
    features = np.vstack([part.features[model.inputs].to_numpy(dtype=np.float64) for part in (inside, outside)])
    rows = pd.concat([inside.rows, outside.rows], ignore_index=True)
    named = {feature.name: feature for feature in inside.dictionary}
    ways = {"increasing": 1, "decreasing": -1}
    monotone = [ways.get(named[name].monotone, 0) for name in model.inputs]
    without = np.zeros(len(rows))
    pairs = membership.shadow_models // 2
    for pair in range(pairs):
        half = person_folds(rows["person_id"], rows["event"], 2, seed=(membership.seed, pair))
        shadows = BinnedFolds(features, event, [half], model.inputs, settings, monotone=monotone)
        without += shadows.out_of_fold(model.summary["params"], int(model.summary["rounds"])) / pairs
    margin = np.concatenate([model.margin(part.features) for part in (inside, outside)])
    return np.where(event == 1, 1.0, -1.0) * (margin - without)


def _judged(
    name: str, score: Floats, member: NDArray[Any], person: pd.Series, confidence: float
) -> list[tuple[Any, ...]]:
    inside, outside = score[member == 1], score[member == 0]
    n = (len(inside), len(outside))
    area = auc_of_attack(inside, outside, person[member == 1], person[member == 0], confidence)
    rows: list[tuple[Any, ...]] = [(name, "auc", *area, math.nan, *n, "")]
    for rate in RATES:
        caught = caught_at(inside, outside, rate)
        if math.isnan(caught):
            reason = f"it needs {round(1 / rate):,} discharges of outsiders"
            rows.append((name, f"tpr@{rate}", math.nan, math.nan, math.nan, math.nan, *n, reason))
        else:
            rows.append((name, f"tpr@{rate}", *_share(caught, n[0], confidence), caught, *n, ""))
    return rows


def auc_of_attack(
    inside: Floats, outside: Floats, whose: pd.Series, whose_outside: pd.Series, confidence: float
) -> tuple[float, float, float]:
    """Chance that a member scores above an outsider, with an interval that knows that a person may have several discharges.

    Parameters
    ----------
    inside, outside
        Scores of members and of outsiders; ties count half.
    whose, whose_outside
        Their persons; nobody is on both sides.
    confidence
        Of the interval (0 to 1).

    Returns
    -------
    (float, float, float)
        Area, lower and upper limit, by the variance of Obuchowski (Biometrics 1997;53:567), which is DeLong's where everybody has
        one discharge.
    """
    both = np.concatenate([inside, outside])
    rank = stats.rankdata(both)
    m, n = len(inside), len(outside)
    above = (rank[:m] - stats.rankdata(inside)) / n
    below = 1 - (rank[m:] - stats.rankdata(outside)) / m
    area = float(above.mean())
    variance = sum(_clustered(placed - area, persons) for placed, persons in ((above, whose), (below, whose_outside)))
    half = stats.norm.ppf((1 + confidence) / 2) * math.sqrt(variance)
    return area, max(area - half, 0.0), min(area + half, 1.0)


def _clustered(away: Floats, persons: pd.Series) -> float:
    """Variance of a mean of placements, whose deviations are summed within persons first."""
    sums = pd.Series(away).groupby(persons.to_numpy()).sum().to_numpy()
    count = len(sums)
    return float(count / (count - 1) * np.sum(sums**2) / len(away) ** 2)


def caught_at(inside: Floats, outside: Floats, rate: float) -> float:
    """Members above the score that at most a share `rate` of outsiders exceed; NaN where that share is less than one outsider."""
    allowed = math.floor(rate * len(outside) + 1e-9)
    if allowed < 1:
        return math.nan
    threshold = np.sort(outside)[::-1][allowed]
    return float((inside > threshold).sum())


def _share(caught: float, of: int, confidence: float) -> tuple[float, float, float]:
    """A share with Clopper and Pearson's interval; the threshold counts as given."""
    tail = (1 - confidence) / 2
    low = special.betaincinv(caught, of - caught + 1, tail) if caught else 0.0
    high = special.betaincinv(caught + 1, of - caught, 1 - tail) if caught < of else 1.0
    return caught / of, float(low), float(high)
