"""Copies of a project: rotating backups, the way back from them, and the project as it once was.

A live file is copied only by the library that has it open (online backup):
copying it by other means would miss its journal and drop its locks. Photos are
never changed and are named by their content, so a backup needs only the file.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.i18n import _
from fieldsurvey.paths import media_folder
from fieldsurvey.store import gpkg, opening, rebuild
from fieldsurvey.store.check import check
from fieldsurvey.store.connection import Connection, copy_file
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import place_in
from fieldsurvey.store.past import causal
from fieldsurvey.store.rows import Rows
from fieldsurvey.store.store import Store

KEEP_NEWEST = 10
KEEP_DAYS = 7
HOUR_MS = 3600 * 1000
_CHECKED = "checked.json"  # beside the backups: names of those that were found whole
_NAME = re.compile(r"(?P<stem>.+)\.(?P<ms>\d{13})\.gpkg")
_DERIVED = ("_rec", "_conflict", "_tomb", "_dirty", "_undo", "_peer", "_draft", "_evicted")


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup.

    Attributes:
        path: The copy.
        at_ms: When it was made, milliseconds since 1970.
    """

    path: Path
    at_ms: int


def folder_of(project: Path) -> Path:
    """Return the folder beside a project that holds its backups."""
    return project.with_name(project.stem + ".backups")


def backups(project: Path) -> list[Backup]:
    """Return the backups of a project, oldest first."""
    found = []
    for path in folder_of(project).glob("*.gpkg"):
        match = _NAME.fullmatch(path.name)
        if match and match["stem"] == project.stem:
            found.append(Backup(path, int(match["ms"])))
    return sorted(found, key=lambda backup: backup.at_ms)


def make(store: Store, now_ms: int | None = None) -> Backup:
    """Write a backup of an open project, not yet verified; call in the thread of the store.

    Raises:
        StoreError: If the disk is full or the folder cannot be written.
    """
    at = now_millis() if now_ms is None else now_ms
    folder = folder_of(store.path)
    try:
        folder.mkdir(exist_ok=True)
        path = folder / f"{store.path.stem}.{at:013d}.gpkg"
        store.copy_to(path)
    except OSError as error:
        raise StoreError(_("The backup could not be written: {why}").format(why=error.strerror)) from error
    return Backup(path, at)


def verify(backup: Backup, project: Path) -> None:
    """Check a backup and put older ones away; may run in any thread. A bad copy does not stay.

    Raises:
        StoreError: If the copy is not whole: then the project itself is damaged, and older backups are kept.
    """
    report = check(backup.path, media=media_folder(project))
    damage = [problem for problem in report.problems if problem.code in _GRAVE]
    if damage:
        for suffix in ("", "-wal", "-shm", "-journal"):
            backup.path.with_name(backup.path.name + suffix).unlink(missing_ok=True)
        raise StoreError(_("The backup was not kept: {why}").format(why=damage[0].message))
    _to_rollback_mode(backup.path)
    rotate(project)
    _note_checked(backup, project)


def is_checked(backup: Backup) -> bool:
    """Say whether a backup was found whole."""
    return backup.path.name in _checked(backup.path.parent)


def _checked(folder: Path) -> list[str]:
    try:
        found = json.loads((folder / _CHECKED).read_text("utf-8"))
    except (OSError, ValueError):  # none yet, or cut short: then they are checked once more
        return []
    return [str(name) for name in found] if isinstance(found, list) else []


def _note_checked(backup: Backup, project: Path) -> None:
    folder = folder_of(project)
    kept = [name for name in _checked(folder) if (folder / name).exists() and name != backup.path.name]
    part = folder / f"{_CHECKED}.part"
    try:
        part.write_text(json.dumps([*kept, backup.path.name]), "utf-8")
        part.replace(folder / _CHECKED)
    except OSError as error:
        raise StoreError(_("The backup could not be written: {why}").format(why=error.strerror)) from error


# What a copy must not have. The rest (a lost photo, a dangling reference) is as it is in the project.
_GRAVE = {"damaged", "no_geopackage", "table_missing", "chain", "log_short", "heads", "row"}


def _to_rollback_mode(path: Path) -> None:
    connection = Connection(path)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()


def when_due(store: Store, now_ms: int | None = None, every_ms: int = HOUR_MS) -> Backup | None:
    """Make a backup unless the newest is younger than an hour or holds everything already; the window calls this."""
    at = now_millis() if now_ms is None else now_ms
    newest = backups(store.path)[-1:]
    if newest and (at - newest[0].at_ms < every_ms or _is_covered(store, newest[0])):
        return None
    return make(store, at)


