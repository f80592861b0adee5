"""Medicines at discharge, changes in the stay, doses, interactions."""

from tests.spec.feature_example import FeatureExample

TITLE = "Medicines"
FAMILIES = ("medicines",)
HEAD = "drug_concept_id drug_exposure_start_date drug_exposure_start_datetime drug_exposure_end_date drug_exposure_end_datetime"
SUPPLY = "drug_concept_id drug_exposure_start_date drug_exposure_start_datetime days_supply"
DOSED = "drug_concept_id drug_exposure_start_date drug_exposure_start_datetime route_concept_id dose_mg quantity"
# discharge is on 15 June 2023 at 16:30, so that the last 72 hours begin on 12 June at 16:30
BISOPROLOL, FUROSEMIDE, BUMETANIDE, TORASEMIDE = 1338005, 956874, 932745, 942350
DAPAGLIFLOZIN, SACUBITRIL, PAIR, VALSARTAN, RAMIPRIL = 44785829, 46275719, 778939, 1308842, 1334456
EARLY_STAY = "1 10 262 2021-02-01T14:00:00 2021-02-11T16:30:00"


def given(*lines: str) -> dict[str, str]:
    """Administrations: a concept, and when it was given."""
    rows = []
    for line in lines:
        concept, _, at = line.partition(" ")
        day, _, time = at.partition("T")
        rows.append(f"{concept} {day} {day + 'T' + time if time else '-'} {day} -")
    return {"drug_exposure": "\n".join([HEAD, *rows])}


def dosed(*lines: str) -> dict[str, str]:
    """Administrations with route (`iv` or `oral`), and dose in mg, or quantity."""
    routes = {"iv": "4171047", "oral": "4132161", "-": "-"}
    rows = []
    for line in lines:
        concept, at, route, dose, quantity = line.split()
        day, _, time = at.partition("T")
        rows.append(f"{concept} {day} {at if time else '-'} {routes[route]} {dose} {quantity}")
    return {"drug_exposure": "\n".join([DOSED, *rows])}


