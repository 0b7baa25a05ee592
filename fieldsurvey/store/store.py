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

from fieldsurvey.clock import MillisClock, now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model import merge
from fieldsurvey.model.identity import new_uid
from fieldsurvey.model.merge import DELETED, State
from fieldsurvey.model.revision import SEQ_BITS, Kind, Revision, unwrap, wrap
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.paths import media_folder
from fieldsurvey.store import bulk, gpkg, opening, replica
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.journal import Journal
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import DATASET_MIME, Media
from fieldsurvey.store.office import Office
from fieldsurvey.store.replication import Replication
from fieldsurvey.store.rows import Rows, table_from_json, table_to_json
from fieldsurvey.store.values import Changes, Conflict, HistoryEntry, Row, Token, Version

Box = tuple[float, float, float, float]
_REPORT_ROWS = 500


class Store(Journal, Replication, Office):
    """A project file, open.

    Attributes:
        path: The GeoPackage.
        media: Photos and datasets beside it.
    """

    def __init__(
        self, connection: Connection, *, read_only: bool, clock: MillisClock, profile: replica.Profile | None = None
    ) -> None:
        self.path, self._db, self._clock, self._read_only = connection.path, connection, clock, read_only
        self.profile = profile or replica.Profile()
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
            self.remember_number()
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
    def name(self) -> str:
        """Name of the project."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'name'"))

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
        return Row(uid, state.table, values, Token(state, self.era), tuple(row[0] for row in fields))

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
            shown = self.current(uid, seen) if seen else state
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
        return Token(self._existing(uid), self.era)

    def _bury_or_raise(self, kind: Kind, uid: str, seen: Token | None) -> None:
        with self.transaction():
            state = self._existing(uid)
            par = merge.parents_for_delete(self.current(uid, seen) if seen else state)
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

    def conflicts(self, uid: str | None = None) -> list[Conflict]:
        """Return open conflicts with all rival values."""
        where, parameters = (" WHERE uid = ?", (uid,)) if uid else ("", ())
        rows = self._db.rows(f"SELECT uid, tbl, field, heads FROM _conflict{where} ORDER BY uid, field", parameters)
        return [Conflict(u, t, f, self._versions(f, json.loads(heads))) for u, t, f, heads in rows]

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
        """Take a new number if this file is a copy, even of an empty project, or an older state of itself."""
        if not self.is_ours():
            self.renumber()
