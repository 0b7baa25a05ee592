"""The published cases of geodiff, played as two laptops: base imported, each edits, both exchange.

Positive cases must end in the same rows. In the partial ones geodiff loses a
value; here both are kept and shown. In the negative ones its expected file
puts children under a stranger's parent; here they stay with their own.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import shapely

from fieldsurvey.geo.gpkg_blob import unpack
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind, Value
from fieldsurvey.store import Store
from fieldsurvey.store.library import sqlite3
from tests.builders import everything
from tests.conftest import SHARED

CASES = SHARED / "cases" / "merge" / "geodiff"
_TYPES = {"TEXT": ColumnType.TEXT, "MEDIUMINT": ColumnType.INTEGER, "BOOLEAN": ColumnType.INTEGER}
_GEOMETRY = {"POINT": GeometryType.POINT, "LINESTRING": GeometryType.MULTILINESTRING}
Rows = dict[int, dict[str, Value]]  # fid -> column -> value
PARENTS = {"specie": "species"}


def _triples() -> list[Any]:
    path = CASES / "TRIPLES.json"
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no cases at {path}"))]
    triples = json.loads(path.read_text("utf-8"))["triples"]
    return [pytest.param(t, id=f"{n}-{t['test']}-{t['oracle'].split(':')[0]}") for n, t in enumerate(triples)]


class Case:
    """One file of a case, read as it is."""

    def __init__(self, name: str) -> None:
        self._db = sqlite3.connect(f"file:{CASES / name}?mode=ro&immutable=1", uri=True)
        found = self._db.execute("SELECT table_name FROM gpkg_contents ORDER BY 1").fetchall()
        self.tables = {row[0]: self._table(row[0]) for row in found}
        self.rows = {name: self._rows(name) for name in self.tables}
        self._db.close()

    def _table(self, name: str) -> Table:
        sql = "SELECT column_name, geometry_type_name FROM gpkg_geometry_columns WHERE table_name = ?"
        place, kind = self._db.execute(sql, (name,)).fetchone() or ("", "")
        columns = tuple(
            Column(
                row[1], ColumnType.TEXT if row[1] in PARENTS else _TYPES.get(row[2], ColumnType.REAL), row[1], row[1]
            )
            for row in self._db.execute(f'PRAGMA table_info("{name}")')
            if row[1] not in {"fid", place}
        )
        geometry = _GEOMETRY.get(kind, GeometryType.MULTIPOLYGON) if kind else None
        return Table(name, TableKind.ASSET, name, name, columns, geometry)

    def _rows(self, name: str) -> Rows:
        cursor = self._db.execute(f'SELECT * FROM "{name}"')
        names = [column[0] for column in cursor.description]
        found: Rows = {}
        for row in cursor:
            values = dict(zip(names, row, strict=True))
            fid = values.pop("fid")
            for place in {"geometry", "geom"} & values.keys():
                blob = values.pop(place)
                values["geom"] = None if blob is None else _normal(unpack(blob))
            found[fid] = values
        return found


def _normal(wkb: bytes) -> bytes:
    geometry = shapely.force_2d(shapely.from_wkb(wkb))
    if geometry.geom_type == "Polygon":
        geometry = shapely.multipolygons([geometry])
    if geometry.geom_type == "LineString":
        geometry = shapely.multilinestrings([geometry])
    return bytes(shapely.to_wkb(geometry, byte_order=1))


def _uid(author: str, table: str, fid: object) -> str:
    return hashlib.md5(f"{author}|{table}|{fid}".encode(), usedforsecurity=False).hexdigest()


class Laptop:
    """A store with the base, and the edits of one side."""

    def __init__(self, path: Path, base: Case, name: str) -> None:
        self.store = Store.create(path, crs="EPSG:4326", project="f" * 32)
        self.name, self._base = name, base
        for table in base.tables.values():
            self.store.add_table(table)

    def load_base(self) -> None:
        for name, rows in self._base.rows.items():
            lines = [{**self._own(name, values), "uid": _uid("base", name, fid)} for fid, values in rows.items()]
            self.store.import_rows(name, lines, source="base.gpkg")

    def _own(self, table: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return values with references as uids: a parent of the base, or one that this side has made."""
        found = dict(values)
        for column, parent in PARENTS.items():
            if found.get(column) is not None:
                author = "base" if found[column] in self._base.rows.get(parent, {}) else self.name
                found[column] = _uid(author, parent, found[column])
        return found

    def edit_to(self, wanted: Case) -> None:
        for table in wanted.tables:
            before, after = self._base.rows[table], wanted.rows[table]
            for fid in sorted({*before, *after}):
                uid = _uid("base", table, fid)
                if fid not in before:
                    self.store.create_record(table, self._own(table, after[fid]), uid=_uid(self.name, table, fid))
                elif fid not in after:
                    self.store.delete(uid)
                elif changed := {n: v for n, v in after[fid].items() if v != before[fid][n]}:
                    self.store.save(uid, self._own(table, changed))