def _is_covered(store: Store, backup: Backup) -> bool:
    """Say whether a backup holds every revision of the project."""
    try:
        with Store.open(backup.path, read_only=True) as old:
            return old.version_vector() == store.version_vector()
    except (InputRefused, StoreError):
        return False


def rotate(project: Path, newest: int = KEEP_NEWEST, days: int = KEEP_DAYS) -> list[Path]:
    """Delete backups but the newest few and the last of each of the last days; return the deleted."""
    found = backups(project)
    keep = {backup.path for backup in found[-newest:]}
    by_day = {_day(backup): backup.path for backup in found}  # a later one of a day replaces the earlier
    keep |= {by_day[day] for day in sorted(by_day)[-days:]}
    gone = [backup.path for backup in found if backup.path not in keep]
    for path in gone:
        path.unlink()
    return gone


def _day(backup: Backup) -> str:
    return datetime.fromtimestamp(backup.at_ms / 1000, UTC).astimezone().date().isoformat()


def restore(backup: Path, project: Path) -> Path | None:
    """Put a backup in the place of a project that is not open; return where the project was moved to.

    The restored project writes under a new number and, as a hub, starts a new
    epoch: what the others hold beyond the backup comes back from them.

    Raises:
        InputRefused: If the backup is no project, or not whole.
        StoreError: If the project is in use, or the disk is full.
    """
    report = check(backup, media=media_folder(project))
    if any(problem.code in _GRAVE for problem in report.problems):
        raise InputRefused(_("{file} is damaged. Choose another backup.").format(file=backup.name))
    aside = _move_aside(project)
    source = opening.open_file(backup, read_only=False)
    try:
        copy_file(source, project)
    finally:
        source.execute("PRAGMA journal_mode=DELETE")
        source.close()
    target = opening.open_file(project, read_only=False)
    try:
        with target.transaction():
            _new_identity(target)
    finally:
        target.close()
    return aside


def _new_identity(connection: Connection) -> None:
    connection.execute("UPDATE _meta SET value = ? WHERE key = 'epoch'", (secrets.token_hex(8),))


def _move_aside(project: Path) -> Path | None:
    """Move a closed project out of the way, with what a crash left beside it."""
    if not project.exists():
        return None
    aside = project.with_name(f"{project.stem}.before-restore-{now_millis()}{project.suffix}")
    for suffix in ("-wal", "-shm", "-journal", ""):
        part = project.with_name(project.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside


# --- the project as it once was --------------------------------------------------------------------------------------


def write_past(copy: Path, media: Path, when_ms: int, *, with_media: bool = True) -> None:
    """Turn a copy of a project into the project as it was: what came later goes, the rest follows from the log.

    Args:
        copy: The copy; it becomes a project of its own.
        media: Folder of the photos and datasets of the project.
        when_ms: The moment, by the authors' clocks.
        with_media: Whether the copy gets a media folder of its own.
    """
    connection = opening.open_file(copy, read_only=False)
    try:
        rows = Rows(connection, gpkg.srs_id(str(connection.scalar("SELECT value FROM _meta WHERE key = 'crs'"))))
        with connection.transaction():
            _forget_later(connection, rows, when_ms)
            _new_identity(connection)
            rebuild.Rebuild(connection, rows, Log(connection, rows), place_in(media)).run(drop_unexplained=True)
        needed = [row[0] for row in connection.rows("SELECT sha256 FROM _blob")]
    finally:
        connection.close()
    if with_media:
        _bring_media(needed, media, media_folder(copy))


def _forget_later(connection: Connection, rows: Rows, when_ms: int) -> None:
    log = Log(connection, rows)
    kept = causal((r for r in log.everything() if r.at_ms <= when_ms), lambda _rid: False)
    rids = {revision.rid for revision in kept}
    gone = [(r.rid,) for r in log.everything() if r.rid not in rids]
    for table in ("_rev", "_feed", "_import"):
        connection.many(f"DELETE FROM {table} WHERE rid = ?", gone)
    for table in _DERIVED:
        connection.execute(f"DELETE FROM {table}")


def _bring_media(hashes: Iterable[str], source: Path, target: Path) -> None:
    """Give a copy the photos and datasets it knows: by link where the disk can, else by copy."""
    for sha in hashes:
        place, wanted = source / sha[:2] / sha, target / sha[:2] / sha
        if place.exists() and not wanted.exists():
            wanted.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(place, wanted)
            except OSError:
                with contextlib.suppress(OSError):
                    shutil.copyfile(place, wanted)
