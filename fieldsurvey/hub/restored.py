"""Has the hub's data been put back to an older state? Then its feed has another past than the one laptops know.

A note beside the data says how far the feed was ever handed out. Data that reaches less far was restored, from a file
or from a dump of the database; it gets a new epoch, and every laptop offers again what it has and reads the feed anew.
"""

import json
import os
import secrets
import threading
from pathlib import Path
from typing import Any

from fieldsurvey.hub.locking import locked
from fieldsurvey.hub.storage import Storage

_FILE = "feed.json"


class FeedMark:
    """The note of a hub's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / _FILE
        self._reached = 0
        self._lock = threading.Lock()

    def check(self, storage: Storage) -> bool:
        """Give the data a new epoch if it was restored; say whether it was."""
        if storage.project_id() is None:
            return False
        with locked(self._folder):
            noted, epoch, top = self._read(), storage.epoch(), storage.feed_top()
            is_same = noted.get("epoch") == epoch and top >= noted.get("feed", 0)
            is_restored = not is_same and (bool(noted) or top > 0)
            if is_restored:
                epoch = secrets.token_hex(8)
                storage.set_epoch(epoch)
            self._write(epoch, top)
        return is_restored

    def handed_out(self, storage: Storage, place: int) -> None:
        """Note a place in the feed before anybody is told of it."""
        if place <= self._reached:
            return
        with self._lock, locked(self._folder):
            epoch, noted = storage.epoch(), self._read()
            known = int(noted.get("feed", 0)) if noted.get("epoch") == epoch else 0
            self._write(epoch, max(place, known))

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, epoch: str, feed: int) -> None:
        part = self._path.with_name(f"{_FILE}.{os.getpid()}.part")
        part.write_text(json.dumps({"epoch": epoch, "feed": feed}), "utf-8")
        part.replace(self._path)
        self._reached = feed
