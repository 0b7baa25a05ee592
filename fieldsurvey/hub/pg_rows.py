"""The tables of a PostgreSQL hub that people look at: typed columns, PostGIS geometry, Chinese comments."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection, Cursor

from fieldsurvey.errors import InputRefused
from fieldsurvey.hub import dialect, typed
from fieldsurvey.hub.definitions import MAX_TABLES, checked
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import dump
from fieldsurvey.model.schema import Table, TableKind, Value
from fieldsurvey.store.rows import table_from_json, table_to_json

Change = tuple[str, Mapping[str, Value], int]  # uid, values, number of the version shown


class PgRows:
    """Reads and writes user tables. Knows nothing of the log."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._db = connection
        self.tables: dict[str, Table] = {}
        self.srs = 0
        self._version = ""

    def use(self, version: str | None) -> None:
        """Read the catalogue again if another process has changed it."""
        if version is not None and version != self._version:
            crs = self._db.execute(dialect.META, ("crs",)).fetchone()
            self.srs = int(crs[0].rpartition(":")[2]) if crs else 0
            self.tables = {name: table_from_json(text) for name, text in self._db.execute(dialect.TABLES)}
            self._version = version

    def forget(self) -> None:
        """Read the catalogue again at the next use: a transaction was rolled back."""
        self._version = ""

    def columns(self, table: str) -> list[str]:
        """Return the names of the columns that hold answers or facts, geometry first."""
        found = self.tables[table]
        return (["geom"] if found.geometry else []) + [column.name for column in found.columns]

    # --- catalogue -----------------------------------------------------------------------------------------------

    def add_table(self, definition: str) -> tuple[str, list[str]]:
        """Make a table, or add the columns it has gained; return its name and the columns that are new.

        Call inside a transaction.

        Raises:
            InputRefused: If the description is none.
        """
        table = checked(definition)
        have = self.tables.get(table.name)
        if have is None and len(self.tables) >= MAX_TABLES:
            raise InputRefused(_("The hub takes no more tables."))
        merged = table if have is None else _merged(have, table)
        if merged == have:
            return table.name, []
        made = dialect.create_table(merged, self.srs) if have is None else dialect.add_columns(have, merged)
        for statement in [*made, *dialect.describe(merged)]:
            self._db.execute(statement.encode())
        self._db.execute(dialect.SET_TABLE, (merged.name, table_to_json(merged)))
        self.tables[merged.name] = merged
        known = {column.name for column in have.columns} if have else set()
        return table.name, [column.name for column in merged.columns if column.name not in known]

    # --- reading -------------------------------------------------------------------------------------------------

    def find(self, cursor: Cursor[Any], table: str, uids: Sequence[str]) -> dict[str, tuple[int, str | None]]:
        """Return revision and community of visible rows."""
        has_community = any(column.name == "community_uid" for column in self.tables[table].columns)
        query = dialect.find_rows(table, has_community=has_community).encode()
        return {uid: (int(rev or 0), community) for uid, rev, community in cursor.execute(query, (list(uids),))}

    def read(self, table: str, uids: Sequence[str] | None = None) -> list[dict[str, Value]]:
        """Return rows by uid as a GeoPackage shows them, all or some."""
        names = self.columns(table)
        query = dialect.select_rows(table, names, some=uids is not None).encode()
        rows = self._db.execute(query, () if uids is None else (list(uids),))
        return [typed.joined(names, row) for row in rows]

    # --- writing -------------------------------------------------------------------------------------------------

    def update(self, cursor: Cursor[Any], table: str, changes: Sequence[Change]) -> set[str]:
        """Change rows; return the uids that were there."""
        found = [(uid, rev, *typed.split(self.tables[table], values, self.srs)) for uid, values, rev in changes]
        names = sorted({name for _uid, _rev, fine, _raw in found for name in fine})
        places = {name: (f"_w{n // dialect.WORD}", 1 << n % dialect.WORD) for n, name in enumerate(names)}
        lines = [_line(uid, rev, fine, raw, places) for uid, rev, fine, raw in found]
        cursor.execute(dialect.update_rows(self.tables[table], names).encode(), (dump(lines),))
        return {row[0] for row in cursor.fetchall()}

    def insert(self, cursor: Cursor[Any], table: str, changes: Sequence[Change]) -> None:
        """Add rows; columns this version does not know stay in the log only."""
        lines = []
        for uid, values, rev in changes:
            fine, raw = typed.split(self.tables[table], values, self.srs)
            unfit = {"_raw": raw} if raw else {}
            lines.append({**fine, "uid": uid, "_rev": rev, **unfit})
        cursor.execute(dialect.insert_rows(table, self.columns(table)).encode(), (dump(lines),))

    def delete(self, cursor: Cursor[Any], table: str, uids: Sequence[str]) -> None:
        """Remove rows."""
        cursor.execute(dialect.delete_rows(table).encode(), (list(uids),))

    def copy(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Value]], rev: int) -> None:
        """Add many rows [uid, values of names …] at once; of rows of one record the first stands."""
        have: set[str] = set()
        with self._db.cursor() as cursor, cursor.copy(dialect.copy_rows(table, list(names)).encode()) as target:
            for row in rows:
                if row[0] in have:
                    continue
                have.add(str(row[0]))
                fine, raw = typed.split(self.tables[table], dict(zip(names, row[1:], strict=True)), self.srs)
                target.write_row([row[0], rev, dump(raw) if raw else None, *[fine.get(name) for name in names]])


def _line(
    uid: str, rev: int, fine: Mapping[str, Any], raw: Mapping[str, Any], places: Mapping[str, tuple[str, int]]
) -> dict[str, Any]:
    """Return a change of a row as dialect.update_rows takes it; `places` says which bit stands for a column."""
    line = {"_u": uid, "_rev": rev, "_names": list(fine), **fine}
    if raw:
        line["_unfit"] = raw
    for name in fine:
        word, bit = places[name]
        line[word] = line.get(word, 0) | bit
    return line


def _merged(have: Table, table: Table) -> Table:
    """Return the wider of two descriptions: columns are added, none is dropped and none changes its type."""
    types = {column.name: column for column in have.columns}
    columns = tuple(types.get(column.name, column) for column in table.columns)
    kept = tuple(column for column in have.columns if column.name not in {c.name for c in table.columns})
    return Table(table.name, TableKind(table.kind), table.zh, table.en, columns + kept, have.geometry, table.parent)
