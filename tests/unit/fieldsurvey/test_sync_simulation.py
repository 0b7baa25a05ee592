"""Histories of laptops and a hub: nothing is lost, nothing differs, all comes to rest; and the tester sees faults.

FIELDSURVEY_HISTORIES sets how many (CI: a seed of the day); FIELDSURVEY_SOAK=1 plants every fault.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from fieldsurvey.sync.simulate.engines import engine_named
from fieldsurvey.sync.simulate.faults import FAULTS
from fieldsurvey.sync.simulate.runner import first_caught, main, run
from tests.conftest import ROOT
from tests.postgres import Server, postgres, why_not

__all__ = ["postgres"]

SOAK = bool(os.environ.get("FIELDSURVEY_SOAK"))
HISTORIES = int(os.environ.get("FIELDSURVEY_HISTORIES", "2000" if SOAK else "300"))
# These need many seeds.
SLOW = {
    "built-on-a-fork-stays", "cursor-before-data", "drafts-keep-old-names", "fork-unnoticed", "no-reoffer",
    "old-names-in-new-line",
}  # fmt: skip


@pytest.mark.timeout(3600)
def test_nothing_is_lost_and_all_end_equal() -> None:
    seed = int(datetime.now(UTC).strftime("%Y%m%d")) * 10_000
    outcome = run(range(seed, seed + HISTORIES))
    assert outcome.sentence() == f"{HISTORIES} histories, 0 lost, 0 diverged, 0 unsettled", outcome.failures
    assert all(outcome.stats[name] for name in ("crashes", "hub restores", "laptop restores", "clones", "sticks"))


def test_a_history_is_the_same_every_time() -> None:
    assert run([5, 6]).stats == run([5, 6]).stats


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_planted_fault_is_caught(fault: str) -> None:
    if fault in SLOW and not SOAK:
        pytest.skip("needs many seeds: FIELDSURVEY_SOAK=1")
    assert first_caught(fault, range(2000 if SOAK else 40)) is not None


def test_the_command_tells_how_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "1", "--histories", "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 histories, 0 lost, 0 diverged, 0 unsettled"
    assert main(["--seed", "0", "--histories", "2", "--fault", "last-writer-wins"]) == 1


@pytest.mark.timeout(3600)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_a_hub_on_postgresql_does_the_same(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSURVEY_SIMULATION_DATABASE", postgres.address("blank"))
    outcome = run(range(50), engine=engine_named("postgresql"))
    assert outcome.sentence() == "50 histories, 0 lost, 0 diverged, 0 unsettled", outcome.failures


def test_an_engine_that_is_not_here_is_told_in_a_sentence() -> None:
    command = [sys.executable, "-m", "fieldsurvey.sync.simulate", "--histories", "1", "--engine", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "nothing" in done.stderr
