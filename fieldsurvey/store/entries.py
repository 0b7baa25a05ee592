"""The log as a table: revisions in and out of `_rev`, and the feed that others read."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fieldsurvey.model import batch
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import SCOPE, State
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Kind, Revision, unwrap, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store.connection import Connection

ImportedRows = Callable[[Revision, Collection[str]], Mapping[str, Mapping[str, Value]]]
"""(import, records) -> the values that its dataset gave to them; what it does not have, or is not here, is left out."""
COLUMNS = "rid, hlc, actor, fv, tbl, uid, kind, patch, par, chain, scope"
_KINDS = {kind.value: kind for kind in Kind}
BATCH = 900  # SQLite's safe number of parameters in one statement
_INSERT = f"INSERT INTO _rev ({COLUMNS}, st, step) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"


_NOTE_PREFIX = (
    "INSERT INTO _vv VALUES (?, ?, ?) ON CONFLICT (origin) DO UPDATE SET upto = excluded.upto, chain = excluded.chain"
)


class Entries:
    """Reads and writes the log. Applies nothing."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def revisions(self, rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""
        found: dict[int, Revision] = {}
        for part in parts(sorted(set(rids))):
            marks = ",".join("?" * len(part))
            for row in self._db.rows(f"SELECT {COLUMNS} FROM _rev WHERE rid IN ({marks})", part):
                found[row[0]] = revision_of(row)
        return found

    def after(self, origin: int, seq: int, limit: int) -> list[Revision]:
        """Return an origin's revisions after a sequence number, in order."""
        first, last = origin << SEQ_BITS | seq, origin << SEQ_BITS | SEQ_MASK
        sql = f"SELECT {COLUMNS} FROM _rev WHERE rid > ? AND rid <= ? ORDER BY rid LIMIT ?"
        return [revision_of(row) for row in self._db.rows(sql, (first, last, limit))]

    def of_record(self, uid: str, *, applied: bool = False) -> list[Revision]:
        """Return the revisions of a record in the order they were written; on request only those applied."""
        only = " AND st = 1" if applied else ""
        rows = self._db.rows(f"SELECT {COLUMNS} FROM _rev WHERE uid = ?{only} ORDER BY hlc, rid", (uid,))
        return [revision_of(row) for row in rows]

    def everything(self) -> Iterator[Revision]:
        """Yield the whole log in the order it was written."""
        for row in self._db.execute(f"SELECT {COLUMNS} FROM _rev ORDER BY hlc, rid"):
            yield revision_of(row)

    def chains(self, rids: Sequence[int]) -> dict[int, bytes]:
        """Return the chain values of those numbers that are here."""
        found: dict[int, bytes] = {}
        for part in parts(rids):
            rows = self._db.rows(f"SELECT rid, chain FROM _rev WHERE rid IN ({','.join('?' * len(part))})", part)
            found.update((int(rid), bytes(chain)) for rid, chain in rows)
        return found

    def prefix(self, origin: int) -> tuple[int, bytes]:
        """Return how far an origin's log is known without holes, and the hash there."""
        row = self._db.one("SELECT upto, chain FROM _vv WHERE origin = ?", (origin,))
        return (int(row[0]), bytes(row[1])) if row else (0, NO_CHAIN)

    def note_prefix(self, origin: int, upto: int, chain: bytes) -> None:
        """Remember how far an origin's log is known."""
        self._db.execute(_NOTE_PREFIX, (origin, upto, chain))

    def write(self, revisions: Iterable[Revision], applied: Container[int] = (), step: int | None = None) -> None:
        """Write revisions.

        Args:
            revisions: New ones.
            applied: The numbers of those that take effect now; the others wait for their parents.
            step: Sequence number of the first own revision of this transaction; None for those of others.
        """
        # Exact types, and no enumeration: SQLite's module looks for an adapter for any other.
        rows = [
            (
                r.rid, r.hlc, r.actor, r.fv, r.table, r.uid, r.kind.value, r.patch, r.par, r.chain, r.scope,
                int(r.rid in applied), step,
            )
            for r in revisions
        ]  # fmt: skip
        self._db.many(_INSERT, rows)

    def feed(self, revisions: Sequence[Revision], scopes: Mapping[str, tuple[int, int]]) -> None:
        """Append applied revisions to the feed, each under the area of its record.

        A record that moves goes whole into its new area: whoever follows that
        area has none of its past. The move itself is told to the old area too,
        so that laptops there learn that the record has left them (they see
        `fs_scope` in the patch, or a state whose scope is none of theirs). A
        hub on another engine must do the same two things.

        Args:
            revisions: Those applied just now, in causal order.
            scopes: uid -> the record's area before and after them.
        """
        for uid, (before, after) in scopes.items():
            if before != after:
                self._db.execute(_FEED_WHOLE, (after, uid))
        rows: list[tuple[int, int]] = []
        for revision in revisions:
            areas = scopes.get(revision.uid, (revision.scope, revision.scope))
            rows += [(area, revision.rid) for area in dict.fromkeys(areas)]
        self._db.many(_FEED, rows)

    def feed_after(self, cursor: int, limit: int, scopes: Sequence[int] | None) -> tuple[list[Revision], int]:
        """Return what was applied after a place in the feed, and the place reached."""
        area = "" if scopes is None else f" AND f.scope IN ({','.join(str(int(s)) for s in scopes)})"
        columns = ", ".join(f"r.{name.strip()}" for name in COLUMNS.split(","))
        joined = "_feed f JOIN _rev r ON r.rid = f.rid"
        sql = f"SELECT f.seq, {columns} FROM {joined} WHERE f.seq > ?{area} ORDER BY f.seq LIMIT ?"
        rows = self._db.rows(sql, (cursor, limit))
        return [revision_of(row[1:]) for row in rows], (rows[-1][0] if rows else cursor)


