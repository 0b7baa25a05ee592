"""What a hub does, in the one thread that owns its project file."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from fieldsurvey.errors import InputRefused
from fieldsurvey.hub.admin import PROJECT
from fieldsurvey.i18n import _
from fieldsurvey.store import Blob, Store
from fieldsurvey.sync.answering import Answering, understood
from fieldsurvey.sync.peers import Hello

T = TypeVar("T")
_NOTHING = Hello("", "", "", "", "", {}, [], [], "hub")


class Service:
    """The data of a hub. Every public method may be called from any thread and returns a future."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "hub-store")
        self._store: Store | None = None
        self._do(self._open).result()

    def close(self) -> None:
        """Close the project file and stop the thread."""
        self._do(self._shut).result()
        self._thread.shutdown()

    def _do(self, work: Callable[..., T], *arguments: object) -> "Future[T]":
        return self._thread.submit(work, *arguments)

    def _open(self) -> None:
        path = self._folder / PROJECT
        if path.exists():
            self._store = Store.open(path)

    def _shut(self) -> None:
        if self._store is not None:
            self._store.close()

    def _need(self) -> Store:
        if self._store is None:
            raise InputRefused(_("The hub has no project yet. Sync from the laptop that has it first."))
        return self._store

    # --- exchange ------------------------------------------------------------------------------------------------

    def hello(self, raw: dict[str, Any]) -> "Future[dict[str, Any]]":
        """Exchange states; the first replica that says hello brings the project."""
        return self._do(self._hello, raw)

    def _hello(self, raw: dict[str, Any]) -> dict[str, Any]:
        theirs = understood(raw)
        if self._store is None:
            if not theirs.project:
                return _NOTHING.as_json()
            path = self._folder / PROJECT
            self._store = Store.create(path, crs=theirs.crs, name=theirs.name, project=theirs.project)
        return Answering(self._store).hello(raw)

    def push(self, data: bytes) -> "Future[dict[str, Any]]":
        """Take a batch; the result comes after the commit."""
        return self._do(lambda: Answering(self._need()).push(data))

    def pull(self, cursor: int, limit: int, areas: list[int] | None = None) -> "Future[dict[str, Any]]":
        """Return batches that stand in the feed after a place."""
        return self._do(lambda: Answering(self._need()).pull(cursor, limit, areas))

    def chains(self, raw: dict[str, Any]) -> "Future[dict[str, Any]]":
        """Return hashes of an origin's log."""
        return self._do(lambda: Answering(self._need()).chains(raw))

    # --- files ---------------------------------------------------------------------------------------------------

    def announce(self, rows: list[list[Any]]) -> "Future[list[str]]":
        """Take note of files; return the hashes of those that lack."""
        return self._do(self._announce, rows)

    def _announce(self, rows: list[list[Any]]) -> list[str]:
        blobs = [Blob(str(sha), int(size), str(name), str(mime)) for sha, size, name, mime in rows]
        return [blob.sha256 for blob in Answering(self._need()).announced(blobs)]

    def blobs(self) -> "Future[list[Blob]]":
        """Return the files that are here."""
        return self._do(lambda: [b for b in self._need().blobs() if self._need().media.path(b.sha256) is not None])

    def have(self, sha: str) -> "Future[int]":
        """Return how many bytes of a file are here."""
        return self._do(self._have, sha)

    def _have(self, sha: str) -> int:
        media = self._need().media
        whole = media.path(sha)
        part = media.part(sha)
        return whole.stat().st_size if whole else part.stat().st_size if part.exists() else 0

    def append(self, sha: str, at: int, data: bytes) -> "Future[int]":
        """Append bytes to a file at the place where it ends; return how many are here now."""
        return self._do(self._append, sha, at, data)

    def _append(self, sha: str, at: int, data: bytes) -> int:
        store = self._need()
        blob = next((blob for blob in store.blobs() if blob.sha256 == sha), None)
        if blob is None:
            raise InputRefused(_("This file was not announced."))
        have = self._have(sha)
        if store.media.path(sha) is not None or at != have:
            return have
        with store.media.part(sha).open("ab") as out:
            out.write(data[: blob.size - have])
        have += min(len(data), blob.size - have)
        if have < blob.size:
            return have
        if not store.media.finish_part(sha):
            return 0
        store.note_blob(blob, have=True)
        store.retry_waiting()
        return have

    def place(self, sha: str) -> "Future[Path | None]":
        """Return where a file is."""
        return self._do(lambda: self._need().media.path(sha))
