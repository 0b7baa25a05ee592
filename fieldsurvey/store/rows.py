"""The visible rows: user tables, their catalogue, and geometry in and out."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from itertools import islice
from typing import Any, cast

import numpy as np
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo.gpkg_blob import HEAD, head_bounds, pack, pack_many, unpack
from fieldsurvey.i18n import _
from fieldsurvey.model.merge import Groups
from fieldsurvey.model.revision import dump
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind, Value
from fieldsurvey.store import gpkg, triggers
from fieldsurvey.store.change import Change
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.entries import parts

RowChange = tuple[str, Mapping[str, Value], int]  # uid, values, number of the version shown
_TOGETHER = 1000  # rows whose geometries are worked on together
_BOXES = 10_000  # rows whose boxes are read at a time
_BASE_TYPE = {GeometryType.POINT: 0, GeometryType.MULTILINESTRING: 1, GeometryType.MULTIPOLYGON: 3}
_MAKE_MULTI = {
    GeometryType.MULTILINESTRING: shapely.multilinestrings,
    GeometryType.MULTIPOLYGON: shapely.multipolygons,
}
_COMMUNITY = "community_uid"


class Rows:
    """Reads and writes user tables. Knows nothing of the log.

    Attributes:
        srs: Number of the project CRS.
        tables: User tables by name.
        groups: Table -> the merge groups of its columns.
    """

    def __init__(self, connection: Connection, srs: int) -> None:
        self._db, self.srs = connection, srs
        self.reload()

    def reload(self) -> None:
        """Read the catalogue of tables again."""
        found = self._db.rows("SELECT name, definition FROM _table")
        self.tables: dict[str, Table] = {name: table_from_json(text) for name, text in found}
        self.groups: dict[str, Groups] = {}
        self._find_one: dict[str, str] = {}
        self._find_some: dict[str, str] = {}
        self._known: dict[str, frozenset[str]] = {}
        self._changes: dict[str, Change] = {}
        self._placed: dict[str, Change] = {}
        for table in self.tables.values():
            self._prepare(table)

    def add_table(self, table: Table) -> list[str]:
        """Make a table, or add the columns it has gained; return the names of those added to a table that was there."""
        have = self.tables.get(table.name)
        if have == table:
            return []
        statements = list(gpkg.create_table(table, self.srs)) if have is None else list(self._grown(have, table))
        for sql, parameters in statements:
            self._db.execute(sql, parameters)
        merged = table if have is None else _merged(have, table)
        self._db.execute("INSERT OR REPLACE INTO _table VALUES (?, ?)", (table.name, table_to_json(merged)))
        if table.kind is TableKind.REPEAT and have is None:
            self._db.execute(f'CREATE INDEX "{table.name}_parent" ON "{table.name}" (parent_uid)')
        self.tables[table.name] = merged
        self._prepare(merged)
        self._index(table.name)
        if have is None:
            for statement in triggers.create(table.name, self._all_columns(merged)):
                self._db.execute(statement)
            return []
        return _added(have, table)

    def index_communities(self) -> None:
        """Index the tables by community, those that are not yet: what lies in one is asked for all the time.

        Projects of earlier versions get the indexes when they are opened; they change nothing that is stored.
        """
        for table in self.tables:
            self._index(table)

    def _index(self, table: str) -> None:
        if _COMMUNITY in self._known[table]:  # the name is no table's: those begin with a letter
            self._db.execute(f'CREATE INDEX IF NOT EXISTS "_in_{table}" ON "{table}" ({_COMMUNITY})')

    def _grown(self, have: Table, table: Table) -> Iterator[tuple[str, Sequence[Any]]]:
        added, merged = _added(have, table), _merged(have, table)
        for name in added:
            yield gpkg.add_column(table, name), ()
        if added:
            yield from ((sql, ()) for sql in triggers.grown(table.name, added, self._all_columns(merged)))
        yield from gpkg.describe_columns(merged)

    def _all_columns(self, table: Table) -> list[str]:
        place = ["geom"] if table.geometry else []
        return ["fid", *place, "uid", *(column.name for column in table.columns), "_rev"]

    def columns(self, table: str) -> list[str]:
        """Return the names of the columns of a table that hold answers or facts, geometry first."""
        found = self.tables[table]
        return (["geom"] if found.geometry else []) + [column.name for column in found.columns]

    def find(self, uid: str, table: str = "") -> tuple[str, int, str | None] | None:
        """Return table, revision and community of a visible row."""
        sql = self._find_one.get(table) or self._find_any()
        row = self._db.one(sql, (uid,)) if sql else None
        return None if row is None else (row[0], int(row[1] or 0), row[2])

    def _find_any(self) -> str:
        """Return the statement that looks in all tables; empty while there is none."""
        return " UNION ALL ".join(self._find_one.values()) + " LIMIT 1" if self._find_one else ""

    def find_many(self, tables: Mapping[str, str]) -> dict[str, tuple[str, int, str | None]]:
        """Return, per uid, table, revision and community of the visible rows that come from a revision.

        Args:
            tables: uid -> its table; where it is unknown, all are searched.
        """
        found: dict[str, tuple[str, int, str | None]] = {}
        groups: dict[str, list[str]] = {}
        for uid, table in tables.items():
            groups.setdefault(table, []).append(uid)
        for table, uids in groups.items():
            if table not in self.tables or len(uids) == 1:
                found |= {uid: row for uid in uids if (row := self.find(uid, table)) is not None and row[1]}
                continue
            for part in parts(uids):
                rows = self._db.rows(f"{self._find_some[table]} ({','.join('?' * len(part))})", part)
                found |= {uid: (table, int(rev), community) for uid, rev, community in rows if rev}
        return found

    def _prepare(self, table: Table) -> None:
        """Write the statements that are the same every time, so that SQLite compiles each, with its triggers, once."""
        name, plain = table.name, [column.name for column in table.columns]
        self.groups[name] = table.groups()
        self._find_one[name], self._find_some[name] = _find(table), _find_some(table)
        self._known[name] = frozenset(self.columns(name))
        self._changes[name] = Change.of(name, plain)
        self._placed[name] = Change.of(name, [*plain, "geom"])

    def read(self, table: str, uid: str) -> dict[str, Value] | None:
        """Return the values of a row."""
        found = self.select(table, None, {"uid": uid}, None, "fid", None)
        if not found:
            return None
        return {name: value for name, value in found[0].items() if name != "uid"}

    def read_many(self, table: str, uids: Sequence[str], names: Sequence[str]) -> dict[str, list[Value]]:
        """Return the named values of rows by uid; at most 900."""
        listed, marks = ", ".join(gpkg.quoted(name) for name in ["uid", *names]), ",".join("?" * len(uids))
        place = names.index("geom") + 1 if "geom" in names else -1
        sql = f"SELECT {listed} FROM {gpkg.quoted(table)} WHERE uid IN ({marks})"
        return {str(row[0]): list(_unpacked(row, place)[1:]) for row in self._db.rows(sql, uids)}

    def select(
        self,
        table: str,
        columns: Sequence[str] | None,
        where: Mapping[str, Value] | None,
        bbox: tuple[float, float, float, float] | None,
        order: str,
        limit: int | None,
    ) -> list[dict[str, Value]]:
        """Return rows as dictionaries; "uid" is always among the columns, geometry is WKB.

        Raises:
            KeyError: If a table or column does not exist.
        """
        names = ["uid", *(name for name in (self.columns(table) if columns is None else columns) if name != "uid")]
        allowed = {"uid", "fid", "_rev", *self.columns(table)}
        for name in [*names, *(where or {}), order]:
            if name not in allowed:
                raise KeyError(f"{table}.{name}")
        sql, parameters = _where(table, where or {}, bbox)
        tail = f" ORDER BY {gpkg.quoted(order)}, fid" + (f" LIMIT {int(limit)}" if limit is not None else "")
        listed = ", ".join(gpkg.quoted(name) for name in names)
        rows = self._db.rows(f"SELECT {listed} FROM {gpkg.quoted(table)}{sql}{tail}", parameters)
        place = names.index("geom") if "geom" in names else -1
        return [dict(zip(names, _unpacked(row, place), strict=True)) for row in rows]

    def each(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the values of every row, in drawing order.

        Raises:
            KeyError: If a column does not exist.
        """
        for name in columns:
            if name not in {"uid", *self.columns(table)}:
                raise KeyError(f"{table}.{name}")
        listed = ", ".join(gpkg.quoted(name) for name in columns)
        return self._db.each(f"SELECT {listed} FROM {gpkg.quoted(table)} ORDER BY fid")

    def normal(self, table: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return values as they are stored: geometry two-dimensional and multi.

        Raises:
            InputRefused: If the geometry does not belong into this table.
            KeyError: If a column does not exist: a bug of the caller.
        """
        if not self._known[table].issuperset(values):
            unknown = values.keys() - self._known[table]
            raise KeyError(f"{table} has no {', '.join(sorted(unknown))}")
        found = dict(values)
        wkb, geometry = found.get("geom"), self.tables[table].geometry
        if isinstance(wkb, bytes) and geometry is not None:
            found["geom"] = fitting(wkb, geometry, self.tables[table].label)
        return found

    def normal_many(self, table: str, rows: Sequence[Mapping[str, Value]]) -> list[dict[str, Value]]:
        """Return many rows as normal() would one by one; geometries are worked on together.

        Raises:
            InputRefused: If a geometry does not belong into this table.
            KeyError: If a column does not exist: a bug of the caller.
        """
        geometry, known = self.tables[table].geometry, set(self.columns(table))
        if unknown := {name for row in rows for name in row} - known:
            raise KeyError(f"{table} has no {', '.join(sorted(unknown))}")
        found = [dict(row) for row in rows]
        placed = [row for row in found if isinstance(row.get("geom"), bytes)]
        if geometry is not None and placed:
            wkbs = fitting_many([cast("bytes", row["geom"]) for row in placed], geometry, self.tables[table].label)
            for row, wkb in zip(placed, wkbs, strict=True):
                row["geom"] = wkb
        return found

    def insert(self, table: str, uid: str, values: Mapping[str, Value], rev: int) -> bool:
        """Insert a row; return False if there is one already, as when QGIS made it.

        Columns this version does not know stay in the log only.
        """
        names = [name for name in self.columns(table) if name in values]
        listed = "".join(f", {gpkg.quoted(name)}" for name in names)
        sql = f"INSERT INTO {gpkg.quoted(table)} (uid, _rev{listed}) VALUES (?, ?{', ?' * len(names)}) "
        packed = [self._packed(name, values[name]) for name in names]
        return bool(self._db.execute(f"{sql}ON CONFLICT (uid) DO NOTHING", (uid, rev, *packed)).rowcount)

    def update(self, table: str, changes: Sequence[RowChange]) -> list[str]:
        """Change rows, each once; return the uids of which there is none."""
        plain, placed = self._changes[table], self._placed[table]
        has_place = self.tables[table].geometry is not None
        moved = [change for change in changes if has_place and "geom" in change[1]]
        rest = [change for change in changes if not has_place or "geom" not in change[1]] if moved else changes
        lines = [plain.parameters(rev, uid, values) for uid, values, rev in rest]
        done = self._db.many(plain.sql, lines) if lines else 0
        for uid, values, rev in moved:
            packed = {**values, "geom": self._packed("geom", values["geom"])}
            done += self._db.execute(placed.sql, placed.parameters(rev, uid, packed)).rowcount
        return [] if done == len(changes) else self._absent(table, [uid for uid, _values, _rev in changes])

    def _absent(self, table: str, uids: Sequence[str]) -> list[str]:
        """Return those of which there is no row."""
        there: set[str] = set()
        for part in parts(uids):
            rows = self._db.rows(f"{self._find_some[table]} ({','.join('?' * len(part))})", part)
            there.update(row[0] for row in rows)
        return [uid for uid in uids if uid not in there]

    def delete(self, table: str, uid: str) -> None:
        """Remove a row."""
        self._db.execute(f"DELETE FROM {gpkg.quoted(table)} WHERE uid = ?", (uid,))

    def insert_many(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Value]], rev: int) -> None:
        """Insert many rows at once: [uid, values of names …], filling the R-tree directly.

        A record that is there already stays as it is: the same import may come under two numbers, when two replicas
        that were copied have settled a fork each.

        The triggers call five Python functions a row; without them a bulk load is several times faster.
        """
        spatial = "geom" in names
        place = names.index("geom") + 1 if spatial else -1
        first = int(self._db.scalar(f"SELECT coalesce(max(fid), 0) FROM {gpkg.quoted(table)}"))
        dropped = triggers.drop_triggers(table) + (gpkg.drop_rtree_triggers(table) if spatial else [])
        for statement in dropped:
            self._db.execute(statement)
        listed = "".join(f", {gpkg.quoted(name)}" for name in names)
        sql = f"INSERT OR IGNORE INTO {gpkg.quoted(table)} (uid, _rev{listed}) VALUES (?, ?{', ?' * len(names)})"
        self._db.many(sql, self._bulk_rows(rows, place, rev))
        if spatial:
            self._db.many(f'INSERT INTO "rtree_{table}_geom" VALUES (?, ?, ?, ?, ?)', self._boxes(table, first))
            for statement in gpkg.rtree_triggers(table):
                self._db.execute(statement)
        for statement in self.capture_triggers(table):
            self._db.execute(statement)

    def _boxes(self, table: str, after: int) -> Iterator[tuple[Value, ...]]:
        """Yield fid, minx, maxx, miny, maxy of the rows behind a fid; SQL functions would be asked five times a row."""
        sql = (
            f"SELECT fid, CASE WHEN length(geom) > {HEAD} AND substr(geom, 4, 1) = x'03' "
            f"THEN substr(geom, 1, {HEAD}) ELSE geom END "
            f"FROM {gpkg.quoted(table)} WHERE fid > ? AND geom NOT NULL ORDER BY fid LIMIT {_BOXES}"
        )
        while rows := self._db.rows(sql, (after,)):
            for fid, head in rows:
                if (box := head_bounds(head)) is not None:
                    yield (fid, *box)
            after = rows[-1][0]

    def capture_triggers(self, table: str) -> list[str]:
        """Return the statements that make the triggers which notice other programs."""
        return triggers.create_triggers(table, self._all_columns(self.tables[table]))

    def _bulk_rows(self, rows: Iterable[Sequence[Value]], place: int, rev: int) -> Iterator[list[Value]]:
        """Yield rows as SQL wants them, geometries packed a thousand at a time."""
        waiting = iter(rows)
        while part := [[row[0], rev, *row[1:]] for row in islice(waiting, _TOGETHER)]:
            if place > 0:
                placed = [row for row in part if isinstance(row[place + 1], bytes)]
                blobs = pack_many([cast("bytes", row[place + 1]) for row in placed], self.srs)
                for row, blob in zip(placed, blobs, strict=True):
                    row[place + 1] = blob
            yield from part

    def _packed(self, name: str, value: Value) -> Value:
        return pack(value, self.srs) if name == "geom" and isinstance(value, bytes) else value


def fitting(wkb: bytes, wanted: GeometryType, label: str) -> bytes:
    """Return the geometry in two dimensions and, for lines and areas, as multi.

    Raises:
        InputRefused: If it is of another kind.
    """
    geometry = shapely.force_2d(shapely.from_wkb(wkb))
    kind = _BASE_TYPE[wanted]
    if shapely.get_type_id(geometry) == kind and wanted in _MAKE_MULTI:
        geometry = _MAKE_MULTI[wanted]([geometry])
    if geometry.geom_type.upper() != wanted:
        raise InputRefused(
            _("A geometry of kind {kind} does not fit into the layer {layer}.").format(
                kind=geometry.geom_type, layer=label
            )
        )
    return bytes(shapely.to_wkb(geometry, byte_order=1, include_srid=False))


def fitting_many(wkbs: Sequence[bytes], wanted: GeometryType, label: str) -> list[bytes]:
    """Return many geometries as fitting() would one by one.

    Raises:
        InputRefused: If one is of another kind.
    """
    geometries = shapely.force_2d(shapely.from_wkb(np.array(wkbs, object)))
    kinds = shapely.get_type_id(geometries)
    single = kinds == _BASE_TYPE[wanted]
    if wanted in _MAKE_MULTI and single.any():
        geometries[single] = _MAKE_MULTI[wanted](geometries[single], indices=np.arange(single.sum()))
        kinds = shapely.get_type_id(geometries)
    right = shapely.GeometryType[wanted].value
    if (wrong := np.flatnonzero(kinds != right)).size:
        fitting(wkbs[int(wrong[0])], wanted, label)
    return list(shapely.to_wkb(geometries, byte_order=1, include_srid=False))


def _find(table: Table) -> str:
    return f"SELECT '{table.name}', _rev, {_community(table)} FROM {gpkg.quoted(table.name)} WHERE uid = ?1"


def _find_some(table: Table) -> str:
    return f"SELECT uid, _rev, {_community(table)} FROM {gpkg.quoted(table.name)} WHERE uid IN"


def _community(table: Table) -> str:
    return "community_uid" if any(column.name == "community_uid" for column in table.columns) else "NULL"


def _where(
    table: str, where: Mapping[str, Value], bbox: tuple[float, float, float, float] | None
) -> tuple[str, list[Value]]:
    tests = [f"{gpkg.quoted(name)} IS ?" for name in where]
    parameters: list[Value] = list(where.values())
    if bbox is not None:
        tests.append(
            f'fid IN (SELECT id FROM "rtree_{table}_geom" WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?)'
        )
        parameters += [bbox[0], bbox[2], bbox[1], bbox[3]]
    return (" WHERE " + " AND ".join(tests) if tests else ""), parameters


def _unpacked(row: Sequence[Any], place: int) -> Sequence[Any]:
    if place < 0 or row[place] is None:
        return row
    return [*row[:place], unpack(row[place]), *row[place + 1 :]]


def _added(have: Table, table: Table) -> list[str]:
    names = {column.name for column in have.columns}
    return [column.name for column in table.columns if column.name not in names]


def _merged(have: Table, table: Table) -> Table:
    """Return the wider of two descriptions: columns are added, none is dropped."""
    names = {column.name for column in table.columns}
    kept = tuple(column for column in have.columns if column.name not in names)
    return Table(table.name, table.kind, table.zh, table.en, table.columns + kept, have.geometry, table.parent)


@cache
def table_to_json(table: Table) -> str:
    """Return a table description as JSON, for the catalogue and for sync."""
    return dump(asdict(table))


def table_from_json(text: str) -> Table:
    """Undo table_to_json."""
    raw = json.loads(text)
    columns = tuple(Column(**{**column, "type": ColumnType(column["type"])}) for column in raw["columns"])
    geometry = GeometryType(raw["geometry"]) if raw["geometry"] else None
    return Table(raw["name"], TableKind(raw["kind"]), raw["zh"], raw["en"], columns, geometry, raw["parent"])
