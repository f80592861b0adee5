# Databricks notebook source
# MAGIC %md
# MAGIC # A quick look at a heart-failure cohort
# MAGIC Change `source` to the OMOP data of your environment. Everything shown is aggregated; nothing here prints a row of a patient.

# COMMAND ----------
import os
from pathlib import Path

from hfrisk.cdm import SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features

source = Path(os.environ.get("HFRISK_SOURCE", "reports/demo-region"))

# COMMAND ----------
# MAGIC %md
# MAGIC ## Who is in
# MAGIC Counts are exact: they are for you, inside. What leaves goes through `hfrisk run`.

# COMMAND ----------
cdm = connect(SourceSettings(path=source))
cohort = build_cohort(cdm, CohortSettings())
print(cohort.attrition[["words", "admissions", "persons", "excluded"]].to_string(index=False))

# COMMAND ----------
# MAGIC %md
# MAGIC ## What became of them

# COMMAND ----------
for state, count in cohort.states.items():
    print(f"{state:<12}{count:>8,}  {count / cohort.index_discharges:.1%}")

# COMMAND ----------
# MAGIC %md
# MAGIC ## What was known at discharge

# COMMAND ----------
features = build_features(cdm, cohort, FeatureSettings())
for entry in features.dictionary:
    print(f"{entry.name:<28}{entry.unit:<18}{entry.words}")
