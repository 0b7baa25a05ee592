"""Keystroke to painted, and opening to the first page, in the real form panel.

Needs the case forms beside the repository; says so and ends if they are missing.
Budgets: p95 of a keystroke 16 ms; first page of a cached form 150 ms.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))  # run from anywhere

from fieldsurvey.projects import new_project
from survey_forms import Kind, Session, load_form
from survey_forms.records import Opened, Subject, open_form, save_record
from ui import theme
from ui.app import application
from ui.forms.panel import FormPanel

CASES = Path(__file__).parents[2] / "shared" / "cases" / "forms"
_DIGITS = "0123456789" * 20


def painted(panel: FormPanel) -> None:
    panel.grab()


Times = tuple[float, float]  # wall and processor, ms


def p95(times: list[Times]) -> str:
    def told(values: list[float]) -> str:
        ordered = sorted(values)
        return f"median {statistics.median(ordered):.1f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms"

    return f"{told([wall for wall, _own in times])}; of processor {told([own for _wall, own in times])}"


def timed(work: Callable[[], object]) -> Times:
    start, own = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - start) * 1000, (time.process_time() - own) * 1000


def opened(name: str) -> tuple[FormPanel, Times]:
    load_form(CASES / name)
    load_form.cache_clear()
    panel = FormPanel()
    theme.dress(panel, "light")
    panel.resize(460, 700)
    panel.show()

    def work() -> None:
        panel.show_session(Session(load_form(CASES / name)), "bench")
        painted(panel)

    return panel, timed(work)


def typing(panel: FormPanel) -> list[Times]:
    """Type into every number of the page that is shown; each key is painted before the next."""
    times = []
    rows = [row for row in panel.rows() if row.question.kind in {Kind.INTEGER, Kind.DECIMAL}]
    for index, digit in enumerate(_DIGITS):
        row = rows[index % len(rows)]
        panel.go_to(row.path)
        painted(panel)

        def key(path: str = row.path, text: str = digit) -> None:
            panel.set_answer(path, text)
            painted(panel)

        times.append(timed(key))
    return times


def saving() -> list[Times]:
    """Complete a form of the default set and save it, again and again."""
    times = []
    with tempfile.TemporaryDirectory() as folder, new_project(Path(folder) / "p.gpkg") as store:
        for number in range(20):
            uid = store.create_record("community", {"name": f"{number}", "code": f"HS{number}"})
            filled = open_form(store, Subject("f04_water", uid, uid))
            for path in filled.session.leaves():
                if filled.session.question(path).kind is Kind.INTEGER:
                    filled.session.answer(path, "12")

            def complete(filled: Opened = filled) -> None:
                filled.session.problems()
                save_record(store, filled, "complete")

            times.append(timed(complete))
    return times


def memory() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def main() -> None:
    if not CASES.exists():
        print("skipped: the case forms are missing")
        return
    theme.prepare(application(), "light", theme.load_font())
    before = memory()
    for questions in (300, 1000):
        panel, first = opened(f"bench{questions}.xlsx")
        budget = " (budget 150)" if questions == 300 else ""
        print(f"{questions} questions: open to first page: {first[0]:.0f} ms, of processor {first[1]:.0f} ms{budget}")
        panel, first = opened(f"bench{questions}.xlsx")
        print(f"{questions} questions: once more: {first[0]:.0f} ms, of processor {first[1]:.0f} ms{budget}")
        panel.next_page()
        print(f"{questions} questions: keystroke to painted: {p95(typing(panel))} (budget 16)")
    panel, first = opened("benchrep.xlsx")
    session = panel.session
    assert session is not None
    repeat = session.form.repeats()[0]
    path = repeat.path
    while len(session.instances(path)) < 100:
        session.add_repeat(path)
    panel.go_to(f"{path}[50]{repeat.children[0].path[len(path) :]}")
    print(f"repeat of {len(session.instances(path))} instances: keystroke to painted: {p95(typing(panel))} (budget 16)")
    print(f"complete and save: {p95(saving())} (budget 10)")
    print(f"memory: {before:.0f} MiB before, {memory():.0f} MiB with all these forms open")


main()
