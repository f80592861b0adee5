"""Writes docs/rules.md from the spec tests: each rule as its sentence, with the timeline that shows it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path

__all__ = ["rulebook"]

HERE = Path(__file__).parent
TOPICS = {"test_spells": "Spells", "test_window": "The window", "test_outcome": "What became of them"}


def rulebook() -> str:
    """The rules as Markdown, made from the tests that hold them."""
    lines = [
        "# Rules",
        "",
        "Each rule below is a test that runs on the engine; this page is written from the tests by `make docs`. Stays are listed as",
        "`visit person concept start end`; 262 is A&E with admission, 9203 A&E, 9201 inpatient. Unless a rule says otherwise the window",
        "is 0-29 days and every stay is one for heart failure.",
    ]
    for module, title in TOPICS.items():
        tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
        lines += ["", f"## {title}", "", inspect.cleandoc(ast.get_docstring(tree) or "")]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                lines += ["", f"- **{_sentence(node.name)}**"]
                for timeline in _timelines(node):
                    lines += ["", *[f"      {line}" for line in timeline]]
    return "\n".join(lines) + "\n"


def _sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ").replace(" s own", "'s own").replace("a and e", "A&E")
    return words[0].upper() + words[1:]


def _timelines(node: ast.FunctionDef) -> list[list[str]]:
    texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    listed = [textwrap.dedent(text).strip().splitlines() for text in texts]
    return [
        [line.strip() for line in lines] for lines in listed if lines and all(len(line.split()) == 5 for line in lines)
    ]


if __name__ == "__main__":
    (HERE.parents[1] / "docs" / "rules.md").write_text(rulebook(), encoding="utf-8")
