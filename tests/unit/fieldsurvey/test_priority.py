"""Workers step back behind the window."""

import os
import subprocess
import sys

import pytest

from fieldsurvey import priority

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="asks the system the way of Linux")


def test_a_child_goes_after_programs_of_usual_priority() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        before = os.getpriority(os.PRIO_PROCESS, child.pid)
        priority.lower(child.pid)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) > before
        assert os.getpriority(os.PRIO_PROCESS, 0) == before
        child.kill()


def test_a_child_that_has_ended_is_no_matter() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    priority.lower(child.pid)
