"""The forms engine at work: opening, keystrokes, memory; beside it a naive engine that computes everything again.

    python benchmarks/bench_forms.py [--cases DIR] [--edits N]

Times are CPU milliseconds of this process (other programs do not count); the
naive column runs every rule of the form after each keystroke, in the same run,
on the same edits. Forms: bench300 and bench1000 (300 and 1,000 questions),
benchrep (a repeat of 100 instances x 18 questions, with sums over it).
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from survey_forms import Form, Kind, Session, load_form  # noqa: E402 - the path above makes it importable

CASES = ROOT.parent / "shared" / "cases" / "forms"
BUDGET_KEY, BUDGET_OPEN = 0.5, 150.0  # ms, issue "Survey forms", section Measured
_UNASKED = {Kind.NOTE, Kind.CALCULATE}


def clocked(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds that a piece of work takes."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def forget() -> None:
    """Forget everything that a running program keeps, as if it had just started."""
    from survey_forms import instance
    from survey_forms.expression import evaluate, faults, parser

    load_form.cache_clear()
    evaluate.compiled.cache_clear()
    parser.parse.cache_clear()
    faults.faults.cache_clear()
    instance._GRAPHS.clear()  # noqa: SLF001 - a benchmark of a cold start


def edits(session: Session, count: int, rng: random.Random) -> list[tuple[str, str]]:
    """Return plausible keystrokes: a choice that is offered, a number, or nothing."""
    counts = {repeat.count for repeat in session.form.repeats()}  # not touched: the naive engine shares the edits
    kinds = {path: session.question(path).kind for path in session.asked() if path not in counts}
    asked = [path for path, kind in kinds.items() if kind not in _UNASKED]
    made = []
    for path in (rng.choice(asked) for _edit in range(count)):
        choices = [choice.value for choice in session.choices(path)]
        made.append((path, rng.choice(choices) if choices else str(rng.randint(0, 99))))
    return made


def filled(form: Form) -> Session:
    """Return a session whose repeats have 100 instances."""
    session = Session(form)
    for repeat in form.repeats():
        if repeat.count in session.leaves():
            session.answer(repeat.count, "100")
        while len(session.instances(repeat.path)) < 100:
            session.add_repeat(repeat.path)
    return session


def measure(source: Path, count: int) -> dict[str, float]:
    """Return the figures of one form."""
    first = clocked(lambda: load_form(source))
    opening = []
    for _round in range(5):
        forget()
        opening.append(clocked(lambda: Session(load_form(source))))
    form = load_form(source)
    session, naive = filled(form), filled(form)
    keys, plain = [], []
    for path, text in edits(session, count, random.Random(7)):
        keys.append(clocked(lambda path=path, text=text: session.answer(path, text)))  # type: ignore[misc]
        if len(plain) < count // 10:
            plain.append(clocked(lambda path=path, text=text: _naively(naive, path, text)))  # type: ignore[misc]
    keys.sort()
    return {
        "questions": len(form.questions()),
        "nodes": sum(1 for _node in session.engine.walk()),
        "compile": first,
        "open": statistics.median(opening),
        "again": statistics.median(clocked(lambda: Session(form)) for _round in range(5)),
        "key": statistics.median(keys),
        "p95": keys[int(len(keys) * 0.95)],
        "max": keys[-1],
        "naive": statistics.median(plain),
        "journal": statistics.median(clocked(session.snapshot) for _round in range(5)),
        "problems": statistics.median(clocked(session.problems) for _round in range(5)),
        "MB": memory(source),
    }


def _naively(session: Session, path: str, text: str) -> None:
    """Set a value and compute every rule again, as an engine without a graph would."""
    session.node(path).value = text
    session.engine.settle_all()


def memory(source: Path) -> float:
    """Return the MB that a form and its session hold."""
    forget()
    tracemalloc.start()
    session = filled(load_form(source))
    size = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    del session
    return size


def main() -> int:
    """Measure all forms and print a table; return 1 if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--edits", type=int, default=2000)
    options = parser.parse_args()
    sources = [options.cases / f"{name}.xlsx" for name in ("bench300", "bench1000", "benchrep")]
    if not all(source.exists() for source in sources):
        print(f"the forms to measure are not in {options.cases}")
        return 0
    with tempfile.TemporaryDirectory() as home:
        os.environ["FIELDSURVEY_HOME"] = home
        rows = {source.stem: measure(source, options.edits) for source in sources}
    names = list(next(iter(rows.values())))
    print(f"{'ms':>10} " + " ".join(f"{name:>9}" for name in rows))
    for name in names:
        print(f"{name:>10} " + " ".join(f"{row[name]:9.3f}" for row in rows.values()))
    print("naive / engine: " + ", ".join(f"{name} {row['naive'] / row['key']:.0f}x" for name, row in rows.items()))
    late = [name for name, row in rows.items() if row["p95"] > BUDGET_KEY]
    slow = [name for name in ("bench300",) if rows[name]["open"] > BUDGET_OPEN]
    print(f"keystroke p95 <= {BUDGET_KEY} ms: {late or 'yes'}")
    print(f"open a cached form of 300 questions <= {BUDGET_OPEN:.0f} ms: {slow or 'yes'}")
    return 1 if late or slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
