"""Medicines as ingredients and as clinical drugs: administrations, infusions, orders over days, prescriptions with a supply."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from hfrisk.codelists import read_yaml
from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["CLINICAL_DRUGS", "rows"]

# a clinical drug and the ingredients of which it is made; the last two are of ingredients that no list has
CLINICAL_DRUGS = {
    19900001: [956874],
    19900002: [956874, 991382],
    19900003: [46275719, 1308842],
    19900004: [932745],
    19900005: [1308842],
    19900006: [1338005],
    19900007: [1125315],
    19900008: [1125315, 1201620],
}
LOOPS = [956874, 956874, 932745, 942350, 19900001, 19900002, 19900004]
PILLARS = [1338005, 1334456, 970250, 44785829, 46275719, 778939, 1308842, 1351557, 19900003, 19900005, 19900006]


def rows(who: Person, rng: random.Random) -> list[Row]:
    anything = sorted({c for entry in read_yaml("medicines.yaml").values() for c in entry.get("concepts", [])})
    found: list[Row] = []
    for _ in range(rng.randrange(0, 40)):
        some = rng.choice([LOOPS, LOOPS, PILLARS, PILLARS, anything, [*CLINICAL_DRUGS, 19900099, 0]])
        drug = rng.choice(some)
        at = who.near(rng)
        found.append(_row(who, rng, len(found), drug, at))
        if rng.random() < 0.3:
            # what is given again at the end, or near its edges
            _, start, end = rng.choice(who.stays)
            near = rng.choice([end, end - timedelta(hours=72), end - timedelta(hours=24), end - timedelta(hours=48),
                               start + timedelta(hours=24), start])  # fmt: skip
            found.append(_row(who, rng, len(found), drug, near + timedelta(minutes=rng.choice([-61, -1, 0, 1, 59]))))
    return found


def _row(who: Person, rng: random.Random, number: int, drug: int, at: datetime) -> Row:
    day, moment = written(at, rng)
    kind = rng.random()
    end_day, end_at, supply = None, None, None
    if kind < 0.35:
        end_day = day
    elif kind < 0.5:
        end = at + timedelta(hours=rng.choice([0, 1, 12, 30, 80, 200, -50]))
        end_day, end_at = written(end, rng)
    elif kind < 0.6:
        supply = rng.choice([1, 2, 28, 0, -3, 500])
    elif kind < 0.65:
        # a time that is not of its day counts as none
        end_day, end_at = day + timedelta(days=2), datetime.combine(day, time(8))
    return {
        "drug_exposure_id": who.id * 1000 + number,
        "person_id": who.id,
        "drug_concept_id": drug,
        "drug_exposure_start_date": day,
        "drug_exposure_start_datetime": moment,
        "drug_exposure_end_date": end_day,
        "drug_exposure_end_datetime": end_at,
        "route_concept_id": rng.choice([4171047, 4132161, None, 0]),
        "quantity": rng.choice([None, 1.0, 2.0, 0.5, 0.0]),
        "days_supply": supply,
        "dose_mg": rng.choice([None, None, 1.0, 2.0, 40.0, 80.0, 500.0, 0.0]),
        "recorded_at": rng.choice([None, None, None, at + timedelta(hours=rng.choice([-5, 2, 40]))]),
    }
