"""Photos and import datasets, by content: a file is named by its SHA-256.

The folder stands beside the project file. A file appears under its name only
when all its bytes are on the disk and the hash is right; a copy that is
already there costs nothing.
"""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.i18n import _
from fieldsurvey.store.connection import flush

_CHUNK = 1 << 20
_ZSTD = b"\x28\xb5\x2f\xfd"  # how a dataset begins
DATASET_MIME = "application/x-fieldsurvey-dataset"


@dataclass(frozen=True, slots=True)
class Blob:
    """What the project knows of a file.

    Attributes:
        sha256: Hash of the content, 64 hex digits.
        size: Bytes.
        name: Name the file came with.
        mime: Kind of content.
    """

    sha256: str
    size: int
    name: str
    mime: str

    @property
    def is_dataset(self) -> bool:
        """True for the rows of an import, which edits wait for."""
        return self.mime == DATASET_MIME


class Catalogue(Protocol):
    """Where blobs are listed: the project file."""

    def note_blob(self, blob: Blob, *, have: bool) -> None:
        """Remember a blob."""

    def blobs(self) -> list[Blob]:
        """Return every blob of the project."""


class Media:
    """The folder of a project's files."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self._catalogue = catalogue

    def add_bytes(self, data: bytes, name: str, mime: str) -> str:
        """Keep the data; return its hash.

        Raises:
            StoreError: If the disk is full or the folder cannot be written.
        """
        sha = self.keep(data)
        self.note(sha, len(data), name, mime)
        return sha

    def keep(self, data: bytes) -> str:
        """Write the data into the folder, from any thread; return its hash. note() then lists it.

        Raises:
            StoreError: If the disk is full or the folder cannot be written.
        """
        sha = hashlib.sha256(data).hexdigest()
        if self.path(sha) is None:
            self._write(sha, lambda out: out.write(data))
        return sha

    def note(self, sha256: str, size: int, name: str, mime: str) -> None:
        """List a file that is in the folder."""
        self._catalogue.note_blob(Blob(sha256, size, name, mime), have=True)

    def add_file(self, path: Path, mime: str = "image/jpeg") -> str:
        """Keep a copy of the file; return its hash.

        Raises:
            InputRefused: If the file cannot be read, or changes meanwhile.
            StoreError: If the disk is full or the folder cannot be written.
        """
        sha, size = self.keep_file(path)
        self.note(sha, size, path.name, mime)
        return sha

    def keep_file(self, path: Path) -> tuple[str, int]:
        """Copy a file of any size into the folder, from any thread; return its hash and bytes. note() then lists it.

        Raises:
            InputRefused: If the file cannot be read, or changes meanwhile.
            StoreError: If the disk is full or the folder cannot be written.
        """
        try:
            sha, size = hash_of(path), path.stat().st_size
            source = path.open("rb")
        except OSError as error:
            raise InputRefused(_("{file} cannot be read: {why}").format(file=path.name, why=error.strerror)) from error
        with source:
            if self.path(sha) is None:
                self._write(sha, lambda out: _copy(source, out, sha, path.name))
        return sha, size

    def path(self, sha256: str) -> Path | None:
        """Return where the file is, or None if it is not here (yet)."""
        place = self._place(sha256)
        return place if place.exists() else None

    def missing(self) -> list[str]:
        """Return the hashes of known files that are not here."""
        return [blob.sha256 for blob in self._catalogue.blobs() if self.path(blob.sha256) is None]

    def part(self, sha256: str) -> Path:
        """Return where an unfinished download of the file is kept, so that it can go on after a break."""
        folder = self.folder / "part"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / sha256

    def draft(self, key: str) -> Path:
        """Return where a file that belongs to the draft of this key grows until the draft is saved."""
        folder = self.folder / "drafts"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / hashlib.sha256(key.encode()).hexdigest()

    def finish_part(self, sha256: str) -> bool:
        """Take a complete download into the folder; a wrong hash removes it and returns False."""
        part = self.part(sha256)
        if hash_of(part) != sha256:
            part.unlink()
            return False
        flush(part)
        place = self._place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        part.replace(place)
        flush(place.parent)
        return True

    def recover(self) -> None:
        """List files that lie in the folder but not in the list: the project file was put back to an older state."""
        known = {blob.sha256 for blob in self._catalogue.blobs()}
        for path in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*")):
            if len(path.name) == 64 and path.name not in known:
                with path.open("rb") as source:
                    mime = DATASET_MIME if source.read(4) == _ZSTD else "image/jpeg"
                self._catalogue.note_blob(Blob(path.name, path.stat().st_size, path.name[:12], mime), have=True)

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def _write(self, sha256: str, write: Callable[[BinaryIO], object]) -> None:
        place = self._place(sha256)
        temporary = place.with_name(f".{sha256}.{os.getpid()}.{threading.get_ident()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as out:
                write(out)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(place)
            flush(place.parent)
        except OSError as error:
            raise StoreError(_("The photo could not be kept: {why}").format(why=error.strerror)) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _copy(source: BinaryIO, out: BinaryIO, sha256: str, name: str) -> None:
    digest = hashlib.sha256()
    while piece := source.read(_CHUNK):
        digest.update(piece)
        out.write(piece)
    if digest.hexdigest() != sha256:
        raise InputRefused(_("{file} changed while it was being read. Take it again.").format(file=name))


def place_in(folder: Path) -> Callable[[str], Path | None]:
    """Return what finds a file in a media folder by its hash, None where it is not there."""

    def place(sha256: str) -> Path | None:
        found = folder / sha256[:2] / sha256
        return found if found.exists() else None

    return place


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    for piece in pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def pieces(path: Path, start: int = 0) -> Iterator[bytes]:
    """Yield the bytes of a file from an offset in pieces of 1 MiB."""
    with path.open("rb") as source:
        source.seek(start)
        while piece := source.read(_CHUNK):
            yield piece
