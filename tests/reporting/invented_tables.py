"""The tables of a made-up study, as the disclosure gate would let them out. Every number is invented."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

HELD = "fewer than 10 here or in the rest, or needed to keep such a number from being worked out"
FEW = "fewer than 200 events"

GROUPS: dict[str, list[tuple[str, float, float]]] = {
    # level, share of people, observed over expected
    "sex": [("Female", 0.45, 1.02), ("Male", 0.55, 0.98)],
    "age_band": [("18-64", 0.14, 0.97), ("65-74", 0.2, 1.0), ("75-84", 0.36, 1.01), ("85 and over", 0.3, 1.0)],
    "ethnicity": [
        ("White", 0.8, 0.99),
        ("Asian or Asian British", 0.06, 1.1),
        ("Black or Black British", 0.03, 1.12),
        ("Mixed", 0.008, math.nan),
        ("Other", 0.012, math.nan),
        ("Not recorded", 0.09, 1.04),
    ],
    "imd_quintile": [
        ("1 (most deprived)", 0.23, 1.22),
        ("2", 0.21, 1.03),
        ("3", 0.2, 0.99),
        ("4", 0.19, 0.93),
        ("5 (least deprived)", 0.17, 0.82),
    ],
    "site_group": [("Group 1", 0.4, 1.0), ("Group 2", 0.35, 0.94), ("Group 3", 0.25, 1.09)],
}

THEMES = [
    ("Earlier hospital use", 0.31, 0.0),
    ("Blood tests and vital signs", 0.24, 0.3),
    ("Frailty", 0.14, 0.0),
    ("Other long-term conditions", 0.12, 0.0),
    ("This hospital stay", 0.08, 0.5),
    ("Where and how people live", 0.06, 0.0),
    ("Medicines", 0.03, 1.0),
    ("Age and sex", 0.02, 0.0),
]

FEATURES = [
    ("prior_emergency_365", "emergency admissions in the year before", "prior_care", 0, "count", (0, 12), False),
    ("urea_last", "urea, last value in the stay", "laboratory", 1, "mmol/L", (2, 40), False),
    ("ntprobnp_last", "NT-proBNP, last value in the stay", "laboratory", 1, "ng/L", (300, 30000), True),
    ("hfrs", "Hospital Frailty Risk Score", "frailty", 2, "points", (0, 40), False),
    ("ed_180", "A&E attendances in the 180 days before", "prior_care", 0, "count", (0, 10), False),
    ("sodium_last", "sodium, last value in the stay", "laboratory", 1, "mmol/L", (118, 150), False),
    ("length_of_stay", "length of this stay", "stay", 4, "days", (0, 60), True),
    ("copd", "chronic obstructive pulmonary disease", "comorbidity", 3, "", (0, 1), False),
    ("living_alone", "lives alone", "deprivation", 5, "", (0, 1), False),
    ("imd_quintile", "deprivation fifth of the home address", "deprivation", 5, "", (1, 5), False),
    ("diabetes", "diabetes", "comorbidity", 3, "", (0, 1), False),
    ("haemoglobin_last", "haemoglobin, last value in the stay", "laboratory", 1, "g/L", (60, 190), True),
    ("systolic_last", "systolic blood pressure, last in the stay", "laboratory", 1, "mmHg", (80, 200), True),
    ("bed_days_365", "days in hospital in the year before", "prior_care", 0, "days", (0, 120), False),
    ("atrial_fibrillation", "atrial fibrillation", "comorbidity", 3, "", (0, 1), False),
    ("loop_diuretic", "loop diuretic in the 90 days before", "medicines", 6, "", (0, 1), True),
    ("age", "age at discharge", "demography", 7, "years", (18, 105), False),
    ("sex_female", "recorded sex is female", "demography", 7, "", (0, 1), False),
]


_SOURCES = {
    "laboratory": "measurement",
    "comorbidity": "condition_occurrence",
    "frailty": "condition_occurrence, observation",
    "medicines": "drug_exposure, drug_strength",
    "demography": "person",
    "deprivation": "observation, person, location",
}


def five(value: float) -> float:
    return float(5 * math.floor(value / 5 + 0.5))


def flow_table(total: int, rate: float) -> pd.DataFrame:
    steps = [
        ("all_spells", "All hospital spells", 11.2),
        ("heart_failure", "Heart failure recorded", 1.62),
        ("adult", "Old enough at admission", 1.61),
        ("unplanned", "Unplanned admission", 1.31),
        ("alive", "Discharged alive", 1.06),
        ("followed_up", "Seen for the whole window after discharge", 1.0),
    ]
    rows, before = [], None
    for rule, words, factor in steps:
        left = five(total * factor)
        gone = 0.0 if before is None else before - left
        before = left
        bits = str(len(rows))
        rows.append((rule, words, bits, left, five(left * 0.72), five(left * rate), gone, five(gone * 0.8), 1, ""))
    return pd.DataFrame(
        rows,
        columns=[
            "rule",
            "words",
            "bits",
            "admissions",
            "persons",
            "events",
            "excluded",
            "excluded_only_here",
            "merged",
            "suppressed",
        ],
    )


def table1_table(n_dev: int, n_test: int, rate: float) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for split, n in (("development", n_dev), ("test", n_test)):
        whole = five(n)
        first = "Index discharges"
        rows.append((first, "Index discharges", "", "n", split, whole, whole, "discharges", ""))
        rows.append((first, "Persons", "", "n", split, five(n * 0.72), whole, "persons", ""))
        for level, share in (
            ("Came back as an emergency", rate),
            ("Died without coming back", 0.023),
            ("Neither", 0.977 - rate),
        ):
            rows.append((first, "What happened first", level, "n", split, five(n * share), whole, "discharges", ""))
        for group, levels in GROUPS.items():
            words = {"sex": "Sex", "age_band": "Age band (years)", "ethnicity": "Ethnicity"}.get(
                group, "Deprivation (IMD quintile)" if group == "imd_quintile" else "Trust or site"
            )
            for level, share, _ in levels:
                held = level == "Mixed"
                value = math.nan if held else five(n * share)
                rows.append(
                    (
                        "Groups of people",
                        words,
                        level,
                        "n",
                        split,
                        value,
                        whole,
                        "discharges",
                        HELD if held else "",
                    )
                )
        for _, words, _, theme, unit, (low, high), _ in FEATURES:
            section = THEMES[theme][0]
            if (low, high) == (0, 1):
                rows.append((section, words, "yes", "n", split, five(n * 0.31), whole, "discharges", ""))
            else:
                for statistic, part in (("median", 0.4), ("lower_quartile", 0.25), ("upper_quartile", 0.6)):
                    value = round(low + part * (high - low), 1)
                    rows.append((section, words, "", statistic, split, value, whole, unit, ""))
            missing = 0.52 if "ntprobnp" in words.lower() else 0.0
            rows.append((section, words, "", "missing", split, five(n * missing), whole, "discharges", ""))
    columns = ["section", "characteristic", "level", "statistic", "split", "value", "n", "unit", "suppressed"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["percent"] = 100 * frame["value"] / frame["n"]
    frame["note"] = ""
    return frame


def by_outcome_table(n: int, rate: float) -> pd.DataFrame:
    """Table 1 by outcome; the deprived come back more often, and those who die are older."""
    sizes = {"event": five(n * rate), "other": five(n) - five(n * rate), "died": five(n * 0.023)}
    rows: list[tuple[Any, ...]] = []
    for outcome, whole in sizes.items():
        rows.append(("Index discharges", "Index discharges", "", "n", outcome, whole, whole, "discharges", ""))
        for level, share in (
            ("1 (most deprived)", 0.3),
            ("2", 0.2),
            ("3", 0.2),
            ("4", 0.2),
            ("5 (least deprived)", 0.1),
        ):
            part = share if outcome == "event" else 0.2
            where = ("Groups of people", "Deprivation (IMD quintile)", level, "n", outcome)
            rows.append((*where, five(whole * part), whole, "discharges", ""))
        for statistic, value in (("median", 4.0), ("lower_quartile", 2.0), ("upper_quartile", 7.0)):
            more = 1.0 if outcome == "event" else 0.0
            words = "emergency admissions in the year before"
            rows.append(("Earlier hospital use", words, "", statistic, outcome, value + more, whole, "count", ""))
        held = outcome == "died"
        value = math.nan if held else five(whole * 0.31)
        rows.append(
            (
                "Other long-term conditions",
                "diabetes",
                "yes",
                "n",
                outcome,
                value,
                whole,
                "discharges",
                HELD if held else "",
            )
        )
        rows.append(
            ("Other long-term conditions", "diabetes", "", "missing", outcome, math.nan, whole, "discharges", HELD)
        )
    columns = ["section", "characteristic", "level", "statistic", "outcome", "value", "n", "unit", "suppressed"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(percent=100 * frame["value"] / frame["n"], note="")


def differences_table() -> pd.DataFrame:
    rows = [
        ("Groups of people", "Deprivation (IMD quintile)", "categorical", "splits", 0.04, "", ""),
        ("Earlier hospital use", "emergency admissions in the year before", "continuous", "splits", 0.13, "", ""),
        ("Groups of people", "Deprivation (IMD quintile)", "categorical", "outcomes", 0.31, "", ""),
        ("Earlier hospital use", "emergency admissions in the year before", "continuous", "outcomes", 0.24, "", ""),
        ("Other long-term conditions", "diabetes", "binary", "outcomes", math.nan, "", HELD),
    ]
    columns = ["section", "characteristic", "kind", "between", "estimate", "reason", "suppressed"]
    return pd.DataFrame(rows, columns=columns)


def years_table(periods: pd.DataFrame) -> pd.DataFrame:
    """Financial years of the quarters of `periods_table`."""
    rows = []
    quarters = periods.assign(first=[int(p[:4]) - (p[-1] == "1") for p in periods["period"]])
    for (split, first), part in quarters.groupby(["split", "first"]):
        n, events, expected = (part[c].sum(skipna=False) for c in ("n", "events", "expected"))
        ratio = round(events / expected, 3) if expected > 0 else math.nan
        area = 0.63 + 0.01 * (first % 3)
        numbers = (
            n,
            events,
            expected,
            ratio,
            round(ratio * 0.9, 3),
            round(ratio * 1.1, 3),
            area,
            area - 0.03,
            area + 0.03,
        )
        held = math.isnan(n)
        numbers = tuple([math.nan] * 9) if held else numbers
        rows.append((split, f"{first}/{(first + 1) % 100:02d}", len(part), *numbers, HELD if held else ""))
    columns = ["split", "period", "quarters", "n", "events", "expected", "oe_ratio", "lower", "upper"]
    return pd.DataFrame(rows, columns=[*columns, "auroc", "auroc_lower", "auroc_upper", "suppressed"])


def performance_table(n_dev: int, n_test: int, rate: float, ratio: float, auroc: float) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []

    def add(
        model: str, split: str, group: str, level: str, measure: str, value: float, se: float, n: float, why: str = ""
    ) -> None:
        if why:
            value = se = math.nan
        shown = [round(v, 3) for v in (value, value - 1.96 * se, value + 1.96 * se)]
        if measure in ("ici", "e50", "e90", "emax", "ici_expected", "ici_expected_95") or measure.startswith("brier_"):
            shown[1:] = [math.nan, math.nan]
        events = five(n * rate)
        rows.append((model, split, group, level, measure, *shown, five(n), events, why, ""))

    for model, lift in (
        ("lightgbm", 0.0),
        ("logistic", -0.006),
        ("lace", -0.05),
        ("hospital", -0.04),
        ("null", 0.5 - auroc),
    ):
        for split, n in (("cross-validation", n_dev), ("test", n_test)):
            true = 1.0 if split == "cross-validation" else ratio
            events = max(n * rate, 1)
            se = 0.55 / math.sqrt(events) / 1.6
            add(model, split, "all", "all", "auroc", auroc + lift, se, n)
            add(model, split, "all", "all", "auroc_delong", auroc + lift, 0.9 * se, n)
            add(model, split, "all", "all", "auprc", rate * 1.55, se, n)
            add(model, split, "all", "all", "prevalence", rate, math.sqrt(rate * (1 - rate) / n), n)
            add(model, split, "all", "all", "brier", rate * (1 - rate) * 0.96, 0.003, n)
            add(model, split, "all", "all", "scaled_brier", 0.041, 0.008, n)
            add(model, split, "all", "all", "brier_reliability", 0.0004, math.nan, n)
            add(model, split, "all", "all", "brier_resolution", 0.0004 + rate * (1 - rate) * 0.04, math.nan, n)
            add(model, split, "all", "all", "brier_uncertainty", rate * (1 - rate), math.nan, n)
            add(model, split, "all", "all", "log_loss", 0.478, 0.006, n)
            add(model, split, "all", "all", "oe_ratio", true, true / math.sqrt(events), n)
            add(model, split, "all", "all", "calibration_intercept", 1.2 * math.log(true), 0.045, n)
            add(model, split, "all", "all", "calibration_slope", 0.97, 0.09, n)
            for measure, value in (
                ("ici", 0.012 + abs(1 - true) * rate),
                ("ici_expected", 0.009),
                ("ici_expected_95", 0.017),
                ("e50", 0.011),
                ("e90", 0.024),
                ("emax", 0.031),
            ):
                add(model, split, "all", "all", measure, value, math.nan, n)
            add(model, split, "all", "all", "net_benefit@0.20", 0.021, 0.006, n)
            for place, rates in (("0.20", (0.51, 0.68, 0.31, 0.83, 3.2)), ("top0.1", (0.18, 0.92, 0.38, 0.8, 2.6))):
                for name, value in zip(("sensitivity", "specificity", "ppv", "npv", "nne"), rates, strict=True):
                    add(model, split, "all", "all", f"{name}@{place}", value, 0.02 * max(value, 1), n)
            for group, levels in GROUPS.items():
                for level, share, theirs in levels:
                    few = "fewer than 10 events" if math.isnan(theirs) else ""
                    value = true * (theirs if theirs == theirs else 1.0)
                    size = n * share
                    spread = 1 / math.sqrt(max(size * rate, 1))
                    add(model, split, group, level, "oe_ratio", value, value * spread, size, few)
                    add(model, split, group, level, "auroc", auroc, 0.34 * spread, size, few)
                    slope_few = FEW if size * rate < 200 else ""
                    add(model, split, group, level, "calibration_slope", 0.98, 2 * spread, size, slope_few)
    columns = ["model", "split", "group", "level", "measure", "estimate", "lower", "upper", "n", "events", "reason"]
    frame = pd.DataFrame(rows, columns=[*columns, "suppressed"])
    small = (frame["level"] == "Mixed") & (frame["split"] == "test")
    frame.loc[small, ["estimate", "lower", "upper", "n", "events"]] = math.nan
    frame.loc[small, ["reason", "suppressed"]] = ["", HELD]
    return frame


def curves_table(n: int, ratio: float) -> pd.DataFrame:
    rows = []
    for model, bend in (("lightgbm", 0.97), ("logistic", 0.9)):
        for i in range(4, 46):
            said = i / 100
            logit = math.log(said / (1 - said)) * bend + 1.25 * math.log(ratio)
            seen = 1 / (1 + math.exp(-logit))
            weight = math.exp(-0.5 * ((said - 0.19) / 0.09) ** 2)
            size = five(n * 0.045 * weight)
            half = 1.96 * math.sqrt(seen * (1 - seen) / max(size * 4, 20))
            low, high = round(max(seen - half, 0.002), 3), round(seen + half, 3)
            rows.append((model, "test", "all", "all", said, round(seen, 3), low, high, size, five(size * seen), ""))
    columns = ["model", "split", "group", "level", "predicted", "observed", "lower", "upper", "n", "events"]
    return pd.DataFrame(rows, columns=[*columns, "suppressed"])


def decisions_table(n: int, rate: float, ratio: float) -> pd.DataFrame:
    rows = []
    for model, lift in (("lightgbm", 1.0), ("logistic", 0.93)):
        for i in range(5, 41):
            t = i / 100
            everyone = rate - (1 - rate) * t / (1 - t)
            shape = max(everyone, 0) + lift * 0.021 * math.exp(-0.5 * ((t - rate) / 0.07) ** 2) * min(ratio, 1)
            flagged = five(n * max(0.02, 1 - t / rate * 0.55))
            hit = five(flagged * rate * 1.3)
            rows.append(
                (model, "test", t, five(n), five(n * rate), flagged, hit, round(shape, 4), round(everyone, 4), "")
            )
    columns = ["model", "split", "threshold", "n", "events", "flagged", "true_positives", "net_benefit"]
    return pd.DataFrame(rows, columns=[*columns, "net_benefit_all", "suppressed"])


def spread_table(n: int, rate: float) -> pd.DataFrame:
    rows = []
    for i in range(1, 25):
        low = i * 0.02
        size = five(n * 0.02 / 0.09 / 2.5 * math.exp(-0.5 * ((low + 0.01 - 0.18) / 0.08) ** 2))
        held = size < 10
        rows.append(
            (
                "lightgbm",
                "test",
                round(low, 2),
                round(low + 0.02, 2),
                math.nan if held else size,
                math.nan if held else five(size * (low + 0.01)),
                HELD if held else "",
            )
        )
    return pd.DataFrame(rows, columns=["model", "split", "bin_lower", "bin_upper", "n", "events", "suppressed"])


def deciles_table(n: int, rate: float, ratio: float) -> pd.DataFrame:
    rows = []
    for i in range(1, 11):
        risk = rate / max(ratio, 0.3) * (0.45 + 0.12 * i - 0.005)
        size = five(n / 10)
        held = i == 1
        rows.append(
            (
                "lightgbm",
                "test",
                i,
                size,
                five(size * risk * ratio),
                math.nan if held else five(size * (0.01 + 0.004 * i)),
                round(risk, 3),
                HELD if held else "",
            )
        )
    columns = ["model", "split", "decile", "n", "events", "died", "mean_risk", "suppressed"]
    return pd.DataFrame(rows, columns=columns)


def capacity_table(n: int, rate: float) -> pd.DataFrame:
    rows = []
    for share, found in ((0.05, 0.11), (0.1, 0.2), (0.2, 0.36)):
        events = five(n * rate)
        rows.append(("lightgbm", "test", share, five(n), five(n * share), events, five(events * found), ""))
    columns = ["model", "split", "share", "n", "reviewed", "events", "events_found", "suppressed"]
    return pd.DataFrame(rows, columns=columns)


def weekly_table(n: int, rate: float) -> pd.DataFrame:
    events = five(n * rate)
    rows = [("lightgbm", "test", 5, five(n), five(n * 0.15), events, five(events * 0.28), "")]
    columns = ["model", "split", "reviews", "n", "reviewed", "events", "events_found", "suppressed"]
    return pd.DataFrame(rows, columns=columns)


def sizes_of_test(n: int) -> pd.DataFrame:
    rows = [
        ("test", "oe_ratio", 0.2, 1600.0, five(n), ""),
        ("test", "auroc", 0.1, 720.0, five(n), ""),
        ("test", "calibration_slope", 0.2, 9000.0, five(n), ""),
    ]
    return pd.DataFrame(rows, columns=["split", "measure", "width", "needed", "n", "suppressed"])


def threshold_table(n: int, rate: float) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    everyone = {"all": [("all", 1.0, 1.0)]}
    for group, levels in {**everyone, **GROUPS}.items():
        for level, share, theirs in levels:
            size, events = five(n * share), five(n * share * rate)
            flagged = five(size * 0.38 * (2 - (theirs if theirs == theirs else 1.0)))
            hit = five(flagged * rate * 1.36)
            held = level == "Mixed"
            counts = [size, events, flagged, hit, flagged - hit, events - hit, size - events - flagged + hit]
            rates = [
                flagged / size if size else math.nan,
                hit / events if events else math.nan,
                (flagged - hit) / (size - events) if size else math.nan,
                hit / flagged if flagged else math.nan,
            ]
            shown = [math.nan] * 11 if held else [*counts, *rates]
            rows.append(("lightgbm", "test", group, level, 0.2, *shown, HELD if held else ""))
    columns = [
        "model",
        "split",
        "group",
        "level",
        "threshold",
        "n",
        "events",
        "flagged",
        "true_positives",
        "false_positives",
        "false_negatives",
        "true_negatives",
        "selection_rate",
        "true_positive_rate",
        "false_positive_rate",
        "positive_predictive_value",
        "suppressed",
    ]
    return pd.DataFrame(rows, columns=columns)


def periods_table(n_dev: int, n_test: int, rate: float, ratio: float) -> pd.DataFrame:
    rows = []
    quarters = [f"{year} Q{q}" for year in range(2019, 2025) for q in range(1, 5)][1:21]
    for place, period in enumerate(quarters):
        split = "cross-validation" if place < 14 else "test"
        n = (n_dev / 14) if split == "cross-validation" else n_test / 6
        true = (1 + 0.08 * math.sin(place)) * (
            1.0 if split == "cross-validation" else ratio * (1 - 0.04 * (place - 14))
        )
        events = max(n * rate, 1)
        se = true / math.sqrt(events)
        low = max(true - 1.96 * se, 0.05)
        shown = [round(v, 3) for v in (true, low, true + 1.96 * se)]
        rows.append((split, period, five(n), five(events), five(events / true), *shown, ""))
    columns = ["split", "period", "n", "events", "expected", "oe_ratio", "lower", "upper", "suppressed"]
    return pd.DataFrame(rows, columns=columns)


def explanation_table(n: int) -> dict[str, pd.DataFrame]:
    weights = [THEMES[theme][1] for _, _, _, theme, *_ in FEATURES]
    count = {theme: sum(1 for f in FEATURES if f[3] == theme) for theme in range(len(THEMES))}
    features, dependence, dictionary = [], [], []
    for place, (name, words, family, theme, unit, (low, high), modifiable) in enumerate(FEATURES):
        share = weights[place] / count[theme] * (1.25 - 0.03 * place)
        binary = (low, high) == (0, 1)
        direction = "yes, higher risk" if binary else "higher value, higher risk"
        features.append(
            (
                name,
                words,
                family,
                THEMES[theme][0],
                modifiable,
                round(share * 0.9, 4),
                round(share, 4),
                direction,
                five(n),
                "who could bear treatment" if family == "medicines" else "",
                "",
            )
        )
        if not binary:
            for i in range(10):
                a = low + (high - low) * i / 12
                b = low + (high - low) * (i + 1) / 12
                value = round(share * 3 * (math.sqrt(i / 9) - 0.5), 4)
                dependence.append((name, round(a, 1), round(b, 1), five(n / 10), value, ""))
        dictionary.append(
            {
                "name": name,
                "words": words,
                "family": family,
                "theme": THEMES[theme][0],
                "unit": unit,
                "window": "in the stay" if family in ("laboratory", "stay") else "365 days before admission",
                "sources": _SOURCES.get(family, "visit_occurrence"),
                "precision": 1.0,
                "lower": float(low),
                "upper": float(high),
                "direction": "higher",
                "modifiable": modifiable,
                "sensitive": family in ("demography", "deprivation"),
                "skewed": False,
                "kind": "binary" if binary else "continuous",
                "monotone": "none",
                "role": "input",
                "in_model": True,
            }
        )
    families = {}
    for row in features:
        families[row[2]] = families.get(row[2], 0.0) + row[6]
    return {
        "by_feature": pd.DataFrame(
            features,
            columns=[
                "feature",
                "words",
                "family",
                "theme",
                "modifiable",
                "mean_abs",
                "share",
                "direction",
                "n",
                "indication",
                "suppressed",
            ],
        ),
        **_beyond_the_means([(row[0], row[1], row[6]) for row in features], n),
        "by_family": pd.DataFrame(
            [(k, round(v * 0.9, 3), round(v, 3), five(n), "") for k, v in families.items()],
            columns=["family", "mean_abs", "share", "n", "suppressed"],
        ),
        "by_theme": pd.DataFrame(
            [(t, m, round(s * 0.9, 3), s, five(n), "") for t, s, m in THEMES],
            columns=["theme", "modifiable_share", "mean_abs", "share", "n", "suppressed"],
        ),
        "dependence": pd.DataFrame(
            dependence, columns=["feature", "bin_lower", "bin_upper", "n", "mean_contribution", "suppressed"]
        ),
        "dictionary": pd.DataFrame(dictionary),
    }


def _beyond_the_means(features: list[tuple[str, str, float]], n: int) -> dict[str, pd.DataFrame]:
    """How contributions spread, go together, differ between groups and hold, and the model in rules."""
    names = [name for name, _, _ in sorted(features, key=lambda feature: -feature[2])]
    words = {name: text for name, text, _ in features}
    shares = {name: share for name, _, share in features}
    numeric = [f[0] for f in FEATURES if f[5] != (0, 1)]
    first, second = [name for name in names if name in numeric][:2]
    third = next(name for name in names if name not in numeric)
    spread = [
        (name, low, low + 0.1, share, rank, "")
        for name in names[:12]
        for low, share, rank in (
            (-0.3, 0.2, 0.15),
            (-0.2, 0.35, 0.4),
            (-0.1, 0.15, 0.55),
            (0.1, 0.2, 0.8),
            (0.2, 0.1, 0.93),
        )
    ]
    spread[1] = (*spread[1][:3], math.nan, math.nan, HELD)
    cells = [
        (first, second, a, a + 2.0, b, b + 10.0, 0.1 * a - 0.2 + 0.01 * b, 0.03 * a - 0.06, "", "")
        for a in (0.0, 2.0, 4.0)
        for b in (0.0, 10.0, 20.0)
    ]
    cells[2] = (*cells[2][:6], math.nan, math.nan, "fewer than 20 discharges", "")
    levels = [("sex", "Female", 0.48), ("sex", "Male", 0.52), ("age_band", "85 and over", 0.3)]
    themes = [(theme, share) for theme, share, _ in THEMES]
    groups = []
    for group, level, part in levels:
        for at, (theme, share) in enumerate(themes):
            shift = 0.08 if (level, at) == ("85 and over", 1) else -0.01
            numbers = (0.05, round(share + shift, 2), round(share, 2), shift, 0.03, shift > 0.03, five(n * part))
            groups.append((group, level, theme, *numbers, "", ""))
    held = ("ethnicity", "Mixed", themes[0][0], *[math.nan] * 5, False, math.nan, "", HELD)
    surrogate = [
        (1, first, math.nan, 2.0, False, five(n * 0.5), 0.12, 0.63, ""),
        (1, third, math.nan, 0.0, False, five(n * 0.5), 0.12, 0.63, ""),
        (2, first, math.nan, 2.0, False, five(n * 0.3), 0.19, 0.63, ""),
        (2, third, 0.0, math.nan, True, five(n * 0.3), 0.19, 0.63, ""),
        (3, first, 2.0, 9.0, True, five(n * 0.2), 0.31, 0.63, ""),
    ]
    stability = [
        (
            name,
            words[name],
            shares[name],
            shares[name] * 0.95,
            shares[name] * 0.6,
            shares[name] * 1.4,
            max(1 - 0.11 * i, 0.0),
            50.0,
            "",
        )
        for i, name in enumerate(names)
    ]
    tables = {
        "by_modifiable": (
            "modifiable mean_abs share n",
            [(False, 0.5, 0.77, five(n), ""), (True, 0.15, 0.23, five(n), "")],
        ),
        "not_recorded": ("feature mean_contribution", [(first, 0.04, ""), (second, math.nan, HELD)]),
        "spread": ("feature lower upper share rank", spread),
        "related": (
            "feature_a feature_b correlation cluster",
            [(names[0], names[1], 0.86, 1, ""), (names[2], names[3], -0.72, 2, "")],
        ),
        "interactions": (
            "feature_a feature_b mean_abs share",
            [(first, second, 0.08, 0.071, ""), (names[0], names[2], 0.01, 0.009, "")],
        ),
        "interaction_table": ("feature_a feature_b a_lower a_upper b_lower b_upper together beyond reason", cells),
        "themes_by_group": (
            "group level theme mean_abs share elsewhere difference chance beyond_chance n reason",
            [*groups, held],
        ),
        "surrogate": ("leaf feature lower upper unrecorded n risk fidelity", surrogate),
        "stability": ("feature words share median lower upper top_ten models", stability),
    }
    return {
        name: pd.DataFrame(rows, columns=[*columns.split(), "suppressed"]) for name, (columns, rows) in tables.items()
    }
