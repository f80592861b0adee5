"""May the model leave? The tests that a model can fail and still be reported on (HFR144 to HFR148), from exact counts to released words.

HFR140 to HFR142 stop the release itself. A model that fails one of these here is told of in the report, but is not exported until its
settings have changed, or until somebody answers for it in ``disclosure.exceptions``; the exception is told wherever the model is.

What is shown: counts of trees, nodes and leaves, which anybody can count in the text of the model; people and outcomes in a class, and
members whom an attack found out, as the policy shows counts; shares recomputed from the shown counts; areas at the figures that the
members and outsiders support. Degrees of freedom are worked out from the shown number of rows: with the parameters, which are in the
text, the exact one would be told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from scipy import special, stats

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.settings import DisclosureSettings, ModelException
from hfrisk.disclosure.wording import without_places

if TYPE_CHECKING:
    from hfrisk.modelling.structure import ModelRisks

__all__ = ["EGRESS", "FAILED", "RULES", "ModelVerdict", "release_model_checks"]

EGRESS = {"model_egress": "test measure value lower upper limit passed exception words"}
RULES = {"model_egress": "counts rounded or withheld; shares and degrees of freedom from the shown counts"}
FAILED = "no"

_TITLES = {
    "HFR144": "The model has nearly as many parameters as people",
    "HFR145": "Some risks stand for few people",
    "HFR146": "Some risks give an outcome away",
    "HFR147": "Who was in the development can be told from the risks",
    "HFR148": "Who was in the development can be told by comparing with other models",
}
_TODO = {
    "HFR144": "Ask for fewer or smaller trees (model.max_rounds, model.num_leaves), or develop on more discharges.",
    "HFR145": "Make the model simpler ({how}), or let the score-card leave instead.",
    "HFR146": "Make the model simpler ({how}), or let the score-card leave instead.",
    "HFR147": "Make the model simpler ({how}), or let the score-card leave instead.",
    "HFR148": "Make the model simpler ({how}), or develop on more discharges.",
}
_SIMPLER = "fewer model.num_leaves, larger model.min_data_in_leaf, more model.lambda_l2"
_OR_ANSWER = " If the output checkers agree that it may leave all the same, say so in disclosure.exceptions."
# A change over the years that told people apart more clearly than this would hide a leak.
_MOST_DRIFT = 0.05
_NAMES = {"worst_case": "an attacker who was told of most people", "lira": "an attacker with models of the same kind"}


class ModelVerdict(NamedTuple):
    """What the tests of the model came to.

    Parameters
    ----------
    table
        ``model_egress``: test, measure, value, lower, upper, limit, passed (yes, no, or empty where there is no limit), exception,
        words, suppressed.
    checks
        HFR144 to HFR148 where failed, HFR149 where an exception was recorded.
    shown
        How risks may be shown: ``step``, ``lowest``, ``highest``; empty where no way was found.
    """

    table: pd.DataFrame
    checks: list[Check]
    shown: dict[str, float]


def release_model_checks(
    risks: ModelRisks | None, settings: DisclosureSettings, policy: Policy, confidence: float
) -> ModelVerdict:
    """Judge the model by what could be told from it.

    Parameters
    ----------
    risks
        As worked out; None where no model was learnt.
    settings
        For the exceptions.
    policy
        The rules.
    confidence
        Of the intervals (0 to 1).
    """
    if risks is None:
        return ModelVerdict(_frame([], settings), [], {})
    limits = read_yaml("model_egress.yaml")
    steps = {(str(row["kind"]), float(row["step"])): row for row in risks.steps.to_dict("records")}
    people, outcomes = (
        _finest(steps, kind, limits[key])
        for kind, key in (("people", "equivalence_classes"), ("outcomes", "class_disclosure"))
    )
    rows = [
        *_freedom(risks.facts, limits["degrees_of_freedom"], policy),
        *_classes("HFR145", people, limits["equivalence_classes"], policy),
        *_classes("HFR146", outcomes, limits["class_disclosure"], policy),
        *_leaves(risks.facts, policy),
        *_attacks(risks.attacks, float(limits["membership"]["auc"]), policy, confidence),
    ]
    table = _frame(rows, settings)
    chosen = outcomes or people
    shown = {} if chosen is None else {name: round(float(chosen[name]), 4) for name in ("step", "lowest", "highest")}
    return ModelVerdict(table, _checks(table, settings.exceptions), shown)


def _freedom(facts: Mapping[str, Any], limit: Mapping[str, Any], policy: Policy) -> list[dict[str, Any]]:
    n, taken = float(policy.rounded(facts["n"])), int(facts["parameters"])
    left = n - taken
    text = (
        f"{facts['trees']:,} trees with {facts['leaves']:,} leaves hold {taken:,} numbers that were learnt (two a node, one a leaf, one a "
        f"tree), from about {n:,.0f} discharges: {left:,.0f} are left over. Shrinkage and penalties are not counted, so that a boosted "
        "model is freer on paper than it was."
    )
    return [
        _row("HFR144", "parameters", taken, words=f"{taken:,} numbers were learnt."),
        _row(
            "HFR144", "residual_degrees_of_freedom", left, limit=limit["limit"], ok=left >= limit["limit"], words=text
        ),
    ]


def _finest(
    steps: Mapping[tuple[str, float], Mapping[str, Any]], kind: str, limit: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The finest step whose classes hold enough, with few people beyond the open ends."""
    fit = [
        row
        for (name, step), row in sorted(steps.items())
        if name == kind and step <= limit["coarsest"] and float(row["beyond"]) <= limit["beyond"]
    ]
    return fit[0] if fit else None


