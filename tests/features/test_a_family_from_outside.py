"""A family that another installed package adds: found by its entry point, made on every engine, and told apart when its code changes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import Cdm
from hfrisk.errors import StudyError
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from tests import omop_text
from tests.features.example import CONDITION_HEAD, INDEX_CONDITION, PERSON, STAY, VISIT_HEAD
from tests.features.test_sweep import duck, everybody

FAMILIES = ("demography", "toy")
TOY = """
from hfrisk.features import Context, Family, Feature
from hfrisk.features.family import KEYS, on_grid
from hfrisk.features.known import events, known_before_prediction
from toy_family.numbers import FACTOR


def entry(name="toy_procedures", words="procedures, as the toy counts them"):
    return Feature(
        name, words, family="toy", theme="Toys", unit="", window="before discharge", sources=("procedure_occurrence",), precision=1,
        lower=0, upper=20, kind="count",
    )


def toy(context: Context) -> Family:
    rows = events(context, "procedure_occurrence").select("person_id", "on", "known_at")
    pairs = known_before_prediction(context, rows)
    found = context.kept(pairs.group_by(list(KEYS)).aggregate(n=pairs.count() * FACTOR), "toy")
    return Family((entry(),), found.select(*KEYS, toy_procedures=on_grid(found.n, 1)), absent=0.0)
"""
# what a family must not give, and what is said of it
BROKEN = {
    "no column": ("found = context.index.select(*KEYS)\nreturn Family((entry(),), found)", "no column toy_procedures"),
    "no key": ("found = context.index.select('person_id', toy_procedures=1.0)\nreturn Family((entry(),), found)", "no column index_id"),
    "no table": ("return Family((entry(),), None)", "entries without a table"),
    "whole numbers": (
        "found = context.index.select(*KEYS, toy_procedures=context.index.spell.cast('int64'))\nreturn Family((entry(),), found)",
        "the column toy_procedures is not float64",
    ),
    "half as precise": (
        "found = context.index.select(*KEYS, toy_procedures=context.index.spell.cast('float32'))\nreturn Family((entry(),), found)",
        "the column toy_procedures is not float64",
    ),
    "a row twice": (
        "found = context.index.select(*KEYS, toy_procedures=context.index.spell.cast('float64'))\n"
        "return Family((entry(),), found.union(found))",
        "more than one row of an index discharge",
    ),
    "a table and no family": ("return context.index", "it is no Family"),
    "nothing": ("return None", "it is no Family"),
}  # fmt: skip

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package where an installer would: its module, its metadata and its entry points."""
    monkeypatch.syspath_prepend(tmp_path / "site")

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "toy_family"]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def write(
        code: str = TOY, *, factor: int = 1, points: str = "toy = toy_family:toy", name: str = "toy-family"
    ) -> Path:
        package = tmp_path / "site" / "toy_family"
        told = tmp_path / "site" / f"{name.replace('-', '_')}-1.0.dist-info"
        for folder in (package, told):
            folder.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(code, encoding="utf-8")
        # as after an upgrade by another process: no compiled file is left of what was there
        (package / "numbers.py").write_text(f"FACTOR = {factor}\n", encoding="utf-8")
        for compiled in package.rglob("*.pyc"):
            compiled.unlink()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (told / "entry_points.txt").write_text(f"[hfrisk.families]\n{points}\n", encoding="utf-8")
        forget()
        return package

    yield write
    forget()


def tables() -> dict[str, pd.DataFrame]:
    """One person with one stay, two procedures that were known and one that was not."""
    procedures = """
    procedure_occurrence_id person_id procedure_concept_id procedure_date procedure_datetime
    1 10 1 2023-06-07 -
    2 10 1 2023-06-15 2023-06-15T09:00:00
    3 10 1 2023-06-15 -
    """
    conditions = omop_text.rows(f"{CONDITION_HEAD}\n{INDEX_CONDITION}").assign(
        condition_concept_id="0", condition_occurrence_id="1"
    )
    return {
        "person": omop_text.rows(PERSON),
        "visit_occurrence": omop_text.rows(f"{VISIT_HEAD}\n{STAY}"),
        "condition_occurrence": conditions,
        "procedure_occurrence": omop_text.rows(procedures),
    }


def made(cdm: Cdm, families: tuple[str, ...] = FAMILIES, **settings: Any) -> FeatureTable:
    return build_features(cdm, everybody(cdm), FeatureSettings(families=families, **settings))


def column(table: FeatureTable, cdm: Cdm) -> list[float]:
    return cdm.frame(table.table, "features")["toy_procedures"].tolist()


def test_a_family_from_outside_is_a_family_like_any_other(engine: Any, install: Install) -> None:
    install()
    cdm = engine.open(tables())
    table = made(cdm)
    assert column(table, cdm) == [2.0]
    entry = next(entry for entry in table.dictionary if entry.name == "toy_procedures")
    assert (entry.words, entry.family, entry.theme) == ("procedures, as the toy counts them", "toy", "Toys")
    assert table.catalogue[-1] == entry
    assert table.catalogue[0].family == "demography"
    assert [entry.name for entry in made(cdm, leave_out=("family:toy",)).dictionary] == [
        entry.name for entry in table.dictionary if entry.family != "toy"
    ]


