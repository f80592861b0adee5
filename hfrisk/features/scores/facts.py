"""What is known of each score: its inputs, what its total means, and the outcome that it was made for. All of it is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from hfrisk.codelists import read_yaml

__all__ = ["CODELIST", "SCORES", "Band", "Outcome", "ScoreFacts"]

CODELIST = "scores.yaml"
Outcome = Literal["composite", "readmission", "death_in_hospital", "death"]


@dataclass(frozen=True)
class Band:
    """A band of the total: where it begins, what it is called, and the risk that its authors found in it (in words)."""

    begins: float
    name: str
    risk: str


@dataclass(frozen=True)
class ScoreFacts:
    """One score.

    Parameters
    ----------
    name
        Short name; `total` is its column.
    words
        As a clinician would say it.
    outcome
        What it was made to predict: ``composite`` (readmission or death), ``readmission``, ``death_in_hospital`` or ``death``.
    horizon_days
        Within how many days; None within the stay.
    highest
        The highest total.
    bands
        Published bands, lowest first; empty where there are none.
    inputs
        The columns that it is put together from, with their words.
    normal
        What stands in for an input that is missing, where a study asks for it; an input that is not here is never assumed.
    always
        Inputs that every index discharge has by what they are, where their column is made.
    needs_length_of_stay
        Whether it can only be put together at discharge.
    source
        Papers, and where the numbers were seen.
    """

    name: str
    words: str
    outcome: Outcome
    horizon_days: int | None
    highest: float
    bands: tuple[Band, ...]
    inputs: Mapping[str, str]
    normal: Mapping[str, float]
    always: tuple[str, ...]
    needs_length_of_stay: bool
    source: str

    @property
    def total(self) -> str:
        """The column of the total (of PARR-30: of the probability)."""
        return f"score_{self.name}"

    @property
    def observed(self) -> str:
        """The column of how many inputs were observed."""
        return f"{self.name}_observed"

    @property
    def data(self) -> Mapping[str, Any]:
        """Everything that the code list says of it."""
        return read_yaml(CODELIST)[self.name]  # type: ignore[no-any-return]


def _facts(name: str, data: Mapping[str, Any]) -> ScoreFacts:
    return ScoreFacts(
        name,
        data["words"],
        data["outcome"],
        data["horizon_days"],
        float(data["highest"]),
        tuple(Band(float(band["from"]), str(band["name"]), band.get("risk", "")) for band in data["bands"]),
        MappingProxyType(data["inputs"]),
        MappingProxyType({column: float(value) for column, value in data["normal"].items()}),
        tuple(data["always"]),
        bool(data.get("needs_length_of_stay", False)),
        data["source"],
    )


SCORES: Mapping[str, ScoreFacts] = MappingProxyType(
    {name: _facts(name, data) for name, data in read_yaml(CODELIST).items() if "outcome" in data}
)
"""Every score, by its short name, in the order in which they are made."""
