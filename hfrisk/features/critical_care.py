"""Critical care in the stay, and its hours until the risk is asked for."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.cohort import moment
from hfrisk.features.arrival import STAY_THEME
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid
from hfrisk.features.known import Event, events, happened_at_latest, known_before_prediction
from hfrisk.features.parts import flag

__all__ = ["critical_care"]

_SECONDS = 3600


def critical_care(context: Context) -> Family:
    """Whether the patient was in critical care, and for how many hours; two records of the same hours count once.

    A record that has not ended by the prediction, or whose end was not known by then, lasts until the prediction. Without times,
    a record lasts from the beginning of its first day to the beginning of its last.
    """
    if not context.cdm.has("visit_detail"):
        return Family((), None)
    rows = events(context, "visit_detail")
    rows = rows.filter(rows.visit_detail_concept_id.isin(read_yaml("stay.yaml")["critical_care"]["concepts"]))
    last_day, last_time = rows.visit_detail_end_date, rows.visit_detail_end_datetime
    ended = moment(last_day, last_time).fill_null(last_day.cast("timestamp"))
    rows = rows.select(
        "person_id",
        "visit_occurrence_id",
        "on",
        "known_at",
        began=rows.happened_at.fill_null(rows.on.cast("timestamp")),
        ended=ended,
        end_known=happened_at_latest(context, rows, Event("visit_detail_end_date", "visit_detail_end_datetime")),
    )
    own = context.stays.select("visit_occurrence_id", stay_of="index_id")
    pairs = known_before_prediction(context, rows.inner_join(own, "visit_occurrence_id"))
    pairs = pairs.filter(pairs.stay_of == pairs.index_id)
    over = (pairs.end_known < pairs.predicted_at).fill_null(False)
    until = ibis.least(ibis.ifelse(over, pairs.ended, pairs.predicted_at), pairs.predicted_at)
    periods = pairs.select(
        *KEYS, began=ibis.greatest(pairs.began, pairs.admitted_at).epoch_seconds(), until=until.epoch_seconds()
    )
    # what an earlier record has covered already does not count again
    earlier = ibis.window(
        group_by=[periods[name] for name in KEYS], order_by=[periods.began, periods.until], preceding=(None, 1)
    )
    covered = periods.mutate(covered=periods.until.max().over(earlier))
    begins = ibis.greatest(covered.began, covered.covered.fill_null(covered.began))
    spent: ir.IntegerValue = ibis.greatest(covered.until - begins, 0)
    made = covered.mutate(spent=spent).group_by(list(KEYS)).aggregate(seconds=lambda t: t.spent.sum())
    made = made.mutate(
        critical_care=ibis.literal(1.0), critical_care_hours=on_grid(made.seconds.cast("float64") / _SECONDS, 1)
    )
    entries = (
        flag(
            "critical_care",
            "in critical care in the stay",
            family="stay",
            theme=STAY_THEME,
            window="in the stay",
            sources=("visit_detail",),
        ),
        Feature(
            "critical_care_hours",
            "hours in critical care in the stay",
            family="stay",
            theme=STAY_THEME,
            unit="hours",
            window="in the stay",
            sources=("visit_detail",),
            precision=1,
            lower=0,
            upper=2000,
            skewed=True,
            role="more",
        ),
    )
    return Family(entries, made, absent=0.0)
