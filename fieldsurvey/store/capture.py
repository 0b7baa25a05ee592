"""Edits that other programs (QGIS, ogr2ogr) make in the project file become ordinary revisions.

Triggers in plain SQL, without functions of ours and without JSON, so that any
SQLite can run them: the first old row of an edited feature goes to
`_old_<table>`, and `_dirty` says which features were touched. Our own writes
always change `_rev` and never match. The store turns the marks into revisions
at its next transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo.gpkg_blob import pack, unpack
from fieldsurvey.model.identity import is_uid, new_uid
from fieldsurvey.model.schema import Value
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.gpkg import quoted
from fieldsurvey.store.rows import Rows


@dataclass(frozen=True, slots=True)
class Foreign:
    """What another program did to one record.

    Attributes:
        table: Its table.
        uid: The record.
        before: Values of its row before; None: it was not there.
        after: Values now; None: it was deleted.
    """

    table: str
    uid: str
    before: Mapping[str, Value] | None
    after: Mapping[str, Value] | None

    def changed(self) -> dict[str, Value]:
        """Return the values that differ; all that are set, of a new record."""
        before, after = self.before or {}, self.after or {}
        return {name: value for name, value in after.items() if value != before.get(name)}


def is_pending(connection: Connection) -> bool:
    """Say whether another program has edited the file since the last transaction of ours."""
    return connection.scalar("SELECT 1 FROM _dirty LIMIT 1") is not None


def take(connection: Connection, rows: Rows, now_ms: Callable[[], int]) -> list[Foreign]:
    """Return what other programs did, and forget the marks. Call inside a transaction."""
    found: list[Foreign] = []
    tables = [row[0] for row in connection.rows("SELECT DISTINCT tbl FROM _dirty ORDER BY tbl")]
    for table in tables:
        if table in rows.tables:
            _mend_uids(connection, table, now_ms)
            found += _of_table(connection, rows, table)
    forget(connection, tables)
    return found


def forget(connection: Connection, tables: Iterable[str]) -> None:
    """Drop the marks of some tables: they are dealt with."""
    for table in tables:
        connection.execute("DELETE FROM _dirty WHERE tbl = ?", (table,))
        connection.execute(f"DELETE FROM {quoted('_old_' + table)}")


def _mend_uids(connection: Connection, table: str, now_ms: Callable[[], int]) -> None:
    """Give features their uid back if it was edited, and to copies of features one of their own and no past."""
    sql = f"SELECT t.fid, t.uid, o.uid FROM _dirty d JOIN {quoted(table)} t USING (fid) "
    sql += f"LEFT JOIN {quoted('_old_' + table)} o USING (fid) WHERE d.tbl = ?"
    for fid, now, before in connection.rows(sql, (table,)):
        wanted = before if is_uid(str(before)) else now if is_uid(str(now)) else new_uid(now_ms())
        if before is None:
            connection.execute(f"UPDATE {quoted(table)} SET _rev = NULL WHERE fid = ? AND _rev NOT NULL", (fid,))
        if wanted != now:
            connection.execute(f"UPDATE {quoted(table)} SET uid = ? WHERE fid = ?", (wanted, fid))


def _of_table(connection: Connection, rows: Rows, table: str) -> Iterator[Foreign]:
    names = rows.columns(table)
    before = _read(connection, rows, quoted("_old_" + table), names, table)
    after = _read(connection, rows, quoted(table), names, table)
    for uid in sorted({*before, *after}):
        yield Foreign(table, uid, before.get(uid), after.get(uid))


def _read(connection: Connection, rows: Rows, place: str, names: list[str], table: str) -> dict[str, dict[str, Value]]:
    listed = ", ".join(quoted(name) for name in ["uid", *names])
    sql = f"SELECT {listed} FROM {place} WHERE fid IN (SELECT fid FROM _dirty WHERE tbl = ?)"
    found: dict[str, dict[str, Value]] = {}
    for row in connection.rows(sql, (table,)):
        values = dict(zip(names, row[1:], strict=True))
        if isinstance(blob := values.get("geom"), bytes):
            _put_geometry(rows, table, values, blob)
        found[str(row[0])] = values
    return found


def _put_geometry(rows: Rows, table: str, values: dict[str, Value], blob: bytes) -> None:
    """Put the geometry in as we store it. One of another kind is taken as it is, bytes that are none are left out."""
    try:
        values["geom"] = wkb = unpack(blob)
        pack(wkb, rows.srs)
        values["geom"] = rows.normal(table, {"geom": wkb})["geom"]
    except InputRefused:
        return
    except ValueError:
        del values["geom"]
