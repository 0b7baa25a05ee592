"""Schema of the project file's own tables, as the ordered steps that build it.

Append only: a released step is never edited, because files made by it are out
in the field. tests/data/stores/ keeps one file for each released schema. The
tables begin with `_`, so that readers of GeoPackage files leave them alone. No
STRICT tables: one of them makes the file unreadable for SQLite before 3.37.
"""

from fieldsurvey.store.tools import Database, Migrations

SCHEMA = 4  # number of the newest step; files with a higher one are refused
migrations = Migrations("fieldsurvey")


@migrations()
def m001_log(db: Database) -> None:
    """Log, heads, conflicts, media, journal, settings (SYNC section 3)."""
    for statement in _M001.split(";"):
        if statement.strip():
            db.execute(statement)


_M001 = """
CREATE TABLE _meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE _setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE _table (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE _actor (id INTEGER PRIMARY KEY, login TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE _rev (
  rid INTEGER PRIMARY KEY, hlc INTEGER NOT NULL, actor INTEGER NOT NULL, fv INTEGER NOT NULL, tbl TEXT NOT NULL,
  uid TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('c', 'u', 'd', 'z', 'r', 'a', 'i')), patch TEXT,
  par TEXT, chain BLOB NOT NULL, scope INTEGER NOT NULL, st INTEGER NOT NULL, step INTEGER);
CREATE INDEX _rev_uid ON _rev (uid);
CREATE TABLE _rec (
  uid TEXT PRIMARY KEY, tbl TEXT NOT NULL, scope INTEGER NOT NULL, base TEXT NOT NULL, over TEXT NOT NULL,
  dels TEXT NOT NULL, appr TEXT NOT NULL, nconf INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE _conflict (uid TEXT NOT NULL, field TEXT NOT NULL, tbl TEXT NOT NULL, heads TEXT NOT NULL,
  PRIMARY KEY (uid, field)) WITHOUT ROWID;
CREATE TABLE _wait (missing TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (missing, rid)) WITHOUT ROWID;
CREATE INDEX _wait_rid ON _wait (rid);
CREATE TABLE _tomb (uid TEXT PRIMARY KEY, tbl TEXT NOT NULL, row TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE _evicted (uid TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE _undo (step INTEGER PRIMARY KEY, undoes INTEGER NOT NULL, redo INTEGER NOT NULL);
CREATE TABLE _dirty (tbl TEXT NOT NULL, fid INTEGER NOT NULL, PRIMARY KEY (tbl, fid)) WITHOUT ROWID;
CREATE TABLE _vv (origin INTEGER PRIMARY KEY, upto INTEGER NOT NULL, chain BLOB NOT NULL);
CREATE TABLE _feed (seq INTEGER PRIMARY KEY, scope INTEGER NOT NULL, rid INTEGER NOT NULL);
CREATE INDEX _feed_scope ON _feed (scope, seq);
CREATE TABLE _peer (hub TEXT PRIMARY KEY, epoch TEXT NOT NULL, cursor INTEGER NOT NULL, acked TEXT NOT NULL,
  last_ok_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE _import (rid INTEGER PRIMARY KEY, tbl TEXT NOT NULL, dataset TEXT NOT NULL, rows INTEGER NOT NULL,
  source TEXT NOT NULL);
CREATE TABLE _blob (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL,
  have INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE _draft (key TEXT PRIMARY KEY, payload TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID
"""


@migrations()
def m002_replication(db: Database) -> None:
    """Links of the chain beyond a hole; what hubs and devices signed last; keys of devices (SYNC section 5)."""
    for statement in _M002.split(";"):
        if statement.strip():
            db.execute(statement)


_M002 = """
CREATE TABLE _gap (rid INTEGER PRIMARY KEY, prev BLOB NOT NULL);
CREATE TABLE _statement (key TEXT PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, at_ms INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE _device (key TEXT PRIMARY KEY, alg TEXT NOT NULL, name TEXT NOT NULL, revoked INTEGER NOT NULL)
  WITHOUT ROWID
"""


@migrations()
def m003_witness(db: Database) -> None:
    """Heads that devices signed of their own logs; how far clocks were off (SYNC sections 3 and 4)."""
    for statement in _M003.split(";"):
        if statement.strip():
            db.execute(statement)


_M003 = """
CREATE TABLE _head (origin INTEGER PRIMARY KEY, seq INTEGER NOT NULL, chain BLOB NOT NULL, at_ms INTEGER NOT NULL,
  alg TEXT NOT NULL, key TEXT NOT NULL, sig TEXT NOT NULL);
CREATE TABLE _clock (origin INTEGER NOT NULL, seq INTEGER NOT NULL, offset_ms INTEGER NOT NULL,
  PRIMARY KEY (origin, seq)) WITHOUT ROWID
"""


@migrations()
def m004_findings(db: Database) -> None:
    """Findings of the map rules, counts of their tests, and what the last run saw: derived, never synced."""
    for statement in _M004.split(";"):
        if statement.strip():
            db.execute(statement)


_M004 = """
CREATE TABLE _finding (key TEXT PRIMARY KEY, rule TEXT NOT NULL, threshold TEXT NOT NULL, "table" TEXT NOT NULL,
  subject TEXT NOT NULL, other TEXT NOT NULL, community TEXT NOT NULL, part TEXT NOT NULL, result TEXT NOT NULL,
  measured REAL, required REAL NOT NULL, at_least INTEGER NOT NULL, reason TEXT NOT NULL, place BLOB NOT NULL,
  inputs TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX _finding_part ON _finding (rule, part);
CREATE INDEX _finding_community ON _finding (community);
CREATE TABLE _tally (rule TEXT NOT NULL, part TEXT NOT NULL, community TEXT NOT NULL, counts TEXT NOT NULL, worst REAL,
  households INTEGER NOT NULL, covered INTEGER NOT NULL, PRIMARY KEY (rule, part)) WITHOUT ROWID;
CREATE TABLE _rule_state (key TEXT PRIMARY KEY, value BLOB NOT NULL)
"""
