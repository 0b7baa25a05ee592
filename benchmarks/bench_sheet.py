"""CPU time and size of assessment sheets: one sheet with map and six photos, and what its parts cost.

Budget (ARCHITECTURE.md): 70 ms of CPU per sheet on the two-core machine.
CPU time is used, not wall time: it does not depend on what else runs.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from exports.sheet.data import Photo, SheetData
from fieldsurvey import samples
from fieldsurvey.store import Store

BUDGET_MS = 70.0
ROUNDS = 15


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = make_project(folder)
        uid = str(store.select("community", ["code"], order="code")[0]["uid"])
        from exports.sheet.collect import collector
        from exports.sheet.document import render

        source = collector(store)
        data = with_photos(source.sheet(uid), folder)
        out = folder / "sheet.pdf"
        sheet = cpu_ms(lambda: render(data, out))
        plain = cpu_ms(lambda: render(replace(data, photos=()), out))
        collected = cpu_ms(lambda: source.sheet(uid))
        render(data, out)
        items = sum(len(layer) for layer in data.map.layers.values())
        print(f"one sheet, map with {items} items, 6 photos: {sheet:6.1f} ms CPU, {out.stat().st_size / 1000:.0f} kB")
        print(f"  without photos:                         {plain:6.1f} ms CPU")
        print(f"  collecting its data from the project:   {collected:6.1f} ms CPU")
        print(f"budget {BUDGET_MS:.0f} ms: {'kept' if sheet <= BUDGET_MS else 'MISSED'}")
        store.close()


def make_project(folder: Path) -> Store:
    from layers.io.importer import run

    store = Store.create(folder / "city.gpkg")
    run(store, [samples.city()])
    return store


def with_photos(data: SheetData, folder: Path) -> SheetData:
    from PIL import Image

    photos = []
    for index in range(6):
        path = folder / f"{index}.jpg"
        Image.effect_mandelbrot((2000, 1500), (-2.2 + index / 10, -1.5, 1.2, 1.5), 80).convert("RGB").save(path)
        photos.append(Photo(f"{index:064x}", f"供水：立管锈蚀第{index + 1}处", "细部", "2026-11-10", "李工", path))
    return replace(data, photos=tuple(photos), photos_total=6)


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the median CPU time in ms; the first call, which fills caches, is not counted."""
    work()
    times = []
    for _round in range(ROUNDS):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
