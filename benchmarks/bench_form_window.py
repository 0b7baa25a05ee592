"""Keystroke to painted, and opening to the first page, in the real form panel.

Needs the case forms beside the repository; says so and ends if they are missing.
Budgets: p95 of a keystroke 16 ms; first page of a cached form 150 ms.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))  # run from anywhere

from survey_forms import Kind, Session, load_form
from ui.app import application
from ui.forms.panel import FormPanel

CASES = Path(__file__).parents[2] / "shared" / "cases" / "forms"
_DIGITS = "0123456789" * 20


def painted(panel: FormPanel) -> None:
    panel.grab()


def p95(times: list[float]) -> str:
    ordered = sorted(times)
    return f"median {statistics.median(ordered):.1f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms"


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def opened(name: str) -> tuple[FormPanel, float]:
    load_form(CASES / name)
    load_form.cache_clear()
    panel = FormPanel()
    panel.resize(460, 700)
    panel.show()

    def work() -> None:
        panel.show_session(Session(load_form(CASES / name)), "bench")
        painted(panel)

    return panel, timed(work)


def typing(panel: FormPanel) -> list[float]:
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


def main() -> None:
    if not CASES.exists():
        print("skipped: the case forms are missing")
        return
    application()
    panel, first = opened("bench300.xlsx")
    print(f"300 questions: open to first page, compiled form cached: {first:.0f} ms (budget 150)")
    panel.next_page()
    print(f"300 questions: keystroke to painted: {p95(typing(panel))} (budget 16)")
    panel, first = opened("benchrep.xlsx")
    session = panel.session
    assert session is not None
    repeat = session.form.repeats()[0]
    path = repeat.path
    while len(session.instances(path)) < 100:
        session.add_repeat(path)
    panel.go_to(f"{path}[50]{repeat.children[0].path[len(path) :]}")
    print(f"repeat of {len(session.instances(path))} instances: keystroke to painted: {p95(typing(panel))} (budget 16)")


main()
