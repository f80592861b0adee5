"""Matching diagnosis codes as they are really written: spaces, case, dots, and other vocabularies in the same column."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

__all__ = ["coded", "has_code", "normalised", "starts_with_any"]

# The shape of a code once trimmed, upper-cased and without its dot. A SNOMED code is longer and all digits, so the ICD-9
# prefix 428 cannot match 428251008.
_SHAPES = {
    "icd10_uk": r"^[A-Z][0-9][0-9A-Z]([0-9A-Z]{0,2})[A*+-]?$",
    "icd10_cm": r"^[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}$",
    "icd9_cm": r"^([0-9]{3}|V[0-9]{2}|E[0-9]{3})[0-9]{0,2}$",
}


def normalised(code: ir.StringValue) -> ir.StringValue:
    """Trimmed, upper-cased, without dot or blank."""
    return code.upper().replace(".", "").replace(" ", "").strip()


def coded(code: ir.StringValue, vocabulary: str) -> ir.StringValue:
    """The normalised code where it has the shape of the vocabulary, otherwise NULL."""
    text = normalised(code)
    return ibis.ifelse(text.re_search(_SHAPES[vocabulary]), text, ibis.null("string"))


def has_code(code: ir.StringValue, vocabulary: str, prefixes: Iterable[str]) -> ir.BooleanValue:
    """Whether a code as it is written begins with one of the prefixes and has the shape of the vocabulary.

    The same as ``starts_with_any(coded(code, vocabulary), prefixes)``, but the shape is asked only of what the prefixes let through.
    """
    text = normalised(code)
    return starts_with_any(text, prefixes) & text.re_search(_SHAPES[vocabulary]).fill_null(False)


def starts_with_any(code: ir.StringValue, prefixes: Iterable[str]) -> ir.BooleanValue:
    """Whether a normalised code begins with one of the prefixes; a missing code does not."""
    by_length: dict[int, list[str]] = {}
    for prefix in prefixes:
        by_length.setdefault(len(prefix), []).append(prefix)
    tests = [code.substr(0, length).isin(sorted(listed)) for length, listed in sorted(by_length.items())]
    return ibis.or_(*tests).fill_null(False) if tests else ibis.literal(False)
