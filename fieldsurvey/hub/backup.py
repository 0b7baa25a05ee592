"""Copies of a hub's data while it serves, and moving from a GeoPackage to PostgreSQL."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from fieldsurvey.clock import iso_utc, now_millis
from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.blobs import FolderBlobs
from fieldsurvey.hub.digest import Digest, digest
from fieldsurvey.hub.geopackage import GeoPackageStorage
from fieldsurvey.hub.storage import Storage, no_project
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import Revision
from fieldsurvey.store.backup import restore as put_back
from fieldsurvey.store.check import check
from fieldsurvey.store.connection import Connection

_BATCH = 2000  # revisions in one transaction of a move
_DUMP_SECONDS = 6 * 3600


def backup(folder: Path, target: Path) -> Path:
    """Copy a hub's data into a folder, verified; the hub may go on serving.

    Files (photos) are not copied: they never change and can be copied by any tool.

    Args:
        folder: The hub's folder.
        target: Folder for the copy; made if it is not there.

    Returns:
        The copy.

    Raises:
        InputRefused: If there is no project yet.
        StoreError: If the copy could not be made or is not whole.
    """
    settings = Accounts(folder).settings
    target.mkdir(parents=True, exist_ok=True)
    stamp = iso_utc(now_millis()).replace(":", "").replace(".", "")
    if settings.database:
        place = target / f"hub-{stamp}.pgdump"
        _dump(os.environ.get(admin.DATABASE_VARIABLE) or settings.database, place)
    else:
        place = target / f"hub-{stamp}.gpkg"
        _copy(folder / admin.PROJECT, place)
    admin.noted(folder, "backup", "", file=place.name)
    return place


def _copy(project: Path, place: Path) -> None:
    """Copy a project file in one consistent step, and look whether the copy is whole.

    The copy gets an epoch of its own: a hub that is restored from it makes every laptop offer again what it has.
    """
    if not project.exists():
        raise no_project()
    part = place.with_suffix(".part.gpkg")
    part.unlink(missing_ok=True)
    source = Connection(project)
    try:
        source.execute("VACUUM INTO ?", (str(part),))
    finally:
        source.close()
    copy = Connection(part)
    try:
        copy.execute("UPDATE _meta SET value = ? WHERE key = 'epoch'", (secrets.token_hex(8),))
    finally:
        copy.close()
    wrong = [problem for problem in check(part).problems if problem.code != "media_missing"]
    if any(problem.code in {"damaged", "chain", "log_short", "table_missing"} for problem in wrong):
        part.unlink()
        raise StoreError(_("The copy is not whole: {why}").format(why=wrong[0].message))
    with part.open("rb+") as out:
        os.fsync(out.fileno())
    part.replace(place)


def _dump(address: str, place: Path) -> None:
    """Dump a database in one snapshot with pg_dump, and let pg_restore read the dump to its end."""
    part = place.with_suffix(".part")
    clean, environment = _without_password(address)
    _run([_tool("pg_dump"), "--format=custom", "--file", str(part), "--dbname", clean], environment)
    _run([_tool("pg_restore"), "--file", os.devnull, str(part)], environment)
    part.replace(place)


def _tool(name: str) -> str:
    places = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)]
    found = shutil.which(name) or (str(places[0]) if places else None)
    if found is None:
        raise StoreError(_("The program {name} is needed for this and is not installed.").format(name=name))
    return found


def _without_password(address: str) -> tuple[str, dict[str, str]]:
    """Return the address as it may stand in a list of processes, and the environment with the password."""
    parts = urlsplit(address)
    environment = dict(os.environ)
    if parts.password:
        environment["PGPASSWORD"] = unquote(parts.password)
        parts = parts._replace(netloc=f"{parts.username}@{parts.netloc.rpartition('@')[2]}")
    return urlunsplit(parts), environment


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=_DUMP_SECONDS)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [""])[-1]
        raise StoreError(_("The copy could not be made: {why}").format(why=why))


def restore(folder: Path, copy: Path) -> Path | None:
    """Put a copy in the place of a hub's data; laptops then offer again what it lacks.

    Args:
        folder: The hub's folder; the hub must not be serving.
        copy: What `backup` made.

    Returns:
        Where the former project file was moved to; None for a database, or where there was none.

    Raises:
        InputRefused: If the copy is none of this hub's kind, or is not whole.
        StoreError: If it could not be put back.
    """
    settings = Accounts(folder).settings
    if not copy.is_file() or (copy.suffix == ".pgdump") != bool(settings.database):
        raise InputRefused(_("{file} is no copy of this hub's data.").format(file=copy.name))
    aside = None
    if settings.database:
        _load_dump(os.environ.get(admin.DATABASE_VARIABLE) or settings.database, copy)
    else:
        aside = put_back(copy, folder / admin.PROJECT)
    storage = admin.open_storage(folder, settings, FolderBlobs(admin.media_of(folder)))
    try:
        storage.set_epoch(secrets.token_hex(8))
    finally:
        storage.close()
    admin.noted(folder, "restored", "", file=copy.name)
    return aside


def _load_dump(address: str, copy: Path) -> None:
    """Replace what is in the database by the dump, in one transaction; the extension stays where it is."""
    clean, environment = _without_password(address)
    anew = "".join(f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}; " for name in ("hub", "survey"))
    with tempfile.TemporaryDirectory() as place:
        script = str(Path(place) / "restore.sql")
        load = ["--schema=hub", "--schema=survey", "--no-owner", "--file", script, str(copy)]
        _run([_tool("pg_restore"), *load], environment)
        psql = [_tool("psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--dbname", clean]
        _run([*psql, "--command", anew, "--file", script], environment)


# --- moving ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move carried over.

    Attributes:
        revisions: Entries of the log.
        digest: Of all data, equal on both sides.
    """

    revisions: int
    digest: Digest


