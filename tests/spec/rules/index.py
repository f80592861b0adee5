"""Which spells are index discharges. Every rule below can be switched off or changed, and every spell that it leaves out is counted."""

from datetime import date

from tests.spec.example import Example

TITLE = "Index discharges"
TWO = "1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-15 2024-01-16"
NHS = {"nhs_exclusions": True}

EXAMPLES = [
    Example(
        "Every index discharge of a person counts",
        visits=TWO,
        expect="1 readmitted 10\n2 none -",
    ),
    Example(
        "Only the first of each person, where the study asks for it",
        visits=TWO,
        expect="1 readmitted 10",
        settings={"index": "first"},
    ),
    Example(
        "One of each person at random, the same one whenever and wherever it is drawn",
        visits=TWO
        + "\n3 11 9201 2024-01-01 2024-01-05\n4 11 9201 2024-05-01 2024-05-05\n5 11 9201 2024-08-01 2024-08-05",
        expect="2 none -\n3 none -",
        settings={"index": "random", "random_seed": 4},
    ),
    Example(
        "A child is left out; whoever turns 18 on the day of admission is in",
        visits="1 10 9201 2024-03-01 2024-03-05\n2 11 9201 2024-03-01 2024-03-05",
        people="10 2006-03-02 man\n11 2006-03-01 woman",
        expect="2 none -",
        settings={"minimum_age": 18},
    ),
    Example(
        "A planned index is left out",
        visits="1 10 262 2024-01-01 2024-01-05\n2 11 9201 2024-01-01 2024-01-05",
        expect="1 none -",
        settings={"unplanned": "ae_segment"},
    ),
    Example(
        "A planned index stays in where the study says so",
        visits="1 10 262 2024-01-01 2024-01-05\n2 11 9201 2024-01-01 2024-01-05",
        expect="1 none -\n2 none -",
        settings={"unplanned": "ae_segment", "require_unplanned_index": False},
    ),
    Example(
        "A day case is no index, though heart failure be its reason",
        visits="visit person concept start end class\n1 10 9201 2024-01-01 2024-01-01 2\n2 11 9201 2024-01-01 2024-01-01 1",
        expect="2 none -",
    ),
    Example(
        "Who dies on or before the day of discharge is no index",
        visits="1 10 9201 2024-01-01 2024-01-05\n2 11 9201 2024-01-01 2024-01-05",
        deaths="10 2024-01-05\n11 2024-01-06",
        expect="2 died 1",
    ),
    Example(
        "Died by the record of the stay: destination 79, method 4, or OMOP's concept",
        visits="""
        visit person concept start end to left_by to_concept
        1 10 9201 2024-01-01 2024-01-05 79 - -
        2 11 9201 2024-01-01 2024-01-05 -  4 -
        3 12 9201 2024-01-01 2024-01-05 -  - 4216643
        4 13 9201 2024-01-01 2024-01-05 19 1 0""",
        expect="4 none -",
    ),
    Example(
        "Self-discharge is kept",
        visits="visit person concept start end left_by\n1 10 9201 2024-01-01 2024-01-05 6",
        expect="1 none -",
    ),
    Example(
        "No person's own last record decides whether follow-up is complete",
        visits="1 10 9201 2024-01-01 2024-01-05\n2 11 9201 2024-02-01 2024-02-05",
        expect="1 none -",
        settings={"complete_follow_up": True},
        data_end=date(2024, 2, 29),
    ),
    Example(
        "Too few earlier records: an admission that begins too soon after the beginning of the data",
        visits="1 10 9201 2024-01-01 2024-01-05\n2 11 9201 2024-12-31 2025-01-05\n3 12 9201 2025-01-01 2025-01-05",
        expect="3 none -",
        settings={"minimum_look_back_days": 366},
        data_start=date(2024, 1, 1),
    ),
    Example(
        "The NHS indicator leaves out cancer and chemotherapy in the spell, and cancer in the year before, but not other skin cancer",
        visits="\n".join(f"{i} {i} 9201 2024-03-01 2024-03-05" for i in range(1, 6))
        + "\n6 5 9201 2023-04-01 2023-04-05\n7 4 9201 2023-01-01 2023-01-05",
        heart_failure="1 2 3 4 5",
        diagnoses="1 C50.9 32909\n2 Z51.1 32909\n3 C44.3 32909\n5 I10 32909\n6 C61 32903\n7 C61 32903",
        expect="3 none -\n4 none -",
        settings=NHS,
    ),
    Example(
        "It leaves out maternity and mental-health specialties",
        visits="""
        visit person concept start end specialty method
        1 10 9201 2024-03-01 2024-03-05 501 21
        2 11 9201 2024-03-01 2024-03-05 710 21
        3 12 9201 2024-03-01 2024-03-05 320 31
        4 13 9201 2024-03-01 2024-03-05 320 21""",
        expect="4 none -",
        settings=NHS,
    ),
    Example(
        "It does not count a readmission with cancer, nor an obstetric one",
        visits="""
        visit person concept start end specialty
        1 10 9201 2024-03-01 2024-03-05 320
        2 10 9201 2024-03-10 2024-03-12 320
        3 11 9201 2024-03-01 2024-03-05 320
        4 11 9201 2024-03-10 2024-03-12 501
        5 11 9201 2024-03-15 2024-03-16 320""",
        heart_failure="1 3",
        diagnoses="2 C34.9 32909",
        expect="1 none -\n3 readmitted 10",
        settings=NHS,
    ),
]
