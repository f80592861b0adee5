"""Days are counted from the date of discharge to the date of admission, both ends of the window included."""

from tests.spec.example import Example

TITLE = "The window"


def _second(start: str) -> str:
    return f"1 10 9201 2023-12-28 2024-01-01\n2 10 9201 {start} 2024-03-01"


EXAMPLES = [
    Example(
        f"Discharged on 1 January and back on {int(start[-2:])} {'February' if start[5:7] == '02' else 'January'}, window {window}: "
        + ("counted" if expect.startswith("readmitted") else "not counted"),
        visits=_second(start),
        heart_failure="1",
        expect=f"1 {expect}",
        settings={"window": window},
    )
    for start, window, expect in [
        ("2024-01-30", "0-29", "readmitted 29"),
        ("2024-01-31", "0-29", "none -"),
        ("2024-01-31", "0-30", "readmitted 30"),
        ("2024-01-31", "1-30", "readmitted 30"),
        ("2024-02-01", "1-30", "none -"),
        ("2024-01-01", "0-29", "readmitted 0"),
        ("2024-01-01", "1-30", "none -"),
    ]
]
