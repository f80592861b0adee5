"""Which discharges are learnt from, calibrated on, tested on, or used for neither: by time, by trust, or by both (decision 11).

A temporal test asks whether a model holds for the discharges to come, so that a person may have been in development before. A test at
other trusts asks whether it holds where it has learnt nothing, so that nobody who is in the test is learnt from, wherever else they were
discharged, and a discharge whose trust is not known is used for neither: it may have been at a trust of the test.
"""

from __future__ import annotations

import pandas as pd

from hfrisk.errors import DataError
from hfrisk.features import BY_VOLUME, NO_TRUST
from hfrisk.modelling.settings import ValidationSettings

__all__ = ["TRUST", "split_rows"]

TRUST = "site_group"
"""The group that holds the trust of a discharge, or its site where the study has no map of trusts."""

_WHERE = "validation.test_trusts"


def split_rows(rows: pd.DataFrame, groups: pd.DataFrame, window_end: int, settings: ValidationSettings) -> pd.Series:
    """The part of each discharge: development, calibration, gap or test.

    Parameters
    ----------
    rows
        ``person_id`` and ``discharge_date``.
    groups
        Rows as in `rows`; the column ``site_group`` where the test is by trust.
    window_end
        Last day of the outcome window, counted from discharge.
    settings
        - Neither `test_trusts` nor `test_from`: the latest share of discharges is the test.
        - `test_from`: every discharge from that day on is the test, and development ends one outcome window before.
        - `test_trusts`: every discharge at those trusts is the test, and development is the discharges at other known trusts, of people
          who are not in the test. There is no cut in time, and a calibration window is the latest of those discharges.
        - Both: the discharges at those trusts from that day on are the test; development is that of a test by trust, and ends one outcome
          window before that day. What was at the trusts of the test before it is used for neither.

    Returns
    -------
    Series
        Text, indexed as `rows`.

    Raises
    ------
    DataError
        If a trust is not there, no trust is known, or development, calibration window or test is empty.
    """
    if rows.empty:
        raise DataError("There are no index discharges to divide.", todo="Look at the flow of exclusions.")
    day = rows["discharge_date"].dt.normalize()
    known = day + pd.Timedelta(days=window_end)
    cut, setting = _cut(day, settings)
    test = pd.Series(True, index=rows.index) if cut is None else day >= cut
    before = pd.Series(True, index=rows.index) if cut is None else known < cut
    if settings.test_trusts:
        trust = _trusts(groups).set_axis(rows.index)
        _refuse_unknown(trust, settings.test_trusts)
        there = trust.isin(settings.test_trusts)
        test &= there
        before &= ~there & ~trust.isin(NO_TRUST) & ~rows["person_id"].isin(rows.loc[test, "person_id"])
    split = pd.Series("gap", index=rows.index, dtype=object)
    split[test] = "test"
    begin = _calibration_begins(day[before], settings)
    split[before] = "development"
    if begin is not None:
        split[before & (known >= begin)] = "gap"
        split[before & (day >= begin)] = "calibration"
    _refuse_empty(split, settings, setting, windowed=begin is not None)
    return split


def _cut(day: pd.Series, settings: ValidationSettings) -> tuple[pd.Timestamp | None, str]:
    """First day of the test, None where there is no cut in time, and the setting that says so."""
    if settings.test_from is not None:
        return pd.Timestamp(
            settings.test_from
        ), f"{_WHERE}, validation.test_from" if settings.test_trusts else "validation.test_from"
    if settings.test_trusts:
        return None, _WHERE
    return _cut_by_share(day, settings.test_share), "validation.test_share"


def _trusts(groups: pd.DataFrame) -> pd.Series:
    """The trust of each discharge; refused where nothing is known of it."""
    if TRUST in groups:
        trust = groups[TRUST].astype(object).where(groups[TRUST].notna(), NO_TRUST[0]).astype(str)
        if not trust.isin(NO_TRUST).all():
            return trust
    raise DataError(
        "The test is to be at some trusts, but no trust is recorded for any index discharge.",
        where=_WHERE,
        todo="Give the site of each stay (care_site_id) and, to name trusts, source.maps.trust; or test by time (validation.test_from).",
    )


def _refuse_unknown(trust: pd.Series, named: tuple[str, ...]) -> None:
    there = sorted(set(trust) - set(NO_TRUST))
    unknown = [name for name in named if name not in there]
    if not unknown:
        return
    todo = f"Name some of: {', '.join(there)}."
    if set(there) & set(BY_VOLUME):
        todo += " There are more sites than features.most_sites; raise it to have them by name."
    raise DataError(
        f"No index discharge is at a trust called {', '.join(unknown)}."
        if not set(unknown) & set(NO_TRUST)
        else "A test at trusts names trusts: discharges whose trust is not known are no place.",
        where=_WHERE,
        todo=todo,
    )


def _refuse_empty(split: pd.Series, settings: ValidationSettings, setting: str, *, windowed: bool) -> None:
    by_trust = bool(settings.test_trusts)
    if not (split == "test").any():
        raise DataError(
            "No index discharge at the trusts of the test falls on or after its start."
            if by_trust
            else "No index discharge falls on or after the start of the temporal test.",
            where=setting,
            todo="Choose an earlier start, or other trusts."
            if by_trust
            else "Choose an earlier start, or a larger share for the test.",
        )
    if windowed and not (split == "calibration").any():
        raise DataError(
            "No index discharge lies in the calibration window.",
            where="validation.calibration_from",
            todo="Choose an earlier start of the window, or leave it empty to calibrate out of fold.",
        )
    if not (split == "development").any():
        raise DataError(
            "No index discharge is left for development: all are at the trusts of the test, of people who are in it, or were not complete "
            "in time."
            if by_trust
            else "No index discharge is left for development: all are in the test, or their outcome window reaches into it.",
            where=setting,
            todo="Name fewer trusts, or choose a later start."
            if by_trust
            else "Choose a later start, or a smaller share for the test.",
        )


def _calibration_begins(before_test: pd.Series, settings: ValidationSettings) -> pd.Timestamp | None:
    if settings.calibration_from is not None:
        return pd.Timestamp(settings.calibration_from)
    if settings.calibration_share is None or before_test.empty:
        return None
    return _cut_by_share(before_test, settings.calibration_share)


def _cut_by_share(day: pd.Series, share: float) -> pd.Timestamp:
    """The day from which on the share of discharges comes nearest to `share` (the later day if two tie)."""
    per_day = day.value_counts().sort_index()
    from_day = per_day[::-1].cumsum() / per_day.sum()
    cut: pd.Timestamp = (from_day - share).abs().idxmin()
    return cut
