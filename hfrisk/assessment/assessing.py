"""The assessment as a whole: every model, both splits, every group, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.by_outcome import differences, table_by_outcome
from hfrisk.assessment.competing import competing_tables
from hfrisk.assessment.describe import table_one
from hfrisk.assessment.equity import by_group, differing_groups
from hfrisk.assessment.findings import method_checks, missing_groups
from hfrisk.assessment.groups import EVERYONE, Group, find_groups, threshold_table
from hfrisk.assessment.leakage import ALARMS, kind_of_risk, model_too_good, strong_features, too_strong_feature
from hfrisk.assessment.performance import split_performance
from hfrisk.assessment.periods import by_quarter, by_year
from hfrisk.assessment.results import COLUMNS, Results
from hfrisk.assessment.scored import Array
from hfrisk.assessment.scores import scores_by_outcome
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.assessment.sizes import needed_for_slope, sizes_of_test
from hfrisk.assessment.utility import capacity_table, decision_curve, risk_deciles, risk_distribution
from hfrisk.assessment.weekly import SITE, chosen_each_week, weekly_rates, weekly_table
from hfrisk.checks import Check
from hfrisk.features import SCORES, Feature
from hfrisk.progress import Quiet

__all__ = ["AssessedData", "RiskModel", "assess"]

NULL = "null"
_BY_TENTHS = ("risk_distribution", "risk_deciles")
_OF_FEW_POINTS = ("points", *SCORES)
Split = Literal["development", "test"]
_SPLITS: dict[str, Split] = {"cross-validation": "development", "test": "test"}
_KINDS = {"cumulative_incidence": "readmission", "composite": "composite"}


class RiskModel(Protocol):
    """What the assessment asks of a model."""

    @property
    def subject(self) -> str:
        """Name of the model that is judged."""

    @property
    def comparators(self) -> Sequence[str]:
        """Names of the models beside it."""

    @property
    def cross_validated(self) -> pd.DataFrame:
        """person_id, index_id, risk, and risk_<comparator>, each scored by a fit that did not see the person."""

    def predict(self, features: pd.DataFrame) -> Array:
        """Risks of the rows of `features`."""

    def predict_comparator(self, name: str, features: pd.DataFrame) -> Array:
        """Risks by the comparator `name`."""

    def predict_states(self, features: pd.DataFrame) -> dict[str, Array]:
        """Risks of readmitted, died and none; asked for only where `cross_validated` holds them."""


class AssessedData(Protocol):
    """What the assessment asks of the data; see `hfrisk.modelling.ModellingData`."""

    @property
    def rows(self) -> pd.DataFrame:
        """person_id, index_id, discharge_date, split, state, event; one row an index discharge. Also block, where folds run forward."""

    @property
    def features(self) -> pd.DataFrame:
        """Model inputs, rows as in `rows`."""

    @property
    def for_comparators(self) -> pd.DataFrame:
        """What the comparators read, rows as in `rows`."""

    @property
    def scores(self) -> pd.DataFrame:
        """Totals of the clinical scores, rows as in `rows`; no columns where none was made."""

    @property
    def groups(self) -> pd.DataFrame:
        """Text columns, rows as in `rows`."""

    @property
    def dictionary(self) -> tuple[Feature, ...]:
        """What the features are."""

    def part(self, split: Split) -> AssessedData:
        """The rows of one split."""

    def taken(self, places: npt.NDArray[np.intp]) -> AssessedData:
        """The rows at these positions."""


def assess(
    model: RiskModel,
    data: AssessedData,
    settings: AssessmentSettings,
    progress: Quiet | None = None,
    *,
    risk: str | None = None,
) -> Results:
    """Judge the model, and its comparators, out of fold in development and in the test.

    Parameters
    ----------
    model
        The model, with its out-of-fold risks.
    data
        All splits; development and test are used. Where folds run forward in time, cross-validation is of all blocks but the earliest.
    settings
        How to judge.
    progress
        Told of the long work.
    risk
        ``cumulative_incidence`` (readmission) or ``composite`` (readmission or death), as in `Cohort.risk`; sets the
        leakage alarm. Read from the states of the events by default.

    Returns
    -------
    Results
        Exact numbers, not yet released.

    Raises
    ------
    ValueError
        If the out-of-fold risks do not belong to the development discharges, one each; if `risk` is unknown.
    """
    if risk is not None and risk not in _KINDS:
        raise ValueError(f"no such risk: {risk}")
    progress = progress or Quiet()
    frames: dict[str, list[pd.DataFrame]] = {name: [] for name in COLUMNS}
    risks: dict[str, dict[str, Array]] = {}
    for split, part in _SPLITS.items():
        scored = data.part(part)
        risks[split] = _out_of_fold(model, scored) if part == "development" else _predicted(model, scored)
        if part == "development" and "block" in scored.rows:
            # the earliest block teaches and is never held out; any other row without a risk is a fault, which is said below
            places = np.flatnonzero(scored.rows["block"] > 0)
            scored = scored.taken(places)
            risks[split] = {name: risk[places] for name, risk in risks[split].items()}
        last = part == "test" or not (data.rows["split"] == "test").any()
        for name, frame in _one_split(scored, risks[split], settings, split, progress, last).items():
            frames[name].append(frame.assign(split=split))
        for name, frame in competing_tables(scored.rows, _states(model, scored, part), settings).items():
            frames[name].append(frame.assign(split=split))
    frames["sizes"] = [
        _sizes(data, model.subject, risks["test"][model.subject], frames["performance"][-1], settings).assign(
            split="test"
        )
    ]
    frames["table1"] = [table_one(data.rows, data.features, data.groups, data.dictionary)]
    frames |= _by_outcome(data)
    joined = {name: _joined(found, COLUMNS[name].split()) for name, found in frames.items()}
    checks = _checks(data, model.subject, risks["test"], joined["performance"], joined["comparison"], settings, risk)
    checks += differing_groups(joined["fairness_tests"], settings.threshold)
    return Results(**joined, checks=checks)


def _sizes(
    data: AssessedData, subject: str, risk: Array, performance: pd.DataFrame, settings: AssessmentSettings
) -> pd.DataFrame:
    event = data.part("test").rows["event"].to_numpy(dtype=np.float64)
    mine = (performance["model"] == subject) & (performance["group"] == EVERYONE) & (performance["measure"] == "auroc")
    area = performance.loc[mine, "estimate"]
    return sizes_of_test(event, risk, float(area.iloc[0]) if len(area) else float("nan"), settings)


def _by_outcome(data: AssessedData) -> dict[str, list[pd.DataFrame]]:
    """Table 1 by outcome and its differences, of the discharges that Table 1 describes."""
    used = np.flatnonzero(data.rows["split"].isin(_SPLITS.values()))
    rows, features, groups = (x.iloc[used].reset_index(drop=True) for x in (data.rows, data.features, data.groups))
    both = ("development", "test")
    return {
        "table1_by_outcome": [table_by_outcome(rows, features, groups, data.dictionary)],
        "table1_differences": [differences(rows, features, groups, data.dictionary, both)],
    }


def _joined(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)


def _out_of_fold(model: RiskModel, development: AssessedData) -> dict[str, Array]:
    """Out-of-fold risks of each model in the order of the development rows."""
    key = ["person_id", "index_id"]
    wanted = {model.subject: "risk"} | {name: f"risk_{name}" for name in model.comparators}
    found = development.rows[key].merge(
        model.cross_validated[[*key, *wanted.values()]], on=key, how="left", validate="one_to_one", indicator="_found"
    )
    if len(found) != len(model.cross_validated) or (found["_found"] != "both").any():
        raise ValueError("the out-of-fold risks do not belong to the development discharges, one each")
    return {name: found[column].to_numpy(dtype=np.float64) for name, column in wanted.items()}


def _predicted(model: RiskModel, test: AssessedData) -> dict[str, Array]:
    if len(test.rows) == 0:
        return {name: np.empty(0) for name in (model.subject, *model.comparators)}
    risks = {model.subject: np.asarray(model.predict(test.features), dtype=np.float64)}
    seen = test.for_comparators
    return risks | {
        name: np.asarray(model.predict_comparator(name, seen), dtype=np.float64) for name in model.comparators
    }


def _states(model: RiskModel, part: AssessedData, split: Split) -> dict[str, Array]:
    """Risks of the three states, out of fold in development; empty where the model has none."""
    columns = {name: f"risk_{name}" for name in ("readmitted", "died", "none")}
    if not set(columns.values()) <= set(model.cross_validated.columns):
        return {}
    if split == "development":
        key = ["person_id", "index_id"]
        found = part.rows[key].merge(model.cross_validated[[*key, *columns.values()]], on=key, how="left")
        return {name: found[column].to_numpy(dtype=np.float64) for name, column in columns.items()}
    return model.predict_states(part.features) if len(part.rows) else {}


def _one_split(
    part: AssessedData, risks: dict[str, Array], settings: AssessmentSettings, split: str, progress: Quiet, last: bool
) -> dict[str, pd.DataFrame]:
    """Frames of one split, without the column ``split``."""
    event = part.rows["event"].to_numpy(dtype=np.int64)
    groups = find_groups(
        event,
        part.groups,
        settings.groups,
        intersections=settings.intersections,
        least=settings.minimum_for_anything,
        for_slope=settings.minimum_for_slope,
    )
    person = part.rows["person_id"].to_numpy()
    measured = split_performance(event, risks, person, groups, settings, progress=progress, label=split)
    found = {
        "performance": measured.performance,
        "calibration_curve": measured.calibration_curve,
        "comparison": measured.comparison,
    }
    if len(event) == 0:
        return found
    died = (part.rows["state"] == "died").to_numpy()
    subject = next(iter(risks))  # the model that is judged stands first; groups taken together are its only
    plain = [group for group in groups if not group.crossed]
    tables: dict[str, Callable[[str, Array], pd.DataFrame]] = {
        "decision_curve": lambda _, risk: decision_curve(event, risk, settings.net_benefit_thresholds),
        "capacity": lambda _, risk: capacity_table(event, risk, settings.capacities),
        "threshold_groups": lambda model, risk: threshold_table(
            event, risk, groups if model == subject else plain, settings.threshold
        ),
        "risk_distribution": lambda _, risk: risk_distribution(event, risk),
        "risk_deciles": lambda _, risk: risk_deciles(event, risk, died),
    }
    for name, table in tables.items():
        shown = {model: risk for model, risk in risks.items() if _has(name, model)}
        found[name] = pd.concat(
            [table(model, risk).assign(model=model) for model, risk in shown.items()], ignore_index=True
        )
    mine = by_group(
        part.rows,
        risks[subject],
        groups,
        found["performance"],
        settings,
        model=subject,
        tested=last,
        progress=progress,
        label=split,
    )
    found["performance"] = pd.concat([found["performance"], mine.pop("performance")], ignore_index=True)
    found |= mine
    if SITE in part.groups.columns:
        weekly = _weekly(part, risks, groups[0], settings)
        found["weekly"] = weekly["weekly"]
        found["performance"] = pd.concat([found["performance"], weekly["performance"]], ignore_index=True)
    found["score_outcomes"] = scores_by_outcome(part.scores, part.rows["state"], part.rows["person_id"], settings)
    found["by_period"] = by_quarter(
        event,
        risks[subject],
        part.rows["discharge_date"],
        confidence=settings.confidence,
        least=settings.minimum_for_anything,
    )
    found["by_year"] = by_year(
        event,
        next(iter(risks.values())),
        person,
        part.rows["discharge_date"],
        years=settings.years,
        confidence=settings.confidence,
        least=settings.minimum_for_anything,
    )
    return found


def _weekly(
    part: AssessedData, risks: dict[str, Array], everyone: Group, settings: AssessmentSettings
) -> dict[str, pd.DataFrame]:
    """What each site would find that sees so many a week: counts, and rates with intervals."""
    event, person = part.rows["event"].to_numpy(dtype=np.int64), part.rows["person_id"].to_numpy()
    site, discharged = part.groups[SITE], part.rows["discharge_date"]
    counts, rates = [], []
    for model, risk in risks.items():
        if model == NULL:
            continue
        chosen = {reviews: chosen_each_week(risk, site, discharged, reviews) for reviews in settings.reviews_a_week}
        counts.append(weekly_table(event, chosen).assign(model=model))
        rates.append(weekly_rates(event, risk, chosen, person, everyone, settings).assign(model=model))
    return {"weekly": pd.concat(counts, ignore_index=True), "performance": pd.concat(rates, ignore_index=True)}


def _has(table: str, model: str) -> bool:
    """Whether a table says anything of a model: the null model chooses nobody, and scores of a few points have no tenths."""
    return model != NULL and (table not in _BY_TENTHS or model not in _OF_FEW_POINTS)


def _checks(
    data: AssessedData,
    subject: str,
    tested: dict[str, Array],
    performance: pd.DataFrame,
    comparison: pd.DataFrame,
    settings: AssessmentSettings,
    risk: str | None,
) -> list[Check]:
    used = data.rows["split"].isin(_SPLITS.values()).to_numpy()
    rows = data.rows[used]
    event = rows["event"].to_numpy(dtype=np.int64)
    alarm = settings.leakage_alarm or ALARMS[_KINDS[risk] if risk else kind_of_risk(rows["state"], event)]
    checks = model_too_good(performance, alarm)
    strength = strong_features(
        event,
        data.features[used],
        rows["person_id"].to_numpy(),
        confidence=settings.confidence,
        least=settings.minimum_for_anything,
    )
    checks += too_strong_feature(strength, data.dictionary, alarm)
    checks += method_checks(
        performance,
        comparison,
        settings,
        model=subject,
        comparators=[name for name in tested if name != subject],
        needed=needed_for_slope(tested[subject], settings),
    )
    return checks + missing_groups(data.groups[used], settings.groups)
