"""The code lists that a study counts by: published facts, without a number of anyone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from hfrisk.codelists import read_yaml

__all__ = ["CODE_LISTS", "CODE_LISTS_RULE", "release_code_lists"]

CODE_LISTS = ["list", "code", "words", "source"]
CODE_LISTS_RULE = "published facts"

_BY_METHOD = {"admission_method", "observation"}


def release_code_lists(study: Mapping[str, Any]) -> pd.DataFrame:
    """Every list of codes that the study's definitions use, from the package's own files.

    Parameters
    ----------
    study
        Words and settings of the study; the settings of the cohort say which lists are used.

    Returns
    -------
    DataFrame
        list, code, words (empty where the list's source has them), source; empty where the settings are not given. A study's own
        concept set is its own file, and is not printed.
    """
    cohort = (study.get("settings") or {}).get("cohort") or {}
    rows: list[tuple[str, str, str, str]] = []
    if cohort:
        rows = [
            *_heart_failure(cohort),
            *_admissions(cohort),
            *_endings(cohort),
            *_transfers(cohort),
            *_left_out(cohort),
        ]
    return pd.DataFrame(rows, columns=CODE_LISTS, dtype=str)


def _rows(name: str, codes: Iterable[object], words: str, source: str) -> list[tuple[str, str, str, str]]:
    meanings = read_yaml("code_words.yaml")[words]
    return [(name, str(code), str(meanings.get(str(code), "")), source) for code in codes]


def _heart_failure(cohort: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    preset = read_yaml("heart_failure.yaml").get((cohort.get("heart_failure") or {}).get("preset"))
    if preset is None:
        return []
    name, kind, source = f"Heart failure: {preset['words']}", str(preset["vocabulary"]), str(preset["source"])
    rows = _rows(name, preset.get("codes") or preset.get("concepts") or (), kind, source)
    return rows + _rows("Heart failure: left out of it", preset.get("excluded") or (), kind, source)


def _admissions(cohort: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    lists = read_yaml("admission.yaml")
    rows: list[tuple[str, str, str, str]] = []
    methods, classes = lists["admission_method"], lists["patient_class"]
    if _BY_METHOD & set(cohort.get("unplanned") or ()):
        for name, key in (
            ("Emergency admission, by admission method", "unplanned"),
            ("Planned, by admission method", "planned"),
        ):
            rows += _rows(name, methods[key], "admission_method", str(methods["source"]))
    codes = [*classes["day_case"], *classes["regular_attender"]]
    return rows + _rows(
        "Day case or regular attender, by patient class", codes, "patient_class", str(classes["source"])
    )


def _endings(cohort: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    ended = read_yaml("admission.yaml")["discharge"]
    source = str(ended["source"])
    rows = _rows("Died in hospital, by discharge method", ended["died_methods"], "discharge_method", source)
    if cohort.get("nhs_codes"):
        rows += _rows("Died in hospital, by destination", [ended["died_destination"]], "destination", source)
    return rows + _rows(
        "Self-discharge, by discharge method (marked, not left out)", ended["self_methods"], "discharge_method", source
    )


def _transfers(cohort: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    rule = read_yaml("admission.yaml")["transfer"]["rules"].get((cohort.get("spells") or {}).get("rule"))
    if rule is None:
        return []
    source = str(rule["source"])
    rows: list[tuple[str, str, str, str]] = []
    if cohort.get("nhs_codes"):
        rows += _rows("Transfer, by destination", rule["destinations"], "destination", source)
        rows += _rows("Transfer, by source of admission", rule["sources"], "admission_source", source)
    return rows + _rows("Transfer, by admission method", rule["methods"], "admission_method", source)


def _left_out(cohort: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    if not cohort.get("nhs_exclusions"):
        return []
    lists = read_yaml("index_flags.yaml")["nhs_indicator"]
    vocabulary = str(cohort.get("diagnosis_vocabulary", "icd10_uk"))
    rows: list[tuple[str, str, str, str]] = []
    for name, key in (
        ("Left out: cancer", "cancer"),
        ("Not counted as cancer", "not_cancer"),
        ("Left out: chemotherapy", "chemotherapy"),
    ):
        rows += _rows(name, lists[key][vocabulary], vocabulary, str(lists["source"]))
    for name, key in (
        ("Left out: maternity, by specialty", "maternity_specialties"),
        ("Left out: mental health, by specialty", "mental_health_specialties"),
    ):
        rows += _rows(name, lists[key], "specialty", str(lists["source"]))
    return rows
