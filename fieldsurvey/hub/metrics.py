"""Numbers for monitoring, in the text format of Prometheus (version 0.0.4)."""

import threading
from collections import Counter
from collections.abc import Iterator

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds


class Metrics:
    """Counts what this process does."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._counts: Counter[str] = Counter()
        self._times: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        self._lock = threading.Lock()

    def request(self, route: str, code: int, seconds: float) -> None:
        """Note an answered request."""
        with self._lock:
            self._requests[route, code] += 1
            times = self._times.setdefault(route, [0] * (len(_BOUNDS) + 1))
            times[sum(seconds > bound for bound in _BOUNDS)] += 1
            self._sums[route] = self._sums.get(route, 0.0) + seconds

    def add(self, name: str, amount: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name] += amount

    def text(self, gauges: dict[str, int]) -> str:
        """Return everything as Prometheus reads it.

        Args:
            gauges: Name -> number that may go up and down.
        """
        with self._lock:
            return "\n".join([*self._request_lines(), *self._count_lines(), *_gauge_lines(gauges), ""])

    def _request_lines(self) -> Iterator[str]:
        yield "# TYPE fieldsurvey_http_requests_total counter"
        for (route, code), number in sorted(self._requests.items()):
            yield f'fieldsurvey_http_requests_total{{route="{route}",code="{code}"}} {number}'
        yield "# TYPE fieldsurvey_http_request_seconds histogram"
        for route, times in sorted(self._times.items()):
            total = 0
            for bound, number in zip([*map(str, _BOUNDS), "+Inf"], times, strict=True):
                total += number
                yield f'fieldsurvey_http_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}'
            yield f'fieldsurvey_http_request_seconds_sum{{route="{route}"}} {self._sums[route]:.6f}'
            yield f'fieldsurvey_http_request_seconds_count{{route="{route}"}} {total}'

    def _count_lines(self) -> Iterator[str]:
        for name, number in sorted(self._counts.items()):
            yield f"# TYPE fieldsurvey_{name}_total counter"
            yield f"fieldsurvey_{name}_total {number}"


def _gauge_lines(gauges: dict[str, int]) -> Iterator[str]:
    for name, number in sorted(gauges.items()):
        yield f"# TYPE fieldsurvey_{name} gauge"
        yield f"fieldsurvey_{name} {number}"
