"""Many single sheets on all cores: 2,000 communities, each with the map of one of the sample city's, no photos.

    python benchmarks/bench_batch.py [--sheets 2000]

Design study (SHEETS.md, section 5): 2,000 sheets in 82 s of wall time on two
loaded cores, 208 MB for each process. Wall time says how long an office waits;
CPU time depends less on what else runs.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.bench_sheet import make_project
from exports.batch import SheetsWritten, write_sheets
from fieldsurvey.store import Store


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sheets", type=int, default=2000)
    sheets = parser.parse_args().sheets
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with make_project(folder) as store:
            enlarge(store, sheets)
            measure(store, folder / "sheets", sheets)


def enlarge(store: Store, sheets: int) -> None:
    """Give the project so many communities: copies of those of the sample city under codes of their own."""
    rows = store.select("community")
    columns = ["geom", *(column.name for column in store.tables()["community"].columns)]
    copies = [
        {**{column: row.get(column) for column in columns}, "code": f"{row['code']!s}-{number}"}
        for number in range(sheets // len(rows) + 1)
        for row in rows
    ]
    store.import_rows("community", copies[: max(0, sheets - len(rows))], source="copies")


def measure(store: Store, out: Path, sheets: int) -> None:
    before, start = cpu_s(), time.perf_counter()
    made = write_sheets(store, None, out, sheets)
    told("made", made, time.perf_counter() - start, cpu_s() - before)
    size = sum(file.stat().st_size for file in made.files)
    print(f"  {size / 1e6:.0f} MB in all, {size / 1000 / max(len(made.files), 1):.0f} kB a sheet")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  memory: {largest:.0f} MB in the largest process that draws")
    before, start = cpu_s(), time.perf_counter()
    told("again, all kept", write_sheets(store, None, out, sheets), time.perf_counter() - start, cpu_s() - before)


def told(what: str, made: SheetsWritten, seconds: float, cpu: float) -> None:
    count = len(made.files)
    print(
        f"{count} sheets {what}: {seconds:.1f} s, {count / seconds:.1f} a second; {cpu / count * 1000:.0f} ms CPU each"
    )
    print(f"  {made.kept} were there, {len(made.failed)} failed")


def cpu_s() -> float:
    """Return the CPU time in s of this process and of those that it started and that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


if __name__ == "__main__":
    main()
