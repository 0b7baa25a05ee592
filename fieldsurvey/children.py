"""Work that a child process does, of which only the answer is wanted."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from fieldsurvey import priority
from fieldsurvey.jobs import JobControl

_TICK = 0.1  # seconds


def answer_of(module: str, arguments: Sequence[str], control: JobControl) -> tuple[int, dict[str, Any]]:
    """Run a module and return its exit code and its answer: the JSON in its last line, empty if there is none.

    Raises:
        JobCancelled: If the user stopped it; the child is ended then.
    """
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],  # -P: not from where we stand
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
    )  # fmt: skip
    priority.lower(child.pid)
    try:
        while child.poll() is None:
            control.pause(_TICK)
        lines = child.stdout.read().splitlines()[-1:] if child.stdout else []
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    return child.returncode, json.loads(lines[0]) if lines else {}
