"""What became of each spell after its end: readmitted, died, neither, or not seen for long enough."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.cohort.settings import CohortSettings

__all__ = ["first_deaths", "with_outcome"]


def first_deaths(cdm: Cdm) -> ir.Table:
    """The earliest recorded death of each person."""
    deaths = cdm.table("death")
    deaths = deaths.filter(deaths.person_id.notnull(), deaths.death_date.notnull())
    return deaths.group_by("person_id").aggregate(death_date=deaths.death_date.min())


def with_outcome(spells: ir.Table, deaths: ir.Table, settings: CohortSettings, data_end: date) -> ir.Table:
    """Each spell with its state, the day of it, and whether it is an event of the study's risk.

    The first unplanned spell inside the window is the readmission, whatever planned ones come before it; planned ones end
    nothing. What happened after the end of the data is not looked at: no such spell is among `spells`, and a later death is not
    counted. A readmission inside the window counts even where the recorded death is earlier: whoever was admitted was alive, and
    recorded deaths are often rounded to the first of the month.
    """
    first, last = settings.window_days
    later = spells.filter(spells.unplanned).select("person_id", next_spell="spell", next_date="admission_date")
    pairs = spells.select("person_id", "index_id", "spell", "discharge_date").inner_join(
        later,
        [
            spells.person_id == later.person_id,
            later.next_date.delta(spells.discharge_date, unit="day").between(first, last),
        ],
    )
    pairs = pairs.filter(pairs.next_spell > pairs.spell)
    came_back = pairs.group_by(["person_id", "index_id"]).aggregate(
        readmission_day=pairs.next_date.delta(pairs.discharge_date, unit="day").min()
    )
    joined = spells.left_join(came_back, ["person_id", "index_id"]).drop("person_id_right", "index_id_right")
    joined = joined.left_join(deaths, "person_id").drop("person_id_right")
    seen_to_die = (joined.death_date <= ibis.literal(data_end)).fill_null(False)
    died_on = joined.death_date.delta(joined.discharge_date, unit="day")
    seen_until = ibis.literal(data_end).delta(joined.discharge_date, unit="day")
    joined = joined.mutate(
        death_day=ibis.ifelse(
            seen_to_die & (died_on <= last).fill_null(False), ibis.greatest(died_on, 0), ibis.null("int64")
        ),
        follow_up_complete=seen_until >= last,
    )
    state = ibis.cases(
        (joined.readmission_day.notnull(), "readmitted"),
        (joined.death_day.notnull(), "died"),
        (joined.follow_up_complete, "none"),
        else_="censored",
    )
    joined = joined.mutate(state=state, outcome_day=joined.readmission_day.fill_null(joined.death_day))
    events = ["readmitted"] if settings.risk == "cumulative_incidence" else ["readmitted", "died"]
    # nobody knows whether a censored discharge became an event, so it is none of the two
    known = joined.state != "censored"
    return joined.mutate(event=ibis.ifelse(known, joined.state.isin(events), ibis.null("boolean")))
