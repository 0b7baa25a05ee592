"""kill -9 at a random moment: what was acknowledged is there, and nothing is half."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fieldsurvey.store import Store
from fieldsurvey.store.check import check

_CHILD = """
import sys
from pathlib import Path
from tests.builders import make_project, square
store = make_project(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(300):
    uid = store.create_record("community", {"name": f"小区{number}", "code": str(number), "geom": square()})
    store.save(uid, {"household_count": number, "address": "x" * 500})
    print(uid, number, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_every_acknowledged_save_survives_kill(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "p.gpkg"
    after = random.Random(seed).randint(1, 250)
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    acknowledged = []
    for line in child.stdout:
        acknowledged.append(line.split())
        if len(acknowledged) > after:
            os.kill(child.pid, signal.SIGKILL)
            break
    acknowledged += [line.split() for line in child.stdout if len(line.split()) == 2]
    child.wait()
    child.stdout.close()
    report = check(path)
    assert report.is_whole, report.as_text()
    with Store.open(path) as store:
        for uid, number in acknowledged[1:]:
            row = store.get(uid)
            assert row is not None
            assert row.values["household_count"] == int(number)
        assert store._db.scalar("PRAGMA integrity_check") == "ok"
        assert len(acknowledged) - 1 <= store.count("community") <= len(acknowledged)