def _classes(
    test: str, found: Mapping[str, Any] | None, limit: Mapping[str, Any], policy: Policy
) -> list[dict[str, Any]]:
    what = "people" if test == "HFR145" else "people of either outcome"
    coarsest = limit["coarsest"]
    if found is None:
        text = (
            f"Even shown in steps of {_percent(coarsest)} and with open ends, some risks stand for fewer than {policy.threshold} {what} "
            "among those whom the model learnt from."
        )
        return [_row(test, "risk_step", math.nan, limit=coarsest, ok=False, words=text, suppressed=policy.withheld)]
    step, lowest, highest = (float(found[name]) for name in ("step", "lowest", "highest"))
    text = (
        f"Shown in steps of {_percent(step)}, from “{_percent(lowest)} or less” to “{_percent(highest)} or more”, each risk stands for at "
        f"least {policy.threshold} {what}. Shown more finely, or beyond these ends, some would not."
    )
    # It holds at least the threshold by construction; the shown number is a rounded one.
    smallest = max(float(policy.rounded(found["smallest"])), float(policy.threshold))
    return [
        _row(test, "risk_step", step, limit=coarsest, ok=True, words=text),
        _row(
            test,
            "smallest_class" if test == "HFR145" else "fewest_of_an_outcome",
            smallest,
            limit=policy.threshold,
            ok=True,
            words=f"The smallest of these classes holds about {smallest:,.0f} {what}.",
        ),
    ]


def _leaves(facts: Mapping[str, Any], policy: Policy) -> list[dict[str, Any]]:
    few, of = int(facts["few_outcomes"]), int(facts["leaves"])
    text = (
        f"{few:,} of {of:,} leaves hold fewer than {policy.threshold} people of one outcome. A leaf of a boosted model is one small "
        "step among many and not a share of events (HFR143 sees to its value), so that there is no limit."
    )
    return [_row("HFR146", "leaves_with_few_of_an_outcome", few, words=text)]


def _attacks(frame: pd.DataFrame, most: float, policy: Policy, confidence: float) -> list[dict[str, Any]]:
    found = {(str(r["attack"]), str(r["measure"])): r for r in frame.to_dict("records")}
    control = found.get(("control", "auc"), {}).get("estimate", math.nan)
    drift = 0.0 if math.isnan(control) else min(max(0.0, control - 0.5), _MOST_DRIFT)
    rows = []
    for (attack, measure), row in found.items():
        if attack == "control":
            if measure == "auc":
                rows.append(_control(row, policy))
            continue
        limit = most + (drift if attack == "worst_case" else 0.0)
        rows.append(_attack(attack, measure, row, limit, policy, confidence))
    return rows


def _attack(
    attack: str, measure: str, row: Mapping[str, Any], limit: float, policy: Policy, confidence: float
) -> dict[str, Any]:
    test = "HFR147" if attack == "worst_case" else "HFR148"
    name = f"{attack}_{measure}"
    if row["reason"]:
        text = f"Not computed: {row['reason']}."
        return _row(test, name, math.nan, words=text, suppressed=f"not computed: {row['reason']}")
    members, outsiders = (float(policy.rounded(row[key])) for key in ("members", "outsiders"))
    if measure == "auc":
        figures = policy.figures_for(members, outsiders)
        value, low, high = (policy.estimate(float(row[key]), figures) for key in ("estimate", "lower", "upper"))
        failed = float(row["estimate"]) > limit and float(row["lower"]) > 0.5
        text = (
            f"Of one discharge that the model learnt from and one that it did not, {_NAMES[attack]} picks the right one "
            f"{100 * value:.0f} times in 100 ({100 * low:.0f} to {100 * high:.0f}); guessing is right 50 times."
            + _against(low, failed, limit)
        )
        return _row(test, name, value, low, high, limit=policy.estimate(limit), ok=not failed, words=text)
    return _found_out(test, name, float(measure.partition("@")[2]), row, limit, policy, confidence)


def _against(low: float, failed: bool, limit: float) -> str:
    most = f"{100 * limit:.0f}"
    if failed:
        return f" That is above the limit of {most}."
    return f" That is more than guessing, and within the limit of {most}." if round(low, 2) > 0.5 else ""


