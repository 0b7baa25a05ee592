"""How fast 10,000 edits become a package and come in again, and how many bytes an edit takes."""

import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.sync.exchange import Exchange
from fieldsurvey.sync.folder import FileCarrier
from fieldsurvey.sync.keys import device_signer
from fieldsurvey.sync.wire import encode

T = TypeVar("T")
RECORDS, EDITS = 2_000, 10_000
WORDS = ("砖混", "框架", "雨污合流", "管道气", "有物业", "无物业", "畅通", "占用")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.environ["FIELDSURVEY_HOME"] = f"{name}/home"
        folder = Path(name)
        with Store.create(folder / "one.gpkg") as one:
            fill(one)
            with Store.create(folder / "two.gpkg", project=one.project) as two:
                measure(one, two, folder / "out.fsx")


def fill(store: Store) -> None:
    """Make records, then edit three fields of one of them again and again."""
    chance = random.Random(1)
    with store.transaction():
        uids = [store.create_record("building", {"name": f"{number}号楼"}) for number in range(RECORDS)]
        for _edit in range(EDITS - RECORDS):
            changes = {
                "floors": chance.randint(1, 18),
                "household_count": chance.randint(1, 200),
                "structure": chance.choice(WORDS),
            }
            store.save(chance.choice(uids), changes)


def measure(one: Store, two: Store, file: Path) -> None:
    revisions = one.revisions_after(one.origin, 0, EDITS)
    encoded = timed("encode 10k revisions", lambda: encode(revisions, one.chain_at(one.origin, 0), device_signer()))
    print(f"{len(encoded) / EDITS:.1f} B per record on the wire in one batch")
    timed("write package", lambda: exchange(one, file))
    print(f"{file.stat().st_size / EDITS:.1f} B per record in the package")
    timed("read package", lambda: exchange(two, file))
    assert two.version_vector() == one.version_vector()
    timed("read package again", lambda: exchange(two, file))


def exchange(store: Store, file: Path) -> None:
    carrier = FileCarrier(file, device_signer())
    try:
        Exchange(store, carrier, JobControl(), device_signer()).run()
    finally:
        carrier.close()


def timed(what: str, work: Callable[[], T]) -> T:
    wall, own = time.perf_counter(), time.process_time()
    found = work()
    print(f"{what}: {time.perf_counter() - wall:.2f} s, processor {time.process_time() - own:.2f} s")
    return found


if __name__ == "__main__":
    main()
