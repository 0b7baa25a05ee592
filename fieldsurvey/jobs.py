"""Long work without Qt: progress out, cancel in."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import TypeVar

from fieldsurvey.errors import JobCancelled

T = TypeVar("T")
_BREATH = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        done: Steps finished.
        total: Steps in all; None while unknown.
        note: What is being done, in the user's language.
    """

    done: int
    total: int | None
    note: str


class JobControl:
    """The two wires between a job and whoever started it: progress out, cancel in."""

    def __init__(
        self, report: Callable[[Progress], None] = lambda _: None, between: Callable[[], None] = lambda: None
    ) -> None:
        """Make a control.

        Args:
            report: Called at each step, in the job's own thread.
            between: Called after it: the place where a long job lets short ones in.
        """
        self._report, self._between = report, between
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next step. Safe from any thread."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """True once cancel() was called."""
        return self._cancelled.is_set()

    def step(self, done: int, total: int | None, note: str) -> None:
        """Report one step.

        Raises:
            JobCancelled: Once cancel() was called.
        """
        if self._cancelled.is_set():
            raise JobCancelled(note)
        self._report(Progress(done, total, note))
        self._between()

    def breathe(self) -> None:
        """Let others in while the job waits for something; nothing is reported.

        Raises:
            JobCancelled: Once cancel() was called.
        """
        if self._cancelled.is_set():
            raise JobCancelled
        self._between()

    def pause(self, seconds: float) -> None:
        """Wait, letting others in.

        Raises:
            JobCancelled: Once cancel() was called.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.breathe()
            self._cancelled.wait(min(left, _BREATH))
        self.breathe()

    def steps(self, items: Iterable[T], note: str) -> Iterator[T]:
        """Yield the items, reporting before each.

        Raises:
            JobCancelled: Before the next item, once cancel() was called.
        """
        total = len(items) if isinstance(items, Sized) else None
        for done, item in enumerate(items):
            self.step(done, total, note)
            yield item
