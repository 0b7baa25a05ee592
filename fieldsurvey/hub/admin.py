"""The hub's folder: making one, its accounts, and putting its parts together."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from fieldsurvey.clock import iso_utc
from fieldsurvey.errors import InputRefused, UsageError
from fieldsurvey.hub.accounts import CONFIG, Account, Accounts, Settings, write
from fieldsurvey.hub.audit import Audit
from fieldsurvey.hub.blobs import Blobs, FolderBlobs, NoCatalogue, ObjectBlobs
from fieldsurvey.hub.geopackage import GeoPackageStorage
from fieldsurvey.hub.storage import REJECTED, Storage
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import Revision
from fieldsurvey.model.role import Role
from fieldsurvey.paths import media_folder
from fieldsurvey.store import Media
from fieldsurvey.sync.quarantine import sentence

PROJECT = "project.gpkg"
DATABASE_VARIABLE = "FIELDSURVEY_HUB_DATABASE"
WORKERS = 4  # connections of one process to PostgreSQL; a GeoPackage has one writer


def init(folder: Path, name: str, *, database: str = "", blobs: str = "", s3_endpoint: str = "") -> None:
    """Prepare a data folder, and the database if one is named.

    Args:
        folder: Where the hub lives.
        name: What it is called.
        database: postgresql://… ; empty for one GeoPackage in the folder.
        blobs: s3://bucket/prefix; empty for a folder.
        s3_endpoint: Address of the S3 service.

    Raises:
        InputRefused: If it is a hub already.
        UsageError: If an address is none, or holds a password.
        StoreError: If the database is out of reach.
    """
    if (folder / CONFIG).exists():
        raise InputRefused(_("{folder} is a hub already.").format(folder=folder))
    settings = Settings(name, plain_address(database), _bucket(blobs), s3_endpoint)
    if database:
        open_database(database, folder).close()
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, settings, [])


def add_user(folder: Path, login: str, name: str, *, role: Role = Role.SURVEYOR, areas: tuple[str, ...] = ()) -> str:
    """Add an account, or give it a new token; return the token, which is kept nowhere else."""
    accounts = Accounts(folder)
    accounts.add(Account(login, name, role, areas))
    token = accounts.new_token(login)
    noted(folder, "account", login, role=str(role), areas=list(areas))
    return token


def noted(folder: Path, event: str, login: str, **facts: object) -> None:
    """Write into the audit log what was done at the command line."""
    audit = Audit(folder)
    audit.note(event, login=login, address="command line", **facts)
    audit.close()


def open_storage(folder: Path, settings: Settings, blobs: Blobs) -> Storage:
    """Open the data of a hub.

    Raises:
        StoreError: If it cannot be opened.
    """
    if settings.database:
        return open_database(os.environ.get(DATABASE_VARIABLE) or settings.database, folder, blobs)
    return GeoPackageStorage(folder / PROJECT)


def open_database(address: str, folder: Path, blobs: Blobs | None = None) -> Storage:
    """Open a database; the driver is loaded only here, so that a hub without one does not need it."""
    from fieldsurvey.hub.postgres import PostgresStorage

    found = blobs or FolderBlobs(media_of(folder))
    return PostgresStorage(address, found.local)


def open_blobs(folder: Path, settings: Settings) -> Blobs:
    """Return where the files of a hub lie."""
    media = media_of(folder)
    if not settings.blobs:
        return FolderBlobs(media)
    from fieldsurvey.hub.s3 import S3Store

    parts = urlsplit(settings.blobs)
    store = S3Store(settings.s3_endpoint, parts.netloc, parts.path.strip("/"), settings.s3_region)
    return ObjectBlobs(store, media)


def media_of(folder: Path) -> Media:
    """Return the folder of files beside the project file."""
    return Media(media_folder(folder / PROJECT), NoCatalogue())


def status(folder: Path) -> dict[str, Any]:
    """Return accounts, counts and what is in quarantine, for people."""
    accounts = Accounts(folder)
    settings = accounts.settings
    found: dict[str, Any] = {
        "name": settings.name,
        "engine": "postgresql" if settings.database else "geopackage",
        "users": [account.login for account in accounts.all()],
        "accounts": [_described(account) for account in accounts.all()],
    }
    if settings.database or (folder / PROJECT).exists():
        found |= _data_status(folder, settings)
    return found


def _described(account: Account) -> dict[str, Any]:
    return {
        "login": account.login, "name": account.name, "role": str(account.role), "areas": list(account.areas),
        "disabled": account.disabled,
    }  # fmt: skip


def _data_status(folder: Path, settings: Settings) -> dict[str, Any]:
    storage = _for_reading(folder, settings)
    try:
        hello = storage.hello()
        if hello is None:
            return {}
        counts = storage.counts()
        names = {number: name or login for number, login, name in hello.actors}
        return {
            "project": hello.name, "tables": dict(counts.records), "conflicts": counts.conflicts,
            "revisions": counts.revisions, "waiting": counts.waiting,
            "quarantine": [
                {**held_as_json(entry.revision, entry.reason), "author": names.get(entry.revision.actor, "?")}
                for entry in storage.held()
            ],
        }  # fmt: skip
    finally:
        storage.close()


def decide(folder: Path, rids: Sequence[int] | None, *, let_go: bool) -> list[int]:
    """Let held revisions take effect, or refuse them for good; the hub may go on serving.

    Args:
        folder: The hub's folder.
        rids: Their numbers; None: everything that is held and not refused yet.
        let_go: Which of the two.

    Returns:
        The numbers that were held.

    Raises:
        InputRefused: If a number is not held.
        StoreError: If the data cannot be opened.
    """
    settings = Accounts(folder).settings
    storage = open_storage(folder, settings, open_blobs(folder, settings))
    try:
        held = {entry.revision.rid: entry.reason for entry in storage.held()} if storage.project_id() else {}
        chosen = [rid for rid, reason in held.items() if reason != REJECTED] if rids is None else list(rids)
        if unknown := [rid for rid in chosen if rid not in held]:
            raise InputRefused(_("Nothing is held back under the number {rid}.").format(rid=unknown[0]))
        (storage.let_go if let_go else storage.reject)(chosen)
    finally:
        storage.close()
    noted(folder, "let go" if let_go else "rejected", "", revisions=chosen)
    return chosen


def _for_reading(folder: Path, settings: Settings) -> Storage:
    if settings.database:
        return open_storage(folder, settings, FolderBlobs(media_of(folder)))
    return GeoPackageStorage(folder / PROJECT, read_only=True)


def held_as_json(revision: Revision, reason: str) -> dict[str, Any]:
    """Return an entry of the quarantine as JSON can hold it."""
    return {
        "rid": revision.rid, "origin": revision.origin, "seq": revision.seq, "table": revision.table,
        "uid": revision.uid, "kind": str(revision.kind), "at_ms": revision.at_ms, "at": iso_utc(revision.at_ms),
        "reason": reason, "why": sentence(reason), "actor": revision.actor, "scope": revision.scope,
        "fields": {name: None if isinstance(value, dict) else value for name, value in revision.fields().items()},
    }  # fmt: skip


def plain_address(database: str) -> str:
    """Return the address of a database as it may stand in hub.json: without a password.

    Raises:
        UsageError: If it is no address.
    """
    if not database:
        return ""
    try:
        parts = urlsplit(database)
        password = parts.password
    except ValueError:
        parts, password = urlsplit(""), None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise UsageError(_("This is no address of a database. Example: postgresql://hub@server/survey"))
    if password is None:
        return database
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}"))


def _bucket(blobs: str) -> str:
    if blobs and (urlsplit(blobs).scheme != "s3" or not urlsplit(blobs).netloc):
        raise UsageError(_("This is no place for files. Example: s3://bucket/folder"))
    return blobs