def _found_out(
    test: str, name: str, rate: float, row: Mapping[str, Any], area: float, policy: Policy, confidence: float
) -> dict[str, Any]:
    members, outsiders = (float(policy.rounded(row[key])) for key in ("members", "outsiders"))
    most = _rate_limit(rate, outsiders, area, confidence)
    failed = float(row["lower"]) > _rate_limit(rate, float(row["outsiders"]), area, confidence)
    wrongly = f"With at most {_percent(rate)} of outsiders taken for members by mistake, "
    if policy.small(row["caught"], row["members"]):
        text = f"{wrongly}fewer than {policy.threshold} members are found out, or all but so many."
        return _row(
            test, name, math.nan, limit=policy.estimate(most), ok=not failed, words=text, suppressed=policy.withheld
        )
    caught = float(policy.rounded(row["caught"]))
    tail = (1 - confidence) / 2
    limits = (
        float(special.betaincinv(caught, members - caught + 1, tail)),
        float(special.betaincinv(caught + 1, members - caught, 1 - tail)),
    )
    value, low, high = (policy.estimate(x, 2) for x in (caught / members, *limits))
    text = f"{wrongly}{100 * value:.2g}% of members are found out ({100 * low:.2g}% to {100 * high:.2g}%)."
    return _row(test, name, value, low, high, limit=policy.estimate(most, 2), ok=not failed, words=text)


def _rate_limit(rate: float, outsiders: float, area: float, confidence: float) -> float:
    """Share found out on a binormal curve of this area, at the highest false-alarm rate that the few outsiders allow for."""
    allowed = math.floor(rate * outsiders + 1e-9)
    highest = float(special.betaincinv(allowed + 1, max(outsiders - allowed, 1), (1 + confidence) / 2))
    return float(stats.norm.cdf(stats.norm.ppf(highest) + math.sqrt(2) * stats.norm.ppf(area)))


def _control(row: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    if row["reason"]:
        reason = f"not computed: {row['reason']}"
        return _row("HFR147", "control_auc", math.nan, words=f"Not computed: {row['reason']}.", suppressed=reason)
    figures = policy.figures_for(*(float(policy.rounded(row[key])) for key in ("members", "outsiders")))
    value, low, high = (policy.estimate(float(row[key]), figures) for key in ("estimate", "lower", "upper"))
    text = (
        f"The same attack on risks by models that had not seen these people is right {100 * value:.0f} times in 100: what it finds is "
        "change over the years, not a leak."
    )
    return _row("HFR147", "control_auc", value, low, high, words=text)


def _row(
    test: str,
    measure: str,
    value: float,
    lower: float = math.nan,
    upper: float = math.nan,
    *,
    limit: float = math.nan,
    ok: bool | None = None,
    words: str = "",
    suppressed: str = "",
) -> dict[str, Any]:
    passed = "" if ok is None else "yes" if ok else FAILED
    return {"test": test, "measure": measure, "value": float(value), "lower": lower, "upper": upper, "limit": float(limit),
            "passed": passed, "words": words, "suppressed": suppressed}  # fmt: skip


def _frame(rows: list[dict[str, Any]], settings: DisclosureSettings) -> pd.DataFrame:
    answered = {e.check: f"{without_places(e.reason)} ({without_places(e.by)})" for e in settings.exceptions}
    failed = {row["test"] for row in rows if row["passed"] == FAILED}
    told = [row | {"exception": answered.get(row["test"], "") if row["test"] in failed else ""} for row in rows]
    return pd.DataFrame(told, columns=[*EGRESS["model_egress"].split(), "suppressed"])


def _checks(table: pd.DataFrame, exceptions: tuple[ModelException, ...]) -> list[Check]:
    failed = table[table["passed"] == FAILED]
    answered = {exception.check: exception for exception in exceptions}
    checks = []
    for test, rows in failed.groupby("test"):
        code = str(test)
        if code not in answered:
            checks.append(
                Check(
                    code=code,
                    severity="error",
                    title=_TITLES[code],
                    finding=_plain(" ".join(rows["words"])),
                    consequence="The model is not exported and not registered; the report on it is whole.",
                    todo=_TODO[code].format(how=_SIMPLER) + _OR_ANSWER,
                )
            )
    for code, exception in answered.items():
        needed = code in set(failed["test"])
        checks.append(
            Check(
                code="HFR149",
                severity="warning" if needed else "note",
                title="An exception was recorded for the model" if needed else "An exception is not needed",
                finding=f"{code} ({_TITLES[code][0].lower()}{_TITLES[code][1:]}) "
                + (
                    "failed, and somebody answers for it: {reason} ({by})."
                    if needed
                    else "did not fail; the exception of {by} is not used."
                ),
                consequence="The model may be exported although a test says that it should not."
                if needed
                else "Nothing follows from it.",
                todo="Let the output checkers read the reason and judge for themselves."
                if needed
                else "Take it out of disclosure.exceptions.",
                facts={"by": exception.by} | ({"reason": exception.reason.rstrip(".")} if needed else {}),
            )
        )
    return checks


def _plain(text: str) -> str:
    # Words of a check are a pattern with holes.
    return text.replace("{", "{{").replace("}", "}}")


def _percent(share: float) -> str:
    return f"{round(100 * share, 2):g}%"
