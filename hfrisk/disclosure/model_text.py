"""LightGBM's text without the training data in it.

As trained (`Booster.model_to_string`, 4.x), the text holds the smallest and largest training value of each feature
(`feature_infos`), the number of training rows in each node, sums of hessians (which give the row counts and the
event share), the value of every inner node (that of the first tree's root is the log-odds of the exact event share),
the gain of each split, thresholds between data values, and the paths among the training parameters. Here:

=================================  ==============================================================================
``feature_infos``                  the dictionary's published ranges
``leaf_count, internal_count``     rounded from the root downwards, so that children sum to their parent
``leaf_weight, internal_weight``   0: LightGBM reads them only to go on training
``internal_value``                 recomputed from the leaf values and the rounded counts
``split_gain``                     two significant figures
``threshold``                      middle of a step of the feature's grid, when no value on the grid changes sides
``parameters``                     those of a short list
``tree_sizes``                     recounted
=================================  ==============================================================================

Predictions stay the same to the last bit for inputs on the grid (checked on every release, `_check_same`); TreeSHAP
contributions, which weigh branches by the counts, stay finite and add up, and move by a few thousandths of log-odds at
most (measured: 0.001 with leaves of 200 rows, 0.002 to 0.005 with 300 trees of 31 leaves of 50 rows).

Counts are rounded top-down: the root and the smaller child of each node to the nearest, the larger child takes what is
left. Were each leaf rounded for itself, the same people (say, those with an earlier admission) would be shown with
another error in each tree, and the average over trees would be exact.

What stays is in the leaf values, which cannot change without changing predictions. At full precision they are functions of
whole counts: those of the first tree give the events and rows of their leaves (a test does it), and where the first tree is
coarse, a second tree of two leaves on the same feature still pins them down. So all have to be rounded where the model is
made, before it is calibrated and assessed: the first tree to 0.01 log-odds, the others to two figures, and the parameters to
three. Many counts then fit each leaf. HFR143 says so when that has not been done (`ScrubbedModel.leaves_are_coarse`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hfrisk.checks import Check
from hfrisk.disclosure.policy import Policy, significant
from hfrisk.errors import DataError

if TYPE_CHECKING:
    from hfrisk.features import Feature

__all__ = ["ScrubbedModel", "scrub_model"]

_HEADER = [
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "monotone_constraints",
    "feature_infos",
    "tree_sizes",
]
_TREE = [
    "Tree",
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "is_linear",
    "shrinkage",
]
_PARAMETERS = frozenset(
    [
        "boosting",
        "objective",
        "metric",
        "num_iterations",
        "learning_rate",
        "num_leaves",
        "max_depth",
        "min_data_in_leaf",
        "min_sum_hessian_in_leaf",
        "bagging_fraction",
        "bagging_freq",
        "bagging_seed",
        "feature_fraction",
        "feature_fraction_bynode",
        "feature_fraction_seed",
        "extra_trees",
        "lambda_l1",
        "lambda_l2",
        "min_gain_to_split",
        "path_smooth",
        "max_bin",
        "min_data_in_bin",
        "use_missing",
        "zero_as_missing",
        "deterministic",
        "force_row_wise",
        "force_col_wise",
        "seed",
        "sigmoid",
        "boost_from_average",
        "monotone_constraints_method",
        "linear_tree",
        "num_class",
    ]
)
_HOLDS_VALUES = frozenset(
    {"cat_boundaries", "cat_threshold", "leaf_const", "num_features", "leaf_features", "leaf_coeff"}
)
_ZERO_IS_MISSING = 1
_PROBES = 512


class ScrubbedModel(NamedTuple):
    """A model text that may leave.

    Parameters
    ----------
    text
        What `lightgbm.Booster(model_str=...)` loads.
    trees
        Number of trees.
    replaced
        Numbers that were replaced.
    leaves_are_coarse
        Whether the leaf values of the first tree are whole hundredths of log-odds, and those of the others have two figures.
    smallest_start
        Training rows (exact) in the smallest leaf of the first tree.
    """

    text: str
    trees: int
    replaced: int
    leaves_are_coarse: bool
    smallest_start: int

    def checks(self) -> list[Check]:
        """HFR143, when the leaf values give exact counts away."""
        if self.leaves_are_coarse:
            return []
        return [
            Check(
                code="HFR143",
                severity="warning",
                title="The leaves of the model give exact counts away",
                finding="The leaf values of the model are finer than the gate asks; the smallest leaf of its first tree holds {rows} "
                "training rows.",
                consequence="Whoever has the model file and its parameters can work out the exact number of discharges and of "
                "events in each of those leaves, and in development altogether.",
                todo="Round the leaf values (first tree 0.01, the others two figures) before the model is calibrated and "
                "assessed, or have the airlock agree to it.",
                counts={"rows": self.smallest_start},
            )
        ]


def scrub_model(text: str, dictionary: Sequence[Feature], policy: Policy) -> ScrubbedModel:
    """Take the training data out of a LightGBM text.

    Parameters
    ----------
    text
        As `Booster.model_to_string` wrote it.
    dictionary
        Features, with published range and precision; every input of the model is among them.
    policy
        The rules.

    Returns
    -------
    ScrubbedModel

    Raises
    ------
    DataError
        HFR140, if a leaf holds fewer training rows than the threshold. HFR141, if the model cannot be made safe
        here: no split at all, category lists, linear leaves, an input that the dictionary does not know.
    ValueError
        If the text is not one that this code knows whole, or the result predicts otherwise (faults of ours).
    """
    head, blocks, tail = _divided(text)
    features = {f.name: f for f in dictionary}
    names = head["feature_names"].split()
    unknown = [name for name in names if name not in features]
    if unknown:
        raise _cannot("it has inputs that the feature dictionary does not describe", ", ".join(unknown))
    inputs = [features[name] for name in names]
    trees = [_scrubbed_tree(block, inputs, policy) for block in blocks]
    if all(int(tree["num_leaves"]) < 2 for tree in trees):
        raise _cannot("it has no split: its one value is the exact share of events", "model")
    replaced = sum(_numbers_changed(a, b) for a, b in zip(blocks, trees, strict=True)) + 2 * len(inputs)
    written = [_written_tree(tree) for tree in trees]
    head["feature_infos"] = " ".join(f"[{f.lower:.17g}:{f.upper:.17g}]" for f in inputs)
    head["tree_sizes"] = " ".join(str(len(one.encode())) for one in written)
    lines = ["tree", *(f"{key}={value}" for key, value in head.items()), "", ""]
    scrubbed = "\n".join(lines) + "".join(written) + _written_tail(tail)
    _check_same(text, scrubbed, inputs)
    start = blocks[0]
    return ScrubbedModel(
        text=scrubbed,
        trees=len(trees),
        replaced=replaced,
        leaves_are_coarse=_coarse(blocks),
        smallest_start=min(_whole(start["leaf_count"]), default=0),
    )


def _coarse(trees: Sequence[Mapping[str, str]]) -> bool:
    first, *others = ([float(value) for value in tree["leaf_value"].split()] for tree in trees)
    return all(abs(100 * value - round(100 * value)) < 1e-9 for value in first) and all(
        abs(value - float(f"{value:.1e}")) <= 1e-9 * abs(value) for values in others for value in values
    )


def _divided(text: str) -> tuple[dict[str, str], list[dict[str, str]], str]:
    head, found, rest = text.partition("\nTree=0\n")
    body, ended, tail = rest.partition("end of trees\n")
    if not (found and ended and head.startswith("tree\n")):
        raise ValueError("this is not the text of a LightGBM model with trees")
    header = _pairs(head.split("\n")[1:], _HEADER)
    blocks = re.split(r"(?m)^Tree=", "Tree=0\n" + body)[1:]
    return header, [_pairs(("Tree=" + block).split("\n"), {*_TREE, *_HOLDS_VALUES}) for block in blocks], tail


def _pairs(lines: Sequence[str], known: Collection[str]) -> dict[str, str]:
    # A line that nobody has looked at does not leave.
    pairs = {}
    for line in lines:
        if line:
            key, _, value = line.partition("=")
            if key not in known:
                raise ValueError(f"LightGBM wrote a line that the disclosure gate does not know: {key[:40]}")
            pairs[key] = value
    return pairs


def _scrubbed_tree(tree: Mapping[str, str], inputs: Sequence[Feature], policy: Policy) -> dict[str, str]:
    if tree["num_cat"] != "0" or tree.get("is_linear", "0") != "0" or _HOLDS_VALUES & set(tree):
        raise _cannot("it has lists of categories or linear leaves, which hold training values", "model")
    result = dict(tree)
    if int(tree["num_leaves"]) < 2:
        return result | {key: "0" for key in ("leaf_weight", "leaf_count") if tree.get(key)}
    leaves, inner = _whole(tree["leaf_count"]), _whole(tree["internal_count"])
    if min(leaves) < policy.threshold:
        raise DataError(
            f"A leaf of the model holds fewer than {policy.threshold} training rows (HFR140): it may not leave.",
            where="model.min_data_in_leaf, disclosure.threshold",
            todo="Raise the smallest value of model.min_data_in_leaf well above disclosure.threshold and run again.",
        )
    left, right = _whole(tree["left_child"]), _whole(tree["right_child"])
    shown_leaves, shown_inner = _rounded_counts(left, right, leaves, inner, policy)
    values = _mean_values(left, right, [float(v) for v in tree["leaf_value"].split()], shown_leaves)
    thresholds = zip(
        tree["threshold"].split(), _whole(tree["split_feature"]), _whole(tree["decision_type"]), strict=True
    )
    return result | {
        "leaf_count": _joined(shown_leaves),
        "internal_count": _joined(shown_inner),
        "leaf_weight": _joined([0] * len(leaves)),
        "internal_weight": _joined([0] * len(inner)),
        "internal_value": _joined(f"{significant(v, 3, 6):g}" for v in values),
        "split_gain": _joined(f"{float(v):.2g}" for v in tree["split_gain"].split()),
        "threshold": _joined(_on_grid(t, inputs[f], kind) for t, f, kind in thresholds),
    }


def _rounded_counts(
    left: list[int], right: list[int], leaves: list[int], inner: list[int], policy: Policy
) -> tuple[list[int], list[int]]:
    # Children below zero are leaves: ~child is their place. Children of an inner node come after it.
    base = policy.base
    under = [0] * len(inner)
    for node in range(len(inner) - 1, -1, -1):
        under[node] = sum(1 if child < 0 else under[child] for child in (left[node], right[node]))
    shown_leaves, shown_inner = [0] * len(leaves), [0] * len(inner)
    shown_inner[0] = int(policy.rounded(inner[0]))
    for node, whole in enumerate(inner):
        sizes = [leaves[~child] if child < 0 else inner[child] for child in (left[node], right[node])]
        if sum(sizes) != whole:
            raise ValueError("the counts of a tree do not add up")
        most = [base * (1 if child < 0 else under[child]) for child in (left[node], right[node])]
        small = 0 if sizes[0] <= sizes[1] else 1
        share = int(policy.rounded(sizes[small]))
        share = min(max(share, most[small]), shown_inner[node] - most[1 - small])
        for place, child in enumerate((left[node], right[node])):
            shown = share if place == small else shown_inner[node] - share
            if child < 0:
                shown_leaves[~child] = shown
            else:
                shown_inner[child] = shown
    return shown_leaves, shown_inner


def _mean_values(left: list[int], right: list[int], leaf_value: list[float], counts: list[int]) -> list[float]:
    sums = [(0.0, 0)] * len(left)
    for node in range(len(left) - 1, -1, -1):
        parts = [(leaf_value[~c] * counts[~c], counts[~c]) if c < 0 else sums[c] for c in (left[node], right[node])]
        sums[node] = (parts[0][0] + parts[1][0], parts[0][1] + parts[1][1])
    return [total / count for total, count in sums]


def _on_grid(threshold: str, feature: Feature, decision: int) -> str:
    """The threshold in the middle of a step of the grid, if both neighbours on the grid keep their side."""
    exact, step = float(threshold), feature.precision
    if (decision >> 2) & 3 == _ZERO_IS_MISSING or not math.isfinite(exact) or step <= 0:
        return threshold
    below = math.floor(exact / step + 1e-9)
    middle = round((below + 0.5) * step, 10)
    for k in (below, below + 1):
        for value in (k * step, round(k * step, 10)):
            if (value <= exact) != (value <= middle):
                return threshold
    return f"{middle:.17g}"


def _check_same(before: str, after: str, inputs: Sequence[Feature]) -> None:
    import lightgbm as lgb

    rng = np.random.default_rng(0)
    columns = []
    for feature in inputs:
        low, high = math.ceil(feature.lower / feature.precision), math.floor(feature.upper / feature.precision)
        steps = rng.integers(low, high, _PROBES, endpoint=True).astype(float)
        values = np.where(rng.random(_PROBES) < 0.5, steps * feature.precision, np.round(steps * feature.precision, 10))
        columns.append(np.where(rng.random(_PROBES) < 0.1, np.nan, values))
    probes = np.column_stack(columns)
    raw = [lgb.Booster(model_str=t).predict(probes, raw_score=True, num_threads=1) for t in (before, after)]
    if not np.array_equal(raw[0], raw[1]):
        raise ValueError("the model that would leave does not predict as the one that was assessed")


def _written_tree(tree: Mapping[str, str]) -> str:
    return "\n".join(f"{key}={value}" for key, value in tree.items()) + "\n\n\n"


def _written_tail(tail: str) -> str:
    importances, _, parameters = tail.partition("parameters:\n")
    kept = [
        line
        for line in parameters.partition("end of parameters")[0].split("\n")
        if (match := re.fullmatch(r"\[(\w+): ?[\w.+-]*\]", line)) and match[1] in _PARAMETERS
    ]
    counts = [line for line in importances.split("\n") if re.fullmatch(r"\S+=\d+", line)]
    return (
        "\n".join(
            ["end of trees", "", "feature_importances:", *counts, "", "parameters:", *kept, "", "end of parameters", ""]
        )
        + "\npandas_categorical:null\n"
    )


def _numbers_changed(before: Mapping[str, str], after: Mapping[str, str]) -> int:
    return sum(sum(a != b for a, b in zip(before[key].split(), after[key].split(), strict=True)) for key in before)


def _cannot(why: str, where: str) -> DataError:
    return DataError(
        f"The model may not leave (HFR141): {why}.",
        where=where,
        todo="Change the model's settings, or report on the comparators alone.",
    )


def _whole(values: str) -> list[int]:
    return [int(v) for v in values.split()]


def _joined(values: Iterable[object]) -> str:
    return " ".join(str(v) for v in values)
