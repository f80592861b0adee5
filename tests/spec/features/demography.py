"""Who the person is and where they live."""

from tests.spec.feature_example import FeatureExample

TITLE = "Who the person is, and where and how they live"
FAMILIES = ("demography",)
_SEEN = "observation_concept_id observation_source_concept_id observation_date observation_datetime value_as_number"
_SAID = "observation_concept_id observation_date observation_datetime value_as_string observation_source_value"
_NOTED = (
    "observation_concept_id observation_date observation_datetime value_as_concept_id observation_source_value "
    "visit_occurrence_id"
)
_CODED = "condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value"
_PERSON = "10 8507 1940 6 6"
_ETHNICITY = {"ethnicity_observations": (900,)}
_SIXTEEN = "abcdefghjklmnprs"

EXAMPLES = [
    FeatureExample(
        "Age is in whole years at admission: the day before the birthday the person is a year younger",
        expect={"age": 82, "male": 1},
    ),
    FeatureExample(
        "On the birthday the person is a year older", person="10 8532 1940 6 5 A", expect={"age": 83, "male": 0}
    ),
    FeatureExample(
        "A sex that is neither man nor woman is not recorded", person="10 0 1940 6 6 A", expect={"male": None}
    ),
    # ethnicity
    FeatureExample(
        "A letter of the NHS Data Dictionary is one of five groups and one of sixteen categories",
        person=f"{_PERSON} n",
        expect={
            "ethnicity_black": 1,
            "ethnicity_white": 0,
            "ethnicity_mixed": 0,
            "ethnicity_asian": 0,
            "ethnicity_other": 0,
            "ethnicity_not_stated": 0,
            "ethnicity_not_known": 0,
            **{f"ethnicity_16_{letter}": float(letter == "n") for letter in _SIXTEEN},
        },
    ),
    FeatureExample(
        "Not stated and not known are two things: Z says that the person did not say",
        person=f"{_PERSON} Z",
        expect={"ethnicity_not_stated": 1, "ethnicity_not_known": 0, "ethnicity_white": 0, "ethnicity_16_a": 0},
    ),
    FeatureExample(
        "And 99 says that nobody knows",
        person=f"{_PERSON} 99",
        expect={"ethnicity_not_stated": 0, "ethnicity_not_known": 1},
    ),
    FeatureExample("A code that is no category is not known", person=f"{_PERSON} 7", expect={"ethnicity_not_known": 1}),
    FeatureExample("Without a code it is not known", person=f"{_PERSON} -", expect={"ethnicity_not_known": 1}),
    FeatureExample(
        "The latest observation of ethnicity that was known goes before the table of persons",
        tables={"observation": f"{_SAID}\n900 2020-01-01 - H -\n900 2022-01-01 - k -\n900 2023-06-16 - A -"},
        person=f"{_PERSON} A",
        settings=_ETHNICITY,
        expect={"ethnicity_asian": 1, "ethnicity_16_k": 1, "ethnicity_16_h": 0, "ethnicity_white": 0},
    ),
    FeatureExample(
        "An observation on the day of discharge without a time is not known then",
        tables={"observation": f"{_SAID}\n900 2023-06-15 - H -"},
        person=f"{_PERSON} A",
        settings=_ETHNICITY,
        expect={"ethnicity_white": 1, "ethnicity_asian": 0},
    ),
    FeatureExample(
        "An observation that says not stated does not undo an ethnicity that was said earlier",
        tables={"observation": f"{_SAID}\n900 2020-01-01 - H -\n900 2022-01-01 - Z -\n900 2022-02-01 - 99 -"},
        person=f"{_PERSON} 99",
        settings=_ETHNICITY,
        expect={"ethnicity_asian": 1, "ethnicity_not_stated": 0},
    ),
    FeatureExample(
        "Nor one that the table of persons knows",
        tables={"observation": f"{_SAID}\n900 2022-01-01 - Z -"},
        person=f"{_PERSON} D",
        settings=_ETHNICITY,
        expect={"ethnicity_mixed": 1, "ethnicity_not_stated": 0},
    ),
    FeatureExample(
        "Where nothing else is known, not stated it is",
        tables={"observation": f"{_SAID}\n900 2022-01-01 - Z -"},
        person=f"{_PERSON} 99",
        settings=_ETHNICITY,
        expect={"ethnicity_not_stated": 1, "ethnicity_not_known": 0},
    ),
    FeatureExample(
        "The source value is read where the text says nothing, and of two ethnicities of one day the later in the alphabet is taken",
        tables={"observation": f"{_SAID}\n900 2022-01-01 - - S\n900 2022-01-01 - A -"},
        person=f"{_PERSON} B",
        settings=_ETHNICITY,
        expect={"ethnicity_other": 1, "ethnicity_16_s": 1, "ethnicity_white": 0},
    ),
    FeatureExample(
        "Observations of another concept say nothing of ethnicity",
        tables={"observation": f"{_SAID}\n901 2022-01-01 - H -"},
        person=f"{_PERSON} A",
        settings=_ETHNICITY,
        expect={"ethnicity_white": 1},
    ),
    # deprivation
    FeatureExample(
        "Deprivation is the latest fifth that was known",
        tables={
            "observation": f"{_SEEN}\n0 35812882 2019-01-01 - 4\n35812882 0 2022-01-01 - 2\n0 35812882 2023-06-15 - 5"
        },
        expect={"imd_quintile": 2},
    ),
    FeatureExample(
        "A record of the day of discharge counts if its time is earlier",
        tables={"observation": f"{_SEEN}\n0 35812882 2022-01-01 - 2\n0 35812882 2023-06-15 2023-06-15T16:29:00 5"},
        expect={"imd_quintile": 5},
    ),
    FeatureExample(
        "Of two values of one day the more deprived is taken, and a value outside one to five is none",
        tables={
            "observation": f"{_SEEN}\n0 35812882 2022-01-01 - 4\n0 35812882 2022-01-01 - 3\n0 35812882 2022-02-01 - 9"
        },
        expect={"imd_quintile": 3},
    ),
    FeatureExample(
        "Where the observation holds tenths, the fifth is made of the tenth",
        tables={"observation": f"{_SEEN}\n0 35812882 2022-01-01 - 7"},
        settings={"imd_scale": "decile"},
        expect={"imd_decile": 7, "imd_quintile": 4},
    ),
    FeatureExample(
        "The third tenth is the second fifth",
        tables={"observation": f"{_SEEN}\n0 35812882 2022-01-01 - 3"},
        settings={"imd_scale": "decile"},
        expect={"imd_decile": 3, "imd_quintile": 2},
    ),
    FeatureExample(
        "Deprivation that nobody recorded is not recorded",
        tables={"observation": f"{_SEEN}\n1 0 2022-01-01 - 3"},
        expect={"imd_quintile": None},
    ),
    # living alone, care home
    FeatureExample(
        "Living alone is read from Z60.2, and living in a care home from Z59.3, up to five years before",
        tables={"condition_occurrence": f"{_CODED}\n2018-06-06 32909 - Z60.2\n2022-06-06 32909 - z593"},
        expect={"living_alone": 1, "care_home": 1},
    ),
    FeatureExample(
        "Earlier diagnoses than that say nothing of today, and nobody is said to live alone without a sign",
        tables={"condition_occurrence": f"{_CODED}\n2018-06-05 32909 - Z60.2"},
        expect={"living_alone": 0, "care_home": 0},
    ),
    FeatureExample(
        "Living alone may be an observation, in the stay too if it was known",
        tables={"observation": f"{_NOTED}\n4023168 2023-06-06 - - - 1"},
        expect={"living_alone": 1, "care_home": 0},
    ),
    FeatureExample(
        "An observation after discharge is not known",
        tables={"observation": f"{_NOTED}\n4023168 2023-06-15 2023-06-15T16:30:00 - - -"},
        expect={"living_alone": 0},
    ),
    FeatureExample(
        "An observation whose answer is no says the opposite",
        tables={"observation": f"{_NOTED}\n4023168 2022-06-06 - 4188540 - -"},
        expect={"living_alone": 0},
    ),
    FeatureExample(
        "The answer itself may be what says it",
        tables={"observation": f"{_NOTED}\n77 2022-06-06 - 4023168 - -"},
        expect={"living_alone": 1},
    ),
    FeatureExample(
        "A code of SNOMED CT is read as the source wrote it",
        tables={"observation": f"{_NOTED}\n0 2022-06-06 - - 160734000 -\n0 2022-06-06 - - 105529008 -"},
        expect={"care_home": 1, "living_alone": 1},
    ),
    FeatureExample(
        "Concepts that the study names are read too",
        tables={"observation": f"{_NOTED}\n77 2022-06-06 - - - -\n78 2022-06-06 - - - -"},
        settings={"living_alone_observations": (77,), "care_home_observations": (78,)},
        expect={"care_home": 1, "living_alone": 1},
    ),
    FeatureExample(
        "A diagnosis that an ETL wrote as an observation is coded at the end of its visit, so that of this stay is not known",
        tables={"observation": f"{_NOTED}\n4023168 2023-06-05 - - Z60.2 1"},
        expect={"living_alone": 0},
    ),
    FeatureExample(
        "With live coding it is known",
        tables={"observation": f"{_NOTED}\n4023168 2023-06-05 - - Z60.2 1"},
        settings={"coding_is_live": True},
        expect={"living_alone": 1},
    ),
    FeatureExample(
        "That of an earlier stay is known",
        tables={
            "observation": f"{_NOTED}\n4023168 2023-01-05 - - Z60.2 2",
            "visit_occurrence": "visit_occurrence_id person_id visit_concept_id start end\n2 10 9202 2023-01-05 2023-01-06",
        },
        expect={"living_alone": 1},
    ),
    *[
        FeatureExample(
            f"Source of admission {code} of the NHS Data Dictionary is a care home",
            stay="visit_occurrence_id person_id visit_concept_id start end admitted_from_source_value\n"
            f"1 10 262 2023-06-05T14:00:00 2023-06-15T16:30:00 {code}",
            expect={"care_home": 1},
        )
        for code in ("54", "55", "56", "65", "85")
    ],
    FeatureExample(
        "A nursing facility as the concept of the source of admission is one too",
        stay="visit_occurrence_id person_id visit_concept_id start end admitted_from_concept_id\n"
        "1 10 262 2023-06-05T14:00:00 2023-06-15T16:30:00 8676",
        expect={"care_home": 1},
    ),
    FeatureExample(
        "Where the source has local numbers, its codes are not taken for those of the NHS",
        stay="visit_occurrence_id person_id visit_concept_id start end admitted_from_source_value\n"
        "1 10 262 2023-06-05T14:00:00 2023-06-15T16:30:00 54",
        cohort={"nhs_codes": False},
        expect={"care_home": 0},
    ),
    FeatureExample(
        "In an ICD-9 study living alone is V60.3 and living in a home V60.6",
        tables={"condition_occurrence": f"{_CODED}\n2022-06-06 32909 - V603\n2022-06-06 32909 - V60.6"},
        vocabulary="icd9_cm",
        expect={"living_alone": 1, "care_home": 1},
    ),
]
