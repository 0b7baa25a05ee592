"""Running long work beside the window: the only bridge between threads and Qt."""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance, Slot

from fieldsurvey.errors import FieldSurveyError, JobCancelled
from fieldsurvey.jobs import JobControl, Progress

_log = logging.getLogger(__name__)
_REPORT_EVERY = 0.05  # seconds between progress signals


def _done(_control: JobControl) -> None:
    """Stand for the work of a job that has ended."""


class Job(QObject):
    """A started job; one of the last three signals ends it, unless the runner closes first.

    After that nobody is told: a window that is closed asks and shows nothing
    any more. What failed then is in the log.

    Signals, all emitted in the GUI thread:
        progressed: (Progress) at most every 50 ms.
        succeeded: (object) what the work returned.
        failed: (Exception) what it raised.
        cancelled: () it stopped because of cancel().
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    _posted = Signal(object, object)  # (signal, args): the way from the worker to the GUI thread

    def __init__(
        self, work: Callable[[JobControl], object], runner: "JobRunner", between: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(runner)
        self._work, self._runner = work, runner
        self._control = JobControl(self._report, between)
        self._reported_at = 0.0
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def cancel(self) -> None:
        """Ask the job to stop; cancelled follows once it has."""
        self._control.cancel()

    def run(self) -> None:
        """Do the work. JobRunner calls this once, in the worker thread."""
        try:
            self._posted.emit(self.succeeded, (self._work(self._control),))
        except JobCancelled:
            self._posted.emit(self.cancelled, ())
        except Exception as error:  # noqa: BLE001 - the GUI thread decides what it means
            self._posted.emit(self.failed, (error,))

    def _report(self, progress: Progress) -> None:
        if (now := time.monotonic()) - self._reported_at >= _REPORT_EVERY:
            self._reported_at = now
            self._posted.emit(self.progressed, (progress,))

    @Slot(object, object)
    def _deliver(self, signal: SignalInstance, args: tuple[object, ...]) -> None:
        if self._runner.is_open:
            signal.emit(*args)
        elif signal == self.failed:
            level = logging.INFO if isinstance(args[0], FieldSurveyError) else logging.ERROR
            _log.log(level, "failed while the window was being closed: %r", args[0])
        if signal != self.progressed:
            # Else all that the work knew waits for the collector. The job itself is to wait for it: let go
            # of here, it could end in the worker, which is still on its way out.
            self._work = _done
            self.deleteLater()


class JobRunner(QObject):
    """Runs jobs one after another in one thread.

    The window has one runner named "store", whose thread owns the project
    file, and one for everything that must not wait behind it. A quick job does
    not wait for the end of a long one: it runs, in the same thread, at the
    long one's next step, unless that is in the middle of a transaction. So a
    draft is on the disk at once while photos are being sent.
    """

    def __init__(
        self, parent: QObject | None = None, name: str = "store", may_pause: Callable[[], bool] = lambda: True
    ) -> None:
        """Start the thread.

        Args:
            parent: Owner.
            name: What debuggers and leak tests show.
            may_pause: Asked, in the thread, whether a long job may be interrupted now.
        """
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._quick: deque[Job] = deque()
        self._may_pause = may_pause
        self._is_open = True

    @property
    def is_open(self) -> bool:
        """False once the thread was told to stop: the window is closing."""
        return self._is_open

    def start(self, work: Callable[[JobControl], object], *, quick: bool = False, lets_in: bool = False) -> Job:
        """Queue work. Its signals come only after control returns to Qt: connect before.

        Args:
            work: What is done.
            quick: It does not wait for the end of a long job.
            lets_in: It is quick to begin, but takes a while: others come in at its steps.

        Raises:
            RuntimeError: If quick work, which may be a save, is asked for after the thread was told to stop.
        """
        if quick:
            job = Job(work, self, self._let_in) if lets_in else Job(work, self)
            self._quick.append(job)
            self._thread.submit(self._run_quick)
            return job
        job = Job(work, self, self._let_in)
        if self._is_open:  # else the window is closing, and what only it would show is not worked out any more
            self._thread.submit(job.run)
        return job

    def _let_in(self) -> None:
        if self._quick and self._may_pause():
            self._run_quick()

    def _run_quick(self) -> None:
        """Run the quick jobs that wait, in their order; none, if a long job let them in before."""
        while self._quick:
            self._quick.popleft().run()

    def finish(self) -> None:
        """Do what is queued, then stop: for the thread whose last jobs are saves. Long jobs stop at their next step."""
        self._is_open = False
        for job in self.findChildren(Job):
            if job not in self._quick:
                job.cancel()
        self._thread.shutdown(wait=True)

    def close(self) -> None:
        """Cancel what runs and wait for it, so that no thread outlives the window."""
        self._is_open = False
        for job in self.findChildren(Job):
            job.cancel()
        self._thread.shutdown(wait=True, cancel_futures=True)
