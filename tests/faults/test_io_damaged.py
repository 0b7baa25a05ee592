"""Files that were damaged on the way: each is imported or refused with a sentence, and nothing else happens."""

from pathlib import Path

import pytest

from tests.faults.damaged import CASES, fuzz


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not on this machine")
@pytest.mark.timeout(600)
def test_damaged_files_end_with_a_sentence_and_leave_nothing_behind(tmp_path: Path) -> None:
    tally = fuzz(tmp_path, count=24, seed=7, batch=12, written=2)
    assert tally.wrong == []
    assert tally.stopped == []
    assert tally.outcomes.total() == 24
    assert len(tally.outcomes) > 1
