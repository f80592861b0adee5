"""What the dictionary says of medicines."""

from __future__ import annotations

from datetime import date
from typing import Any

from hfrisk.codelists import read_yaml
from hfrisk.features.dictionary import Direction, Feature, Kind, Role
from hfrisk.features.family import Context

__all__ = ["Words"]

_DOSED = ("drug_exposure", "drug_strength")


class Words:
    """The entries of the family; `lasting` says whether the source knows orders over days, or single administrations only."""

    def __init__(self, context: Context, *, lasting: bool) -> None:
        hours = context.settings.medicines_hours
        self.rules: dict[str, Any] = read_yaml("medicine_rules.yaml")
        self.many = int(self.rules["polypharmacy"])
        self.end = f"{hours} hours up to 24 hours after admission" if context.early else f"last {hours} hours of the stay"
        self.until = "24 hours after admission" if context.early else "discharge"
        year = "given or prescribed" if lasting else "given in hospital"
        self.before = f"{year} in the year before admission"
        self.stay = f"in the stay: {self.end}, against its first 24 hours and what was {self.before}"

    def last(self, name: str, entry: dict[str, Any], since: date | None) -> Feature:
        """A class in the last hours."""
        role: Role = "input" if entry.get("input") else "more"
        direction: Direction = "higher" if entry.get("avoid") else "either"
        return self._entry(name, entry["words"], _dated(self.end, since), direction=direction, role=role)

    def year(self, name: str, entry: dict[str, Any], since: date | None) -> Feature:
        """A class in the year before."""
        return self._entry(f"{name}_year", f"{entry['words']} in the year before", _dated(self.before, since))

    def started(self, name: str, entry: dict[str, Any], since: date | None) -> Feature:
        """A class begun in the stay."""
        return self._entry(f"{name}_started", f"{entry['words']} started in the stay", _dated(self.stay, since))

    def stopped(self, name: str, entry: dict[str, Any], since: date | None) -> Feature:
        """A class stopped in the stay."""
        return self._entry(f"{name}_stopped", f"{entry['words']} stopped in the stay", _dated(self.stay, since))

    def pillars(self, most: int) -> Feature:
        """How many of the four pillars were given."""
        return self._count("pillars", "how many of the four pillars of treatment", self.end, most, "lower", "input")

    def pillars_available(self, most: int) -> Feature:
        """How many of the four pillars could be had."""
        words = "how many of the four pillars of treatment could be had"
        return self._count("pillars_available", words, "at the time", most, "either", modifiable=False)

    def pillars_missing(self, most: int) -> Feature:
        """How many of those that could be had were not given."""
        words = "how many of the pillars that could be had were not given"
        return self._count("pillars_missing", words, self.end, most, "higher")

    def into_a_vein(self, hours: int) -> Feature:
        """A loop diuretic into a vein."""
        role: Role = "input" if hours == 48 else "more"
        window = f"last {hours} hours before {self.until}"
        words = f"loop diuretic into a vein in the last {hours} hours"
        return self._entry(f"loop_diuretic_iv_{hours}h", words, window, direction="higher", role=role)

    def dose(self) -> Feature:
        """The dose of loop diuretic of the last day."""
        believed = self.rules["furosemide_equivalent"]
        return Feature(
            "loop_furosemide_equivalent_mg",
            "loop diuretic, as furosemide by mouth",
            family="medicines",
            theme="Medicines",
            unit="mg/day",
            window=f"last 24 hours before {self.until}; 0 where none was given",
            sources=_DOSED,
            precision=1,
            lower=float(believed["lower"]),
            upper=float(believed["upper"]),
            direction="higher",
            modifiable=True,
            skewed=True,
            monotone="increasing",
        )

    def dose_change(self) -> Feature:
        """How the dose of loop diuretic changed."""
        most = float(self.rules["furosemide_equivalent"]["upper"])
        return Feature(
            "loop_dose_change",
            "change of the dose of loop diuretic, as furosemide by mouth",
            family="medicines",
            theme="Medicines",
            unit="mg/day",
            window="last 24 hours less first 24 hours of a stay of more than 48 hours",
            sources=_DOSED,
            precision=1,
            lower=-most,
            upper=most,
            modifiable=True,
            role="more",
        )

    def count(self) -> Feature:
        """How many medicines in the last hours."""
        return self._count("medicines_count", "number of medicines", self.end, 60, "higher", "input", skewed=True)

    def count_year(self) -> Feature:
        """How many medicines in the year before."""
        words = "number of medicines in the year before"
        return self._count("medicines_count_year", words, self.before, 150, "higher", skewed=True)

    def polypharmacy(self) -> Feature:
        """Whether that is many."""
        return self._entry("polypharmacy", f"{self.many} or more medicines", self.end, direction="higher")

    def together(self, name: str, entry: dict[str, Any]) -> Feature:
        """Medicines that were given together."""
        direction: Direction = "higher" if name.startswith("interaction_") else "either"
        return self._entry(name, entry["words"], self.end, direction=direction)

    def to_avoid(self, most: int) -> Feature:
        """How many classes that may make heart failure worse."""
        words = "number of kinds of medicine that may make heart failure worse"
        return self._count("medicines_to_avoid", words, self.end, most, "higher")

    def _entry(
        self, name: str, words: str, window: str, *, direction: Direction = "either", role: Role = "more"
    ) -> Feature:
        return _feature(name, words, window, "", 1, direction, role, kind="binary")

    def _count(
        self,
        name: str,
        words: str,
        window: str,
        most: int,
        direction: Direction,
        role: Role = "more",
        *,
        skewed: bool = False,
        modifiable: bool = True,
    ) -> Feature:
        return _feature(
            name, words, window, "count", most, direction, role, kind="count", skewed=skewed, modifiable=modifiable
        )


def _feature(
    name: str,
    words: str,
    window: str,
    unit: str,
    upper: float,
    direction: Direction,
    role: Role,
    *,
    kind: Kind,
    skewed: bool = False,
    modifiable: bool = True,
) -> Feature:
    return Feature(
        name,
        words,
        family="medicines",
        theme="Medicines",
        unit=unit,
        window=window,
        sources=("drug_exposure",),
        precision=1,
        lower=0,
        upper=upper,
        direction=direction,
        modifiable=modifiable,
        skewed=skewed,
        kind=kind,
        role=role,
    )


def _dated(window: str, since: date | None) -> str:
    if since is None:
        return window
    return f"{window}; before {since.day} {since:%B %Y} not available rather than not given, unless it was given"
