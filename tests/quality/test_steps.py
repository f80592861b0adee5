"""Steps, gaps, late beginnings and fading ends: found where they are, and not where months only do what months do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hfrisk.quality.evidence import Panel
from hfrisk.quality.look_back import late_sites
from hfrisk.quality.over_time import steps_by_site
from hfrisk.quality.settings import QualitySettings
from hfrisk.quality.steps import Step, dips, fading, rate_fading, steps

SITES, MONTHS = 20, 120
SEASON = 1 + 0.15 * np.cos(2 * np.pi * np.arange(MONTHS) / 12)


def region(seed: int, noise: float = 0.0) -> npt.NDArray[np.float64]:
    """Monthly counts of trusts of unequal size with a season, and if asked with noise beyond Poisson's."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(2.0, 0.6, SITES)[:, None] * SEASON
    if noise:
        level = level * rng.gamma(1 / noise, noise, level.shape)
    return rng.poisson(level).astype(float)


def of_the_others(counts: npt.NDArray[np.float64], **changes: float) -> list[Step]:
    def expected(compared: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        return np.asarray(counts[compared].sum(axis=0) - np.where(compared[:, None], counts, 0.0))

    return steps(counts, expected, **{"chance": 0.001, "factor": 2.0, "enough": 12.5, **changes})


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_no_step_is_seen_where_there_is_none(noise: float) -> None:
    # without the size that is asked of a step, so that chance alone is tried
    assert sum(len(of_the_others(region(seed, noise), factor=1.0)) for seed in range(200)) <= 1


def test_a_step_is_found_at_its_site_and_month() -> None:
    counts = region(1)
    biggest = int(counts.sum(axis=1).argmax())
    counts[biggest, 70:] = np.floor(counts[biggest, 70:] * 0.3)
    (found,) = of_the_others(counts)
    assert found.series == biggest
    assert abs(found.at - 70) <= 1
    assert found.ratio == pytest.approx(0.3, abs=0.1)


def test_every_site_that_steps_is_found() -> None:
    counts = region(1)
    biggest = np.argsort(counts.sum(axis=1))[-2:]
    counts[biggest, 70:] = np.floor(counts[biggest, 70:] * 0.3)
    assert [step.series for step in of_the_others(counts)] == sorted(biggest)


def test_what_all_sites_do_together_is_no_step() -> None:
    counts = region(3)
    counts[:, 60:] = np.floor(counts[:, 60:] * 0.3)
    assert of_the_others(counts) == []


def test_an_end_that_fades_is_found_with_its_length() -> None:
    counts = region(4).sum(axis=0)
    found = fading(np.r_[counts[:-12], counts[-12:] * 0.5], ratio=0.75, chance=0.001, enough=50)
    assert found is not None
    assert found.months == 12
    assert found.ratio == pytest.approx(0.5, abs=0.05)
    short = fading(np.r_[counts[:-3], counts[-3:] * 0.5], ratio=0.75, chance=0.001, enough=50)
    assert short is not None
    assert short.months == 3


def test_a_last_month_that_is_not_whole_is_no_fading_end() -> None:
    counts = region(5).sum(axis=0)
    assert fading(np.r_[counts[:-1], 0.0], ratio=0.75, chance=0.001, enough=50) is None


def test_seasons_and_noise_do_not_fade() -> None:
    ends = [fading(region(seed, 0.1).sum(axis=0), ratio=1.0, chance=0.001, enough=50) for seed in range(300)]
    assert sum(end is not None for end in ends) <= 2


def test_an_event_rate_that_falls_is_found() -> None:
    discharges = np.full(60, 100.0)
    events = np.full(60, 20.0)
    assert rate_fading(events, discharges, ratio=0.75, chance=0.001, enough=50) is None
    events[-12:] = 10.0
    found = rate_fading(events, discharges, ratio=0.75, chance=0.001, enough=50)
    assert found is not None
    assert (found.months, found.ratio) == (12, pytest.approx(0.5))


def test_a_gap_is_found_and_a_season_is_not() -> None:
    counts = region(6).sum(axis=0)
    assert dips(counts, ratio=0.7, chance=0.001) == []
    counts[50:53] *= 0.4
    assert dips(counts, ratio=0.7, chance=0.001) == [50, 51, 52]


def evidence(spells: npt.NDArray[np.float64], **others: npt.NDArray[np.float64]) -> Any:
    """What the checks over time look at: a fifth of the stays is for heart failure, and so on, unless given."""
    rng = np.random.default_rng(0)
    values = {"spells": spells}
    for kind in ("heart_failure", "unplanned", "emergencies"):
        values[kind] = rng.binomial(spells.astype(int), 0.4).astype(float)
    values["same_day"] = rng.binomial(values["emergencies"].astype(int), 0.3).astype(float)
    sites = tuple(f"site {row}" for row in range(len(spells)))
    panel = Panel(sites, 2010 * 12, {**values, **others})
    return SimpleNamespace(panel=panel, quality=QualitySettings())


def test_of_two_sites_the_one_that_changed_is_named() -> None:
    for changed in (0, 1):
        counts = region(2)[:2] * 10
        counts[changed, 60:] = np.floor(counts[changed, 60:] * 0.2)
        found = steps_by_site(evidence(counts))
        assert list(zip(found["site"], found["what"], strict=True)) == [
            (f"site {changed}", "the number of inpatient stays")
        ]


def test_a_site_that_begins_late_is_told_as_such_and_not_as_a_step() -> None:
    counts = region(3)
    counts[4, :50] = 0
    late = evidence(counts)
    assert late_sites(late) == {"site 4": 2010 * 12 + 50}
    assert steps_by_site(late).empty


def test_a_small_site_whose_few_patients_came_late_is_no_late_site() -> None:
    counts = region(3)
    counts[4] = 0
    counts[4, 100:115] = 2
    assert late_sites(evidence(counts)) == {}


def test_a_diagnosis_that_nobody_recorded_before_is_no_step() -> None:
    counts = region(5)[:1] * 10
    failing = np.floor(counts * 0.2)
    failing[:, :40] = 0
    assert steps_by_site(evidence(counts, heart_failure=failing)).empty
