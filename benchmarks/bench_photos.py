"""Photos dropped on a form of the real window: time a photo, and the longest time the window does not answer.

`python benchmarks/bench_photos.py [COUNT [MEGAPIXELS]]`; 500 photos of 2 megapixels without arguments.
Budget: the window answers within 16 ms. Wall clock is what a person feels; the time of the
window's own thread is what the program is to blame for on a busy machine.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["FIELDSURVEY_HOME"] = tempfile.mkdtemp()
sys.path.insert(0, str(Path(__file__).parents[1]))  # run from anywhere

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEventLoop, QTimer

from fieldsurvey.projects import new_project
from survey_forms.records import Subject
from ui.app import build
from ui.main_window import MainWindow
from ui.photos.editor import files_as_sources


def make(folder: Path, count: int, megapixels: float) -> list[Path]:
    """Write photos that differ; a few pictures serve for all, with other bytes after their end."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(small).resize((width, width * 3 // 4)).save(folder / "one.jpg", quality=88)
    data = (folder / "one.jpg").read_bytes()
    files = [folder / f"{number:04}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(data + number.to_bytes(4, "big"))
    return files


def until(done: "object", seconds: float = 600) -> None:
    clock = QElapsedTimer()
    clock.start()
    while not done() and clock.elapsed() < seconds * 1000:  # type: ignore[operator]
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)  # noqa: TID251 - a benchmark


def opened(folder: Path) -> MainWindow:
    with new_project(folder / "p.gpkg") as store:
        uid = store.create_record("community", {"name": "枫叶山小区", "code": "HS1"})
    window = build(folder / "p.gpkg")
    window.show()
    until(lambda: window.project.current is not None)
    window.open_form(Subject("f04_water", uid, uid))
    until(lambda: window.form.current is not None)
    return window


class Heart:
    """Notes how long the window did not answer."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.own: list[float] = []
        self._at = (time.perf_counter(), time.thread_time())
        self._timer = QTimer(interval=1)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        self.wall.append((now[0] - self._at[0]) * 1000)
        self.own.append((now[1] - self._at[1]) * 1000)
        self._at = now

    def told(self) -> str:
        self._timer.stop()
        return ", ".join(
            f"{name}: p99 {np.percentile(times, 99):.1f}, longest {max(times):.1f} ms"
            for name, times in (("wall", self.wall), ("own thread", self.own))
        )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    megapixels = float(sys.argv[2]) if len(sys.argv) > 2 else 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        window = opened(folder)
        (folder / "in").mkdir()
        files = make(folder / "in", count, megapixels)
        idle = Heart()
        pause = QTimer(singleShot=True, interval=2000)
        pause.start()
        until(lambda: not pause.isActive())
        print(f"nothing to do: {idle.told()}")
        ended: list[object] = []
        window.form.photos.intake.ended.connect(ended.append)
        heart, start, cpu = Heart(), time.perf_counter(), time.process_time()
        window.form_panel.photos_offered.emit("", files_as_sources(files))
        until(lambda: bool(ended))
        seconds = time.perf_counter() - start
        cpu = (time.process_time() - cpu) / count * 1000
        have = len(window.form_panel.photos())
        each = f"{seconds / count * 1000:.0f} ms each, of CPU {cpu:.0f}"
        print(f"{have} photos of {megapixels} megapixels in {seconds:.1f} s, {each}")
        print(f"window: {heart.told()} (budget 16)")
        window.close()


main()
