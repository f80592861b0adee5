"""Families by name: those that ship, and those that another installed package adds under the entry point ``hfrisk.families``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from hfrisk.errors import StudyError
from hfrisk.features.comorbidity import comorbidity
from hfrisk.features.demography import demography
from hfrisk.features.family import MakesFamily
from hfrisk.features.frailty import frailty
from hfrisk.features.measurements import laboratory
from hfrisk.features.medicines import medicines
from hfrisk.features.own import own
from hfrisk.features.prior_care import prior_care
from hfrisk.features.scores import scores
from hfrisk.features.stay import stay
from hfrisk.fingerprints import file_fingerprint, text_fingerprint

__all__ = ["ENTRY_POINT", "Named", "families_of"]

ENTRY_POINT = "hfrisk.families"

_BUILT_IN: dict[str, MakesFamily] = {
    "demography": demography,
    "stay": stay,
    "prior_care": prior_care,
    "comorbidity": comorbidity,
    "frailty": frailty,
    "laboratory": laboratory,
    "medicines": medicines,
    "own": own,
    "scores": scores,
}


@dataclass(frozen=True)
class Named:
    """A family under the name by which a study asks for it; `version` is empty for one that ships."""

    name: str
    make: MakesFamily
    version: str = ""


def families_of(names: Sequence[str]) -> list[Named]:
    """The families that a study names, in its order, the scores last.

    Raises
    ------
    StudyError
        If a family is named twice, is nowhere or twice among the packages, or cannot be loaded.
    """
    doubled = sorted({name for name in names if list(names).count(name) > 1})
    if doubled:
        raise StudyError(f"The family {doubled[0]} is named twice.", where="features.families", todo="Name it once.")
    added = _added()
    found = []
    for name in names:
        if name in _BUILT_IN:
            found.append(Named(name, _BUILT_IN[name]))
        elif name in added:
            found.append(_loaded(added[name]))
        else:
            raise StudyError(
                f"There is no family of features called {name}.",
                where="features.families",
                todo=f"Known: {', '.join([*_BUILT_IN, *sorted(added)])}. A package adds one under the entry point {ENTRY_POINT}.",
            )
    return sorted(found, key=lambda family: family.name == "scores")


def _added() -> dict[str, EntryPoint]:
    """The families that other packages add, by name.

    Raises
    ------
    StudyError
        If two of them have one name: which of the two is found first is chance.
    """
    added: dict[str, EntryPoint] = {}
    for point in entry_points(group=ENTRY_POINT):
        other = added.setdefault(point.name, point)
        if other.value != point.value:
            raise StudyError(
                f"Two packages add a family called {point.name}.",
                where=f"{ENTRY_POINT}: {other.value}, {point.value}",
                todo="Remove one of the packages, or give one of the families another name.",
            )
    return added


def _loaded(point: EntryPoint) -> Named:
    try:
        make = point.load()
    except Exception as error:
        raise _not_loaded(point, type(error).__name__) from None
    if not callable(make):
        raise _not_loaded(point, "it is no function")
    # its code bears on every result, as ours does
    version = text_fingerprint([point.value, point.dist.version if point.dist else "", _code(point.module)])
    return Named(point.name, make, version)


def _not_loaded(point: EntryPoint, why: str) -> StudyError:
    return StudyError(
        f"The family {point.name} cannot be loaded ({why}).",
        where=f"features.families, {point.value}",
        todo="Mend the package that adds it, or leave it out.",
    )


def _code(module: str) -> str:
    """The hash of the files that a module belongs to: those of its whole package, since one file leans on another."""
    top = sys.modules[module.partition(".")[0]]
    file = getattr(top, "__file__", None) or getattr(sys.modules[module], "__file__", None)
    if file is None:
        return ""
    path = Path(file)
    if path.name != "__init__.py":
        return file_fingerprint(path)
    files = sorted(p for p in path.parent.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return text_fingerprint(f"{p.relative_to(path.parent).as_posix()}:{file_fingerprint(p)}" for p in files)
