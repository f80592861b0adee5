"""Units and values that cannot be (HFR046): told by the unit field and the value, never by the name of the concept."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.quality.analytes import COUNTS, named_rows, values_by_analyte
from hfrisk.quality.counting import counted
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.words import share

__all__ = ["measurement_checks"]

_TODO_UNIT = (
    "Ask which laboratory sends this unit, and since when, and have the unit field say so: values whose unit says it are "
    "converted."
)


def measurement_checks(evidence: Evidence) -> list[Check]:
    """HFR046, one check for each analyte and kind of fault."""
    if not evidence.cdm.has("measurement"):
        return []
    analytes: dict[str, dict[str, Any]] = read_yaml("measurements.yaml")
    known: dict[str, dict[str, Any]] = read_yaml("quality.yaml")["analytes"]
    found = values_by_analyte(evidence.cdm)
    checks = []
    for name in analytes:
        here = found[found["analyte"] == name]
        right, wrong = (here.loc[here["misfiled"] == aside, list(COUNTS)].sum() for aside in (False, True))
        words, unit = analytes[name]["words"], analytes[name]["unit"]
        checks += [
            *_other_unit(evidence, words, unit, known.get(name, {}).get("other"), right),
            *_out_of_range(evidence, words, analytes[name], right),
            *_misfiled(words, unit, right, wrong),
            *_ceiling(evidence, words, known.get(name, {}), right),
            *_no_number(evidence, words, right),
        ]
    return [*checks, *_bnp(evidence)]


def _other_unit(
    evidence: Evidence, words: str, unit: str, other: dict[str, Any] | None, counted: pd.Series
) -> list[Check]:
    numbers, contrary = int(counted["numbers"]), int(counted["contrary"])
    if other is None or not contrary:
        return []
    return [
        Check(
            "HFR046",
            "warning" if contrary >= evidence.quality.wrong_unit * numbers else "note",
            f"Values in another unit: {words}",
            "{values} of the values of {analyte} ({share}) can only be in {other}, while their unit is given as {unit} or not at all.",
            "Read as they stand they are impossible and count as not measured, so the people of that laboratory look as if they had no "
            "such test.",
            _TODO_UNIT,
            counts={"values": contrary},
            facts={"analyte": words, "other": other["unit"], "unit": unit, "share": share(contrary, numbers)},
        )
    ]


def _out_of_range(evidence: Evidence, words: str, entry: dict[str, Any], counted: pd.Series) -> list[Check]:
    numbers, outside = int(counted["numbers"]), int(counted["outside"])
    if numbers < evidence.quality.enough or outside < evidence.quality.implausible * numbers:
        return []
    return [
        Check(
            "HFR046",
            "warning",
            f"Implausible values: {words}",
            "{values} of the values of {analyte} ({share}) lie outside {lower} to {upper} {unit}.",
            "They count as not measured. If they are in another unit, or are another test, the others of that source may be wrong as "
            "well.",
            "Look at the unit and at the name that the laboratory gives to the test. " + _TODO_UNIT,
            counts={"values": outside},
            facts={
                "analyte": words,
                "share": share(outside, numbers),
                "lower": f"{entry['lower']:,g}",
                "upper": f"{entry['upper']:,g}",
                "unit": entry["unit"],
            },
        )
    ]


def _misfiled(words: str, unit: str, right: pd.Series, wrong: pd.Series) -> list[Check]:
    """Values that would be plausible in the unit of the study, under a concept that is not the analyte's."""
    plausible = int(wrong["plausible"])
    if not plausible or plausible < 0.5 * int(wrong["numbers"]):
        return []
    return [
        Check(
            "HFR046",
            "warning",
            f"Filed under another test: {words}",
            "{values} values that look like {analyte} in {unit} ({share} of all) stand under a concept that means something else.",
            "They are not read as this test: for these people it looks as if it had not been measured.",
            "Ask for the mapping of these tests to be made by unit and not by name, or map the laboratory's own name to the analyte in "
            "source.maps.analyte.",
            counts={"values": plausible},
            facts={"analyte": words, "unit": unit, "share": share(plausible, plausible + int(right["numbers"]))},
        )
    ]


def _ceiling(evidence: Evidence, words: str, entry: dict[str, Any], counted: pd.Series) -> list[Check]:
    above = int(counted["above"])
    if not above or not entry.get("ceiling"):
        return []
    return [
        Check(
            "HFR046",
            "note",
            f"Values above the ceiling without a number: {words}",
            "{values} values of {analyte} are given as above what the assay can tell, without a number.",
            "Where the text of the value says the ceiling, as >35000 does, it is read as that. Otherwise the highest values are missing, "
            "and those who have them are the most ill.",
            "Ask for the ceiling as the number, with the operator beside it.",
            counts={"values": above},
            facts={"analyte": words},
        )
    ]


