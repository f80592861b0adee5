"""The PDF is the same page; without the extra the error says what to do."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from hfrisk.errors import StudyError
from hfrisk.reporting import Rendered, ReportingSettings, render, to_pdf
from tests.reporting import reporting_samples as samples


def test_without_the_extra_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(StudyError) as caught:
        to_pdf("<p>words</p>")
    assert "hfrisk[pdf]" in caught.value.todo
    assert caught.value.exit_code == 2


@pytest.mark.skipif(
    importlib.util.find_spec("weasyprint") is None, reason="the pdf extra (WeasyPrint) is not installed"
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_pdf_is_made_when_asked_for(tiny_report: Rendered) -> None:
    assert tiny_report.pdf is None
    asked = render(samples.tiny(), ReportingSettings(pdf=True, dots_per_inch=72))
    assert asked.pdf is not None
    assert asked.pdf.startswith(b"%PDF")
    assert asked.html == tiny_report.html
