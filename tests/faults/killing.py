"""kill -9 at random moments: what was acknowledged is there, and nothing is half.

`python -m tests.faults.killing saves 400` and `… imports 100` are the long
runs of `make soak`. One process per kill writes into the same project, tells
each number after its commit, and is killed; then the project is opened again.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from tests.builders import add_community, point, square

ROWS = 600  # of an import
_CHECK_EVERY = 10
Tell = Callable[[int], None]


def _saves(store: Store, number: int, tell: Tell) -> None:
    """Make, change, approve and move records for ever."""
    while True:
        number += 1
        uid = add_community(store, f"小区{number}", source_id=str(number))
        store.save(uid, {"household_count": number, "address": "x" * 500})
        if number % 3 == 0:
            store.approve(uid)
        if number % 5 == 0:
            with store.transaction():
                store.delete(uid)
                store.undelete(uid)
                store.save(uid, {"geom": square(x=500_000.0 + number)})
        tell(number)


def _imports(store: Store, number: int, tell: Tell) -> None:
    """Import files for ever."""
    while True:
        number += 1
        rows: list[dict[str, Value]] = [
            {"state": str(number), "geom": point(600_000.0 + n, 3_340_000.0)} for n in range(ROWS)
        ]
        store.import_rows("hydrant", rows, source=f"{number}.csv")
        tell(number)


def _verify_saves(store: Store, told: set[int]) -> str:
    rows = {int(str(row["source_id"])): row["household_count"] for row in store.select("community")}
    lost = [number for number in sorted(told) if rows.get(number) != number]
    return f"acknowledged and lost: {lost}" if lost else ""


def _verify_imports(store: Store, told: set[int]) -> str:
    counts: dict[str, int] = {}
    for row in store.select("hydrant", ["state"]):
        counts[str(row["state"])] = counts.get(str(row["state"]), 0) + 1
    boxes = store._db.scalar('SELECT count(*) FROM "rtree_hydrant_geom"')
    half = [state for state, count in counts.items() if count != ROWS]
    lost = [number for number in sorted(told) if str(number) not in counts]
    is_right = not half and not lost and boxes == sum(counts.values())
    return "" if is_right else f"half: {half}, lost: {lost}, {boxes} boxes for {sum(counts.values())} rows"


KINDS = {"saves": (_saves, _verify_saves, 0.4), "imports": (_imports, _verify_imports, 0.8)}


def _next_number(store: Store, kind: str) -> int:
    """Return the last number that is in the project: one more than was told, if the kill fell between."""
    if kind == "imports":
        return store.count("hydrant") // ROWS
    numbers = [int(str(row["source_id"])) for row in store.select("community", ["source_id", "household_count"])]
    return max(numbers, default=0)


def _killed(path: Path, kind: str, number: int, chance: random.Random) -> set[int]:
    """Let a child work on the project, kill it, return the numbers it told."""
    work, _verify, most = KINDS[kind]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            work(Store.open(path), number, lambda n: os.write(writing, b"%d\n" % n))  # type: ignore[arg-type]
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(chance.uniform(0.0, most) + 0.02)  # noqa: TID251 - the moment of the kill is the point
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return {int(line) for line in told.read().splitlines()}


def run(kind: str, kills: int, seed: int) -> tuple[int, list[str]]:
    """Kill so many writers; return how many acknowledged steps were checked, and what was wrong."""
    chance, wrong, told, number = random.Random(seed), list[str](), set[int](), 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FIELDSURVEY_HOME"] = folder
        path = Path(folder) / "p.gpkg"
        Store.create(path).close()
        for kill in range(1, kills + 1):
            told |= _killed(path, kind, number, chance)
            if kill % _CHECK_EVERY == 0 or kill == kills:
                report = check(path)
                wrong += [] if report.is_whole else [f"kill {kill}: {report.as_text()}"]
            with Store.open(path) as store:
                problem = KINDS[kind][1](store, told)
                number = _next_number(store, kind)
            wrong += [f"kill {kill}: {problem}"] if problem else []
            if wrong:
                break
    return len(told), wrong


def main() -> int:
    kind, kills = sys.argv[1], int(sys.argv[2])
    began = time.monotonic()
    told, wrong = run(kind, kills, seed=int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    line = f"{kind}: {kills} kills, {told} acknowledged, {len(wrong)} wrong, {time.monotonic() - began:.0f} s"
    sys.stdout.write("\n".join([line, *wrong]) + "\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
