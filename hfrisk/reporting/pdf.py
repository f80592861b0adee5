"""The same page on paper, for those who have installed the `pdf` extra."""

from __future__ import annotations

from hfrisk.errors import StudyError

__all__ = ["to_pdf"]


def to_pdf(html: str) -> bytes:
    """The report as PDF.

    Parameters
    ----------
    html
        `Rendered.html`.

    Raises
    ------
    StudyError
        When WeasyPrint, or a system library that it needs, is not installed.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as missing:
        raise StudyError(
            "The PDF cannot be made: WeasyPrint, or a system library that it needs, is not installed.",
            where="reporting.pdf",
            todo=(
                "Install the extra with `pip install 'hfrisk[pdf]'` (and Pango, Debian: libpango-1.0-0 "
                "libpangoft2-1.0-0), or set reporting.pdf: false and print report.html from a browser."
            ),
        ) from missing
    # Nothing but what the page carries: no file and no network.
    inside = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    pdf: bytes = HTML(string=html, url_fetcher=inside).write_pdf()
    return pdf
