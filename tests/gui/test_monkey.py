"""The monkey for half a minute, in a process that other tests have not used; `make soak` lets it loose for thirty."""

import os
from pathlib import Path

import pytest

from tests.builders import add_community, make_project
from tests.faults.monkey import run

SEED = 5


@pytest.mark.skipif(not os.environ.get("FIELDSURVEY_SOAK"), reason="depends on the speed of the machine: make soak")
@pytest.mark.timeout(180)
@pytest.mark.qt_log_level_fail("CRITICAL")  # the offscreen platform warns of much that it cannot do
def test_half_a_minute_of_random_clicks_and_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        for number in range(12):
            add_community(store, f"小区{number}", code=f"HS{number}", household_count=100)
    report = run(tmp_path / "p.gpkg", 30, SEED)
    assert not report.errors, "\n".join(report.errors)
    assert report.steps["click"] > 10
