"""The machine's own QGIS: scripts that run in the system's Python. Tests are skipped where it is not installed."""

import json
import os
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

_PREAMBLE = """
import json, os, sys
from osgeo import gdal
from qgis.core import QgsApplication
app = QgsApplication([], False)
app.initQgis()
told = []
QgsApplication.messageLog().messageReceived.connect(lambda text, tag, level: told.append(f"{tag}: {text}"))
gdal.PushErrorHandler(lambda kind, number, text: told.append(text))
def tell(found):
    print(json.dumps({"told": told, "found": found}), flush=True)
    os._exit(0)
"""


@lru_cache(maxsize=1)
def _python() -> str | None:
    for python in ("/usr/bin/python3", "python3"):
        try:
            done = subprocess.run([python, "-c", "import qgis.core"], capture_output=True, timeout=150, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return python
    return None


def ask_qgis(script: str, *arguments: Path | str, home: Path) -> Any:
    """Run a script in the system's QGIS; return what it passes to tell(), after nothing was warned of.

    Args:
        script: Python; `app`, `told` (messages so far) and `tell` are there.
        arguments: Its sys.argv[1:].
        home: Where QGIS may keep its settings.
    """
    python = _python()
    if python is None:
        pytest.skip("QGIS (python3-qgis) is not installed on this machine")
    environment = {
        "QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
    }  # fmt: skip
    done = subprocess.run(
        [python, "-c", _PREAMBLE + script, *map(str, arguments)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["told"] == []
    assert "Logged warning" not in done.stderr
    return answer["found"]
