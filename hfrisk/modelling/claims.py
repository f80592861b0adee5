"""Who runs which trial: one worker with a file, or several that share a PostgreSQL database.

How no trial is lost or run twice when several share
- A worker begins a trial while it holds the search's gate, an advisory lock of the database: trials that were begun are counted and
  one more is begun under the same lock, so that a budget is shared exactly.
- Whoever begins a trial takes an advisory lock of that trial before it opens the gate, and holds it until the result is written. The
  server lets go of the locks of a session that ends, however it ends. A trial that is RUNNING and that nobody holds is therefore one
  whose worker is gone: the next worker at the gate fails it and queues the same settings again.
- It is failed first and queued afterwards. A worker that dies between the two has lost only a proposal: the place in the budget is free.
- A worker that lost its session but lives finds its trial failed when it comes to write the result, which is then dropped.

A heartbeat would tell the same, but only after a time that somebody must choose; the server knows at once when a process dies. The
session of the locks asks for keep-alives, so that a machine that vanishes is noticed within a minute.
"""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import Connection

from hfrisk.modelling.locks import GATE, free, hold, holding, let_go

__all__ = ["FINISHED", "Alone", "Budget", "Record", "Shared", "worked"]

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_BEGUN = (*FINISHED, TrialState.RUNNING)
_PAUSE = 0.2

SamplerFor = Callable[[int], BaseSampler]


@dataclass(frozen=True)
class Budget:
    """How much may be tried: so many trials, and so many hours if there is a limit."""

    trials: int
    hours: float | None = None

    def spent(self, trials: Sequence[FrozenTrial]) -> bool:
        """Whether no further trial may be begun."""
        begun = [trial for trial in trials if trial.state in _BEGUN]
        if len(begun) >= self.trials:
            return True
        return self.hours is not None and bool(begun) and worked(begun) >= timedelta(hours=self.hours)


def worked(trials: Sequence[FrozenTrial], now: datetime | None = None) -> timedelta:
    """Time in which at least one of the trials was being run; times in which the search lay idle do not count."""
    now = now or datetime.now()
    spans = sorted((t.datetime_start, t.datetime_complete or now) for t in trials if t.datetime_start is not None)
    total, until = timedelta(), datetime.min
    for start, end in spans:
        if end > until:
            total += end - max(start, until)
            until = end
    return total


class Record(ABC):
    """A search that lies in a database."""

    def __init__(self, study: Study) -> None:
        self.study = study

    @abstractmethod
    def begin(
        self,
        budget: Budget,
        space: Mapping[str, BaseDistribution],
        first: Mapping[str, Any],
        sampler_for: SamplerFor,
        waiting: Callable[[], None],
    ) -> Trial | None:
        """The next trial, or None when the budget is spent and nobody is still at work on it.

        Parameters
        ----------
        budget
            Counts every trial that was begun and has not failed.
        space
            What is searched.
        first
            Settings of the very first trial.
        sampler_for
            Makes the sampler from the number of trials that came before.
        waiting
            Called now and then while others are at work.
        """

    @abstractmethod
    def finish(self, trial: Trial, value: float, facts: Mapping[str, Any], *, pruned_after: int | None) -> None:
        """Write what came of a trial; the state last, so that there is no half trial."""

    def trials(self) -> list[FrozenTrial]:
        """Every trial."""
        return self.study.get_trials(deepcopy=False)

    def finished(self) -> list[FrozenTrial]:
        """Trials that came to an end, in the order in which they were begun."""
        return self.study.get_trials(deepcopy=False, states=FINISHED)

    def _ask(
        self,
        trials: Sequence[FrozenTrial],
        space: Mapping[str, BaseDistribution],
        first: Mapping[str, Any],
        sampler_for: SamplerFor,
    ) -> Trial:
        live = [trial for trial in trials if trial.state != TrialState.FAIL]
        self.study.sampler = sampler_for(sum(trial.state in _BEGUN for trial in live))
        if not live:
            self.study.enqueue_trial(dict(first))
        return self.study.ask(dict(space))

    def _write(self, trial: Trial, value: float, facts: Mapping[str, Any], pruned_after: int | None) -> None:
        for name, fact in facts.items():
            trial.set_user_attr(name, fact)
        if pruned_after is None:
            self.study.tell(trial, value)
        else:
            trial.report(value, step=pruned_after)
            self.study.tell(trial, state=TrialState.PRUNED)


class Alone(Record):
    """One worker, with a file: what was running when it began is of a process that died."""

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        for stale in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(stale.number, state=TrialState.FAIL)

    def begin(
        self,
        budget: Budget,
        space: Mapping[str, BaseDistribution],
        first: Mapping[str, Any],
        sampler_for: SamplerFor,
        waiting: Callable[[], None],
    ) -> Trial | None:
        trials = self.trials()
        return None if budget.spent(trials) else self._ask(trials, space, first, sampler_for)

    def finish(self, trial: Trial, value: float, facts: Mapping[str, Any], *, pruned_after: int | None) -> None:
        self._write(trial, value, facts, pruned_after)


class Shared(Record):
    """Several workers; see above."""

    def __init__(self, study: Study, session: Connection) -> None:
        super().__init__(study)
        self._session = session
        self._key = _number(study.study_name)
        self._mine: set[int] = set()

    def begin(
        self,
        budget: Budget,
        space: Mapping[str, BaseDistribution],
        first: Mapping[str, Any],
        sampler_for: SamplerFor,
        waiting: Callable[[], None],
    ) -> Trial | None:
        while True:
            with holding(self._session, self._key, GATE):
                self._take_back(space)
                trials = self.trials()
                if not budget.spent(trials):
                    trial = self._ask(trials, space, first, sampler_for)
                    hold(self._session, self._key, trial.number + 1)
                    self._mine.add(trial.number)
                    return trial
                if not any(trial.state == TrialState.RUNNING for trial in trials):
                    return None
            # Somebody may yet die, and leave a trial to be run again.
            waiting()
            time.sleep(_PAUSE)

    def finish(self, trial: Trial, value: float, facts: Mapping[str, Any], *, pruned_after: int | None) -> None:
        try:
            self._write(trial, value, facts, pruned_after)
        except (UpdateFinishedTrialError, ValueError):
            if self.study.get_trials(deepcopy=False)[trial.number].state != TrialState.FAIL:
                raise
        self._mine.discard(trial.number)
        let_go(self._session, self._key, trial.number + 1)

    def _take_back(self, space: Mapping[str, BaseDistribution]) -> None:
        """Queue again what a worker that is gone was at."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.number in self._mine or not free(self._session, self._key, trial.number + 1):
                continue
            try:
                self.study.tell(trial.number, state=TrialState.FAIL)
            except (UpdateFinishedTrialError, ValueError):
                continue  # its worker had lost the session, and has just written the result
            finally:
                let_go(self._session, self._key, trial.number + 1)
            whole = set(trial.params) == set(space)
            again = trial.params if whole else trial.system_attrs.get("fixed_params")
            if again:
                self.study.enqueue_trial(dict(again), user_attrs={"again_for": trial.number})


def _number(name: str) -> int:
    """A search as PostgreSQL's locks know it: 32 bits with a sign."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)
