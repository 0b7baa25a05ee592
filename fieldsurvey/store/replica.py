"""Which copy of a project this is.

Two copies of one project file must not write under one number. A note outside
the file (in the user's own folder) says which number was used from which path
and how far; a file that does not fit its note is a copy, or an older state of
itself, and takes a new number before its first write (SYNC section 5, rule a).
"""

import json
import secrets
from pathlib import Path
from typing import Any

from fieldsurvey.model.revision import ORIGIN_BITS
from fieldsurvey.paths import user_data


def new_origin() -> int:
    """Return a fresh replica number, 1 … 2^20 - 1; the hub detects the rare clash."""
    return 1 + secrets.randbelow((1 << ORIGIN_BITS) - 1)


def is_ours(project: str, origin: int, path: Path, seq: int) -> bool:
    """Say whether the file at the path may go on writing under its number."""
    note = _notes().get(f"{project}:{origin}")
    if note is None or seq < int(note["seq"]):
        return False
    before = Path(note["path"])
    return before == path.absolute() or not before.exists()


def remember(project: str, origin: int, path: Path, seq: int) -> None:
    """Write the note; without a writable user folder every opening takes a new number, which is safe."""
    notes = _notes()
    notes[f"{project}:{origin}"] = {"path": str(path.absolute()), "seq": seq}
    place = user_data() / "replicas.json"
    temporary = place.with_suffix(".tmp")
    try:
        temporary.write_text(json.dumps(notes, ensure_ascii=False), "utf-8")
        temporary.replace(place)
    except OSError:
        return


def _notes() -> dict[str, Any]:
    try:
        notes = json.loads((user_data() / "replicas.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}
