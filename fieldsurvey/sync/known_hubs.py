"""The file with what this computer knows of hubs, in the user's folder. Cheap to read: the window asks at once."""

import json
import os
from pathlib import Path

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.paths import user_data


def enrolled_at() -> list[str]:
    """Return the addresses of the hubs that know this computer; none if the file cannot be read."""
    try:
        return [hub for hub, raw in read().items() if raw["token"]]
    except SyncError:
        return []


def read() -> dict[str, dict[str, str]]:
    """Return what is kept, by address.

    Raises:
        SyncError: If the file is damaged.
    """
    try:
        found: dict[str, dict[str, str]] = json.loads(_place().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SyncError(_("The key in {file} cannot be used: {why}").format(file=_place(), why=error)) from error
    return found


def write(known: dict[str, dict[str, str]]) -> None:
    """Replace what is kept: the old file or the new one, readable by its owner only."""
    part = _place().with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(known, out, ensure_ascii=False)
    part.replace(_place())


def _place() -> Path:
    return user_data() / "hubs.json"
