"""What a study may choose about validation and about the model."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from hfrisk.settings import Settings

__all__ = ["CompetingSettings", "ModelSettings", "PointsSettings", "Tested", "ValidationSettings"]

Tested = Literal["temporal", "geographical", "both"]
"""What a test asks: whether a model holds later, elsewhere, or both. The words for each are in ``codelists/tested.yaml``."""


class ValidationSettings(Settings):
    """How discharges are divided between development and the test: by time, by trust, or by both."""

    test_from: date | None = Field(
        None,
        description="First discharge date of the test (date). Every discharge on or after it is in the test; with `test_trusts`, every "
        "such discharge at those trusts. Leave it empty to use `test_share`, or `test_trusts` over the whole period.",
    )
    test_share: float = Field(
        0.3,
        gt=0,
        lt=1,
        description="Share of discharges, the latest ones, that form the temporal test when `test_from` and `test_trusts` are empty "
        "(proportion; whole days stay together). It is refused beside `test_trusts`, which would leave it without effect.",
    )
    test_trusts: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (),
        description="Trusts whose discharges form the test (names, as the group site_group has them): geographical validation. "
        "Development is the discharges at all other trusts, and of nobody who is in the test. With `test_from` the test is geographical "
        "and temporal together: these trusts from that date on, after a development elsewhere that was complete before it. Discharges "
        "that are in neither, or whose trust is not known, are used for neither.",
    )
    calibration_from: date | None = Field(
        None,
        description="First discharge date of a calibration window before the test (date): the model learns from what lies before it, and "
        "log-odds become risks by what lies in it. With `test_trusts` the window is at the other trusts. Leave it empty to use "
        "`calibration_share`.",
    )
    calibration_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of the discharges before the test, the latest ones, that form the calibration window when `calibration_from` is "
        "empty (proportion; whole days stay together; with `test_trusts` of those at the other trusts). Both empty: no window, and risks "
        "are calibrated out of fold.",
    )
    folds: int = Field(
        5,
        ge=2,
        le=20,
        description="Number of folds inside development (count). All discharges of a person share a fold.",
    )
    folds_forward: bool = Field(
        False,
        description="Whether folds run forward in time (yes or no). Yes: development is cut by discharge date into one block more than "
        "there are folds, and each block but the earliest is judged by a model that learnt only from discharges whose outcome was known "
        "before it began, and from nobody who is in it. The earliest block has no out-of-fold prediction. It asks whether a model made so "
        "lasts; the first models learn from little. Calibrations are cross-fitted, and the score-card is chosen, by folds of people as "
        "ever; `model.repeats` is then one.",
    )
    seed: int = Field(20260401, ge=0, description="Seed of the division into folds (whole number).")

    @property
    def tested(self) -> Tested:
        """What the test asks."""
        if not self.test_trusts:
            return "temporal"
        return "geographical" if self.test_from is None else "both"

    @field_validator("test_trusts")
    @classmethod
    def _each_trust_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("must name each trust once")
        return names

    @model_validator(mode="after")
    def _no_share_beside_trusts(self) -> Self:
        if self.test_trusts and self.test_share != type(self).model_fields["test_share"].default:
            raise ValueError(
                "test_share: has no effect beside test_trusts; give test_from for a test that is later too, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _calibration_comes_before_the_test(self) -> Self:
        if self.calibration_from and self.test_from and self.calibration_from >= self.test_from:
            raise ValueError("calibration_from: the calibration window comes before the test")
        return self


_Positive = Annotated[float, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]
_OBJECTIVES = ("log_loss", "brier", "auroc", "auprc")
_Share = Annotated[float, Field(gt=0, le=1)]


class PointsSettings(Settings):
    """The score-card on paper. It is chosen inside folds inside folds, in a few seconds for 10,000 discharges and 200 features."""

    enabled: bool = Field(True, description="Whether a score-card is made (yes or no).")
    items: int = Field(12, ge=1, le=12, description="Most items on the card (count).")
    bands: int = Field(5, ge=2, le=8, description="Most bands of an item, *not recorded* aside (count).")
    least_in_band: int = Field(
        50,
        ge=20,
        description="Fewest discharges in a band (count); a smaller band joins its neighbour before anything is fitted.",
    )


class CompetingSettings(Settings):
    """The model of three states, readmitted, died and neither, whose risks add up. A few seconds for 10,000 discharges."""

    enabled: bool = Field(True, description="Whether readmission, death and neither are modelled together (yes or no).")
    minimum_deaths: int = Field(
        50, ge=20, description="Fewest development deaths without readmission with which it is fitted (count)."
    )


class ModelSettings(Settings):
    """The learner, its search and its calibration. Ranges are pairs: smallest and largest value tried.

    Trees are kept small and leaves large on purpose: the truth about readmission is weak and nearly additive,
    and a leaf that few people fall into cannot leave a secure environment.
    """

    learner: Literal["lightgbm", "none", "stored"] = Field(
        "lightgbm",
        description="The learned model (name). none: no model is learnt; the report is about the clinical scores and the simple spline "
        "model beside them. stored: the model that `stored` names is tried on these data as it is, with itself recalibrated here beside "
        "it. With either, nothing is registered.",
    )
    stored: str = Field(
        "",
        description="With learner stored: an exported model's folder, models:/NAME/VERSION, or models:/NAME@ALIAS.",
    )
    trials: int = Field(
        30, ge=1, description="Settings of the learner that are tried (count). More can be added later."
    )
    hours: float | None = Field(
        None,
        gt=0,
        description="Time after which no further trial is begun (hours of searching; interruptions do not count). The search ends with "
        "`trials` or with this, whichever comes first. Empty: no limit. How far it comes depends on the machine, so the result is then "
        "not promised to be the same twice.",
    )
    objective: str = Field(
        "log_loss",
        description="What trials are compared by and folds stopped early by: log_loss, brier (smaller is better), auroc or auprc "
        "(larger is better). Only the first two reward honest probabilities.",
    )
    choice: Literal["best", "one_standard_error"] = Field(
        "best",
        description="Which trial becomes the model: the best, or the simplest (fewest leaves times trees) of those that are worse by no "
        "more than one standard error of the difference over the same person-grouped folds.",
    )
    monotone: Literal["off", "on", "search"] = Field(
        "off",
        description="Whether risk may only rise, or only fall, with the features for which the dictionary says so: off, on, or search "
        "(the search chooses).",
    )
    storage: Literal["file", "postgres"] = Field(
        "file",
        description="Where the search is recorded. file: in the study's folder, for one worker, reproducible. postgres: in the database "
        "that the environment variable HFRISK_TUNING_URL names, for several workers on one or more machines; not promised to be the "
        "same twice.",
    )
    startup_trials: int = Field(
        8, ge=1, description="Trials drawn at random before the search starts to learn (count)."
    )
    repeats: int = Field(
        2, ge=1, le=10, description="Times that the division into folds is redrawn when trials are compared (count)."
    )
    max_rounds: int = Field(1500, ge=1, description="Largest number of trees (count).")
    early_stopping_rounds: int = Field(
        40, ge=1, description="Trees without improvement after which a fold stops (count)."
    )
    learning_rate: tuple[_Positive, _Positive] = Field((0.03, 0.15), description="Shrinkage of each tree (ratio).")
    num_leaves: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(le=31)]] = Field(
        (2, 31), description="Leaves of a tree (count; at most 31)."
    )
    max_depth: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=6)]] = Field(
        (2, 6), description="Depth of a tree (levels; at most 6)."
    )
    min_data_in_leaf: tuple[Annotated[int, Field(ge=20)], int] = Field(
        (50, 600), description="Fewest discharges in a leaf (count; never below 20). Capped at a twentieth of the rows."
    )
    feature_fraction: tuple[_Share, _Share] = Field(
        (0.1, 1.0), description="Share of features open to a tree (proportion)."
    )
    bagging_fraction: tuple[_Share, _Share] = Field(
        (0.5, 1.0), description="Share of discharges given to a tree (proportion)."
    )
    lambda_l1: tuple[_Positive, _Positive] = Field(
        (0.001, 10.0), description="Absolute penalty on leaf values (ratio)."
    )
    lambda_l2: tuple[_Positive, _Positive] = Field((0.1, 200.0), description="Squared penalty on leaf values (ratio).")
    path_smooth: tuple[_Positive, _Positive] = Field(
        (0.1, 200.0), description="Pull of a leaf towards its parent (discharges)."
    )
    min_gain_to_split: tuple[_NotNegative, _NotNegative] = Field(
        (0.0, 2.0), description="Least gain for which a node is split (log-likelihood)."
    )
    max_bin: int = Field(63, ge=7, le=255, description="Most steps that a feature is cut into (count).")
    min_data_in_bin: int = Field(20, ge=10, description="Fewest discharges in a step of a feature (count).")
    calibration: str = Field(
        "platt",
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        description="How log-odds become risks: none, platt (logistic, default), beta, isotonic, venn_abers, or one that another package "
        "adds; auto takes the simplest whose cross-fitted log loss is within a standard error of the best.",
    )
    spline_knots: Literal[3, 4, 5] = Field(4, description="Knots of a spline in the logistic comparator (count).")
    points: PointsSettings = Field(default_factory=PointsSettings, description="The score-card on paper.")
    competing: CompetingSettings = Field(
        default_factory=CompetingSettings, description="Death as a competing event: three states that add up."
    )
    scores_least_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of development discharges that must have a clinical score for it to be compared with the model "
        "(proportion); a discharge without the score is given the rate of those without it.",
    )
    minimum_events: int = Field(
        100, ge=20, description="Fewest development events with which a model is fitted (count); fewer is refused."
    )
    anticipated_auroc: float = Field(
        0.65,
        gt=0.5,
        lt=1,
        description="AUROC expected from published models, for the sample size criteria of Riley 2020 (probability).",
    )
    exclude: list[str] = Field(default_factory=list, description="Features that the model may not use (names).")
    seed: int = Field(
        20260402, ge=0, description="Seed of the search, the learner and the redrawn folds (whole number)."
    )
    threads: int = Field(
        2, ge=1, description="Folds that are fitted side by side (count). Results do not depend on it."
    )

    @property
    def learns(self) -> bool:
        """Whether a model is learnt here, which can be registered."""
        return self.learner == "lightgbm"

    @field_validator("monotone", mode="before")
    @classmethod
    def _as_it_was_written(cls, value: object) -> object:
        # YAML takes the words on and off for yes and no
        return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value

    @field_validator("objective")
    @classmethod
    def _a_measure_that_is_known(cls, value: str) -> str:
        # The measures load scikit-learn, which reading a study does not need.
        if value not in _OBJECTIVES:
            from hfrisk.modelling.objectives import objective_names

            if value not in objective_names():
                raise ValueError(f"there is no measure {value}; known: {', '.join(objective_names())}")
        return value

    @model_validator(mode="after")
    def _a_stored_model_is_named(self) -> Self:
        if (self.learner == "stored") != bool(self.stored):
            raise ValueError("stored: names the model where learner is stored, and only there")
        return self

    @model_validator(mode="after")
    def _ranges_run_upwards(self) -> Self:
        for name in (
            "learning_rate",
            "num_leaves",
            "max_depth",
            "min_data_in_leaf",
            "feature_fraction",
            "bagging_fraction",
            "lambda_l1",
            "lambda_l2",
            "path_smooth",
            "min_gain_to_split",
        ):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: the smallest value of a range comes first")
        return self
