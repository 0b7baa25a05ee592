"""kill -9 in the middle of exchanges: what was confirmed is there, never half a batch, and the next exchange goes on.

Both ends stop at once: the laptop and the replica that takes its edits.
FIELDSURVEY_SOAK=1 kills 100 times.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.sync import exchange
from fieldsurvey.sync.answering import Answering
from fieldsurvey.sync.local import LocalCarrier
from tests.builders import add_community

KILLS = 100 if os.environ.get("FIELDSURVEY_SOAK") else 8
EDITS = 40  # of one batch
PROJECT = "5" * 32


def _sync(store: Store, hub: Store) -> None:
    exchange.Exchange(store, LocalCarrier(Answering(hub)), JobControl()).run()


def _work(folder: Path, number: int, told: int) -> None:
    """Write, exchange and tell, for ever: number after the save, minus number after the exchange."""
    exchange.BATCH = 100_000  # after many kills much waits: it goes in one batch, whose halves the test looks for
    one, other, hub = (Store.open(folder / f"{name}.gpkg") for name in ("one", "other", "hub"))
    while True:
        number += 1
        with one.transaction():
            uid = add_community(one, f"小区{number}", source_id=str(number))
            for count in range(EDITS):
                one.save(uid, {"household_count": count})
        os.write(told, b"%d\n" % number)
        _sync(one, hub)
        os.write(told, b"-%d\n" % number)
        _sync(other, hub)


def _killed(folder: Path, number: int, chance: random.Random, awaited: bytes) -> list[int]:
    """Let a child work until it has told what is awaited, then a moment longer; kill it, return all it told."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            _work(folder, number, writing)
        finally:
            os._exit(1)
    os.close(writing)
    told = b""
    while awaited not in told and (piece := os.read(reading, 1 << 16)):
        told += piece
    time.sleep(chance.uniform(0.05, 0.7))  # noqa: TID251 - the moment of the kill is the point
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as rest:
        told += rest.read()
    return [int(line) for line in told.splitlines()]


@pytest.mark.timeout(3600)
@pytest.mark.skipif(os.name == "nt", reason="kill -9 and fork are of POSIX")
def test_exchanges_survive_kill(tmp_path: Path) -> None:
    chance, saved, confirmed = random.Random(4), set[int](), set[int]()
    for name in ("one", "other", "hub"):
        Store.create(tmp_path / f"{name}.gpkg", project=PROJECT).close()
    for kill in range(KILLS):  # while it opens or saves, after a save, after an exchange
        told = _killed(tmp_path, max(saved, default=0) + 1, chance, (b"", b"\n", b"\n-")[kill % 3])
        saved |= {number for number in told if number > 0}
        confirmed |= {-number for number in told if number < 0}
        with Store.open(tmp_path / "one.gpkg") as one, Store.open(tmp_path / "hub.gpkg") as hub:
            _assert_whole_batches(one)
            _assert_whole_batches(hub)
            assert saved <= _numbers(one)
            assert confirmed <= _numbers(hub)
    with (
        Store.open(tmp_path / "one.gpkg") as one,
        Store.open(tmp_path / "other.gpkg") as other,
        Store.open(tmp_path / "hub.gpkg") as hub,
    ):
        for store in (one, other, one):
            _sync(store, hub)
        assert one.version_vector() == other.version_vector() == hub.version_vector()
        assert saved <= _numbers(other)
        assert hub.conflicts() == []
    for name in ("one", "other", "hub"):
        report = check(tmp_path / f"{name}.gpkg")
        assert report.is_whole, report.as_text()
    assert confirmed


def _numbers(store: Store) -> set[int]:
    return {int(str(row["source_id"])) for row in store.select("community", ["source_id"])}


def _assert_whole_batches(store: Store) -> None:
    """A save of many edits is there with all of them, or not at all."""
    assert {row["household_count"] for row in store.select("community", ["household_count"])} <= {EDITS - 1}
