"""From starting the program to the first drawn map of the sample project: whole processes, medians.

The peer is QGIS's own API opening the same file; it is measured in the same run where `python3-qgis` is installed.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
BUDGET_S = 1.0

_OURS = """
import sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
from ui.app import application, build
app = application()
window = build(Path(sys.argv[1]))
window.canvas.first_drawn.connect(app.quit)
window.show()
app.exec()
window.close()
"""
_QGIS = """
import sys
from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QSize
app = QgsApplication([], False); app.initQgis()
layers = [QgsVectorLayer(f"{sys.argv[1]}|layername={name}", name, "ogr") for name in ("community", "building", "road")]
settings = QgsMapSettings(); settings.setLayers(layers); settings.setOutputSize(QSize(1000, 700))
settings.setExtent(layers[0].extent())
job = QgsMapRendererParallelJob(settings); job.start(); job.waitForFinished()
"""


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    times = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    """Print the medians in seconds, and the ratio where the peer is here."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "FIELDSURVEY_HOME": folder}
        project = str(Path(folder) / "sample.gpkg")
        tool = [sys.executable, "-m", "fieldsurvey"]
        subprocess.run([*tool, "demo", "--project", project, "--no-window"], env=environment, check=True)
        subprocess.run([sys.executable, "-c", _OURS, project], env=environment, check=True, capture_output=True)
        found: dict[str, float | str] = {"ours_s": _seconds([sys.executable, "-c", _OURS, project], environment)}
        peer = "/usr/bin/python3"
        if subprocess.run([peer, "-c", "import qgis"], capture_output=True, check=False).returncode == 0:
            found["qgis_s"] = _seconds([peer, "-c", _QGIS, project], environment)
        else:
            found["qgis_s"] = "skipped: python3-qgis is not installed"
    print(json.dumps({**found, "budget_s": BUDGET_S}, indent=1))


if __name__ == "__main__":
    main()