def _no_number(evidence: Evidence, words: str, counted: pd.Series) -> list[Check]:
    rows, without = int(counted["rows"]), int(counted["rows"] - counted["numbers"] - counted["above"])
    if rows < evidence.quality.enough or without < evidence.quality.unmapped * rows:
        return []
    return [
        Check(
            "HFR046",
            "warning",
            f"Tests without a number: {words}",
            "{rows} rows of {analyte} ({share}) have no value_as_number.",
            "They count as not measured.",
            "Ask whether results are kept as text; a value such as <5 should be a number with an operator.",
            counts={"rows": without},
            facts={"analyte": words, "share": share(without, rows)},
        )
    ]


def _bnp(evidence: Evidence) -> list[Check]:
    """BNP under NT-proBNP: by its name, or in stays for heart failure by values that are too low, or that rise threefold within a stay."""
    known = read_yaml("quality.yaml")["natriuretic_peptide"]
    seen = _peptides(evidence, known)
    quality = evidence.quality
    named, values, low = seen["named"], seen["values"], seen["low"]
    too_low, repeated, rising = seen["too_low"], seen["repeated"], seen["rising"]
    reasons = []
    if named >= max(quality.wrong_unit * seen["rows"], 1):
        reasons.append("{named} are called BNP by the laboratory")
    if values >= quality.enough and too_low >= known["share_too_low"] * values:
        reasons.append("{too_low} in stays for heart failure are below {limit} ng/L, which rules it out")
    if values >= quality.enough and low >= known["share_low"] * values:
        reasons.append(
            "{low} in stays for heart failure are below {usual} ng/L, where the usual value is 4,000 to 5,000"
        )
    if repeated >= quality.enough and rising >= known["share_rising"] * repeated:
        reasons.append("{rising} are {rise} times or more the value before them in the same stay")
    if not reasons:
        return []
    counts = {name: seen[name] for name in ("named", "too_low", "low", "rising")}
    finding = "Some values of NT-proBNP look like BNP: " + "; ".join(reasons) + "."
    return [
        Check(
            "HFR046",
            "warning",
            "BNP under the name of NT-proBNP",
            finding,
            "BNP is about a sixth of NT-proBNP. Taken for it, people with a failing heart look as if they were well.",
            "Ask which assay each laboratory used, and when it changed. Map BNP to its own concept, or leave it out through "
            "source.maps.analyte.",
            counts={name: count for name, count in counts.items() if f"{{{name}}}" in finding},
            facts={
                name: number
                for name, number in (
                    ("limit", f"{known['too_low']:,}"),
                    ("usual", f"{known['low']:,}"),
                    ("rise", known["rise"]),
                )
                if f"{{{name}}}" in finding
            },
        )
    ]


def _peptides(evidence: Evidence, known: dict[str, Any]) -> dict[str, int]:
    """Rows read as NT-proBNP: how many, how many named BNP; and in heart-failure stays, values and those that are too low."""
    cdm = evidence.cdm
    rows = named_rows(cdm)
    rows = rows.filter(rows.analyte == "nt_probnp", ~rows.misfiled, rows.value_as_number.notnull())
    name = rows.measurement_source_value.upper()
    other = ibis.or_(*[name.contains(word) for word in known["names"]])
    other = other & ~ibis.or_(*[name.contains(word) for word in known["not_names"]])
    spells = evidence.cohort.spells
    failing = spells.filter(spells.has_heart_failure).select(
        "index_id", patient="person_id", admitted="admission_date", discharged="discharge_date"
    )
    slim = rows.select(
        who=rows.person_id,
        value=rows.value_as_number,
        on=rows.measurement_date,
        at=rows.measurement_datetime,
        named=other.fill_null(False),
    )
    joined = slim.left_join(
        failing, [slim.who == failing.patient, slim.on >= failing.admitted, slim.on <= failing.discharged]
    )
    order = ibis.window(group_by=joined.index_id, order_by=[joined.on, joined["at"], joined.value])
    joined = joined.mutate(before=joined.value.lag().over(order))
    inside = joined.index_id.notnull()
    again = inside & joined.before.notnull()
    return counted(
        cdm,
        joined.aggregate(
            rows=joined.count(),
            named=joined.named.sum(),
            values=inside.sum(),
            too_low=(inside & (joined.value < known["too_low"])).sum(),
            low=(inside & (joined.value < known["low"])).sum(),
            repeated=again.sum(),
            rising=(again & (joined.value >= known["rise"] * joined.before)).fill_null(False).sum(),
        ),
        "natriuretic peptides",
    )
