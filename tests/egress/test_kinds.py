"""Attacks on the door of the egress folder: things that are not what their names say, or carry more than they show."""

from __future__ import annotations

import base64
import io
import pickle
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image, PngImagePlugin

from hfrisk.egress.files import sealed
from hfrisk.egress.kinds import fault_of, kind_of
from hfrisk.errors import StudyError
from hfrisk.fingerprints import file_fingerprint


def picture(text: str = "") -> bytes:
    out, more = io.BytesIO(), PngImagePlugin.PngInfo()
    if text:
        more.add_text("Comment", text)
    Image.new("RGB", (4, 4)).quantize(4).save(out, format="PNG", pnginfo=more)
    return out.getvalue()


def page(body: str) -> bytes:
    return f'<!DOCTYPE html>\n<html lang="en"><head><title>a</title></head><body>{body}</body></html>'.encode()


def inside(png: bytes) -> bytes:
    return page(f'<img alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">')


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("png", picture()),
        ("csv", b'what,n\n"a, b",15\n'),
        ("json", b'{"a": [1, null]}'),
        ("html", inside(picture())),
        ("html", page('<a href="#b">b</a> <a href="https://www.example.org/">a link that a reader may follow</a>')),
        ("pdf", b"%PDF-1.7\n...\n%%EOF\n"),
        ("model", b"tree\nversion=v4\n\npandas_categorical:null\n"),
    ],
)
def test_what_is_of_its_kind_passes(kind: str, content: bytes) -> None:
    assert fault_of(kind, content) == ""


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("png", picture("NHS 943 476 5919"), "more than a picture"),
        ("png", picture() + b"943 476 5919", "after the end"),
        ("png", picture()[:-20], "damaged"),
        ("png", picture().replace(b"IDAT", b"IDAX"), "more than a picture"),
        ("png", pickle.dumps({"a": 1}), "not a PNG"),
        ("csv", pickle.dumps({"a": 1}), "not text"),
        ("csv", b"person_id,n\n1,2\n", "single people (person_id)"),
        ("csv", b"a,b\n1,2,3\n", "as long as its head"),
        ("csv", b"", "as long as its head"),
        ("json", b'{"rows": [{"index_id": 3}]}', "single people (index_id)"),
        ("json", b"[NaN]", "not JSON"),
        ("json", b"a: 1", "not JSON"),
        ("html", page("<script>1</script>"), "script"),
        ("html", page("<!-- 943 476 5919 -->"), "comment"),
        ("html", page('<img alt="" src="https://example.org/a.png">'), "fetch"),
        ("html", page('<p style="background:url(https://example.org/a.png)">'), "fetch"),
        ("html", inside(picture("943 476 5919")), "more than a picture"),
        ("html", page('<meta http-equiv="refresh" content="0;url=a.html">'), "active part"),
        ("html", b"<p>no page</p>", "not a page"),
        ("pdf", b"%PDF-1.7\n/JavaScript\n%%EOF", "JavaScript"),
        ("pdf", picture(), "not a PDF"),
        ("model", b"tree\nversion=v4\n\npandas_categorical:[[1, 2]]\n", "released text"),
    ],
)
def test_what_is_not_of_its_kind_or_carries_more_is_refused(kind: str, content: bytes, why: str) -> None:
    fault = fault_of(kind, content)
    assert why in fault
    assert "943" not in fault


@pytest.mark.parametrize(
    "name", ["predictions.parquet", "model.pkl", "tuning.db", "figure.svg", "error.log", "model_card.md", "a.txt"]
)
def test_other_kinds_do_not_leave(name: str, tmp_path: Path) -> None:
    assert kind_of(name) is None
    path = tmp_path / name
    path.write_bytes(b"tree\n")
    with pytest.raises(StudyError, match="only PNG, CSV, JSON, HTML, PDF and the text of the model leave"):
        sealed(path, name, file_fingerprint(path), name)


def test_a_table_of_patients_under_another_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flow.csv"
    pd.DataFrame({"person_id": [1], "risk": [0.2]}).to_parquet(path)
    with pytest.raises(StudyError, match="it is not text"):
        sealed(path, "flow.csv", file_fingerprint(path), "tables/flow.csv")
