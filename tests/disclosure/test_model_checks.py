"""Whether a model may leave: what is shown of the tests, what fails, and who answers for it."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from hfrisk.disclosure import DisclosureSettings
from hfrisk.disclosure.model_checks import release_model_checks
from hfrisk.disclosure.policy import Policy
from hfrisk.errors import StudyError
from hfrisk.modelling.membership import ATTACKS
from hfrisk.modelling.structure import STEPS, ModelRisks
from hfrisk.registry import write_bundle
from tests.disclosure.made_up import Run

POLICY = Policy()
ANSWER = {"reason": "Agreed with the airlock on 14 trees more than asked", "by": "A. Name, data manager"}


def attack(name: str, area: float, caught: float, members: int = 6901, outsiders: int = 2541) -> list[tuple]:  # type: ignore[type-arg]
    share = caught / members
    half = 1.96 * math.sqrt(share * (1 - share) / members)
    return [
        (name, "auc", area, area - 0.013, area + 0.013, math.nan, members, outsiders, ""),
        (name, "tpr@0.01", share, share - half, share + half, caught, members, outsiders, ""),
        (name, "tpr@0.001", *(math.nan,) * 4, members, outsiders, "it needs 1,000 discharges of outsiders"),
    ]


def risks(
    *,
    parameters: int = 681,
    worst: float = 0.505,
    lira: float = 0.535,
    caught: float = 75,
    control: float = 0.505,
    fine: bool = True,
) -> ModelRisks:
    steps = [
        (kind, step, *((0.06, 0.44, 20, 13, beyond) if fine else (math.nan,) * 5), 6901)
        for kind in ("people", "outcomes")
        for step, beyond in ((0.01, 0.09), (0.02, 0.03), (0.05, 0.0), (0.1, 0.0))
    ]
    attacks = [*attack("worst_case", worst, caught), *attack("control", control, 48), *attack("lira", lira, caught)]
    facts = {"trees": 66, "leaves": 249, "parameters": parameters, "n": 6901, "few_outcomes": 7, "threshold": 10}
    return ModelRisks(facts, pd.DataFrame(steps, columns=STEPS.split()), pd.DataFrame(attacks, columns=ATTACKS.split()))


def judged(found: ModelRisks, *exceptions: str):  # type: ignore[no-untyped-def]
    settings = DisclosureSettings(exceptions=[{"check": code, **ANSWER} for code in exceptions])
    return release_model_checks(found, settings, POLICY, 0.95)


def test_an_honest_model_passes_and_the_contract_is_told_how_to_show_its_risks() -> None:
    table, checks, shown = judged(risks())
    assert set(table["passed"]) == {"yes", ""}
    assert checks == []
    words = table.set_index("measure")["words"]
    assert words["worst_case_auc"].endswith("guessing is right 50 times.")
    assert words["lira_auc"].endswith("That is more than guessing, and within the limit of 65.")
    assert shown == {"step": 0.02, "lowest": 0.06, "highest": 0.44}


def test_no_exact_count_of_people_is_shown_nor_can_be_worked_out() -> None:
    table, _, _ = judged(risks())
    rows = table.set_index("measure")
    text = " ".join([*table["words"], *table["value"].astype(str), *table["limit"].astype(str)])
    assert "6901" not in text.replace(",", "")
    assert "2541" not in text.replace(",", "")
    # the parameters stand in the text of the model: with the exact number of rows, these would tell it
    assert rows.loc["residual_degrees_of_freedom", "value"] == 6900 - 681
    assert rows.loc["smallest_class", "value"] == 15
    assert rows.loc["worst_case_tpr@0.01", "value"] == float(f"{75 / 6900:.2g}")


def test_a_few_members_found_out_are_withheld() -> None:
    table, _, _ = judged(risks(caught=7))
    row = table.set_index("measure").loc["lira_tpr@0.01"]
    assert math.isnan(row["value"])
    assert row["suppressed"] == POLICY.withheld
    assert "fewer than 10 members" in row["words"]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (risks(parameters=6895), "HFR144"),
        (risks(fine=False), "HFR145"),
        (risks(worst=0.70), "HFR147"),
        (risks(lira=0.70), "HFR148"),
        (risks(caught=900), "HFR148"),
    ],
)
def test_what_fails_is_an_error_that_says_what_to_do(found: ModelRisks, code: str) -> None:
    table, checks, _ = judged(found)
    failed = {check.code: check for check in checks}
    assert code in set(table.loc[table["passed"] == "no", "test"])
    assert failed[code].severity == "error"
    assert "disclosure.exceptions" in failed[code].todo
    assert "not exported" in failed[code].consequence
    assert failed[code].text()
    if code in ("HFR147", "HFR148") and "auc" in " ".join(table.loc[table["passed"] == "no", "measure"]):
        assert "above the limit of" in failed[code].text()


def test_the_limit_of_those_found_out_is_that_of_a_curve_of_the_allowed_area() -> None:
    table, _, _ = judged(risks())
    limit = table.set_index("measure").loc["lira_tpr@0.01", "limit"]
    # 25 of 2,540 outsiders may be taken for members; Clopper and Pearson's upper limit of that rate
    highest = stats.binomtest(25, 2540).proportion_ci(0.95, "exact").high
    assert limit == float(f"{stats.norm.cdf(stats.norm.ppf(highest) + math.sqrt(2) * stats.norm.ppf(0.65)):.2g}")


def test_change_over_the_years_excuses_a_little_and_no_more() -> None:
    for control, expected in ((0.48, 0.65), (0.53, 0.68), (0.98, 0.70)):
        table, _, _ = judged(risks(control=control))
        assert table.set_index("measure").loc["worst_case_auc", "limit"] == pytest.approx(expected)
        assert table.set_index("measure").loc["lira_auc", "limit"] == 0.65


def test_an_exception_lets_it_out_and_is_told_with_its_reason_and_who_answers() -> None:
    table, checks, _ = judged(risks(lira=0.70), "HFR148")
    failed = table[table["passed"] == "no"]
    assert list(failed["exception"]) == [f"{ANSWER['reason']} ({ANSWER['by']})"]
    assert [(check.code, check.severity) for check in checks] == [("HFR149", "warning")]
    assert ANSWER["reason"] in checks[0].text()
    assert ANSWER["by"] in checks[0].text()


def test_an_exception_that_nothing_needs_is_told_too() -> None:
    _, checks, _ = judged(risks(), "HFR144")
    assert [(check.code, check.severity) for check in checks] == [("HFR149", "note")]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"check": "HFR140", **ANSWER}, "cannot be waived"),
        ({"check": "HFR142", **ANSWER}, "cannot be waived"),
        ({"check": "HFR101", **ANSWER}, "HFR144"),
        ({"check": "HFR144", "reason": "", "by": "A. Name"}, "words that the output checkers can judge"),
    ],
)
def test_what_cannot_be_waived_and_what_is_not_said_is_refused(entry: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DisclosureSettings(exceptions=[entry])


def test_one_test_has_one_exception() -> None:
    with pytest.raises(ValidationError, match="HFR144 is there twice"):
        DisclosureSettings(exceptions=[{"check": "HFR144", **ANSWER}] * 2)


def test_the_gate_forbids_a_model_that_failed_and_the_registry_obeys(run: Run, tmp_path: Path) -> None:
    leaking = run.release(risks=risks(lira=0.70))
    assert leaking.forbidden_by == ["HFR148"]
    assert "HFR148" in set(leaking.checks["code"])
    with pytest.raises(StudyError, match="failed HFR148"):
        write_bundle(leaking, tmp_path / "models" / "made-up")
    assert not (tmp_path / "models" / "made-up").exists()
    answered = run.release(DisclosureSettings(exceptions=[{"check": "HFR148", **ANSWER}]), risks=risks(lira=0.70))
    assert answered.forbidden_by == []
    assert write_bundle(answered, tmp_path / "models" / "made-up")
    assert answered.bundle.contract["shown"] == {"step": 0.02, "lowest": 0.06, "highest": 0.44}
