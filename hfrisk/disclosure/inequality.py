"""Release of the inequality picture: outcomes, treatment and representation by group of people.

- Sizes and events of a level are those that other tables show (`base_counts`), or are not shown. Every share is recomputed from shown
  counts; its interval is Wilson's, widened by the design effect of people with several discharges, which is no count.
- A standardised share leaves as the shown crude one times the exact ratio of the two, at two figures: where a group has one age and sex
  only that ratio is 1, and nothing is told beyond the crude share.
- Indices of inequality: unadjusted, a function of the five shown counts; adjusted, moved by as much as rounding moved the other.
- Funnels: target, limits and over-dispersion from shown counts; trusts that are withheld elsewhere are withheld here. Observed over
  expected is scaled to the shown share, as that of a model is.
- Two groups crossed (`crossed`): shares in whole per cent, without counts, of cells that the margins give nothing away of.
- Treatment and what is not recorded: shares in whole per cent without counts, of lists whose parts are protected against their total.
- Representation: shares and ratios from rounded counts of persons, without counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from hfrisk.checks import Check
from hfrisk.disclosure.base_counts import Shown, clustered_limits, shown_counts
from hfrisk.disclosure.estimates import Estimate, wilson_limits
from hfrisk.disclosure.margins import protect
from hfrisk.disclosure.pairs import release_pairs
from hfrisk.disclosure.people import EVERYONE, protect_events_all
from hfrisk.disclosure.policy import Floats, Policy, significant
from hfrisk.inequality.findings import inequality_checks
from hfrisk.inequality.funnel import LIMITS, control_limits, dispersion, place_of
from hfrisk.inequality.indices import index_of

if TYPE_CHECKING:
    from hfrisk.inequality import Inequality

__all__ = ["INEQUALITY", "INEQUALITY_RULES", "release_inequality", "sources_of"]

INEQUALITY = {
    "inequality_rates": "outcome group level n rate lower upper standardised standardised_lower standardised_upper reason",
    "inequality_pairs": "outcome group level with_group with_level rate lower upper standardised standardised_lower "
    "standardised_upper reason",
    "inequality_slopes": "outcome measure adjusted estimate lower upper reason",
    "trust_outcomes": "outcome level n rate target lower_95 upper_95 lower_998 upper_998 place dispersion widening oe_ratio oe_lower "
    "oe_upper",
    "trust_limits": "outcome n lower_95 upper_95 lower_998 upper_998",
    "care_gaps": "item words group level share lower upper reason",
    "group_missingness": "feature words group level share lower upper reason",
    "representation": "group level share census_share ratio lower upper",
}
INEQUALITY_RULES = {
    "inequality_rates": "sizes as in other tables; shares from shown counts; standardised ones scaled to them, two figures",
    "inequality_pairs": "no counts; whole per cent from rounded cells; cells protected against both margins",
    "inequality_slopes": "no counts; from shown counts, or moved with them; two figures, ratios two decimals",
    "trust_outcomes": "sizes as in other tables; shares, limits and ratios from shown counts",
    "trust_limits": "sizes on the rounding grid; limits from the shown share of everyone",
    "care_gaps": "no counts; whole per cent from rounded counts, parts of a total protected",
    "group_missingness": "no counts; whole per cent from rounded counts, parts of a total protected",
    "representation": "no counts; shares and ratios from rounded counts of persons",
}
_SOURCE = {
    "inequality_rates": "rates",
    "inequality_pairs": "pairs",
    "inequality_slopes": "slopes",
    "trust_outcomes": "trusts",
    "care_gaps": "gaps",
    "group_missingness": "missing",
    "representation": "represented",
}
_WORDS = frozenset(
    {
        "outcome",
        "group",
        "level",
        "with_group",
        "with_level",
        "measure",
        "adjusted",
        "place",
        "item",
        "words",
        "feature",
        "reason",
        "suppressed",
    }
)
_TWO = 2
_RATIO_DECIMALS = 2
_GRID = 30
_IMD, _SITE = "imd_quintile", "site_group"
_NO_TRUST = ("Not recorded", "Not in the list of trusts")
_BY_VOLUME = "of sites by volume"


def release_inequality(
    found: Inequality | None,
    policy: Policy,
    confidence: float,
    *,
    composite: bool = False,
    outcomes: pd.DataFrame | None = None,
    performance: pd.DataFrame | None = None,
    no_deaths: bool = False,
) -> tuple[dict[str, pd.DataFrame], list[Check]]:
    """Every table of the picture, and the checks on what it shows.

    Parameters
    ----------
    found
        The picture, exact; None where nobody looked.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    composite, outcomes, performance, no_deaths
        As in `base_counts.shown_counts`.

    Returns
    -------
    (dict, list of Check)
        Tables by name, columns as in `INEQUALITY` and ``suppressed``; HFR170 to HFR172, from shown numbers only.
    """
    if found is None or found.rates.empty:
        return {name: _frame(name, []) for name in INEQUALITY}, []
    nothing = pd.DataFrame()
    shown = shown_counts(
        found.rates,
        policy,
        composite=composite,
        outcomes=nothing if outcomes is None else outcomes,
        performance=nothing if performance is None else performance,
        no_deaths=no_deaths,
    )
    rows = {
        "inequality_rates": [_rate(row, shown, policy, confidence) for row in _records(found.rates)],
        "inequality_pairs": release_pairs(found.pairs, shown, policy, confidence, composite=composite),
        "inequality_slopes": _slopes(found.slopes, shown, policy),
        "care_gaps": _shares(found.gaps, "item", "observed", "given", shown, policy, confidence),
        "group_missingness": _shares(found.missing, "feature", "n", "missing", shown, policy, confidence),
        "representation": _represented(found.represented, shown, policy, confidence),
    }
    rows["trust_outcomes"], rows["trust_limits"] = _trusts(found, shown, policy, confidence)
    tables = {name: _frame(name, rows[name]) for name in INEQUALITY}
    return tables, inequality_checks(tables, found.facts, outcome="composite" if composite else "readmission")


def sources_of(found: Inequality | None) -> dict[str, pd.DataFrame]:
    """The exact frame behind each table, for the ledger; none where nobody looked."""
    return {} if found is None else {name: getattr(found, field) for name, field in _SOURCE.items()}


def _rate(row: dict[str, Any], shown: Shown, policy: Policy, confidence: float) -> dict[str, Any]:
    mine = shown.of(row["group"], row["level"])
    n, events = float(mine["shown_n"]), float(mine[f"shown_{row['outcome']}"])
    share = events / n
    figures = policy.figures_for(events, n - events)
    limits = clustered_limits(events, n, float(row["design"]), confidence)
    values = [policy.estimate(x, figures) for x in (share, *limits)]
    standard = _scaled(row, share)
    held = math.isnan(share)
    named = {key: row[key] for key in ("outcome", "group", "level")}
    return (
        named
        | dict(zip(("n", "rate", "lower", "upper"), (n, *values), strict=True))
        | dict(zip(("standardised", "standardised_lower", "standardised_upper"), standard, strict=True))
        | {"reason": "" if held else row["reason"], "suppressed": policy.withheld if held else ""}
    )


def _scaled(row: Mapping[str, Any], share: float) -> tuple[float, float, float]:
    """The standardised share and its interval, scaled as rounding scaled the crude share; two figures."""
    exact = float(row["events"]) / float(row["n"]) if row["n"] else math.nan
    if math.isnan(share) or not exact > 0:
        return math.nan, math.nan, math.nan
    by = share / exact
    value, lower, upper = (significant(min(float(row[c]) * by, 1.0), _TWO) for c in ("standardised", "lower", "upper"))
    return value, lower, upper


def _slopes(slopes: pd.DataFrame, shown: Shown, policy: Policy) -> list[dict[str, Any]]:
    levels = shown.frame[(shown.frame["group"] == _IMD) & shown.frame["level"].str[:1].isin(list("12345"))]
    levels = levels.sort_values("level", ascending=False)  # least deprived first
    crude = {(r["outcome"], r["measure"]): r["estimate"] for r in _records(slopes) if r["adjusted"] == "nothing"}
    rows = []
    for row in _records(slopes):
        n, events = (levels[c].to_numpy(dtype=float) for c in ("shown_n", f"shown_{row['outcome']}"))
        held = bool(np.isnan(events).any()) or not len(events)
        exact = Estimate(*(float(row[c]) for c in ("estimate", "lower", "upper")))
        if held or math.isnan(exact.value):
            value = Estimate(math.nan)
        else:
            now, was = index_of(row["measure"], n, events), float(crude[row["outcome"], row["measure"]])
            moved = exact.moved(now - was) if row["measure"] == "sii" else exact.scaled(now / was)
            value = moved.at(_TWO, 4) if row["measure"] == "sii" else moved.at(3, _RATIO_DECIMALS)
        named = {key: row[key] for key in ("outcome", "measure", "adjusted")}
        reason = "" if held else row["reason"]
        rows.append(named | _limits_of(value) | {"reason": reason, "suppressed": policy.withheld if held else ""})
    return rows


def _trusts(
    found: Inequality, shown: Shown, policy: Policy, confidence: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Each trust beside what chance and its case mix would give, and the limits on a grid of sizes."""
    trusts = found.trusts[~found.trusts["level"].isin(_NO_TRUST)]
    if trusts.empty or trusts["level"].str.contains(_BY_VOLUME).any():
        return [], []
    design = found.rates[found.rates["group"] == _SITE].set_index(["outcome", "level"])["design"]
    rows: list[dict[str, Any]] = []
    grid: list[dict[str, Any]] = []
    for outcome in dict.fromkeys(found.rates["outcome"]):
        everyone = shown.of(EVERYONE, EVERYONE)
        target = float(everyone[f"shown_{outcome}"] / everyone["shown_n"])
        counts = [shown.of(_SITE, level) for level in trusts["level"]]
        n = np.array([c["shown_n"] for c in counts], dtype=float)
        events = np.array([c[f"shown_{outcome}"] for c in counts], dtype=float)
        seen = ~np.isnan(events)
        usable = seen.any() and 0 < target < 1
        scatter = dispersion(target, n[seen], events[seen]) if usable else None
        limits = _limits(target, np.where(seen, n, np.nan)) if usable else {}
        for at, (row, count) in enumerate(zip(_records(trusts), counts, strict=True)):
            named = {"outcome": outcome, "level": row["level"], "n": n[at]}
            numbers = dict.fromkeys(INEQUALITY["trust_outcomes"].split()[3:], math.nan) | {"place": ""}
            if scatter is not None and seen[at]:
                share = events[at] / n[at]
                ends = {name: float(values[at]) for name, values in limits.items()}
                figures = policy.figures_for(events[at], n[at] - events[at])
                ratio = _over_expected(
                    events[at],
                    n[at],
                    float(row[f"expected_{outcome}"]) / float(count["n"]),
                    float(design[outcome, row["level"]]),
                    confidence,
                )
                numbers |= {"rate": policy.estimate(share, figures), "target": policy.estimate(target)}
                numbers |= {name: policy.estimate(value) for name, value in ends.items()}
                numbers |= {"place": _place(share, target, ends, scatter.widening)}
                numbers |= {
                    "dispersion": significant(scatter.ratio, _TWO),
                    "widening": significant(scatter.widening, _TWO),
                }
                numbers |= dict(zip(("oe_ratio", "oe_lower", "oe_upper"), ratio.at(figures, 4), strict=True))
            rows.append(named | numbers | {"suppressed": "" if seen[at] else policy.withheld})
        if usable:
            sizes = policy.rounded(np.linspace(n[seen].min(), n[seen].max(), _GRID))
            sizes = np.unique(np.maximum(sizes, policy.base))
            lines = _limits(target, sizes)
            for at, size in enumerate(sizes):
                grid.append(
                    {"outcome": outcome, "n": float(size), "suppressed": ""}
                    | {name: policy.estimate(float(values[at])) for name, values in lines.items()}
                )
    return rows, grid


