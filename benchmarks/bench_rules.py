"""The map rules on the sample city: first run, after one edit, and how the cost grows.

`python benchmarks/bench_rules.py [--copies 1 4 10]`. Times are CPU seconds of
this process, so that other work on the machine does not count.

The city is made larger by laying copies of it side by side: parts, pipes and
neighbours stay as dense as they are, so that the growth is that of the rules.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import shapely

from fieldsurvey import samples
from fieldsurvey.assess.rules import default_rules, engine
from fieldsurvey.assess.rules.catalogue import TABLES
from fieldsurvey.assess.rules.inputs import Inputs, Layer, part_names
from fieldsurvey.model.schema import Value
from fieldsurvey.projects import new_project
from fieldsurvey.store import Store

FIRST_BUDGET, EDIT_BUDGET = 20.0, 1.0
_APART = 100_000.0  # m between copies of the city


def main() -> None:
    """Run the benchmark and print one line for each measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--copies", type=int, nargs="+", default=[1, 4, 10])
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, _city(Path(folder) / "city.gpkg") as store:
        lines = sum(store.count(table) for table in TABLES if table.endswith("_line"))
        print(f"{store.count('building'):,} buildings, {lines:,} pipes")
        first = timed(lambda: engine.update(store))
        print(f"first run           {first:6.2f} s  (budget {FIRST_BUDGET} s)  {len(store.findings()):,} findings")
        pipes = store.select("drain_line", ["geom"])[::1500]
        edits = [timed(lambda pipe=pipe: _edit(store, pipe)) for pipe in pipes]
        print(f"after one pipe edit {np.median(edits):6.2f} s  (budget {EDIT_BUDGET} s)  worst {max(edits):.2f} s")
        inputs = Inputs(store)
        inputs.read(TABLES)
    base = 0.0
    for copies in chosen.copies:
        many = _copied(inputs, copies)
        spent = timed(lambda many=many: engine.judge(many, default_rules()))
        base = base or spent / copies
        each = spent / copies / base
        print(f"x{copies:<3d} rules alone     {spent:6.2f} s  {each:4.2f} of x{chosen.copies[0]} per feature")


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds that some work takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _city(path: Path) -> Store:
    from layers.io.importer import run

    store = new_project(path)
    run(store, [samples.city()])
    return store


def _edit(store: Store, row: Mapping[str, Value]) -> None:
    """Move one pipe by a metre, save it, and bring the findings up to date."""
    moved = shapely.affinity.translate(shapely.from_wkb(row["geom"]), 1.0, 0.0)
    store.save(str(row["uid"]), {"geom": bytes(shapely.to_wkb(moved))})
    engine.update(store)


def _copied(inputs: Inputs, copies: int) -> Inputs:
    return Inputs(layers={table: _layer(inputs[table], copies) for table in TABLES})


def _layer(layer: Layer, copies: int) -> Layer:
    """Return a layer laid side by side so many times, every copy with its own uids and communities."""
    links = {"building_uid", "subject_uid"}
    shifted = [_moved(layer.geoms, k * _APART) for k in range(copies)]
    geoms = np.concatenate(shifted) if len(layer) else layer.geoms
    communities = np.concatenate([_named(layer.communities, k) for k in range(copies)])
    values = {
        name: np.concatenate([_named(column, k) if name in links else column for k in range(copies)])
        for name, column in layer.values.items()
    }
    uids = np.concatenate([_named(layer.uids, k) for k in range(copies)])
    parts = part_names(communities, shapely.bounds(geoms))
    return Layer(layer.table, uids, geoms, np.tile(layer.sound, copies), parts, communities, values)


def _moved(geoms: np.ndarray, by: float) -> np.ndarray:
    return shapely.transform(geoms, lambda xy: np.add(xy, (by, 0.0)))


def _named(values: np.ndarray, copy: int) -> np.ndarray:
    return np.array([f"{value}{copy}" if value else value for value in values.tolist()] + [None], dtype=object)[:-1]


if __name__ == "__main__":
    main()
