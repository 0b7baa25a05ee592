"""CPU time and size of assessment sheets: one sheet with map and six photos, and what its parts cost.

Budget (ARCHITECTURE.md): 70 ms of CPU per sheet on the two-core machine.
CPU time is used, not wall time: it does not depend on what else runs.

    FIELDSURVEY_PEERS=/path/to/python python benchmarks/bench_sheet.py

also has WeasyPrint and typst make the same tables, map and photos, each where
that interpreter has it: pip install weasyprint typst, outside this project.
QGIS Atlas is not run here; the design study measured 150 to 200 ms for it.
"""

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from exports.sheet.data import Photo, SheetData
from fieldsurvey import samples
from fieldsurvey.store import Store

BUDGET_MS = 70.0
PEER = Path(__file__).parent / "peers" / "sheet.py"
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
        compare(data, folder, sheet)


def compare(data: SheetData, folder: Path, ours: float) -> None:
    """Have the peers make the same content, and say what is skipped."""
    from exports.sheet.fonts import FOLDER

    python = os.environ.get("FIELDSURVEY_PEERS", "")
    content = folder / "content.json"
    content.write_text(json.dumps(content_of(data, folder), ensure_ascii=False), encoding="utf-8")
    for engine in ("weasyprint", "typst"):
        if not python:
            print(f"{engine}: skipped, FIELDSURVEY_PEERS names no interpreter that has it")
            continue
        command = [python, str(PEER), engine, str(content), str(FOLDER), str(folder / f"{engine}.pdf")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{engine}: skipped, {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        told = f"{found['ms']:6.1f} ms CPU, {found['bytes'] / 1000:.0f} kB, {found['ms'] / ours:.1f} times ours"
        print(f"{engine} {found['version']}: {told}")


def content_of(data: SheetData, folder: Path) -> dict[str, object]:
    """Return title, tables, map (SVG) and photos of a sheet for other engines."""
    from exports.photo_copies import copy_of
    from exports.sheet.map_figure import MapFigure
    from exports.sheet.page import TEXT_WIDTH

    figure = MapFigure(data.map, TEXT_WIDTH, "", ("", ""))
    layers = [shown.path() for part in figure._sorted for shown in part.values()]  # noqa: SLF001 - the same lines
    drawn = "".join(f'<path d="{svg_path(each)}" fill="#eee" stroke="#555" stroke-width="0.5"/>' for each in layers)
    width, height = figure.frame.width, figure.frame.height
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.0f}"'
    svg += f' height="{height:.0f}"><g transform="translate(0 {height:.1f}) scale(1 -1)">{drawn}</g></svg>'
    facts = [[fact.label, fact.value or "—"] for fact in data.profile]
    systems = [[each.name, each.summary, each.problems, each.grade] for each in data.systems]
    photos = [copy_of(each.path, each.sha256, folder / "copies", marks=each.marks) for each in data.photos if each.path]
    for number, photo in enumerate(photos):
        (folder / f"peer{number}.jpg").write_bytes(photo.read_bytes())
    tables = [("小区基本情况", facts), ("分项现状评价", [[str(cell) for cell in row] for row in systems])]
    shown = [str(folder / f"peer{number}.jpg") for number in range(len(photos))]
    return {"title": data.name, "tables": [each for each in tables if each[1]], "map": svg, "photos": shown}


def svg_path(operators: str) -> str:
    """Return PDF path operators as those of SVG."""
    turned = re.sub(r"(\S+ \S+) ([ml]) ", lambda found: f"{found[2].upper()}{found[1]}", operators)
    return turned.replace("h ", "Z")


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
