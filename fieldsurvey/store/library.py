"""The one SQLite library that may touch a live project file in this process.

POSIX locks belong to a process and a file: when any other library (GDAL, Qt,
a plain open()) closes its handle, all locks of the process go and acknowledged
data is lost (measured; SYNC 1.1). Everything therefore goes through `sqlite3`
from here. WAL mode is used only by versions without the WAL-reset bug
(sqlite.org release notes of 3.51.3; backports 3.50.7 and 3.44.6).
"""

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # no wheel for this machine (Linux on ARM): the standard library, without WAL
    import sqlite3  # noqa: TID251 - the one place where it is allowed

__all__ = ["is_wal_safe", "journal_mode", "sqlite3"]


def is_wal_safe(version: tuple[int, int, int]) -> bool:
    """Say whether a SQLite version is free of the WAL-reset bug.

    >>> is_wal_safe((3, 40, 1)), is_wal_safe((3, 44, 6)), is_wal_safe((3, 53, 4))
    (False, True, True)
    """
    backports = {(3, 44): 6, (3, 50): 7}
    if version[:2] in backports:
        return version[2] >= backports[version[:2]]
    return version >= (3, 51, 3)


def journal_mode() -> str:
    """Return the journal mode for project files on this machine: WAL, or DELETE where WAL is not safe."""
    major, minor, patch = (int(part) for part in sqlite3.sqlite_version.split(".")[:3])
    return "WAL" if is_wal_safe((major, minor, patch)) else "DELETE"
