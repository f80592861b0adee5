"""Procedures done in the stay."""

from __future__ import annotations

import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import starts_with_any
from hfrisk.cohort.codes import normalised
from hfrisk.features.arrival import STAY_THEME
from hfrisk.features.coded import stay_is_coded
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid
from hfrisk.features.known import events, known_before_prediction
from hfrisk.features.parts import as_flag, flag

__all__ = ["procedures"]

# as a code looks once trimmed, in capitals and without its dot; one of CPT has five figures, one of HCPCS a letter and four
_SHAPES = {
    "opcs4": r"^[A-Z][0-9]{2,3}$",
    "icd9_procedure": r"^[0-9]{3,4}$",
    "icd10_pcs": r"^[0-9A-HJ-NP-Z]{7}$",
}
_SEEN_ELSEWHERE = 0.5


def procedures(context: Context) -> Family:
    """How many different procedures the stay has had, whether any, and the named ones; known when done, before the prediction.

    Only codes of the system that belongs to the study's diagnoses are read, and of OPCS-4 not the subsidiary chapters (X, Y, Z) nor
    imaging and tests (U), which would count a scan as an operation.
    """
    if not context.cdm.has("procedure_occurrence"):
        return Family((), None)
    if context.settings.procedures_are_known == "when_coded" and not stay_is_coded(context):
        return Family((), None)
    listed = read_yaml("procedures.yaml")
    system = next(name for name, entry in listed["systems"].items() if context.vocabulary in entry["diagnoses"])
    done = _done(context)
    codes, fit = _written_in(context, done, system)
    if codes and not fit:
        # nothing that could be read says that nothing was done
        return Family((), None, notices=_in_another_system(codes, fit, listed["systems"][system]["words"]))
    rows = done.filter(done.code.re_search(_SHAPES[system]).fill_null(False))
    counts = ~starts_with_any(rows.code, listed["systems"][system]["left_out"])
    different = rows.code.nunique(where=counts)
    columns: dict[str, ir.Value] = {
        "procedures_in_stay": on_grid(different, 1),
        "any_procedure": as_flag(different > 0),
    }
    window = "in the stay"
    entries = [
        Feature(
            "procedures_in_stay",
            "different procedures in the stay",
            family="stay",
            theme=STAY_THEME,
            unit="count",
            window=window,
            sources=("procedure_occurrence",),
            precision=1,
            lower=0,
            upper=60,
            direction="higher",
            skewed=True,
            kind="count",
            role="more",
        ),
        _flag("any_procedure", "any procedure in the stay"),
    ]
    for name, entry in listed["named"].items():
        columns[f"procedure_{name}"] = starts_with_any(rows.code, entry[system]).cast("int32").max().cast("float64")
        entries.append(_flag(f"procedure_{name}", f"{entry['words']} in the stay"))
    made = rows.group_by(list(KEYS)).aggregate(**columns)
    notices = _in_another_system(codes, fit, listed["systems"][system]["words"])
    return Family(tuple(entries), made, absent=0.0, notices=notices)


def _done(context: Context) -> ir.Table:
    """Each procedure of the index stays that was known: the key and `code`."""
    rows = events(context, "procedure_occurrence")
    rows = rows.select("person_id", "on", "known_at", code=normalised(rows.procedure_source_value))
    pairs = known_before_prediction(context, rows.filter(rows.code.notnull()))
    return context.kept(pairs.filter(pairs.days_ago <= 0).select(*KEYS, "code").distinct(), "procedures")


def _written_in(context: Context, done: ir.Table, system: str) -> tuple[int, int]:
    """How many procedures there are, and how many of them look like a code of the system."""
    fits = done.code.re_search(_SHAPES[system]).fill_null(False)
    row = context.cdm.frame(done.aggregate(codes=done.count(), fit=fits.sum().fill_null(0)), "procedures").iloc[0]
    return int(row["codes"]), int(row["fit"])


def _in_another_system(codes: int, fit: int, system: str) -> list[Check]:
    """HFR092: most codes do not look like those of the system."""
    other = codes - fit
    if other <= _SEEN_ELSEWHERE * codes:
        return []
    return [
        Check(
            "HFR092",
            "warning",
            "Procedures are not coded as expected",
            "{other} of {codes} procedures of the stays are not written in {system}.",
            "They are not counted: a stay with operations may look like one without. Where none is, the features are not made.",
            f"Look at procedure_source_value. {system} is what is read with this cohort.diagnosis_vocabulary.",
            counts={"other": other, "codes": codes},
            facts={"system": system},
        )
    ]


def _flag(name: str, words: str) -> Feature:
    return flag(name, words, family="stay", theme=STAY_THEME, window="in the stay", sources=("procedure_occurrence",))
