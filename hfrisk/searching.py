"""The search for the model's settings alone, for one worker or for several that share it."""

from __future__ import annotations

from typing import Any

from hfrisk.errors import StudyError
from hfrisk.modelling import partition, search
from hfrisk.modelling.objectives import objective
from hfrisk.modelling.workers import refuse_workers
from hfrisk.progress import Quiet
from hfrisk.study import Study
from hfrisk.workshop import open_workshop, refuse_errors

__all__ = ["searched"]


def searched(study: Study, progress: Quiet, *, workers: int = 1) -> dict[str, Any]:
    """Do what `run_study` does until the search is done; see `hfrisk tune`.

    Returns
    -------
    dict
        ``trials`` (budget), ``finished``, ``complete``, ``pruned``, ``objective``, ``objective_words``, ``value`` (of the best),
        ``best_trial``, ``chosen_trial``, ``params``, ``importances``, ``edge_of_space``, ``storage``. Losses are exact: they are for the
        researcher inside.

    Raises
    ------
    StudyError
        If the study makes no model, or several workers could not share its search; before any data is read.
    """
    settings = study.model
    if settings is None or not settings.learns:
        raise StudyError(
            "This study makes no model, so there is nothing to search for.",
            where="model: none" if settings is None else "model.learner: none",
            todo="Search with a study that makes one.",
        )
    refuse_workers(settings, workers)
    with open_workshop(study, progress) as work:
        cohort = work.cohort()
        refuse_errors([*cohort.checks, *work.quality(cohort)])
        features = work.features(cohort)
        refuse_errors(features.notices)
        data = partition(features, cohort, study.validation)
        with work.stage("search", "Searching for the model's settings"):
            found = search(
                data,
                settings,
                folder=work.internal,
                least_leaf=study.disclosure.threshold,
                workers=workers,
                progress=work.progress,
            )
    states = found.trials["state"].value_counts()
    return {
        "trials": settings.trials,
        "finished": len(found.trials),
        "complete": int(states.get("complete", 0)),
        "pruned": int(states.get("pruned", 0)),
        "objective": settings.objective,
        "objective_words": objective(settings.objective).words,
        "value": float(found.trials["value"].iloc[found.best]),
        "best_trial": found.best,
        "chosen_trial": found.chosen,
        "params": found.params,
        "importances": dict(zip(found.importances["setting"], found.importances["importance"], strict=True)),
        "edge_of_space": found.edge,
        "storage": settings.storage,
    }
