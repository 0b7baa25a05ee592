"""The histories of the day: in four files, so that parallel workers share them, and a seed of the day for all."""

import os
from datetime import UTC, datetime

from fieldsurvey.sync.simulate.runner import run

HISTORIES = int(os.environ.get("FIELDSURVEY_HISTORIES", "2000"))
QUARTERS = 4


def seed_of_the_day() -> int:
    """Return the first seed of a day; a failure names its own."""
    return int(datetime.now(UTC).strftime("%Y%m%d")) * 10_000


def assert_quarter_goes_well(number: int) -> None:
    """Run a quarter of the histories: nothing is lost, nothing differs, all comes to rest."""
    seed, size = seed_of_the_day(), HISTORIES // QUARTERS
    outcome = run(range(seed + number * size, seed + (number + 1) * size))
    assert outcome.sentence() == f"{size} histories, 0 lost, 0 diverged, 0 unsettled", outcome.failures
    assert all(outcome.stats[name] for name in ("crashes", "hub restores", "laptop restores", "clones", "sticks"))
