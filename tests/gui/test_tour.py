"""The whole job once, through the real window: what the tour shows is checked by the tour itself, from the files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_job_happens(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "fieldsurvey", "demo", "--tour", str(tmp_path)]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert len(list(tmp_path.glob("*.png"))) >= 15
    assert len(list(tmp_path.glob("*.pdf"))) == 1
