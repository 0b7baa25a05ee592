"""The simulation of laptops and a hub: it repeats itself, sees every planted fault, and runs on both engines.

The histories of the day are in test_sync_histories_*.py.
"""

import os
import subprocess
import sys

import pytest

from fieldsurvey.sync.simulate.engines import engine_named
from fieldsurvey.sync.simulate.faults import FAULTS
from fieldsurvey.sync.simulate.runner import first_caught, main, run
from tests.conftest import ROOT
from tests.histories import seed_of_the_day
from tests.postgres import Server, postgres, why_not

__all__ = ["postgres"]
ON_POSTGRESQL = 500 if os.environ.get("FIELDSURVEY_SOAK") else 50
SEEDS = 120  # each fault must be caught in these; a tester that sees less has lost its eyes


def test_a_history_is_the_same_every_time() -> None:
    assert run([5, 6, 7]).stats == run([5, 6, 7]).stats


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "seed",
    [
        900_172,  # a laptop of some areas that still waits for a dataset is not at rest
        900_211,  # an exchange breaks off between two lines, and the laptop is put back to before both
        202_611_250_367,  # the hub has the other line only behind a gap
        202_611_250_286,  # a laptop copied and put back meets others before the hub
        9_000_199,  # the parent an edit waited for comes from another line, before what makes its record
        9_000_903,  # the same in a replay
    ],
)
def test_histories_that_once_went_wrong_go_well(seed: int) -> None:
    outcome = run(range(seed, seed + 1))
    assert outcome.sentence() == "1 histories, 0 lost, 0 diverged, 0 unsettled", outcome.failures


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_planted_fault_is_caught(fault: str) -> None:
    assert first_caught(fault, range(SEEDS)) is not None


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 12


def test_the_command_tells_how_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "1", "--histories", "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 histories, 0 lost, 0 diverged, 0 unsettled"
    assert main(["--seed", "0", "--histories", "2", "--fault", "last-writer-wins"]) == 1


def test_processes_may_share_the_histories(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "1", "--histories", "4", "--jobs", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "4 histories, 0 lost, 0 diverged, 0 unsettled"


@pytest.mark.timeout(3600)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_a_hub_on_postgresql_does_the_same(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSURVEY_SIMULATION_DATABASE", postgres.address("blank"))
    seed = seed_of_the_day()
    outcome = run(range(seed, seed + ON_POSTGRESQL), engine=engine_named("postgresql"))
    assert outcome.sentence() == f"{ON_POSTGRESQL} histories, 0 lost, 0 diverged, 0 unsettled", outcome.failures


def test_an_engine_that_is_not_here_is_told_in_a_sentence() -> None:
    command = [sys.executable, "-m", "fieldsurvey.sync.simulate", "--histories", "1", "--engine", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "nothing" in done.stderr
