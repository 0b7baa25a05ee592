"""Finding the best plan beside the window: read, solve, keep; with progress, cancel and what cannot hold together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QObject, Signal, Slot

from fieldsurvey.jobs import JobControl
from fieldsurvey.plan.build import Question, question
from fieldsurvey.plan.greedy import greedy
from fieldsurvey.plan.optimise import cost_of_locks, optimise
from fieldsurvey.plan.problem import Plan, Status
from fieldsurvey.plan.saving import save
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder

_SECONDS = 60.0  # for the proof; the best plan found is kept and says that it is not proven


@dataclass(frozen=True, slots=True)
class _Answer:
    asked: Question
    plan: Plan
    by_score: int
    locks: dict[str, int]


class Solver(QObject):
    """Runs the optimiser: the project is read and written in the store thread, solving has its own.

    Signals:
        progressed: (Progress) how far it is.
        found: (uid) a new version holds the plan.
        impossible: (sentences) the demands that cannot hold together.
        failed: (Exception) what went wrong.
        ended: () whatever came of it.
    """

    progressed = Signal(object)
    found = Signal(str)
    impossible = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, store_runner: JobRunner, work_runner: JobRunner, holder: StoreHolder, parent: QObject) -> None:
        super().__init__(parent)
        self._store_runner, self._work_runner, self._holder = store_runner, work_runner, holder
        self._job: Job | None = None

    @property
    def is_running(self) -> bool:
        """True while it works."""
        return self._job is not None

    def start(self, version: str) -> None:
        """Find the best plan; the choices made by hand in a version hold."""
        if self._job is None:
            self._run(self._store_runner, lambda _control: question(self._holder.store, version), self._solve)

    def cancel(self) -> None:
        """Stop; nothing is kept."""
        if self._job is not None:
            self._job.cancel()

    def _run(self, runner: JobRunner, work: Callable[[JobControl], object], then: Callable[[object], None]) -> None:
        job = self._job = runner.start(work)
        job.succeeded.connect(then)
        job.progressed.connect(self.progressed)
        job.failed.connect(self._failed)
        job.cancelled.connect(self._end)

    @Slot(object)
    def _solve(self, asked: object) -> None:
        problem = cast("Question", asked)

        def work(control: JobControl) -> _Answer:
            plan = optimise(problem.problem, control, seconds=_SECONDS)
            if plan.status is Status.INFEASIBLE:
                return _Answer(problem, plan, 0, {})
            by_score = greedy(problem.problem).objective
            return _Answer(problem, plan, by_score, cost_of_locks(problem.problem, plan, control))

        self._run(self._work_runner, work, self._keep)

    @Slot(object)
    def _keep(self, found: object) -> None:
        answer = cast("_Answer", found)
        if answer.plan.status is Status.INFEASIBLE:
            self._end()
            self.impossible.emit(answer.plan.conflicts)
            return

        def work(_control: JobControl) -> str:
            store = self._holder.store
            return save(store, answer.asked, answer.plan, answer.by_score, cost_of_locks=answer.locks)

        self._run(self._store_runner, work, self._kept)

    @Slot(object)
    def _kept(self, version: object) -> None:
        self._end()
        self.found.emit(str(version))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    @Slot()
    def _end(self) -> None:
        self._job = None
        self.ended.emit()
