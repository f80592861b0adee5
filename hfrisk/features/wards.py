"""Who looked after the patient in the stay: specialty, cardiology ward, critical care, the heart-failure team."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.maps import matched
from hfrisk.codelists import read_yaml
from hfrisk.cohort import code
from hfrisk.features.arrival import STAY_THEME
from hfrisk.features.dictionary import Direction, Feature
from hfrisk.features.family import KEYS, Context, Family
from hfrisk.features.known import EVENTS, events, happened_at_latest, known_before_prediction
from hfrisk.features.parts import as_flag, flag, put_together

__all__ = ["wards"]

_IN_THE_STAY = "in the stay"


def wards(context: Context) -> Family:
    """The specialty at the time of the prediction, cardiology at any time of the stay, and a review by the heart-failure team."""
    episodes = _episodes(context)
    return put_together(
        context, [_specialties(context, episodes), _cardiology_ward(context, episodes), _specialist_review(context)]
    )


def _specialties(context: Context, episodes: ir.Table) -> Family:
    """Under which main specialty the patient is when the risk is asked for: that of the latest episode, else that of the stay.

    What a stay says of the specialty as a whole is said at its end.
    """
    rows = context.kept(_under(context, episodes), "specialties")
    if context.cdm.frame(rows.filter(rows.specialty.notnull()).limit(1).select("index_id"), "specialties").empty:
        return Family((), None)
    columns: dict[str, ir.Value] = {}
    entries = []
    listed = read_yaml("stay.yaml")["specialties"]
    for name, entry in listed.items():
        if name == "source":
            continue
        columns[f"{name}_specialty"] = as_flag(rows.specialty.isin(entry["codes"]))
        entries.append(_flag(f"{name}_specialty", f"under {entry['words']} when the risk is asked for"))
    return Family(tuple(entries), rows.select(*KEYS, **columns))


def _under(context: Context, episodes: ir.Table) -> ir.Table:
    """One row an index discharge: the key and `specialty`. Of two episodes that began at one moment, the lower code."""
    index = context.index.select(*KEYS, of_the_stay=code(context.index.main_specialty))
    episodes = episodes.filter(episodes.specialty.notnull())
    moments = episodes.group_by([*KEYS, "at"]).aggregate(specialty=episodes.specialty.min())
    latest = moments.group_by(list(KEYS)).aggregate(of_the_episode=moments.specialty.argmax(moments["at"]))
    both = index.left_join(latest, list(KEYS)).drop("person_id_right", "index_id_right")
    of_the_stay = ibis.null("string") if context.early else both.of_the_stay
    return both.select(*KEYS, specialty=both.of_the_episode.fill_null(of_the_stay))


def _cardiology_ward(context: Context, episodes: ir.Table) -> Family:
    """An episode on a ward that the study names, or under a cardiologist; not recorded where no episode says ward or specialty."""
    signs = [_signs(context, episodes)]
    if not context.early:
        index = context.index.select(*KEYS, specialty=code(context.index.main_specialty))
        signs.append(_signs(context, index, by_ward=False))
    if context.settings.cardiology_wards:
        signs.append(_signs(context, _stays(context)))
    both = ibis.union(*signs) if len(signs) > 1 else signs[0]
    made = both.group_by(list(KEYS)).aggregate(cardiology_ward=both.cardiology.max().cast("float64"))
    made = context.kept(made, "cardiology")
    if context.cdm.frame(made.limit(1).select("index_id"), "cardiology").empty:
        return Family((), None)
    entry = _flag("cardiology_ward", "looked after by cardiology in the stay", direction="lower", modifiable=True)
    return Family((entry,), made)


def _signs(context: Context, rows: ir.Table, *, by_ward: bool = True) -> ir.Table:
    """Whether each row's specialty or ward is cardiology, for those that have one: the key and `cardiology`, 1 or 0."""
    codes = read_yaml("stay.yaml")["specialties"]["cardiology"]["codes"]
    wanted = sorted({ward.strip().lower() for ward in context.settings.cardiology_wards})
    if not wanted or not by_ward:
        told = rows.filter(rows.specialty.notnull())
        return told.select(*KEYS, cardiology=told.specialty.isin(codes).cast("int32"))
    rows = rows.filter(rows.specialty.notnull() | rows.care_site_id.notnull())
    both = rows.left_join(_named_wards(context, wanted), "care_site_id")
    by_id = both.care_site_id.cast("string").lower().isin(wanted).fill_null(False)
    on_the_ward = both.named.fill_null(False) | by_id
    return both.select(*KEYS, cardiology=(both.specialty.isin(codes).fill_null(False) | on_the_ward).cast("int32"))


