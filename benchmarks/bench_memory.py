"""Memory of the window in long use: the day of a surveyor on the sample city, over and over, at rest before and after.

`python benchmarks/bench_memory.py 15` works for so many minutes without a
pause: typing, saving, editing, importing, syncing, sheets, map layers, every
workspace. A person needs an hour for what it does in some minutes. Budget:
10 % more than after the first round.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))  # run from anywhere

from fieldsurvey.projects import sample_project
from tests.faults.monkey import at_rest
from tests.faults.session import TARGETS, Session
from ui.app import application

_GROWTH = 0.1
_MINUTES = 2.0


def _round(session: Session) -> int:
    """Do everything once; return how many steps that were."""
    for kind in TARGETS:
        session.do(kind)
    for name in session.window.workspaces.names:
        session.window.show_workspace(name)
        session.do("edited")
    return len(TARGETS) + len(session.window.workspaces.names)


def main() -> int:
    """Print memory after the first round, on the way, and at the end."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else _MINUTES
    with tempfile.TemporaryDirectory() as place, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.environ["FIELDSURVEY_HOME"], os.environ["FIELDSURVEY_LANG"] = place, "zh_CN"
        application()
        folder = Path(place)
        (folder / "stick").mkdir()
        sample_project(folder / "p.gpkg").close()
        session = Session(folder / "p.gpkg", folder, 1, 1, nowhere)
        steps = _round(session)
        first = at_rest(session.window)
        print(f"after the first {steps} steps: {first[1]:.0f} MiB, {first[0].total()} widgets")
        began = time.monotonic()
        while time.monotonic() - began < minutes * 60:
            steps += _round(session)
        last = at_rest(session.window)
        print(f"after {steps} steps in {minutes:g} min: {last[1]:.0f} MiB, {last[0].total()} widgets")
        session.window.close()
    grown = last[1] / first[1] - 1
    print(f"memory {grown:+.1%}, budget {_GROWTH:.0%}")
    return grown > _GROWTH


if __name__ == "__main__":
    sys.exit(main())
