"""Photos and datasets of a hub: in a folder, or in an S3-compatible store. Uploads resume at any byte."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from fieldsurvey.errors import StoreError
from fieldsurvey.i18n import _
from fieldsurvey.store import Blob, Media
from fieldsurvey.store.media import DATASET_MIME, pieces


class Blobs(Protocol):
    """Where files lie, by SHA-256."""

    def have(self, sha256: str) -> int:
        """Return how many bytes of a file are here."""

    def whole(self, sha256: str) -> bool:
        """Say whether a file is here from its first byte to its last."""

    def append(self, blob: Blob, at: int, data: bytes) -> int:
        """Append bytes at the place where the file ends, nothing elsewhere; return how many are here now.

        The last byte makes the file whole if its hash is right; else it begins anew and 0 is returned.
        """

    def read(self, sha256: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of a whole file from a place on."""

    def local(self, sha256: str) -> Path | None:
        """Return a file with the bytes, for a dataset that is read at once; None if it is not here."""

    def close(self) -> None:
        """Let go of connections."""


class FolderBlobs:
    """Files in a folder (Blobs), laid out as beside a project file."""

    def __init__(self, media: Media) -> None:
        self._media = media

    def have(self, sha256: str) -> int:
        """Return how many bytes of a file are here."""
        whole, part = self._media.path(sha256), self._media.part(sha256)
        return whole.stat().st_size if whole else part.stat().st_size if part.exists() else 0

    def whole(self, sha256: str) -> bool:
        """Say whether a file is here from its first byte to its last."""
        return self._media.path(sha256) is not None

    def append(self, blob: Blob, at: int, data: bytes) -> int:
        """Append bytes at the place where the file ends."""
        have = self.have(blob.sha256)
        if self.whole(blob.sha256) or at != have:
            return have
        taken = data[: blob.size - have]
        try:
            with self._media.part(blob.sha256).open("ab") as out:
                out.write(taken)
        except OSError as error:
            text = _("The hub could not keep the photo: {why}. What came before is safe; tell the office.")
            raise StoreError(text.format(why=error.strerror)) from error
        have += len(taken)
        if have < blob.size:
            return have
        return have if self._media.finish_part(blob.sha256) else 0

    def read(self, sha256: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of a whole file from a place on."""
        path = self._media.path(sha256)
        return pieces(path, start) if path else iter(())

    def local(self, sha256: str) -> Path | None:
        """Return the file."""
        return self._media.path(sha256)

    def close(self) -> None:
        """Nothing: a folder needs no connection."""


class NoCatalogue:
    """The catalogue of a folder whose files are listed elsewhere (store.media.Catalogue)."""

    def note_blob(self, blob: Blob, *, have: bool) -> None:
        """Nothing: the storage lists the files."""

    def blobs(self) -> list[Blob]:
        """Return nothing."""
        return []


class ObjectStore(Protocol):
    """An S3-compatible store, as far as it is needed."""

    def size(self, key: str) -> int | None:
        """Return the size of an object, None if there is none."""

    def put(self, key: str, path: Path, sha256: str) -> None:
        """Upload a file."""

    def get(self, key: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of an object from a place on."""

    def close(self) -> None:
        """Let go of connections."""


class ObjectBlobs:
    """Files in an object store (Blobs). Unfinished uploads, and datasets for reading, lie in a local folder."""

    def __init__(self, store: ObjectStore, media: Media) -> None:
        self._store, self._media = store, media
        self._local = FolderBlobs(media)

    def have(self, sha256: str) -> int:
        """Return how many bytes of a file are here."""
        return self._store.size(sha256) or self._local.have(sha256)

    def whole(self, sha256: str) -> bool:
        """Say whether a file is here from its first byte to its last."""
        return self._store.size(sha256) is not None

    def append(self, blob: Blob, at: int, data: bytes) -> int:
        """Append bytes at the place where the file ends; the last byte sends the whole file to the store."""
        if (size := self._store.size(blob.sha256)) is not None:
            return size
        have = self._local.append(blob, at, data)
        path = self._media.path(blob.sha256)
        if path is not None:
            self._store.put(blob.sha256, path, blob.sha256)
            if blob.mime != DATASET_MIME:
                path.unlink()
        return have

    def read(self, sha256: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of a whole file from a place on."""
        return self._store.get(sha256, start)

    def local(self, sha256: str) -> Path | None:
        """Return the file, fetched from the store if another process received it."""
        path = self._media.path(sha256)
        if path is not None or not self.whole(sha256):
            return path
        with self._media.part(sha256).open("wb") as out:
            for piece in self._store.get(sha256, 0):
                out.write(piece)
        return self._media.path(sha256) if self._media.finish_part(sha256) else None

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()
