"""From starting the program to the first drawn map: whole processes, medians of the wall clock and of processor time.

    python benchmarks/bench_start.py [SCALE ...]

Scale 1 is the sample project; others are the made-up city of bench_map.py,
imported into a project of its own. Cold: after the system has dropped what it
keeps of files, where it lets us (as root). The peer is QGIS's own API opening
the same file; it is measured in the same run where `python3-qgis` is installed.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from anywhere

from benchmarks.bench_map import city, write_gpkg

ROUNDS = 5
BUDGET_S = {1: 1.0, 100: 1.2}
_DROP = Path("/proc/sys/vm/drop_caches")

_OURS = """
import sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
from ui.app import application, build
app = application()
window = build(Path(sys.argv[1]))
window.canvas.first_drawn.connect(lambda: (print("drawn", flush=True), app.quit()))
window.show()
app.exec()
window.close()
"""
_BUILT = """
import sys
from pathlib import Path
from fieldsurvey.projects import install_forms
from fieldsurvey.store import Store
from layers import sidecar
from ui.project.overview import map_counter
project = Path(sys.argv[1])
with Store.open(project) as store:
    install_forms(store)
    folder = sidecar.folder_for(project, map_counter(store))
sidecar.build(project, folder)
"""
_QGIS = """
import sys
from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QSize
app = QgsApplication([], False); app.initQgis()
names = ("community", "building", "water_line")
layers = [QgsVectorLayer(f"{sys.argv[1]}|layername={name}", name, "ogr") for name in names]
settings = QgsMapSettings(); settings.setLayers(layers); settings.setOutputSize(QSize(1000, 700))
settings.setExtent(layers[0].extent())
job = QgsMapRendererParallelJob(settings); job.start(); job.waitForFinished()
print("drawn", flush=True)
"""


def _seconds(command: list[str], environment: dict[str, str], *, cold: bool = False) -> tuple[float, float]:
    """Return medians: wall and processor time to the first map."""
    walls, cpus = [], []
    for _round in range(ROUNDS):
        if cold:
            os.sync()
            _DROP.write_text("3")
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            assert child.stdout is not None
            child.stdout.readline()  # the map is there; closing does not count
            walls.append(time.perf_counter() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(walls), statistics.median(cpus)


def _project(scale: int, folder: Path, environment: dict[str, str]) -> str:
    """Return a project with its map built."""
    project, tool = folder / f"x{scale}.gpkg", [sys.executable, "-m", "fieldsurvey"]

    def run(*command: str) -> None:
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    if scale == 1:
        run(*tool, "demo", "--project", str(project), "--no-window")
    else:
        made = write_gpkg(city(scale), folder / f"city{scale}.gpkg")
        run(*tool, "new", str(project))
        run(*tool, "import", str(project), str(made))
        made.unlink()
    run(sys.executable, "-c", _BUILT, str(project))
    return str(project)


def main() -> None:
    """Print the medians in seconds, and those of the peer where it is here."""
    peer = "/usr/bin/python3"
    has_peer = subprocess.run([peer, "-c", "import qgis"], capture_output=True, check=False).returncode == 0
    can_drop = os.access(_DROP, os.W_OK)
    for scale in [int(text) for text in sys.argv[1:]] or [1, 100]:
        with tempfile.TemporaryDirectory() as folder:
            home = {"FIELDSURVEY_HOME": folder, "PYTHONPATH": str(Path(__file__).parents[1])}
            environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **home}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody starts a program that is compiled each time
            project = _project(scale, Path(folder), environment)
            ours, theirs = [sys.executable, "-c", _OURS, project], [peer, "-c", _QGIS, project]
            subprocess.run(ours, env=environment, check=True, capture_output=True)
            found: dict[str, object] = {"scale": scale, "ours_s": _seconds(ours, environment)}
            found["qgis_s"] = _seconds(theirs, environment) if has_peer else "skipped: python3-qgis is not installed"
            found["ours_cold_s"] = _seconds(ours, environment, cold=True) if can_drop else "skipped: needs root"
            print(json.dumps({**found, "budget_s": BUDGET_S.get(scale)}), flush=True)


if __name__ == "__main__":
    main()
