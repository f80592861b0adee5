"""A move to another hospital is not a readmission: stays joined by a recorded transfer are one continuous spell, and its end is the
index discharge."""

from tests.spec.example import Example

TITLE = "Transfers"
CHE = {"spells": {"rule": "che"}}
NONE = {"spells": {"rule": "none"}}
NO_CODES = {"nhs_codes": False}

EXAMPLES = [
    Example(
        "Discharged to another hospital and admitted within two days: one spell",
        visits="""
        visit person concept start end to method
        1 10 9201 2024-03-01 2024-03-05 51 21
        2 10 9201 2024-03-07 2024-03-12 19 81
        3 10 9201 2024-03-20 2024-03-21 19 21""",
        heart_failure="1",
        expect="1 readmitted 8",
    ),
    Example(
        "After four days it is two spells, and the first was sent out of sight",
        visits="""
        visit person concept start end to method
        1 10 9201 2024-03-01 2024-03-05 51 21
        2 10 9201 2024-03-09 2024-03-12 19 81""",
        expect="2 none -",
    ),
    Example(
        "Three days are too many by NHS Digital's rule",
        visits="""
        visit person concept start end to method
        1 10 9201 2024-03-01 2024-03-05 19 21
        2 10 9201 2024-03-08 2024-03-12 19 81""",
        heart_failure="1",
        expect="1 readmitted 3",
    ),
    Example(
        "Three days are not too many by the rule of York",
        visits="""
        visit person concept start end to method
        1 10 9201 2024-03-01 2024-03-05 19 21
        2 10 9201 2024-03-08 2024-03-12 19 81""",
        heart_failure="1",
        expect="1 none -",
        settings=CHE,
    ),
    Example(
        "An independent hospital counts for NHS Digital",
        visits="""
        visit person concept start end to from
        1 10 9201 2024-03-01 2024-03-05 84 19
        2 10 9201 2024-03-06 2024-03-12 19 19
        3 11 9201 2024-03-01 2024-03-05 19 19
        4 11 9201 2024-03-06 2024-03-12 19 87""",
        heart_failure="1 3",
        expect="1 none -\n3 none -",
    ),
    Example(
        "An independent hospital does not count for York",
        visits="""
        visit person concept start end to from
        1 10 9201 2024-03-01 2024-03-05 84 19
        2 10 9201 2024-03-06 2024-03-12 19 19""",
        heart_failure="1",
        expect="1 readmitted 1",
        settings=CHE,
    ),
    Example(
        "Home and back through one's own emergency department is no transfer, whatever the source of admission says",
        visits="""
        visit person concept start end to from method
        1 10 9201 2024-03-01 2024-03-05 19 19 21
        2 10 9201 2024-03-06 2024-03-12 19 51 21""",
        heart_failure="1",
        expect="1 readmitted 1",
    ),
    Example(
        "An emergency transfer of an admitted patient (2B) joins",
        visits="""
        visit person concept start end method
        1 10 9201 2024-03-01 2024-03-05 21
        2 10 9201 2024-03-05 2024-03-12 2B""",
        heart_failure="1",
        expect="1 none -",
    ),
    Example(
        "OMOP's hospital concepts are evidence of a transfer",
        visits="""
        visit person concept start end to_concept from_concept
        1 10 9201 2024-03-01 2024-03-05 8717 0
        2 10 9201 2024-03-06 2024-03-12 0    0
        3 11 9201 2024-03-01 2024-03-05 0    0
        4 11 9201 2024-03-06 2024-03-12 0    8971""",
        heart_failure="1 3",
        expect="1 none -\n3 none -",
    ),
    Example(
        "Codes of the NHS are not read where the source writes codes of its own",
        visits="""
        visit person concept start end to to_concept
        1 10 9201 2024-03-01 2024-03-05 51 0
        2 10 9201 2024-03-06 2024-03-12 19 0
        3 11 9201 2024-03-01 2024-03-05 3  8717
        4 11 9201 2024-03-06 2024-03-12 1  0""",
        heart_failure="1 3",
        expect="1 readmitted 1\n3 none -",
        settings=NO_CODES,
    ),
    Example(
        "A chain of seven transfers is one spell, which begins with the first and ends with the last",
        visits="""
        visit person concept start end to
        1 10 262  2024-03-01 2024-03-02 51
        2 10 9201 2024-03-02 2024-03-04 51
        3 10 9201 2024-03-05 2024-03-06 51
        4 10 9201 2024-03-08 2024-03-09 51
        5 10 9201 2024-03-09 2024-03-10 51
        6 10 9201 2024-03-11 2024-03-12 51
        7 10 9201 2024-03-12 2024-03-20 19
        8 10 262  2024-04-18 2024-04-20 19""",
        heart_failure="3",
        expect="1 readmitted 29",
    ),
    Example(
        "Discharge fields come from the last stay: a death there is a death in the spell",
        visits="""
        visit person concept start end to
        1 10 9201 2024-03-01 2024-03-05 51
        2 10 9201 2024-03-06 2024-03-12 79
        3 11 9201 2024-03-01 2024-03-05 19""",
        heart_failure="1 3",
        expect="3 none -",
    ),
    Example(
        "Of two stays that end on one day, the one that the transfer led to is the last, whichever id is larger",
        visits="""
        visit person concept start end to
        2 10 262  2024-03-07 2024-03-09 51
        1 10 9201 2024-03-09 2024-03-09 19""",
        expect="2 none -",
    ),
    Example(
        "Admission fields come from the first stay: a planned stay that is moved is a planned spell",
        visits="""
        visit person concept start end method
        1 10 9201 2024-03-01 2024-03-05 11
        2 10 9201 2024-03-05 2024-03-12 2B
        3 11 9201 2024-03-01 2024-03-05 21""",
        expect="3 none -",
        settings={"unplanned": "admission_method"},
    ),
    Example(
        "With the rule none, a transfer is not joined",
        visits="""
        visit person concept start end to
        1 10 9201 2024-03-01 2024-03-05 19
        2 10 9201 2024-03-06 2024-03-12 51""",
        heart_failure="1",
        expect="1 readmitted 1",
        settings=NONE,
    ),
    Example(
        "Where a source records no transfer at all, the next day at another site stands in for one",
        visits="""
        visit person concept start end site
        1 10 262  2024-03-01 2024-03-05 7
        2 10 9201 2024-03-05 2024-03-08 8
        3 10 9201 2024-03-09 2024-03-12 9
        4 11 262  2024-03-01 2024-03-05 7
        5 11 9201 2024-03-06 2024-03-12 7
        6 12 262  2024-03-01 2024-03-05 7
        7 12 9201 2024-03-07 2024-03-12 8
        8 13 262  2024-03-01 2024-03-05 7
        9 13 262  2024-03-06 2024-03-12 8""",
        heart_failure="1 4 6 8",
        expect="1 none -\n4 readmitted 1\n6 readmitted 2\n8 readmitted 1",
        apart="no transfer is recorded",
    ),
    Example(
        "An A&E visit that leads to the next stay shows that it is no transfer",
        visits="""
        visit person concept start end site
        1 10 262  2024-03-01 2024-03-05 7
        2 10 9203 2024-03-06 2024-03-06 8
        3 10 9201 2024-03-06 2024-03-12 8""",
        heart_failure="1",
        expect="1 readmitted 1",
        apart="no transfer is recorded",
    ),
    Example(
        "Nothing stands in for a transfer where the study says so",
        visits="""
        visit person concept start end site
        1 10 262  2024-03-01 2024-03-05 7
        2 10 9201 2024-03-05 2024-03-08 8""",
        heart_failure="1",
        expect="1 readmitted 0",
        settings={"spells": {"without_evidence": "nothing"}},
    ),
    Example(
        "Where transfers are recorded, nothing stands in for one that is not",
        visits="""
        visit person concept start end site to
        1 10 262  2024-03-01 2024-03-05 7 19
        2 10 9201 2024-03-05 2024-03-08 8 19
        3 11 262  2024-03-01 2024-03-05 7 51
        4 11 9201 2024-03-05 2024-03-08 8 19""",
        heart_failure="1 3",
        expect="1 readmitted 0\n3 none -",
    ),
    Example(
        "A discharge to a hospital whose stay is not in the source is left out, since nobody sees its end",
        visits="""
        visit person concept start end to
        1 10 9201 2024-03-01 2024-03-05 51
        2 11 9201 2024-03-01 2024-03-05 19""",
        expect="2 none -",
    ),
    Example(
        "A discharge out of sight is kept where the study says so",
        visits="""
        visit person concept start end to
        1 10 9201 2024-03-01 2024-03-05 51""",
        expect="1 none -",
        settings={"keep_transferred_out": True},
    ),
]
