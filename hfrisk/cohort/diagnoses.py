"""Which stays carry a heart-failure diagnosis, and which diagnoses mark a spell otherwise."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm, Stage
from hfrisk.cdm.concept_sets import explain_concept_set, with_descendants
from hfrisk.cdm.editions import refuse_other_edition
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort.codes import has_code
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.stays import code
from hfrisk.cohort.times import known_at
from hfrisk.errors import DataError
from hfrisk.fingerprints import file_fingerprint

__all__ = [
    "flagged_visits",
    "heart_failure_visits",
    "marked_diagnoses",
    "told_by_concepts",
    "with_recent_cancer",
]


def marked_diagnoses(cdm: Cdm, settings: CohortSettings) -> Stage:
    """The few diagnoses that the cohort asks about, persisted, so that the table of all diagnoses is searched once.

    Columns: `person_id`, `visit_occurrence_id`, `visit_detail_id`, `condition_occurrence_id`, `condition_start_date`,
    `condition_start_datetime`, `condition_type_concept_id`; `heart_failure`, `palliative`, `cancer`, `excluded_by_nhs` (cancer or
    chemotherapy); `rank`, the place of the strategy that marks it as principal (NULL if none does); `could_be_read`, from when on
    the row itself could be read.
    """
    conditions = cdm.table("condition_occurrence")
    written, vocabulary = conditions.condition_source_value, settings.diagnosis_vocabulary
    lists = read_yaml("index_flags.yaml")
    never = ibis.literal(False)
    dated = known_at(conditions.condition_start_date, conditions.condition_start_datetime)
    cancer = _cancer(written, vocabulary) if settings.nhs_exclusions else never
    treated = lists["nhs_indicator"]["chemotherapy"][vocabulary]
    rows = conditions.select(
        "person_id",
        "visit_occurrence_id",
        "visit_detail_id",
        "condition_occurrence_id",
        "condition_start_date",
        "condition_start_datetime",
        "condition_type_concept_id",
        rank=_rank(conditions, settings),
        heart_failure=_is_heart_failure(cdm, conditions, settings),
        palliative=has_code(written, vocabulary, lists["palliative"][vocabulary]),
        cancer=cancer,
        excluded_by_nhs=(cancer | has_code(written, vocabulary, treated)) if settings.nhs_exclusions else never,
        could_be_read=ibis.greatest(dated, conditions.recorded_at.fill_null(dated)),
    )
    marked = rows.filter(rows.heart_failure | rows.palliative | rows.excluded_by_nhs)
    chosen = settings.heart_failure
    parts = [
        chosen.model_dump_json(),
        file_fingerprint(chosen.concept_set) if chosen.concept_set else "",
        vocabulary,
        str(settings.nhs_exclusions),
    ]
    return cdm.materialise(marked, "diagnoses", parts, order=("person_id", "condition_start_date"))


def _is_heart_failure(cdm: Cdm, conditions: ir.Table, settings: CohortSettings) -> ir.BooleanValue:
    """Whether a diagnosis, in whatever position, is one of heart failure."""
    chosen = settings.heart_failure
    if chosen.concept_set is not None:
        found = explain_concept_set(cdm, chosen.concept_set, vocabulary=settings.diagnosis_vocabulary)
        return _has_concept(conditions, list(found.concepts))
    preset = read_yaml("heart_failure.yaml")[chosen.preset]
    if preset["vocabulary"] == "omop":
        ids = with_descendants(cdm, preset["concepts"], preset["excluded"], preset["shipped_descendants"])
        return _has_concept(conditions, ids)
    if preset["vocabulary"] == "snomed":
        return _has_snomed_code(cdm, conditions, preset["codes"])
    refuse_other_edition(preset["codes"], preset["vocabulary"], where=f"cohort.heart_failure.preset {chosen.preset}")
    return has_code(conditions.condition_source_value, preset["vocabulary"], preset["codes"])


def told_by_concepts(cdm: Cdm, settings: CohortSettings) -> list[Check]:
    """What has to be said about how the study's concept set was found in this source."""
    chosen = settings.heart_failure.concept_set
    if chosen is None:
        return []
    return list(explain_concept_set(cdm, chosen, vocabulary=settings.diagnosis_vocabulary).checks)


