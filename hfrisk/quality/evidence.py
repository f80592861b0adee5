"""What the checks look at: the source, the cohort, the settings, and small frames that are computed once and shared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.cdm import Cdm, SourceSettings
from hfrisk.cohort import Cohort, CohortSettings
from hfrisk.quality import by_site, survey
from hfrisk.quality.settings import QualitySettings
from hfrisk.quality.words import MonthNumber, month_end, month_of, month_start

__all__ = ["Evidence", "Panel"]

_WHOLE_MONTH = 3  # a month that lacks no more days than this counts as whole
_BEGUN = 0.5  # of the usual number of admissions, below which a month lies before the beginning of the records
_YEAR = 12


@dataclass(frozen=True)
class Panel:
    """Counts by site (rows) and month (columns, none left out).

    Parameters
    ----------
    sites
        The sites.
    first
        Month of the first column.
    values
        One array a kind of count.
    """

    sites: tuple[str, ...]
    first: MonthNumber
    values: dict[str, npt.NDArray[np.float64]]


@dataclass
class Evidence:
    """The source and the cohort, looked at once for all checks."""

    cdm: Cdm
    cohort: Cohort
    settings: CohortSettings
    source: SourceSettings | None
    quality: QualitySettings

    @cached_property
    def survey(self) -> pd.DataFrame:
        """See `survey.survey`."""
        return survey.survey(
            self.cdm,
            self.cohort.data_end,
            self.settings.inpatient_visit_concepts,
            self.quality.after_death_days,
        )

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The survey without months: one row a table, by its name."""
        return self.survey.drop(columns="month").groupby("table").sum()

    @cached_property
    def recoverable(self) -> dict[str, int]:
        """See `survey.recoverable`."""
        return survey.recoverable(self.cdm)

    @cached_property
    def admissions(self) -> pd.DataFrame:
        """See `by_site.admissions_by_site`."""
        return by_site.admissions_by_site(self.cdm, self.cohort)

    @cached_property
    def discharges(self) -> pd.DataFrame:
        """See `by_site.discharges_by_site`."""
        since = self.begins + timedelta(days=self.quality.look_back_days)
        return by_site.discharges_by_site(self.cdm, self.cohort, since)

    @cached_property
    def coding(self) -> pd.DataFrame:
        """See `by_site.coding_by_month`."""
        return by_site.coding_by_month(
            self.cdm,
            self.cohort.data_end,
            self.settings.inpatient_visit_concepts,
            self.settings.heart_failure.principal_status_concepts,
        )

    @cached_property
    def last_month(self) -> MonthNumber:
        """The last whole month of the data."""
        month = month_of(self.cohort.data_end)
        return month if (month_end(month) - self.cohort.data_end).days <= _WHOLE_MONTH else month - 1

    @cached_property
    def begins(self) -> date:
        """The day from which records are full: as declared; else from the first month with half the admissions of the year after it."""
        if self.source is not None and self.source.data_start is not None:
            return self.source.data_start
        first = month_of(self.cohort.data_start)
        volume = self.monthly(self.admissions, "spells", first, self.last_month)
        for place in range(len(volume) - 1):
            if volume[place] >= _BEGUN * np.median(volume[place + 1 : place + 1 + _YEAR]):
                return max(self.cohort.data_start, month_start(first + place))
        return self.cohort.data_start

    @cached_property
    def panel(self) -> Panel:
        """Admissions by known site, from the beginning of the records to the last whole month."""
        first = month_of(self.begins)
        rows = self.admissions
        rows = rows[(rows["site"] != by_site.UNKNOWN_SITE) & rows["month"].between(first, self.last_month)]
        sites = tuple(sorted(rows["site"].unique()))
        place = {site: row for row, site in enumerate(sites)}
        values = {}
        for kind in ("spells", "heart_failure", "unplanned", "emergencies", "same_day"):
            table = np.zeros((len(sites), max(self.last_month - first + 1, 0)))
            table[rows["site"].map(place).to_numpy(dtype=int), (rows["month"] - first).to_numpy(dtype=int)] = rows[kind]
            values[kind] = table
        return Panel(sites, first, values)

    def monthly(
        self, frame: pd.DataFrame, column: str, first: MonthNumber, last: MonthNumber
    ) -> npt.NDArray[np.float64]:
        """A column summed by month, months without rows as 0."""
        summed = frame.groupby("month")[column].sum()
        values: npt.NDArray[np.float64] = summed.reindex(range(first, last + 1), fill_value=0).to_numpy(dtype=float)
        return values
