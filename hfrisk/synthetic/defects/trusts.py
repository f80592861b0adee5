"""Defects of one trust, or of a time: stays that leave the data, records that begin late or fade at the end."""

from __future__ import annotations

from datetime import date

import numpy as np

from hfrisk.synthetic.defects.batch import Batch
from hfrisk.synthetic.draws import DAY, Bools, day_number
from hfrisk.synthetic.settings import RegionSettings

__all__ = [
    "FIRST_WAVE",
    "after_the_step",
    "covid_dip",
    "first_day_of_trust",
    "lookback_truncated",
    "step_of",
    "thinning_end",
    "volume_step",
    "zero_day_step",
]

# which trust, by size: the largest is 0
_TRUST = {"coding_step": 0, "volume_step": 1, "zero_day_step": 2, "lookback_truncated": 3}
FIRST_WAVE = (date(2020, 3, 23), date(2020, 6, 30))  # first national lockdown in England, until visits had come back
_FADING_MONTHS = 12


def step_of(name: str, settings: RegionSettings) -> tuple[int, date]:
    """Position of the trust that a defect strikes, and the first day of the step: a month in the middle of the records."""
    middle = date.fromordinal((settings.discharges_from.toordinal() + settings.data_end.toordinal()) // 2)
    return min(_TRUST[name], settings.trusts - 1), middle.replace(day=1)


def first_day_of_trust(rate: float, settings: RegionSettings) -> date:
    """The day on which the records of the truncated trust begin."""
    days = (settings.data_end - settings.data_start).days + 1
    return date.fromordinal(settings.data_start.toordinal() + round(rate * days))


def after_the_step(batch: Batch, name: str) -> Bools:
    """Visits of the struck trust that begin on the day of the step or later."""
    trust, day = step_of(name, batch.settings)
    visits = batch.visits()
    return np.asarray((visits.site == trust + 1) & (visits.start // DAY >= day_number(day)), dtype=np.bool_)


def volume_step(batch: Batch, rate: float) -> int:
    """One trust's inpatient stays leave the data from a month on."""
    return batch.lose_visits(batch.some(batch.visits().stay & after_the_step(batch, "volume_step"), rate))


def zero_day_step(batch: Batch, rate: float) -> int:
    """One trust's emergency stays of no night leave the data from a month on."""
    visits = batch.visits()
    same_day = visits.emergency & (visits.nights == 0)
    return batch.lose_visits(batch.some(same_day & after_the_step(batch, "zero_day_step"), rate))


def lookback_truncated(batch: Batch, rate: float) -> int:
    """One trust's visits before a day are missing; the rate is that part of the whole period."""
    visits = batch.visits()
    trust = min(_TRUST["lookback_truncated"], batch.settings.trusts - 1)
    before = visits.start // DAY < day_number(first_day_of_trust(rate, batch.settings))
    return batch.lose_visits(np.asarray(before & (visits.site == trust + 1), dtype=np.bool_))


def thinning_end(batch: Batch, rate: float) -> int:
    """Visits of the last twelve months fade, evenly from none to the rate in the last month."""
    month = (batch.visits().start // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    last = np.int64(batch.last_day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    share = np.maximum(_FADING_MONTHS - (last - month), 0) / _FADING_MONTHS
    return batch.lose_visits(batch.some(share > 0, rate * share))


def covid_dip(batch: Batch, rate: float) -> int:
    """Visits of the first pandemic wave are missing."""
    day = batch.visits().start // DAY
    wave = (day >= day_number(FIRST_WAVE[0])) & (day <= day_number(FIRST_WAVE[1]))
    return batch.lose_visits(batch.some(wave, rate))