def test_who_has_none_has_what_the_family_says_of_absence(tmp_path: Path, install: Install) -> None:
    install()
    source = tables()
    del source["procedure_occurrence"]
    cdm = duck(source, tmp_path)
    assert column(made(cdm), cdm) == [0.0]


def test_code_that_changed_is_run_anew_and_code_that_did_not_is_not(tmp_path: Path, install: Install) -> None:
    cdm = duck(tables(), tmp_path, stages=True)
    install()
    first = made(cdm)
    again = made(cdm)
    assert (first.reused, again.reused, again.key) == (False, True, first.key)
    install(TOY.replace("pairs.count()", "(pairs.count() + 1)"))
    other = made(cdm)
    assert (other.reused, column(other, cdm)) == (False, [3.0])
    assert other.key != first.key
    install()
    assert (made(cdm).key, column(made(cdm), cdm)) == (first.key, [2.0])


def test_a_file_beside_the_family_s_own_is_part_of_its_code(tmp_path: Path, install: Install) -> None:
    cdm = duck(tables(), tmp_path, stages=True)
    install()
    first = made(cdm)
    install(factor=10)
    other = made(cdm)
    assert (other.key != first.key, column(other, cdm)) == (True, [20.0])


def test_the_scores_come_last_however_they_are_named(tmp_path: Path, install: Install) -> None:
    install()
    table = made(duck(tables(), tmp_path), ("scores", "toy", "demography"))
    families = [entry.family for entry in table.catalogue]
    assert (families[:2], families[-1]) == (["toy", "demography"], "scores")


def test_a_family_that_no_package_adds_is_told_with_those_that_there_are(tmp_path: Path, install: Install) -> None:
    install()
    with pytest.raises(StudyError, match="no family of features called toys") as told:
        made(duck(tables(), tmp_path), ("demography", "toys"))
    assert "demography, stay" in str(told.value)
    assert "scores, toy." in str(told.value)


@pytest.mark.parametrize(
    ("code", "points", "why"),
    [
        ("import no_such_package", "toy = toy_family:toy", "ModuleNotFoundError"),
        ("toy = 1 / 0", "toy = toy_family:toy", "ZeroDivisionError"),
        ("", "toy = toy_family:toy", "AttributeError"),
        ("", "toy = toy_family.nowhere:toy", "ModuleNotFoundError"),
        ("toy = 7", "toy = toy_family:toy", "it is no function"),
    ],
)
def test_a_family_that_does_not_load_is_told(
    tmp_path: Path, install: Install, code: str, points: str, why: str
) -> None:
    install(code, points=points)
    with pytest.raises(StudyError, match=f"family toy cannot be loaded \\({why}\\)") as told:
        made(duck(tables(), tmp_path))
    assert points.partition(" = ")[2] in str(told.value)


@pytest.mark.parametrize("body", [body for body, _ in BROKEN.values()], ids=list(BROKEN))
def test_a_family_that_breaks_its_promise_is_told(tmp_path: Path, install: Install, body: str) -> None:
    start = TOY.index("    rows = events")
    install(TOY[:start] + indent(dedent(body), "    "))
    why = {body: why for body, why in BROKEN.values()}[body]
    with pytest.raises(StudyError, match=f"family toy does not give what it promises: {why}") as told:
        made(duck(tables(), tmp_path))
    assert "one float64 column" in str(told.value)


def test_a_name_or_words_that_another_family_has_are_refused(tmp_path: Path, install: Install) -> None:
    cdm = duck(tables(), tmp_path)
    install(TOY.replace('name="toy_procedures"', 'name="age"').replace("toy_procedures=", "age="))
    with pytest.raises(StudyError, match="same name: age"):
        made(cdm)
    words = next(entry.words for entry in made(cdm, ("demography",)).dictionary if entry.name == "age")
    install(TOY.replace('words="procedures, as the toy counts them"', f"words={words!r}"))
    with pytest.raises(StudyError, match="same wording"):
        made(cdm)
    odd = TOY.replace('name="toy_procedures"', 'name="Toy"').replace("toy_procedures=", "Toy=")
    install(odd)
    with pytest.raises(StudyError, match="cannot be a column: Toy"):
        made(cdm)


def test_a_family_named_twice_is_refused(tmp_path: Path, install: Install) -> None:
    install()
    with pytest.raises(StudyError, match="family toy is named twice"):
        made(duck(tables(), tmp_path), ("toy", "demography", "toy"))


def test_two_packages_with_one_name_for_a_family_are_refused(tmp_path: Path, install: Install) -> None:
    install()
    install(name="another-toy", points="toy = toy_family:entry")
    with pytest.raises(StudyError, match="Two packages add a family called toy"):
        made(duck(tables(), tmp_path))


def test_a_family_of_ours_cannot_be_replaced_unnoticed(tmp_path: Path, install: Install) -> None:
    install(points="toy = toy_family:toy\ndemography = toy_family:toy")
    table = made(duck(tables(), tmp_path), ("demography",))
    assert "toy" not in {entry.family for entry in table.catalogue}
