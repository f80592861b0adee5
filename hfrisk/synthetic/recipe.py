"""The published numbers of the made-up region (codelists/region.yaml), and the ICD-10 codes that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hfrisk.codelists import read_csv, read_yaml
from hfrisk.synthetic.draws import Floats, Ints, pick

__all__ = ["CodeBook", "Recipe", "load_recipe"]


@dataclass(frozen=True)
class CodeBook:
    """Every ICD-10 code that the region can write, by position.

    Parameters
    ----------
    icd10
        Codes with dots, UK edition.
    concepts
        Standard concept id of each, 0 where none is known here.
    frailty
        Position of its three-character code in the Hospital Frailty Risk Score, -1 where it does not score.
    frailty_weights
        Points of each of the score's 109 codes.
    filler
        For each of the 109, the position in `icd10` of the code that is written for it.
    filler_shares
        How common each of the 109 is among codes of frailty.
    """

    icd10: tuple[str, ...]
    concepts: Ints
    frailty: Ints
    frailty_weights: Floats
    filler: Ints
    filler_shares: Floats

    def positions(self, codes: Sequence[str] | Mapping[str, float]) -> Ints:
        """Where these codes are in the book."""
        return np.array([self.icd10.index(str(code)) for code in codes], dtype=np.int64)

    def draw(self, rng: np.random.Generator, shares: Mapping[str, float], size: int) -> Ints:
        """`size` positions in the book, drawn with these shares."""
        return self.positions(shares)[pick(rng, shares, size)]


@dataclass(frozen=True)
class Recipe:
    """The numbers, the code book, and the names in the order in which arrays keep them."""

    numbers: Mapping[str, Any]
    codes: CodeBook
    long_term: tuple[str, ...]
    tests: tuple[str, ...]
    drugs: tuple[int, ...]

    def __getitem__(self, section: str) -> Any:
        return self.numbers[section]

    def test(self, name: str) -> int:
        """The column of a laboratory test or vital sign."""
        return self.tests.index(name)

    @property
    def drug_names(self) -> list[str]:
        """The names of the drugs, in their order."""
        names = {**self.numbers["drug_names"], **self.numbers["other_drug_names"]}
        return [names[concept] for concept in self.drugs]

    def condition(self, name: str) -> int:
        """The column of a long-term condition."""
        return self.long_term.index(name)


@cache
def load_recipe() -> Recipe:
    """Read the published numbers once."""
    numbers = read_yaml("region.yaml")
    return Recipe(
        numbers=numbers,
        codes=_code_book(numbers),
        long_term=tuple(numbers["long_term"]),
        tests=tuple(numbers["laboratory"]),
        drugs=(*numbers["drug_names"], *numbers["other_drug_names"]),
    )


def _code_book(numbers: Mapping[str, Any]) -> CodeBook:
    fillers = read_csv("region_frailty_codes.csv")
    written = {row["code"]: row["icd10"] for row in fillers}
    shares = {row["code"]: float(row["share"]) for row in fillers}
    scored = [row["code"] for row in read_csv("hfrs.csv")]
    codes = list(dict.fromkeys([*_codes_in(numbers), *written.values()]))
    prefixes = sorted(numbers["concepts"]["conditions"].items(), key=lambda item: -len(item[0]))
    concepts = [next((concept for prefix, concept in prefixes if code.startswith(prefix)), 0) for code in codes]
    place = {code: position for position, code in enumerate(scored)}
    return CodeBook(
        icd10=tuple(codes),
        concepts=np.array(concepts, dtype=np.int64),
        frailty=np.array([place.get(code[:3], -1) for code in codes], dtype=np.int64),
        frailty_weights=np.array([float(row["weight"]) for row in read_csv("hfrs.csv")]),
        filler=np.array([codes.index(written[code]) for code in scored], dtype=np.int64),
        filler_shares=np.array([shares[code] for code in scored]),
    )


def _codes_in(numbers: Mapping[str, Any]) -> list[str]:
    heart_failure = [*numbers["heart_failure"]["codes"], *numbers["heart_failure"]["secondary"]]
    long_term = [code for condition in numbers["long_term"].values() for code in condition["codes"]]
    stays = [code for key in ("emergency_stay", "planned_stay", "attendance") for code in numbers[key]["codes"]]
    return [str(code) for code in [*heart_failure, *long_term, *stays, *numbers["index_stay"]["acute_codes"]]]
