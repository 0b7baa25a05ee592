"""The first quarter of the histories of the day (tests/histories.py)."""

import pytest

from tests.histories import assert_quarter_goes_well


@pytest.mark.timeout(3600)
def test_nothing_is_lost_and_all_end_equal() -> None:
    assert_quarter_goes_well(0)