_FEED = "INSERT INTO _feed (scope, rid) VALUES (?, ?)"
_FEED_WHOLE = "INSERT INTO _feed (scope, rid) SELECT ?, rid FROM _rev WHERE uid = ? AND st = 1 ORDER BY hlc, rid"


class ValueOf:
    """Reads the value a revision gave to a field; parses each patch once."""

    def __init__(self, known: Mapping[int, Revision]) -> None:
        self.known = known
        self._patches: dict[int, dict[str, Any]] = {}

    def __call__(self, rid: int, name: str) -> Any:  # noqa: ANN401 - JSON
        """Return the value as stored, None where the revision does not set the field."""
        return self._patch(rid).get(name)

    def has(self, rid: int, name: str) -> bool:
        """Say whether the revision sets the field; a create sets every field, to nothing if it does not name it."""
        return name in self._patch(rid) or (rid in self.known and self.known[rid].kind is Kind.CREATE)

    def set_by(self, winners: Mapping[str, int]) -> dict[str, Value]:
        """Return the values of those fields that their version sets."""
        found: dict[str, Value] = {}
        for name, rid in winners.items():
            patch = self._patches.get(rid)
            if patch is None:
                patch = self._patch(rid)
            if name in patch:
                value = patch[name]
                found[name] = unwrap(value) if type(value) is dict else value
            elif self.has(rid, name):
                found[name] = None
        return found

    def with_imported(self, patches: Mapping[int, dict[str, Any]]) -> "ValueOf":
        """Return a reader for one record that also knows what imports gave to it, as stored."""
        found = ValueOf(self.known)
        found._patches.update(patches)
        return found

    def _patch(self, rid: int) -> dict[str, Any]:
        if rid not in self._patches:
            revision = self.known.get(rid)
            has_values = revision is not None and revision.kind is not Kind.IMPORT
            self._patches[rid] = revision.fields() if revision and has_values else {}
        return self._patches[rid]


def readers(
    states: Mapping[str, State], value_of: ValueOf, imported: ImportedRows, columns: Callable[[str], Sequence[str]]
) -> dict[str, ValueOf]:
    """Return, of records that were made more than once, readers that know what imports gave to each of them.

    Args:
        states: Where records stand.
        value_of: Reader for what edits gave to them.
        imported: Reads datasets.
        columns: Table -> its columns: an import, like a create, sets every one.
    """
    again = {uid: state for uid, state in states.items() if len(state.base) > 1}
    wanted: dict[int, list[str]] = {}
    for uid, state in again.items():
        for rid in batch.mixed_imports(state, value_of.known):
            wanted.setdefault(rid, []).append(uid)
    rows = {rid: imported(value_of.known[rid], uids) for rid, uids in wanted.items()}
    found: dict[str, ValueOf] = {}
    for uid, state in again.items():
        patches: dict[int, dict[str, Any]] = {}
        for rid in state.base:
            if rid in value_of.known and value_of.known[rid].kind is Kind.IMPORT:
                row = rows.get(rid, {}).get(uid)
                patches[rid] = {SCOPE: state.scope} if row is None else _as_patch(uid, state, row, columns(state.table))
        found[uid] = value_of.with_imported(patches) if patches else value_of
    return found


def _as_patch(uid: str, state: State, row: Mapping[str, Value], columns: Sequence[str]) -> dict[str, Any]:
    """Return an imported row as the patch of a create."""
    home = uid if state.table == "community" else row.get("community_uid")
    given = {name: wrap(value) for name, value in row.items()}
    return {**dict.fromkeys(columns), **given, SCOPE: scope_of(str(home)) if home else 0}


def revision_of(row: Sequence[Any]) -> Revision:
    """Return the revision in a row of COLUMNS."""
    rid, hlc, actor, fv, table, uid, kind, patch, par, chain, scope = row
    return Revision(rid, hlc, actor, fv, table, uid, _KINDS[kind], patch, par, bytes(chain), scope)


def parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield the items in portions that fit one statement."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
