"""Every statement that the hub sends to PostgreSQL, in one place.

A relative of PostgreSQL (openGauss, KingbaseES) needs a look at this module
only: `unnest`, `ON CONFLICT`, advisory locks, jsonb_populate_record, PostGIS.
The log tables lie in the schema `hub`, the tables that QGIS, Superset and SQL
are meant for in `survey`. Patches are text, not jsonb: jsonb re-orders keys
and the hash chain would break.
"""

from collections.abc import Iterator

from fieldsurvey.model.schema import ColumnType, GeometryType, Table

FEED_LOCK, CATALOGUE_LOCK = 4711, 4712  # numbers of the advisory locks; one project per database
# Every join here looks rows up by key from a short list. PostgreSQL cannot know how short, and would read whole tables.
SESSION = "SET search_path TO survey, hub, public; SET enable_hashjoin TO off; SET enable_mergejoin TO off"

SCHEMA = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE SCHEMA IF NOT EXISTS hub;
CREATE SCHEMA IF NOT EXISTS survey;
SET search_path TO survey, hub, public;
CREATE TABLE IF NOT EXISTS hub._meta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS hub._table (name text PRIMARY KEY, definition text NOT NULL);
CREATE TABLE IF NOT EXISTS hub._actor (id bigint PRIMARY KEY, login text NOT NULL, name text NOT NULL);
CREATE TABLE IF NOT EXISTS hub._rev (
  rid bigint PRIMARY KEY, hlc bigint NOT NULL, actor bigint NOT NULL, fv bigint NOT NULL, tbl text NOT NULL,
  uid text COLLATE "C" NOT NULL, kind text NOT NULL, patch text, par text, chain bytea NOT NULL, scope bigint NOT NULL,
  st boolean NOT NULL, received timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS _rev_uid ON hub._rev (uid);
CREATE TABLE IF NOT EXISTS hub._rec (
  uid text COLLATE "C" PRIMARY KEY, tbl text NOT NULL, scope bigint NOT NULL, base text NOT NULL, over text NOT NULL,
  dels text NOT NULL, appr text NOT NULL, nconf integer NOT NULL) WITH (fillfactor = 60);
CREATE TABLE IF NOT EXISTS hub._conflict (
  uid text COLLATE "C" NOT NULL, field text NOT NULL, tbl text NOT NULL, heads text NOT NULL, PRIMARY KEY (uid, field));
CREATE TABLE IF NOT EXISTS hub._wait (missing text NOT NULL, rid bigint NOT NULL, PRIMARY KEY (missing, rid));
CREATE INDEX IF NOT EXISTS _wait_rid ON hub._wait (rid);
CREATE TABLE IF NOT EXISTS hub._tomb (uid text COLLATE "C" PRIMARY KEY, tbl text NOT NULL, row text NOT NULL);
CREATE TABLE IF NOT EXISTS hub._gap (rid bigint PRIMARY KEY, prev bytea NOT NULL);
CREATE TABLE IF NOT EXISTS hub._vv (origin bigint PRIMARY KEY, upto bigint NOT NULL, chain bytea NOT NULL);
CREATE TABLE IF NOT EXISTS hub._feed (seq bigint PRIMARY KEY, scope bigint NOT NULL, rid bigint NOT NULL);
CREATE INDEX IF NOT EXISTS _feed_scope ON hub._feed (scope, seq);
CREATE TABLE IF NOT EXISTS hub._head (
  origin bigint PRIMARY KEY, seq bigint NOT NULL, chain bytea NOT NULL, at_ms bigint NOT NULL, alg text NOT NULL,
  key text NOT NULL, sig text NOT NULL);
CREATE TABLE IF NOT EXISTS hub._clock (
  origin bigint NOT NULL, seq bigint NOT NULL, offset_ms bigint NOT NULL, PRIMARY KEY (origin, seq));
CREATE TABLE IF NOT EXISTS hub._import (
  rid bigint PRIMARY KEY, tbl text NOT NULL, dataset text NOT NULL, rows bigint NOT NULL, source text NOT NULL);
CREATE TABLE IF NOT EXISTS hub._blob (
  sha256 text PRIMARY KEY, size bigint NOT NULL, name text NOT NULL, mime text NOT NULL, have boolean NOT NULL);
"""
HAS_SCHEMA = "SELECT to_regclass('hub._blob') IS NOT NULL AND to_regclass('hub._clock') IS NOT NULL"

# --- what it is ----------------------------------------------------------------------------------------------------

META = "SELECT value FROM _meta WHERE key = %s"
NEW_META = "INSERT INTO _meta VALUES (%s, %s) ON CONFLICT DO NOTHING"
SET_META = "INSERT INTO _meta VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
TABLES = "SELECT name, definition FROM _table ORDER BY name"
SET_TABLE = "INSERT INTO _table VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET definition = excluded.definition"
ACTORS = "SELECT id, login, name FROM _actor ORDER BY id"
ADD_ACTOR = "INSERT INTO _actor VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
HEADS = "SELECT origin, upto, chain FROM _vv WHERE upto > 0 ORDER BY origin"
KNOWN_UPTO = "SELECT origin, upto FROM _vv WHERE origin = ANY(%s)"
LOCK_CATALOGUE = f"SELECT pg_advisory_xact_lock({CATALOGUE_LOCK})"
SHARE_CATALOGUE = (
    f"SELECT pg_advisory_xact_lock_shared({CATALOGUE_LOCK}), (SELECT value FROM _meta WHERE key = 'tables')"
)
ADD_SRS = "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) VALUES (%s, 'EPSG', %s, %s, %s) ON CONFLICT DO NOTHING"  # noqa: E501
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

# --- the log -------------------------------------------------------------------------------------------------------

_COLUMNS = ("rid", "hlc", "actor", "fv", "tbl", "uid", "kind", "patch", "par", "chain", "scope")
REV = ", ".join(_COLUMNS)
REV_R = ", ".join(f"r.{name}" for name in _COLUMNS)
NEW_ORIGINS = "INSERT INTO _vv SELECT o, 0, %s FROM unnest(%s::bigint[]) o ORDER BY o ON CONFLICT DO NOTHING"
LOCK_ORIGINS = "SELECT origin, upto, chain FROM _vv WHERE origin = ANY(%s) ORDER BY origin FOR UPDATE"
SET_HEADS = (
    "UPDATE _vv v SET upto = z.u, chain = decode(z.c, 'hex') FROM json_to_recordset(%s::json) "
    "AS z(o bigint, u bigint, c text) WHERE v.origin = z.o"
)
KNOWN = "SELECT rid, chain, st FROM _rev WHERE rid = ANY(%s)"
REVISIONS = f"SELECT {REV} FROM _rev WHERE rid = ANY(%s)"
AFTER = f"SELECT {REV} FROM _rev WHERE rid > %s AND rid <= %s ORDER BY rid LIMIT %s"
ADD_REVISIONS = (
    f"INSERT INTO _rev ({REV}, st) SELECT rid, hlc, actor, fv, tbl, uid, kind, patch, par, decode(chain, 'hex'), "
    "scope, st FROM json_to_recordset(%s::json) AS z(rid bigint, hlc bigint, actor bigint, fv bigint, tbl text, "
    "uid text, kind text, patch text, par text, chain text, scope bigint, st boolean)"
)
SET_APPLIED = "UPDATE _rev SET st = true WHERE rid = ANY(%s)"
ADD_WAITS = "INSERT INTO _wait SELECT * FROM unnest(%s::text[], %s::bigint[]) ON CONFLICT DO NOTHING"
ANY_WAIT = "SELECT EXISTS (SELECT 1 FROM _wait)"
WAITING_FOR = "SELECT DISTINCT rid FROM _wait WHERE missing = ANY(%s)"
DROP_WAITS = "DELETE FROM _wait WHERE missing = ANY(%s)"
STILL_WAITING = "SELECT DISTINCT rid FROM _wait WHERE rid = ANY(%s)"
ARRIVED_PARENTS = (
    "SELECT DISTINCT w.missing FROM _wait w JOIN _rev r "
    "ON r.rid = CASE WHEN w.missing ~ '^[0-9]{1,17}$' THEN w.missing::bigint END WHERE w.rid = ANY(%s) AND r.st"
)
WANTED_DATASETS = "SELECT DISTINCT missing FROM _wait WHERE length(missing) = 64"
HELD = "SELECT rid, missing FROM _wait WHERE missing LIKE '!%%' ORDER BY rid"
DROP_HELD = "DELETE FROM _wait WHERE rid = ANY(%s) AND missing LIKE '!%%'"
DROP_HELD_AGAIN = (
    "DELETE FROM _wait WHERE rid = ANY(%s) AND missing LIKE '!%%' AND missing <> '!rejected' RETURNING rid"
)
REJECT = "UPDATE _wait SET missing = '!rejected' WHERE rid = ANY(%s) AND missing LIKE '!%%'"
SIGNED_HEADS = (
    "SELECT origin, seq, chain, at_ms, alg, key, sig FROM _head WHERE %s::bigint IS NULL OR origin = %s ORDER BY origin"
)
SET_HEAD = (
    "INSERT INTO _head AS h VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (origin) DO UPDATE SET seq = excluded.seq, "
    "chain = excluded.chain, at_ms = excluded.at_ms, alg = excluded.alg, sig = excluded.sig "
    "WHERE h.key = excluded.key AND h.seq < excluded.seq"
)
CLOCKS = "SELECT origin, seq, offset_ms FROM _clock ORDER BY origin, seq"
ADD_CLOCK = "INSERT INTO _clock VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
LOCK_FEED = f"SELECT pg_advisory_xact_lock({FEED_LOCK})"
FEED_WHOLE = (
    "INSERT INTO _feed SELECT m.top + row_number() OVER (ORDER BY r.hlc, r.rid), %s, r.rid "
    "FROM _rev r, (SELECT coalesce(max(seq), 0) top FROM _feed) m WHERE r.uid = %s AND r.st"
)
ADD_FEED = (
    "INSERT INTO _feed SELECT m.top + z.place, z.scope, z.rid FROM (SELECT coalesce(max(seq), 0) top FROM _feed) m, "
    "unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS z(scope, rid, place)"
)
FEED = f"SELECT f.seq, {REV_R} FROM _feed f JOIN _rev r USING (rid) WHERE f.seq > %s ORDER BY f.seq LIMIT %s"
FEED_OF_SCOPES = (
    f"SELECT f.seq, {REV_R} FROM _feed f JOIN _rev r USING (rid) WHERE f.seq > %s AND f.scope = ANY(%s) "
    "ORDER BY f.seq LIMIT %s"
)
FEED_TOP = "SELECT coalesce(max(seq), 0) FROM _feed"
GAPS = "SELECT rid, prev FROM _gap WHERE rid = ANY(%s)"
ADD_GAP = "INSERT INTO _gap VALUES (%s, %s) ON CONFLICT DO NOTHING"
CHAINS = "SELECT rid, chain FROM _rev WHERE rid = ANY(%s)"
COUNTS = (
    "SELECT (SELECT count(*) FROM _rev), (SELECT count(DISTINCT rid) FROM _wait), "
    "(SELECT count(DISTINCT rid) FROM _wait WHERE missing LIKE '!%%'), (SELECT count(*) FROM _conflict), "
    "(SELECT coalesce(max(seq), 0) FROM _feed)"
)
WAITS_AND_CONFLICTS = "SELECT (SELECT count(DISTINCT rid) FROM _wait), (SELECT count(*) FROM _conflict)"

# --- records -------------------------------------------------------------------------------------------------------

NEW_RECORDS = (
    "INSERT INTO _rec SELECT u, t, 0, '', '{}', '[]', '[]', 0 FROM unnest(%s::text[], %s::text[]) AS z(u, t) "
    "ORDER BY u ON CONFLICT DO NOTHING"
)
LOCK_RECORDS = (
    "SELECT uid, tbl, scope, base, over, dels, appr, nconf FROM _rec WHERE uid = ANY(%s) ORDER BY uid FOR UPDATE"
)
RECORDS = "SELECT uid, tbl, scope, base, over, dels, appr FROM _rec WHERE base != '' ORDER BY uid"
RECORD_SCOPES = "SELECT uid, tbl, scope FROM _rec WHERE uid = ANY(%s) AND base != ''"
SET_RECORDS = (
    "UPDATE _rec r SET tbl = z.t, scope = z.s, base = z.b, over = z.o, dels = z.d, appr = z.a, nconf = z.n "
    "FROM json_to_recordset(%s::json) AS z(u text, t text, s bigint, b text, o text, d text, a text, n int) "
    "WHERE r.uid = z.u"
)
DROP_CONFLICTS = "DELETE FROM _conflict WHERE uid = ANY(%s)"
ADD_CONFLICTS = (
    "INSERT INTO _conflict SELECT u, f, t, h FROM json_to_recordset(%s::json) AS z(u text, f text, t text, h text)"
)
CONFLICTS = "SELECT uid, field, heads FROM _conflict ORDER BY uid, field"
TOMBS = "SELECT uid, row FROM _tomb WHERE uid = ANY(%s)"
DROP_TOMBS = "DELETE FROM _tomb WHERE uid = ANY(%s)"
ADD_TOMB = (
    "INSERT INTO _tomb VALUES (%s, %s, %s) ON CONFLICT (uid) DO UPDATE SET tbl = excluded.tbl, row = excluded.row"
)
ADD_IMPORT = "INSERT INTO _import VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
RECORDS_OF_TABLE = "SELECT uid FROM _rec WHERE tbl = %s AND base != ''"
IMPORTS_OF_TABLE = "SELECT rid, dataset FROM _import WHERE tbl = %s ORDER BY rid"
TOUCHED_BY_FIELD = (
    "SELECT DISTINCT uid FROM _rev WHERE st AND tbl = %s AND kind IN ('c', 'u', 'r') AND patch LIKE ANY(%s)"
)
AREAS = "SELECT uid, code, name, district FROM survey.community"
BLOBS = "SELECT sha256, size, name, mime FROM _blob WHERE have ORDER BY sha256"
BLOB = "SELECT sha256, size, name, mime FROM _blob WHERE sha256 = %s"
SET_BLOB = (
    "INSERT INTO _blob VALUES (%s, %s, %s, %s, %s) ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, "
    "name = excluded.name, mime = excluded.mime, have = excluded.have OR _blob.have"
)

_TYPES = {
    ColumnType.TEXT: "text", ColumnType.INTEGER: "bigint", ColumnType.REAL: "double precision", ColumnType.DATE: "date",
    ColumnType.DATETIME: "timestamptz", ColumnType.JSON: "text",
}  # fmt: skip
_SHAPES = {
    GeometryType.POINT: "Point",
    GeometryType.MULTILINESTRING: "MultiLineString",
    GeometryType.MULTIPOLYGON: "MultiPolygon",
}

WORD = 62  # columns that one number can tell about
_RAW_COMMENT = "不合字段类型的原值 Values that do not fit the type of their column"


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def create_table(table: Table, srs: int) -> Iterator[str]:
    """Yield the statements that make a user table with PostGIS geometry, GiST index and readable comments."""
    name = f"survey.{quoted(table.name)}"
    geometry = f", geom geometry({_SHAPES[table.geometry]}, {srs})" if table.geometry else ""
    columns = "".join(f", {quoted(c.name)} {_TYPES[c.type]}" for c in table.columns)
    key = 'uid text COLLATE "C" PRIMARY KEY, _rev bigint, _raw jsonb'
    yield f"CREATE TABLE {name} ({key}{geometry}{columns}) WITH (fillfactor = 80)"
    if table.geometry:
        yield f"CREATE INDEX ON {name} USING gist (geom)"
    names = {column.name for column in table.columns}
    yield from (f"CREATE INDEX ON {name} ({link})" for link in ("community_uid", "parent_uid") if link in names)
    yield f"COMMENT ON TABLE {name} IS {_text(f'{table.zh} {table.en}')}"
    yield f"COMMENT ON COLUMN {name}._raw IS {_text(_RAW_COMMENT)}"
    yield from describe(table)


def add_columns(have: Table, table: Table) -> Iterator[str]:
    """Yield the statements that add the columns a table has gained."""
    known = {column.name for column in have.columns}
    for column in table.columns:
        if column.name not in known:
            yield f"ALTER TABLE survey.{quoted(table.name)} ADD COLUMN {quoted(column.name)} {_TYPES[column.type]}"


def describe(table: Table) -> Iterator[str]:
    """Yield the statements that give the columns their Chinese names."""
    for column in table.columns:
        label = f"{column.zh}({column.unit})" if column.unit else column.zh
        yield f"COMMENT ON COLUMN survey.{quoted(table.name)}.{quoted(column.name)} IS {_text(f'{label} {column.en}')}"


def update_rows(table: Table, names: list[str]) -> str:
    """Return the statement that changes rows, given as JSON objects; it returns the uids that were there.

    An object has _u: uid, _rev, the changed values, bits that say which of the
    names it changes (_w0 for the first 62, …), and where there is something
    _unfit: the values that fit no column.
    """
    # Names of columns never begin with an underscore; ours do, lest a column hide one.
    types = {column.name: _TYPES[column.type] for column in table.columns} | {"geom": "geometry"}
    given = "".join(f", {quoted(name)} {types[name]}" for name in names)
    words = "".join(f", _w{n} bigint" for n in range(-(-len(names) // WORD)))
    sets = ""
    for n, name in enumerate(names):
        column, is_given = quoted(name), f"_z._w{n // WORD} & {1 << n % WORD} <> 0"
        sets += f", {column} = CASE WHEN {is_given} THEN _z.{column} ELSE _t.{column} END"
    return (
        f"UPDATE survey.{quoted(table.name)} _t SET _rev = _z._rev{sets}, _raw = CASE WHEN _t._raw IS NULL "
        "AND _z._unfit IS NULL THEN NULL ELSE nullif((coalesce(_t._raw, '{}') - _z._names) "
        "|| coalesce(_z._unfit, '{}'), '{}') END "
        f"FROM json_to_recordset(%s::json) AS _z(_u text, _rev bigint, _unfit jsonb, _names text[]{words}{given}) "
        "WHERE _t.uid = _z._u RETURNING _t.uid"
    )


def insert_rows(table: str, names: list[str]) -> str:
    """Return the statement that adds rows given as JSON objects; a row that is there stays."""
    listed = ", ".join(quoted(name) for name in ["uid", "_rev", "_raw", *names])
    source = ", ".join(f"_p.{quoted(name)}" for name in ["uid", "_rev", "_raw", *names])
    return (
        f"INSERT INTO survey.{quoted(table)} ({listed}) SELECT {source} FROM "
        f"jsonb_populate_recordset(NULL::survey.{quoted(table)}, %s::jsonb) _p ON CONFLICT (uid) DO NOTHING"
    )


def delete_rows(table: str) -> str:
    """Return the statement that removes rows by uid."""
    return f"DELETE FROM survey.{quoted(table)} WHERE uid = ANY(%s)"


def select_rows(table: str, names: list[str], *, some: bool) -> str:
    """Return the query for uid, _rev, _raw and the named columns, geometry as WKB; of some uids, or of all."""
    listed = ", ".join(f"ST_AsBinary({quoted(n)})" if n == "geom" else quoted(n) for n in names)
    where = " WHERE uid = ANY(%s)" if some else ""
    return f"SELECT uid, _rev, _raw{', ' if listed else ''}{listed} FROM survey.{quoted(table)}{where} ORDER BY uid"


def find_rows(table: str, *, has_community: bool) -> str:
    """Return the query for uid, _rev and community of some rows."""
    community = "community_uid" if has_community else "NULL"
    return f"SELECT uid, _rev, {community} FROM survey.{quoted(table)} WHERE uid = ANY(%s)"


def count_rows(table: str) -> str:
    """Return the query for the number of rows."""
    return f"SELECT count(*) FROM survey.{quoted(table)}"


def copy_rows(table: str, names: list[str]) -> str:
    """Return the COPY statement for a bulk load."""
    return f"COPY survey.{quoted(table)} ({', '.join(quoted(n) for n in ['uid', '_rev', '_raw', *names])}) FROM STDIN"
