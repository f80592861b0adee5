"""UK ICD-10 and ICD-10-CM share shapes but not codes: a list that was written for the other edition is refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hfrisk.codelists import read_yaml
from hfrisk.errors import StudyError

__all__ = ["refuse_other_edition", "refuse_other_vocabulary"]

_ICD9 = re.compile(r"^([0-9]{3}|V[0-9]{2}|E[0-9]{3})[0-9]{0,2}$")
_ICD10 = re.compile(r"^[A-Z][0-9][0-9A-Z]")
_SNOMED = re.compile(r"^[0-9]{6,18}$")
_SHOWN = 5


def refuse_other_edition(codes: Iterable[str], vocabulary: str, *, where: str = "") -> None:
    """Refuse a code list in which a code cannot belong to the study's way of coding.

    Parameters
    ----------
    codes
        Codes or prefixes, with or without the dot.
    vocabulary
        How the study's diagnoses are coded: ``icd10_uk``, ``icd10_cm``, ``icd9_cm`` or ``snomed``.
    where
        The setting or file that the codes come from.

    Raises
    ------
    StudyError
        Naming the first few codes, the edition that they belong to, and why.
    """
    editions = read_yaml("icd10_editions.yaml")
    foreign: dict[str, str] = {}
    for code in codes:
        reason = _foreign(code.strip().upper().replace(".", ""), vocabulary, editions)
        if reason:
            foreign[code] = reason
    if not foreign:
        return
    shown = list(foreign.items())[:_SHOWN]
    more = f"; and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else ""
    raise StudyError(
        f"Some codes do not belong to the study's diagnosis vocabulary, {vocabulary}: "
        + "; ".join(f"{code} ({reason})" for code, reason in shown)
        + more
        + ".",
        where=where,
        todo="A list for another edition would miss some patients and say nothing. Use a list written for "
        f"{vocabulary}, or set cohort.diagnosis_vocabulary to the one in which the source is coded.",
    )


def refuse_other_vocabulary(vocabularies: Iterable[str], vocabulary: str, *, where: str = "") -> None:
    """Refuse a concept set that holds concepts of another edition of ICD (`vocabularies`: OMOP's vocabulary_id values).

    Concepts of SNOMED and of other vocabularies pass: standard concepts are the same for every way of coding.

    Raises
    ------
    StudyError
        If a concept belongs to another edition than the study's `vocabulary`.
    """
    editions: dict[str, list[str]] = read_yaml("icd10_editions.yaml")["vocabularies"]
    mine = {name.upper() for name in editions.get(vocabulary, [])}
    others = {name.upper(): coded for coded, names in editions.items() for name in names if coded != vocabulary}
    if not mine:
        return
    wrong = sorted({name for name in vocabularies if name.upper() in others})
    if wrong:
        raise StudyError(
            f"The concept set holds concepts of {', '.join(wrong)}, but the study's diagnoses are coded in {vocabulary}: "
            "the editions share shapes but not codes.",
            where=where,
            todo=f"Choose the same conditions among the concepts of {', '.join(sorted(mine))} or of SNOMED, or set "
            f"cohort.diagnosis_vocabulary to {others[wrong[0].upper()]}.",
        )


def _foreign(code: str, vocabulary: str, editions: dict[str, dict[str, object]]) -> str:
    """Why `code` cannot be one of `vocabulary`; empty if it can."""
    if vocabulary == "snomed":
        return "" if _SNOMED.match(code) else "not a SNOMED CT code"
    if vocabulary == "icd9_cm":
        return "" if _ICD9.match(code) else "not shaped like ICD-9-CM"
    if not _ICD10.match(code):
        return "not shaped like ICD-10"
    longest = int(str(editions[vocabulary]["longest"]))
    if len(code.rstrip("*+")) > longest:
        return f"longer than any code of {editions[vocabulary]['words']}"
    other = editions["icd10_cm" if vocabulary == "icd10_uk" else "icd10_uk"]
    for entry in other["only"]:  # type: ignore[attr-defined]
        if code.startswith(str(entry["prefix"])):
            return f"{entry['words']}, which exists only in {other['words']}"
    return ""
