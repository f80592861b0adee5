"""From when until when admissions are in the source, where the study does not say."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.stays import inpatient_stays

__all__ = ["data_period"]

_THIN = 0.05  # a month with less than this share of the usual number of stays is a stray record, not the beginning of the data


def data_period(
    cdm: Cdm, settings: CohortSettings, declared_start: date | None, declared_end: date | None
) -> tuple[date, date] | None:
    """First and last day on which an admission would have been seen; None if there is no inpatient stay that ended.

    The end is the latest discharge that is not in the future, or the latest one of all where all lie in the future (shifted calendars).
    The beginning is the first stay of the first month that has at least a twentieth of the usual number of stays, so that a few stray
    dates do not make the data look longer than they are.
    """
    if declared_start is not None and declared_end is not None:
        return declared_start, declared_end
    stays = inpatient_stays(cdm, settings)
    today = ibis.literal(date.today())
    months = cdm.frame(
        stays.group_by(month=stays.start_date.year() * 12 + stays.start_date.month()).aggregate(
            stays=stays.count(),
            first=stays.start_date.min(),
            plausible=stays.end_date.max(where=stays.end_date <= today),
            latest=stays.end_date.max(),
        ),
        "period of the data",
    )
    if months.empty:
        return None
    end = declared_end
    if end is None:
        plausible = months["plausible"].dropna()
        end = pd.Timestamp((plausible if len(plausible) else months["latest"]).max()).date()
    start = declared_start
    if start is None:
        within = months[pd.to_datetime(months["first"]) <= pd.Timestamp(end)]
        usual = within["stays"].median()
        start = pd.Timestamp(within.loc[within["stays"] >= _THIN * usual, "first"].min()).date()
    return start, end
