"""Writes docs/rules.md and docs/features.md from the examples, each a sentence with the records that show it, and docs/checks.md."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

from hfrisk.quality import check_pages
from tests.spec.example import Example
from tests.spec.feature_example import PERSON, STAY, FeatureExample
from tests.spec.features import TOPICS as FAMILIES
from tests.spec.rules import TOPICS

__all__ = ["DOCS", "feature_book", "rulebook"]

DOCS = Path(__file__).parents[2] / "docs"

HEAD = """# Rules

Each rule below is an example that runs on DuckDB, PostgreSQL and Spark; this page is written from the examples by `make docs`.
Stays are lines `visit person concept start end`, or as their first line says: 262 is A&E with admission, 9203 A&E, 9201 inpatient; `to`,
`from` and `method` are the NHS codes of discharge destination, admission source and admission method; `-` is not recorded. After
the arrow stands what became of each index discharge: its visit, the state, and the day. Unless a rule says otherwise every stay is one
for heart failure, every admission is unplanned, and the window is days 0 to 29.
"""


FEATURES_HEAD = f"""# Features

What each feature makes of a person's records. Each rule below is an example that runs on DuckDB, PostgreSQL and Spark; this page is written
from the examples by `make docs`.
Unless an example says otherwise the person is a man born on 6 June 1940 who stays, for heart failure, from 5 June 2023, 14:00, to 15 June
2023, 16:30 (`{STAY}`), and the risk is asked for at discharge. Records are lines of the OMOP table that stands above them, whose first line
names the columns; `-` is not recorded; a `T` joins a date and a time. After the arrow stand the features that come of them; `-` is missing.
"""


def feature_book() -> str:
    """The rules of the features as Markdown."""
    parts = [FEATURES_HEAD]
    for topic in FAMILIES:
        parts.append(f"## {topic.TITLE}\n\n{inspect.cleandoc(topic.__doc__ or '')}\n")
        parts += [_of_features(example) for example in topic.EXAMPLES]
    return "\n".join(parts)


def _of_features(example: FeatureExample) -> str:
    lines = [f"- **{example.rule}**", ""]
    if example.person != PERSON:
        lines += ["      person:", *_block(example.person, 2)]
    if example.stay != STAY:
        lines += ["      stay:", *_block(example.stay, 2)]
    for name, text in example.tables.items():
        lines += [f"      {name}:", *_block(text, 2)]
    settings = {**example.settings, **{f"cohort.{name}": value for name, value in example.cohort.items()}}
    if example.vocabulary != "icd10_uk":
        settings["cohort.diagnosis_vocabulary"] = example.vocabulary
    if settings:
        lines.append("      settings: " + ", ".join(f"{name} = {value}" for name, value in settings.items()))
    lines.append("      →")
    lines += [f"      {name} = {'-' if value is None else f'{value:.12g}'}" for name, value in example.expect.items()]
    return "\n".join(lines) + "\n"


def rulebook() -> str:
    """The rules as Markdown."""
    parts = [HEAD]
    for topic in TOPICS:
        parts.append(f"## {topic.TITLE}\n\n{inspect.cleandoc(topic.__doc__ or '')}\n")
        parts += [_shown(example) for example in topic.EXAMPLES]
    return "\n".join(parts)


def _shown(example: Example) -> str:
    lines = [f"- **{example.rule}**", ""]
    lines += _block(example.visits)
    for name in ("heart_failure", "diagnoses", "observations", "people", "deaths"):
        text = getattr(example, name)
        if text.strip():
            lines += [f"      {name.replace('_', ' ')}:", *_block(text, 2)]
    if example.settings:
        lines.append("      settings: " + ", ".join(f"{name} = {value}" for name, value in example.settings.items()))
    lines += ["      →", *_block(example.expect or "no index discharge")]
    return "\n".join(lines) + "\n"


def _block(text: str, more: int = 0) -> list[str]:
    listed = [" ".join(line.split()) for line in textwrap.dedent(text).strip().splitlines()]
    return [" " * (6 + more) + line for line in listed]


if __name__ == "__main__":
    (DOCS / "rules.md").write_text(rulebook(), encoding="utf-8")
    (DOCS / "features.md").write_text(feature_book(), encoding="utf-8")
    (DOCS / "checks.md").write_text(check_pages(), encoding="utf-8")
