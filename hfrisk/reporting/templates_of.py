"""The templates of the pages, and what they can ask of a block."""

from __future__ import annotations

import struct
from functools import cache

import jinja2

from hfrisk.reporting.exhibits import Definitions, Exhibit, Linked, Prose, Table, data_uri, emphasis

__all__ = ["environment"]


@cache
def environment() -> jinja2.Environment:
    """Jinja2 with this room's templates, filters and tests; everything is escaped, and a name that is not there is a fault."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("hfrisk.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["emphasis"] = emphasis
    found.filters["data_uri"] = data_uri
    found.filters["size"] = _size
    found.tests["exhibit"] = lambda block: isinstance(block, Exhibit)
    found.tests["linked"] = lambda cell: isinstance(cell, Linked)
    found.tests["table"] = lambda block: isinstance(block, Table)
    found.tests["prose"] = lambda block: isinstance(block, Prose)
    found.tests["definitions"] = lambda block: isinstance(block, Definitions)
    return found


def _size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the PNG's header."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height