def _limits(target: float, n: Floats) -> dict[str, Floats]:
    known = ~np.isnan(n)
    result: dict[str, Floats] = {}
    for name, within in LIMITS.items():
        lower, upper = (np.full(len(n), math.nan) for _ in range(2))
        lower[known], upper[known] = control_limits(target, n[known], within)
        result |= {f"lower_{name}": lower, f"upper_{name}": upper}
    return result


def _place(share: float, target: float, ends: Mapping[str, float], widening: float) -> str:
    for name, words in (("998", "99.8 %"), ("95", "95 %")):
        place = place_of(share, target, (ends[f"lower_{name}"], ends[f"upper_{name}"]), widening)
        if place != "within":
            return f"{place} {words}"
    return "within"


def _over_expected(events: float, n: float, risk: float, design: float, confidence: float) -> Estimate:
    """Shown events over the mean expected risk times the shown size; Garwood's limits, as if both were fewer by the design effect."""
    expected = risk * n
    if not expected > 0:
        return Estimate(math.nan)
    tail = (1 - confidence) / 2
    fewer = events / design
    low, high = chi2.ppf(tail, 2 * fewer) / 2, chi2.ppf(1 - tail, 2 * fewer + 2) / 2
    return Estimate(events / expected, float(low) * design / expected, float(high) * design / expected)


