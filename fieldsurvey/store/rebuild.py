"""Everything that follows from the log, made again from the log: heads, conflicts, rows, indexes, extents.

Rows keep their `fid`, what is right already is not touched, and what no
revision explains is never thrown away: it is marked as the edit of another
program and becomes a revision at the next opening.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from fieldsurvey.model import merge
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import NO_CHAIN, Kind, Revision, chain_of, load, unwrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store import bulk, capture, gpkg
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.entries import BATCH, Entries
from fieldsurvey.store.gpkg import quoted
from fieldsurvey.store.log import Log
from fieldsurvey.store.past import causal
from fieldsurvey.store.rows import Rows

PlaceOf = Callable[[str], Path | None]  # hash of a dataset -> where it is
# No edit has made or changed this record, nor has more than one import.
UNEXPLAINED = (
    "uid NOT IN (SELECT uid FROM _rev WHERE kind != 'i' AND st = 1) "
    "AND uid NOT IN (SELECT uid FROM _rec WHERE base LIKE '%,%')"
)
_EDITED = "SELECT DISTINCT uid FROM _rev WHERE kind != 'i' ORDER BY uid"


@dataclass(slots=True)
class Rebuilt:
    """What was made again.

    Attributes:
        heads, rows, restored, removed, adopted, waiting: Records whose state was wrong; rows that were wrong, lacking,
            too many, or unexplained; revisions that wait for others.
        conflicts: Records with conflicts but without edits.
        prefixes: Replicas whose known prefix was wrong.
        indexes: Spatial indexes built.
    """

    heads: int = 0
    rows: int = 0
    restored: int = 0
    removed: int = 0
    adopted: int = 0
    waiting: int = 0
    conflicts: int = 0
    prefixes: int = 0
    indexes: int = 0
    known: set[str] = field(default_factory=set)


class Rebuild:
    """Makes the derived tables of a project file again. Use inside a transaction."""

    def __init__(self, connection: Connection, rows: Rows, log: Log, place_of: PlaceOf) -> None:
        self._db, self._rows, self._log, self._place_of = connection, rows, log, place_of
        self.done = Rebuilt()
        self._imported: dict[str, dict[int, dict[str, Value]]] = {}  # record -> import -> values
        self._adopted_tables: set[str] = set()
        log.records.imported = self._rows_of

    def run(self, *, drop_unexplained: bool = False) -> Rebuilt:
        """Make everything again.

        Args:
            drop_unexplained: Remove rows that no revision explains, instead of adopting them.
        """
        self._prefixes()
        self._settle()
        edited = {row[0] for row in self._db.rows(_EDITED)} | self._repeated()
        self._imports(edited)
        self._edited(edited)
        self.done.conflicts = int(self._db.scalar(f"SELECT count(DISTINCT uid) FROM _conflict WHERE {UNEXPLAINED}"))
        for derived in ("_conflict", "_rec"):
            self._db.execute(f"DELETE FROM {derived} WHERE {UNEXPLAINED}")
        self._unexplained(edited, drop=drop_unexplained)
        for table in self._rows.tables.values():
            if table.geometry:
                build_rtree(self._db, table.name)
                self._db.execute(gpkg.refresh_extent(table.name))
                self.done.indexes += 1
        self._db.execute(
            "INSERT INTO _feed (scope, rid) SELECT scope, rid FROM _rev "
            "WHERE st = 1 AND rid NOT IN (SELECT rid FROM _feed) ORDER BY hlc, rid"
        )
        capture.forget(self._db, [name for name in self._rows.tables if name not in self._adopted_tables])
        return self.done

    # --- the log -------------------------------------------------------------------------------------------------

    def _prefixes(self) -> None:
        """Find again how far each origin's log reaches without holes."""
        before = {row[0]: row[1:] for row in self._db.rows("SELECT origin, upto, chain FROM _vv")}
        self._db.execute("DELETE FROM _vv")
        for (origin,) in self._db.rows("SELECT DISTINCT rid >> 33 FROM _rev"):
            upto, chain = 0, NO_CHAIN
            while revisions := self._log.after(origin, upto, BATCH):
                fitting = list(_fitting(revisions, upto, chain))
                if fitting:
                    upto, chain = fitting[-1].seq, fitting[-1].chain
                if len(fitting) < len(revisions):
                    break
            if upto:
                self._log.note_prefix(origin, upto, chain)
            self.done.prefixes += before.get(origin) != (upto, chain)
        self._log.reload()

    def _settle(self) -> None:
        """Find again which revisions are applied and which wait."""
        held = {rid for rid, _why in self._log.quarantined()}
        usable = [r for r in self._log.everything() if r.rid not in held and self._is_usable(r)]
        applied = {revision.rid for revision in causal(usable, lambda _rid: False)}
        marks = ",".join(map(str, held))
        self._db.execute(f"DELETE FROM _wait WHERE rid NOT IN ({marks})")
        self._db.execute("UPDATE _rev SET st = 0 WHERE st != 0")
        self._db.many("UPDATE _rev SET st = 1 WHERE rid = ?", [(rid,) for rid in applied])
        for revision in self._log.everything():
            if revision.rid not in applied and revision.rid not in held:
                missing = [str(rid) for rid in merge.required(revision) - applied]
                missing += [str(revision.fields()["dataset"])] if revision.kind is Kind.IMPORT else []
                rows = [(name, revision.rid) for name in missing]
                self._db.many("INSERT OR IGNORE INTO _wait VALUES (?, ?)", rows)
                self.done.waiting += 1

    def _is_usable(self, revision: Revision) -> bool:
        if revision.kind is not Kind.IMPORT:
            return True
        if self._db.scalar("SELECT 1 FROM _import WHERE rid = ?", (revision.rid,)):
            return True
        is_known = revision.table in self._rows.tables  # else its form has not come yet
        return is_known and self._place_of(str(revision.fields()["dataset"])) is not None

    # --- rows ----------------------------------------------------------------------------------------------------

    def _rows_of(self, revision: Revision, uids: Collection[str]) -> Mapping[str, Mapping[str, Value]]:
        """Return what an import gave to records, as far as they were edited or made again."""
        given = {uid: self._imported.get(uid, {}).get(revision.rid) for uid in uids}
        return {uid: values for uid, values in given.items() if values is not None}

    def _repeated(self) -> set[str]:
        """Return the records that more than one import made."""
        places: dict[str, list[Path | None]] = {}
        for revision in [r for r in self._log.everything() if r.kind is Kind.IMPORT]:
            places.setdefault(revision.table, []).append(self._place_of(str(revision.fields()["dataset"])))
        found, seen = set[str](), set[str]()
        for paths in places.values():
            for path in paths if len(paths) > 1 else ():
                uids = {str(line[0]) for line in bulk.decode(path, set())[1]} if path else set()
                found |= seen & uids
                seen |= uids
        return found

    def _imports(self, edited: set[str]) -> None:
        evicted = {row[0] for row in self._db.rows("SELECT uid FROM _evicted")}
        for revision in [r for r in self._log.everything() if r.kind is Kind.IMPORT]:
            path = self._place_of(str(revision.fields()["dataset"]))
            if path is None or revision.table not in self._rows.tables:
                self._keep_rows_of(revision)
                continue
            names, lines = bulk.decode(path, set(self._rows.columns(revision.table)))
            while part := list(islice(lines, BATCH)):
                self.done.known.update(str(line[0]) for line in part)
                for line in part:
                    if line[0] in edited:
                        given = self._imported.setdefault(str(line[0]), {})
                        given[revision.rid] = dict(zip(names, line[1:], strict=True))
                plain = {str(n[0]): n[1:] for n in part if n[0] not in edited and n[0] not in evicted}
                self._compare(revision, names, plain)

    def _keep_rows_of(self, revision: Revision) -> None:
        """Take the rows of an import whose dataset is lost as they are."""
        if revision.table in self._rows.tables:
            sql = f"SELECT uid FROM {quoted(revision.table)} WHERE _rev = ?"
            self.done.known.update(row[0] for row in self._db.rows(sql, (revision.rid,)))

    def _compare(self, revision: Revision, names: list[str], wanted: Mapping[str, list[Value]]) -> None:
        """Put right the rows of an import that nobody edited."""
        if not wanted:
            return
        there = self._rows.read_many(revision.table, list(wanted), ["_rev", *names])
        for uid, values in wanted.items():
            now = there.get(uid)
            if now is None:
                self._rows.insert(revision.table, uid, dict(zip(names, values, strict=True)), revision.rid)
                self.done.restored += 1
            elif now != [revision.rid, *values]:
                self._rows.update(revision.table, [(uid, dict(zip(names, values, strict=True)), revision.rid)])
                self.done.rows += 1

    def _edited(self, edited: Iterable[str]) -> None:
        records = self._log.records
        for uid in edited:
            state = self.state(uid)
            if state is None:
                continue
            self.done.known.add(uid)
            self.done.heads += self._differs(uid, state)
            before = self._rows.read(state.table, uid) if state.table in self._rows.tables else None
            whole = {**records.base_values(uid, state), **records.values(uid, state)}
            status, _value_of = records.status(uid, state, ())
            if status.deleted:
                records.keep(uid, state.table, {**whole, **(before or {})})
            elif before is not None:
                newest = max([*state.base, *(r.rid for r in self._log.of_record(uid, applied=True))])
                self._rows.update(state.table, [(uid, whole, newest)])
            records.materialise(uid, state, ())
            after = self._rows.read(state.table, uid) if state.table in self._rows.tables else None
            self.done.restored += before is None and after is not None
            self.done.removed += before is not None and after is None
            self.done.rows += before is not None and after is not None and before != after

    def _differs(self, uid: str, state: State) -> bool:
        row = self._db.one("SELECT tbl, scope, base, over, dels, appr FROM _rec WHERE uid = ?", (uid,))
        return row is None or heads_of(merge.state_from_json(*row)) != heads_of(state)

    def state(self, uid: str) -> State | None:
        """Return where a record stands by the log alone."""
        return replayed(self._db, self._log, uid, self._imported.get(uid, {}))

    def _unexplained(self, edited: set[str], *, drop: bool) -> None:
        """Deal with rows that no revision explains, and with heads of records that are in no revision."""
        for name in self._rows.tables:
            for fid, uid in self._db.rows(f"SELECT fid, uid FROM {quoted(name)}"):
                if uid in self.done.known:
                    continue
                if drop:
                    self._db.execute(f"DELETE FROM {quoted(name)} WHERE fid = ?", (fid,))
                    self.done.removed += 1
                else:
                    self._adopted_tables.add(name)
                    self.done.adopted += 1
            if name in self._adopted_tables:
                self._mark(name)
        for (uid,) in self._db.rows("SELECT uid FROM _rec WHERE uid NOT IN (SELECT uid FROM _evicted)"):
            if uid not in edited:
                self._db.execute("DELETE FROM _rec WHERE uid = ?", (uid,))
                self._db.execute("DELETE FROM _conflict WHERE uid = ?", (uid,))

    def _mark(self, table: str) -> None:
        """Mark the unexplained rows of a table, and only those, as edited by another program."""
        capture.forget(self._db, [table])
        rows = self._db.rows(f"SELECT fid, uid FROM {quoted(table)}")
        marks = [(table, fid) for fid, uid in rows if uid not in self.done.known]
        self._db.many("INSERT OR IGNORE INTO _dirty VALUES (?, ?)", marks)


