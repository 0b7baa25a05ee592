"""A table of 600,000 rows on the screen: opening, sorting, filtering, and the GUI thread's work per frame of scrolling.

    python benchmarks/bench_table.py [--rows 600000] [--folder DIR]

A frame is one step of the scroll bar and painting the whole grid anew, in
processor time of the GUI thread, so that the figure holds on a busy machine;
the rows come beside it from the store thread. At 60 frames a second there are
16.7 ms for it. Fails if the 95th percentile is above that, or one above 50 ms.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("FIELDSURVEY_LANG", "zh_CN")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QWidget

from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from ui import theme
from ui.app import application
from ui.jobs import JobRunner
from ui.map.canvas import MapCanvas
from ui.project.holder import StoreHolder
from ui.remembered import Remembered
from ui.tables.panel import TablesPanel

MATERIALS = ("灰口铸铁", "球墨铸铁", "PE", "镀锌钢", "混凝土")
FRAME_MS, WORST_MS = 16.7, 50.0
STEPS, JUMPS = 600, 40


def rows(count: int) -> Iterator[dict[str, Value]]:
    chance = random.Random(8)
    for number in range(count):
        yield {
            "source_id": f"JS{number:07}", "pipe_class": "庭院主管", "diameter_mm": chance.choice((50, 100, 150, 200)),
            "material": chance.choice(MATERIALS), "laid_year": chance.randrange(1965, 2026),
            "depth": round(chance.uniform(0.6, 2.4), 2),
        }  # fmt: skip


def wait(until: Callable[[], bool], seconds: float = 120.0) -> float:
    """Run the event loop until something holds; return the seconds."""
    begun, loop, timer = time.perf_counter(), QEventLoop(), QTimer()
    timer.setInterval(1)
    timer.timeout.connect(lambda: loop.quit() if until() or time.perf_counter() - begun > seconds else None)
    timer.start()
    loop.exec()
    if not until():
        sys.exit("the table did not settle")
    return time.perf_counter() - begun


def frames(panel: TablesPanel, step: int) -> list[float]:
    """Scroll and return the milliseconds that each frame took."""
    bar, found = panel.grid.verticalScrollBar(), []
    bar.setValue(0)
    for _n in range(STEPS):
        begun = time.thread_time()
        bar.setValue(bar.value() + step)
        panel.grid.viewport().repaint()
        found.append((time.thread_time() - begun) * 1e3)
        wait(lambda: True)  # what came meanwhile is taken in between, as between two frames
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        os.environ["FIELDSURVEY_HOME"] = folder
        path = Path(folder) / "long.gpkg"
        with Store.create(path) as store:
            store.import_rows("water_line", rows(arguments.rows), source="long.csv")
        return measured(path, arguments.rows)


def measured(path: Path, count: int) -> int:
    app = application()
    theme.prepare(app, "light", theme.load_font())
    holder, top = StoreHolder(), QWidget()
    runner = JobRunner(top, "store", holder.may_pause)
    runner.start(lambda _control: holder.put(Store.open(path)))
    canvas = MapCanvas()
    panel = TablesPanel(runner, holder, canvas, Remembered(Settings(), top))
    theme.dress(panel, "light")
    panel.resize(1366, 768)
    panel.show()
    panel.reader.list_tables()
    panel.open_table("water_line")
    found: dict[str, object] = {"rows": count}

    def there() -> bool:
        return panel.model.rowCount() > 0 and panel.model.is_settled() and bool(panel.model.uid(0))

    found["open_s"] = round(wait(there), 2)
    slow, fast = frames(panel, 1), frames(panel, 400)
    both = sorted(slow + fast)
    found["frame_ms"] = {
        "median": round(statistics.median(both), 2), "p95": round(both[int(len(both) * 0.95)], 2),
        "worst": round(both[-1], 2),
    }  # fmt: skip
    chance, jumps = random.Random(9), []
    for _n in range(JUMPS):
        row = chance.randrange(count)
        panel.grid.scrollTo(panel.model.index(row, 0))
        jumps.append(wait(lambda row=row: bool(panel.model.uid(row))) * 1e3)  # type: ignore[misc]
    found["jump_ms"] = {"median": round(statistics.median(jumps), 1), "worst": round(max(jumps), 1)}
    found |= searches(panel, count)
    print(json.dumps(found, ensure_ascii=False, indent=1))
    canvas.close_renderer()
    runner.start(lambda _control: holder.close())
    runner.finish()
    return 0 if both[int(len(both) * 0.95)] <= FRAME_MS and both[-1] <= WORST_MS else 1


def searches(panel: TablesPanel, count: int) -> dict[str, object]:
    found: dict[str, object] = {}
    order = panel.model.order
    for name, column in (("sort_number_s", "laid_year"), ("sort_text_s", "material"), ("sort_id_s", "source_id")):
        place = next(n for n, field in enumerate(panel.model.fields) if field.column.name == column)
        before = panel.model.order
        panel.grid.horizontalHeader().setSortIndicator(place, Qt.SortOrder.DescendingOrder)
        found[name] = round(wait(lambda before=before: panel.model.order is not before), 2)  # type: ignore[misc]
    before = panel.model.order
    panel.bar.line.setText("敷设年份 < 1990 且 管材 = 灰口铸铁")
    panel.bar.filtered.emit(panel.bar.line.text())
    found["filter_s"] = round(wait(lambda: panel.model.order is not before), 2)
    found["filter_rows"] = panel.model.rowCount()
    assert 0 < panel.model.rowCount() < count == len(order)
    return found


if __name__ == "__main__":
    sys.exit(main())