def _has_concept(conditions: ir.Table, concepts: list[int]) -> ir.BooleanValue:
    return conditions.condition_concept_id.isin(concepts).fill_null(
        False
    ) | conditions.condition_source_concept_id.isin(concepts).fill_null(False)


def _has_snomed_code(cdm: Cdm, conditions: ir.Table, codes: list[str]) -> ir.BooleanValue:
    """By the source's own vocabulary where it has one, and by the code as it was written."""
    written = conditions.condition_source_value.strip().isin(codes).fill_null(False)
    if not cdm.has("concept"):
        return written
    concepts = cdm.table("concept")
    concepts = concepts.filter(concepts.vocabulary_id == "SNOMED", concepts.concept_code.isin(codes))
    found = cdm.frame(concepts.select("concept_id"), "SNOMED concepts")
    return written | _has_concept(conditions, sorted(map(int, found["concept_id"])))


def heart_failure_visits(cdm: Cdm, marked: ir.Table, settings: CohortSettings) -> ir.Table:
    """The visits with a heart-failure diagnosis in the declared position: `visit_occurrence_id`, `told_by`, `could_be_read`.

    The principal diagnoses of a visit are those that the first strategy marks which marks any diagnosis of that visit.

    Parameters
    ----------
    marked
        From `marked_diagnoses`.

    Raises
    ------
    DataError
        If the principal position is asked for and no diagnosis in the source has one.
    """
    records = _of_the_episode(cdm, marked.filter(marked.heart_failure), settings)
    records = records.filter(records.visit_occurrence_id.notnull())
    if settings.heart_failure.position == "any":
        return _visits_of(records.mutate(told_by=ibis.literal("any_position")))
    conditions = cdm.table("condition_occurrence").filter(lambda t: t.visit_occurrence_id.notnull())
    rank = _rank(conditions, settings)
    if cdm.frame(conditions.filter(rank.notnull()).limit(1).select("person_id"), "principal diagnoses").empty:
        raise _no_principal(settings)
    # what the first strategy marks is principal whatever else the visit has; the others' visits must be looked at whole
    sure = records.filter(records["rank"] == 0)
    names = settings.heart_failure.principal
    unsure = records.filter(records["rank"] > 0) if names[0] != "order" else records.filter(records["rank"] >= 0)
    told_first = _visits_of(sure.mutate(told_by=ibis.literal(names[0])))
    if len(names) == 1 and names[0] != "order":
        return told_first
    others = conditions.semi_join(unsure, "visit_occurrence_id")
    others = others.mutate(
        rank=_rank(others, settings), row=others.condition_occurrence_id, visit=others.visit_occurrence_id
    )
    best = others.group_by("visit").aggregate(best=others["rank"].min(), first_row=others.row.min())
    both = unsure.inner_join(best, unsure.visit_occurrence_id == best.visit)
    told = both["rank"] == both.best
    if "order" in names:
        by_order = both.best == names.index("order")
        told = told & (~by_order | (both.condition_occurrence_id == both.first_row))
    chosen = both.filter(told.fill_null(False))
    strategy = ibis.cases(*[(chosen.best == i, name) for i, name in enumerate(names)])
    told_later = _visits_of(chosen.mutate(told_by=strategy))
    return told_later if names[0] == "order" else ibis.union(told_first, told_later)


def _visits_of(records: ir.Table) -> ir.Table:
    """Each visit of the records once, with when the first of them could be read."""
    return records.group_by("visit_occurrence_id", "told_by").aggregate(could_be_read=records.could_be_read.min())


def _of_the_episode(cdm: Cdm, records: ir.Table, settings: CohortSettings) -> ir.Table:
    """Where the source has episodes inside a visit, only the records of its first or last one; others are left as they are."""
    which = settings.heart_failure.episode
    if which == "any" or not cdm.has("visit_detail"):
        return records
    details = cdm.table("visit_detail")
    began = details.visit_detail_start_datetime.fill_null(details.visit_detail_start_date.cast("timestamp"))
    order = [began, details.visit_detail_id]
    if which == "last":
        order = [ibis.desc(value) for value in order]
    turn = ibis.row_number().over(ibis.window(group_by=details.visit_occurrence_id, order_by=order))
    ranked = details.select(detail="visit_detail_id", turn=turn)
    joined = records.left_join(ranked, records.visit_detail_id == ranked.detail)
    return joined.filter(joined.turn.fill_null(0) == 0).drop("detail", "turn")


