"""Our end of the processes that draw sheets: work out, answers in, and what a crash costs."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from exports.sheet_writer import Answer, Order, Wanted
from fieldsurvey import priority
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl

_TICK = 0.05  # s between looks at the cancel button
COMMAND = (sys.executable, "-P", "-m", "exports.sheet_worker")  # -P: not from where we stand


def drawn(
    order: Order, wanted: Sequence[Wanted], control: JobControl, processes: int, command: Sequence[str] = COMMAND
) -> Iterator[Answer]:
    """Yield the answers as they come. A sheet that makes its process end is named; a new process goes on.

    Args:
        order: What all have in common.
        wanted: The sheets.
        control: Cancel; while answers are waited for, short jobs are let in.
        processes: How many.
        command: What to start.

    Raises:
        JobCancelled: If the user stopped; sheets that were begun are finished first.
    """
    todo: queue.SimpleQueue[Wanted] = queue.SimpleQueue()
    for each in wanted:
        todo.put(each)
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    stop = threading.Event()
    threads = [
        threading.Thread(target=_serve, args=(order, todo, answers.put, stop, command)) for _each in range(processes)
    ]
    for thread in threads:
        thread.start()
    try:
        for _each in wanted:
            yield _next(answers, control)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _next(answers: "queue.SimpleQueue[Answer]", control: JobControl) -> Answer:
    while True:
        try:
            return answers.get(timeout=_TICK)
        except queue.Empty:
            control.breathe()


def _serve(
    order: Order,
    todo: "queue.SimpleQueue[Wanted]",
    put: Callable[[Answer], None],
    stop: threading.Event,
    command: Sequence[str],
) -> None:
    """Hand one sheet after the other to one process, started anew after a crash."""
    child: _Child | None = None
    while not stop.is_set():
        try:
            each = todo.get_nowait()
        except queue.Empty:
            break
        child = child or _Child(order, command)
        answer = child.ask(each)
        if answer is None:
            child.end()
            child = None
            why = _("The process that drew it ended unexpectedly.")
            answer = Answer(each.number, each.name, why=why)
        put(answer)
    if child is not None:
        child.end()


class _Child:
    def __init__(self, order: Order, command: Sequence[str]) -> None:
        paths = [str(Path(__file__).resolve().parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8",
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        self._process = subprocess.Popen(
            list(command), env=environment, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        priority.lower(self._process.pid)
        self._say(json.dumps(asdict(order)))

    def _say(self, line: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it ended: seen when it does not answer
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()

    def ask(self, wanted: Wanted) -> Answer | None:
        """Return what became of a sheet; None if the process ended."""
        self._say(json.dumps(asdict(wanted)))
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        return Answer(**json.loads(line)) if line.endswith("\n") else None

    def end(self) -> None:
        """Let the process end; it has nothing left to do."""
        self._say("")
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()
