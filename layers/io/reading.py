"""Our end of the child process that reads files: limits, progress, cancel.

Nothing that a file does to its reader reaches the window or the project: a
crash, a bomb or an endless loop ends the child and becomes one sentence.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from fieldsurvey import i18n, priority
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from layers.io import transfer
from layers.io.raw import RawLayer
from layers.io.readers import Request
from layers.io.report import FileReport

_TICK = 0.05  # s between looks at the cancel button
_FLOOR = 3 << 30  # bytes; Python, GDAL and GEOS alone map more than one GiB


def _memory() -> int:
    """Return the bytes that the child may map: three quarters of the machine's memory."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        physical = 8 << 30
    return max(_FLOOR, physical * 3 // 4)


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take.

    Attributes:
        seconds: Wall clock.
        memory: Bytes of address space; 0: three quarters of the machine's memory.
    """

    seconds: float = 1800.0
    memory: int = 0


class Reader:
    """A child process that reads files one after another; started with the first, started anew after a crash.

    Use as a context manager; leaving it ends the child, whatever it is doing.
    """

    def __init__(self, limits: Limits | None = None, command: list[str] | None = None) -> None:
        self._limits = limits or Limits()
        self._command = command or [sys.executable, "-P", "-m", "layers.io.child"]  # -P: not from where we stand
        self._child: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="fieldsurvey-", ignore_cleanup_errors=True)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._end()
        if self._folder is not None:
            self._folder.cleanup()

    def read(self, request: Request, report: FileReport, control: JobControl) -> list[RawLayer]:
        """Return the layers of a file in the project's system; a refusal stands in the report, with no layers.

        Raises:
            InputRefused: If the child crashed, or took too long.
            JobCancelled: If the user stopped it; the child is gone then.
        """
        if self._folder is None:
            raise RuntimeError("a Reader is a context manager")
        with tempfile.TemporaryDirectory(dir=self._folder.name, ignore_cleanup_errors=True) as folder:
            asked = {
                "file": str(request.file.resolve()), "target": request.target, "crs": request.crs,
                "encoding": request.encoding, "repair": request.repair, "folder": folder,
                "memory": self._limits.memory or _memory(),
            }  # fmt: skip
            try:
                answer = self._asked(asked, request.file, control)
                transfer.report_to(report, answer["report"])
                return transfer.load(answer["layers"])
            except (ValueError, KeyError, TypeError) as error:
                self._end()
                raise _crashed(request.file) from error
            except BaseException:
                self._end()
                raise

    @property
    def child(self) -> "subprocess.Popen[str] | None":
        """The process that reads; None before the first file and after a stop."""
        return self._child

    def _asked(self, asked: dict[str, Any], file: Path, control: JobControl) -> dict[str, Any]:
        child = self._running()
        pipe = child.stdin
        try:
            if pipe is None:
                raise _crashed(file)
            pipe.write(json.dumps(asked) + "\n")
            pipe.flush()
        except OSError as error:
            raise _crashed(file) from error
        end = time.monotonic() + self._limits.seconds
        done: tuple[int, int | None, str] = (0, None, file.name)
        while True:
            control.step(*done)
            try:
                line = self._lines.get(timeout=_TICK)
            except queue.Empty:
                if time.monotonic() > end:
                    raise _too_slow(file, self._limits.seconds) from None
                continue
            if not line:
                raise _crashed(file)
            answer: dict[str, Any] = json.loads(line)
            if "progress" not in answer:
                return answer
            done = (int(answer["progress"][0]), answer["progress"][1], str(answer["progress"][2]))

    def _running(self) -> "subprocess.Popen[str]":
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        folder = self._folder.name if self._folder else None
        environment = {
            **os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8",
            "FIELDSURVEY_LANG": i18n.language(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
            **(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder) if folder else {}),
        }  # fmt: skip
        self._lines = queue.Queue()
        self._child = subprocess.Popen(
            self._command, env=environment, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        priority.lower(self._child.pid)
        if self._child.stdout is not None:
            threading.Thread(target=_listen, args=(self._child.stdout, self._lines.put), daemon=True).start()
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()


def _listen(pipe: IO[str], put: Callable[[str], None]) -> None:
    """Hand on the child's lines, and an empty one when it is gone."""
    with pipe:
        for line in pipe:
            put(line)
    put("")


def _crashed(file: Path) -> InputRefused:
    text = _("{file} made its reader stop: it is damaged, or made to do harm. Nothing of it was taken.")
    return InputRefused(text.format(file=file.name))


def _too_slow(file: Path, seconds: float) -> InputRefused:
    text = _("{file} could not be read within {minutes:g} minutes and was given up. Split it.")
    return InputRefused(text.format(file=file.name, minutes=round(seconds / 60, 1)))