def _named_wards(context: Context, wanted: list[str]) -> ir.Table:
    """The care sites that the study names: `care_site_id` and `named`, by name or by source value."""
    sites = context.cdm.table("care_site")
    by_name = matched(sites.care_site_name).isin(wanted).fill_null(False)
    by_value = matched(sites.care_site_source_value).isin(wanted).fill_null(False)
    named = sites.select("care_site_id", named=by_name | by_value)
    return named.group_by("care_site_id").aggregate(named=named.named.any())


def _episodes(context: Context) -> ir.Table:
    """The episodes of the index spells that had begun and were known: the key, `at`, `care_site_id` and `specialty`."""
    rows = events(context, "visit_detail")
    at = happened_at_latest(context, rows, EVENTS["visit_detail"])
    rows = rows.select(
        "person_id",
        "visit_occurrence_id",
        "on",
        "known_at",
        episode_site="care_site_id",
        at=at,
        specialty=code(rows.main_specialty),
    )
    return context.kept(_of_the_index_spell(context, rows), "episodes")


def _stays(context: Context) -> ir.Table:
    """The stays of the index spells that had begun and were known, like `_episodes`."""
    rows = events(context, "visit_occurrence")
    rows = rows.select(
        "person_id",
        "visit_occurrence_id",
        "on",
        "known_at",
        episode_site="care_site_id",
        specialty=ibis.null("string"),
    )
    own = context.stays.select("visit_occurrence_id", stay_of="index_id")
    # put down before it meets the index: Spark does not resolve the join of the index with visits that were found through it
    rows = context.kept(rows.inner_join(own, "visit_occurrence_id"), "own_stays")
    return _of_its_spell(context, rows)


def _of_the_index_spell(context: Context, rows: ir.Table) -> ir.Table:
    own = context.stays.select("visit_occurrence_id", stay_of="index_id")
    return _of_its_spell(context, rows.inner_join(own, "visit_occurrence_id"))


def _of_its_spell(context: Context, rows: ir.Table) -> ir.Table:
    pairs = known_before_prediction(context, rows)
    return pairs.filter(pairs.stay_of == pairs.index_id).rename(care_site_id="episode_site")


def _specialist_review(context: Context) -> Family:
    """Whether the heart-failure team saw the patient in the stay; made where the study says how that is recorded."""
    chosen = context.settings.specialist_review_observations
    if not chosen:
        return Family((), None)
    rows = events(context, "observation")
    rows = rows.filter(rows.observation_concept_id.isin(chosen)).select("person_id", "on", "known_at")
    pairs = known_before_prediction(context, rows)
    pairs = pairs.filter(pairs.days_ago <= 0)
    made = pairs.group_by(list(KEYS)).aggregate(n=pairs.count()).mutate(specialist_review=ibis.literal(1.0))
    entry = flag(
        "specialist_review",
        "reviewed by the heart-failure team in the stay",
        family="stay",
        theme=STAY_THEME,
        window=_IN_THE_STAY,
        sources=("observation",),
        direction="lower",
        modifiable=True,
    )
    return Family((entry,), made, absent=0.0)


def _flag(name: str, words: str, *, direction: Direction = "either", modifiable: bool = False) -> Feature:
    return flag(
        name,
        words,
        family="stay",
        theme=STAY_THEME,
        window=_IN_THE_STAY,
        sources=("visit_occurrence", "visit_detail"),
        direction=direction,
        modifiable=modifiable,
    )
