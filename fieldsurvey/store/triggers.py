"""Triggers that note what other programs do to the rows, in SQL that any SQLite can run (SYNC 1.7).

The first old row of an edited feature goes to `_old_<table>`, and `_dirty`
says which features were touched. Our own writes always change `_rev`, and
delete only what has a tombstone, so they never match.
"""

from collections.abc import Iterable

from fieldsurvey.store.gpkg import quoted


def create(table: str, columns: Iterable[str]) -> list[str]:
    """Return the statements that make the place for old rows and the triggers.

    Args:
        table: A user table.
        columns: All its columns, fid and uid and _rev included.
    """
    old, t = quoted("_old_" + table), quoted(table)
    names = ", ".join(quoted(name) for name in columns)
    keep = f"INSERT OR IGNORE INTO {old} ({names}) SELECT {names} FROM {t} WHERE fid = OLD.fid"
    others = ", ".join(quoted(name) for name in columns if name != "fid")
    mark = f"INSERT OR IGNORE INTO _dirty VALUES ('{table}', "
    ours = "EXISTS (SELECT 1 FROM _rev WHERE rid = NEW._rev AND uid = NEW.uid)"
    edited = "NEW._rev IS OLD._rev AND OLD.uid IS NOT NULL"
    gone = "EXISTS (SELECT 1 FROM _tomb WHERE uid = OLD.uid)"
    return [
        f"CREATE TABLE {old} (fid INTEGER PRIMARY KEY, {others})",
        f'CREATE TRIGGER "_capture_{table}_u" BEFORE UPDATE ON {t} WHEN {edited} BEGIN {keep}; {mark}OLD.fid); END',
        (
            f'CREATE TRIGGER "_capture_{table}_i" AFTER INSERT ON {t} WHEN NEW._rev IS NULL OR NOT {ours} '
            f"BEGIN UPDATE {t} SET uid = lower(hex(randomblob(16))) WHERE fid = NEW.fid AND uid IS NULL; "
            f"{mark}NEW.fid); END"
        ),
        f'CREATE TRIGGER "_capture_{table}_d" BEFORE DELETE ON {t} WHEN NOT {gone} BEGIN {keep}; {mark}OLD.fid); END',
    ]


def create_triggers(table: str, columns: Iterable[str]) -> list[str]:
    """Return the statements that make the triggers alone."""
    return create(table, columns)[1:]


def drop_triggers(table: str) -> list[str]:
    """Return the statements that drop them, for a bulk load of ours."""
    return [f'DROP TRIGGER IF EXISTS "_capture_{table}_{kind}"' for kind in "uid"]


def grown(table: str, added: Iterable[str], columns: Iterable[str]) -> list[str]:
    """Return the statements that go with new columns of a table.

    Args:
        table: A user table.
        added: Its new columns.
        columns: All its columns now.
    """
    old = quoted("_old_" + table)
    statements = drop_triggers(table) + [f"ALTER TABLE {old} ADD COLUMN {quoted(name)}" for name in added]
    return statements + create_triggers(table, columns)
