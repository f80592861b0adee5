"""The book of defects: their names, the order in which they are planted, and what was planted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from hfrisk.codelists import read_yaml
from hfrisk.errors import StudyError
from hfrisk.synthetic.defects import codes, inequality, laboratory, records, stays, trusts
from hfrisk.synthetic.defects.batch import Batch
from hfrisk.synthetic.defects.nhs import STREAM, add_nhs_columns
from hfrisk.synthetic.person_tables import Offsets
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings

__all__ = ["ORDER", "Planted", "Planter", "check_names", "defects_from", "describe_defects"]

# Stays first, then what is lost, then what is written wrongly, then what is written twice, then what points nowhere:
# a later defect may strike a row that an earlier one planted, and never undoes it by accident of order.
ORDER: tuple[Callable[[Batch, float], int | dict[str, int]], ...] = (
    stays.transfers_split,
    stays.transfers_uncoded,
    stays.same_day_readmission,
    stays.overlapping_stays,
    stays.direct_as_9201,
    stays.regular_attenders,
    inequality.returns_unrecorded_in_deprived,
    inequality.returns_added_in_deprived,
    inequality.attendances_unrecorded_in_deprived,
    trusts.covid_dip,
    trusts.volume_step,
    trusts.zero_day_step,
    trusts.lookback_truncated,
    trusts.thinning_end,
    codes.coding_step,
    codes.i50_0_dropped,
    codes.cm_codes,
    codes.diagnoses_dropped,
    laboratory.hb_g_per_dl,
    laboratory.creatinine_mg_per_dl,
    laboratory.potassium_mass_concept,
    laboratory.bnp_as_nt_probnp,
    laboratory.nt_probnp_ceiling,
    records.month_start_deaths,
    records.late_deaths,
    records.future_dates,
    records.before_birth,
    records.after_death,
    records.ethnicity_missing_by_deprivation,
    stays.duplicated_visits,
    records.repeated_person_rows,
    records.duplicated_persons,
    codes.unmapped,
    codes.no_condition_status,
    codes.dangling_visits,
)
_STEPS = ("coding_step", "volume_step", "zero_day_step")


@dataclass(frozen=True)
class Planted:
    """What became of one defect.

    Parameters
    ----------
    name
        Its name.
    rate
        As asked, 0 to 1; `describe_defects` says of what.
    planted
        How many rows, stays, visits or people were struck.
    unit
        Which of these.
    what
        What was done, in words.
    where
        For a defect of one trust or one time: its source value, its first day, its last.
    tables
        For a defect of several tables: the rows struck in each.
    """

    name: str
    rate: float
    planted: int
    unit: str
    what: str
    where: Mapping[str, str]
    tables: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """As region.json lists it."""
        told: dict[str, Any] = {"rate": self.rate, "planted": self.planted, "unit": self.unit, "what": self.what}
        return {**told, **self.where, **({"tables": dict(self.tables)} if self.tables else {})}


class Planter:
    """Plants the defects of the settings into one batch of tables after another, and counts them.

    Each defect of each batch has its own random stream, ``default_rng([seed, batch, part, name])``, so that switching
    one on changes nothing else.

    Raises
    ------
    StudyError
        If the settings name a defect that does not exist.
    """

    def __init__(self, settings: RegionSettings, recipe: Recipe) -> None:
        check_names(settings.defects)
        self._settings = settings
        self._recipe = recipe
        self._ids = Offsets()
        self._planted: dict[str, dict[str, int]] = {name: {} for name in settings.defects}

    def plant(self, tables: dict[str, pa.Table], batch: int, part: int) -> dict[str, pa.Table]:
        """The tables as they are written: with the NHS's columns and the defects that the settings ask for."""
        settings = self._settings
        if not settings.nhs_columns and not settings.defects:
            return tables
        work = Batch(dict(tables), settings, self._recipe, self._ids)
        if settings.nhs_columns:
            work.rng = np.random.default_rng([settings.seed, batch, part, STREAM])
            add_nhs_columns(work)
        for defect in ORDER:
            name = defect.__name__
            if name in settings.defects:
                work.rng = np.random.default_rng([settings.seed, batch, part, crc32(name.encode())])
                struck = defect(work, settings.defects[name])
                for table, n in struck.items() if isinstance(struck, dict) else [("", struck)]:
                    self._planted[name][table] = self._planted[name].get(table, 0) + n
        return work.tables

    @property
    def planted(self) -> tuple[Planted, ...]:
        """What was planted so far, in the order of the settings."""
        words = _words()
        return tuple(
            Planted(
                name=name,
                rate=rate,
                planted=sum(self._planted[name].values()),
                unit=words[name]["counts"],
                what=words[name]["what"],
                where=self._where(name, rate),
                tables={table: n for table, n in self._planted[name].items() if table},
            )
            for name, rate in self._settings.defects.items()
        )

    def _where(self, name: str, rate: float) -> dict[str, str]:
        if name in _STEPS:
            trust, day = trusts.step_of(name, self._settings)
            return {"trust": f"X{trust:02d}", "from": day.isoformat()}
        if name == "lookback_truncated":
            trust, _ = trusts.step_of(name, self._settings)
            return {"trust": f"X{trust:02d}", "from": trusts.first_day_of_trust(rate, self._settings).isoformat()}
        if name == "returns_added_in_deprived":
            return {"from": inequality.first_day_of_returns(self._settings).isoformat()}
        if name == "covid_dip":
            first, last = trusts.FIRST_WAVE
            return {"from": first.isoformat(), "to": last.isoformat()}
        return {}


def describe_defects() -> list[dict[str, str]]:
    """Every defect as a row of words: `name`, `what` is done, `rate` (share of what), `counts`, `found_by`."""
    return [{"name": name, **words} for name, words in _words().items()]


def defects_from(texts: Iterable[str]) -> dict[str, float]:
    """Defects and their rates from words such as ``hb_g_per_dl=0.03``.

    Raises
    ------
    StudyError
        If a name is unknown, or a rate is not a number from 0 to 1.
    """
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            rate = float(number)
        except ValueError:
            rate = -1.0
        check_names([name.strip()])
        if not 0 <= rate <= 1:
            raise StudyError(
                "A defect needs a rate from 0 to 1.", where=f"--defect {text}", todo="Write it as in hb_g_per_dl=0.03."
            )
        found[name.strip()] = rate
    return found


def check_names(names: Iterable[str]) -> None:
    """Refuse a name that is not in the book."""
    known = sorted(_words())
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]}? " if close else ""
            raise StudyError(
                f"There is no defect called {name}.", where="defects", todo=f"{hint}The names are {', '.join(known)}."
            )


def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = read_yaml("region_defects.yaml")["defects"]
    return words
