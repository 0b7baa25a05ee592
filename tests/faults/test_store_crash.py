"""kill -9 at a random moment, a short share of what `make soak` runs (FIELDSURVEY_SOAK=1 runs it all here)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOAK = os.environ.get("FIELDSURVEY_SOAK") == "1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no kill -9")
@pytest.mark.timeout(3600 if SOAK else 180)
@pytest.mark.parametrize(("kind", "short", "whole"), [("saves", 25, 400), ("imports", 10, 100)])
def test_every_acknowledged_step_survives_kill(kind: str, short: int, whole: int) -> None:
    command = [sys.executable, "-m", "tests.faults.killing", kind, str(whole if SOAK else short)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert int(done.stdout.split(", ")[1].split()[0]) > 0
