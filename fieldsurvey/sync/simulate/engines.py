"""Hubs of other make in the simulation: the hub's room brings them, by name."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Protocol

from fieldsurvey.errors import UsageError
from fieldsurvey.i18n import _
from fieldsurvey.store import Store
from fieldsurvey.sync.answering import Replica

_ROOM = "fieldsurvey.hub.simulation"  # loaded by name: sync does not build on the hub


class Office(Replica, Protocol):
    """A hub that answers, and can be compared at the end."""

    def differs_from(self, store: Store) -> str:
        """Say how it differs from a replica that has everything; empty: not at all."""

    def close(self) -> None:
        """Throw it away."""


Engine = Callable[[Path], Office]  # folder of the history -> an empty hub


def engine_named(name: str) -> Engine | None:
    """Return what makes hubs of that name; None for the one on SQLite.

    Raises:
        UsageError: If there is none of that name, or it cannot be used here.
    """
    if name == "sqlite":
        return None
    found: dict[str, Callable[[], Engine]] = import_module(_ROOM).ENGINES
    if name not in found:
        raise UsageError(_("There is no engine {name}: use sqlite or postgresql.").format(name=name))
    return found[name]()
