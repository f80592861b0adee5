"""What would stand in the way of an honest result: made-up patients first, then the data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hfrisk.checks import Check
from hfrisk.cohort import run_assurances
from hfrisk.profiles import read_profile
from hfrisk.progress import Quiet
from hfrisk.study import Study
from hfrisk.workshop import few, open_workshop

__all__ = ["checked"]


def checked(study: Study, progress: Quiet) -> dict[str, Any]:
    """Try the study's definitions on its made-up patients, and look at the data.

    Returns
    -------
    dict
        ``assurances`` (name, passed, expected, found), ``engine``, ``tables`` (empty where an assurance does not hold: the data is
        then not read), ``data_start``, ``data_end`` (months), ``checks`` (code, severity, title, finding, consequence, todo),
        ``profile``, ``cannot_know``.
    """
    result: dict[str, Any] = {
        "assurances": [],
        "engine": study.source.engine,
        "tables": [],
        "checks": [],
        "profile": study.profile,
        "cannot_know": list(read_profile(study.profile).cannot),
    }
    if study.assurances:
        progress.say("Trying the definitions on made-up patients ...")
        tried = run_assurances(study.source, study.cohort, study.assurances)
        result["assurances"] = [asdict(outcome) for outcome in tried]
        if not all(outcome.passed for outcome in tried):
            return result
    with open_workshop(study, progress) as work:
        cohort = work.cohort()
        checks = [*cohort.checks, *work.quality(cohort), *work.features(cohort).notices]
        tables = sorted(work.cdm.tables)
    order = {"error": 0, "warning": 1, "note": 2}
    checks.sort(key=lambda check: (order[check.severity], check.code))
    return result | {
        "tables": tables,
        "data_start": f"{cohort.data_start:%Y-%m}",
        "data_end": f"{cohort.data_end:%Y-%m}",
        "checks": [_row(check) for check in checks],
    }


def _row(check: Check) -> dict[str, str]:
    return {
        "code": check.code,
        "severity": check.severity,
        "title": check.title,
        "finding": check.text(few),
        "consequence": check.consequence,
        "todo": check.todo,
    }
