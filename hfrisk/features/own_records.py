"""The records that the study's own features ask for: found by concept, by the beginning of a code, or by a cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.cdm.concept_sets import explain_concept_set, with_descendants
from hfrisk.cdm.editions import refuse_other_edition
from hfrisk.checks import Check
from hfrisk.errors import DataError, HfriskError
from hfrisk.features.coded import history
from hfrisk.features.family import KEYS, Context
from hfrisk.features.known import events, known_before_prediction
from hfrisk.features.own_settings import OwnFeature

__all__ = ["records_of"]

# the columns that hold a concept, the standard one first
_CONCEPTS = {
    "measurement": ("measurement_concept_id",),
    "drug_exposure": ("drug_concept_id",),
    "procedure_occurrence": ("procedure_concept_id",),
    "observation": ("observation_concept_id", "observation_source_concept_id"),
}
_LAST_SECOND = 86_399
_SHORTEST_CODE = 3


def records_of(context: Context, features: Mapping[str, OwnFeature]) -> tuple[ir.Table, list[Check]]:
    """Every known record of each feature, whenever it was, and what has to be said of how it was found.

    Returns
    -------
    Table
        The key, `own` (the feature's name), `days_ago` (days to the admission), `at` (the time, the end of the day where there is none),
        `value` (NULL where the table has none). A record that is found by two ways is there twice.
    """
    concepts: dict[str, list[int]] = {}
    told: list[Check] = []
    alone: list[str] = []
    for name, feature in features.items():
        concepts[name], checks = _concepts(context, name, feature, alone)
        told += checks
        if feature.codes and feature.table == "condition_occurrence":
            # a chapter or a part of one is too short to tell its edition
            whole = [code for code in feature.codes if len(_plain(code)) >= _SHORTEST_CODE]
            refuse_other_edition(whole, context.vocabulary, where=f"features.own.{name}.codes")
    tables = sorted({feature.read_from for feature in features.values()})
    parts: list[ir.Table] = []
    for table in tables:
        mine = {name: feature for name, feature in features.items() if feature.read_from == table}
        if table == "cohort":
            parts.append(_in_cohorts(context, mine))
        elif table == "condition_occurrence":
            parts += _diagnoses(context, mine, concepts)
        else:
            parts += _events(context, table, mine, concepts)
    rows = parts[0] if len(parts) == 1 else ibis.union(*parts)
    return rows, [*told, *([_taken_alone(alone)] if alone else [])]


def _concepts(context: Context, name: str, feature: OwnFeature, alone: list[str]) -> tuple[list[int], list[Check]]:
    """The concept ids of a feature; one whose hierarchy is not known is added to `alone`."""
    found: list[int] = []
    checks: list[Check] = []
    if feature.concept_set is not None:
        vocabulary = context.vocabulary if feature.table == "condition_occurrence" else ""
        try:
            resolved = explain_concept_set(context.cdm, feature.concept_set, vocabulary=vocabulary)
        except HfriskError as error:
            raise type(error)(
                error.what, where=f"features.own.{name}.concept_set, {error.where}", todo=error.todo
            ) from None
        found += resolved.concepts
        checks += resolved.checks
    listed = sorted(set(feature.concepts))
    if listed and feature.descendants:
        try:
            listed = with_descendants(context.cdm, listed)
        except DataError:
            alone.append(name)
    return sorted({*found, *listed}), checks


def _pairs(cdm: Cdm, wanted: Mapping[str, Iterable[int]]) -> ir.Table | None:
    rows = [{"own": name, "wanted": concept} for name, concepts in wanted.items() for concept in concepts]
    return cdm.values(rows, {"own": "string", "wanted": "int64"}) if rows else None


def _by_prefix(
    context: Context, rows: ir.Table, code: ir.StringValue, features: Mapping[str, OwnFeature]
) -> list[ir.Table]:
    """The rows whose code begins as a feature asks, with `own`: one equality for each length, where one inequality would compare all."""
    by_length: dict[int, list[dict[str, object]]] = {}
    for name, feature in features.items():
        for prefix in sorted({_plain(code) for code in feature.codes}):
            by_length.setdefault(len(prefix), []).append({"own": name, "prefix": prefix})
    found = []
    for length, listed in sorted(by_length.items()):
        wanted = context.cdm.values(listed, {"own": "string", "prefix": "string"})
        begun = rows.mutate(begins=code.substr(0, length))
        found.append(begun.inner_join(wanted, begun.begins == wanted.prefix).drop("begins", "prefix"))
    return found


def _plain(code: str) -> str:
    return code.upper().replace(".", "").replace(" ", "")


def _diagnoses(
    context: Context, features: Mapping[str, OwnFeature], concepts: Mapping[str, Sequence[int]]
) -> list[ir.Table]:
    """Diagnoses, under the rule that all diagnoses have: see `coded.history`."""
    rows = history(context).drop("earlier")
    wanted = _pairs(context.cdm, {name: concepts[name] for name in features})
    found = _by_prefix(context, rows, rows.code, features)
    if wanted is not None:
        found += [rows.inner_join(wanted, rows[column] == wanted.wanted) for column in ("concept", "source_concept")]
    return [
        part.select(*KEYS, "own", "days_ago", at=ibis.null("timestamp"), value=ibis.null("float64")) for part in found
    ]


def _events(
    context: Context, table: str, features: Mapping[str, OwnFeature], concepts: Mapping[str, Sequence[int]]
) -> list[ir.Table]:
    rows = events(context, table)
    wanted = _pairs(context.cdm, {name: concepts[name] for name in features})
    found: list[ir.Table] = []
    if table == "procedure_occurrence":
        written = rows.procedure_source_value.upper().replace(".", "").replace(" ", "")
        found += _by_prefix(context, rows, written, features)
    if wanted is not None:
        found += [rows.inner_join(wanted, rows[column] == wanted.wanted) for column in _CONCEPTS[table]]
    units = _pairs(context.cdm, {name: feature.unit_concepts for name, feature in features.items()})
    if units is not None:
        asked = [name for name, feature in features.items() if feature.unit_concepts]
        units = units.select(unit_of="own", unit="wanted")
        found = [_in_units(part, units, asked) for part in found]
    return [_known(context, part) for part in found]


def _in_units(rows: ir.Table, units: ir.Table, asked: Sequence[str]) -> ir.Table:
    both = rows.left_join(units, [rows.own == units.unit_of, rows.unit_concept_id == units.unit])
    return both.filter(both.unit.notnull() | ~both.own.isin(asked))


def _in_cohorts(context: Context, features: Mapping[str, OwnFeature]) -> ir.Table:
    rows = events(context, "cohort")
    wanted = context.cdm.values(
        [{"own": name, "wanted": feature.cohort} for name, feature in features.items()],
        {"own": "string", "wanted": "int64"},
    )
    return _known(context, rows.inner_join(wanted, rows.cohort_definition_id == wanted.wanted))


def _known(context: Context, rows: ir.Table) -> ir.Table:
    value = rows.value_as_number if "value_as_number" in rows.columns else ibis.null("float64")
    slim = rows.select("person_id", "on", "known_at", "own", "happened_at", value=value.cast("float64"))
    pairs = known_before_prediction(context, slim)
    end_of_day = pairs["on"].cast("timestamp") + ibis.interval(seconds=_LAST_SECOND)
    return pairs.select(*KEYS, "own", "days_ago", at=pairs.happened_at.fill_null(end_of_day), value=pairs.value)


def _taken_alone(features: Sequence[str]) -> Check:
    return Check(
        "HFR085",
        "note",
        "Concepts were taken without what stands below them",
        "The source has no hierarchy below the concepts of these features of features.own: {features}.",
        "Only the listed concepts were looked for; records of more special ones are missed.",
        "Add the vocabulary table concept_ancestor to the source, list every concept, or set descendants to false.",
        facts={"features": ", ".join(features)},
    )
