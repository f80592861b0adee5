"""meds-tab 0.2.0 with its defects worked around from outside. Runs in meds-tab's own environment, in place of its command.

1. Events of one moment are put together with the position of the last as an end that is left out, so that the last event of every
   moment is lost, and all of them where each moment has one event.
2. Values are chosen by looking for the code among the names of the features, which have ``/value`` behind it, so that none is found.
3. The count of a window counts the moments in which a code was seen, not how often it was seen.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from MEDS_tabular_automl import generate_summarized_reps as windows_of
from MEDS_tabular_automl import generate_ts_features as events_of
from MEDS_tabular_automl.scripts import tabularize_time_series

compute_agg, aggregate_matrix = windows_of.compute_agg, windows_of.aggregate_matrix
get_long_value_df = events_of.get_long_value_df
moments_come_next = False


def compute(*arguments: Any, **named: Any) -> Any:
    global moments_come_next
    moments_come_next = True
    return compute_agg(*arguments, **named)


def aggregate(windows: pl.DataFrame, matrix: Any, agg: str, *more: Any) -> Any:
    """The first call of each aggregation puts the events of a moment together, the second the moments of a window."""
    global moments_come_next
    if moments_come_next:
        moments_come_next = False
        return aggregate_matrix(windows.with_columns(pl.col("max_index") + 1), matrix, agg, *more)
    if agg.endswith("/count"):
        # the counts of the moments are added, in more than the 8 bits in which they were put away
        return aggregate_matrix(windows, matrix.astype("int64"), agg.removesuffix("count") + "sum", *more)
    return aggregate_matrix(windows, matrix, agg, *more)


def values(df: pl.LazyFrame, ts_columns: list[str]) -> Any:
    """The codes themselves behind the names of the features: they are found, and no column changes its place."""
    return get_long_value_df(df, [*ts_columns, *map(events_of.feature_name_to_code, ts_columns)])


if __name__ == "__main__":
    windows_of.compute_agg, windows_of.aggregate_matrix = compute, aggregate
    events_of.get_long_value_df = values
    tabularize_time_series.main()
