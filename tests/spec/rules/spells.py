"""Stays that overlap are one spell; stays that meet on one day are one only on evidence. Day cases join nothing."""

from datetime import date

from tests.spec.example import Example

TITLE = "Spells"
MERGE_NOTHING = {"spells": {"merge_overlapping": False}}
MERGE_SAME_DAY = {"spells": {"merge_same_day": True}}

EXAMPLES = [
    Example(
        "Overlapping stays are one spell that ends with the later one",
        visits="""
        1 10 9201 2024-01-01 2024-01-10
        2 10 9201 2024-01-05 2024-01-07
        3 10 9201 2024-01-20 2024-01-21""",
        heart_failure="2",
        expect="1 readmitted 10",
    ),
    Example(
        "A stay inside a long one does not end it",
        visits="""
        1 10 9201 2024-01-01 2024-01-20
        2 10 9201 2024-01-02 2024-01-03
        3 10 9201 2024-01-10 2024-01-12""",
        heart_failure="1",
        expect="1 none -",
    ),
    Example(
        "Home in the morning and back at night is a readmission on day 0",
        visits="""
        1 10 9201 2024-01-01T08:00:00 2024-01-05T10:00:00
        2 10 9201 2024-01-05T22:00:00 2024-01-09T10:00:00""",
        heart_failure="1",
        expect="1 readmitted 0",
    ),
    Example(
        "Stays that meet on one day are one spell where the study says so",
        visits="""
        1 10 9201 2024-01-01T08:00:00 2024-01-05T10:00:00
        2 10 9201 2024-01-05T22:00:00 2024-01-09T10:00:00""",
        heart_failure="1",
        expect="1 none -",
        settings=MERGE_SAME_DAY,
    ),
    Example(
        "Times that overlap on one day make one spell",
        visits="""
        1 10 9201 2024-01-01T08:00:00 2024-01-05T10:00:00
        2 10 9201 2024-01-05T09:00:00 2024-01-09T10:00:00""",
        heart_failure="1",
        expect="1 none -",
    ),
    Example(
        "A time of midnight is a date without a time",
        visits="""
        1 10 9201 2024-01-01T00:00:00 2024-01-05T10:00:00
        2 10 9201 2024-01-05T00:00:00 2024-01-09T00:00:00""",
        heart_failure="1",
        expect="1 readmitted 0",
    ),
    Example(
        "Two records of one stay are one stay, also when it has no night",
        visits="""
        visit person concept start end site
        1 10 9201 2024-01-01 2024-01-05 7
        2 10 9201 2024-01-01 2024-01-05 7
        3 11 9201 2024-01-01 2024-01-01 7
        4 11 9201 2024-01-01 2024-01-01 7""",
        expect="1 none -\n3 none -",
    ),
    Example(
        "Two stays without a night on one day, at two sites, are two",
        visits="""
        visit person concept start end site
        1 10 9201 2024-01-01 2024-01-01 7
        2 10 262  2024-01-01 2024-01-01 8""",
        heart_failure="1",
        expect="1 readmitted 0",
    ),
    Example(
        "Exact duplicates are two stays only when nothing is merged",
        visits="""
        1 10 9201 2024-01-01 2024-01-05
        2 10 9201 2024-01-01 2024-01-05""",
        expect="1 none -\n2 none -",
        settings=MERGE_NOTHING,
    ),
    Example(
        "The key of a spell is its first visit, and ids may be negative",
        visits="""
        -7 -10 9201 2024-01-01 2024-01-05
        -9 -10 9201 2024-01-03 2024-01-08""",
        heart_failure="-9",
        expect="-7 none -",
    ),
    Example(
        "A chain of seven overlapping stays is one spell",
        visits="""
        1 10 9201 2024-01-03 2024-01-06
        2 10 9201 2024-01-05 2024-01-08
        3 10 9201 2024-01-07 2024-01-10
        4 10 9201 2024-01-09 2024-01-12
        5 10 9201 2024-01-11 2024-01-14
        6 10 9201 2024-01-13 2024-01-16
        7 10 9201 2024-01-15 2024-01-18""",
        heart_failure="4",
        expect="1 none -",
    ),
    Example(
        "A stay that ends before it begins is left out",
        visits="""
        1 10 9201 2024-01-01 2024-01-05
        2 10 9201 2024-01-20 2024-01-10""",
        heart_failure="1",
        expect="1 none -",
    ),
    Example(
        "A stay still open is a readmission but no index",
        visits="""
        1 10 9201 2024-01-01 2024-01-05
        2 10 9201 2024-01-20 -""",
        expect="1 readmitted 15",
    ),
    Example(
        "A stay that ends after the end of the data is still open, and one that begins after it is not looked at",
        visits="""
        1 10 9201 2024-01-01 2024-01-05
        2 10 9201 2024-01-20 2034-01-22
        3 10 9201 2024-03-20 2024-03-22""",
        heart_failure="1 2",
        expect="1 readmitted 15",
        data_end=date(2024, 2, 28),
    ),
    Example(
        "Of two stays without times that began on one day, the shorter came first whichever id is smaller",
        visits="""
        2 10 9201 2024-01-05 2024-01-05
        1 10 9201 2024-01-05 2024-01-09""",
        heart_failure="2",
        expect="2 readmitted 0",
    ),
    Example(
        "An overlap is seen past a stay without times in between",
        visits="""
        1 10 9201 2024-01-01T08:00:00 2024-01-05T10:00:00
        2 10 9201 2024-01-05 2024-01-05
        3 10 9201 2024-01-05T09:00:00 2024-01-09T10:00:00
        4 10 9201 2024-02-08 2024-02-09""",
        heart_failure="1",
        expect="1 none -",
    ),
    Example(
        "A regular attender's day in the middle of a stay joins nothing and ends nothing",
        visits="""
        visit person concept start end class
        1 10 9201 2024-01-01 2024-01-10 1
        2 10 9201 2024-01-05 2024-01-05 3
        3 10 9201 2024-01-12 2024-01-12 3
        4 10 9201 2024-01-15 2024-01-16 1""",
        heart_failure="1 2 3",
        expect="1 readmitted 5",
    ),
    Example(
        "Without a patient class, an elective stay without a night is a day case",
        visits="""
        visit person concept start end method
        1 10 9201 2024-01-01 2024-01-10 21
        2 10 9201 2024-01-12 2024-01-12 11
        3 10 9201 2024-01-15 2024-01-15 21""",
        heart_failure="1 2",
        expect="1 readmitted 5",
        settings={"unplanned": ["admission_method", "assume_unplanned"]},
    ),
]
