"""A calibration that another installed package adds: found by its entry point, and held to a form that can leave."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from hfrisk.errors import StudyError
from hfrisk.modelling import ModelSettings, apply_calibrator, cross_fit, develop, fit_calibrator
from hfrisk.modelling.calibration import calibrator_version

LINE = """
import numpy as np

def own(margin, event):
    edges = np.quantile(margin, [0.0, 0.5, 1.0])
    low, high = event[margin <= edges[1]].mean(), event[margin > edges[1]].mean()
    return {"method": "piecewise_linear", "x": [round(float(v), 4) for v in edges], "y": sorted(
        [round(float(low) / 2, 4), round(float(low + high) / 2, 4), round(float(high), 4)])}
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package where an installer would: its module and its entry points."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)

    def forget() -> None:
        sys.modules.pop("own_calibration", None)
        importlib.invalidate_caches()

    def write(code: str = LINE, points: str = "own = own_calibration:own", name: str = "own-calibration") -> None:
        about = site / f"{name.replace('-', '_')}-1.0.dist-info"
        about.mkdir(parents=True, exist_ok=True)
        (site / "own_calibration.py").write_text(code, encoding="utf-8")
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (about / "entry_points.txt").write_text(f"[hfrisk.calibrators]\n{points}\n", encoding="utf-8")
        forget()

    yield write
    forget()


@pytest.fixture(scope="module")
def predicted() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    margin = random.normal(-1.4, 0.8, 1000)
    return margin, (random.random(1000) < expit(margin)).astype(float)


def test_it_is_found_fitted_applied_and_cross_fitted(install: Install, predicted) -> None:
    install()
    margin, event = predicted
    fitted = fit_calibrator("own", margin, event)
    assert fitted["method"] == "piecewise_linear"
    np.testing.assert_allclose(apply_calibrator(fitted, margin), np.interp(margin, fitted["x"], fitted["y"]))
    fold = np.arange(1000) % 3
    altered = np.where(fold == 1, 1 - event, event)
    before, after = cross_fit("own", margin, event, fold), cross_fit("own", margin, altered, fold)
    np.testing.assert_array_equal(before[fold == 1], after[fold == 1])
    assert (before[fold != 1] != after[fold != 1]).any()


def test_other_code_of_it_is_another_version(install: Install) -> None:
    install()
    first = calibrator_version("own")
    install(LINE + "# mended\n")
    assert first != calibrator_version("own")
    assert calibrator_version("platt") == calibrator_version("auto") == ""


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        ("None", "does not give one of the forms"),
        ("{'method': 'spline'}", "does not give one of the forms"),
        ("{'method': 'platt', 'intercept': 0.0}", "a platt form has method, intercept, slope"),
        ("{'method': 'platt', 'intercept': 0.0, 'slope': -1.0}", "reverses or loses the order"),
        ("{'method': 'platt', 'intercept': float('nan'), 'slope': 1.0}", "not finite"),
        ("{'method': 'isotonic', 'x': [0.0, 1.0], 'y': [0.3, 0.2]}", "does not rise"),
        ("{'method': 'isotonic', 'x': [0.0, 1.0], 'y': [0.0, 0.2]}", "not between 0 and 1"),
        ("{'method': 'isotonic', 'x': [0.0], 'y': [0.1, 0.2]}", "do not fit together"),
        ("{'method': 'isotonic', 'x': [0.0, 1.0], 'y': [1 / 3, 0.5]}", "more than 4 decimals"),
        (
            "{'method': 'isotonic', 'x': list(range(30)), 'y': [0.01 * (k + 1) for k in range(30)]}",
            "more than one step",
        ),
        ("{'method': 'venn_abers', 'edges': [0.0], 'p0': [0.1, 1.0], 'p1': [0.2, 1.0]}", "not between 0 and 1"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_with_the_reason(
    install: Install, predicted, returned: str, why: str
) -> None:
    install(f"def own(margin, event):\n    return {returned}\n")
    with pytest.raises(StudyError, match=why):
        fit_calibrator("own", *predicted)


def test_its_own_error_is_told_without_its_words(install: Install, predicted) -> None:
    install("def own(margin, event):\n    raise ValueError(f'{margin[0]}')\n")
    with pytest.raises(StudyError, match=r"it failed \(ValueError\)") as told:
        fit_calibrator("own", *predicted)
    assert str(predicted[0][0]) not in str(told.value)


def test_one_that_is_not_there_is_said_before_the_search(data, small: ModelSettings, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="There is no calibration called plat"):
        develop(data, small.model_copy(update={"calibration": "plat"}), folder=tmp_path)
    assert not (tmp_path / "tuning.db").exists()


def test_two_of_one_name_are_refused(install: Install, predicted) -> None:
    install()
    install(points="own = own_calibration:other", name="another")
    with pytest.raises(StudyError, match="Two packages add a calibration called own"):
        fit_calibrator("own", *predicted)
