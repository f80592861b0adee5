"""When the risk is asked for, what is known then, and for whom it would be asked before any diagnosis is coded."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import beta

from hfrisk.cdm import Cdm
from hfrisk.cdm.concept_sets import with_descendants
from hfrisk.codelists import read_yaml
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.times import known_at

__all__ = ["eligibility_of_coded", "with_eligibility", "with_prediction_time"]

_KEY = ("person_id", "index_id")
_HOURS = 24


def with_prediction_time(spells: ir.Table, settings: CohortSettings) -> ir.Table:
    """The spells with `predicted_at`: what is recorded at or after it is not known.

    24 hours after admission, or at discharge where that is earlier; at discharge; or, once the stay has been coded, with everything
    up to discharge and the diagnoses of the stay (`Features` lets these in by the setting, not by the time).
    """
    if settings.prediction_time == "admission_24h":
        a_day_later = spells.admitted_at + ibis.interval(hours=_HOURS)
        return spells.mutate(predicted_at=ibis.least(a_day_later, spells.discharged_at))
    return spells.mutate(predicted_at=spells.discharged_at)


def with_eligibility(cdm: Cdm, spells: ir.Table, marked: ir.Table, settings: CohortSettings) -> ir.Table:
    """The spells with `eligible`: whether the scoring-time rule would have picked the patient out at `predicted_at`.

    Parameters
    ----------
    marked
        From `diagnoses.marked_diagnoses`.
    """
    recorded = marked.filter(marked.heart_failure)
    chosen = settings.eligibility
    # nobody asks for the risk of a day case, so the large tables are searched for ordinary spells only
    asked = spells.filter(~spells.day_case).select(*_KEY, "admission_date", "predicted_at")
    signs = []
    for sign in chosen.any_of:
        if sign == "previous_heart_failure":
            signs.append(_previous(asked, recorded))
        elif sign == "problem_list":
            signs.append(_on_problem_list(asked, recorded, settings))
        elif sign == "team_list":
            signs.append(_seen_by_team(cdm, asked, settings))
        else:
            signs.append(_loop_and_peptide(cdm, asked, settings))
    if not signs:
        return spells.mutate(eligible=ibis.literal(False))
    found = (signs[0] if len(signs) == 1 else ibis.union(*signs)).distinct().mutate(picked=ibis.literal(True))
    joined = spells.left_join(found, list(_KEY)).drop("person_id_right", "index_id_right")
    return joined.mutate(eligible=joined.picked.fill_null(False)).drop("picked")


def _previous(asked: ir.Table, records: ir.Table) -> ir.Table:
    """Heart failure recorded, in any position, before the day of admission."""
    first = records.group_by("person_id").aggregate(first_recorded=records.condition_start_date.min())
    pairs = asked.inner_join(first, "person_id")
    return pairs.filter(pairs.first_recorded < pairs.admission_date).select(*_KEY)


def _on_problem_list(asked: ir.Table, records: ir.Table, settings: CohortSettings) -> ir.Table:
    records = records.filter(records.condition_type_concept_id.isin(settings.eligibility.problem_list_types))
    listed = records.select("person_id", known=known_at(records.condition_start_date, records.condition_start_datetime))
    first = listed.group_by("person_id").aggregate(known=listed.known.min())
    pairs = asked.inner_join(first, "person_id")
    return pairs.filter(pairs.known < pairs.predicted_at).select(*_KEY)


def _seen_by_team(cdm: Cdm, asked: ir.Table, settings: CohortSettings) -> ir.Table:
    rows = cdm.table("observation")
    rows = rows.filter(rows.observation_concept_id.isin(settings.eligibility.team_list_observations))
    return _in_the_stay(
        asked,
        rows.select(
            "person_id", on="observation_date", known=known_at(rows.observation_date, rows.observation_datetime)
        ),
    ).distinct()


def _loop_and_peptide(cdm: Cdm, asked: ir.Table, settings: CohortSettings) -> ir.Table:
    """A loop diuretic into a vein and a raised NT-proBNP, both in the stay and before the prediction."""
    drugs = cdm.table("drug_exposure")
    loops = read_yaml("medicines.yaml")["loop_diuretic"]["concepts"]
    drugs = drugs.filter(
        drugs.drug_concept_id.isin(with_descendants(cdm, loops, [], loops)),
        drugs.route_concept_id.isin(settings.eligibility.intravenous_routes),
    )
    given = drugs.select(
        "person_id",
        on="drug_exposure_start_date",
        known=known_at(drugs.drug_exposure_start_date, drugs.drug_exposure_start_datetime),
    )
    tests = cdm.table("measurement")
    tests = tests.filter(
        tests.measurement_concept_id.isin(read_yaml("measurements.yaml")["nt_probnp"]["concepts"]),
        tests.value_as_number >= settings.eligibility.nt_probnp_from,
    )
    raised = tests.select(
        "person_id", on="measurement_date", known=known_at(tests.measurement_date, tests.measurement_datetime)
    )
    return ibis.intersect(_in_the_stay(asked, given), _in_the_stay(asked, raised))


def _in_the_stay(asked: ir.Table, records: ir.Table) -> ir.Table:
    pairs = asked.inner_join(records, "person_id")
    return pairs.filter(pairs.on >= pairs.admission_date, pairs.known < pairs.predicted_at).select(*_KEY)


def eligibility_of_coded(cdm: Cdm, spells: ir.Table, rules: list[str]) -> pd.DataFrame:
    """How well the scoring-time rule finds the coded heart-failure discharges, among all discharges that every other rule keeps.

    Returns
    -------
    DataFrame
        One row: ``coded``, ``eligible``, ``both`` (counts); ``sensitivity`` and ``ppv`` (proportions, NaN where nothing divides), each
        with ``_low`` and ``_high`` (Clopper and Pearson, 95 %; discharges of one person are taken as independent).
    """
    others = [name for name in rules if name not in {"heart_failure", "chosen"}]
    candidates = spells.filter([spells[f"keeps_{name}"] for name in others])
    row = cdm.frame(
        candidates.aggregate(
            coded=candidates.has_heart_failure.sum().fill_null(0),
            eligible=candidates.eligible.sum().fill_null(0),
            both=(candidates.has_heart_failure & candidates.eligible).sum().fill_null(0),
        ),
        "eligibility",
    ).iloc[0]
    coded, eligible, both = int(row["coded"]), int(row["eligible"]), int(row["both"])
    found = {"coded": coded, "eligible": eligible, "both": both}
    return pd.DataFrame([{**found, **_share("sensitivity", both, coded), **_share("ppv", both, eligible)}])


def _share(name: str, hits: int, of: int) -> dict[str, float]:
    if of == 0:
        return {name: np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan}
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return {name: hits / of, f"{name}_low": low, f"{name}_high": high}
