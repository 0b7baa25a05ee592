"""What one client may ask for: tries at logging in, and work per minute."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from fieldsurvey.clock import MillisClock, now_millis

_MAX_NAMES = 20_000  # remembered clients; the longest unseen is forgotten
_FREE_TRIES = 5
_FIRST_WAIT_MS = 1000
_LONGEST_WAIT_MS = 15 * 60 * 1000
_PATIENCE_MS = 20_000  # of work ahead; laptops wait 30 s for an answer
_PACE_OVER = 8  # steps over which the pace is smoothed


@dataclass(slots=True)
class _Failures:
    count: int = 0
    until_ms: int = 0


class Throttle:
    """Slows down guessing: after five wrong tries each further one doubles the wait, up to a quarter of an hour."""

    def __init__(self, clock: MillisClock = now_millis) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait_ms(self, *names: str) -> int:
        """Return how long the client must wait before its next try; 0: not at all."""
        now = self._clock()
        with self._lock:
            return max(0, *(self._failures[name].until_ms - now for name in names if name in self._failures), 0)

    def failed(self, *names: str) -> None:
        """Note a wrong try, by address and by login."""
        with self._lock:
            for name in names:
                found = self._failures.setdefault(name, _Failures())
                self._failures.move_to_end(name)
                found.count += 1
                if found.count >= _FREE_TRIES:
                    wait = min(_LONGEST_WAIT_MS, _FIRST_WAIT_MS << min(20, found.count - _FREE_TRIES))
                    found.until_ms = self._clock() + wait
            while len(self._failures) > _MAX_NAMES:
                self._failures.popitem(last=False)

    def succeeded(self, *names: str) -> None:
        """Forget wrong tries."""
        with self._lock:
            for name in names:
                self._failures.pop(name, None)


class Rate:
    """A bucket per client that fills steadily: bytes or requests."""

    def __init__(self, per_second: float, burst: float, clock: MillisClock = now_millis) -> None:
        self._rate, self._burst, self._clock = per_second, burst, clock
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_ms(self, name: str, cost: float = 1) -> int:
        """Take from the bucket; return 0, or how long to wait if there is not enough in it (nothing is taken then)."""
        now = self._clock()
        with self._lock:
            level, at = self._buckets.get(name, (self._burst, now))
            level = min(self._burst, level + (now - at) / 1000 * self._rate)
            enough = level >= min(cost, self._burst)
            self._buckets[name] = (level - cost if enough else level, now)
            self._buckets.move_to_end(name)
            if len(self._buckets) > _MAX_NAMES:
                self._buckets.popitem(last=False)
        return 0 if enough else max(1, int((min(cost, self._burst) - level) / self._rate * 1000))


class Load:
    """How long what waits will take, judged by what was done before.

    A laptop that waits beyond its patience sends the same again, which makes a busy hub busier. So beyond some seconds
    of waiting work the next one is told when to come again.
    """

    def __init__(self, workers: int = 1) -> None:
        self._workers, self._lock = workers, threading.Lock()
        self._waiting = 0  # bytes
        self._pace = 0.0  # seconds a byte takes, the newest counting most

    def came(self, size: int) -> None:
        """Note bytes that wait."""
        with self._lock:
            self._waiting += size

    def done(self, size: int, seconds: float) -> None:
        """Note bytes that were dealt with, and the time this took."""
        with self._lock:
            self._waiting -= size
            pace = seconds / max(1, size)
            self._pace = pace if not self._pace else self._pace + (pace - self._pace) / _PACE_OVER

    def wait_ms(self) -> int:
        """Return after how long to come again; 0: now."""
        with self._lock:
            ahead = int(self._waiting * self._pace / self._workers * 1000)
        return 0 if ahead <= _PATIENCE_MS else ahead - _PATIENCE_MS // 2
