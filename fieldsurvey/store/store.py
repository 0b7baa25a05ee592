"""The one door to a project file.

Every write is one durable transaction that also writes the log. A Store
belongs to the thread that made it. Nothing else in the process may open the
live file (see library.py).
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fieldsurvey.clock import MillisClock, now_millis
from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.i18n import _
from fieldsurvey.model import merge
from fieldsurvey.model.merge import DELETED, RULES
from fieldsurvey.model.revision import SEQ_BITS, Revision, unwrap
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.paths import media_folder
from fieldsurvey.store import bulk, gpkg, opening, rebuild, replica
from fieldsurvey.store.connection import Connection, copy_file
from fieldsurvey.store.findings import Findings
from fieldsurvey.store.forgetting import Forgetting
from fieldsurvey.store.journal import Journal
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import Media
from fieldsurvey.store.office import Office
from fieldsurvey.store.records import Rules
from fieldsurvey.store.restoring import Restoring
from fieldsurvey.store.rows import Rows, table_from_json, table_to_json
from fieldsurvey.store.values import Changes, Conflict, Row, Token, Version
from fieldsurvey.store.windows import Windows
from fieldsurvey.store.witness import Witness

Box = tuple[float, float, float, float]


class Store(Restoring, Forgetting, Journal, Office, Witness, Findings, Windows):
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
        self._log.records.areas = self.areas()
        connection.on_rollback = self._forget
        self.media = Media(media_folder(connection.path), self)
        self._log.records.imported = bulk.reader(self.media.path)
        self._listeners: list[Callable[[Changes], None]] = []
        self._bulk_tables: set[str] = set()
        self._actor = (0, "", "")
        if not read_only:
            with contextlib.suppress(StoreError), connection.transaction():  # on a full disk it goes without
                self._rows.index_communities()
            self._claim()
            self.set_actor(*self._last_actor())
            self.take_foreign_edits()

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
        """Bring extents up to date and the write-ahead log into the file, and give back pages that were read.

        Call when nothing was saved for a while.
        """
        with self._db.transaction():
            for table in self._rows.tables.values():
                if table.geometry:
                    self._db.execute(gpkg.refresh_extent(table.name))
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.execute("PRAGMA shrink_memory")

    @property
    def kept_before_upgrade(self) -> Path | None:
        """Copy of the file as it was, if opening it brought it up from an older version of the program."""
        return self._db.kept_before_upgrade

    @property
    def in_transaction(self) -> bool:
        """True between the beginning and the commit of a step that is all or nothing."""
        return self._db.in_transaction

    def copy_to(self, path: Path) -> None:
        """Write a complete, closed copy of the project file as it is now; photos are not copied.

        Raises:
            StoreError: If the disk is full or the folder cannot be written.
        """
        self.take_foreign_edits()
        copy_file(self._db, path)

    def project_at(self, when_ms: int, path: Path) -> None:
        """Write the whole project, photos included, as it was at a moment of its authors' clocks.

        Raises:
            InputRefused: If the file exists already.
            StoreError: If the disk is full or the folder cannot be written.
        """
        from fieldsurvey.store.backup import write_past

        if path.exists():
            raise InputRefused(_("{file} exists already. Choose another name, or open it.").format(file=path.name))
        self.copy_to(path)
        try:
            write_past(path, self.media.folder, when_ms)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

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
        """Make a user table, or add the columns it has gained; values that came before them appear. None is dropped."""
        with self.transaction():
            is_new = table.name not in self._rows.tables
            added = self._rows.add_table(table)
            if is_new:
                self.retry_waiting()
                came_before = self._db.scalar("SELECT 1 FROM _rec WHERE tbl = ? LIMIT 1", (table.name,))
                added = self._rows.columns(table.name) if came_before else []
            if added:
                rebuild.fill_columns(self._db, self._log, table.name, added, self.media.path)

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

    def each(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the values of every row, in drawing order: for tables larger than one would hold at once.

        Nothing may be written before the last is taken.
        """
        return self._rows.each(table, columns)

    def get(self, uid: str) -> Row | None:
        """Return one visible record with the token to hand back at save; None if it is not there."""
        self.take_foreign_edits()
        state = self._log.state(uid)
        values = None if state is None else self._rows.read(state.table, uid)
        if state is None or values is None:
            return None
        fields = self._db.rows("SELECT field FROM _conflict WHERE uid = ? ORDER BY field", (uid,))
        return Row(uid, state.table, values, Token(state, self.era), tuple(row[0] for row in fields))

    # --- who, when, what against what ----------------------------------------------------------------------------

    def conflicts(self, uid: str | None = None) -> list[Conflict]:
        """Return open conflicts with all rival values."""
        where, parameters = (" WHERE uid = ?", (uid,)) if uid else ("", ())
        rows = self._db.rows(f"SELECT uid, tbl, field, heads FROM _conflict{where} ORDER BY uid, field", parameters)
        return [Conflict(u, t, f, self._versions(u, f, json.loads(h)), self._sentences(u, t, f)) for u, t, f, h in rows]

    def disputed(self) -> frozenset[str]:
        """Return the records with an open conflict. Cheap."""
        return frozenset(row[0] for row in self._db.rows("SELECT DISTINCT uid FROM _conflict"))

    def _sentences(self, uid: str, table: str, field: str) -> tuple[str, ...]:
        """Return, in the language of the moment, which rules a record breaks."""
        rules = self._log.records.rules
        values = self._rows.read(table, uid) if field == RULES and rules else None
        return tuple(sentence for _name, sentence in rules(table, values)) if rules and values else ()

    @property
    def rules_of_merge(self) -> Rules | None:
        """What judges a merged record: (table, values) -> [(field, sentence)]. Who builds the program sets it.

        A record whose live versions come from more than one replica is judged
        at each merge; what breaks a rule becomes a conflict in "_rules", which
        ends when the values no longer break it.
        """
        return self._log.records.rules

    @rules_of_merge.setter
    def rules_of_merge(self, rules: Rules | None) -> None:
        self._log.records.rules = rules

    def judge_merges(self) -> None:
        """Judge all merged records again: the rules have changed, or this replica had none when they came."""
        with self.transaction():
            for (uid,) in self._db.rows("SELECT uid FROM _rec"):
                state = self._log.state(uid)
                if state is not None and len(merge.origins(state)) > 1:
                    self._log.records.note(uid, state, self._log.status(uid, state, ())[0])

    def _versions(self, uid: str, field: str, heads: list[int]) -> tuple[Version, ...]:
        names = {number: name or login for number, login, name in self.actors()}
        found = self._log.revisions(heads)
        rows = self._log.records.imported_values(uid, heads)
        return tuple(
            Version(
                rid,
                None if field in {DELETED, RULES} else _given(found[rid], field, rows),
                names.get(found[rid].actor, ""),
                found[rid].at_ms,
                rid >> SEQ_BITS,
                self.clock_off_ms(rid),
            )
            for rid in heads
            if rid in found
        )

    def subscribe(self, listener: Callable[[Changes], None]) -> None:
        """Call the listener, in this thread, after each commit that changed user tables."""
        self._listeners.append(listener)

    # --- inside --------------------------------------------------------------------------------------------------

    def _announce(self) -> None:
        touched, self._log.records.touched = self._log.records.touched, {}
        self._log.records.forget()
        tables, self._bulk_tables = self._bulk_tables, set()
        changes = Changes(frozenset(touched.values()) | frozenset(tables), frozenset(touched))
        if changes.tables:
            for listener in self._listeners:
                listener(changes)

    def _forget(self) -> None:
        """Drop what memory knows of a transaction that was rolled back."""
        self._renamed = None
        self._log.reload()
        self._rows.reload()
        self._bulk_tables.clear()

    def _claim(self) -> None:
        """Take a new number if this file is a copy, even of an empty project, or an older state of itself."""
        if not self.is_ours():
            self.renumber()


def _given(revision: Revision, field: str, imported: Mapping[int, Mapping[str, Value]]) -> Value:
    """Return the value that a version gave to a field."""
    row = imported.get(revision.rid)
    return unwrap(revision.fields().get(field)) if row is None else row.get(field)