def _shares(
    frame: pd.DataFrame, key: str, of: str, count: str, shown: Shown, policy: Policy, confidence: float
) -> list[dict[str, Any]]:
    """Shares in whole per cent of lists whose parts are protected against the total of the same thing."""
    rows: list[dict[str, Any]] = []
    for _, item in frame.groupby(key, sort=False):
        item = item.reset_index(drop=True)
        n, yes = item[of].to_numpy(dtype=float), item[count].to_numpy(dtype=float)
        hide = policy.small(yes, n)
        places = [part.index.to_numpy() for group, part in item.groupby("group", sort=False) if group != EVERYONE]
        if places:
            known = [
                shown.hidden(str(item.at[p[0], "group"]), [str(level) for level in item.loc[p, "level"]])
                for p in places
            ]
            sizes, given = protect_events_all(
                [n[p] for p in places], [yes[p] for p in places], n[0], yes[0], policy, known
            )
            for p, size, mask in zip(places, sizes, given, strict=True):
                hide[p] = size | mask | hide[0]
        for at, row in enumerate(_records(item)):
            absent = math.isnan(n[at])
            values = [math.nan] * 3
            if not absent and not hide[at]:
                part, whole = float(policy.rounded(yes[at])), float(policy.rounded(n[at]))
                limits = clustered_limits(part, whole, float(row["design"]), confidence)
                values = [significant(x, policy.figures, 2) for x in (part / whole, *limits)]
            named = {name: row[name] for name in (key, "words", "group", "level", "reason")}
            held = bool(hide[at]) and not absent
            rows.append(
                named
                | dict(zip(("share", "lower", "upper"), values, strict=True))
                | {"suppressed": policy.withheld if held else ""}
            )
    return rows