@pytest.fixture
def laptops(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[Laptop]]:
    triple = request.node.callspec.params["triple"]
    base = Case(triple["base"])
    found = [Laptop(tmp_path / f"{name}.gpkg", base, name) for name in ("theirs", "ours")]
    found[0].load_base()
    for blob in found[0].store.blobs():
        place = found[0].store.media.path(blob.sha256)
        assert place is not None
        found[1].store.media.add_bytes(place.read_bytes(), blob.name, blob.mime)
    found[1].store.ingest(everything(found[0].store))
    for laptop in found:
        laptop.edit_to(Case(triple[laptop.name]))
    for one, other in (found, found[::-1]):
        one.store.ingest(everything(other.store))
    yield found
    for laptop in found:
        laptop.store.close()


def _values(rows: list[dict[str, Value]]) -> list[str]:
    return sorted(repr(sorted((n, v) for n, v in row.items() if n != "uid")) for row in rows)


def _with_parents_by_name(store: Store) -> set[tuple[Value, Value]]:
    kinds = {row["uid"]: row["kind"] for row in store.select("species")}
    return {(row["name"], kinds.get(row["specie"])) for row in store.select("trees")}


def _trees(case: Case) -> set[tuple[Value, Value]]:
    kinds = {fid: row["kind"] for fid, row in case.rows["species"].items()}
    return {(row["name"], kinds[int(str(row["specie"]))]) for row in case.rows["trees"].values()}


@pytest.mark.parametrize("triple", _triples())
def test_case(triple: dict[str, Any], laptops: list[Laptop]) -> None:
    stores = [laptop.store for laptop in laptops]
    tables = list(Case(triple["base"]).tables)
    for table in tables:  # both laptops hold the same
        assert _values(stores[0].select(table)) == _values(stores[1].select(table))
    if triple["oracle"].startswith("POSITIVE"):
        expected = Case(triple["expected_merged"])
        for table in tables:
            assert _values(stores[0].select(table)) == _values(list(expected.rows[table].values()))
        assert stores[0].conflicts() == []
    elif triple["oracle"].startswith("NEGATIVE"):
        true = _trees(Case(triple["theirs"])) | _trees(Case(triple["ours"]))
        for store in stores:
            assert _with_parents_by_name(store) == true
            assert len(store.select("trees")) == len(true)
    else:
        _check_partial(triple, stores)


def _check_partial(triple: dict[str, Any], stores: list[Store]) -> None:
    uid = _uid("base", "simple", 2)
    ours, theirs = Case(triple["ours"]).rows["simple"], Case(triple["theirs"]).rows["simple"]
    for store in stores:
        (conflict,) = store.conflicts(uid)
        row = store.get(uid)
        assert row is not None
        if 2 in ours and 2 in theirs:
            assert conflict.field == "geom"
            assert {version.value for version in conflict.versions} == {ours[2]["geom"], theirs[2]["geom"]}
            assert row.values["rating"] == 9999
        else:  # an edit met a deletion: the edit is there, in both directions, and somebody must decide
            assert conflict.field == "_deleted"
            edited = ours[2] if 2 in ours else theirs[2]
            assert row.values["geom"] == edited["geom"]
