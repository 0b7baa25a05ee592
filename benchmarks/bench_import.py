"""Importing 6,000, 60,000 and 600,000 buildings, beside ogr2ogr in the same run.

    python benchmarks/bench_import.py [--sizes 6000 60000 600000]

ogr2ogr copies a GeoPackage of areas with six fields into another and builds
its R-tree. We do the same and more: check and repair geometry, assign each
building to its community by place, find what is there already, give every row
an identity, write the revision log and a dataset that other laptops can take.
Times are CPU seconds of all processes (other programs do not count).
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from anywhere

from fieldsurvey.store import Store
from layers.io.importer import run
from tests.builders import make_project

_SIDE, _GAP = 12.0, 30.0  # m


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def buildings(count: int, path: Path) -> None:
    """Write a grid of buildings around Huangshi, EPSG:4547."""
    from pyogrio import raw

    across = int(np.ceil(np.sqrt(count)))
    number = np.arange(count)
    x, y = 590_000 + number % across * _GAP, 3_330_000 + number // across * _GAP
    shapes = shapely.box(x, y, x + _SIDE, y + _SIDE * 1.5)
    floors = 1 + number % 33
    text = np.array([f"{n}栋" for n in number % 90], object)
    fields = {
        "编号": number, "楼栋号": text, "层数": floors, "户数": floors * 4, "建成年代": 1970 + number % 50,
        "结构类型": np.array(["砖混", "框架"], object)[number % 2],
    }  # fmt: skip
    raw.write(
        path, shapely.to_wkb(shapes), list(fields.values()), list(fields), layer="楼栋", driver="GPKG",
        geometry_type="Polygon", crs="EPSG:4547",
    )  # fmt: skip


def communities(store: Store, count: int) -> None:
    """Add 64 communities that cover the buildings."""
    side = np.ceil(np.sqrt(count)) * _GAP / 8
    for n in range(64):
        x, y = 590_000 + n % 8 * side, 3_330_000 + n // 8 * side
        area = shapely.to_wkb(shapely.box(x, y, x + side, y + side))
        store.create_record("community", {"name": f"小区{n}", "code": f"C{n}", "geom": bytes(area)})


def peer(source: Path, folder: Path) -> float | None:
    """Return the CPU seconds that ogr2ogr takes; None where it is not installed."""
    program = shutil.which("ogr2ogr")
    if program is None:
        return None
    before = cpu()
    subprocess.run([program, "-f", "GPKG", str(folder / "peer.gpkg"), str(source)], check=True)
    return cpu() - before


def ours(source: Path, folder: Path, count: int) -> tuple[float, float]:
    """Return the CPU and the wall seconds of our import."""
    with make_project(folder / "ours.gpkg") as store:
        communities(store, count)
        before, wall = cpu(), time.perf_counter()
        (report,) = run(store, [source])
        taken = cpu() - before, time.perf_counter() - wall
        assert report.layers == {"building": count}, report
        assert store.select("building", limit=1)[0]["community_uid"]
    return taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[6_000, 60_000, 600_000])
    last: float | None = None
    for count in parser.parse_args().sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            buildings(count, folder / "楼栋.gpkg")
            copied = peer(folder / "楼栋.gpkg", folder)
            used, wall = ours(folder / "楼栋.gpkg", folder, count)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        line = f"{count:>7,} buildings: {used:6.2f} s CPU ({used / count * 1e6:5.1f} us each), {wall:6.1f} s wall"
        line += "; ogr2ogr is not installed" if copied is None else f"; ogr2ogr {copied:5.2f} s, x{used / copied:.1f}"
        line += "" if last is None else f"; cost each x{used / count / last:.2f} of the size before"
        print(f"{line}; {peak:,.0f} MB", flush=True)
        last = used / count


main()
