"""The GeoPackage side of a project file: its tables, R-tree and column names.

Source: OGC 12-128r17 (GeoPackage 1.3.1); R-tree triggers as of annex F.3 of
edition 1.4, which repaired those of 1.3. `user_version` stays 10300 because
QGIS 3.22 warns about newer ones (measured).
"""

from collections.abc import Iterable
from typing import Any

from fieldsurvey.model.schema import ColumnType, Table

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300
_RTREE_DEFINITION = "http://www.geopackage.org/spec120/#extension_rtree"
_SCHEMA_DEFINITION = "http://www.geopackage.org/spec/#extension_schema"

GPKG_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""

# As long as no attribute table is registered, GDAL lists every table of the file as a layer, ours among them.
IMPORTS_AS_ATTRIBUTES = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) "
    "VALUES ('_import', 'attributes', '导入记录', 'Imports', 0)"
)

_TRIGGERS = {
    "insert": """AFTER INSERT ON "{t}" WHEN (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES
 (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END""",
    "update2": """AFTER UPDATE OF geom ON "{t}" WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; END""",
    "update4": """AFTER UPDATE ON "{t}" WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM "rtree_{t}_geom" WHERE id IN (OLD.fid, NEW.fid); END""",
    "update5": """AFTER UPDATE ON "{t}" WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES
 (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END""",
    "update6": """AFTER UPDATE OF geom ON "{t}" WHEN OLD.fid = NEW.fid
 AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)) AND (OLD.geom NOTNULL AND NOT ST_IsEmpty(OLD.geom))
BEGIN UPDATE "rtree_{t}_geom" SET minx = ST_MinX(NEW.geom), maxx = ST_MaxX(NEW.geom), miny = ST_MinY(NEW.geom),
 maxy = ST_MaxY(NEW.geom) WHERE id = NEW.fid; END""",
    "update7": """AFTER UPDATE OF geom ON "{t}" WHEN OLD.fid = NEW.fid
 AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)) AND (OLD.geom ISNULL OR ST_IsEmpty(OLD.geom))
BEGIN INSERT INTO "rtree_{t}_geom" VALUES
 (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END""",
    "delete": """AFTER DELETE ON "{t}" WHEN OLD.geom NOT NULL
BEGIN DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; END""",
}


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def srs_rows(crs: str) -> list[tuple[object, ...]]:
    """Return the rows of gpkg_spatial_ref_sys that every file needs, and the one of the project.

    Raises:
        ValueError: If the CRS is not an EPSG code that PROJ knows.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        rows = [(CRS.from_user_input(code), code) for code in ("EPSG:4326", crs)]
    except CRSError as error:
        raise ValueError(str(error)) from error
    undefined: list[tuple[object, ...]] = [
        ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", None),
        ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
    ]
    return undefined + [(c.name, srs_id(code), "EPSG", srs_id(code), c.to_wkt("WKT1_GDAL"), None) for c, code in rows]


def srs_id(crs: str) -> int:
    """Return the number of an EPSG code.

    >>> srs_id("EPSG:4547")
    4547
    """
    return int(crs.rpartition(":")[2])


def create_table(table: Table, srs: int) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Yield the statements, with parameters, that make a user table and tell GeoPackage readers of it."""
    geometry = f"geom {table.geometry}, " if table.geometry else ""
    columns = "".join(f"{quoted(c.name)} {_sql_type(c.type)}, " for c in table.columns)
    key = "fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"
    # uid may be empty: QGIS adds features without one, and a trigger (capture.py) fills it in at once.
    yield f"CREATE TABLE {quoted(table.name)} ({key}, {geometry}uid TEXT UNIQUE, {columns}_rev INTEGER)", ()
    yield (  # two tables may well have the same label, but GeoPackage wants identifiers that differ
        """INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?1, ?2, CASE
 WHEN EXISTS (SELECT 1 FROM gpkg_contents WHERE identifier = ?3) THEN ?3 || ' (' || ?1 || ')' ELSE ?3 END, ?4, ?5)""",
        (table.name, "features" if table.geometry else "attributes", table.zh, table.en, srs if table.geometry else 0),
    )
    if table.geometry:
        yield "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (table.name, str(table.geometry), srs)
        yield f'CREATE VIRTUAL TABLE "rtree_{table.name}_geom" USING rtree(id, minx, maxx, miny, maxy)', ()
        yield from ((statement, ()) for statement in rtree_triggers(table.name))
        yield (
            "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')",
            (table.name, _RTREE_DEFINITION),
        )
    yield from describe_columns(table)


def describe_columns(table: Table) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Yield the statements that give the columns their Chinese names (QGIS shows `name` as the alias)."""
    taken: set[str] = set()
    for column in table.columns:
        label = f"{column.zh}({column.unit})" if column.unit else column.zh
        label = f"{label} {column.name}" if label in taken else label
        taken.add(label)
        mime = "application/json" if column.type is ColumnType.JSON else None
        yield _DESCRIBE, (table.name, column.name, label, column.zh, column.en, mime)


_DESCRIBE = (
    "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, name, title, description, mime_type) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


def rtree_triggers(table: str) -> list[str]:
    """Return the statements that make the R-tree triggers of a feature table."""
    return [f'CREATE TRIGGER "rtree_{table}_geom_{name}" ' + body.format(t=table) for name, body in _TRIGGERS.items()]


def drop_rtree_triggers(table: str) -> list[str]:
    """Return the statements that drop them, for a bulk load that fills the R-tree itself."""
    return [f'DROP TRIGGER "rtree_{table}_geom_{name}"' for name in _TRIGGERS]


def add_column(table: Table, name: str) -> str:
    """Return the statement that adds a column; ALTER keeps the triggers, a rebuilt table would lose them."""
    return f"ALTER TABLE {quoted(table.name)} ADD COLUMN {quoted(name)} {_sql_type(table.column(name).type)}"


def schema_extension() -> list[tuple[str, tuple[Any, ...]]]:
    """Return the statements that announce the schema extension (gpkg_data_columns)."""
    names = ("gpkg_data_columns", "gpkg_data_column_constraints")
    statement = "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')"
    return [(statement, (name, _SCHEMA_DEFINITION)) for name in names]


def refresh_extent(table: str) -> str:
    """Return the statement that brings extent and date of a feature table in gpkg_contents up to date."""
    box = ", ".join(f'{low} = (SELECT {fn}({col}) FROM "rtree_{table}_geom")' for low, fn, col in _EXTENT)
    return (
        f"UPDATE gpkg_contents SET {box}, last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') "
        f"WHERE table_name = '{table}'"
    )


_EXTENT = (("min_x", "min", "minx"), ("min_y", "min", "miny"), ("max_x", "max", "maxx"), ("max_y", "max", "maxy"))


def _sql_type(kind: ColumnType) -> str:
    return "TEXT" if kind is ColumnType.JSON else str(kind)
