"""Inpatient stays become provider spells, and provider spells continuous inpatient spells."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.cohort.settings import CohortSettings, SpellSettings
from hfrisk.cohort.unplanned import first_after_each_attendance

__all__ = ["build_spells", "in_order", "joined_stays", "keyed_stays"]

_STAND_IN_DAYS = 1


def _rule(settings: CohortSettings) -> dict[str, Any] | None:
    rule: dict[str, Any] | None = read_yaml("admission.yaml")["transfer"]["rules"].get(settings.spells.rule)
    return rule


def in_order(stays: ir.Table, settings: CohortSettings) -> ir.Table:
    """The stays with `place`, their order within the person, and `alone`: no other ordinary stay is near enough to be joined with.

    Stays are taken in the order of their latest possible start, so that the result depends on the stays and not on their ids. Most
    stays are alone, and only the others need the work of `joined_stays`. Day cases and regular attenders join nothing.
    """
    group = stays.person_id
    order = [stays.latest_start, stays.earliest_end, stays.visit_occurrence_id]
    before = ibis.window(group_by=group, order_by=order, preceding=(None, 1))
    after = ibis.window(group_by=group, order_by=order, following=(1, None))
    last_day = ibis.ifelse(stays.day_case, ibis.null("date"), stays.end_date)
    first_day = ibis.ifelse(stays.day_case, ibis.null("date"), stays.start_date)
    placed = stays.mutate(
        place=ibis.row_number().over(ibis.window(group_by=group, order_by=order)).cast("int64"),
        last_day_before=last_day.max().over(before),
        first_day_after=first_day.min().over(after),
    )
    rule = _rule(settings)
    reach = max(rule["days"], _STAND_IN_DAYS) if rule else 0
    until = ibis.greatest(placed.end_date, placed.last_day_before.fill_null(placed.end_date))
    near = (placed.start_date.delta(placed.last_day_before, unit="day") <= reach).fill_null(False)
    near = near | (placed.first_day_after.delta(until, unit="day") <= reach).fill_null(False)
    if rule is None and not (settings.spells.merge_overlapping or settings.spells.merge_same_day):
        near = ibis.literal(False)
    return placed.mutate(alone=placed.day_case | ~near).drop("last_day_before", "first_day_after")


def joined_stays(cdm: Cdm, placed: ir.Table, settings: CohortSettings, *, stand_in: bool) -> ir.Table:
    """Which spell each stay belongs to that is not alone: `visit_occurrence_id`, `index_id` (the spell's key), `opening`, `closing`,
    and how it came to the spell, `joined_by` (``opens``, ``overlap``, ``transfer``, ``stand_in``).

    Parameters
    ----------
    placed
        From `in_order`, persisted.
    stand_in
        Whether the stand-in for transfer evidence is used (see `SpellSettings.without_evidence`).
    """
    blocks = _blocks(placed.filter(~placed.alone), settings.spells)
    rule = _rule(settings)
    if rule is None:
        runs = blocks.mutate(run=blocks.block, block_joined_by=ibis.literal("opens"))
    else:
        runs = blocks.left_join(_joined_blocks(cdm, blocks, rule, stand_in), ["person_id", "block"])
        runs = runs.drop(*[name for name in runs.columns if name.endswith("_right")])
    first = ibis.window(group_by=[runs.person_id, runs.run], order_by=[runs.start_at, runs.visit_occurrence_id])
    # of stays that end together, the one of the last block is the last: it is where the transfer led
    last = ibis.window(group_by=[runs.person_id, runs.run], order_by=[ibis.desc(runs.block), *_last_to_end(runs)])
    marked = runs.mutate(turn=ibis.row_number().over(first), from_the_end=ibis.row_number().over(last))
    opening = ibis.ifelse(marked.turn == 0, marked.visit_occurrence_id, ibis.null(marked.visit_occurrence_id.type()))
    return marked.select(
        "visit_occurrence_id",
        index_id=opening.max().over(ibis.window(group_by=[marked.person_id, marked.run])),
        opening=marked.turn == 0,
        closing=marked.from_the_end == 0,
        joined_by=ibis.ifelse(marked.overlaps, "overlap", marked.block_joined_by),
    )


def keyed_stays(placed: ir.Table, joined: ir.Table) -> ir.Table:
    """Every stay with the key of its spell, `opening`, `closing` and `joined_by`."""
    both = placed.left_join(joined, "visit_occurrence_id").drop("visit_occurrence_id_right")
    return both.mutate(
        index_id=both.index_id.fill_null(both.visit_occurrence_id),
        opening=both.opening.fill_null(True),
        closing=both.closing.fill_null(True),
        joined_by=both.joined_by.fill_null("opens"),
    )


def _blocks(stays: ir.Table, settings: SpellSettings) -> ir.Table:
    """Stays that overlap, and records of one and the same stay, are a block (a provider spell): `block`, `overlaps`.

    In the order of latest possible starts, a running maximum of ends is a valid test of overlap.
    """
    same = ("person_id", "start_date", "end_date", "timed_start", "timed_end", "care_site_id")
    stays = stays.mutate(copy_of=stays.visit_occurrence_id.min().over(ibis.window(group_by=_columns(stays, *same))))
    order = [stays.latest_start, stays.earliest_end, stays.copy_of, stays.visit_occurrence_id]
    earlier = ibis.window(group_by=stays.person_id, order_by=order, preceding=(None, 1))
    placed = stays.mutate(
        latest_end_before=stays.earliest_end.max().over(earlier),
        latest_day_before=stays.end_date.max().over(earlier),
        copied=(stays.copy_of.lag().over(ibis.window(group_by=stays.person_id, order_by=order)) == stays.copy_of),
    )
    overlaps = ibis.literal(False)
    if settings.merge_overlapping:
        overlaps = overlaps | (placed.latest_start < placed.latest_end_before) | placed.copied
    if settings.merge_same_day:
        overlaps = overlaps | (placed.start_date <= placed.latest_day_before)
    placed = placed.mutate(overlaps=overlaps.fill_null(False))
    so_far = ibis.window(
        group_by=placed.person_id,
        order_by=[placed.latest_start, placed.earliest_end, placed.copy_of, placed.visit_occurrence_id],
        preceding=None,
        following=0,
    )
    opens = ibis.ifelse(placed.overlaps, 0, 1).cast("int64")
    return placed.mutate(block=opens.sum().over(so_far)).drop(
        "copy_of", "latest_end_before", "latest_day_before", "copied"
    )


def _joined_blocks(cdm: Cdm, placed: ir.Table, rule: dict[str, Any], stand_in: bool) -> ir.Table:
    """Each block with the number of the run of transfers that it belongs to."""
    key = ["person_id", "block"]
    first = ibis.row_number().over(
        ibis.window(group_by=_columns(placed, *key), order_by=[placed.start_at, placed.visit_occurrence_id])
    )
    last = ibis.row_number().over(ibis.window(group_by=_columns(placed, *key), order_by=_last_to_end(placed)))
    ranked = placed.mutate(from_the_start=first, from_the_end=last)
    opening, closing = ranked.from_the_start == 0, ranked.from_the_end == 0
    blocks = ranked.group_by(key).aggregate(
        visit=ranked.visit_occurrence_id.max(where=opening),
        start_date=ranked.start_date.min(),
        end_date=ranked.end_date.max(),
        admitted_at=ranked.start_at.min(),
        timed_admission=ranked.timed_start.min(),
        open_end=ranked.still_open.any(),
        method=ranked.method.max(where=opening),
        source=ranked.source.max(where=opening),
        from_hospital=ranked.from_hospital.any(where=opening),
        through_ae=ranked.began_in_ae.any(where=opening),
        to_hospital_named=ranked.hospital.max(where=opening),
        destination=ranked.destination.max(where=closing),
        to_hospital=ranked.to_hospital.any(where=closing),
        from_hospital_named=ranked.hospital.max(where=closing),
    )
    before = ibis.window(group_by=blocks.person_id, order_by=blocks.block)
    blocks = blocks.mutate(
        gap=blocks.start_date.delta(blocks.end_date.lag().over(before), unit="day"),
        left_to=blocks.destination.lag().over(before),
        left_to_hospital=blocks.to_hospital.lag().over(before),
        left_open=blocks.open_end.lag().over(before),
        left_hospital=blocks.from_hospital_named.lag().over(before),
    )
    if stand_in:
        led = first_after_each_attendance(cdm, blocks, key, "visit")
        blocks = blocks.left_join(led, key)
        blocks = blocks.drop(*[name for name in blocks.columns if name.endswith("_right")])
    ended = ~blocks.left_open.fill_null(True)
    joins = (blocks.gap.between(0, rule["days"]) & _transferred(blocks, rule)).fill_null(False) & ended
    by_stand_in = ibis.literal(False)
    if stand_in:
        elsewhere = (blocks.left_hospital != blocks.to_hospital_named).fill_null(False)
        by_stand_in = blocks.gap.between(0, _STAND_IN_DAYS) & elsewhere & ~blocks.through_ae
        by_stand_in = (by_stand_in & blocks.through_attendance.isnull()).fill_null(False) & ended
    blocks = blocks.mutate(
        block_joined_by=ibis.cases((joins, "transfer"), (by_stand_in, "stand_in"), else_="opens"),
        new=ibis.ifelse(joins | by_stand_in, 0, 1).cast("int64"),
    )
    so_far = ibis.window(group_by=blocks.person_id, order_by=blocks.block, preceding=None, following=0)
    return blocks.mutate(run=blocks.new.sum().over(so_far)).select(*key, "run", "block_joined_by")


def _transferred(blocks: ir.Table, rule: dict[str, Any]) -> ir.BooleanValue:
    """Whether the end of the block before, or the beginning of this one, says that the patient was moved."""
    told = (
        blocks.left_to.isin(rule["destinations"]).fill_null(False)
        | blocks.source.isin(rule["sources"]).fill_null(False)
        | blocks.method.isin(rule["methods"]).fill_null(False)
        | blocks.left_to_hospital.fill_null(False)
        | blocks.from_hospital.fill_null(False)
    )
    never = rule["never"]
    if never is None:
        return told
    home_and_back = (
        blocks.left_to.isin([never["destination"]])
        & blocks.source.isin([never["source"]])
        & blocks.method.isin([never["method"]])
    )
    return told & ~home_and_back.fill_null(False)


def _last_to_end(stays: ir.Table) -> list[ir.Value]:
    return [ibis.desc(stays.end_date), ibis.desc(stays.earliest_end), ibis.desc(stays.visit_occurrence_id)]


def _columns(table: ir.Table, *names: str) -> list[ir.Value]:
    return [table[name] for name in names]


def build_spells(stays: ir.Table, settings: CohortSettings) -> ir.Table:
    """One row a spell: key, number within the person, dates, site, and what its own records say of its beginning and its end.

    Admission fields are the first stay's, discharge fields those of the last one to end. A stay alone is its own spell as it stands.

    Parameters
    ----------
    stays
        From `keyed_stays`.
    """
    rule = _rule(settings)
    away = stays.to_hospital
    if rule is not None:
        away = away | stays.destination.isin(rule["destinations"]).fill_null(False)
    stays = stays.mutate(away=away, in_ae_on=ibis.ifelse(stays.began_in_ae, stays.start_date, ibis.null("date")))
    spells = ibis.union(_as_it_stands(stays.filter(stays.alone)), _summed_up(stays.filter(~stays.alone)))
    return spells.mutate(length_of_stay=spells.discharge_date.delta(spells.admission_date, unit="day"))


def _as_it_stands(stays: ir.Table) -> ir.Table:
    return stays.select(
        "person_id",
        "index_id",
        "day_case",
        spell="place",
        admission_date="start_date",
        admitted_at="start_at",
        timed_admission="timed_start",
        still_open="still_open",
        discharge_date="end_date",
        discharged_at="earliest_end",
        care_site_id="care_site_id",
        hospital="hospital",
        discharged_dead="died",
        self_discharged="self_discharged",
        transferred_out="away",
        stays=ibis.literal(1, "int64"),
        admission_method="method",
        admitted_from="admitted_from_concept_id",
        main_specialty="main_specialty",
        in_ae_on="in_ae_on",
    )


def _summed_up(stays: ir.Table) -> ir.Table:
    opening, closing = stays.opening, stays.closing
    spells = stays.group_by(["person_id", "index_id"]).aggregate(
        day_case=stays.day_case.any(),
        spell=stays.place.max(where=opening),
        admission_date=stays.start_date.min(),
        admitted_at=stays.start_at.min(),
        timed_admission=stays.timed_start.min(),
        still_open=stays.still_open.any(),
        discharge_date=stays.end_date.max(),
        discharged_at=stays.earliest_end.max(where=closing),
        care_site_id=stays.care_site_id.max(where=closing),
        hospital=stays.hospital.max(where=closing),
        discharged_dead=stays.died.any(where=closing),
        self_discharged=stays.self_discharged.any(where=closing),
        transferred_out=stays.away.any(where=closing),
        stays=stays.count(),
        admission_method=stays.method.max(where=opening),
        admitted_from=stays.admitted_from_concept_id.max(where=opening),
        main_specialty=stays.main_specialty.max(where=closing),
        in_ae_on=stays.in_ae_on.min(),
    )
    return spells
