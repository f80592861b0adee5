"""Which admissions were unplanned, by the strategies that the study declares, tried in order."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.stays import ED_VISIT, code
from hfrisk.cohort.times import moment

__all__ = ["attendances_that_led", "first_after_each_attendance", "with_unplanned"]


def with_unplanned(cdm: Cdm, spells: ir.Table, settings: CohortSettings) -> ir.Table:
    """The spells with `unplanned`, and with the strategy that told it: `unplanned_told_by` (``nothing`` where none did).

    A strategy tells an admission unplanned, planned, or nothing, and then the next one is asked. What none of them tells is taken as
    planned. Day cases and regular attenders are planned by what they are.
    """
    if "observation" in settings.unplanned:
        spells = _with_observed_method(cdm, spells, settings)
    if "ae_segment" in settings.unplanned:
        spells = _with_attendance(cdm, spells)
    told = {f"by_{name}": _told(name, spells) for name in settings.unplanned}
    marked = spells.mutate(**told)
    verdict = ibis.coalesce(*[marked[name] for name in told]).fill_null(False)
    teller = ibis.cases(*[(marked[name].notnull(), name.removeprefix("by_")) for name in told], else_="nothing")
    marked = marked.mutate(
        unplanned=verdict & ~marked.day_case, unplanned_told_by=ibis.ifelse(marked.day_case, "day_case", teller)
    )
    return marked.drop(*told, *[name for name in ("observed_method", "through_attendance") if name in marked.columns])


def _told(strategy: str, spells: ir.Table) -> ir.BooleanValue:
    """True, False, or NULL where the strategy does not know."""
    if strategy == "admission_method":
        return _by_method(spells.admission_method)
    if strategy == "observation":
        return _by_method(spells.observed_method)
    if strategy == "ae_segment":
        opened_in_ae = (spells.in_ae_on == spells.admission_date).fill_null(False)
        return _yes_or_unknown(opened_in_ae | spells.through_attendance.notnull())
    if strategy == "admitted_from":
        room = read_yaml("admission.yaml")["discharge"]["ae_source_concept"]
        return _yes_or_unknown((spells.admitted_from == room).fill_null(False))
    return ibis.literal(True)


def _yes_or_unknown(value: ir.BooleanValue) -> ir.BooleanValue:
    return ibis.ifelse(value, ibis.literal(True), ibis.null("boolean"))


def _by_method(method: ir.StringValue) -> ir.BooleanValue:
    lists = read_yaml("admission.yaml")["admission_method"]
    return ibis.cases(
        (method.isin(lists["unplanned"]).fill_null(False), ibis.literal(True)),
        (method.isin(lists["planned"]).fill_null(False), ibis.literal(False)),
        else_=ibis.null("boolean"),
    )


def _with_observed_method(cdm: Cdm, spells: ir.Table, settings: CohortSettings) -> ir.Table:
    """The admission method that an observation linked to the opening stay carries; of several, the first in the alphabet."""
    rows = cdm.table("observation")
    rows = rows.filter(rows.observation_concept_id.isin(settings.admission_method_observations))
    methods = rows.group_by(index_id=rows.visit_occurrence_id).aggregate(
        observed_method=code(rows.value_as_string).min()
    )
    joined = spells.left_join(methods, "index_id")
    return joined.drop("index_id_right")


def _with_attendance(cdm: Cdm, spells: ir.Table) -> ir.Table:
    ordinary = spells.filter(~spells.day_case)
    led = first_after_each_attendance(cdm, ordinary, ["person_id", "index_id"], "index_id")
    joined = spells.left_join(led, ["person_id", "index_id"])
    return joined.drop("person_id_right", "index_id_right")


def first_after_each_attendance(cdm: Cdm, admissions: ir.Table, key: Sequence[str], tie: str) -> ir.Table:
    """The admissions that an A&E visit led to: their key and `through_attendance` (True). See `attendances_that_led`."""
    led = attendances_that_led(cdm.table("visit_occurrence"), admissions, key, tie).select(*key).distinct()
    return led.mutate(through_attendance=ibis.literal(True))


def attendances_that_led(visits: ir.Table, admissions: ir.Table, key: Sequence[str], tie: str) -> ir.Table:
    """The admissions that an A&E visit led to: their key and `attendance`, the id of the visit.

    The visit ended on the day of the admission or the day before, and not after it where both have times. One visit leads to one
    admission, the first after it.

    Parameters
    ----------
    visits
        The source's, or those of the people who are asked about.
    admissions
        With `person_id`, `admitted_at`, `timed_admission`, and `admission_date` or `start_date`.
    key
        Columns that tell an admission.
    tie
        Column that decides between admissions of one moment.
    """
    day = "admission_date" if "admission_date" in admissions.columns else "start_date"
    visits = visits.filter(visits.visit_concept_id == ED_VISIT, visits.visit_start_date.notnull())
    ended = visits.visit_end_date.fill_null(visits.visit_start_date)
    attendances = visits.select(
        "person_id", attendance="visit_occurrence_id", ended=ended, ended_at=moment(ended, visits.visit_end_datetime)
    )
    slim = admissions.select(*dict.fromkeys([*key, tie, "admitted_at", "timed_admission"]), on=admissions[day])
    # two equalities, the same day and the day before, where one inequality would compare every pair of a person; the admissions
    # are taken twice, for they are fewer than the attendances
    the_day_before = slim.mutate(on=(slim.on - ibis.interval(days=1)).cast("date"))
    comes_after = ibis.union(slim, the_day_before)
    pairs = comes_after.inner_join(
        attendances, [comes_after.person_id == attendances.person_id, comes_after.on == attendances.ended]
    )
    pairs = pairs.filter((pairs.ended_at <= pairs.timed_admission).fill_null(True))
    turn = ibis.row_number().over(
        ibis.window(group_by=[pairs.person_id, pairs.attendance], order_by=[pairs.admitted_at, pairs[tie]])
    )
    led = pairs.mutate(turn=turn)
    return led.filter(led.turn == 0).select(*key, "attendance")
