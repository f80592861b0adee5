"""Which blood tests and vital signs a source holds, as the features would read them: of everybody, before there is any cohort."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.features.uk_units import analytes, named, number_of, usable

__all__ = ["measurements_found"]

_COUNTS = ("rows", "people", "usable_rows", "usable_people", "bounds", "other_unit", "not_usable")


def measurements_found(cdm: Cdm) -> pd.DataFrame:
    """What was found of each analyte of the code list, and what was not.

    Parameters
    ----------
    cdm
        The open source. No cohort is needed.

    Returns
    -------
    DataFrame
        One row an analyte, in the order of the code list: ``analyte``, ``words``, ``unit`` (UK), ``concepts`` (how many are listed),
        ``concepts_found`` (those of them that occur, as text), and counts: ``rows`` and ``people``; ``usable_rows`` and
        ``usable_people`` with a plausible value in the UK unit; ``bounds`` (usable, but only a bound); ``other_unit`` (in a known unit
        from which the test is not converted); ``not_usable`` (without a number, or outside the plausible range). The counts are of
        people and are not for release.
    """
    frame = pd.DataFrame(
        {
            "analyte": list(analytes()),
            "words": [entry["words"] for entry in analytes().values()],
            "unit": [entry["unit"] for entry in analytes().values()],
            "concepts": [len(entry["concepts"]) for entry in analytes().values()],
        }
    )
    if not cdm.has("measurement"):
        return frame.assign(concepts_found="", **dict.fromkeys(_COUNTS, 0))
    rows = cdm.table("measurement")
    rows = named(cdm, rows.filter(rows.measurement_date.notnull()))
    seen = _by_analyte(cdm, rows, usable(cdm, rows))
    concepts = cdm.frame(rows.select("analyte", "measurement_concept_id").distinct(), "concepts of tests")
    texts = concepts.sort_values("measurement_concept_id").groupby("analyte")["measurement_concept_id"]
    found = texts.agg(lambda ids: ", ".join(str(int(number)) for number in ids))
    numbers = frame["analyte"].map(number_of())
    frame["concepts_found"] = numbers.map(found).fillna("")
    for name in _COUNTS:
        frame[name] = numbers.map(seen[name]).fillna(0).astype("int64")
    return frame


def _by_analyte(cdm: Cdm, rows: ir.Table, values: ir.Table) -> pd.DataFrame:
    everything = rows.group_by("analyte").aggregate(rows=rows.count(), people=rows.person_id.nunique())
    person = ibis.ifelse(values.foreign, ibis.null(values.person_id.type()), values.person_id)
    used = values.group_by(number="analyte").aggregate(
        usable_rows=(~values.foreign).cast("int32").sum(),
        usable_people=person.nunique(),
        bounds=(values.censored & ~values.foreign).cast("int32").sum(),
        other_unit=values.foreign.cast("int32").sum(),
    )
    both = everything.left_join(used, everything.analyte == used.number).drop("number")
    frame = cdm.frame(both, "tests that were found").set_index("analyte").fillna(0).astype("int64")
    frame["not_usable"] = frame["rows"] - frame["usable_rows"] - frame["other_unit"]
    return frame
