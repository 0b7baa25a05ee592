"""What the machine does to us, in words: SQLite errors by primary code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fieldsurvey.errors import FieldSurveyError, InputRefused, StoreBusy, StoreError
from fieldsurvey.i18n import N_, _
from fieldsurvey.store.library import sqlite3

_BUSY = {5, 6}  # SQLITE_BUSY, SQLITE_LOCKED
_KNOWN = {
    3: N_("{file} may not be opened: no permission. Ask for the right to write in its folder."),  # SQLITE_PERM
    8: N_("{file} is read-only. Copy it to a folder where you may write and open the copy."),  # SQLITE_READONLY
    10: N_("{file} could not be read or written: the disk reports an error. Copy the file to another disk."),
    11: N_("{file} is damaged. Run the check, or open the newest backup."),  # SQLITE_CORRUPT
    13: N_("The disk is full: {file} was not changed. Free some space and save again."),  # SQLITE_FULL
    14: N_("{file} cannot be opened. Is the folder there, and may you write in it?"),  # SQLITE_CANTOPEN
}
_NOT_A_DATABASE = 26
# The words of sqlite3_errstr: what a backup throws carries no code in one of the two libraries.
_CODES = {
    "access permission denied": 3,
    "database is locked": 5,
    "attempt to write a readonly database": 8,
    "disk I/O error": 10,
    "database disk image is malformed": 11,
    "database or disk is full": 13,
    "unable to open database file": 14,
    "file is not a database": _NOT_A_DATABASE,
}


@contextmanager
def known_failures(path: Path) -> Iterator[None]:
    """Raise a sentence for what the machine did; let our own bugs through."""
    try:
        yield
    except sqlite3.Error as error:
        told = translated(error, path)
        if told is None:
            raise
        raise told from error


def translated(error: Exception, path: Path) -> FieldSurveyError | None:
    """Return the error as a sentence, or None if it is a bug of ours."""
    code = getattr(error, "sqlite_errorcode", _CODES.get(str(error), 1)) & 0xFF
    if code in _BUSY:
        return StoreBusy(_("{file} is in use by another program. Close it there and try again.").format(file=path.name))
    if code == _NOT_A_DATABASE:
        return InputRefused(_("{file} is not a project file of this program.").format(file=path.name))
    sentence = _KNOWN.get(code)
    return StoreError(_(sentence).format(file=path.name)) if sentence else None
