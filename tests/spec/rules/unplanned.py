"""Whether an admission was unplanned is told by the study's strategies, in order: one that does not know leaves it to the next."""

from tests.spec.example import Example

TITLE = "Unplanned admissions"
AE = {"unplanned": "ae_segment"}
METHOD = {"unplanned": "admission_method"}
METHODS = (
    "21",
    "22",
    "23",
    "24",
    "25",
    "2a",
    "2B",
    "2D",
    "28",
    "11",
    "12",
    "13",
    "31",
    "32",
    "2C",
    "81",
    "82",
    "83",
    "98",
    "99",
    "-",
)
METHOD_THEN_AE = {"unplanned": ["admission_method", "ae_segment"]}

EXAMPLES = [
    Example(
        "Admission methods 21 to 25, 2A, 2B, 2D and 28 are unplanned; waiting list, booked, planned, maternity, transfer and birth are not",
        visits="visit person concept start end method\n"
        + "\n".join(
            f"{i} {i} 9201 2024-03-01 2024-03-05 {method}"
            for i, method in enumerate(
                [
                    "21",
                    "22",
                    "23",
                    "24",
                    "25",
                    "2a",
                    "2B",
                    "2D",
                    "28",
                    "11",
                    "12",
                    "13",
                    "31",
                    "32",
                    "2C",
                    "81",
                    "82",
                    "83",
                    "98",
                    "99",
                    "-",
                ],
                start=1,
            )
        ),
        expect="\n".join(f"{i} none -" for i in range(1, 10)),
        settings=METHOD,
    ),
    Example(
        "Where the method is not known, an A&E visit tells",
        visits="""
        visit person concept start end method
        1 10 262  2024-03-01 2024-03-05 99
        2 11 262  2024-03-01 2024-03-05 11
        3 12 9201 2024-03-01 2024-03-05 22
        4 13 9201 2024-03-01 2024-03-05 -""",
        expect="1 none -\n3 none -",
        settings=METHOD_THEN_AE,
    ),
    Example(
        "The admission method may be an observation",
        visits="1 10 9201 2024-03-01 2024-03-05\n2 11 9201 2024-03-01 2024-03-05\n3 12 9201 2024-03-01 2024-03-05",
        observations="1 77 2A\n2 77 12\n3 78 21",
        expect="1 none -",
        settings={"unplanned": ["observation"], "admission_method_observations": [77]},
    ),
    Example(
        "An A&E visit on the day of admission or the day before makes it unplanned, one two days before does not",
        visits="""
        1 10 262  2024-01-01 2024-01-05
        2 10 9203 2024-01-14 2024-01-14
        3 10 9201 2024-01-15 2024-01-16
        4 11 262  2024-01-01 2024-01-05
        5 11 9203 2024-01-13 2024-01-13
        6 11 9201 2024-01-15 2024-01-16
        7 12 262  2024-01-01 2024-01-05
        8 12 9203 2024-01-15 2024-01-15
        9 12 9201 2024-01-15 2024-01-16""",
        heart_failure="1 4 7",
        expect="1 readmitted 10\n4 none -\n7 readmitted 10",
        settings=AE,
    ),
    Example(
        "Of two records of one admission, either may say that it came through A&E",
        visits="""
        1 10 9201 2024-01-05 2024-01-10
        2 10 262  2024-01-05 2024-01-10""",
        heart_failure="1",
        expect="1 none -",
        settings=AE,
    ),
    Example(
        "An A&E visit without an end ended on the day it began",
        visits="""
        1 10 262  2024-01-01 2024-01-05
        2 10 9203 2024-01-20 -
        3 10 9201 2024-01-20 2024-01-21""",
        heart_failure="1",
        expect="1 readmitted 15",
        settings=AE,
    ),
    Example(
        "An A&E visit after a planned day case does not make it unplanned",
        visits="""
        1 10 262  2024-01-01T10:00:00 2024-01-05T10:00:00
        2 10 9201 2024-01-15T08:00:00 2024-01-15T12:00:00
        3 10 9203 2024-01-15T18:00:00 2024-01-15T20:00:00""",
        heart_failure="1",
        expect="1 none -",
        settings=AE,
    ),
    Example(
        "One A&E visit leads to one admission, the first after it",
        visits="""
        1 10 9203 2024-01-10T02:00:00 2024-01-10T06:00:00
        2 10 9201 2024-01-10T06:00:00 2024-01-10T20:00:00
        3 10 9201 2024-01-11T08:00:00 2024-01-12T12:00:00""",
        heart_failure="2",
        expect="2 none -",
        settings=AE,
    ),
    Example(
        "Admitted from an emergency department",
        visits="""
        visit person concept start end from_concept
        1 10 9201 2024-03-01 2024-03-05 8870
        2 11 9201 2024-03-01 2024-03-05 8717""",
        expect="1 none -",
        settings={"unplanned": ["admitted_from"]},
    ),
    Example(
        "What no strategy tells is planned, unless the study assumes otherwise",
        visits="""
        visit person concept start end method
        1 10 9201 2024-03-01 2024-03-05 -
        2 11 9201 2024-03-01 2024-03-05 12""",
        expect="1 none -",
        settings={"unplanned": ["admission_method", "assume_unplanned"]},
    ),
]
