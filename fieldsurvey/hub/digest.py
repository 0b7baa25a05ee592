"""One number for everything a hub holds: equal on two engines exactly when they hold the same."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import shapely

from fieldsurvey.hub.storage import Storage
from fieldsurvey.hub.typed import as_shown
from fieldsurvey.model.merge import State, state_to_json
from fieldsurvey.model.revision import dump, wrap
from fieldsurvey.model.schema import Table, Value


@dataclass(frozen=True, slots=True)
class Digest:
    """SHA-256 of the parts, in hex.

    Attributes:
        rows: Visible rows of all tables.
        heads: How far each origin's log is known, with its hash chain: every entry of the log.
        states: Where each edited record stands, and open conflicts.
        held: What is in quarantine.
    """

    rows: str
    heads: str
    states: str
    held: str


def digest(storage: Storage) -> Digest:
    """Return the digest of a hub's data."""
    hello = storage.hello()
    heads = sorted((origin, upto, chain.hex()) for origin, (upto, chain) in hello.heads.items()) if hello else []
    states = sorted(
        (uid, s.table, s.scope, *state_to_json(_ordered(s)), list(s.approvals)) for uid, s in storage.states().items()
    )
    conflicts = sorted([*key, *sorted(rids)] for key, rids in storage.conflicts().items())
    held = sorted((entry.revision.rid, entry.reason) for entry in storage.held())
    rows = (line for table in sorted(storage.tables().values(), key=_name) for line in _lines(storage, table))
    return Digest(_hash(rows), _hash(map(dump, heads)), _hash(map(dump, [*states, *conflicts])), _hash(map(dump, held)))


def _name(table: Table) -> str:
    return table.name


def _ordered(state: State) -> State:
    return replace(state, over=dict(sorted(state.over.items())))


def _hash(lines: Iterable[str]) -> str:
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode() + b"\n")
    return found.hexdigest()


def _lines(storage: Storage, table: Table) -> Iterable[str]:
    types = {column.name: column.type for column in table.columns}
    for row in storage.select(table.name):
        values = {
            name: wrap(_geometry(value) if name == "geom" else as_shown(types[name], value) if name in types else value)
            for name, value in row.items()
            if value is not None
        }
        yield dump([table.name, *sorted(values.items())])


def _geometry(value: Value) -> Value:
    """Return a geometry as one engine and the other write it alike."""
    if not isinstance(value, bytes):
        return value
    return bytes(shapely.to_wkb(shapely.from_wkb(value), byte_order=1, include_srid=False))
