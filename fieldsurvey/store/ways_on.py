"""A project that cannot be opened: what can be done about it, and doing it."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from fieldsurvey.errors import FieldSurveyError, InputRefused, ProjectTooNew, StoreBusy, StoreError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.paths import media_folder
from fieldsurvey.store import backup, opening
from fieldsurvey.store.connection import copy_file
from fieldsurvey.store.place import is_remote

_DAMAGED = {11, 26}  # SQLITE_CORRUPT, SQLITE_NOTADB
_NO_RIGHTS = {3, 8, 14}  # SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN


class Way(StrEnum):
    """A way on."""

    RETRY = "retry"
    COPY = "copy"
    REPAIR = "repair"
    BACKUP = "backup"
    FOLDER = "folder"
    FORGET = "forget"


def ways_on(path: Path, error: Exception) -> list[Way]:
    """Return what helps against an error of opening a project, the best first."""
    restored = [Way.BACKUP] if backup.backups(path) else []
    if not path.exists():
        return [*restored, Way.FORGET]
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    found = restored  # of a newer version, or of another program
    if isinstance(error, StoreBusy):
        found = [Way.RETRY, Way.COPY]
    elif code in _DAMAGED:
        found = [Way.REPAIR, *restored]
    elif not isinstance(error, ProjectTooNew) and (code in _NO_RIGHTS or is_remote(path) or not _may_write(path)):
        found = [Way.COPY]
    elif isinstance(error, StoreError):
        found = [Way.RETRY, *restored]
    return [*found, Way.FOLDER]


def _may_write(path: Path) -> bool:
    import os

    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def copy_project(source: Path, target: Path, control: JobControl | None = None) -> None:
    """Copy a project that this program does not have open, with its photos; all of it, or nothing.

    Raises:
        InputRefused: If the target exists.
        StoreError: If the disk is full, or a file cannot be read or written.
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    if target.exists() or media_folder(target).exists():
        raise InputRefused(_("{file} exists already. Choose another name, or open it.").format(file=target.name))
    try:
        _copy_file(source, target)
        for file in control.steps(list(_photos(source)), _("Copying photos")):
            place = media_folder(target) / file.relative_to(media_folder(source))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    except BaseException as error:
        target.unlink(missing_ok=True)
        shutil.rmtree(media_folder(target), ignore_errors=True)
        if isinstance(error, OSError):
            raise StoreError(_why(error).format(file=source.name, why=error.strerror)) from error
        raise


def _why(error: OSError) -> str:
    """Return the sentence for a copy that failed; only what has no words of ours is told in those of the system."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _("{file} cannot be copied: the disk is full. Free some space, or choose another disk.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return _("{file} cannot be copied: you may not write there. Choose another folder.")
    return _("{file} cannot be copied: {why}.")


def _copy_file(source: Path, target: Path) -> None:
    """Copy through SQLite, with what a crash left beside the file; on a disk where that cannot be read, as it is."""
    try:
        with closing(opening.open_file(source, read_only=True)) as connection:
            copy_file(connection, target)
    except (ProjectTooNew, StoreBusy):
        raise
    except FieldSurveyError:
        part = target.with_name(target.name + ".part")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _photos(source: Path) -> Iterator[Path]:
    folder = media_folder(source)
    return (file for file in sorted(folder.rglob("*")) if file.is_file()) if folder.is_dir() else iter(())


def open_newest_backup(path: Path) -> Path | None:
    """Put the newest backup in the place of a project; return where the project was moved to.

    Raises:
        InputRefused: If there is no backup, or it is not whole.
        StoreError: If the project is in use, or the disk is full.
    """
    found = backup.backups(path)
    if not found:
        raise InputRefused(_("There is no backup of {file}.").format(file=path.name))
    return backup.restore(found[-1].path, path)
