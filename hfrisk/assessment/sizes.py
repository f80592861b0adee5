"""How many discharges a test needs for each measure to be known well enough, beside how many there are.

Riley et al., Statistics in Medicine 2021;40:4230 (external validation, binary outcome): one number for observed over expected, one for
the calibration slope, one for the AUROC, each from the width that its interval should have if the model were true.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from hfrisk.assessment.calibration import discharges_for_slope
from hfrisk.assessment.scored import Array, logit
from hfrisk.assessment.settings import AssessmentSettings

__all__ = ["discharges_for_auroc", "discharges_for_oe", "needed_for_slope", "sizes_of_test"]

_COLUMNS = ["measure", "width", "needed", "n"]


def discharges_for_oe(prevalence: float, width: float, confidence: float = 0.95) -> int:
    """Discharges needed for observed over expected whose interval, around 1 on the logarithmic scale, has a given width.

    Parameters
    ----------
    prevalence
        Share with the event (0 to 1).
    width
        Wanted width of the interval (ratio).
    confidence
        Confidence of the interval.

    Returns
    -------
    int
        Discharges.
    """
    # exp(z s) - exp(-z s) = width; the variance of the logarithm is (1 - prevalence) / (n prevalence)
    error = math.asinh(width / 2) / _z(confidence)
    return math.ceil((1 - prevalence) / (prevalence * error**2))


def discharges_for_auroc(auroc: float, prevalence: float, width: float, confidence: float = 0.95) -> int:
    """Discharges needed for an AUROC whose interval has a given width.

    The standard error is that of Newcombe, Statistics in Medicine 2006;25:559, as Riley et al. take it.

    Parameters
    ----------
    auroc
        Expected AUROC.
    prevalence
        Share with the event (0 to 1).
    width
        Wanted width of the interval.
    confidence
        Confidence of the interval.

    Returns
    -------
    int
        Discharges.
    """
    # n^2 s^2 p (1 - p) = A (1 - A) (1 + (n / 2 - 1) b), solved for the whole number from which on s is small enough
    area = auroc * (1 - auroc)
    b = (1 - auroc) / (2 - auroc) + auroc / (1 + auroc)
    wanted = (width / (2 * _z(confidence))) ** 2 * prevalence * (1 - prevalence)
    half, rest = area * b / 4, area * (1 - b)
    return math.ceil((half + math.sqrt(half**2 + wanted * rest)) / wanted)


def needed_for_slope(risk: Array, settings: AssessmentSettings) -> int | None:
    """`discharges_for_slope` of these risks; None where they do not vary, so that no number would do."""
    if len(risk) == 0:
        return None
    try:
        return discharges_for_slope(logit(risk), settings.slope_width, settings.confidence)
    except ValueError:
        return None


def sizes_of_test(event: Array, risk: Array, auroc: float, settings: AssessmentSettings) -> pd.DataFrame:
    """What the test needs and has.

    Prevalence and AUROC are taken in whole hundredths and the numbers in two figures, so that none gives away a count.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk of the model, one entry a discharge.
    auroc
        Of the model in the test; NaN where it could not be computed.
    settings
        Widths and confidence.

    Returns
    -------
    DataFrame
        measure (oe_ratio, auroc, calibration_slope), width, needed (NaN where no number can be given), n.
    """
    if len(event) == 0:
        return pd.DataFrame(columns=_COLUMNS)
    prevalence = min(max(round(float(np.mean(event)), 2), 0.01), 0.99)
    needed: dict[str, tuple[float, int | None]] = {
        "oe_ratio": (settings.oe_width, discharges_for_oe(prevalence, settings.oe_width, settings.confidence)),
        "auroc": (settings.auroc_width, None),
        "calibration_slope": (settings.slope_width, needed_for_slope(risk, settings)),
    }
    if 0.5 <= (area := round(auroc, 2)) < 1:
        found = discharges_for_auroc(area, prevalence, settings.auroc_width, settings.confidence)
        needed["auroc"] = (settings.auroc_width, found)
    rows = [
        (name, width, math.nan if n is None else _two_figures(n), len(event)) for name, (width, n) in needed.items()
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _two_figures(number: int) -> float:
    step = 10 ** max(0, len(str(number)) - 2)
    return float(math.ceil(number / step) * step)


def _z(confidence: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(0.5 + confidence / 2))
