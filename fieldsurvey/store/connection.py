"""One connection, one owner thread, nested transactions."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fieldsurvey.geo.gpkg_blob import register_functions
from fieldsurvey.store.failures import known_failures, translated
from fieldsurvey.store.library import journal_mode, sqlite3
from fieldsurvey.store.tools import Database

_BUSY_SECONDS = 5.0
_WAL_PAGES = 4000  # 16 MB: the log is folded into the file when nobody waits (Store.checkpoint), not during a save
Parameters = Sequence[Any]


class Connection:
    """The connection to a project file.

    Use it only in the thread that made it: SQLite objects check that.

    Attributes:
        path: The project file.
        db: The same connection for sqlite-utils: migrations and look into the schema.
        kept_before_upgrade: Copy of the file as it was, if opening it brought it up from an older schema.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        with known_failures(path):
            self._raw = self._connected(path, "ro" if read_only else "rwc")
        register_functions(self._raw)
        self.db = Database(self._raw)
        self._depth = 0
        self._after_commit: list[Callable[[], None]] = []
        self.on_rollback: Callable[[], None] = lambda: None
        self.kept_before_upgrade: Path | None = None

    def _connected(self, path: Path, mode: str) -> Any:  # noqa: ANN401 - a connection of either library
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=_BUSY_SECONDS,
            cached_statements=512,
        )

    def set_durable(self) -> None:
        """Switch to the safe journal mode of this machine; a file is born in rollback mode, else GDAL misreads it."""
        with known_failures(self.path):
            self._raw.execute(f"PRAGMA journal_mode={journal_mode()}")
            self._raw.execute("PRAGMA synchronous=FULL")
            self._raw.execute("PRAGMA foreign_keys=ON")
            self._raw.execute("PRAGMA cache_size=-32768")
            self._raw.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")

    def execute(self, sql: str, parameters: Parameters = ()) -> Any:  # noqa: ANN401 - a cursor of either library
        """Run one statement."""
        try:
            return self._raw.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def many(self, sql: str, rows: Iterator[Parameters] | Sequence[Parameters]) -> int:
        """Run one statement for many rows; return how many it changed."""
        try:
            return int(self._raw.executemany(sql, rows).rowcount)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        try:
            return list(self._raw.execute(sql, parameters).fetchall())
        except sqlite3.Error as error:
            raise self._told(error) from error

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query one by one."""
        try:
            yield from self._raw.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def one(self, sql: str, parameters: Parameters = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query."""
        try:
            found: tuple[Any, ...] | None = self._raw.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise self._told(error) from error
        return found

    def scalar(self, sql: str, parameters: Parameters = ()) -> Any:  # noqa: ANN401 - the type of the column
        """Return the first value of the first row, or None."""
        row = self.one(sql, parameters)
        return None if row is None else row[0]

    def _told(self, error: Exception) -> Exception:
        """Return what the machine did to us as a sentence; a bug of ours as it is."""
        return translated(error, self.path) or error

    @property
    def in_transaction(self) -> bool:
        """True inside transaction()."""
        return self._depth > 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one durable step; nested uses join the outer one."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._raw.execute("ROLLBACK")
            self._after_commit.clear()
            self.on_rollback()
            raise
        finally:
            self._depth = 0
        ready, self._after_commit = self._after_commit, []
        for action in ready:
            action()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run something once the transaction is on the disk."""
        self._after_commit.append(action)

    def copy_to(self, target: "Connection") -> None:
        """Copy the whole database, as it is at this moment, into another connection's file."""
        with known_failures(target.path):
            self._raw.backup(target._raw)  # noqa: SLF001 - the same class

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()


def copy_file(source: Connection, target: Path) -> None:
    """Write a copy of an open project file, complete and closed: it appears under its name only when it is whole.

    The copy is in rollback mode, so that it opens on a stick that is read-only.

    Raises:
        StoreError: If the disk is full or the folder cannot be written.
    """
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        copy = Connection(part)
        try:
            source.copy_to(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        finally:
            copy.close()
        flush(part)
        part.replace(target)
        flush(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def flush(path: Path) -> None:
    """Flush a closed file or a folder to the disk; Windows cannot do that to folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
