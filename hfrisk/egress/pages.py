"""Plain pages: no script, nothing fetched, one column, made to be printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["items", "page", "page_of_markdown", "paragraph", "table"]

_STYLE = (
    "body{font-family:Arial,Helvetica,sans-serif;line-height:1.5;color:#1f2933;background:#fff;max-width:46rem;margin:1.5rem auto;"
    "padding:0 1rem}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #66717d;padding:.4rem;text-align:left;vertical-align:top}blockquote{border-left:4px solid #66717d;"
    "margin-left:0;padding-left:1rem}.blank{display:block;border-bottom:1px solid #1f2933;min-height:1.6rem}"
)


def page(title: str, body: Iterable[str]) -> str:
    """A whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def paragraph(text: str) -> str:
    """One paragraph; ``**`` marks what is strong."""
    return f"<p>{_inline(text)}</p>"


def items(texts: Iterable[str]) -> str:
    """A list."""
    return "<ul>\n" + "\n".join(f"<li>{_inline(text)}</li>" for text in texts) + "\n</ul>"


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column heads its rows; an empty cell is a line to write on."""
    cells = "".join(f'<th scope="col">{_inline(name)}</th>' for name in head)
    body = []
    for first, *rest in rows:
        told = "".join(f"<td>{_inline(text) if text else _BLANK}</td>" for text in rest)
        body.append(f'<tr><th scope="row">{_inline(first)}</th>{told}</tr>')
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n"
        + "\n".join(body)
        + "\n</tbody>\n</table>"
    )


_BLANK = '<span class="blank">&nbsp;</span>'


def page_of_markdown(text: str) -> str:
    """The model card as a page: headings, lists, quotations, tables, strong words and paragraphs; anything else is shown as it stands."""
    body: list[str] = []
    title = "Model card"
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.split("\n")
        while lines and (heading := re.fullmatch(r"(#{1,4}) (.+)", lines[0])):
            level = len(heading[1])
            title = heading[2] if level == 1 else title
            body.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
            lines = lines[1:]
        if not lines:
            continue
        if all(line.startswith("- ") for line in lines):
            body.append(items(line[2:] for line in lines))
        elif all(line.startswith(">") for line in lines):
            body.append(f"<blockquote>{paragraph(' '.join(line.lstrip('> ') for line in lines))}</blockquote>")
        elif all(line.startswith("|") for line in lines) and len(lines) > 1:
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            body.append(table("", rows[0], [row for row in rows[1:] if not set("".join(row)) <= set("-: ")]))
        else:
            body.append(paragraph(" ".join(lines)))
    return page(title, body)


def _inline(text: str) -> str:
    pieces = escape(text).split("**")
    return "".join(f"<strong>{piece}</strong>" if place % 2 else piece for place, piece in enumerate(pieces))
