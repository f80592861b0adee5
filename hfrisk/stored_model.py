"""A stored model and a study: whether the one can be asked what the other wants to know."""

from __future__ import annotations

from collections.abc import Sequence

from hfrisk.errors import StudyError
from hfrisk.features import Feature
from hfrisk.modelling import StoredModel
from hfrisk.registry import FoundModel
from hfrisk.study import Study

__all__ = ["as_stored", "refuse_another_question", "refuse_its_own_data", "refuse_other_inputs"]


def as_stored(found: FoundModel) -> StoredModel:
    """What of a stored model is needed to judge it."""
    inputs = [item["name"] for item in found.bundle.contract["inputs"]]
    return StoredModel(found.model_text, inputs, found.bundle.scorer.calibration)


def refuse_another_question(found: FoundModel, study: Study) -> None:
    """Refuse a model with another outcome.

    Raises
    ------
    StudyError
        If window or risk are not those of the study.
    """
    contract = found.bundle.contract
    asked = {"window": list(study.cohort.window_days), "risk": study.cohort.risk}
    other = [name for name, value in asked.items() if contract.get(name) != value]
    if other:
        said = " and ".join(f"{name} {contract.get(name)}" for name in other)
        raise StudyError(
            f"The model answers another question than the study asks: it has {said}.",
            where=", ".join(f"cohort.{name}" for name in other),
            todo="Set the study's outcome to the model's, or take another model.",
        )


def refuse_its_own_data(found: FoundModel, source: str, where: str, todo: str) -> None:
    """Refuse the very data that the model was made from: it fits those people better than anyone new.

    Raises
    ------
    StudyError
        If the fingerprint of the source is that of the model's metrics.
    """
    if found.source_fingerprint == source:
        raise StudyError(
            "The model was made from these very data, whom it fits better than anyone new.", where=where, todo=todo
        )


def refuse_other_inputs(found: FoundModel, dictionary: Sequence[Feature]) -> None:
    """Refuse a study that lacks an input of the model, or has it in another unit or precision.

    Raises
    ------
    StudyError
        Naming the inputs.
    """
    here = {feature.name: feature for feature in dictionary}
    inputs = found.bundle.contract["inputs"]
    absent = [item["name"] for item in inputs if item["name"] not in here]
    if absent:
        raise StudyError(
            f"The study has no feature {', '.join(absent)}, which the model needs.",
            where="features",
            todo="Ask for the families of features with which the model was made.",
        )
    other = [
        item["name"]
        for item in inputs
        if (item["unit"], float(item.get("precision", here[item["name"]].precision)))
        != (here[item["name"]].unit, float(here[item["name"]].precision))
    ]
    if other:
        raise StudyError(
            f"The study and the model have another unit or precision of {', '.join(other)}.",
            where="features",
            todo="Use the version of hfrisk with which the model was made, or settings that give the same features.",
        )
