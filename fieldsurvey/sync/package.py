"""The .fsx file: revisions and files in one package for a USB stick or a folder.

A ZIP with stored entries: manifest.json first, rev/<origin>-<first>.ndz,
blob/<sha256>. It appears under its name only when it is whole.
"""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.store import Blob
from fieldsurvey.sync.peers import Hello, hello_from_json
from fieldsurvey.sync.wire import MAX_BATCH, Parcel, decode_parcel

SUFFIX = ".fsx"
_ENTRY = re.compile(r"rev/\d{1,7}-\d{1,10}\.ndz|blob/[0-9a-f]{64}")
_MAX_MANIFEST = 32 << 20
_MAX_BLOB = 2 << 30
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch in a package."""

    origin: int
    first: int
    upto: int
    data: bytes


def write(target: Path, hello: Hello, batches: Sequence[Batch], blobs: Mapping[Blob, Path]) -> None:
    """Write a package: to a temporary name, flushed to the disk, then renamed.

    Raises:
        SyncError: If the disk is full or the folder cannot be written.
    """
    entries: list[dict[str, Any]] = []
    part = target.with_suffix(".part")
    try:
        with part.open("wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for batch in batches:
                name = f"rev/{batch.origin}-{batch.first}.ndz"
                archive.writestr(name, batch.data)
                digest = hashlib.sha256(batch.data).hexdigest()
                entries.append({"name": name, "size": len(batch.data), "sha256": digest, "upto": batch.upto})
            for blob, path in blobs.items():
                archive.write(path, f"blob/{blob.sha256}")
                entry = {"name": f"blob/{blob.sha256}", "size": blob.size, "sha256": blob.sha256}
                entries.append({**entry, "file": blob.name, "mime": blob.mime})
            archive.writestr("manifest.json", json.dumps({"v": 1, **hello.as_json(), "entries": entries}))
            archive.close()
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SyncError(_("The package could not be written: {why}").format(why=error.strerror)) from error


def _sync_folder(folder: Path) -> None:
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


class Package:
    """A package, opened for reading; nothing in it is trusted."""

    def __init__(self, path: Path) -> None:
        """Open a package.

        Raises:
            SyncError: If it is damaged, or no package.
        """
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            raise _damaged(path) from error
        try:
            self._entries = self._read_manifest()
        except (KeyError, ValueError, TypeError, OSError, zipfile.BadZipFile) as error:
            self._archive.close()
            raise _damaged(path) from error

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def _read_manifest(self) -> list[dict[str, Any]]:
        info = self._archive.getinfo("manifest.json")
        if info.file_size > _MAX_MANIFEST or info.compress_type != zipfile.ZIP_STORED:
            raise ValueError("manifest")
        raw = json.loads(self._archive.read(info))
        self.hello = hello_from_json(raw)
        entries = list(raw["entries"])
        for entry in entries:
            found = self._archive.getinfo(entry["name"])
            limit = MAX_BATCH if entry["name"].startswith("rev/") else _MAX_BLOB
            if not _ENTRY.fullmatch(entry["name"]) or found.compress_type != zipfile.ZIP_STORED:
                raise ValueError("entry")
            if found.file_size != entry["size"] or found.file_size > limit:
                raise ValueError("size")
        return entries

    def spans(self) -> list[tuple[int, int, int]]:
        """Return (origin, first, upto) of the batches."""
        found = []
        for entry in self._entries:
            if entry["name"].startswith("rev/"):
                origin, first = entry["name"][4:-4].split("-")
                found.append((int(origin), int(first), int(entry["upto"])))
        return found

    def parcels(self) -> Iterator[Parcel]:
        """Yield the batches.

        Raises:
            SyncError: If a batch is damaged.
        """
        for entry in self._entries:
            if entry["name"].startswith("rev/"):
                data = self._read(entry)
                yield decode_parcel(data)

    def _read(self, entry: dict[str, Any]) -> bytes:
        try:
            data = self._archive.read(entry["name"])
        except (OSError, zipfile.BadZipFile) as error:
            raise _damaged(self.path) from error
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise _damaged(self.path)
        return data

    def blobs(self) -> list[Blob]:
        """Return the files in the package."""
        found = [entry for entry in self._entries if entry["name"].startswith("blob/")]
        return [Blob(str(e["sha256"]), int(e["size"]), str(e["file"]), str(e["mime"])) for e in found]

    def copy_blob(self, blob: Blob, out: IO[bytes], start: int) -> None:
        """Append a file's bytes from an offset; its hash is checked by whoever keeps it."""
        try:
            with self._archive.open(f"blob/{blob.sha256}") as source:
                source.seek(start)
                while piece := source.read(_PIECE):
                    out.write(piece)
        except (OSError, zipfile.BadZipFile, KeyError) as error:
            raise _damaged(self.path) from error


def _damaged(path: Path) -> SyncError:
    return SyncError(_("The package {file} is damaged or unfinished; nothing of it was taken.").format(file=path.name))
