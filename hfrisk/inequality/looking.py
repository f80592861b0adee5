"""The picture as a whole: from a cohort and its features to every table of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hfrisk.errors import DataError
from hfrisk.inequality.case_mix import COMORBIDITY, case_mix_design, expected_risk
from hfrisk.inequality.census import read_census, represented
from hfrisk.inequality.clustered import Floats
from hfrisk.inequality.gaps import care_gaps, features_wanted, not_recorded
from hfrisk.inequality.indices import slope_rows
from hfrisk.inequality.people import People, people_of
from hfrisk.inequality.rates import pair_rates, rates_by_group
from hfrisk.inequality.results import COLUMNS, OUTCOMES, PALLIATIVE, Inequality
from hfrisk.inequality.settings import InequalitySettings
from hfrisk.inequality.standardised import read_standard

if TYPE_CHECKING:
    from hfrisk.cohort import Cohort
    from hfrisk.features import FeatureTable

__all__ = ["look_at_inequality", "look_at_rows"]

_KEY = ["person_id", "index_id"]
_IMD, _SITE = "imd_quintile", "site_group"
_AGE = "age"
_LEAST = 10
"""Events, and non-events, below which no index is worked out (decision 19)."""


def look_at_inequality(
    cohort: Cohort,
    features: FeatureTable,
    settings: InequalitySettings,
    wanted: Sequence[str],
    *,
    confidence: float = 0.95,
    among: pd.DataFrame | None = None,
) -> Inequality:
    """Fetch every index discharge that was seen for the whole window, and look at it.

    Parameters
    ----------
    cohort, features
        The index discharges, and what was known at discharge.
    settings
        Standard, census, pairs.
    wanted
        Groups (`AssessmentSettings.groups`); those that the features lack are passed over.
    confidence
        Of the intervals (0 to 1).
    among
        The discharges that count (person_id, index_id); all by default. A study with a model hands on those of development and test, so
        that the picture is of the very people whom its other tables count.

    Raises
    ------
    DataError
        If cohort and features do not hold the same index discharges.
    StudyError
        If the file of the standard or of the census cannot be used.
    """
    flags = [PALLIATIVE] if PALLIATIVE in cohort.table.columns else []
    rows = cohort.cdm.frame(cohort.table.select(*_KEY, "state", *flags), "inequality")
    made = {feature.name: feature.words for feature in features.catalogue}
    numbers = [name for name in (*features_wanted(settings.recorded), _AGE, *COMORBIDITY) if name in made]
    groups = [name for name in wanted if name in features.groups]
    columns = [f"group_{name}" for name in groups]
    table = cohort.cdm.frame(features.table.select(*_KEY, *dict.fromkeys(numbers), *columns), "inequality")
    joined = rows.merge(table, on=_KEY, how="left", indicator=True)
    if len(joined) != len(rows) or (joined["_merge"] != "both").any():
        raise DataError("Cohort and feature table do not hold the same index discharges.", where=", ".join(_KEY))
    joined = joined[joined["state"] != "censored"]
    if among is not None:
        joined = joined.merge(among[_KEY], on=_KEY, how="inner")
    joined = joined.sort_values(_KEY, kind="stable").reset_index(drop=True)
    named = joined[columns].set_axis(groups, axis="columns")
    return look_at_rows(joined[rows.columns], joined[numbers], named, settings, confidence=confidence, words=made)


def look_at_rows(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    groups: pd.DataFrame,
    settings: InequalitySettings,
    *,
    confidence: float = 0.95,
    words: dict[str, str] | None = None,
) -> Inequality:
    """The same from frames in memory.

    Parameters
    ----------
    rows
        person_id, state (readmitted, died, none), palliative where it is known; one row a discharge seen for the whole window.
    features
        Numbers by feature, NaN is not recorded; rows as in `rows`. Those that are not there were not made.
    groups
        Text columns, rows as in `rows`.
    settings, confidence
        As in `look_at_inequality`.
    words
        What each feature is called.
    """
    people = people_of(rows, groups)
    names = list(groups.columns)
    also = [PALLIATIVE] if PALLIATIVE in people.groups else []
    weight = _standard(people, settings)
    how = {"confidence": confidence, "least_coverage": settings.least_coverage}
    pairs = [pair for pair in settings.pairs if set(pair) <= set(names)]
    trusts, case_mix = _trusts(people, features)
    census = None if settings.census is None else read_census(settings.census, {n: people.levels(n) for n in names})
    return Inequality(
        rates=rates_by_group(people, [*names, *also], weight, **how),
        pairs=pair_rates(people, pairs, weight, **how),
        slopes=_slopes(people, confidence),
        trusts=trusts,
        gaps=care_gaps(people, features, names),
        missing=not_recorded(people, features, settings.recorded, names, words or {}),
        represented=represented(people, census, names)
        if census is not None
        else pd.DataFrame(columns=COLUMNS["represented"].split()),
        facts={
            "standard": "the study's own discharges" if settings.standard is None else settings.standard.name,
            "case_mix": case_mix,
            "census": settings.census is not None,
            "within": list(settings.representation_within),
            "judged": list(settings.representation_of),
        },
    )


def _standard(people: People, settings: InequalitySettings) -> Floats:
    if settings.standard is not None:
        return read_standard(settings.standard, people.sexes, people.ages)
    counted = np.bincount(people.stratum, minlength=len(people.sexes) * len(people.ages)).astype(float)
    shares: Floats = counted / max(counted.sum(), 1.0)
    return shares


def _slopes(people: People, confidence: float) -> pd.DataFrame:
    columns = COLUMNS["slopes"].split()
    if _IMD not in people.groups:
        return pd.DataFrame(columns=columns)
    fifth = people.groups[_IMD].str[:1]
    recorded = fifth.isin(list("12345")).to_numpy()
    # quintile 1 is the most deprived: ranks rise with deprivation
    rank = (5 - fifth[recorded].astype(int)).to_numpy(dtype=np.intp)
    rows = []
    for outcome in OUTCOMES:
        found = slope_rows(
            people.event[outcome][recorded],
            rank,
            people.stratum[recorded],
            np.unique(people.person[recorded], return_inverse=True)[1].astype(np.intp),
            confidence,
            _LEAST,
        )
        rows += [{"outcome": outcome, **row} for row in found]
    return pd.DataFrame(rows, columns=columns)


def _trusts(people: People, features: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    columns = COLUMNS["trusts"].split()
    if _SITE not in people.groups:
        return pd.DataFrame(columns=columns), ""
    index = next((name for name in COMORBIDITY if name in features), None)
    design, words = case_mix_design(
        features.get(_AGE),
        people.groups.get("age_band"),
        people.groups.get("sex"),
        None if index is None else features[index],
    )
    cells = people.cells(_SITE)
    count = len(cells.names)
    made = {"level": [levels[0] for levels in cells.names], "n": np.bincount(cells.place, minlength=count)}
    for name, outcome in (("readmitted", "readmission"), ("died", "death")):
        made[name] = np.bincount(cells.place, weights=people.event[outcome], minlength=count).astype(int)
    for outcome in OUTCOMES:
        risk = expected_risk(design, people.event[outcome])
        made[f"expected_{outcome}"] = np.bincount(cells.place, weights=risk, minlength=count)
    return pd.DataFrame(made, columns=columns), words
