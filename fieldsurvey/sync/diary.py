"""The exchanges of this copy of the project: when, with whom, and how they ended. Kept in the project, never sent."""

import json
from dataclasses import asdict, dataclass

from fieldsurvey.clock import now_millis
from fieldsurvey.model.revision import dump
from fieldsurvey.store import Store

_SETTING = "sync.diary"
_MOST = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange.

    Attributes:
        at_ms: When it ended, by the clock of this computer.
        target: Address, folder or file.
        is_ok: Whether it came to its end.
        sent, received: Revisions.
        files_sent, files_received: Photos and datasets.
        text: What went wrong; empty if nothing.
    """

    at_ms: int
    target: str
    is_ok: bool
    sent: int = 0
    received: int = 0
    files_sent: int = 0
    files_received: int = 0
    text: str = ""


def note(store: Store, entry: Entry) -> None:
    """Remember an exchange."""
    kept = [asdict(known) for known in entries(store)[: _MOST - 1]]
    store.set_setting(_SETTING, dump([asdict(entry), *kept]))


def failed(store: Store, target: str, text: str) -> None:
    """Remember an exchange that broke off."""
    note(store, Entry(now_millis(), target, False, text=text))


def entries(store: Store) -> list[Entry]:
    """Return the exchanges, newest first."""
    return [Entry(**raw) for raw in json.loads(store.setting(_SETTING, "[]"))]


def last_ok(store: Store) -> Entry | None:
    """Return the last exchange that came to its end."""
    return next((entry for entry in entries(store) if entry.is_ok), None)
