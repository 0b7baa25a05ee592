"""Power cuts at the real window, three of them; `make cuts` pulls the plug 200 times."""

from pathlib import Path

import pytest

from tests.faults import cutting

_CUTS = 3


@pytest.mark.timeout(300)
def test_what_the_window_acknowledged_survives_power_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSURVEY_HOME", str(tmp_path / "home"))
    told = cutting.run(tmp_path, _CUTS, seed=7, moments=("imported", "synced", "printed"))
    assert told.kinds.total() >= _CUTS * cutting.FEWEST
