"""The first unplanned spell in the window is the readmission; a death without one is a state of its own."""

from datetime import date

from tests.spec.example import Example

TITLE = "What became of them"
AE = {"unplanned": "ae_segment"}

EXAMPLES = [
    Example(
        "A planned admission never ends follow-up",
        visits="""
        1 10 262  2024-01-01 2024-01-05
        2 10 9201 2024-01-10 2024-01-10
        3 10 262  2024-01-20 2024-01-22""",
        heart_failure="1",
        expect="1 readmitted 15",
        settings=AE,
    ),
    Example(
        "By CMS's rule a planned first admission makes a non-event",
        visits="""
        1 10 262  2024-01-01 2024-01-05
        2 10 9201 2024-01-10 2024-01-10
        3 10 262  2024-01-20 2024-01-22
        4 11 262  2024-01-01 2024-01-05
        5 11 262  2024-01-10 2024-01-12
        6 11 9201 2024-01-20 2024-01-22""",
        heart_failure="1 4",
        expect="1 none -\n4 readmitted 5",
        settings={**AE, "outcome": "cms"},
    ),
    Example(
        "Death in the window is a state and not an event",
        visits="1 10 9201 2024-01-01 2024-01-05",
        deaths="10 2024-01-09",
        expect="1 died 4",
    ),
    Example(
        "Death after the window is nothing",
        visits="1 10 9201 2024-01-01 2024-01-05",
        deaths="10 2024-02-04",
        expect="1 none -",
    ),
    Example(
        "Whoever was admitted was alive, whatever the recorded death says",
        visits="1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-15 2024-01-16",
        heart_failure="1",
        deaths="10 2024-01-10",
        expect="1 readmitted 10",
    ),
    Example(
        "A readmission that ends in death is a readmission",
        visits="1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-15 2024-01-16",
        heart_failure="1",
        deaths="10 2024-01-16",
        expect="1 readmitted 10",
    ),
    Example(
        "A discharge near the end of the data whose window was not seen is censored, which is neither event nor non-event",
        visits="1 10 9201 2024-01-05 2024-01-10\n2 11 9201 2024-01-05 2024-01-10\n3 11 9201 2024-02-05 2024-02-06",
        heart_failure="1 2",
        expect="1 censored -\n2 censored -",
        data_end=date(2024, 1, 20),
    ),
    Example(
        "The last day of the window must have been seen, and that suffices",
        visits="1 10 9201 2024-02-01 2024-02-10\n2 11 9201 2024-02-01 2024-02-11",
        expect="1 none -\n2 censored -",
        data_end=date(2024, 3, 10),
    ),
    Example(
        "A death after the end of the data is not looked at",
        visits="1 10 9201 2024-01-05 2024-01-10",
        deaths="10 2024-01-25",
        expect="1 censored -",
        data_end=date(2024, 1, 20),
    ),
    Example(
        "A readmission without a night counts",
        visits="1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-10 2024-01-10\n3 10 9201 2024-01-12 2024-01-13",
        heart_failure="1",
        expect="1 readmitted 5",
    ),
    Example(
        "A readmission without a night does not count in that sensitivity analysis",
        visits="1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-10 2024-01-10\n3 10 9201 2024-01-12 2024-01-13",
        heart_failure="1",
        expect="1 readmitted 7",
        settings={"count_zero_day_readmissions": False},
    ),
]
