"""Counts and sums of every code over windows before the prediction, and the same events in the form that meds-tab reads."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from features_engine import rounded, with_kept_cohort

KEYS = ("person_id", "index_id")
MARK = "PREDICTION"  # the code of the event that stands at each label
WINDOWS: dict[str, int | None] = {
    "1d": 1,
    "7d": 7,
    "30d": 30,
    "365d": 365,
    "full": None,
}  # those of its default settings
TABLES: dict[str, tuple[str, str | None]] = {  # the code and the value of an event
    "measurement": ("measurement_concept_id", "value_as_number"),
    "condition_occurrence": ("condition_concept_id", None),
    "drug_exposure": ("drug_concept_id", None),
}


def long_counts(cdm: Any, cohort: Any, tables: Sequence[str]) -> Any:
    """Count and sum of each code in each window, kept as a stage: one row an index discharge and code that was seen, as sparse as
    meds-tab's matrices.

    The wide sweep (`hfrisk.features.sweep`) can take the place of this function and the next where the package has it.
    """
    import ibis

    from hfrisk.features.known import known_before_prediction

    context = _context(cdm, cohort)
    pairs = known_before_prediction(context, _events(context, tables))
    columns = {}
    for name, days in WINDOWS.items():
        inside = ibis.literal(True) if days is None else pairs.known_at >= pairs.predicted_at - ibis.interval(days=days)
        columns[f"count_{name}"] = pairs.count(where=inside)
        columns[f"sum_{name}"] = pairs.value.sum(where=inside)
    long = pairs.group_by([*KEYS, "code"]).aggregate(**columns)
    return cdm.materialise(long, "features_long", [cohort.key, *tables], order=()).table


def wide_counts(cdm: Any, cohort: Any, long: Any, tables: Sequence[str]) -> Any:
    """The same with a column a code, window and statistic, and a row for every index discharge, kept as a stage."""
    found = cdm.frame(long.group_by("code").aggregate(valued=long.sum_full.notnull().any()), "codes").sort_values(
        "code"
    )
    columns = [
        (f"{statistic}_{window}", code)
        for code, valued in zip(found["code"], found["valued"], strict=True)
        for window in WINDOWS
        for statistic in (("count", "sum") if valued else ("count",))
    ]
    wide = long.group_by(list(KEYS)).aggregate(
        **{f"{name}_{code}": long[name].max(where=long.code == code) for name, code in columns}
    )
    table = cohort.table.select(*KEYS).left_join(wide, list(KEYS)).drop("person_id_right", "index_id_right")
    filled = {name: table[name].fill_null(0).cast("float64") for name in table.columns if name not in KEYS}
    return cdm.materialise(table.select(*KEYS, **filled), "features_wide", [cohort.key, *tables], order=KEYS).table


def _context(cdm: Any, cohort: Any) -> Any:
    from hfrisk.features import FeatureSettings
    from hfrisk.features.build import context_of

    return context_of(cdm, cohort, FeatureSettings(), "icd10_uk")


def _events(context: Any, tables: Sequence[str]) -> Any:
    """`person_id`, `known_at`, `code` (a letter of the table and the concept) and `value` of the cohort's people."""
    import ibis

    from hfrisk.features.known import events

    parts = []
    for name in tables:
        rows = events(context, name)
        concept, value = TABLES[name]
        parts.append(
            rows.select(
                "person_id",
                "known_at",
                code=ibis.literal(name[0]) + rows[concept].cast("string"),
                value=rows[value] if value else ibis.null("float64"),
            )
        )
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def ours(
    source: str,
    kept: str,
    fingerprint: str,
    meds: str,
    tables: list[str],
    shards: int,
    repeats: int,
    memory_gb: float,
) -> dict[str, Any]:
    """Our counts and sums, timed and put down for comparison, and the same events and labels in the form that meds-tab reads."""
    long_seconds, long_cpu, wide_seconds = [], [], []
    folder = Path(meds)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for _ in range(repeats):
        with with_kept_cohort(source, kept, fingerprint, memory_gb) as (cdm, cohort):
            began, worked = time.perf_counter(), time.process_time()
            long = long_counts(cdm, cohort, tables)
            long_seconds.append(time.perf_counter() - began)
            long_cpu.append(time.process_time() - worked)
            wide = wide_counts(cdm, cohort, long, tables)
            wide_seconds.append(time.perf_counter() - began)
            wide.execute().to_parquet(folder / "ours.parquet")
    with with_kept_cohort(source, kept, fingerprint, memory_gb) as (cdm, cohort):
        converted = _as_meds(cdm, cohort, folder, tables, shards)
    return {
        **converted,
        **rounded(
            {
                "our_seconds": statistics.median(long_seconds),
                "our_seconds_least": min(long_seconds),
                "our_cpu_seconds": statistics.median(long_cpu),
                "our_wide_seconds": statistics.median(wide_seconds),
                "our_wide_seconds_least": min(wide_seconds),
            }
        ),
    }


def _as_meds(cdm: Any, cohort: Any, folder: Path, tables: Sequence[str], shards: int) -> dict[str, Any]:
    """Events and labels, a file a shard of people.

    meds-tab takes the window of the last event before a label for that of the label, so each label has an event of its own at its
    time, with a code that is not compared. A label lies a microsecond before the prediction, since meds-tab counts what happened at
    the very time of the label, and we do not.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _events(_context(cdm, cohort), tables).execute()
    rows = rows.rename(columns={"person_id": "subject_id", "known_at": "time", "value": "numeric_value"})
    labels = cohort.table.select(*KEYS, "predicted_at").execute()
    labels["prediction_time"] = labels.pop("predicted_at") - pd.Timedelta(microseconds=1)
    labels = labels.rename(columns={"person_id": "subject_id"})
    labels = labels.sort_values(["subject_id", "prediction_time", "index_id"]).assign(boolean_value=False)
    marks = labels[["subject_id", "prediction_time"]].rename(columns={"prediction_time": "time"}).assign(code=MARK)
    rows = pd.concat([rows, marks]).sort_values(["subject_id", "time", "code"], kind="stable")
    people = labels["subject_id"].drop_duplicates().reset_index(drop=True)
    shard_of = pd.Series(people.index * shards // len(people), index=people)
    moment = pa.timestamp("us")
    event = {"subject_id": pa.int64(), "time": moment, "code": pa.string(), "numeric_value": pa.float32()}
    index_id = pa.from_numpy_dtype(labels["index_id"].dtype)
    label = {"subject_id": pa.int64(), "prediction_time": moment, "boolean_value": pa.bool_(), "index_id": index_id}
    for name, frame, schema in (("events", rows, event), ("labels", labels, label)):
        for shard in range(shards):
            path = folder / name / "train" / f"{shard}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            part = frame[frame["subject_id"].map(shard_of) == shard]
            pq.write_table(pa.Table.from_pandas(part, schema=pa.schema(schema), preserve_index=False), path)
    return {
        "labels": len(labels),
        "events": len(rows) - len(marks),
        "codes": int(rows["code"].nunique()) - 1,
        "moments": len(rows.drop_duplicates(["subject_id", "time"])),
    }
