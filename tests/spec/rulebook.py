"""Writes docs/rules.md from the examples: each rule as its sentence, with the stays that show it."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

from tests.spec.example import Example
from tests.spec.rules import TOPICS

__all__ = ["rulebook"]

HEAD = """# Rules

Each rule below is an example that runs on DuckDB, PostgreSQL and Spark; this page is written from the examples by `make docs`.
Stays are lines `visit person concept start end`, or as their first line says: 262 is A&E with admission, 9203 A&E, 9201 inpatient; `to`,
`from` and `method` are the NHS codes of discharge destination, admission source and admission method; `-` is not recorded. After
the arrow stands what became of each index discharge: its visit, the state, and the day. Unless a rule says otherwise every stay is one
for heart failure, every admission is unplanned, and the window is days 0 to 29.
"""


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
    (Path(__file__).parents[2] / "docs" / "rules.md").write_text(rulebook(), encoding="utf-8")
