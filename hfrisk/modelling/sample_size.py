"""How many discharges a model needs before it is fitted (Riley et al., BMJ 2020;368:m441, binary outcome).

The Cox-Snell R2 that the criteria ask for is derived from an anticipated AUROC as in Riley, Van Calster and
Collins, Stat Med 2021;40:859-864: the linear predictor is taken as normal with one variance in those with and in
those without the event. Where they simulate a million people, the likelihood is integrated here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import integrate, special, stats

from hfrisk.checks import Check

__all__ = ["SampleSize", "cox_snell_from_auroc", "riley_sample_size", "sample_size_check", "sizes_in_hundreds"]

_SHRINKAGE = 0.9
_R2_DIFFERENCE = 0.05
_PREVALENCE_MARGIN = 0.05


@dataclass(frozen=True)
class SampleSize:
    """Rows needed by each criterion.

    Parameters
    ----------
    shrinkage
        For an expected shrinkage of at least 0.9.
    optimism
        For a drop of at most 0.05 in Nagelkerke's R2.
    prevalence
        To estimate the average risk within 0.05.
    """

    shrinkage: int
    optimism: int
    prevalence: int

    @property
    def needed(self) -> int:
        """The largest of the three."""
        return max(self.shrinkage, self.optimism, self.prevalence)


def cox_snell_from_auroc(auroc: float, prevalence: float) -> float:
    """Cox-Snell R2 of a model with this AUROC, if its linear predictor is binormal with equal variances.

    Parameters
    ----------
    auroc
        Between 0.5 and 1.
    prevalence
        Share with the event.

    Returns
    -------
    float
        ``1 - exp(-LR / n)``.
    """
    distance = math.sqrt(2) * special.ndtri(auroc)
    prior = math.log(prevalence / (1 - prevalence))

    def log_likelihood_density(x: float) -> float:
        logit = prior + distance * x - distance**2 / 2
        with_event = prevalence * stats.norm.pdf(x, distance) * special.log_expit(logit)
        without = (1 - prevalence) * stats.norm.pdf(x) * special.log_expit(-logit)
        return float(with_event + without)

    fitted, _ = integrate.quad(log_likelihood_density, -10, 10 + distance, limit=200)
    return 1 - math.exp(-2 * (fitted - _null_log_likelihood(prevalence)))


def riley_sample_size(parameters: int, prevalence: float, auroc: float) -> SampleSize:
    """The three criteria for a binary outcome.

    Parameters
    ----------
    parameters
        Candidate predictor parameters.
    prevalence
        Share with the event.
    auroc
        Anticipated AUROC.

    Returns
    -------
    SampleSize
        Rows needed by each.
    """
    r2 = cox_snell_from_auroc(auroc, prevalence)
    r2_max = 1 - math.exp(2 * _null_log_likelihood(prevalence))
    optimism = r2 / (r2 + _R2_DIFFERENCE * r2_max)
    z = stats.norm.ppf(0.975)

    def rows(shrinkage: float) -> int:
        return math.ceil(parameters / ((shrinkage - 1) * math.log(1 - r2 / shrinkage)))

    return SampleSize(
        shrinkage=rows(_SHRINKAGE),
        optimism=rows(optimism),
        prevalence=math.ceil((z / _PREVALENCE_MARGIN) ** 2 * prevalence * (1 - prevalence)),
    )


def sizes_in_hundreds(rows: int, events: int, parameters: int, auroc: float) -> SampleSize:
    """The three criteria from the prevalence in whole per cent, in hundreds, so that none gives away a count."""
    prevalence = float(np.clip(round(events / rows, 2), 0.01, 0.99))
    exact = riley_sample_size(parameters, prevalence, auroc)
    return SampleSize(*(math.ceil(n / 100) * 100 for n in (exact.shrinkage, exact.optimism, exact.prevalence)))


def sample_size_check(rows: int, events: int, parameters: int, auroc: float) -> Check | None:
    """A warning with the shortfall, if development is smaller than the criteria ask (`sizes_in_hundreds`)."""
    needed = sizes_in_hundreds(rows, events, parameters, auroc).needed
    if rows >= needed:
        return None
    return Check(
        code="HFR110",
        severity="warning",
        title="Fewer discharges than the sample size criteria ask",
        finding=(
            "Development has {discharges} discharges and {events} events. For the {parameters} parameters of the "
            "simple spline model and an anticipated AUROC of {auroc}, the criteria of Riley 2020 ask for about {needed}: "
            "about {shortfall} more. Trees ask for more still."
        ),
        consequence="Risks may be too extreme, and may change if the model is developed again on other people.",
        todo="Use a longer period, more hospitals or fewer features, and read calibration before anything else.",
        counts={"discharges": rows, "events": events},
        facts={
            "parameters": parameters,
            "auroc": auroc,
            "needed": f"{needed:,}",
            "shortfall": f"{math.ceil((needed - rows) / 100) * 100:,}",
        },
    )


def _null_log_likelihood(prevalence: float) -> float:
    return prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