def _represented(frame: pd.DataFrame, shown: Shown, policy: Policy, confidence: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for group, part in frame.groupby("group", sort=False):
        persons = part["persons"].to_numpy(dtype=float)
        of = float(part["of"].iloc[0])
        first = policy.small(persons, of)
        for at, level in enumerate(part["level"]):
            if shown.knows(str(group), level):
                first[at] |= math.isnan(shown.of(str(group), level)["shown_n"])
        hide = protect(persons, of, policy, first) if len(part) > 1 else first
        total = math.nan if bool(policy.small(of)) else float(policy.rounded(of))
        for at, row in enumerate(_records(part)):
            mine = math.nan if hide[at] else float(policy.rounded(persons[at]))
            census = float(row["census"]) / float(row["census_of"])
            limits = wilson_limits(min(mine, total), total, confidence)
            ratio = [
                significant(x / census, 3, _RATIO_DECIMALS) if census > 0 else math.nan for x in (mine / total, *limits)
            ]
            held = math.isnan(mine)
            rows.append(
                {"group": group, "level": row["level"], "census_share": significant(census, policy.figures)}
                | {"share": significant(mine / total, _TWO)}
                | dict(zip(("ratio", "lower", "upper"), ratio, strict=True))
                | {"suppressed": policy.withheld if held else ""}
            )
    return rows


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*INEQUALITY[name].split(), "suppressed"])
    numbers = [column for column in frame.columns if column not in _WORDS]
    return frame.astype(dict.fromkeys(numbers, np.float64)) if rows else frame


def _limits_of(shown: Estimate) -> dict[str, float]:
    return {"estimate": shown.value, "lower": shown.lower, "upper": shown.upper}
