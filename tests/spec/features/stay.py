"""The hospital stay itself."""

from tests.spec.feature_example import FeatureExample

TITLE = "The hospital stay"
FAMILIES = ("stay",)
_STAY = "visit_occurrence_id person_id visit_concept_id start end"

_EPISODE = (
    "visit_detail_id visit_occurrence_id visit_detail_concept_id visit_detail_start_date visit_detail_start_datetime "
    "visit_detail_end_date visit_detail_end_datetime care_site_id main_specialty"
)
_EF = "measurement_concept_id measurement_date measurement_datetime value_as_number measurement_source_value"
_DONE = "procedure_date procedure_datetime visit_occurrence_id procedure_source_value"
_CODED = (
    "condition_concept_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value"
)
_SAID = "observation_concept_id observation_date observation_datetime"
_EARLY = {"prediction_time": "admission_24h"}
_BY_METHOD = {"unplanned": ("admission_method", "ae_segment"), "require_unplanned_index": False}


def _stay(columns: str, values: str, times: str = "2023-06-05T14:00:00 2023-06-15T16:30:00", concept: int = 262) -> str:
    return f"{_STAY} {columns}\n1 10 {concept} {times} {values}"


EXAMPLES = [
    # how it began
    FeatureExample(
        "The length of the stay is in days from admission to discharge", expect={"length_of_stay": 10, "transfers": 0}
    ),
    FeatureExample(
        "A stay that a transfer continues is one stay, with one transfer",
        stay=f"{_STAY} discharged_to_source_value\n1 10 262 2023-06-05T14:00:00 2023-06-15T16:30:00 51\n"
        "2 10 9201 2023-06-15T18:00:00 2023-06-20T12:00:00 19",
        expect={"length_of_stay": 15, "transfers": 1, "discharged_home": 1, "discharged_to_hospital": 0},
    ),
    FeatureExample(
        "An emergency admission is told as the study tells it",
        stay=_stay("admission_method", "21", concept=9201),
        cohort=_BY_METHOD,
        expect={"emergency_admission": 1},
    ),
    FeatureExample(
        "An admission from the waiting list is none",
        stay=_stay("admission_method", "11", concept=9201),
        cohort=_BY_METHOD,
        expect={"emergency_admission": 0},
    ),
    FeatureExample("A stay that began in A&E came through A&E", expect={"through_ae": 1}),
    FeatureExample(
        "A visit to A&E that ended on the day of admission, before it, led to it",
        stay=_stay("care_site_id", "7", concept=9201),
        tables={"visit_occurrence": f"{_STAY}\n2 10 9203 2023-06-05T09:00:00 2023-06-05T13:59:00"},
        expect={"through_ae": 1},
    ),
    FeatureExample(
        "And one that ended on the day before",
        stay=_stay("care_site_id", "7", concept=9201),
        tables={"visit_occurrence": f"{_STAY}\n2 10 9203 2023-06-04 2023-06-04"},
        expect={"through_ae": 1},
    ),
    FeatureExample(
        "One of two days before did not",
        stay=_stay("care_site_id", "7", concept=9201),
        tables={"visit_occurrence": f"{_STAY}\n2 10 9203 2023-06-03 2023-06-03"},
        expect={"through_ae": 0},
    ),
    FeatureExample(
        "A visit to A&E leads to one admission only, the first after it",
        stay=_stay("care_site_id", "7", concept=9201),
        tables={
            "visit_occurrence": f"{_STAY}\n2 10 9203 2023-06-04T08:00:00 2023-06-04T10:00:00\n"
            "3 10 9201 2023-06-04T11:00:00 2023-06-05T09:00:00"
        },
        expect={"through_ae": 0},
    ),
    *[
        FeatureExample(
            f"Source of admission {code}: {words}",
            stay=_stay("admitted_from_source_value", code),
            expect={
                "admitted_from_home": float(place == "home"),
                "admitted_from_hospital": float(place == "hospital"),
                "admitted_from_care_home": float(place == "care home"),
            },
        )
        for code, words, place in (
            ("19", "the usual place of residence is home", "home"),
            ("51", "a ward of another hospital is a hospital", "hospital"),
            ("87", "a hospital outside the NHS is one too", "hospital"),
            ("55", "a care home with nursing is a care home", "care home"),
            ("85", "in older records, a care home outside the NHS", "care home"),
            ("29", "a temporary residence is none of the three", ""),
        )
    ],
    FeatureExample(
        "Source of admission 99 is not known, and nor is a code that is in no list",
        stay=_stay("admitted_from_source_value", "99"),
        expect={"admitted_from_home": None, "admitted_from_hospital": None, "admitted_from_care_home": None},
    ),
    FeatureExample(
        "A concept of 0 is how OMOP writes home, and what an ETL writes that does not know: it is not known",
        stay=_stay("admitted_from_concept_id discharged_to_concept_id", "0 0"),
        expect={"admitted_from_home": None, "discharged_home": None, "discharged_to_care_home": None},
    ),
    FeatureExample(
        "Concepts tell the places where the source has no codes",
        stay=_stay("admitted_from_concept_id discharged_to_concept_id", "8717 8676"),
        cohort={"keep_transferred_out": True},
        expect={"admitted_from_hospital": 1, "discharged_to_care_home": 1, "discharged_home": 0},
    ),
    FeatureExample(
        "A code goes before a concept",
        stay=_stay("discharged_to_concept_id discharged_to_source_value", "8676 19"),
        expect={"discharged_to_care_home": 0, "discharged_home": 1},
    ),
    # the days
    FeatureExample(
        "Admitted on a Monday, discharged on a Thursday in June",
        expect={
            "admitted_at_weekend": 0,
            "discharged_at_weekend": 0,
            "discharged_on_friday": 0,
            "winter": 0,
            "month_sine": 0,
            "month_cosine": -1,
        },
    ),
    FeatureExample(
        "Admitted on a Saturday, discharged on a Friday in December",
        stay="1 10 262 2023-12-02T23:59:00 2023-12-15T16:30:00",
        expect={
            "admitted_at_weekend": 1,
            "discharged_on_friday": 1,
            "discharged_at_weekend": 0,
            "winter": 1,
            "month_sine": 0,
            "month_cosine": 1,
        },
    ),
    FeatureExample(
        "Admitted on a Sunday, discharged on a Sunday in the last days of February",
        stay="1 10 262 2023-02-19 2023-02-26",
        expect={
            "admitted_at_weekend": 1,
            "discharged_at_weekend": 1,
            "discharged_on_friday": 0,
            "winter": 1,
            "month_sine": 0.866,
            "month_cosine": 0.5,
        },
    ),
    FeatureExample(
        "Winter ends with February", stay="1 10 262 2023-02-19 2023-03-01", expect={"winter": 0, "month_sine": 1}
    ),
    FeatureExample(
        "The year is there where a study asks for it", settings={"calendar_year": True}, expect={"calendar_year": 2023}
    ),
    # how it ended
    *[
        FeatureExample(
            f"Discharge destination {code}: {words}",
            stay=_stay("discharged_to_source_value", code),
            cohort={"keep_transferred_out": True},
            expect={
                name: float(name == chosen)
                for name in (
                    "discharged_home",
                    "discharged_to_hospital",
                    "discharged_to_care_home",
                    "discharged_elsewhere",
                )
            },
        )
        for code, words, chosen in (
            ("19", "home", "discharged_home"),
            ("51", "another hospital", "discharged_to_hospital"),
            ("54", "a care home of the NHS", "discharged_to_care_home"),
            ("65", "a residential home of the council", "discharged_to_care_home"),
            ("88", "a hospice, which is none of them", "discharged_elsewhere"),
        )
    ],
    FeatureExample(
        "Without a destination it is not known that anybody went home",
        expect={"discharged_home": None, "discharged_elsewhere": None},
    ),
    FeatureExample(
        "Who left against advice discharged themselves",
        stay=_stay("discharge_method", "2"),
        expect={"self_discharge": 1},
    ),
    FeatureExample("Nobody else did", stay=_stay("discharge_method", "1"), expect={"self_discharge": 0}),
    # specialty and ward
    FeatureExample(
        "The specialty is that of the latest episode, whatever the stay says",
        stay=_stay("main_specialty", "300"),
        tables={
            "visit_detail": f"{_EPISODE}\n1 1 0 2023-06-05 2023-06-05T15:00:00 - - - 300\n2 1 0 2023-06-07 2023-06-07T09:00:00 - - - 320"
        },
        expect={
            "cardiology_specialty": 1,
            "general_medicine_specialty": 0,
            "geriatric_specialty": 0,
            "oncology_specialty": 0,
            "cardiology_ward": 1,
        },
    ),
    FeatureExample(
        "Cardiology at any time of the stay counts as looked after by cardiology",
        tables={
            "visit_detail": f"{_EPISODE}\n1 1 0 2023-06-05 2023-06-05T15:00:00 - - - 320\n2 1 0 2023-06-07 2023-06-07T09:00:00 - - - 430"
        },
        expect={"cardiology_specialty": 0, "geriatric_specialty": 1, "cardiology_ward": 1},
    ),
    FeatureExample(
        "Where there are no episodes, the specialty is that of the stay",
        stay=_stay("main_specialty", "370"),
        expect={"oncology_specialty": 1, "cardiology_specialty": 0, "cardiology_ward": 0},
    ),
    FeatureExample(
        "Clinical haematology and clinical oncology count as oncology",
        tables={"visit_detail": f"{_EPISODE}\n1 1 0 2023-06-05 2023-06-05T15:00:00 - - - 303"},
        expect={"oncology_specialty": 1},
    ),
    FeatureExample(
        "An episode of another stay, or one that begins after the discharge, says nothing of this one",
        stay=_stay("main_specialty", "300"),
        tables={
            "visit_detail": f"{_EPISODE}\n1 1 0 2023-06-15 2023-06-15T16:30:00 - - - 320\n2 9 0 2023-06-07 2023-06-07T09:00:00 - - - 320"
        },
        expect={"general_medicine_specialty": 1, "cardiology_specialty": 0, "cardiology_ward": 0},
    ),
    FeatureExample(
        "Where neither episode nor stay says it, the specialty is not recorded",
        tables={"visit_detail": f"{_EPISODE}\n1 9 0 2023-06-07 - - - - 320"},
        expect={},
    ),
    FeatureExample(
        "A ward of cardiology is one that the study names, by name or by the code that the source writes",
        tables={
            "care_site": "care_site_id care_site_name care_site_source_value\n7 CCU W7\n8 Ward8 W8",
            "visit_detail": f"{_EPISODE}\n1 1 0 2023-06-05 2023-06-05T15:00:00 - - 8 -\n2 1 0 2023-06-07 2023-06-07T09:00:00 - - 7 -",
        },
        settings={"cardiology_wards": (" ccu ",)},
        expect={"cardiology_ward": 1},
    ),
    FeatureExample(
        "Another ward is none",
        tables={
            "care_site": "care_site_id care_site_name care_site_source_value\n7 Else W7",
            "visit_detail": f"{_EPISODE}\n1 1 0 2023-06-05 2023-06-05T15:00:00 - - 7 -",
        },
        settings={"cardiology_wards": (" ccu ",)},
        expect={"cardiology_ward": 0},
    ),
    # critical care
    FeatureExample(
        "Hours of critical care; two records of the same hours count once",
        tables={
            "visit_detail": f"{_EPISODE}\n1 1 32037 2023-06-06 2023-06-06T08:00:00 2023-06-07 2023-06-07T08:00:00 - -\n"
            "2 1 581379 2023-06-07 2023-06-07T02:00:00 2023-06-07 2023-06-07T14:00:00 - -\n"
            "3 1 32037 2023-06-06 2023-06-06T10:00:00 2023-06-06 2023-06-06T12:00:00 - -"
        },
        expect={"critical_care": 1, "critical_care_hours": 30},
    ),
    FeatureExample(
        "A record that has not ended lasts until the prediction",
        tables={"visit_detail": f"{_EPISODE}\n1 1 32037 2023-06-14 2023-06-14T16:30:00 - - - -"},
        expect={"critical_care": 1, "critical_care_hours": 24},
    ),
    FeatureExample(
        "Without times, whole days are counted",
        tables={"visit_detail": f"{_EPISODE}\n1 1 32037 2023-06-06 - 2023-06-08 - - -"},
        expect={"critical_care": 1, "critical_care_hours": 48},
    ),
    FeatureExample(
        "Hours before the admission do not count",
        tables={
            "visit_detail": f"{_EPISODE}\n1 1 32037 2023-06-05 2023-06-05T10:00:00 2023-06-05 2023-06-05T20:00:00 - -"
        },
        expect={"critical_care": 1, "critical_care_hours": 6},
    ),
    FeatureExample(
        "A ward is no critical care",
        tables={"visit_detail": f"{_EPISODE}\n1 1 9201 2023-06-06 - 2023-06-08 - - -"},
        expect={"critical_care": 0, "critical_care_hours": 0},
    ),
    # the heart-failure team
    FeatureExample(
        "A review by the heart-failure team in the stay",
        tables={"observation": f"{_SAID}\n555 2023-06-07 2023-06-07T10:00:00\n555 2023-06-07 2023-06-07T10:00:00"},
        settings={"specialist_review_observations": (555,)},
        expect={"specialist_review": 1},
    ),
    FeatureExample(
        "A review before the admission, or after the discharge, is none of this stay",
        tables={"observation": f"{_SAID}\n555 2023-06-04 2023-06-04T10:00:00\n555 2023-06-15 2023-06-15T16:30:00"},
        settings={"specialist_review_observations": (555,)},
        expect={"specialist_review": 0},
    ),
    # ejection fraction
    FeatureExample(
        "The ejection fraction is the most recent one known",
        tables={
            "measurement": f"{_EF}\n3027172 2022-01-01 - 55 -\n3027172 2023-06-07 2023-06-07T09:00:00 35.4 -\n"
            "3027172 2023-06-16 2023-06-16T09:00:00 60 -"
        },
        expect={"lvef": 35, "hfref": 1, "hfmref": 0, "hfpef": 0, "ef_unknown": 0},
    ),
    *[
        FeatureExample(
            f"An ejection fraction of {value} % is {words}",
            tables={"measurement": f"{_EF}\n3027172 2023-06-07 2023-06-07T09:00:00 {value} -"},
            expect={
                "lvef": whole,
                "hfref": float(kind == "hfref"),
                "hfmref": float(kind == "hfmref"),
                "hfpef": float(kind == "hfpef"),
            },
        )
        for value, whole, kind, words in (
            ("40", 40, "hfref", "reduced"),
            ("40.5", 41, "hfmref", "rounded to 41 and mildly reduced"),
            ("49", 49, "hfmref", "mildly reduced"),
            ("50", 50, "hfpef", "preserved"),
            ("5", 5, "hfref", "the least that is plausible"),
            ("85", 85, "hfpef", "the most that is plausible"),
        )
    ],
    FeatureExample(
        "An ejection fraction of 4 or of 86 % is none; a fraction of one is taken times a hundred",
        tables={
            "measurement": f"{_EF}\n3027172 2023-06-07 2023-06-07T09:00:00 0.35 -\n3027172 2023-06-08 2023-06-08T09:00:00 4 -\n"
            "3027172 2023-06-09 2023-06-09T09:00:00 86 -"
        },
        expect={"lvef": 35, "hfref": 1},
    ),
    FeatureExample(
        "Several values of one moment make their mean",
        tables={
            "measurement": f"{_EF}\n3027172 2023-06-07 2023-06-07T09:00:00 30 -\n3027172 2023-06-07 2023-06-07T09:00:00 40 -\n"
            "3027172 2023-06-07 2023-06-07T09:00:00 47 -"
        },
        expect={"lvef": 39, "hfref": 1},
    ),
    FeatureExample(
        "An ejection fraction of two years before admission counts",
        tables={"measurement": f"{_EF}\n3027172 2021-06-05 - 35 -"},
        expect={"lvef": 35},
    ),
    FeatureExample(
        "One of a day earlier does not",
        tables={"measurement": f"{_EF}\n3027172 2021-06-04 - 35 -"},
        expect={"lvef": None, "ef_unknown": 1, "hfref": 0, "hfmref": 0, "hfpef": 0},
    ),
    FeatureExample(
        "The test may be told by the code that the source wrote",
        tables={"measurement": f"{_EF}\n0 2023-06-07 - 35 8806-2\n0 2023-06-08 - 60 8807-0"},
        expect={"lvef": 35},
    ),
    FeatureExample(
        "The value goes before a diagnosis that says another kind",
        tables={
            "measurement": f"{_EF}\n3027172 2022-01-01 - 55 -",
            "condition_occurrence": f"{_CODED}\n45766164 2023-01-01 32909 - -",
        },
        expect={"hfpef": 1, "hfref": 0},
    ),
    FeatureExample(
        "Without a value the latest diagnosis tells the kind; of one day, the lowest ejection fraction",
        tables={
            "condition_occurrence": f"{_CODED}\n443587 2022-01-01 32909 - -\n443580 2023-01-01 32909 - -\n443587 2023-01-01 32909 - -"
        },
        expect={"hfref": 1, "hfpef": 0, "ef_unknown": 0},
    ),
    FeatureExample(
        "A diagnosis of this stay is not known before it is coded",
        tables={"condition_occurrence": f"{_CODED}\n443580 2023-06-06 32909 1 -"},
        expect={"hfref": 0, "ef_unknown": 1},
    ),
    FeatureExample(
        "In ICD-9-CM systolic failure is 428.2, and diastolic 428.3",
        tables={"condition_occurrence": f"{_CODED}\n0 2022-01-01 32909 - 42822\n0 2023-01-01 32909 - 428.33"},
        vocabulary="icd9_cm",
        expect={"hfpef": 1, "hfref": 0},
    ),
    # procedures
    FeatureExample(
        "Different procedures of the stay are counted once each; subsidiary codes and imaging are none",
        tables={
            "procedure_occurrence": f"{_DONE}\n2023-06-06 - 1 K63.4\n2023-06-07 - 1 k634\n2023-06-08 - 1 K40.1\n2023-06-08 - 1 Z94.2\n"
            "2023-06-08 - 1 Y53.4\n2023-06-09 - 1 U20.1\n2023-06-09 - 1 X40.3"
        },
        expect={
            "procedures_in_stay": 2,
            "any_procedure": 1,
            "procedure_coronary": 1,
            "procedure_bypass": 1,
            "procedure_device": 0,
            "procedure_dialysis": 1,
            "procedure_ventilation": 0,
        },
    ),
    FeatureExample(
        "A scan alone is no procedure, and nor is what was done before or after the stay",
        tables={
            "procedure_occurrence": f"{_DONE}\n2023-06-06 - 1 U20.1\n2023-06-04 - - K60.1\n2023-06-15 - 1 K61.1\n"
            "2023-06-15 2023-06-15T16:30:00 1 E85.1"
        },
        expect={"procedures_in_stay": 0, "any_procedure": 0, "procedure_device": 0, "procedure_ventilation": 0},
    ),
    FeatureExample(
        "A procedure on the day of discharge counts if its time is earlier",
        tables={"procedure_occurrence": f"{_DONE}\n2023-06-15 2023-06-15T09:00:00 1 E85.2\n2023-06-05 - 1 K59.1"},
        expect={"procedures_in_stay": 2, "procedure_ventilation": 1, "procedure_device": 1},
    ),
    FeatureExample(
        "Without any record nothing was done",
        tables={"procedure_occurrence": f"{_DONE}\n2022-06-06 - - K63.4"},
        expect={"procedures_in_stay": 0, "any_procedure": 0, "procedure_coronary": 0},
    ),
    FeatureExample(
        "A code of another system is not read",
        tables={"procedure_occurrence": f"{_DONE}\n2023-06-06 - 1 93010\n2023-06-06 - 1 G0154\n2023-06-06 - 1 K75.1"},
        expect={"procedures_in_stay": 1, "procedure_coronary": 1},
    ),
    FeatureExample(
        "In an ICD-9 study the procedures are those of ICD-9-CM",
        tables={"procedure_occurrence": f"{_DONE}\n2023-06-06 - 1 37.22\n2023-06-07 - 1 3995\n2023-06-07 - 1 93010"},
        vocabulary="icd9_cm",
        expect={"procedures_in_stay": 2, "any_procedure": 1, "procedure_coronary": 1, "procedure_dialysis": 1},
    ),
    # a day after admission
    FeatureExample(
        "A day after admission, only what has happened by then is known",
        stay=_stay("main_specialty admitted_from_source_value", "320 54"),
        tables={
            "visit_detail": f"{_EPISODE}\n1 1 0 2023-06-05 2023-06-05T15:00:00 - - - 300\n"
            "2 1 32037 2023-06-05 2023-06-05T20:00:00 2023-06-08 2023-06-08T08:00:00 - 300\n"
            "3 1 0 2023-06-07 2023-06-07T08:00:00 - - - 320",
            "measurement": f"{_EF}\n3027172 2022-06-07 - 30 -\n3027172 2023-06-07 2023-06-07T09:00:00 60 -",
            "procedure_occurrence": f"{_DONE}\n2023-06-06 2023-06-06T13:59:00 1 E85.2\n2023-06-06 2023-06-06T14:00:00 1 K60.1",
        },
        cohort=_EARLY,
        expect={
            "general_medicine_specialty": 1,
            "cardiology_specialty": 0,
            "cardiology_ward": 0,
            "critical_care_hours": 18,
            "lvef": 30,
            "procedures_in_stay": 1,
            "procedure_device": 0,
            "admitted_from_care_home": 1,
        },
    ),
    FeatureExample(
        "What a stay says of its specialty is said at its end",
        stay=_stay("main_specialty", "320"),
        tables={"visit_detail": f"{_EPISODE}\n1 1 0 2023-06-07 2023-06-07T08:00:00 - - - 320"},
        cohort=_EARLY,
        expect={"cardiology_specialty": None, "cardiology_ward": None},
    ),
]
