"""The revision log of a project file and the rows it materialises."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from fieldsurvey.clock import MillisClock, now_millis
from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.model import merge
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Kind, Revision, chain_of, dump, unwrap, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.rows import Rows

_COLUMNS = "rid, hlc, actor, fv, tbl, uid, kind, patch, par, chain, scope"
_MAX_AHEAD_MS = 24 * 3600 * 1000  # a clock further ahead than a day does not pull ours along
NONE_WITHHELD: Mapping[int, str] = MappingProxyType({})
_BATCH = 900  # SQLite's safe number of parameters in one statement


class _OfOrigin(SyncError):
    """Something is wrong with the log of one replica.

    Attributes:
        origin: Number of that replica.
    """

    def __init__(self, message: str, origin: int) -> None:
        super().__init__(message)
        self.origin = origin


class Fork(_OfOrigin):
    """Two different revisions under one number: a cloned or restored laptop."""


class StaleReplica(_OfOrigin):
    """Our own later revisions came back: this file is an older state of itself."""


class Tampered(_OfOrigin):
    """A revision does not fit its hash chain."""


def forked(origin: int) -> str:
    """Return the sentence for two different edits under one number."""
    return _("Laptop {origin} wrote two different edits under one number: it was copied or restored.").format(
        origin=origin
    )


class Log:
    """Appends own revisions, takes in those of others, and keeps rows and conflicts up to date.

    Attributes:
        origin: Number of this replica.
        seq: Sequence number of its last revision.
    """

    def __init__(self, connection: Connection, rows: Rows, clock: MillisClock = now_millis) -> None:
        self._db, self._rows, self._clock = connection, rows, clock
        self.touched: dict[str, str] = {}
        self.load_dataset: Callable[[Revision], bool] = lambda _revision: False
        self.reload()

    def reload(self) -> None:
        """Read the own position again: at opening, and after a rollback."""
        self.origin = int(self._db.scalar("SELECT value FROM _meta WHERE key = 'origin'") or 0)
        row = self._db.one("SELECT upto, chain FROM _vv WHERE origin = ?", (self.origin,))
        self.seq, self._chain = (int(row[0]), bytes(row[1])) if row else (0, NO_CHAIN)
        self._hlc = int(self._db.scalar("SELECT value FROM _meta WHERE key = 'hlc'") or 0)
        self.touched = {}

    # --- own edits -----------------------------------------------------------------------------------------------

    def append(
        self,
        kind: Kind,
        table: str,
        uid: str,
        patch: Mapping[str, object] | None,
        par: str | None,
        scope: int,
        actor: int,
    ) -> Revision:
        """Write one own revision and apply it. Call inside a transaction."""
        self.seq += 1
        self._hlc = max(self._hlc + 1, self._clock() << 16)
        text = None if patch is None else dump(patch)
        bare = Revision(
            self.origin << SEQ_BITS | self.seq, self._hlc, actor, 1, table, uid, kind, text, par, NO_CHAIN, scope
        )
        self._chain = chain_of(self._chain, bare)
        revision = replace(bare, chain=self._chain)
        self._store([revision], applied=True)
        self._note_prefix(self.origin, self.seq, self._chain)
        self._db.execute("INSERT OR REPLACE INTO _meta VALUES ('hlc', ?)", (self._hlc,))
        if kind is not Kind.IMPORT:
            self._apply([revision])
        self._feed([revision])
        return revision

    def state(self, uid: str, table: str = "") -> State | None:
        """Return where a record stands; an imported row that nobody edited stands on its import."""
        row = self._db.one("SELECT tbl, scope, base, over, dels FROM _rec WHERE uid = ?", (uid,))
        if row is not None:
            return merge.state_from_json(*row)
        found = self._rows.find(uid, table)
        if found is None:
            return None
        name, rev, community = found
        return State(name, scope_of(uid if name == "community" else community), (rev,))

    def revisions(self, rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""
        found: dict[int, Revision] = {}
        for part in _parts(sorted(set(rids))):
            marks = ",".join("?" * len(part))
            for row in self._db.rows(f"SELECT {_COLUMNS} FROM _rev WHERE rid IN ({marks})", part):
                found[row[0]] = _revision(row)
        return found

    def status(self, state: State, names: Iterable[str]) -> tuple[merge.Status, "ValueOf"]:
        """Return what to show of a record, and a reader for the values of its versions."""
        wanted = set(names) | {name for name, heads in state.over.items() if len(heads) > 1}
        if len(state.base) > 1:
            wanted |= set(self._rows.columns(state.table))
        needed = {rid for name in wanted for rid in state.heads(name)} | set(state.deletes)
        known = self.revisions(needed)
        value_of = ValueOf(known)
        return merge.status(state, sorted(wanted), known, value_of), value_of

    # --- edits of others -----------------------------------------------------------------------------------------

    def ingest(self, revisions: Sequence[Revision], withheld: Mapping[int, str] = NONE_WITHHELD) -> int:
        """Take in revisions in any order; return how many were new. Call inside a transaction.

        Args:
            revisions: What came.
            withheld: Revision -> why it must not take effect before somebody with the right to do so lets it.

        Raises:
            Fork: If a known number comes with other content.
            StaleReplica: If own revisions come back that this file does not know.
            Tampered: If a revision does not fit its origin's chain.
        """
        fresh = self._fresh(revisions)
        if not fresh:
            return 0
        self._store(list(fresh.values()), applied=False)
        for origin in sorted({revision.origin for revision in fresh.values()}):
            self._advance(origin)
        for revision in fresh.values():
            if revision.at_ms <= self._clock() + _MAX_AHEAD_MS:
                self._hlc = max(self._hlc, revision.hlc)
        self._db.execute("INSERT OR REPLACE INTO _meta VALUES ('hlc', ?)", (self._hlc,))
        self.settle([revision for revision in fresh.values() if revision.rid not in withheld])
        self._db.many(
            "INSERT OR IGNORE INTO _wait VALUES (?, ?)",
            [(f"!{why}", rid) for rid, why in withheld.items() if rid in fresh],
        )
        return len(fresh)

    def quarantined(self) -> list[tuple[int, str]]:
        """Return the revisions that wait for a person's decision, and why."""
        return [
            (int(rid), why[1:])
            for rid, why in self._db.rows(
                "SELECT rid, missing FROM _wait WHERE missing >= '!' AND missing < '\"' ORDER BY rid"
            )
        ]

    def let_go(self, rids: Sequence[int]) -> None:
        """Let held revisions take effect. Call inside a transaction."""
        for rid in rids:
            self._db.execute("DELETE FROM _wait WHERE rid = ? AND missing >= '!' AND missing < '\"'", (rid,))
        self.settle(self.revisions(rids).values())

    def settle(self, candidates: Iterable[Revision]) -> None:
        """Apply what can be applied, and then what waited for it."""
        queue = sorted(candidates, key=lambda revision: (revision.hlc, revision.rid))
        while queue:
            ready = self._ready(queue)
            if not ready:
                return
            homeless = self._apply(ready)
            ready = [revision for revision in ready if revision.rid not in homeless]
            self._db.many("UPDATE _rev SET st = 1 WHERE rid = ?", [(r.rid,) for r in ready])
            self._feed(ready)
            queue = self._released(ready)

    def release_dataset(self, sha256: str) -> None:
        """Go on with what waited for a dataset that has arrived."""
        self.settle(self._released_by([sha256]))

    def _fresh(self, revisions: Sequence[Revision]) -> dict[int, Revision]:
        known: dict[int, bytes] = {}
        for part in _parts([revision.rid for revision in revisions]):
            marks = ",".join("?" * len(part))
            known.update(self._db.rows(f"SELECT rid, chain FROM _rev WHERE rid IN ({marks})", part))
        fresh: dict[int, Revision] = {}
        for revision in revisions:
            had = known.get(revision.rid) or (fresh[revision.rid].chain if revision.rid in fresh else None)
            if had is not None and bytes(had) != revision.chain:
                raise Fork(forked(revision.origin), revision.origin)
            if had is None:
                fresh[revision.rid] = revision
        if any(r.origin == self.origin and r.seq > self.seq for r in fresh.values()):
            raise StaleReplica(
                _("This project file is an older copy of itself; it takes a new number and goes on."), self.origin
            )
        return fresh

    def _advance(self, origin: int) -> None:
        """Lengthen the known prefix of an origin, checking each link of its chain."""
        upto, chain = self.prefix(origin)
        first = upto
        while True:
            row = self._db.one(f"SELECT {_COLUMNS} FROM _rev WHERE rid = ?", (origin << SEQ_BITS | (upto + 1),))
            if row is None:
                break
            revision = _revision(row)
            if chain_of(chain, revision) != revision.chain:
                raise Tampered(
                    _(
                        "Edit {seq} of laptop {origin} was changed on the way; nothing of this package was taken."
                    ).format(seq=revision.seq, origin=origin),
                    origin,
                )
            upto, chain = upto + 1, revision.chain
        if upto != first:
            self._note_prefix(origin, upto, chain)

    def prefix(self, origin: int) -> tuple[int, bytes]:
        """Return how far an origin's log is known without holes, and the hash there."""
        row = self._db.one("SELECT upto, chain FROM _vv WHERE origin = ?", (origin,))
        return (int(row[0]), bytes(row[1])) if row else (0, NO_CHAIN)

    def _ready(self, queue: list[Revision]) -> list[Revision]:
        """Return, in causal order, those whose parents are applied or come before them; the rest waits."""
        needs = {r.rid: merge.required(r) for r in queue}
        applied = self._applied({parent for parents in needs.values() for parent in parents})
        ready: list[Revision] = []
        pending = list(queue)
        while pending:
            now = [
                r for r in pending if needs[r.rid] <= applied and (r.kind is not Kind.IMPORT or self.load_dataset(r))
            ]
            if not now:
                break
            ready += now
            applied |= {r.rid for r in now}
            done = {r.rid for r in now}
            pending = [r for r in pending if r.rid not in done]
        for revision in pending:
            missing = [str(parent) for parent in needs[revision.rid] - applied]
            if revision.kind is Kind.IMPORT:
                missing.append(str(revision.fields()["dataset"]))
            self._db.many("INSERT OR IGNORE INTO _wait VALUES (?, ?)", [(name, revision.rid) for name in missing])
        return ready

    def _applied(self, rids: set[int]) -> set[int]:
        found: set[int] = set()
        for part in _parts(sorted(rids)):
            marks = ",".join("?" * len(part))
            found |= {row[0] for row in self._db.rows(f"SELECT rid FROM _rev WHERE st = 1 AND rid IN ({marks})", part)}
        return found

    def _released(self, applied: Sequence[Revision]) -> list[Revision]:
        if not self._db.scalar("SELECT 1 FROM _wait LIMIT 1"):
            return []
        born = [revision.uid for revision in applied if revision.kind is Kind.CREATE]
        return self._released_by([*[str(revision.rid) for revision in applied], *born])

    def _released_by(self, names: Sequence[str]) -> list[Revision]:
        """Strike what has arrived off the waiting list and return the revisions that wait for nothing any more."""
        candidates: set[int] = set()
        for part in _parts(names):
            marks = ",".join("?" * len(part))
            candidates |= {row[0] for row in self._db.rows(f"SELECT rid FROM _wait WHERE missing IN ({marks})", part)}
            self._db.execute(f"DELETE FROM _wait WHERE missing IN ({marks})", part)
        free = [rid for rid in candidates if not self._db.scalar("SELECT 1 FROM _wait WHERE rid = ? LIMIT 1", (rid,))]
        found = self.revisions(free).values()
        return sorted(found, key=lambda revision: (revision.hlc, revision.rid))

    # --- rows ----------------------------------------------------------------------------------------------------

    def _apply(self, revisions: Sequence[Revision]) -> frozenset[int]:
        """Fold revisions, in causal order, into heads, rows and conflicts: one write per touched record.

        Returns:
            Edits of records that nothing made; they wait for the record.
        """
        states: dict[str, State] = {}
        names: dict[str, set[str]] = {}
        homeless: set[int] = set()
        for revision in revisions:
            if revision.kind is Kind.IMPORT:
                continue
            uid = revision.uid
            before = states.get(uid) or self.state(uid, revision.table)
            if before is None and revision.kind is not Kind.CREATE:
                homeless.add(revision.rid)
                self._db.execute("INSERT OR IGNORE INTO _wait VALUES (?, ?)", (uid, revision.rid))
                continue
            states[uid] = merge.apply(before, revision)
            names.setdefault(uid, set()).update(revision.fields())
        for uid, state in states.items():
            self.materialise(uid, state, names[uid])
        return frozenset(homeless)

    def materialise(self, uid: str, state: State, names: Iterable[str]) -> None:
        """Bring heads, conflicts and the visible row of a record in line with its state."""
        status, value_of = self.status(state, names)
        base, over, deletes = merge.state_to_json(state)
        self._db.execute(
            "INSERT OR REPLACE INTO _rec VALUES (?, ?, ?, ?, ?, ?, ?)",
            (uid, state.table, state.scope, base, over, deletes, len(status.conflicts)),
        )
        self._db.execute("DELETE FROM _conflict WHERE uid = ?", (uid,))
        self._db.many(
            "INSERT INTO _conflict VALUES (?, ?, ?, ?)",
            [(uid, name, state.table, dump(list(heads))) for name, heads in status.conflicts.items()],
        )
        self.touched[uid] = state.table
        if status.deleted:
            self._bury(uid, state.table)
            return
        values = {name: unwrap(value_of(rid, name)) for name, rid in status.winners.items() if value_of.has(rid, name)}
        rev = max([*status.winners.values(), *state.base])
        if self._rows.update(state.table, uid, values, rev):
            return
        self._rows.insert(state.table, uid, {**self._dug_up(uid), **self._all_values(state), **values}, rev)

    def _all_values(self, state: State) -> dict[str, Value]:
        status, value_of = self.status(state, self._rows.columns(state.table))
        return {name: unwrap(value_of(rid, name)) for name, rid in status.winners.items() if value_of.has(rid, name)}

    def _bury(self, uid: str, table: str) -> None:
        """Take the row away but keep its values: a delete destroys nothing."""
        row = self._rows.read(table, uid)
        if row is not None:
            text = dump({name: wrap(value) for name, value in row.items()})
            self._db.execute("INSERT OR REPLACE INTO _tomb VALUES (?, ?, ?)", (uid, table, text))
            self._rows.delete(table, uid)

    def _dug_up(self, uid: str) -> dict[str, Value]:
        text = self._db.scalar("SELECT row FROM _tomb WHERE uid = ?", (uid,))
        self._db.execute("DELETE FROM _tomb WHERE uid = ?", (uid,))
        return {name: unwrap(value) for name, value in json.loads(text or "{}").items()}

    # --- tables of the log ---------------------------------------------------------------------------------------

    def _store(self, revisions: Sequence[Revision], *, applied: bool) -> None:
        self._db.many(
            f"INSERT INTO _rev ({_COLUMNS}, st) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [(*[getattr(r, name) for name in _FIELDS], int(applied)) for r in revisions],
        )

    def add_line(self, revisions: Sequence[Revision], *, applied: bool) -> None:
        """Put revisions of one's own making into the log as they are; `applied` ones into the feed too."""
        self._store(revisions, applied=applied)
        for origin in sorted({revision.origin for revision in revisions}):
            self._advance(origin)
        if applied:
            self._feed(revisions)

    def _note_prefix(self, origin: int, upto: int, chain: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO _vv VALUES (?, ?, ?)", (origin, upto, chain))

    def _feed(self, revisions: Sequence[Revision]) -> None:
        self._db.many("INSERT INTO _feed (scope, rid) VALUES (?, ?)", [(r.scope, r.rid) for r in revisions])

    def after(self, origin: int, seq: int, limit: int) -> list[Revision]:
        """Return an origin's revisions after a sequence number, in order."""
        first, last = origin << SEQ_BITS | seq, origin << SEQ_BITS | SEQ_MASK
        sql = f"SELECT {_COLUMNS} FROM _rev WHERE rid > ? AND rid <= ? ORDER BY rid LIMIT ?"
        return [_revision(row) for row in self._db.rows(sql, (first, last, limit))]

    def feed_after(self, cursor: int, limit: int, scopes: Sequence[int] | None) -> tuple[list[Revision], int]:
        """Return what was applied after a place in the feed, and the place reached."""
        area = "" if scopes is None else f" AND f.scope IN ({','.join(str(int(s)) for s in scopes)})"
        columns = ", ".join(f"r.{name.strip()}" for name in _COLUMNS.split(","))
        joined = "_feed f JOIN _rev r ON r.rid = f.rid"
        sql = f"SELECT f.seq, {columns} FROM {joined} WHERE f.seq > ?{area} ORDER BY f.seq LIMIT ?"
        rows = self._db.rows(sql, (cursor, limit))
        return [_revision(row[1:]) for row in rows], (rows[-1][0] if rows else cursor)

    def of_record(self, uid: str) -> list[Revision]:
        """Return the revisions of a record in the order they were written."""
        rows = self._db.rows(f"SELECT {_COLUMNS} FROM _rev WHERE uid = ? ORDER BY hlc, rid", (uid,))
        return [_revision(row) for row in rows]


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

    def _patch(self, rid: int) -> dict[str, Any]:
        if rid not in self._patches:
            self._patches[rid] = self.known[rid].fields() if rid in self.known else {}
        return self._patches[rid]


_FIELDS = ("rid", "hlc", "actor", "fv", "table", "uid", "kind", "patch", "par", "chain", "scope")


def _revision(row: Sequence[Any]) -> Revision:
    rid, hlc, actor, fv, table, uid, kind, patch, par, chain, scope = row
    return Revision(rid, hlc, actor, fv, table, uid, Kind(kind), patch, par, bytes(chain), scope)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