EXAMPLES = [
    FeatureExample(
        "A medicine given in the last 72 hours of the stay is taken at discharge",
        tables=given(f"{BISOPROLOL} 2023-06-12T16:30:00"),
        expect={"beta_blocker": 1, "pillars": 1, "medicines_count": 1},
    ),
    FeatureExample(
        "One that was given a minute earlier is not",
        tables=given(f"{BISOPROLOL} 2023-06-12T16:29:00"),
        expect={"beta_blocker": 0, "pillars": 0, "medicines_count": 0},
    ),
    FeatureExample(
        "A medicine that has a day and no time was given by the end of that day",
        tables=given(f"{BISOPROLOL} 2023-06-12"),
        expect={"beta_blocker": 1},
    ),
    FeatureExample(
        "One that is dated on the day of discharge without a time is not known at discharge",
        tables=given(f"{BISOPROLOL} 2023-06-15"),
        expect={"beta_blocker": 0},
    ),
    FeatureExample(
        "What is given after discharge is not known at discharge",
        tables=given(f"{BISOPROLOL} 2023-06-15T16:30:00", f"{FUROSEMIDE} 2023-06-16T08:00:00"),
        expect={"beta_blocker": 0, "loop_diuretic": 0, "medicines_count": 0},
    ),
    FeatureExample(
        "A medicine that was written down only after discharge is not known at discharge",
        tables={
            "drug_exposure": "drug_concept_id drug_exposure_start_date drug_exposure_start_datetime recorded_at\n"
            f"{BISOPROLOL} 2023-06-14 2023-06-14T08:00:00 2023-06-15T18:00:00\n"
            f"{FUROSEMIDE} 2023-06-14 2023-06-14T08:00:00 2023-06-15T12:00:00"
        },
        expect={"beta_blocker": 0, "loop_diuretic": 1},
    ),
    FeatureExample(
        "A study that takes dates as known from the start of the day counts it",
        tables=given(f"{BISOPROLOL} 2023-06-15"),
        settings={"dates_are_known": "start_of_day"},
        expect={"beta_blocker": 1},
    ),
    FeatureExample(
        "A prescription lasts until its end",
        tables={
            "drug_exposure": f"{HEAD}\n{BISOPROLOL} 2023-05-20 - 2023-06-12 -\n{FUROSEMIDE} 2023-05-20 - 2023-06-11 -"
        },
        expect={"beta_blocker": 1, "loop_diuretic": 0, "beta_blocker_year": 1, "loop_diuretic_year": 1},
    ),
    FeatureExample(
        "Its last day may have a time",
        tables={
            "drug_exposure": f"{HEAD}\n{BISOPROLOL} 2023-06-06 - 2023-06-12 2023-06-12T16:31:00\n"
            f"{FUROSEMIDE} 2023-06-06 - 2023-06-12 2023-06-12T16:29:00"
        },
        expect={"beta_blocker": 1, "loop_diuretic": 0},
    ),
    FeatureExample(
        "Without an end it lasts for the days that were supplied, the first one included",
        tables={"drug_exposure": f"{SUPPLY}\n{BISOPROLOL} 2023-05-16 - 28\n{FUROSEMIDE} 2023-05-16 - 27"},
        expect={"beta_blocker": 1, "loop_diuretic": 0},
    ),
    FeatureExample(
        "A medicine that ends before it begins was given when it began",
        tables={"drug_exposure": f"{HEAD}\n{BISOPROLOL} 2023-06-14 2023-06-14T08:00:00 2023-06-01 -"},
        expect={"beta_blocker": 1},
    ),
    FeatureExample(
        "Several of one class count once among the pillars, and each as a medicine",
        tables=given(
            f"{RAMIPRIL} 2023-06-14T08:00:00", "1351557 2023-06-14T08:00:00", f"{RAMIPRIL} 2023-06-15T08:00:00"
        ),
        expect={
            "ras_inhibitor": 1,
            "ace_inhibitor": 1,
            "arb": 1,
            "pillars": 1,
            "pillars_missing": 3,
            "medicines_count": 2,
        },
    ),
    FeatureExample(
        "Sacubitril with valsartan is sacubitril-valsartan, and no receptor blocker of its own",
        tables=given(f"{SACUBITRIL} 2023-06-14T08:00:00", f"{VALSARTAN} 2023-06-14T08:00:00"),
        expect={"arni": 1, "arb": 0, "ras_inhibitor": 1, "pillars": 1, "interaction_dual_ras_blockade": 0},
    ),
    FeatureExample(
        "So is the concept of the pair",
        tables=given(f"{PAIR} 2023-06-14T08:00:00"),
        expect={"arni": 1, "arb": 0, "ras_inhibitor": 1},
    ),
    FeatureExample(
        "Valsartan alone is a receptor blocker",
        tables=given(f"{VALSARTAN} 2023-06-14T08:00:00"),
        expect={"arni": 0, "arb": 1, "ras_inhibitor": 1},
    ),
    FeatureExample(
        "Valsartan in the last hours, and sacubitril only before them, is a receptor blocker",
        tables=given(f"{SACUBITRIL} 2023-06-06T08:00:00", f"{VALSARTAN} 2023-06-14T08:00:00"),
        expect={"arni": 0, "arb": 1},
    ),
    FeatureExample(
        "Another receptor blocker beside sacubitril-valsartan counts as one",
        tables=given(f"{PAIR} 2023-06-14T08:00:00", "1351557 2023-06-14T08:00:00"),
        expect={"arni": 1, "arb": 1},
    ),
    FeatureExample(
        "All four pillars of treatment",
        tables=given(
            f"{PAIR} 2023-06-14T08:00:00",
            f"{BISOPROLOL} 2023-06-14T08:00:00",
            "970250 2023-06-14T08:00:00",
            f"{DAPAGLIFLOZIN} 2023-06-14T08:00:00",
        ),
        expect={"pillars": 4, "pillars_available": 4, "pillars_missing": 0, "mra": 1, "sglt2_inhibitor": 1},
    ),
    FeatureExample(
        "A medicine that was begun after the first day of the stay was started there",
        tables=given(f"{BISOPROLOL} 2023-06-06T14:00:00", f"{BISOPROLOL} 2023-06-14T08:00:00"),
        expect={"beta_blocker": 1, "beta_blocker_started": 1, "beta_blocker_stopped": 0, "beta_blocker_year": 0},
    ),
    FeatureExample(
        "One that was given in the first 24 hours was not started in the stay",
        tables=given(f"{BISOPROLOL} 2023-06-06T13:59:00", f"{BISOPROLOL} 2023-06-14T08:00:00"),
        expect={"beta_blocker": 1, "beta_blocker_started": 0, "beta_blocker_stopped": 0},
    ),
    FeatureExample(
        "Nor was one that was given on the day of admission before it, in A&E",
        tables=given(f"{BISOPROLOL} 2023-06-05T09:00:00", f"{BISOPROLOL} 2023-06-14T08:00:00"),
        expect={"beta_blocker_started": 0, "beta_blocker_year": 0},
    ),
    FeatureExample(
        "Nor one that was given in the 365 days before admission",
        tables=given(f"{BISOPROLOL} 2022-06-05", f"{BISOPROLOL} 2023-06-14T08:00:00"),
        expect={"beta_blocker_started": 0, "beta_blocker_year": 1},
    ),
    FeatureExample(
        "What was given 366 days before admission is forgotten",
        tables=given(f"{BISOPROLOL} 2022-06-04", f"{BISOPROLOL} 2023-06-14T08:00:00"),
        expect={"beta_blocker_started": 1, "beta_blocker_year": 0},
    ),
    FeatureExample(
        "A prescription of long ago that lasts into the year before counts in it",
        tables={
            "drug_exposure": f"{HEAD}\n{BISOPROLOL} 2022-05-20 - 2022-06-05 -\n{FUROSEMIDE} 2022-05-20 - 2022-06-04 -"
        },
        expect={"beta_blocker_year": 1, "loop_diuretic_year": 0},
    ),
    FeatureExample(
        "A medicine of the first day that is not given in the last hours was stopped",
        tables=given(f"{BISOPROLOL} 2023-06-05T15:00:00"),
        expect={"beta_blocker": 0, "beta_blocker_stopped": 1, "beta_blocker_started": 0},
    ),
    FeatureExample(
        "So was one of the year before that was not given any more",
        tables=given(f"{BISOPROLOL} 2023-03-01"),
        expect={"beta_blocker": 0, "beta_blocker_stopped": 1, "beta_blocker_year": 1},
    ),
    FeatureExample(
        "One that came and went within the stay was neither started nor stopped",
        tables=given(f"{BISOPROLOL} 2023-06-08T08:00:00"),
        expect={"beta_blocker": 0, "beta_blocker_stopped": 0, "beta_blocker_started": 0},
    ),
    FeatureExample(
        "In a stay of exactly 24 hours and the last hours nothing can be seen to stop",
        stay="1 10 262 2023-06-05T14:00:00 2023-06-09T14:00:00",
        tables=given(f"{BISOPROLOL} 2023-03-01"),
        expect={"beta_blocker": 0, "beta_blocker_stopped": None, "beta_blocker_started": 0},
    ),
    FeatureExample(
        "In a stay of exactly 24 hours nothing can be seen to start",
        stay="1 10 262 2023-06-05T14:00:00 2023-06-06T14:00:00",
        tables=given(f"{BISOPROLOL} 2023-06-05T18:00:00"),
        expect={"beta_blocker": 1, "beta_blocker_started": None, "beta_blocker_stopped": None},
    ),
    FeatureExample(
        "Who has no medicine at all was given none",
        expect={
            "beta_blocker": 0,
            "pillars": 0,
            "pillars_available": 4,
            "medicines_count": 0,
            "beta_blocker_year": 0,
            "beta_blocker_stopped": 0,
            "loop_furosemide_equivalent_mg": 0,
            "interaction_triple_whammy": 0,
        },
    ),
    FeatureExample(
        "Before SGLT2 inhibitors could be had for heart failure they are not available rather than not given",
        stay=EARLY_STAY,
        tables=given(f"{BISOPROLOL} 2021-02-10T08:00:00"),
        expect={
            "sglt2_inhibitor": None,
            "sglt2_inhibitor_started": None,
            "sglt2_inhibitor_year": None,
            "pillars": 1,
            "pillars_available": 3,
            "pillars_missing": 2,
            "arni": 0,
        },
    ),
    FeatureExample(
        "They count where they were given all the same, for diabetes",
        stay=EARLY_STAY,
        tables=given(f"{DAPAGLIFLOZIN} 2021-02-10T08:00:00"),
        expect={
            "sglt2_inhibitor": 1,
            "sglt2_inhibitor_started": 1,
            "sglt2_inhibitor_year": 0,
            "pillars": 1,
            "pillars_available": 4,
            "pillars_missing": 3,
        },
    ),
    FeatureExample(
        "One that was given in the year before and then no more was stopped, although it could not be had for heart failure",
        stay=EARLY_STAY,
        tables=given(f"{DAPAGLIFLOZIN} 2020-10-10"),
        expect={"sglt2_inhibitor": 0, "sglt2_inhibitor_stopped": 1, "sglt2_inhibitor_year": 1, "pillars_available": 4},
    ),
    FeatureExample(
        "On the day of its appraisal a medicine can be had",
        stay="1 10 262 2021-02-14T14:00:00 2021-02-24T16:30:00",
        expect={"sglt2_inhibitor": 0, "pillars_available": 4},
    ),
    FeatureExample(
        "The day before it cannot",
        stay="1 10 262 2021-02-14T14:00:00 2021-02-23T16:30:00",
        expect={"sglt2_inhibitor": None, "pillars_available": 3},
    ),
    FeatureExample(
        "In a study without the days of appraisals every medicine could always be had",
        stay=EARLY_STAY,
        tables=given(f"{BISOPROLOL} 2021-02-10T08:00:00"),
        settings={"availability": "none"},
        expect={"sglt2_inhibitor": 0, "sglt2_inhibitor_year": 0, "pillars_available": 4, "pillars_missing": 3},
    ),
    FeatureExample(
        "Loop diuretics of the last 24 hours add up as furosemide by mouth",
        tables=dosed(
            f"{FUROSEMIDE} 2023-06-14T16:30:00 oral 40 -",
            f"{BUMETANIDE} 2023-06-15T08:00:00 oral 1 -",
            f"{TORASEMIDE} 2023-06-15T12:00:00 - 10 -",
            f"{FUROSEMIDE} 2023-06-14T16:29:00 oral 80 -",
        ),
        expect={"loop_furosemide_equivalent_mg": 100, "loop_diuretic_iv_48h": 0},
    ),
    FeatureExample(
        "Furosemide into a vein counts twice, bumetanide and torasemide do not",
        tables=dosed(
            f"{FUROSEMIDE} 2023-06-15T08:00:00 iv 40 -",
            f"{BUMETANIDE} 2023-06-15T08:00:00 iv 1 -",
            f"{TORASEMIDE} 2023-06-15T12:00:00 iv 10 -",
        ),
        expect={"loop_furosemide_equivalent_mg": 140, "loop_diuretic_iv_24h": 1, "loop_diuretic_iv_48h": 1},
    ),
    FeatureExample(
        "A loop diuretic whose dose is not known leaves the dose of the day unknown",
        tables=dosed(f"{FUROSEMIDE} 2023-06-15T08:00:00 oral 40 -", f"{FUROSEMIDE} 2023-06-15T14:00:00 oral - -"),
        expect={"loop_furosemide_equivalent_mg": None, "loop_diuretic": 1},
    ),
    FeatureExample(
        "Without a loop diuretic in the last 24 hours the dose is none",
        tables=dosed(f"{FUROSEMIDE} 2023-06-13T08:00:00 iv 40 -"),
        expect={
            "loop_furosemide_equivalent_mg": 0,
            "loop_diuretic": 1,
            "loop_diuretic_iv_24h": 0,
            "loop_diuretic_iv_48h": 0,
        },
    ),
    FeatureExample(
        "A dose that no one is given is not believed",
        tables=dosed(f"{FUROSEMIDE} 2023-06-15T08:00:00 oral 1001 -"),
        expect={"loop_furosemide_equivalent_mg": None},
    ),
    FeatureExample(
        "The highest dose that is believed",
        tables=dosed(f"{FUROSEMIDE} 2023-06-15T08:00:00 oral 1000 -"),
        expect={"loop_furosemide_equivalent_mg": 1000},
    ),
    FeatureExample(
        "A dose of nought is none that was told",
        tables=dosed(f"{FUROSEMIDE} 2023-06-15T08:00:00 oral 0 -"),
        expect={"loop_furosemide_equivalent_mg": None},
    ),
    FeatureExample(
        "A loop diuretic into a vein 48 hours before discharge",
        tables=dosed(f"{FUROSEMIDE} 2023-06-13T16:30:00 iv 40 -"),
        expect={"loop_diuretic_iv_48h": 1, "loop_diuretic_iv_24h": 0},
    ),
    FeatureExample(
        "Another medicine into a vein is no loop diuretic",
        tables=dosed("1309944 2023-06-15T08:00:00 iv 300 -"),
        expect={"loop_diuretic_iv_48h": 0, "amiodarone": 1, "loop_furosemide_equivalent_mg": 0},
    ),
    FeatureExample(
        "An order over several days tells no dose of one day",
        tables={"drug_exposure": f"{HEAD} dose_mg\n{FUROSEMIDE} 2023-06-10 - 2023-06-20 - 40"},
        expect={"loop_diuretic": 1, "loop_furosemide_equivalent_mg": None},
    ),
    FeatureExample(
        "An infusion may run past midnight",
        tables={
            "drug_exposure": f"{HEAD} dose_mg route_concept_id\n"
            f"{FUROSEMIDE} 2023-06-14 2023-06-14T20:00:00 2023-06-15 2023-06-15T08:00:00 120 4171047"
        },
        expect={"loop_furosemide_equivalent_mg": 240},
    ),
    FeatureExample(
        "What is not over at discharge is no administration, whenever it ends",
        tables={
            "drug_exposure": f"{HEAD} dose_mg\n{FUROSEMIDE} 2023-06-15 2023-06-15T12:00:00 2023-06-15 2023-06-15T16:31:00 40"
        },
        expect={"loop_diuretic": 1, "loop_furosemide_equivalent_mg": None},
    ),
    FeatureExample(
        "A prescription to take home tells no dose of the stay",
        tables={
            "drug_exposure": "drug_concept_id drug_exposure_start_date drug_exposure_start_datetime days_supply quantity dose_mg\n"
            f"{FUROSEMIDE} 2023-06-15 2023-06-15T12:00:00 28 28 -\n{FUROSEMIDE} 2023-06-15 2023-06-15T08:00:00 - - 40"
        },
        expect={"loop_diuretic": 1, "loop_furosemide_equivalent_mg": 40},
    ),
    FeatureExample(
        "A prescription from before the stay adds nothing to what was given in it",
        tables={
            "drug_exposure": f"{HEAD} dose_mg\n{FUROSEMIDE} 2023-05-20 - 2023-06-20 - 40\n"
            f"{FUROSEMIDE} 2023-06-15 2023-06-15T08:00:00 2023-06-15 - 80"
        },
        expect={"loop_furosemide_equivalent_mg": 80},
    ),
    FeatureExample(
        "The change of the dose is the last day less the first",
        tables=dosed(f"{FUROSEMIDE} 2023-06-05T18:00:00 iv 80 -", f"{FUROSEMIDE} 2023-06-15T08:00:00 oral 40 -"),
        expect={"loop_furosemide_equivalent_mg": 40, "loop_dose_change": -120},
    ),
    FeatureExample(
        "In a stay of 48 hours the dose has no change",
        stay="1 10 262 2023-06-05T14:00:00 2023-06-07T14:00:00",
        tables=dosed(f"{FUROSEMIDE} 2023-06-05T18:00:00 iv 80 -", f"{FUROSEMIDE} 2023-06-07T08:00:00 oral 40 -"),
        expect={"loop_furosemide_equivalent_mg": 40, "loop_dose_change": None},
    ),
    FeatureExample(
        "The dose of a clinical drug is how many were given times the milligrams in one",
        tables={
            **dosed("957136 2023-06-15T08:00:00 oral - 2", "957136 2023-06-15T12:00:00 oral 20 9"),
            "drug_strength": "drug_concept_id ingredient_concept_id amount_value amount_unit_concept_id\n957136 956874 40 8576",
        },
        apart="strengths",
        expect={"loop_diuretic": 1, "loop_furosemide_equivalent_mg": 100, "medicines_count": 1},
    ),
    FeatureExample(
        "A strength that is not in milligrams tells no dose, but what is in the drug",
        tables={
            **dosed("957137 2023-06-15T08:00:00 oral - 2"),
            "drug_strength": "drug_concept_id ingredient_concept_id amount_value amount_unit_concept_id\n957137 956874 40 8587",
        },
        apart="strengths",
        expect={"loop_diuretic": 1, "loop_furosemide_equivalent_mg": None},
    ),
    FeatureExample(
        "A clinical drug is what the hierarchy says is in it, each ingredient a medicine",
        tables={
            **given("957136 2023-06-15T08:00:00", "19000001 2023-06-15T08:00:00", "19000002 2023-06-15T08:00:00"),
            "concept_ancestor": "ancestor_concept_id descendant_concept_id\n956874 957136\n956874 19000001\n991382 19000001\n"
            "1125315 19000002\n21600001 19000002\n956874 956874",
            "concept": "concept_id concept_class_id vocabulary_id\n1125315 Ingredient RxNorm\n21600001 ATC_3rd ATC",
        },
        apart="hierarchy",
        expect={"loop_diuretic": 1, "potassium_sparing": 1, "medicines_count": 3},
    ),
    FeatureExample(
        "Sacubitril-valsartan as a tablet is no receptor blocker either",
        tables={
            **given("19000003 2023-06-15T08:00:00"),
            "concept_ancestor": "ancestor_concept_id descendant_concept_id\n46275719 19000003\n1308842 19000003",
        },
        apart="hierarchy",
        expect={"arni": 1, "arb": 0, "ras_inhibitor": 1, "medicines_count": 2},
    ),
    FeatureExample(
        "What nothing is known of counts as a medicine, and a record without a concept as none",
        tables=given("19000009 2023-06-15T08:00:00", "19000010 2023-06-15T08:00:00", "0 2023-06-15T08:00:00"),
        expect={"medicines_count": 2, "polypharmacy": 0, "pillars": 0},
    ),
    FeatureExample(
        "Ten medicines are many",
        tables=given(*[f"{19000100 + number} 2023-06-15T08:00:00" for number in range(10)]),
        expect={"medicines_count": 10, "polypharmacy": 1, "medicines_count_year": 0},
    ),
    FeatureExample(
        "Nine are not",
        tables=given(
            *[f"{19000100 + number} 2023-06-15T08:00:00" for number in range(9)],
            "19000100 2023-03-01",
            "19000200 2023-03-01",
        ),
        expect={"medicines_count": 9, "polypharmacy": 0, "medicines_count_year": 2},
    ),
    FeatureExample(
        "An anti-inflammatory drug with an ACE inhibitor and a diuretic",
        tables=given(
            "1177480 2023-06-15T08:00:00", f"{RAMIPRIL} 2023-06-15T08:00:00", f"{FUROSEMIDE} 2023-06-15T08:00:00"
        ),
        expect={"interaction_triple_whammy": 1, "nsaid": 1, "medicines_to_avoid": 1},
    ),
    FeatureExample(
        "Two of the three are no such interaction",
        tables=given(
            "1177480 2023-06-15T08:00:00", f"{RAMIPRIL} 2023-06-15T08:00:00", f"{FUROSEMIDE} 2023-06-10T08:00:00"
        ),
        expect={"interaction_triple_whammy": 0, "nsaid": 1},
    ),
    FeatureExample(
        "Spironolactone with potassium",
        tables=given("970250 2023-06-15T08:00:00", "19049105 2023-06-15T08:00:00"),
        expect={"interaction_mra_potassium": 1, "potassium_supplement": 1},
    ),
    FeatureExample(
        "An ACE inhibitor with a receptor blocker",
        tables=given(f"{RAMIPRIL} 2023-06-15T08:00:00", "1351557 2023-06-15T08:00:00"),
        expect={"interaction_dual_ras_blockade": 1},
    ),
    FeatureExample(
        "A beta-blocker with verapamil, which also is to be avoided, as pioglitazone is",
        tables=given(f"{BISOPROLOL} 2023-06-15T08:00:00", "1307863 2023-06-15T08:00:00", "1525215 2023-06-15T08:00:00"),
        expect={"interaction_beta_blocker_calcium_blocker": 1, "calcium_blocker_nondhp": 1, "medicines_to_avoid": 2},
    ),
    FeatureExample(
        "Digoxin with amiodarone",
        tables=given("1326303 2023-06-15T08:00:00", "1309944 2023-06-15T08:00:00"),
        expect={"interaction_digoxin_amiodarone": 1, "digoxin": 1},
    ),
    FeatureExample(
        "Hydralazine counts with a nitrate",
        tables=given("1373928 2023-06-15T08:00:00", "19069136 2023-06-15T08:00:00"),
        expect={"hydralazine_nitrate": 1, "hydralazine": 1, "nitrate": 1},
    ),
    FeatureExample(
        "A nitrate alone is not the pair",
        tables=given("1361711 2023-06-15T08:00:00"),
        expect={"hydralazine_nitrate": 0, "nitrate": 1},
    ),
    FeatureExample(
        "A day after admission the last hours reach back before it",
        tables=given(
            f"{BISOPROLOL} 2023-06-03T14:00:00", f"{FUROSEMIDE} 2023-06-06T13:59:00", f"{RAMIPRIL} 2023-06-06T14:00:00"
        ),
        cohort={"prediction_time": "admission_24h"},
        expect={"beta_blocker": 1, "loop_diuretic": 1, "ras_inhibitor": 0, "pillars": 1, "beta_blocker_year": 1},
    ),
    FeatureExample(
        "The last hours are as many as the study says",
        tables=given(f"{BISOPROLOL} 2023-06-14T16:00:00", f"{FUROSEMIDE} 2023-06-14T17:00:00"),
        settings={"medicines_hours": 24},
        expect={"beta_blocker": 0, "loop_diuretic": 1},
    ),
]
