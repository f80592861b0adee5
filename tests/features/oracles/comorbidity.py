# mypy: ignore-errors
"""Makes comorbidity.csv: made-up people's codes and what pycomorb 1.20261001.1 (polars 2.1.0) makes of them.

It shares nothing with hfrisk: its lists were typed from the papers. Run with pycomorb on the path: python comorbidity.py
Its SHMI index takes totals below zero as zero, as the SHMI does. Left out: 195, which it has not under Charlson's cancer although Quan's
range ends with 195.8, and 497 to 499, which are no codes.
"""

import random
import warnings

import polars as pl
from pycomorb.CharlsonComorbidityIndex import CharlsonComorbidityIndex
from pycomorb.ElixhauserComorbidityIndex import ElixhauserComorbidityIndex
from pycomorb.HospitalFrailtyRiskScore import HospitalFrailtyRiskScore

from hfrisk.codelists import read_csv

warnings.simplefilter("ignore")
rng = random.Random(4)


def listed(system: str) -> list[str]:
    files = ["charlson_quan.csv", "charlson_shmi.csv", "elixhauser_quan.csv"]
    codes = {row["prefix"] for file in files for row in read_csv(file) if row["system"] == system}
    codes -= {"195", "497", "498", "499"}
    return sorted(codes | ({row["code"] for row in read_csv("hfrs.csv")} if system == "icd10" else set()))


def people(system: str, number: int) -> pl.DataFrame:
    known, rows = listed(system), []
    for person in range(number):
        age = rng.choice([40, 49, 50, 59, 60, 69, 70, 79, 80, 95])
        for _ in range(rng.randrange(1, 15)):
            code = rng.choice(known)
            if system == "icd10":
                code += rng.choice(["", "0", "9"]) if len(code) < 5 else ""
            else:
                code += rng.choice(["", "0", "9"]) if len(code) < (4 if code[0] == "E" else 5) else ""
            rows.append({"id": person, "code": code, "age": age})
    return pl.DataFrame(rows).unique(maintain_order=True)


def scored(system: str, number: int) -> pl.DataFrame:
    frame, icd = people(system, number), "icd9" if system == "icd9cm" else system
    made = frame.group_by("id", maintain_order=True).agg(pl.col("code").str.join(" "), pl.col("age").first())
    made = made.rename({"code": "codes"})

    def add(result: pl.DataFrame, **columns: str) -> None:
        nonlocal made
        result = result.select("id", **{name: pl.col(theirs) for name, theirs in columns.items()})
        made = made.join(result, on="id", how="left")

    index, aged = "Charlson Comorbidity Index", "Charlson Age-Comorbidity Score"
    add(CharlsonComorbidityIndex(frame, icd_version=icd), charlson_1987=index, charlson_1987_age=aged)
    add(CharlsonComorbidityIndex(frame, icd_version=icd, weights="quan"), charlson_quan_2011=index)
    if system == "icd10":
        add(CharlsonComorbidityIndex(frame, implementation="uk_shmi", weights="uk_shmi"), charlson_shmi=index)
        add(HospitalFrailtyRiskScore(frame), frailty_score="HFRS Score")
    else:
        made = made.with_columns(charlson_shmi=pl.lit(None), frailty_score=pl.lit(None))
    add(ElixhauserComorbidityIndex(frame, icd_version=icd), elixhauser_van_walraven="Elixhauser Comorbidity Index")
    return made.select(pl.lit(system).alias("system"), "codes", "age", *SCORES).cast(dict.fromkeys(SCORES, pl.Float64))


SCORES = [
    "charlson_1987",
    "charlson_1987_age",
    "charlson_quan_2011",
    "charlson_shmi",
    "elixhauser_van_walraven",
    "frailty_score",
]
pl.concat([scored("icd10", 150), scored("icd9cm", 100)]).write_csv("comorbidity.csv")
