"""Which copy of a project this is.

Two copies of one project file must not write under one number. A note outside
the file (in the user's own folder) says which number was used from which path
and how far; a file that does not fit its note is a copy, or an older state of
itself, and takes a new number before its first write (SYNC section 5, rule a).
The note is brought up to date before anything is sent, so it knows every
number that others may have seen.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fieldsurvey.model.revision import ORIGIN_BITS
from fieldsurvey.paths import user_data

MAX_ORIGIN = (1 << ORIGIN_BITS) - 1


@dataclass(frozen=True, slots=True)
class Note:
    """How far a file is.

    Attributes:
        path: Where it lies.
        seq: Last number it wrote.
        feed: Length of its feed: what it ever took in.
    """

    path: str
    seq: int
    feed: int


class Profile:
    """What this user's computer remembers outside the project files."""

    def new_origin(self) -> int:
        """Return a fresh replica number, 1 … 2^20 - 1; a rare clash is found and settled at the next exchange."""
        return 1 + secrets.randbelow(MAX_ORIGIN)

    def is_ours(self, project: str, origin: int, now: Note) -> bool:
        """Say whether a file that stands like this may go on writing under its number."""
        raw = self.notes().get(f"{project}:{origin}")
        if raw is None or now.seq < int(raw["seq"]) or now.feed < int(raw.get("feed", 0)):
            return False
        return bool(raw["path"] == now.path or not Path(raw["path"]).exists())

    def remember(self, project: str, origin: int, now: Note) -> None:
        """Note how far a number was used."""
        notes = self.notes()
        if notes.get(f"{project}:{origin}") != asdict(now):
            self.write({**notes, f"{project}:{origin}": asdict(now)})

    def notes(self) -> dict[str, Any]:
        """Return every note, empty where the file cannot be read."""
        try:
            notes = json.loads(_place().read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return notes if isinstance(notes, dict) else {}

    def write(self, notes: dict[str, Any]) -> None:
        """Replace the notes; without a writable user folder every opening takes a new number, which is safe."""
        temporary = _place().with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(notes, ensure_ascii=False), "utf-8")
            temporary.replace(_place())
        except OSError:
            return


def _place() -> Path:
    return user_data() / "replicas.json"
