"""Reports that the tests look at, each rendered once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import Rendered, ReportingSettings, render
from tests.reporting import reporting_samples as samples

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

#: Coarse pictures, for tests that read words.
QUICK = ReportingSettings(dots_per_inch=72)

#: Studies with a model, and studies that describe.
MODELS = ("region", "desynpuf", "tiny", "composite", "bare")
DESCRIPTIONS = ("described", "described_composite", "described_without_numbers", "described_bare")


@cache
def report_on(sample: str) -> Rendered:
    """The report on a sample, made once."""
    released: Released = getattr(samples, sample)()
    return render(released, QUICK)


@pytest.fixture(scope="session", params=[*MODELS, *DESCRIPTIONS])
def rendered(request: pytest.FixtureRequest) -> Rendered:
    """The report on every kind of study."""
    return report_on(request.param)


@pytest.fixture(scope="session", params=MODELS)
def of_a_model(request: pytest.FixtureRequest) -> Rendered:
    """The report on every kind of model."""
    return report_on(request.param)


@pytest.fixture(scope="session", params=DESCRIPTIONS)
def of_a_description(request: pytest.FixtureRequest) -> Rendered:
    """The report on every kind of study without a model."""
    return report_on(request.param)


@pytest.fixture(scope="session")
def description() -> Rendered:
    """The report on a region without a model."""
    return report_on("described")


@pytest.fixture(scope="session")
def region_report() -> Rendered:
    """The report on the made-up region."""
    return render(samples.region(), ReportingSettings())


@pytest.fixture(scope="session")
def desynpuf_report() -> Rendered:
    """The report on a model that predicts twice as many as came back."""
    return report_on("desynpuf")


@pytest.fixture(scope="session")
def tiny_report() -> Rendered:
    """The report on a test that is far too small."""
    return report_on("tiny")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium with a profile of its own, writing down every request and every message."""
    absent = [name for name, path in (("chromium", BROWSER), ("chromium-driver", DRIVER)) if not path]
    if absent:
        message = f"not on this machine: {', '.join(absent)} (Debian packages)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(BROWSER)
    profile = tmp_path_factory.mktemp("chromium")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()
