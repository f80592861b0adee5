"""What is worked out of several measurements: kidney function, body mass index, anaemia, hyponatraemia and iron deficiency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, on_grid

__all__ = ["derived", "who"]

_THEME = "Blood tests and vital signs"
_MALE, _FEMALE = 8507, 8532


def derived(context: Context, table: ir.Table) -> tuple[ir.Table, list[Feature]]:
    """Add to the wide table, which has `sex` and `age`, what can be worked out of its columns.

    Each is missing where what it needs is missing.

    ``egfr_2009`` and ``egfr_2021``: CKD-EPI from the last creatinine of the stay, age and sex, without a term for ethnicity (Levey 2009,
    Inker 2021). ``bmi``: the last body mass index known in the stay or the year before, else of weight and height.
    ``anaemia_measured`` (WHO) and ``hyponatraemia`` from the last value of the stay; ``iron_deficiency_esc`` and
    ``iron_deficiency_tsat`` from the last ferritin and transferrin saturation of the stay, else of the year before.
    """
    known = read_yaml("derived_values.yaml")
    columns: dict[str, ir.Value] = {}
    entries: list[Feature] = []
    if "creatinine_last" in table.columns:
        for year, equation in known["ckd_epi"]["equations"].items():
            columns[f"egfr_{year}"] = _egfr(table, known["ckd_epi"], equation)
            entries.append(_egfr_entry(context, year))
    bmi = _bmi(table)
    if bmi is not None:
        columns["bmi"] = bmi
        entries.append(_BMI)
    for name, (value, flag) in _flags(table, known, context).items():
        columns[name] = value
        entries.append(flag)
    return table.mutate(**columns), entries


def who(context: Context) -> ir.Table:
    """Each index discharge with `sex` and `age`; a second row of the same person changes neither with the order of rows."""
    person = context.rows_of("person")
    person = person.group_by("person_id").aggregate(sex=person.gender_concept_id.min())
    return context.index.select(*KEYS, "age").left_join(person, "person_id").drop("person_id_right")


def _latest(table: ir.Table, analyte: str) -> ir.FloatingValue | None:
    """The last value of the stay, else of the year before; None where there is no such test in the source."""
    names = [name for name in (f"{analyte}_last", f"{analyte}_year_last") if name in table.columns]
    return ibis.coalesce(*[table[name] for name in names]) if names else None


def _by_sex(table: ir.Table, male: float, female: float) -> ir.FloatingValue:
    """One number for men, another for women, and none where sex is not known."""
    return table.sex.cases((_MALE, float(male)), (_FEMALE, float(female)), else_=ibis.null("float64"))


def _egfr(table: ir.Table, known: Mapping[str, Any], equation: Mapping[str, Any]) -> ir.FloatingValue:
    mg_dl = table.creatinine_last / float(known["per_mg_dl"])
    ratio = mg_dl / _by_sex(table, known["male"]["kappa"], known["female"]["kappa"])
    alpha = _by_sex(table, equation["male"]["alpha"], equation["female"]["alpha"])
    times = _by_sex(table, equation["male"]["times"], equation["female"]["times"])
    # below kappa only the first power counts, above it only the second
    power = ratio.pow(ibis.ifelse(ratio < 1, alpha, float(equation["beta"])))
    age = table.age.cast("float64")
    value = float(equation["factor"]) * times * power * ibis.literal(float(equation["yearly"])).pow(age)
    return on_grid(ibis.ifelse(age >= known["adult"], value, ibis.null("float64")), 1)


def _bmi(table: ir.Table) -> ir.FloatingValue | None:
    measured, weight, height = (_latest(table, name) for name in ("bmi", "weight", "height"))
    if weight is None or height is None:
        return measured
    metres = height / 100
    worked_out = on_grid(weight / (metres * metres), 0.1)
    return worked_out if measured is None else measured.fill_null(worked_out)


def _flags(table: ir.Table, known: Mapping[str, Any], context: Context) -> dict[str, tuple[ir.FloatingValue, Feature]]:
    found: dict[str, tuple[ir.FloatingValue, Feature]] = {}
    stay = "first 24 hours" if context.early else "in the stay"
    if "haemoglobin_last" in table.columns:
        limit = _by_sex(table, known["anaemia"]["below_male"], known["anaemia"]["below_female"])
        found["anaemia_measured"] = (
            _flag(table.haemoglobin_last < limit),
            _flag_entry("anaemia_measured", "anaemia by the last haemoglobin", stay, ("measurement", "person")),
        )
    if "sodium_last" in table.columns:
        found["hyponatraemia"] = (
            _flag(table.sodium_last < known["hyponatraemia"]["below"]),
            _flag_entry("hyponatraemia", "hyponatraemia by the last sodium", stay),
        )
    iron = known["iron_deficiency"]
    ferritin, saturation = _latest(table, "ferritin"), _latest(table, "transferrin_saturation")
    window = f"{stay}, or else the year before"
    if ferritin is not None:
        # where the saturation has to decide and is missing, the flag is missing
        decides = ibis.null("boolean") if saturation is None else saturation < iron["saturation_below"]
        deficient = ibis.cases(
            (ferritin < iron["ferritin_below"], True),
            (ferritin < iron["ferritin_to"], decides),
            (ferritin.notnull(), False),
        )
        found["iron_deficiency_esc"] = (
            _flag(deficient),
            _flag_entry("iron_deficiency_esc", "iron deficiency by ferritin and transferrin saturation", window),
        )
    if saturation is not None:
        found["iron_deficiency_tsat"] = (
            _flag(saturation < iron["saturation_below"]),
            _flag_entry("iron_deficiency_tsat", "iron deficiency by transferrin saturation alone", window),
        )
    return found


def _flag(value: ir.BooleanValue) -> ir.FloatingValue:
    return value.cast("int32").cast("float64")


def _flag_entry(name: str, words: str, window: str, sources: tuple[str, ...] = ("measurement",)) -> Feature:
    return Feature(
        name,
        words,
        family="laboratory",
        theme=_THEME,
        unit="",
        window=window,
        sources=sources,
        precision=1,
        lower=0,
        upper=1,
        direction="higher",
        modifiable=True,
        kind="binary",
        role="more",
    )


def _egfr_entry(context: Context, year: str) -> Feature:
    return Feature(
        f"egfr_{year}",
        f"glomerular filtration rate from the last creatinine (CKD-EPI {year})",
        family="laboratory",
        theme=_THEME,
        unit="mL/min/1.73 m²",
        window="first 24 hours" if context.early else "in the stay",
        sources=("measurement", "person"),
        precision=1,
        lower=2,
        upper=180,
        direction="lower",
        modifiable=True,
        role="more",
    )


_BMI = Feature(
    "bmi",
    "body mass index",
    family="laboratory",
    theme=_THEME,
    unit="kg/m²",
    window="in the stay, or else the year before",
    sources=("measurement",),
    precision=0.1,
    lower=10,
    upper=80,
    direction="either",
    role="more",
)
