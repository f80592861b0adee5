"""The door from tables to memory: who is learnt from, who is tested on, and in which fold (decision 11)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.errors import DataError
from hfrisk.features import SCORES, Feature, checked
from hfrisk.modelling.folds import Division, person_folds
from hfrisk.modelling.forward import Blocks, blocks_of
from hfrisk.modelling.settings import Tested, ValidationSettings
from hfrisk.modelling.splitting import split_rows

if TYPE_CHECKING:
    from hfrisk.cohort import Cohort
    from hfrisk.features import FeatureTable

__all__ = ["ModellingData", "Split", "partition", "partition_frames"]

Split = Literal["development", "calibration", "gap", "test"]

_KEY = ["person_id", "index_id"]
_OUTCOME = ["discharge_date", "state", "outcome_day", "event"]


@dataclass(frozen=True)
class ModellingData:
    """Index discharges in memory, one a row, in three frames that share a RangeIndex.

    Parameters
    ----------
    rows
        ``person_id``, ``index_id``, ``discharge_date``, ``split`` (development, calibration, gap, test), ``fold`` (-1 outside
        development), ``state``, ``outcome_day`` (days from discharge) and ``event`` (0 or 1).
    features
        One float64 column a model input, in the order of the dictionary; NaN is *not recorded*.
    groups
        Text columns by which results are broken down.
    dictionary
        One entry a column of `features`.
    scores
        The totals of the clinical scores that were made, ``score_<name>``, float64 (of PARR-30 the probability); NaN where a score
        could not be put together. No columns where none was made.
    tested
        What the test asks: ``temporal``, ``geographical`` or ``both``.
    blocks
        Where folds run forward in time, where their blocks begin; `rows` then have ``block`` (0 the earliest, -1 outside development),
        and ``fold`` stays the person fold, by which calibrations are cross-fitted. None: folds are of people.
    """

    rows: pd.DataFrame
    features: pd.DataFrame
    groups: pd.DataFrame
    dictionary: tuple[Feature, ...]
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    tested: Tested = "temporal"
    blocks: Blocks | None = None

    @property
    def division(self) -> Division:
        """Of development rows, who is held out when.

        Raises
        ------
        DataError
            If folds run forward in time, and a block has too few to learn from or to judge.
        """
        return Division.of_people(self.rows["fold"]) if self.blocks is None else self.blocks.division(self.rows)

    @property
    def for_comparators(self) -> pd.DataFrame:
        """What the models beside the model read: the features, and the scores that are not features themselves."""
        if self.scores.empty:
            return self.features
        more = [name for name in self.scores.columns if name not in self.features.columns]
        return pd.concat([self.features, self.scores[more]], axis="columns")

    def part(self, split: Split) -> ModellingData:
        """The rows of one split, numbered afresh."""
        return self.taken(np.flatnonzero(self.rows["split"] == split))

    def taken(self, places: NDArray[np.intp]) -> ModellingData:
        """The rows at these positions, any of them more than once, numbered afresh."""
        rows, features, groups, scores = (
            frame.iloc[places].reset_index(drop=True) if len(frame) else frame
            for frame in (self.rows, self.features, self.groups, self.scores)
        )
        return replace(self, rows=rows, features=features, groups=groups, scores=scores)


def partition(features: FeatureTable, cohort: Cohort, settings: ValidationSettings) -> ModellingData:
    """Fetch features and outcomes, and divide them.

    Parameters
    ----------
    features
        The feature table; one row an index discharge.
    cohort
        The index discharges with their outcome.
    settings
        When the test starts or where it is, and the folds.

    Returns
    -------
    ModellingData
        Sorted by person and index discharge.

    Raises
    ------
    DataError
        If the feature table does not keep its contract, a key is doubled or has no features, or development or test is empty.
    """
    outcomes = cohort.table.select(*_KEY, *_OUTCOME).to_pandas()
    # who was not seen for long enough is neither an event nor a non-event, and can neither teach nor test
    outcomes = outcomes[outcomes["state"] != "censored"]
    inputs = [feature.name for feature in features.dictionary]
    groups = [f"group_{name}" for name in features.groups]
    totals = {facts.total for facts in SCORES.values()}
    scores = [entry for entry in features.catalogue if entry.name in totals]
    beside = tuple(entry for entry in scores if entry.name not in inputs)
    # the door: what comes through is what the dictionary says, or nothing does
    fetched = features.table.select(*_KEY, *inputs, *[entry.name for entry in beside], *groups).to_pandas()
    table = checked(fetched, (*features.dictionary, *beside), features.groups)
    if outcomes.duplicated(_KEY).any():
        raise DataError("An index discharge appears more than once in the cohort.", where=", ".join(_KEY))
    joined = outcomes.merge(table, on=_KEY, how="left", indicator=True)
    if (joined["_merge"] != "both").any():
        raise DataError("Cohort and feature table do not hold the same index discharges.", where=", ".join(_KEY))
    return partition_frames(
        joined[_KEY + _OUTCOME],
        joined[inputs],
        joined[groups].set_axis(list(features.groups), axis="columns"),
        features.dictionary,
        window_end=cohort.window[1],
        settings=settings,
        scores=joined[[entry.name for entry in scores]],
    )


def partition_frames(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    groups: pd.DataFrame,
    dictionary: tuple[Feature, ...],
    *,
    window_end: int,
    settings: ValidationSettings,
    scores: pd.DataFrame | None = None,
) -> ModellingData:
    """Divide index discharges by time, by trust, or by both, and development by person.

    By time, the test is every discharge on or after the cut. A discharge is in development if the last day of its outcome
    window lies before the cut, so that nothing that happened in the test period was known when the model was
    made. Between the two lies the gap, which is used for neither. A calibration window, if the study asks for one, lies between two
    gaps of that kind: development ends before it as it would before the test. How trusts change that is said in `split_rows`.

    Parameters
    ----------
    rows
        Key, ``discharge_date``, ``state``, ``outcome_day``, ``event``; any order, any index.
    features, groups
        Model inputs and groups, row by row beside `rows`. A test by trust needs the group ``site_group``.
    dictionary
        The model inputs.
    window_end
        Last day of the outcome window, counted from discharge.
    settings
        Cut and folds.
    scores
        Totals of the clinical scores, row by row beside `rows`; none by default.

    Returns
    -------
    ModellingData
        Sorted by person and index discharge; the same for any order of the rows.

    Raises
    ------
    DataError
        If a key is doubled, a discharge date or an outcome is missing, development, calibration window or test is empty, a trust of
        the test is not there, or development is too short for its folds.
    """
    if not len(rows) == len(features) == len(groups):
        raise ValueError("rows, features and groups differ in length")
    if rows.duplicated(_KEY).any():
        raise DataError("An index discharge appears more than once.", where=", ".join(_KEY))
    for column, words in (("discharge_date", "discharge date"), ("event", "outcome")):
        if rows[column].isna().any():
            raise DataError(f"An index discharge has no {words}.", where=column)
    order = rows[_KEY].reset_index(drop=True).sort_values(_KEY, kind="stable").index.to_numpy()
    kept = rows[_KEY + _OUTCOME].iloc[order].reset_index(drop=True)
    kept["discharge_date"] = pd.to_datetime(kept["discharge_date"]).astype("datetime64[ns]")
    kept["outcome_day"] = kept["outcome_day"].astype("float64")
    kept["event"] = kept["event"].astype("int8")

    kept["split"] = split_rows(kept, groups.iloc[order].reset_index(drop=True), window_end, settings)
    development = kept["split"] == "development"
    kept["fold"] = np.int64(-1)
    part = kept.loc[development]
    kept.loc[development, "fold"] = person_folds(part["person_id"], part["event"], settings.folds, seed=settings.seed)
    blocks = blocks_of(part["discharge_date"], settings.folds, window_end) if settings.folds_forward else None
    columns = [*_KEY, "discharge_date", "split", "fold", "state", "outcome_day", "event"]
    if blocks is not None:
        kept["block"] = np.where(development, blocks.of(kept["discharge_date"]), -1)
        columns.insert(columns.index("fold") + 1, "block")
    inputs = features[[feature.name for feature in dictionary]]
    return ModellingData(
        rows=kept[columns],
        features=inputs.iloc[order].reset_index(drop=True).astype("float64"),
        groups=groups.iloc[order].reset_index(drop=True).astype(object),
        dictionary=dictionary,
        scores=pd.DataFrame() if scores is None else scores.iloc[order].reset_index(drop=True).astype("float64"),
        tested=settings.tested,
        blocks=blocks,
    )