def heads_of(state: State) -> tuple[object, ...]:
    """Return what two states of one record must agree in; the area follows from it."""
    return state.table, state.base, dict(state.over), state.deletes, state.approvals


def replayed(
    db: Connection, entries: Entries, uid: str, imported: Mapping[int, Mapping[str, Value]] | None = None
) -> State | None:
    """Return where a record stands by the log alone; None if nothing made it.

    Args:
        db: The project file.
        entries: Its log.
        uid: The record.
        imported: What imports gave to it, where the datasets were read; None: which imports have it is taken as noted.
    """
    revisions = entries.of_record(uid, applied=True)
    outside = {rid for revision in revisions for rid in merge.required(revision)}
    scope, noted = db.one("SELECT scope, base FROM _rec WHERE uid = ?", (uid,)) or (None, "[]")
    outside |= set(load(noted)) if imported is None else imported.keys()
    imports = {rid: r for rid, r in sorted(entries.revisions(outside).items()) if r.kind is Kind.IMPORT}
    state = None
    if imports:
        table = next(iter(imports.values())).table
        given = next(iter((imported or {}).values()), {})
        community = uid if table == "community" else given.get("community_uid")
        home = int(scope) if scope is not None else scope_of(str(community or ""))
        state = State(table, home, tuple(imports))
    for revision in causal(revisions, imports.__contains__):
        if state is not None or revision.kind is Kind.CREATE:
            state = merge.apply(state, revision)
    return state


