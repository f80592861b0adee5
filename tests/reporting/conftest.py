"""Reports that the tests look at, each rendered once."""

from __future__ import annotations

import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import Rendered, ReportingSettings, render
from tests.reporting import reporting_samples as samples

#: Coarse pictures, for tests that read words.
QUICK = ReportingSettings(dots_per_inch=72)

SAMPLES = {
    "region": samples.region,
    "desynpuf": samples.desynpuf,
    "tiny": samples.tiny,
    "composite": samples.composite,
    "bare": samples.bare,
}


@pytest.fixture(scope="session", params=list(SAMPLES))
def released(request: pytest.FixtureRequest) -> Released:
    """Released values of every kind of study."""
    return SAMPLES[request.param]()


@pytest.fixture(scope="session")
def rendered(released: Released) -> Rendered:
    """The report on them."""
    return render(released, QUICK)


@pytest.fixture(scope="session")
def region_report() -> Rendered:
    """The report on the made-up region."""
    return render(samples.region(), ReportingSettings())


@pytest.fixture(scope="session")
def desynpuf_report() -> Rendered:
    """The report on a model that predicts twice as many as came back."""
    return render(samples.desynpuf(), QUICK)


@pytest.fixture(scope="session")
def tiny_report() -> Rendered:
    """The report on a test that is far too small."""
    return render(samples.tiny(), QUICK)
