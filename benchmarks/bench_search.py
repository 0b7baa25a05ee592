"""The search over everything: first index, after one edit, and the time of an answer, at x1 and x10 of the sample.

`python benchmarks/bench_search.py [--copies 1 10]`. The sample is made larger
by taking its rows over again; its records lie in the index ten times as well.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from fieldsurvey.model.assets import ASSETS
from fieldsurvey.projects import sample_project
from fieldsurvey.store import Store
from fieldsurvey.store.words import Words
from survey_forms import DefaultForms
from survey_forms.searching import KINDS, sources
from survey_forms.shelf import ProjectForms

BUDGET_MS = 50.0
_ASKED = ("团结里", "团结里 3", "漏水", "屋面渗漏", "栋", "3栋", "黄石港", "HS", "1", "12", "好", "锈蚀")


def main() -> None:
    """Run the benchmark and print one line for each measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--copies", type=int, nargs="+", default=[1, 10])
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, sample_project(Path(folder) / "sample.gpkg") as store:
        laid = 1
        for copies in chosen.copies:
            _lay(store, copies - laid)
            laid = copies
            _measure(store, Path(folder) / f"words{copies}.db", copies)


def _lay(store: Store, copies: int) -> None:
    """Take the rows of every asset and form table over again, without their places and communities: some are locked."""
    for table in [table for table in store.tables().values() if copies and store.count(table.name)]:
        names = [column.name for column in table.columns]
        rows = store.select(table.name, names)
        free = dict.fromkeys({"community_uid", "parent_uid"} & set(names))
        fresh = [{name: row[name] for name in names} | free for row in rows] * copies
        if table in ASSETS or table.name.startswith("f"):
            store.import_rows(table.name, fresh, source="copy")


def _measure(store: Store, place: Path, copies: int) -> None:
    words, shown = Words(place), sources(store, ProjectForms(store, DefaultForms()))
    before = time.perf_counter()
    rows = words.update(store, shown)
    print(
        f"x{copies:<3d} index of {rows:,} rows  {time.perf_counter() - before:6.2f} s  "
        f"{place.stat().st_size / 1e6:.0f} MB"
    )
    row = store.select("hydrant", ["uid"])[0]  # buildings may be approved, which locks them
    store.save(str(row["uid"]), {"source_id": "H-99"})
    before = time.perf_counter()
    words.update(store, [replace(source) for source in shown])
    print(f"x{copies:<3d} after one edit      {time.perf_counter() - before:6.3f} s")
    spent = {text: min(_asked(words, text) for _try in range(5)) for text in _ASKED}
    worst = max(spent, key=lambda text: spent[text])
    told = f"median {np.median(list(spent.values())):5.1f} ms  worst {spent[worst]:5.1f} ms ({worst})"
    print(f"x{copies:<3d} answer  {told}  budget {BUDGET_MS} ms")
    words.close()


def _asked(words: Words, text: str) -> float:
    before = time.perf_counter()
    words.find(text, KINDS)
    return (time.perf_counter() - before) * 1000


if __name__ == "__main__":
    main()
