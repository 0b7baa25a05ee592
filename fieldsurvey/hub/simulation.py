"""A hub on PostgreSQL for the simulation of the exchange: an empty database for every history."""

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fieldsurvey.errors import UsageError
from fieldsurvey.hub import admin
from fieldsurvey.hub.greeting import greeted
from fieldsurvey.hub.storage import Storage
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import SEQ_BITS
from fieldsurvey.store import Blob, Media, Store
from fieldsurvey.sync.answering import understood
from fieldsurvey.sync.simulate.engines import Engine, Office
from fieldsurvey.sync.wire import decode_parcel, encode, runs

ADDRESS = "FIELDSURVEY_SIMULATION_DATABASE"


class StorageOffice:
    """Answers for a hub's storage (Office), as the service does for people."""

    def __init__(self, storage: Storage, media: Media, forget: Callable[[], None]) -> None:
        self._storage, self._media, self._forget = storage, media, forget

    def close(self) -> None:
        """Throw the data away."""
        self._storage.close()
        self._forget()

    def hello(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Exchange states; the first replica that says hello brings the project."""
        return greeted(self._storage, understood(raw))

    def push(self, data: bytes) -> dict[str, Any]:
        """Take a batch in."""
        parcel = decode_parcel(data)
        taken = self._storage.ingest(parcel.revisions, {}, parcel.links)
        return {"upto": self._storage.known_upto([parcel.origin])[parcel.origin], "new": taken.new}

    def pull(self, cursor: int, limit: int, areas: Sequence[int] | None = None) -> dict[str, Any]:
        """Return batches that stand in the feed after a place."""
        revisions, reached = self._storage.feed_after(cursor, limit, None if areas is None else frozenset(areas))
        found = list(runs(revisions))
        links = self._storage.links_before([run[0].rid for run in found])
        batches = [encode(run, link) for run, link in zip(found, links, strict=True) if link is not None]
        return {"cursor": reached, "batches": [base64.b64encode(batch).decode() for batch in batches]}

    def chains(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hashes at numbers of an origin."""
        found = self._storage.chains([int(raw["origin"]) << SEQ_BITS | int(seq) for seq in raw["seqs"]])
        return {"chains": [None if chain is None else chain.hex() for chain in found]}

    def announced(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Take note of files; return those that lack."""
        self._storage.note_blobs(blobs, have=False)
        return [blob for blob in blobs if self._media.path(blob.sha256) is None]

    def take_file(self, blob: Blob, path: Path) -> None:
        """Keep a file, and go on with what waited for it."""
        self._media.add_bytes(path.read_bytes(), blob.name, blob.mime)
        self._storage.note_blobs([blob], have=True)
        self._storage.retry_waiting()

    def files(self) -> list[Blob]:
        """Return the files that are here."""
        return [blob for blob in self._storage.blobs() if self._media.path(blob.sha256) is not None]

    def place(self, sha256: str) -> Path | None:
        """Return where a file is."""
        return self._media.path(sha256)

    def differs_from(self, store: Store) -> str:
        """Compare rows, heads and conflicts with those of a replica that has everything."""
        for table in store.tables():
            ours = sorted(self._storage.select(table), key=lambda row: str(row["uid"]))
            theirs = sorted(store.select(table), key=lambda row: str(row["uid"]))
            if ours != theirs:
                return f"rows of {table} on the hub differ: {ours} {theirs}"[:600]
        if self._storage.states() != store.states():
            return "heads on the hub differ"
        return ""


def _postgresql() -> Engine:
    """Return what makes an empty hub in a database of its own.

    Raises:
        UsageError: If no server is named.
    """
    address = os.environ.get(ADDRESS, "")
    if not address:
        text = _("Set {variable} to the address of a PostgreSQL database with PostGIS to make copies of.")
        raise UsageError(text.format(variable=ADDRESS))
    return partial(_office, address)


def _office(address: str, folder: Path) -> Office:
    import psycopg

    parts = urlsplit(address)
    template, name = parts.path.strip("/"), f"simulation_{os.getpid()}"
    system = parts._replace(path="/postgres").geturl()

    def forget() -> None:
        with psycopg.connect(system, autocommit=True) as db:
            db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    forget()
    with psycopg.connect(system, autocommit=True) as db:
        db.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    storage = admin.open_database(parts._replace(path=f"/{name}").geturl(), folder)
    return StorageOffice(storage, admin.media_of(folder), forget)


ENGINES: dict[str, Callable[[], Engine]] = {"postgresql": _postgresql}
