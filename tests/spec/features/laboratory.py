"""Blood tests and vital signs, in UK units."""

from tests.spec.feature_example import FeatureExample

TITLE = "Blood tests and vital signs"
FAMILIES = ("laboratory",)
HEAD = "measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id"
FULL = f"{HEAD} unit_source_value operator_concept_id value_source_value"
WOMAN = "10 8532 1940 6 6 A"
NOBODY_KNOWS = "10 0 1940 6 6 A"


def measured(*lines: str, head: str = HEAD) -> dict[str, str]:
    return {"measurement": "\n".join([head, *lines])}


THREE = measured(
    "3020564 2023-06-06 2023-06-06T09:00:00 150 8749",
    "3020564 2023-06-08 2023-06-08T09:00:00 180 8749",
    "3020564 2023-06-10 2023-06-10T09:00:00 120 8749",
)
ONE_TRUTH = {
    "creatinine_last": 111,
    "urea_last": 10.0,
    "haemoglobin_last": 121,
    "albumin_last": 34,
    "glucose_last": 5.5,
    "weight_last": 79.8,
    "temperature_last": 37.0,
    "nt_probnp_last": 4229,
}

EXAMPLES = [
    FeatureExample(
        "Last, lowest and highest value of the stay",
        tables=THREE,
        expect={"creatinine_last": 120, "creatinine_lowest": 120, "creatinine_highest": 180, "creatinine_count": 3},
    ),
    FeatureExample(
        "First value, mean, last minus first, the trend in units per day (least squares), and the hours from the last value to discharge",
        tables=THREE,
        expect={
            "creatinine_first": 150,
            "creatinine_mean": 150,
            "creatinine_change": -30,
            "creatinine_slope": -7.5,
            "creatinine_hours_since": 128,
        },
    ),
    FeatureExample(
        "One value has no trend and no change",
        tables=measured("3020564 2023-06-06 2023-06-06T09:00:00 150 8749"),
        expect={"creatinine_mean": 150, "creatinine_change": None, "creatinine_slope": None, "creatinine_count": 1},
    ),
    FeatureExample(
        "Who was not tested has no value, and a count of 0",
        tables=measured("3019550 2023-06-06 2023-06-06T09:00:00 138 8753"),
        expect={"creatinine_last": None, "creatinine_count": 0, "creatinine_censored": 0, "creatinine_year_count": 0},
    ),
    FeatureExample(
        "A test on the day of discharge without a time is not known at discharge",
        tables=measured("3020564 2023-06-06 - 150 8749", "3020564 2023-06-15 - 90 8749"),
        expect={"creatinine_last": 150},
    ),
    FeatureExample(
        "Unless the study says so",
        tables=measured("3020564 2023-06-06 - 150 8749", "3020564 2023-06-15 - 90 8749"),
        settings={"dates_are_known": "start_of_day"},
        expect={"creatinine_last": 90, "creatinine_hours_since": 17},
    ),
    FeatureExample(
        "A time of midnight means that the time is not known",
        tables=measured(
            "3020564 2023-06-06 2023-06-06T09:00:00 150 8749", "3020564 2023-06-15 2023-06-15T00:00:00 90 8749"
        ),
        expect={"creatinine_last": 150},
    ),
    FeatureExample(
        "A test with a date only stands at the end of its day, after those that have a time",
        tables=measured("3020564 2023-06-06 - 150 8749", "3020564 2023-06-06 2023-06-06T22:00:00 90 8749"),
        expect={"creatinine_first": 90, "creatinine_last": 150, "creatinine_hours_since": 209},
    ),
    FeatureExample(
        "A test of the minute of discharge, or of later, is not known",
        tables=measured(
            "3020564 2023-06-15 2023-06-15T16:29:00 150 8749",
            "3020564 2023-06-15 2023-06-15T16:30:00 90 8749",
            "3020564 2023-06-16 2023-06-16T09:00:00 80 8749",
        ),
        expect={"creatinine_last": 150, "creatinine_count": 1, "creatinine_hours_since": 0},
    ),
    FeatureExample(
        "A result that arrived after discharge is not known, whenever the blood was taken",
        tables=measured(
            "3020564 2023-06-06 2023-06-06T09:00:00 150 8749 2023-06-06T11:00:00",
            "3020564 2023-06-08 2023-06-08T09:00:00 90 8749 2023-06-15T17:00:00",
            head=f"{HEAD} recorded_at",
        ),
        expect={"creatinine_last": 150, "creatinine_count": 1},
    ),
    FeatureExample(
        "The stay begins with the day before admission, and the year before ends two days before it",
        tables=measured(
            "3020564 2023-06-04 2023-06-04T01:00:00 150 8749", "3020564 2023-06-03 2023-06-03T23:00:00 90 8749"
        ),
        expect={"creatinine_first": 150, "creatinine_count": 1, "creatinine_year_last": 90, "creatinine_year_count": 1},
    ),
    FeatureExample(
        "The year before goes back 365 days from admission",
        tables=measured(
            "3020564 2022-06-05 2022-06-05T01:00:00 150 8749", "3020564 2022-06-04 2022-06-04T23:00:00 90 8749"
        ),
        expect={"creatinine_year_first": 150, "creatinine_year_count": 1, "creatinine_year_days_since": 376},
    ),
    FeatureExample(
        "The year before has the statistics of the stay, with days instead of hours",
        tables=measured(
            "3000963 2023-01-01 2023-01-01T09:00:00 100 8636",
            "3000963 2023-01-11 2023-01-11T09:00:00 104 8636",
            "3000963 2023-01-21 2023-01-21T09:00:00 120 8636",
        ),
        expect={
            "haemoglobin_year_first": 100,
            "haemoglobin_year_last": 120,
            "haemoglobin_year_lowest": 100,
            "haemoglobin_year_highest": 120,
            "haemoglobin_year_mean": 108,
            "haemoglobin_year_count": 3,
            "haemoglobin_year_change": 20,
            "haemoglobin_year_slope": 1,
            "haemoglobin_year_days_since": 145,
        },
    ),
    FeatureExample(
        "Two values of one minute are one: halfway between the lowest and the highest",
        tables=measured(
            "3019550 2023-06-07 2023-06-07T09:00:00 130 8753",
            "3019550 2023-06-07 2023-06-07T09:00:30 134 8753",
            "3019550 2023-06-07 2023-06-07T09:00:30 134 8753",
        ),
        expect={"sodium_last": 132, "sodium_mean": 132, "sodium_lowest": 130, "sodium_highest": 134, "sodium_count": 1},
    ),
    FeatureExample(
        "Values of one truth in the units of the United States",
        tables=measured(
            "3016723 2023-06-07 2023-06-07T09:00:00 1.25 8840",
            "3013682 2023-06-07 2023-06-07T09:00:00 28 8840",
            "3000963 2023-06-07 2023-06-07T09:00:00 12.1 8713",
            "3024561 2023-06-07 2023-06-07T09:00:00 3.4 8713",
            "3004501 2023-06-07 2023-06-07T09:00:00 99 8840",
            "3025315 2023-06-07 2023-06-07T09:00:00 176 8739",
            "3020891 2023-06-07 2023-06-07T09:00:00 98.6 9289",
            "3029187 2023-06-07 2023-06-07T09:00:00 500 8729",
        ),
        expect=ONE_TRUTH,
    ),
    FeatureExample(
        "The same truth in UK units gives the same features",
        tables=measured(
            "3020564 2023-06-07 2023-06-07T09:00:00 110.5 8749",
            "3020779 2023-06-07 2023-06-07T09:00:00 10.0 8753",
            "3000963 2023-06-07 2023-06-07T09:00:00 121 8636",
            "3024561 2023-06-07 2023-06-07T09:00:00 34 8636",
            "3013826 2023-06-07 2023-06-07T09:00:00 5.5 8753",
            "4099154 2023-06-07 2023-06-07T09:00:00 79.8 9529",
            "4302666 2023-06-07 2023-06-07T09:00:00 37 586323",
            "3029187 2023-06-07 2023-06-07T09:00:00 4228.5 8725",
        ),
        expect=ONE_TRUTH,
    ),
    FeatureExample(
        "Units are read as they are written where they have no concept, and HbA1c in percent becomes mmol/mol",
        tables=measured(
            "3016723 2023-06-07 2023-06-07T09:00:00 1.25 0 mg/dL - -",
            "3025315 2023-06-07 2023-06-07T09:00:00 12.5 - Stone - -",
            "3004410 2023-06-07 2023-06-07T09:00:00 6.5 - % - -",
            head=FULL,
        ),
        expect={"creatinine_last": 111, "weight_last": 79.4, "hba1c_last": 48},
    ),
    FeatureExample(
        "A value without a unit, or with one that nobody knows, is taken as in the UK unit",
        tables=measured(
            "3000963 2023-06-07 2023-06-07T09:00:00 121 - - - -",
            "3020564 2023-06-07 2023-06-07T09:00:00 110 0 odd - -",
            head=FULL,
        ),
        expect={"haemoglobin_last": 121, "creatinine_last": 110},
    ),
    FeatureExample(
        "Then haemoglobin of 12.1 and creatinine of 1.2 without a unit are impossible, and count as not measured",
        tables=measured(
            "3000963 2023-06-07 2023-06-07T09:00:00 12.1 -", "3020564 2023-06-07 2023-06-07T09:00:00 1.2 -"
        ),
        expect={"haemoglobin_last": None, "creatinine_last": None, "creatinine_count": 0},
    ),
    FeatureExample(
        "A value in a known unit from which its test is not converted is not used",
        tables=measured(
            "3000963 2023-06-07 2023-06-07T09:00:00 121 8753", "3000963 2023-06-06 2023-06-06T09:00:00 118 8636"
        ),
        expect={"haemoglobin_last": 118, "haemoglobin_count": 1},
    ),
    FeatureExample(
        "The plausible range includes its ends",
        tables=measured(
            "3019550 2023-06-07 2023-06-07T09:00:00 100 8753",
            "3019550 2023-06-08 2023-06-08T09:00:00 180 8753",
            "3019550 2023-06-09 2023-06-09T09:00:00 180.1 8753",
            "3019550 2023-06-10 2023-06-10T09:00:00 99.9 8753",
        ),
        expect={"sodium_first": 100, "sodium_last": 180, "sodium_count": 2},
    ),
    FeatureExample(
        "A result that is only a bound takes part at that bound and is counted as such",
        tables=measured(
            "3029187 2023-06-07 2023-06-07T09:00:00 35000 8725 - 4172704 -",
            "3029187 2023-06-09 2023-06-09T09:00:00 20000 8725 - 4172703 -",
            "40771922 2023-06-07 2023-06-07T09:00:00 90 720870 - 4171755 >=90",
            "3020460 2023-06-07 2023-06-07T09:00:00 5 8751 - 4171756 -",
            head=FULL,
        ),
        expect={
            "nt_probnp_highest": 35000,
            "nt_probnp_last": 20000,
            "nt_probnp_censored": 1,
            "egfr_last": 90,
            "egfr_censored": 1,
            "crp_last": 5,
            "crp_censored": 1,
        },
    ),
    FeatureExample(
        "A bound that was written as text, without a number, is read; other text is not",
        tables=measured(
            "3029187 2023-06-07 2023-06-07T09:00:00 - 8725 - 4172704 >35,000",
            "40771922 2023-06-07 2023-06-07T09:00:00 - - - - >90",
            "3020460 2023-06-07 2023-06-07T09:00:00 - 8751 - - <5",
            "3019550 2023-06-07 2023-06-07T09:00:00 - 8753 - - 138",
            "3019550 2023-06-07 2023-06-07T10:00:00 - 8753 - - haemolysed",
            head=FULL,
        ),
        expect={
            "nt_probnp_last": 35000,
            "nt_probnp_censored": 1,
            "egfr_last": 90,
            "crp_last": 5,
            "crp_censored": 1,
            "sodium_last": None,
        },
    ),
    FeatureExample(
        "BNP is never taken for NT-proBNP",
        tables=measured("3011960 2023-06-07 2023-06-07T09:00:00 600 8725"),
        expect={"bnp_last": 600, "nt_probnp_last": None},
    ),
    FeatureExample(
        "The glomerular filtration rate of a man of 70 with creatinine 100, by the equations of 2009 and 2021",
        person="10 8507 1953 1 1 A",
        tables=measured("3020564 2023-06-07 2023-06-07T09:00:00 100 8749"),
        expect={"egfr_2009": 65, "egfr_2021": 70},
    ),
    FeatureExample(
        "The glomerular filtration rate of a woman of 70 with creatinine 100",
        person="10 8532 1953 1 1 A",
        tables=measured("3020564 2023-06-07 2023-06-07T09:00:00 100 8749"),
        expect={"egfr_2009": 49, "egfr_2021": 52},
    ),
    FeatureExample(
        "Nobody's filtration rate is worked out, and nobody is called anaemic, without a known sex",
        person=NOBODY_KNOWS,
        tables=measured(
            "3020564 2023-06-07 2023-06-07T09:00:00 100 8749", "3000963 2023-06-07 2023-06-07T09:00:00 90 8636"
        ),
        expect={"egfr_2009": None, "egfr_2021": None, "anaemia_measured": None},
    ),
    FeatureExample(
        "Anaemia in a man is a last haemoglobin below 130",
        tables=measured(
            "3000963 2023-06-07 2023-06-07T09:00:00 150 8636", "3000963 2023-06-09 2023-06-09T09:00:00 129 8636"
        ),
        expect={"anaemia_measured": 1},
    ),
    FeatureExample(
        "A man with haemoglobin 130 is not anaemic",
        tables=measured("3000963 2023-06-07 2023-06-07T09:00:00 130 8636"),
        expect={"anaemia_measured": 0},
    ),
    FeatureExample(
        "Anaemia in a woman is a last haemoglobin below 120",
        person=WOMAN,
        tables=measured("3000963 2023-06-07 2023-06-07T09:00:00 119 8636"),
        expect={"anaemia_measured": 1},
    ),
    FeatureExample(
        "A woman with haemoglobin 120 is not anaemic",
        person=WOMAN,
        tables=measured("3000963 2023-06-07 2023-06-07T09:00:00 120 8636"),
        expect={"anaemia_measured": 0},
    ),
    FeatureExample(
        "Hyponatraemia is a last sodium below 135",
        tables=measured("3019550 2023-06-07 2023-06-07T09:00:00 134 8753"),
        expect={"hyponatraemia": 1},
    ),
    FeatureExample(
        "Sodium of 135 is none, and who was not tested is neither",
        tables=measured("3019550 2023-06-07 2023-06-07T09:00:00 135 8753"),
        expect={
            "hyponatraemia": 0,
            "anaemia_measured": None,
            "iron_deficiency_esc": None,
            "iron_deficiency_tsat": None,
        },
    ),
    FeatureExample(
        "Ferritin below 100 is iron deficiency, whatever the saturation",
        tables=measured(
            "3001122 2023-06-07 2023-06-07T09:00:00 99 8748", "3009814 2023-06-07 2023-06-07T09:00:00 30 8554"
        ),
        expect={"iron_deficiency_esc": 1, "iron_deficiency_tsat": 0},
    ),
    FeatureExample(
        "From 100 to 299 the transferrin saturation decides: below 20 percent is iron deficiency",
        tables=measured(
            "3001122 2023-06-07 2023-06-07T09:00:00 299 8748", "3009814 2023-06-07 2023-06-07T09:00:00 0.19 8523"
        ),
        expect={"iron_deficiency_esc": 1, "iron_deficiency_tsat": 1},
    ),
    FeatureExample(
        "A saturation of 20 percent with ferritin 100 is none",
        tables=measured(
            "3001122 2023-06-07 2023-06-07T09:00:00 100 8748", "3009814 2023-06-07 2023-06-07T09:00:00 20 8554"
        ),
        expect={"iron_deficiency_esc": 0, "iron_deficiency_tsat": 0},
    ),
    FeatureExample(
        "Ferritin of 300 is no iron deficiency by both, though it may be one by the saturation alone",
        tables=measured(
            "3001122 2023-06-07 2023-06-07T09:00:00 300 8748", "3009814 2023-06-07 2023-06-07T09:00:00 10 8554"
        ),
        expect={"iron_deficiency_esc": 0, "iron_deficiency_tsat": 1},
    ),
    FeatureExample(
        "Where the saturation has to decide and is missing, iron deficiency is not known",
        tables=measured("3001122 2023-06-07 2023-06-07T09:00:00 150 8748"),
        expect={"iron_deficiency_esc": None, "iron_deficiency_tsat": None},
    ),
    FeatureExample(
        "Iron is looked up in the year before where the stay has none",
        tables=measured(
            "3001122 2023-01-07 2023-01-07T09:00:00 50 8748", "3009814 2023-01-07 2023-01-07T09:00:00 15 8554"
        ),
        expect={"iron_deficiency_esc": 1, "iron_deficiency_tsat": 1},
    ),
    FeatureExample(
        "Body mass index is the last one that was measured",
        tables=measured(
            "4245997 2023-06-07 2023-06-07T09:00:00 31.2 9531",
            "4245997 2023-01-07 2023-01-07T09:00:00 35 9531",
            "4099154 2023-06-07 2023-06-07T09:00:00 80 9529",
            "607590 2023-01-07 2023-01-07T09:00:00 170 8582",
        ),
        expect={"bmi": 31.2, "bmi_last": 31.2, "bmi_year_last": 35},
    ),
    FeatureExample(
        "Otherwise body mass index is worked out of the last weight and height",
        tables=measured(
            "4099154 2023-06-07 2023-06-07T09:00:00 80 9529",
            "4099154 2023-01-07 2023-01-07T09:00:00 90 9529",
            "607590 2023-01-07 2023-01-07T09:00:00 1.7 9546",
        ),
        expect={"bmi": 27.7, "height_year_last": 170, "weight_last": 80},
    ),
    FeatureExample(
        "Where the risk is asked for a day after admission, a test of the second day is not known",
        tables=measured(
            "3020564 2023-06-06 2023-06-06T13:59:00 150 8749", "3020564 2023-06-06 2023-06-06T14:00:00 90 8749"
        ),
        cohort={"prediction_time": "admission_24h"},
        expect={"creatinine_last": 150, "creatinine_count": 1, "creatinine_hours_since": 0},
    ),
]
