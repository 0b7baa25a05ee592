"""The audit log: who did what and when, one JSON line each, only ever appended to."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fieldsurvey.clock import iso_utc, now_millis

AUDIT = "audit.ndjson"
_LONGEST = 200  # characters of a value that came from outside


class Audit:
    """Appends to the log of a hub's folder. Lines of several processes do not mix: each is one write."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / AUDIT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()

    def note(self, event: str, *, login: str = "", address: str = "", **facts: object) -> None:
        """Write one line. Never pass a token, a password or their parts."""
        line: dict[str, object] = {
            "at": iso_utc(now_millis()),
            "event": event,
            "login": login[:_LONGEST],
            "address": address,
        }
        line |= {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in facts.items()}
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        with self._lock:
            os.write(self._file, data)

    def close(self) -> None:
        """Flush it to the disk and close it."""
        os.fsync(self._file)
        os.close(self._file)


def entries(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of the log, oldest first; a last line that a power cut left half is skipped."""
    place = folder / AUDIT
    if not place.exists():
        return
    with place.open(encoding="utf-8") as source:
        for line in source:
            try:
                yield json.loads(line)
            except ValueError:
                continue
