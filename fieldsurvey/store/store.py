"""The one door to a project file.

Every write is one durable transaction that also writes the log. A Store
belongs to the thread that made it. Nothing else in the process may open the
live file (see library.py).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from zlib import crc32

from fieldsurvey.clock import MillisClock, now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model import merge
from fieldsurvey.model.identity import new_uid
from fieldsurvey.model.merge import DELETED, State
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, Kind, Revision, dump, unwrap, wrap
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.paths import media_folder
from fieldsurvey.store import bulk, gpkg, opening, replica
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import DATASET_MIME, Blob, Media
from fieldsurvey.store.rows import Rows, table_from_json, table_to_json
from fieldsurvey.store.values import Changes, Conflict, HistoryEntry, Ingested, Peer, Row, Token, Version

Box = tuple[float, float, float, float]
_REPORT_ROWS = 500


class Store:
    """A project file, open.

    Attributes:
        path: The GeoPackage.
        media: Photos and datasets beside it.
    """

    def __init__(self, connection: Connection, *, read_only: bool, clock: MillisClock) -> None:
        self.path, self._db, self._clock, self._read_only = connection.path, connection, clock, read_only
        self._rows = Rows(connection, gpkg.srs_id(self.crs))
        self._log = Log(connection, self._rows, clock)
        self._log.load_dataset = self._load_dataset
        connection.on_rollback = self._forget
        self.media = Media(media_folder(connection.path), self)
        self._listeners: list[Callable[[Changes], None]] = []
        self._bulk_tables: set[str] = set()
        self._actor = (0, "", "")
        if not read_only:
            self._claim()
            self.set_actor(*self._last_actor())

    @classmethod
    def create(
        cls, path: Path, *, crs: str = "EPSG:4547", name: str = "", project: str = "", clock: MillisClock = now_millis
    ) -> Self:
        """Make a project file with the asset tables and open it.

        Raises:
            InputRefused: If the file exists, its folder does not, or the CRS is unknown.
        """
        opening.create_file(path, crs, name or path.stem, project)
        return cls.open(path, clock=clock)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, clock: MillisClock = now_millis) -> Self:
        """Open a project file.

        Raises:
            InputRefused: If it is missing or no project of this program.
            ProjectTooNew: If a newer version wrote it.
            StoreError: If it is damaged, locked or may not be written.
        """
        connection = opening.open_file(path, read_only=read_only)
        try:
            return cls(connection, read_only=read_only, clock=clock)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it; people copy project files."""
        if not self._read_only:
            self.checkpoint()
            replica.remember(self.project, self.origin, self.path, self._log.seq)
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def checkpoint(self) -> None:
        """Bring extents up to date and the write-ahead log into the file. Call when nothing was saved for a while."""
        with self._db.transaction():
            for table in self._rows.tables.values():
                if table.geometry:
                    self._db.execute(gpkg.refresh_extent(table.name))
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- what the file is ----------------------------------------------------------------------------------------

    @property
    def crs(self) -> str:
        """Reference system of all geometry, such as EPSG:4547."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'crs'"))

    @property
    def project(self) -> str:
        """Identity of the project, the same in all its copies."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'project'"))

    @property
    def name(self) -> str:
        """Name of the project."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'name'"))

    @property
    def epoch(self) -> str:
        """Identity of this very file's history; a restored hub gets a new one."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'epoch'"))

    @property
    def origin(self) -> int:
        """Number of this replica."""
        return self._log.origin

    def tables(self) -> dict[str, Table]:
        """Return the user tables by name."""
        return dict(self._rows.tables)

    def add_table(self, table: Table) -> None:
        """Make a user table, or add the columns it has gained. None is dropped."""
        with self._db.transaction():
            self._rows.add_table(table)

    def table_definitions(self) -> list[str]:
        """Return the descriptions of all user tables, for other replicas."""
        return [table_to_json(table) for table in self._rows.tables.values()]

    def add_table_definition(self, definition: str) -> None:
        """Make a table from the description of another replica."""
        self.add_table(table_from_json(definition))

    # --- reading -------------------------------------------------------------------------------------------------

    def count(self, table: str) -> int:
        """Return the number of visible rows of a table."""
        return int(self._db.scalar(f"SELECT count(*) FROM {gpkg.quoted(self._rows.tables[table].name)}"))

    def select(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        where: Mapping[str, Value] | None = None,
        bbox: Box | None = None,
        order: str = "fid",
        limit: int | None = None,
    ) -> list[dict[str, Value]]:
        """Return rows as dictionaries; "uid" is always there, geometry is WKB in the project CRS.

        Args:
            table: Name of a user table.
            columns: Columns wanted; None: all.
            where: Column -> value that must be equal (None: empty).
            bbox: minx, miny, maxx, maxy in the project CRS; rows whose box touches it.
            order: Column to sort by.
            limit: At most so many.
        """
        return self._rows.select(table, columns, where, bbox, order, limit)

    def get(self, uid: str) -> Row | None:
        """Return one visible record with the token to hand back at save; None if it is not there."""
        state = self._log.state(uid)
        values = None if state is None else self._rows.read(state.table, uid)
        if state is None or values is None:
            return None
        fields = self._db.rows("SELECT field FROM _conflict WHERE uid = ? ORDER BY field", (uid,))
        return Row(uid, state.table, values, Token(state), tuple(row[0] for row in fields))

    # --- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several writes one durable step; all or nothing."""
        with self._db.transaction():
            if self._db.in_transaction and not self._log.touched:
                self._db.after_commit(self._announce)
            yield

    def create_record(self, table: str, values: Mapping[str, Value], *, uid: str | None = None, scope: int = 0) -> str:
        """Write a new record; return its uid.

        Raises:
            InputRefused: If the geometry does not fit the table.
        """
        uid = uid or new_uid(self._clock())
        normal = self._rows.normal(table, values)
        patch = {name: wrap(value) for name, value in normal.items() if value is not None}
        with self.transaction():
            self._log.append(Kind.CREATE, table, uid, patch, None, scope, self._actor[0])
        return uid

    def save(self, uid: str, changes: Mapping[str, Value], seen: Token | None = None) -> Token:
        """Write changed fields; return the token for the next save.

        Args:
            uid: The record.
            changes: Only the fields that the person changed.
            seen: Token from when the form was opened; None: what is there now.

        Raises:
            InputRefused: If the record is gone, or the geometry does not fit.
        """
        with self.transaction():
            state = self._existing(uid)
            normal = self._rows.normal(state.table, changes)
            shown = seen.state if seen else state
            status, value_of = self._log.status(shown, normal)
            shown = merge.ordinary(shown, normal, status.winners, value_of)
            return self._edit(Kind.UPDATE, uid, state, normal, shown)

    def resolve(self, uid: str, changes: Mapping[str, Value]) -> Token:
        """Decide conflicts: the given values supersede all rivals that are known here."""
        with self.transaction():
            state = self._existing(uid)
            return self._edit(Kind.RESOLVE, uid, state, self._rows.normal(state.table, changes), state)

    def delete(self, uid: str, seen: Token | None = None) -> None:
        """Delete a record; an edit that the person did not see keeps it and shows a conflict."""
        self._bury_or_raise(Kind.DELETE, uid, seen)

    def undelete(self, uid: str, seen: Token | None = None) -> None:
        """Bring a deleted record back."""
        self._bury_or_raise(Kind.UNDELETE, uid, seen)

    def _edit(self, kind: Kind, uid: str, state: State, values: Mapping[str, Value], seen: State) -> Token:
        patch = {name: wrap(value) for name, value in values.items()}
        par = merge.parents_for_edit(seen, patch)
        self._log.append(kind, state.table, uid, patch, par, state.scope, self._actor[0])
        return Token(self._existing(uid))

    def _bury_or_raise(self, kind: Kind, uid: str, seen: Token | None) -> None:
        with self.transaction():
            state = self._existing(uid)
            par = merge.parents_for_delete(seen.state if seen else state)
            self._log.append(kind, state.table, uid, None, par, state.scope, self._actor[0])

    def _existing(self, uid: str) -> State:
        state = self._log.state(uid)
        if state is None:
            raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=uid))
        return state

    def import_rows(
        self,
        table: str,
        rows: Iterable[Mapping[str, Value]],
        *,
        source: str,
        control: JobControl | None = None,
    ) -> int:
        """Write a whole dataset as one revision; return the number of rows.

        Args:
            table: Target table.
            rows: Column -> value; a row may carry its "uid".
            source: Name of the file, for the history.
            control: Progress and cancel; cancelled, nothing is written.

        Raises:
            InputRefused: If a geometry does not fit the table.
            JobCancelled: If the user stopped it.
        """
        control = control or JobControl()
        names = self._rows.columns(table)
        found: list[tuple[str, dict[str, Value]]] = []
        for index, row in enumerate(rows):
            if index % _REPORT_ROWS == 0:
                control.step(index, None, source)
            values = {name: value for name, value in row.items() if name != "uid"}
            found.append((str(row.get("uid") or new_uid(self._clock())), self._rows.normal(table, values)))
        used = [name for name in names if any(values.get(name) is not None for _uid, values in found)]
        data = bulk.encode(used, found)
        with self.transaction():
            sha = self.media.add_bytes(data, source, DATASET_MIME)
            patch = {"dataset": sha, "rows": len(found), "source": source}
            revision = self._log.append(Kind.IMPORT, table, new_uid(self._clock()), patch, None, 0, self._actor[0])
            self._note_import(revision)
            lines = ([uid, *[values.get(name) for name in used]] for uid, values in found)
            self._rows.insert_many(table, used, lines, revision.rid)
        return len(found)

    def _note_import(self, revision: Revision) -> None:
        patch = revision.fields()
        row = (revision.rid, revision.table, patch["dataset"], int(patch["rows"]), str(patch.get("source", "")))
        self._db.execute("INSERT INTO _import VALUES (?, ?, ?, ?, ?)", row)
        self._bulk_tables.add(revision.table)

    def _load_dataset(self, revision: Revision) -> bool:
        """Put the rows of somebody's import into the table; False while their file is not here."""
        path = self.media.path(str(revision.fields()["dataset"]))
        if path is None:
            return False
        names, lines = bulk.decode(path, set(self._rows.columns(revision.table)))
        self._rows.insert_many(revision.table, names, lines, revision.rid)
        self._note_import(revision)
        return True

    # --- who, when, what against what ----------------------------------------------------------------------------

    @property
    def actor(self) -> tuple[int, str, str]:
        """Number, login and name of the person whose edits these are."""
        return self._actor

    def set_actor(self, login: str, name: str) -> None:
        """Set the person whose edits follow; the number is the same on every laptop."""
        number = crc32(login.encode()) if login else 0
        if (number, login, name) != self._actor:
            with self._db.transaction():
                self._db.execute("INSERT OR REPLACE INTO _actor VALUES (?, ?, ?)", (number, login, name))
                self._db.execute("INSERT OR REPLACE INTO _setting VALUES ('actor', ?)", (dump([login, name]),))
            self._actor = (number, login, name)

    def actors(self) -> list[tuple[int, str, str]]:
        """Return every person known."""
        return [(int(row[0]), row[1], row[2]) for row in self._db.rows("SELECT id, login, name FROM _actor")]

    def add_actors(self, actors: Iterable[tuple[int, str, str]]) -> None:
        """Remember the persons of other replicas."""
        with self._db.transaction():
            self._db.many("INSERT OR IGNORE INTO _actor VALUES (?, ?, ?)", list(actors))

    def conflicts(self, uid: str | None = None) -> list[Conflict]:
        """Return open conflicts with all rival values."""
        where, parameters = (" WHERE uid = ?", (uid,)) if uid else ("", ())
        rows = self._db.rows(f"SELECT uid, tbl, field, heads FROM _conflict{where} ORDER BY uid, field", parameters)
        return [Conflict(u, t, f, self._versions(f, json.loads(heads))) for u, t, f, heads in rows]

    def conflict_count(self) -> int:
        """Return the number of open conflicts."""
        return int(self._db.scalar("SELECT count(*) FROM _conflict"))

    def _versions(self, field: str, heads: list[int]) -> tuple[Version, ...]:
        names = {number: name or login for number, login, name in self.actors()}
        found = self._log.revisions(heads)
        return tuple(
            Version(
                rid,
                None if field == DELETED else unwrap(found[rid].fields().get(field)),
                names.get(found[rid].actor, ""),
                found[rid].at_ms,
                rid >> SEQ_BITS,
            )
            for rid in heads
            if rid in found
        )

    def history(self, uid: str) -> list[HistoryEntry]:
        """Return the edits of a record, oldest first; the import that brought it comes first."""
        names = {number: name or login for number, login, name in self.actors()}
        state = self._log.state(uid)
        born = [] if state is None else [r for r in self._log.revisions(state.base).values() if r.uid != uid]
        return [
            HistoryEntry(
                r.rid,
                str(r.kind),
                names.get(r.actor, ""),
                r.at_ms,
                r.origin,
                {} if r.kind is Kind.IMPORT else {name: unwrap(value) for name, value in r.fields().items()},
            )
            for r in [*born, *self._log.of_record(uid)]
        ]

    # --- journal, settings, media catalogue ----------------------------------------------------------------------

    def put_draft(self, key: str, payload: str) -> None:
        """Keep the unsaved state of a form, durably. Never synced."""
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _draft VALUES (?, ?, ?)", (key, payload, self._clock()))

    def draft(self, key: str) -> tuple[str, int] | None:
        """Return the kept state of a form and when it was kept (ms), or None."""
        row = self._db.one("SELECT payload, at_ms FROM _draft WHERE key = ?", (key,))
        return None if row is None else (str(row[0]), int(row[1]))

    def drafts(self) -> list[str]:
        """Return the keys of all kept states."""
        return [row[0] for row in self._db.rows("SELECT key FROM _draft ORDER BY at_ms DESC")]

    def drop_draft(self, key: str) -> None:
        """Forget the kept state of a form."""
        with self._db.transaction():
            self._db.execute("DELETE FROM _draft WHERE key = ?", (key,))

    def setting(self, key: str, default: str = "") -> str:
        """Return a setting of this copy of the project."""
        found = self._db.scalar("SELECT value FROM _setting WHERE key = ?", (key,))
        return default if found is None else str(found)

    def set_setting(self, key: str, value: str) -> None:
        """Keep a setting of this copy of the project."""
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _setting VALUES (?, ?)", (key, value))

    def note_blob(self, blob: Blob, *, have: bool) -> None:
        """Remember a file of the media folder."""
        with self._db.transaction():
            row = (blob.sha256, blob.size, blob.name, blob.mime, int(have))
            self._db.execute("INSERT OR REPLACE INTO _blob VALUES (?, ?, ?, ?, ?)", row)

    def blobs(self) -> list[Blob]:
        """Return every file the project knows."""
        return [Blob(*row) for row in self._db.rows("SELECT sha256, size, name, mime FROM _blob ORDER BY sha256")]

    # --- exchange ------------------------------------------------------------------------------------------------

    def version_vector(self) -> dict[int, tuple[int, bytes]]:
        """Return, per origin, how far its log is known without holes, and the hash there."""
        return {int(o): (int(upto), bytes(chain)) for o, upto, chain in self._db.rows("SELECT * FROM _vv")}

    def chain_at(self, origin: int, seq: int) -> bytes:
        """Return the hash of an origin's log up to a sequence number; NO_CHAIN before the first.

        Raises:
            KeyError: If that revision is not here.
        """
        if seq == 0:
            return NO_CHAIN
        found = self._db.scalar("SELECT chain FROM _rev WHERE rid = ?", (origin << SEQ_BITS | seq,))
        if found is None:
            raise KeyError(f"{origin}-{seq}")
        return bytes(found)

    def revisions_after(self, origin: int, seq: int, limit: int = 1000) -> list[Revision]:
        """Return an origin's revisions after a sequence number, in order."""
        return self._log.after(origin, seq, limit)

    def feed_after(
        self, cursor: int, limit: int = 1000, scopes: Sequence[int] | None = None
    ) -> tuple[list[Revision], int]:
        """Return what was applied here after a place in the feed, and the place reached."""
        return self._log.feed_after(cursor, limit, scopes)

    def ingest(self, revisions: Sequence[Revision]) -> Ingested:
        """Take in revisions of others: any order, duplicates allowed, one transaction.

        Raises:
            Fork: If a known number comes with other content.
            StaleReplica: If own revisions come back that this file does not know.
            Tampered: If a revision does not fit its chain.
        """
        with self.transaction():
            new = self._log.ingest(revisions)
        waiting = int(self._db.scalar("SELECT count(DISTINCT rid) FROM _wait"))
        return Ingested(new, waiting, self.conflict_count())

    def retry_waiting(self) -> None:
        """Go on with imports whose dataset has arrived since."""
        with self.transaction():
            names = [row[0] for row in self._db.rows("SELECT DISTINCT missing FROM _wait WHERE length(missing) = 64")]
            for sha in names:
                if self.media.path(sha) is not None:
                    self._log.release_dataset(sha)

    def wanted_datasets(self) -> list[str]:
        """Return the hashes of datasets that revisions wait for."""
        return [row[0] for row in self._db.rows("SELECT DISTINCT missing FROM _wait WHERE length(missing) = 64")]

    def peer(self, hub_id: str) -> Peer | None:
        """Return what is known of a hub."""
        row = self._db.one("SELECT hub, epoch, cursor, acked, last_ok_ms FROM _peer WHERE hub = ?", (hub_id,))
        if row is None:
            return None
        acked = {int(origin): int(seq) for origin, seq in json.loads(row[3]).items()}
        return Peer(row[0], row[1], int(row[2]), acked, int(row[4]))

    def save_peer(self, peer: Peer) -> None:
        """Remember what is known of a hub."""
        acked = dump({str(origin): seq for origin, seq in peer.acked.items()})
        row = (peer.hub_id, peer.epoch, peer.cursor, acked, peer.last_ok_ms)
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _peer VALUES (?, ?, ?, ?, ?)", row)

    def renumber(self, origin: int | None = None) -> None:
        """Take a new replica number: this file was copied or restored."""
        with self._db.transaction():
            number = origin or replica.new_origin()
            self._db.execute("INSERT OR REPLACE INTO _meta VALUES ('origin', ?)", (number,))
            self._log.reload()
        replica.remember(self.project, self.origin, self.path, self._log.seq)

    def unsent(self) -> int:
        """Return the number of own revisions that no hub has confirmed."""
        acked = [json.loads(row[0]).get(str(self.origin), 0) for row in self._db.rows("SELECT acked FROM _peer")]
        return self._log.seq - max([0, *map(int, acked)])

    @property
    def last_saved_ms(self) -> int | None:
        """When this replica last wrote a revision, by its own clock."""
        hlc = self._db.scalar("SELECT hlc FROM _rev WHERE rid = ?", (self.origin << SEQ_BITS | self._log.seq,))
        return None if hlc is None else int(hlc) >> 16

    def change_counter(self, tables: Iterable[str] | None = None) -> int:
        """Return a number that grows with every committed change of the named user tables, or of any."""
        if tables is None:
            return int(self._db.scalar("SELECT coalesce(max(seq), 0) FROM _feed"))
        names = list(tables)
        marks = ",".join("?" * len(names))
        sql = f"SELECT coalesce(max(f.seq), 0) FROM _feed f JOIN _rev r ON r.rid = f.rid WHERE r.tbl IN ({marks})"
        return int(self._db.scalar(sql, names))

    def subscribe(self, listener: Callable[[Changes], None]) -> None:
        """Call the listener, in this thread, after each commit that changed user tables."""
        self._listeners.append(listener)

    # --- inside --------------------------------------------------------------------------------------------------

    def _announce(self) -> None:
        touched, self._log.touched = self._log.touched, {}
        tables, self._bulk_tables = self._bulk_tables, set()
        changes = Changes(frozenset(touched.values()) | frozenset(tables), frozenset(touched))
        if changes.tables:
            for listener in self._listeners:
                listener(changes)

    def _forget(self) -> None:
        """Drop what memory knows of a transaction that was rolled back."""
        self._log.reload()
        self._rows.reload()
        self._bulk_tables.clear()

    def _claim(self) -> None:
        """Take a new number if this file is a copy, or an older state of itself."""
        if not replica.is_ours(self.project, self.origin, self.path, self._log.seq):
            if self._log.seq:
                self.renumber()
            replica.remember(self.project, self.origin, self.path, self._log.seq)

    def _last_actor(self) -> tuple[str, str]:
        login, name = json.loads(self.setting("actor", '["", ""]'))
        return str(login), str(name)
