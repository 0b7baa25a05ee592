"""Project files in memory: the same code and the same SQL, without a disk. For simulation and tests."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from fieldsurvey.clock import MillisClock
from fieldsurvey.model.revision import Kind
from fieldsurvey.model.schema import Table
from fieldsurvey.store import bulk, gpkg, opening
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.library import sqlite3
from fieldsurvey.store.replica import Profile
from fieldsurvey.store.store import Store

Contents = Mapping[str, Sequence[tuple[Any, ...]]]  # table -> its rows, every column


class MemoryConnection(Connection):
    """A connection to a database that lives in memory; it may begin as a copy of another.

    Its contents can be taken out, and put in again.
    """

    def __init__(self, path: Path, source: Connection | None = None) -> None:
        super().__init__(path)
        if source is not None:
            source._raw.backup(self._raw)  # noqa: SLF001 - both are connections of this room
            self.execute("PRAGMA foreign_keys=ON")

    def _connected(self, path: Path, mode: str) -> Any:  # noqa: ANN401 - a connection of either library
        del path, mode
        return sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)

    def contents(self) -> Contents:
        """Return every row there is, as a copy of the file would hold them."""
        return {name: self._raw.execute(f'SELECT * FROM "{name}"').fetchall() for name in self._tables}

    def put(self, contents: Contents) -> None:
        """Make the contents those of another database with the same tables.

        Compiled statements stay good, unlike those of a new connection: of short lives they are half the cost.
        """
        self._raw.execute("BEGIN")
        for name in self._tables:  # user tables first: their triggers fill the R-trees, and write into the others
            rows = contents[name]
            if rows != self._raw.execute(f'SELECT * FROM "{name}"').fetchall():
                self._raw.execute(f'DELETE FROM "{name}"')
                if rows:
                    self._raw.executemany(f'INSERT INTO "{name}" VALUES ({",".join("?" * len(rows[0]))})', rows)
        self._raw.execute("COMMIT")

    @cached_property
    def _tables(self) -> list[str]:
        """The tables of the file, those of the user first; R-trees follow from them."""
        return [row[0] for row in self.rows(_TABLES)]

    def put_meta(self, key: str, value: object) -> None:
        """Set one fact of the file itself, such as its number or its epoch."""
        self.execute("INSERT OR REPLACE INTO _meta VALUES (?, ?)", (key, value))

    def is_sound(self) -> bool:
        """Say whether SQLite finds the database and its R-trees whole."""
        trees = [row[0] for row in self.rows("SELECT name FROM sqlite_master WHERE sql LIKE '%USING rtree%'")]
        checks = [self.scalar("PRAGMA integrity_check")]
        checks += [self.scalar("SELECT rtreecheck(?)", (tree,)) for tree in trees]
        return set(checks) == {"ok"}


# R-trees follow from their tables, and what describes the tables is the same in all.
_TABLES = r"""SELECT name FROM sqlite_master WHERE type = 'table' AND NOT (name LIKE 'rtree\_%' ESCAPE '\'
OR name LIKE 'gpkg\_%' ESCAPE '\') ORDER BY name LIKE '\_%' ESCAPE '\' OR name = 'sqlite_sequence', name"""


def blank(tables: Sequence[Table], *, project: str, crs: str = "EPSG:4547") -> MemoryConnection:
    """Return a database as a new project file holds it, with the named tables only."""
    connection = MemoryConnection(Path("blank.gpkg"))
    opening.fill(connection, gpkg.srs_rows(crs), {"project": project, "crs": crs, "name": "memory"}, tables)
    return connection


def open_memory(connection: MemoryConnection, clock: MillisClock, profile: Profile) -> Store:
    """Open a database in memory as a program opens a file."""
    return Store(connection, read_only=False, clock=clock, profile=profile)


def digest(store: Store, only: Collection[str] | None = None) -> str:
    """Return a hash of everything visible and of the heads behind it; equal for replicas with equal logs.

    Args:
        store: A replica.
        only: The records that count; None: all.
    """
    db = store._db  # noqa: SLF001 - the store is of this room
    found = hashlib.sha256()
    for name, table in sorted(store.tables().items()):
        listed = ", ".join(gpkg.quoted(column.name) for column in table.columns)
        place = ", geom" if table.geometry else ""
        rows = db.rows(f"SELECT uid{place}, {listed} FROM {gpkg.quoted(name)} ORDER BY uid")
        rows += db.rows("SELECT uid, field, heads FROM _conflict WHERE tbl = ? ORDER BY uid, field", (name,))
        for row in rows:
            if only is None or row[0] in only:
                found.update(repr(row).encode())
    for uid, base, over, dels in db.rows("SELECT uid, base, over, dels FROM _rec ORDER BY uid"):
        if only is None or uid in only:
            heads = {name: rids for name, rids in json.loads(over).items() if rids != json.loads(base)}
            found.update(repr((uid, base, sorted(heads.items()), dels)).encode())
    return found.hexdigest()


def in_areas(store: Store, areas: Collection[int]) -> frozenset[str]:
    """Return the edited records that belong to areas, or to none."""
    rows = store._db.rows("SELECT uid, scope FROM _rec")  # noqa: SLF001 - the store is of this room
    return frozenset(uid for uid, scope in rows if scope == 0 or scope in areas)


def waiting(store: Store) -> list[tuple[str, int]]:
    """Return what revisions wait for: [what, revision], but for those that stand under another name.

    An author whose edit was built on a line that nobody goes on with writes it
    anew, word for word and of the same moment. A replica that has taken in the
    first copy keeps it, waiting for good; the edit itself is in force.
    """
    anew = """SELECT 1 FROM _rev old JOIN _rev new ON new.uid = old.uid AND new.hlc = old.hlc AND new.kind = old.kind
      AND new.patch IS old.patch AND new.rid <> old.rid AND new.st = 1 WHERE old.rid = _wait.rid"""
    sql = f"SELECT missing, rid FROM _wait WHERE NOT EXISTS ({anew}) ORDER BY rid"
    return [(str(a), int(b)) for a, b in store._db.rows(sql)]  # noqa: SLF001 - the store is of this room


def written(store: Store) -> dict[int, dict[str, Any]]:
    """Return the values that each revision wrote, by revision; of an import those of all its rows, if they are here."""
    found: dict[int, dict[str, Any]] = {}
    sql = "SELECT rid, kind, patch, tbl FROM _rev WHERE patch NOT NULL"
    for rid, kind, patch, table in store._db.rows(sql):  # noqa: SLF001 - the store is of this room
        found[int(rid)] = json.loads(patch)
        path = store.media.path(found[int(rid)]["dataset"]) if kind == Kind.IMPORT else None
        if path is not None:
            names, lines = bulk.decode(path, {column.name for column in store.tables()[table].columns})
            found[int(rid)] = {f"{uid!s}.{name}": v for uid, *row in lines for name, v in zip(names, row, strict=True)}
    return found