def move(folder: Path, database: str) -> Moved:
    """Move a hub from its GeoPackage into a database, then let the folder use the database.

    The GeoPackage stays as it is. Laptops notice the new epoch and offer again what they have.

    Args:
        folder: The hub's folder; the hub must not be serving.
        database: postgresql://…, empty or left from a move that broke off.

    Raises:
        InputRefused: If the hub uses a database already, has no project, or the database holds another one.
        StoreError: If anything differs afterwards; the hub then goes on with its GeoPackage.
    """
    accounts = Accounts(folder)
    if accounts.settings.database:
        raise InputRefused(_("This hub is in a database already."))
    if not (folder / admin.PROJECT).exists():
        raise no_project()
    source = GeoPackageStorage(folder / admin.PROJECT, read_only=True)
    target = admin.open_database(database, folder, FolderBlobs(admin.media_of(folder)))
    try:
        moved = _carry(source, target)
    finally:
        source.close()
        target.close()
    accounts.set_settings(database=admin.plain_address(database))
    admin.noted(folder, "moved to a database", "", revisions=moved.revisions)
    return moved


def _carry(source: GeoPackageStorage, target: Storage) -> Moved:
    hello = source.hello()
    if hello is None:
        raise no_project()
    target.found(hello)
    if target.project_id() != hello.project:
        raise InputRefused(_("The database holds another project."))
    target.take_definitions(hello.tables, hello.actors)
    target.note_blobs(source.store.blobs(), have=False)
    target.note_blobs(source.blobs(), have=True)
    held = {entry.revision.rid: entry.reason for entry in source.held()}
    count = 0
    for revisions in _all(source):
        target.ingest(revisions, held)
        count += len(revisions)
    before, after = digest(source), digest(target)
    if before != after:
        parts = [name for name in ("rows", "heads", "states", "held") if getattr(before, name) != getattr(after, name)]
        raise StoreError(_("After the move these differ: {parts}. The hub stays as it was.").format(parts=parts))
    return Moved(count, after)


def _all(source: GeoPackageStorage) -> Iterator[list[Revision]]:
    """Yield the whole log: first what took effect, in the order of the feed, then what waits."""
    cursor = 0
    while True:
        page, cursor = source.feed_after(cursor, _BATCH, None)
        if not page:
            break
        yield page
    for origin in source.store.origins():
        after = 0
        while page := source.store.revisions_after(origin, after, _BATCH):
            yield page
            after = page[-1].seq
