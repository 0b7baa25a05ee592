"""The black-box checker: what became of every value that was ever written (SYNC section 8).

It knows only what people did and saw. Each value is written once in a history,
so it must end visible, in an open conflict, changed by someone to whom it was
shown, resolved in a list that contained it, or deleted by someone who saw it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fieldsurvey.store import Store
from fieldsurvey.store.memory import written
from fieldsurvey.sync.simulate.sites import FIELDS, PLACE

Cell = tuple[str, str]  # record, field
Written = Mapping[int, Mapping[str, object]]  # revision -> the values it wrote


@dataclass
class Ledger:
    """What people did and saw.

    Attributes:
        written: Value -> where it was written.
        replaced: Values that were on the screen of whoever changed their field.
        resolved: Values that stood in the list of whoever resolved.
        deleted: Record -> values that whoever deleted it could see.
        burnt: Values that were on a disk that was lost; excused only if nobody else has them.
    """

    written: dict[str, Cell] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    resolved: set[str] = field(default_factory=set)
    deleted: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    burnt: set[str] = field(default_factory=set)

    def wrote(self, uid: str, changes: Mapping[str, str]) -> None:
        """Note that a save was acknowledged."""
        self.written |= {value: (uid, name) for name, value in changes.items()}

    def disk_lost(self, before: Written, after: Written) -> None:
        """Note what was on a disk that was put back to an older state."""
        self.burnt |= _all_texts(before) - _all_texts(after)

    def lost(self, store: Store) -> list[str]:
        """Return what is missing in a replica that has everything, each a line for a person to read."""
        visible = {str(row["uid"]): row for row in store.select(PLACE.name)}
        rivals: dict[Cell, set[object]] = {}
        for conflict in store.conflicts():
            rivals[conflict.uid, conflict.field] = {version.value for version in conflict.versions}
        history = _all_texts(written(store))
        found = []
        for value, (uid, name) in self.written.items():
            if value not in history:
                if value not in self.burnt:
                    found.append(f"{value} of {uid}.{name} is in nobody's log")
            elif visible.get(uid, {}).get(name) != value and not self._is_settled(value, uid, rivals.get((uid, name))):
                found.append(f"{value} of {uid}.{name} gave way to {visible.get(uid, {}).get(name)!r} unseen")
        return found

    def _is_settled(self, value: str, uid: str, rivals: set[object] | None) -> bool:
        seen = value in self.replaced or value in self.resolved or value in self.deleted[uid]
        return seen or (rivals is not None and value in rivals)


def shown(values: Mapping[str, object]) -> set[str]:
    """Return the values on a screen."""
    return _texts(values[name] for name in FIELDS if name in values)


def _all_texts(revisions: Written) -> set[str]:
    return {value for values in revisions.values() for value in _texts(values.values())}


def _texts(values: Iterable[object]) -> set[str]:
    return {value for value in values if isinstance(value, str)}
