"""The clock, as a value that can be passed in and set by tests."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

MillisClock = Callable[[], int]


def now_millis() -> int:
    """Return the time in whole milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def iso_utc(millis: int) -> str:
    """Return the moment as ISO 8601 in UTC with milliseconds.

    >>> iso_utc(0)
    '1970-01-01T00:00:00.000Z'
    """
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def today() -> date:
    """Return the day of the clock on the wall."""
    return datetime.now().astimezone().date()