def _fitting(revisions: Iterable[Revision], upto: int, chain: bytes) -> Iterator[Revision]:
    for revision in revisions:
        chain = chain_of(chain, revision)
        if revision.seq != upto + 1 or revision.chain != chain:
            return
        upto += 1
        yield revision


def build_rtree(connection: Connection, table: str) -> None:
    """Build the spatial index of a table anew, with its triggers."""
    for statement in gpkg.drop_rtree_triggers(table):
        connection.execute(statement.replace("DROP TRIGGER", "DROP TRIGGER IF EXISTS"))
    connection.execute(f'DELETE FROM "rtree_{table}_geom"')
    connection.execute(
        f'INSERT INTO "rtree_{table}_geom" SELECT fid, ST_MinX(geom), ST_MaxX(geom), ST_MinY(geom), ST_MaxY(geom) '
        f"FROM {quoted(table)} WHERE geom NOT NULL AND NOT ST_IsEmpty(geom)"
    )
    for statement in gpkg.rtree_triggers(table):
        connection.execute(statement)


def fill_columns(connection: Connection, log: Log, table: str, added: list[str], place_of: PlaceOf) -> None:
    """Bring values that were in the log before this version knew their columns into view."""
    for revision in [r for r in log.everything() if r.kind is Kind.IMPORT and r.table == table]:
        path = place_of(str(revision.fields()["dataset"]))
        if path is not None:
            _fill_from_dataset(connection, table, path, added)
    for (uid,) in connection.rows("SELECT uid FROM _rec WHERE tbl = ?", (table,)):
        state = log.state(uid)
        if state is not None:
            status, value_of = log.status(uid, state, added)
            values = {n: unwrap(value_of(rid, n)) for n, rid in status.winners.items() if value_of.has(rid, n)}
            if values or log.records.is_hidden(uid, state):
                log.records.materialise(uid, state, added)
    capture.forget(connection, [table])


def _fill_from_dataset(connection: Connection, table: str, path: Path, added: list[str]) -> None:
    names, lines = bulk.decode(path, set(added))
    if names:
        listed = ", ".join(f"{quoted(name)} = ?" for name in names)
        sql = f"UPDATE {quoted(table)} SET {listed} WHERE uid = ?"
        connection.many(sql, ([*line[1:], line[0]] for line in lines))
