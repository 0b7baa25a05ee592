"""Time and memory of the plan book of the sample city: all its communities with their maps, in one file.

Budget (SHEETS.md): 8 s and 450 MB on the two-core machine. CPU time is used,
not wall time: it depends less on what else runs.
"""

import resource
import tempfile
import time
from pathlib import Path

from benchmarks.bench_sheet import make_project
from exports.book import plan_book

BUDGET_S, BUDGET_MB = 8.0, 450.0


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with make_project(folder) as store:
            before = peak_mb()
            start = time.process_time()
            made = plan_book(store, folder / "book.pdf")
            seconds, memory = time.process_time() - start, peak_mb()
        size = (folder / "book.pdf").stat().st_size / 1e6
    print(f"{made.sheets} communities, {made.pages} pages, {size:.1f} MB: {seconds:.1f} s CPU")
    print(f"memory at its highest {memory:.0f} MB; {before:.0f} MB before")
    kept = seconds <= BUDGET_S and memory <= BUDGET_MB
    print(f"budget {BUDGET_S:.0f} s, {BUDGET_MB:.0f} MB: {'kept' if kept else 'MISSED'}")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