def _rank(conditions: ir.Table, settings: CohortSettings) -> ir.IntegerValue:
    """The place, among the study's strategies, of the first one that marks this diagnosis as principal; NULL if none does."""
    lists = read_yaml("admission.yaml")
    marks = {
        "condition_status": conditions.condition_status_concept_id.isin(
            settings.heart_failure.principal_status_concepts
        ),
        "legacy_type": conditions.condition_type_concept_id.isin(lists["principal_types"]["concepts"]),
        "source_status": code(conditions.condition_status_source_value).isin(
            lists["principal_source_values"]["values"]
        ),
        # every row has a place in the order; which of them is the first is asked afterwards
        "order": conditions.condition_occurrence_id.notnull(),
    }
    return ibis.cases(
        *[(marks[name].fill_null(False), i) for i, name in enumerate(settings.heart_failure.principal)],
        else_=ibis.null("int8"),
    )


def _no_principal(settings: CohortSettings) -> DataError:
    chosen = settings.heart_failure
    wanted = ", ".join(map(str, chosen.principal_status_concepts))
    return DataError(
        "No diagnosis in the source is marked as principal.",
        where=f"condition_occurrence, by {', '.join(chosen.principal)} (condition_status_concept_id: looked for {wanted})",
        todo="Name the concepts that mark a principal diagnosis in cohort.heart_failure.principal_status_concepts; add order to "
        "cohort.heart_failure.principal if the source kept the order of coding; or set cohort.heart_failure.position to any.",
    )


def flagged_visits(marked: ir.Table) -> ir.Table:
    """The visits whose diagnoses mark them: `visit_occurrence_id`, `palliative`, `excluded_by_nhs` (cancer or chemotherapy)."""
    rows = marked.filter(marked.visit_occurrence_id.notnull(), marked.palliative | marked.excluded_by_nhs)
    return rows.group_by("visit_occurrence_id").aggregate(
        palliative=rows.palliative.any(), excluded_by_nhs=rows.excluded_by_nhs.any()
    )


def _cancer(written: ir.StringValue, vocabulary: str) -> ir.BooleanValue:
    lists = read_yaml("index_flags.yaml")["nhs_indicator"]
    return has_code(written, vocabulary, lists["cancer"][vocabulary]) & ~has_code(
        written, vocabulary, lists["not_cancer"][vocabulary]
    )


def with_recent_cancer(spells: ir.Table, marked: ir.Table, settings: CohortSettings) -> ir.Table:
    """The spells with what else the NHS indicator looks at: `recent_cancer`, `maternity`, `obstetric`, `mental_health`."""
    if not settings.nhs_exclusions:
        never = ibis.literal(False)
        return spells.mutate(recent_cancer=never, maternity=never, obstetric=never, mental_health=never)
    lists = read_yaml("index_flags.yaml")["nhs_indicator"]
    dates = marked.filter(marked.cancer).select("person_id", on="condition_start_date").distinct()
    pairs = spells.select("person_id", "index_id", "admission_date").inner_join(dates, "person_id")
    pairs = pairs.filter(pairs.admission_date.delta(pairs.on, unit="day").between(1, lists["cancer_days_before"]))
    found = pairs.select("person_id", "index_id").distinct().mutate(recent_cancer=ibis.literal(True))
    joined = spells.left_join(found, ["person_id", "index_id"]).drop("person_id_right", "index_id_right")
    specialty = code(joined.main_specialty)
    methods = read_yaml("admission.yaml")["admission_method"]["maternity"]
    return joined.mutate(
        recent_cancer=joined.recent_cancer.fill_null(False),
        maternity=(
            specialty.isin(lists["maternity_specialties"]).fill_null(False)
            | joined.admission_method.isin(methods).fill_null(False)
        ),
        obstetric=specialty.isin(lists["obstetric_specialties"]).fill_null(False),
        mental_health=specialty.isin(lists["mental_health_specialties"]).fill_null(False),
    )
