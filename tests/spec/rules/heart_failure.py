"""Which stays are stays for heart failure: the code list, the position of the diagnosis and how it is told, the episode of the spell."""

from tests.spec.example import Example

TITLE = "Heart failure"
ALONE = "1 10 9201 2024-03-01 2024-03-05"
PAIR = "1 10 9201 2024-03-01 2024-03-05\n2 11 9201 2024-03-01 2024-03-05"


def _preset(name: str, vocabulary: str = "icd10_uk", **more: object) -> dict[str, object]:
    return {"heart_failure": {"preset": name, **more}, "diagnosis_vocabulary": vocabulary}


EXAMPLES = [
    Example(
        "The seven codes of the National Heart Failure Audit, with or without a dot, a blank, a dagger or an X",
        visits="\n".join(f"{i} {i} 9201 2024-03-01 2024-03-05" for i in range(1, 11)),
        diagnoses="""
        1 I11.0 32903
        2 I255 32903
        3 I42.0 32903
        4 i429 32903
        5 I50.0 32903
        6 I50.1D 32903
        7 I50.9 32903
        8 I50.9X 32903
        9 I13.0 32903
        10 I42.1 32903""",
        expect="\n".join(f"{i} none -" for i in range(1, 9)),
    ),
    Example(
        "I50 alone is a stricter list",
        visits=PAIR,
        diagnoses="1 I50.0 32903\n2 I11.0 32903",
        expect="1 none -",
        settings=_preset("i50_only"),
    ),
    Example(
        "CALIBER's list has the hypertensive kidney codes",
        visits=PAIR,
        diagnoses="1 I13.2 32903\n2 I42.0 32903",
        expect="1 none -",
        settings=_preset("caliber"),
    ),
    Example(
        "ICD-10-CM: the longer codes",
        visits=PAIR,
        diagnoses="1 I50.23 32903\n2 I50.0 32903",
        expect="1 none -",
        settings=_preset("cms_icd10cm", "icd10_cm"),
    ),
    Example(
        "ICD-9-CM 428, but not a SNOMED code that begins with it",
        visits=PAIR,
        diagnoses="1 42823 32903\n2 428251008 32903",
        expect="1 none -",
        settings=_preset("icd9_428", "icd9_cm"),
    ),
    Example(
        "OMOP's heart failure with what lies below it, without congestive rheumatic heart failure",
        visits="1 10 9201 2024-03-01 2024-03-05\n2 11 9201 2024-03-01 2024-03-05\n3 12 9201 2024-03-01 2024-03-05",
        diagnoses="""
        visit concept status
        1 316139 32903
        2 443580 32903
        3 315295 32903""",
        expect="1 none -\n2 none -",
        settings=_preset("omop_316139"),
    ),
    Example(
        "A diagnosis in second place is not the reason for the stay",
        visits=PAIR,
        diagnoses="1 I50.0 32903\n2 I50.0 32909",
        expect="1 none -",
    ),
    Example(
        "Any position, where the study asks for it",
        visits=PAIR,
        diagnoses="1 I50.0 32903\n2 I50.0 32909",
        expect="1 none -\n2 none -",
        settings={"heart_failure": {"position": "any"}},
    ),
    Example(
        "The type of the diagnosis tells the position where no diagnosis of the stay has a status",
        visits="1 10 9201 2024-03-01 2024-03-05\n2 11 9201 2024-03-01 2024-03-05\n3 12 9201 2024-03-01 2024-03-05",
        diagnoses="""
        visit code status type
        1 I50.0 -     38000183
        2 I50.0 -     38000184
        2 J18.1 32903 -
        3 I50.0 -     32817""",
        expect="1 none -",
    ),
    Example(
        "The position as the source wrote it comes after status and type",
        visits=PAIR,
        diagnoses="""
        visit code status position
        1 I50.0 0 p
        1 J18.1 0 2
        2 I50.0 0 2
        2 J18.1 0 1""",
        expect="1 none -",
    ),
    Example(
        "The order of coding, only where the study declares it",
        visits=PAIR,
        diagnoses="""
        visit code status row
        1 I50.0 0 71
        1 J18.1 0 72
        2 J18.1 0 73
        2 I50.0 0 74""",
        expect="1 none -",
        settings={"heart_failure": {"principal": ["condition_status", "order"]}},
    ),
    Example(
        "A primary admission diagnosis counts where the study names its concept",
        visits=ALONE,
        diagnoses="1 I50.0 32901",
        expect="1 none -",
        settings={"heart_failure": {"principal_status_concepts": [32903, 32902, 32901]}},
    ),
    Example(
        "Any episode of the spell may carry the diagnosis",
        visits="""
        visit person concept start end to
        1 10 9201 2024-03-01 2024-03-05 51
        2 10 9201 2024-03-05 2024-03-12 19
        3 11 9201 2024-03-01 2024-03-05 51
        4 11 9201 2024-03-05 2024-03-12 19""",
        heart_failure="1 4",
        expect="1 none -\n3 none -",
    ),
    Example(
        "Only the first episode, where the study asks for it",
        visits="""
        visit person concept start end to
        1 10 9201 2024-03-01 2024-03-05 51
        2 10 9201 2024-03-05 2024-03-12 19
        3 11 9201 2024-03-01 2024-03-05 51
        4 11 9201 2024-03-05 2024-03-12 19""",
        heart_failure="1 4",
        expect="1 none -",
        settings={"heart_failure": {"episode": "first"}},
    ),
    Example(
        "Only the last episode, where the study asks for it",
        visits="""
        visit person concept start end to
        1 10 9201 2024-03-01 2024-03-05 51
        2 10 9201 2024-03-05 2024-03-12 19
        3 11 9201 2024-03-01 2024-03-05 51
        4 11 9201 2024-03-05 2024-03-12 19""",
        heart_failure="1 4",
        expect="3 none -",
        settings={"heart_failure": {"episode": "last"}},
    ),
]
