"""What has left: the only kind of value that reports, tracking and the model registry accept.

A `Released` is made by the gate (`hfrisk.disclosure.release`) and by nothing else: its constructor asks for a
seal that only the gate holds. The seal is there against accidents, not against a person who means harm.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field, fields
from typing import Any

import pandas as pd

from hfrisk.disclosure.metrics import metrics_of

__all__ = ["Bundle", "Released"]

_SEAL = object()


@dataclass(frozen=True, eq=False)
class Bundle:
    """The model as it may leave: everything that software needs to compute a risk, and nothing about anyone.

    Parameters
    ----------
    model_text
        LightGBM text that `lightgbm.Booster(model_str=...)` loads. Predictions are those of the run to the last
        bit; see `hfrisk.disclosure.model_text` for what was taken out.
    calibration
        As the model room made it: ``{"method": "platt", "intercept": a, "slope": b}`` on the logit of the
        booster's probability, or another method with its own keys.
    contract
        What goes in and what comes out, JSON-able::

            {"name": "hf-readmission-30d",
             "inputs": [{"name", "words", "unit", "type", "lower", "upper", "precision", "required"}, ...],
             "outcome": "came back to hospital as an emergency within 30 days",
             "window": [0, 29], "risk": "cumulative_incidence",
             "bands": [0.1, 0.2, 0.3], "threshold": 0.2,
             "calibration": {...}, "missing": "...", "versions": {...}, "status": "research software, ..."}

        ``inputs`` are in the order of the booster's columns; ``type`` is ``number`` or ``binary``; ``lower`` and
        ``upper`` are published plausible ranges, never those of the data; values are meant to be multiples of
        ``precision``.
    dictionary
        The feature dictionary of the inputs as records.
    """

    model_text: str
    calibration: dict[str, Any]
    contract: dict[str, Any]
    dictionary: list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Released:
    """Everything that leaves a run.

    Counts are rounded floats (whole numbers), or NaN where they are withheld. Every frame of numbers has a `str`
    column ``suppressed``: empty where the whole row is released, else why a cell of it is NaN, in words. A row
    whose estimate could not be computed in the first place keeps its own ``reason``.

    Parameters
    ----------
    study
        Title, question, outcome in words, window, risk, bands, threshold ...; settings only.
    headline
        The numbers of page one: ``index_discharges, persons, events, readmitted, died, died_first`` (the same as
        died), ``sites, period_from, period_to`` (months, ``"2019-04"``), ``window, risk, share_events, share_died``,
        ``states`` {name: n}, ``readmitted_for_heart_failure`` where it is known, ``by_split`` {"development" | "test": {"n",
        "events", "share_events", "period_from", "period_to"}} (quarters, ``"2019 Q2"``; empty without a model; also "cross-validation"
        where that judges only a part of development), and ``reasons`` {key: words} for each that is None.
    flow
        rule, words, bits (places of the rules in the mask of each spell), admissions, persons, events, excluded,
        excluded_only_here, merged (number of rules in the box), suppressed. `words` of a box that merges rules are joined by
        "; ", `rule` and `bits` by "+".
    table1
        section, characteristic, level, statistic, split, value, n, unit, percent, note, suppressed. Splits are ``development``
        and ``test``, or ``all`` where there is no model.
    table1_by_outcome
        section, characteristic, level, statistic, outcome (event, other, died), value, n (all discharges of the outcome), unit, percent,
        note, suppressed: development and test together, or everyone where there is no model.
    table1_differences
        section, characteristic, kind, between (splits, outcomes), estimate (standardised mean difference), reason, suppressed.
    incidence
        state (readmitted, died), day (the last of its step), n, events (cumulative), share, lower, upper, suppressed: the
        cumulative incidence of readmission, and of death before readmission.
    outcomes
        group, level, n, events, share, lower, upper, died, share_died, died_lower, died_upper, suppressed; calendar quarters are
        the group ``quarter``. Empty where there is a model: performance and by_period then hold the counts.
    sensitivity
        name, index_discharges, persons, events, readmitted, died, rate, day, readmission, lower, upper, death, near, suppressed;
        the first row is the study's own definition. Empty where the study names no other.
    strategies
        question (heart_failure, unplanned, spells), told_by, n, of, suppressed.
    eligibility
        coded, eligible, both, sensitivity, sensitivity_low, sensitivity_high, ppv, ppv_low, ppv_high, suppressed; one row, or
        none.
    score_inputs
        score, input (a column; ``score_<score>`` for the whole score), words, observed, rows, share (of the shown counts), near (why a
        count stands for another), reason (why nobody can have it: words, no count), suppressed. Empty where no clinical score was made.
    performance
        model, split, group, level, measure, estimate, lower, upper, n, events, reason, suppressed.
    calibration_curve
        model, split, group, level, predicted, observed, lower, upper, n, events, suppressed.
    decision_curve
        model, split, threshold, n, events, flagged, true_positives, net_benefit, net_benefit_all, suppressed.
    risk_distribution
        model, split, bin_lower, bin_upper, n, events, suppressed.
    risk_deciles
        model, split, decile, n, events, died, mean_risk, suppressed.
    capacity
        model, split, share, n, reviewed, events, events_found, suppressed.
    weekly
        model, split, reviews, n, reviewed, events, events_found, suppressed.
    sizes
        split, measure, width, needed, n, suppressed.
    threshold_groups
        model, split, group, level, threshold, n, events, flagged, true_positives, false_positives,
        false_negatives, true_negatives, selection_rate, true_positive_rate, false_positive_rate,
        positive_predictive_value, suppressed.
    by_period
        split, period, n, events, expected, oe_ratio, lower, upper, suppressed.
    by_year
        split, period (financial or calendar year), quarters (of it in the split), n, events, expected, oe_ratio, lower, upper, auroc,
        auroc_lower, auroc_upper, suppressed: sums of the quarters as shown.
    score_outcomes
        score, made_for, outcome, split, estimate, lower, upper, reason, suppressed.
    comparison
        model_a, model_b, split, measure, difference, lower, upper, n, events, suppressed.
    by_feature, by_family, by_theme
        As explained, with ``n`` rounded, and suppressed.
    dependence
        feature, bin_lower, bin_upper, n, mean_contribution, suppressed.
    checks
        code, severity, title, finding, consequence, todo: words, with counts as the policy shows them.
    dictionary
        One row a feature: name, words, family, theme, unit, window, sources, precision, lower, upper, direction,
        modifiable, sensitive, skewed, kind, monotone, role, and in_model.
    definitions
        item, value, source.
    bundle
        The model; None where the study makes none. The tables about a model are then empty.
    tuning
        Empty without a model, else ``{"best": {...}, "summary": {...}, "trials": [{...}, ...], "importances": {setting: share}}``,
        values to three significant figures. A trial has ``trial, state, value, best_so_far, rounds``, its settings, and the log loss of
        each fold where that is what was searched on; no other measure is told by fold.
    provenance
        Study hash, code version, library versions, source fingerprint, seeds; no path, no exact date of care.
    ledger
        table, rows, cells_released, cells_suppressed, rule.
    competing
        outcome (readmitted, died, either), split, band (fifth of predicted risk, 0 everyone), n, events, predicted, observed, lower, upper,
        suppressed. Empty, like the next two, where the three states were not modelled.
    competing_performance
        outcome, split, measure, estimate, lower, upper, n, events, reason, suppressed.
    competing_hazards
        cause (readmitted, died), split, estimate (ratio of cause-specific hazards for twice the odds of the predicted risk of
        readmission), lower, upper, n, events, reason, suppressed.
    points_card
        item, words, unit, band (in words), points, suppressed: the score-card. Empty, like the next, where none was made.
    points_risk
        total, risk, suppressed.
    optimism
        measure, apparent, optimism, estimate (corrected), lower, upper, n, events, reason, suppressed. This and the next seven are as
        in `hfrisk.designs.results.Designs`, and empty where a design was not run.
    instability
        bin, n, risk, low, middle, high, error, moved, suppressed.
    instability_summary
        measure, estimate, n, events, reason, suppressed.
    left_out
        level, measure, estimate, lower, upper, n, events, reason, suppressed.
    across_trusts
        measure, estimate, lower, upper, prediction_lower, prediction_upper, tau, levels, reason, suppressed; no counts.
    learning_curve
        share, measure, estimate, lower, upper, n (learnt from), reason, suppressed.
    drift
        period, measure, estimate, lower, upper, reason, suppressed; no counts.
    feature_shifts
        feature, words, estimate, expected, reason, suppressed.
    capacity_groups
        model, split, group, level, share, n, events, reviewed, events_found, suppressed; everyone stands in ``capacity``.
    fairness_tests
        model, split, group, measure, fairlearn, difference, ratio, statistic, p, p_adjusted, levels,
        levels_excluded, reason, suppressed.
    shrunk
        model, split, group, level, measure, raw, raw_lower, raw_upper, shrunken, lower, upper, weight, reason, suppressed; no counts.
    remedies
        remedy, done, standing, randomised, reason, suppressed. This and the next nine are as in `hfrisk.fairness.results.Mitigation`, and
        empty where no remedy was compared; none of them is a model.
    remedy_rules
        remedy, level, rule, value, slope, suppressed.
    remedy_cells
        remedy, group, level, threshold, n, events, flagged, true_positives, false_positives, false_negatives, true_negatives,
        selection_rate, true_positive_rate, false_positive_rate, positive_predictive_value, near (why a cell
        stands for another), suppressed.
    remedy_calibration
        remedy, group, level, measure, estimate, lower, upper, reason, suppressed; no counts.
    remedy_benefit
        remedy, group, level, net_benefit, difference, lower, upper, n, events, suppressed.
    remedy_gaps
        remedy, measure, estimate, by_chance, levels (whose rate is shown), suppressed.
    remedy_flags
        remedy, group, level, newly, newly_events, no_longer, no_longer_events, suppressed.
    label_bias
        group, level, sign, words, estimate, lower, upper, reason, suppressed; no counts.
    biased_proxies
        group, level, feature, words, measure, estimate, lower, upper, reason, suppressed; no counts.
    shifted_groups
        group, level, split, estimate, lower, upper, reason, suppressed; no counts.
    model_egress
        test (a check's code), measure, value, lower, upper, limit, passed (yes, no; empty where there is no limit), exception (why it
        may leave all the same, and who answers for that), words, suppressed. Empty where no model was learnt here.
    code_lists
        list, code, words, source: published facts.
    inequality_rates
        outcome (readmission, death, composite), group, level, n, rate, lower, upper, standardised, standardised_lower,
        standardised_upper (for age and sex), reason, suppressed. This and the next seven are empty where nobody looked.
    inequality_pairs
        The same for two groups crossed, with with_group and with_level, in whole per cent and without n.
    inequality_slopes
        outcome, measure (sii, rii), adjusted (nothing, age and sex), estimate, lower, upper (most against least deprived), reason,
        suppressed; no counts.
    trust_outcomes
        outcome, level, n, rate, target, lower_95, upper_95, lower_998, upper_998 (limits at that size), place (within; above or below,
        95 % or 99.8 %, by limits widened for over-dispersion), dispersion, widening, oe_ratio, oe_lower, oe_upper (case mix), suppressed.
    trust_limits
        outcome, n (a grid), lower_95, upper_95, lower_998, upper_998, suppressed.
    care_gaps
        item, words, group, level, share, lower, upper, reason, suppressed; no counts.
    group_missingness
        feature (``group_<name>`` for a group itself), words, group, level, share (not recorded), lower, upper, reason, suppressed.
    representation
        group, level, share (of the persons of the cohort), census_share, ratio, lower, upper, suppressed. Empty without a census.
    stability
        feature, words, share, median, lower, upper, top_ten, models, suppressed: how the share of a feature in what moves the risk, and
        its place among the first ten, hold over bootstrap models; no counts of people.
    by_modifiable
        modifiable (yes or no), mean_abs, share, n, suppressed. This and the next seven are as in `hfrisk.explanation.Explanation`.
    not_recorded
        feature, mean_contribution, suppressed; no counts.
    spread
        feature, lower, upper, share (of people), rank (mean of that of the value, 0 to 1), suppressed; the outermost steps are open.
    related
        feature_a, feature_b, correlation, cluster, suppressed; no counts.
    interactions
        feature_a, feature_b, mean_abs, share, suppressed; no counts.
    interaction_table
        feature_a, feature_b, a_lower, a_upper, b_lower, b_upper, together, beyond, reason, suppressed; no counts.
    themes_by_group
        group, level, theme, mean_abs, share, elsewhere, difference, chance, beyond_chance, n, reason, suppressed.
    surrogate
        leaf, feature, lower, upper, unrecorded, n, risk, fidelity, suppressed; one row a condition.
    """

    study: dict[str, Any]
    headline: dict[str, Any]
    flow: pd.DataFrame
    table1: pd.DataFrame
    incidence: pd.DataFrame
    outcomes: pd.DataFrame
    sensitivity: pd.DataFrame
    strategies: pd.DataFrame
    eligibility: pd.DataFrame
    score_inputs: pd.DataFrame
    performance: pd.DataFrame
    calibration_curve: pd.DataFrame
    decision_curve: pd.DataFrame
    risk_distribution: pd.DataFrame
    risk_deciles: pd.DataFrame
    capacity: pd.DataFrame
    weekly: pd.DataFrame
    sizes: pd.DataFrame
    threshold_groups: pd.DataFrame
    by_period: pd.DataFrame
    score_outcomes: pd.DataFrame
    comparison: pd.DataFrame
    by_feature: pd.DataFrame
    by_family: pd.DataFrame
    by_theme: pd.DataFrame
    dependence: pd.DataFrame
    checks: pd.DataFrame
    dictionary: pd.DataFrame
    definitions: pd.DataFrame
    bundle: Bundle | None
    tuning: dict[str, Any]
    provenance: dict[str, Any]
    ledger: pd.DataFrame
    competing: pd.DataFrame = field(default_factory=pd.DataFrame)
    competing_performance: pd.DataFrame = field(default_factory=pd.DataFrame)
    competing_hazards: pd.DataFrame = field(default_factory=pd.DataFrame)
    points_card: pd.DataFrame = field(default_factory=pd.DataFrame)
    points_risk: pd.DataFrame = field(default_factory=pd.DataFrame)
    optimism: pd.DataFrame = field(default_factory=pd.DataFrame)
    instability: pd.DataFrame = field(default_factory=pd.DataFrame)
    instability_summary: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)
    across_trusts: pd.DataFrame = field(default_factory=pd.DataFrame)
    learning_curve: pd.DataFrame = field(default_factory=pd.DataFrame)
    drift: pd.DataFrame = field(default_factory=pd.DataFrame)
    feature_shifts: pd.DataFrame = field(default_factory=pd.DataFrame)
    capacity_groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    fairness_tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    shrunk: pd.DataFrame = field(default_factory=pd.DataFrame)
    remedies: pd.DataFrame = field(default_factory=pd.DataFrame)
    remedy_rules: pd.DataFrame = field(default_factory=pd.DataFrame)
    remedy_cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    remedy_calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    remedy_benefit: pd.DataFrame = field(default_factory=pd.DataFrame)
    remedy_gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    remedy_flags: pd.DataFrame = field(default_factory=pd.DataFrame)
    label_bias: pd.DataFrame = field(default_factory=pd.DataFrame)
    biased_proxies: pd.DataFrame = field(default_factory=pd.DataFrame)
    shifted_groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    model_egress: pd.DataFrame = field(default_factory=pd.DataFrame)
    code_lists: pd.DataFrame = field(default_factory=pd.DataFrame)
    inequality_rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    inequality_pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    inequality_slopes: pd.DataFrame = field(default_factory=pd.DataFrame)
    trust_outcomes: pd.DataFrame = field(default_factory=pd.DataFrame)
    trust_limits: pd.DataFrame = field(default_factory=pd.DataFrame)
    care_gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    group_missingness: pd.DataFrame = field(default_factory=pd.DataFrame)
    representation: pd.DataFrame = field(default_factory=pd.DataFrame)
    stability: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_modifiable: pd.DataFrame = field(default_factory=pd.DataFrame)
    not_recorded: pd.DataFrame = field(default_factory=pd.DataFrame)
    spread: pd.DataFrame = field(default_factory=pd.DataFrame)
    related: pd.DataFrame = field(default_factory=pd.DataFrame)
    interactions: pd.DataFrame = field(default_factory=pd.DataFrame)
    interaction_table: pd.DataFrame = field(default_factory=pd.DataFrame)
    themes_by_group: pd.DataFrame = field(default_factory=pd.DataFrame)
    surrogate: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_year: pd.DataFrame = field(default_factory=pd.DataFrame)
    table1_by_outcome: pd.DataFrame = field(default_factory=pd.DataFrame)
    table1_differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only hfrisk.disclosure.release makes a Released: numbers leave by the gate")

    def __init_subclass__(cls) -> None:
        raise TypeError("a Released has no other kinds: numbers leave by the gate")

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Released is neither pickled nor copied: numbers leave by the gate")

    @property
    def forbidden_by(self) -> list[str]:
        """Codes of the tests that the model failed and that nobody answers for; with any, it is neither exported nor registered."""
        frame = self.model_egress
        if frame.empty:
            return []
        return sorted(set(frame.loc[(frame["passed"] == "no") & (frame["exception"] == ""), "test"]))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every released frame by its name, in the order of the fields."""
        return {f.name: v for f in fields(self) if isinstance(v := getattr(self, f.name), pd.DataFrame)}

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`: JSON-able, without NaN, valid under `metrics.schema.json`.

        Returns
        -------
        dict
            ``study``, ``cohort`` (the headline), ``performance`` (one row a number), ``checks``,
            ``provenance``, and ``tables`` (every other released frame as records).

        Raises
        ------
        ValueError
            When the result does not fit the published schema (a fault of ours).
        """
        return metrics_of(self.study, self.headline, self.tables(), self.provenance)
