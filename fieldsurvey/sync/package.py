"""The .fsx file: revisions and files in one package for a USB stick or a folder (SYNC section 6).

A ZIP with stored entries only: rev/<origin>-<first>.ndz, blob/<sha256>,
manifest.json, and manifest.sig over it. It appears under its name only when it
is whole. What is too large for one file (FAT32 ends at 4 GiB) becomes several
parts, each complete in itself, to be read in any order and as often as you like.
"""

import hashlib
import json
import os
import re
import struct
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.store import Blob
from fieldsurvey.store.connection import flush
from fieldsurvey.sync.keys import Signature, Signer
from fieldsurvey.sync.peers import Hello, hello_from_json
from fieldsurvey.sync.wire import MAX_BATCH, Parcel, decode_parcel

SUFFIX = ".fsx"
PART_BYTES = 2 << 30
_MANIFEST, _SEAL = "manifest.json", "manifest.sig"
_ENTRY = re.compile(r"rev/\d{1,7}-\d{1,10}\.ndz|blob/[0-9a-f]{64}")
_MAX_MANIFEST = 8 << 20
_MAX_SEAL = 1000
_MAX_ENTRIES = 20_000
_MAX_BLOB = 2 << 30
_PIECE = 1 << 20
_END, _END_SIZE, _MAX_COMMENT = b"PK\x05\x06", 22, 1 << 16
_ENTRY_COST = 300  # bytes that an entry takes besides its content
_BROKEN = (
    OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, RuntimeError,
    EOFError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch in a package."""

    origin: int
    first: int
    upto: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    size: int
    sha256: str
    upto: int = 0
    file: str = ""
    mime: str = ""


def write(
    target: Path,
    hello: Hello,
    batches: Sequence[Batch],
    blobs: Mapping[Blob, Path],
    signer: Signer | None = None,
    part_bytes: int = PART_BYTES,
) -> list[Path]:
    """Write a package, in parts if it is large; return the files.

    Args:
        target: Name of the first part; others get -2, -3 … before the suffix.
        hello: Who writes it, and what he has.
        batches: Revisions.
        blobs: Files, and where they are.
        signer: Of whoever writes it.
        part_bytes: No part is larger, unless one file alone is.

    Raises:
        SyncError: If the disk is full or the folder cannot be written.
    """
    contents: list[tuple[_Entry, bytes | Path]] = [
        (_Entry(f"rev/{b.origin}-{b.first}.ndz", len(b.data), hashlib.sha256(b.data).hexdigest(), b.upto), b.data)
        for b in batches
    ]
    contents += [
        (_Entry(f"blob/{blob.sha256}", blob.size, blob.sha256, 0, blob.name, blob.mime), path)
        for blob, path in blobs.items()
    ]
    files: list[Path] = []
    for number, part in enumerate(_in_parts(contents, part_bytes), 1):
        place = target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")
        _write_part(place, hello, part, signer)
        files.append(place)
    return files


def _in_parts(
    contents: Sequence[tuple[_Entry, bytes | Path]], limit: int
) -> Iterator[list[tuple[_Entry, bytes | Path]]]:
    part: list[tuple[_Entry, bytes | Path]] = []
    size = 0
    for entry, source in contents:
        cost = entry.size + _ENTRY_COST
        if part and (size + cost > limit or len(part) + 2 >= _MAX_ENTRIES):
            yield part
            part, size = [], 0
        part.append((entry, source))
        size += cost
    yield part


def _write_part(
    target: Path, hello: Hello, contents: Sequence[tuple[_Entry, bytes | Path]], signer: Signer | None
) -> None:
    """Write one file: to a temporary name, flushed to the disk, then renamed."""
    entries = [{k: v for k, v in asdict(entry).items() if v or k == "size"} for entry, _source in contents]
    manifest = json.dumps({"v": 1, **hello.as_json(), "entries": entries}, ensure_ascii=False).encode()
    seal = signer.sign(_sealed(manifest)) if signer else Signature()
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for entry, source in contents:
                if isinstance(source, bytes):
                    archive.writestr(entry.name, source)
                else:
                    archive.write(source, entry.name)
            archive.writestr(_MANIFEST, manifest)
            archive.writestr(_SEAL, json.dumps(asdict(seal)))
            archive.close()
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
        flush(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SyncError(_("The package could not be written: {why}").format(why=error.strerror)) from error


def _sealed(manifest: bytes) -> bytes:
    return b"fieldsurvey package 1|" + hashlib.sha256(manifest).digest()


class Package:
    """A package, opened for reading; nothing in it is trusted.

    Attributes:
        path: The file.
        hello: Who wrote it, and what he has.
        key: Key of whoever signed it; empty: nobody did.
    """

    def __init__(self, path: Path) -> None:
        """Open a package and check everything that can be checked without reading its content.

        Raises:
            SyncError: If it is damaged, forged, or no package.
        """
        self.path = path
        self.key = ""
        try:
            _check_size(path)
            self._archive = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise _damaged(path) from error
        try:
            self._entries = self._read_manifest()
        except (*_BROKEN, RecursionError) as error:
            self._archive.close()
            raise _damaged(path) from error

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def _read_manifest(self) -> list[_Entry]:
        raw = self._small(_MANIFEST, _MAX_MANIFEST)
        seal = Signature(**json.loads(self._small(_SEAL, _MAX_SEAL)))
        if seal.alg != "none":
            if not seal.covers(_sealed(raw)):
                raise ValueError("signature")
            self.key = seal.key
        manifest = json.loads(raw)
        self.hello = hello_from_json(manifest)
        entries = [_Entry(**entry) for entry in manifest["entries"]]
        listed = sorted([_MANIFEST, _SEAL, *(entry.name for entry in entries)])
        if manifest["v"] != 1 or sorted(self._archive.namelist()) != listed:
            raise ValueError("entries")
        for entry in entries:
            self._check(entry)
        return entries

    def _small(self, name: str, limit: int) -> bytes:
        info = self._archive.getinfo(name)
        if info.file_size > limit or info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ValueError(name)
        return self._archive.read(info)

    def _check(self, entry: _Entry) -> None:
        info = self._archive.getinfo(entry.name)
        if not _ENTRY.fullmatch(entry.name) or info.compress_type != zipfile.ZIP_STORED:
            raise ValueError("entry")
        is_batch = entry.name.startswith("rev/")
        if info.file_size != entry.size or entry.size > (MAX_BATCH if is_batch else _MAX_BLOB):
            raise ValueError("size")
        if info.compress_size != info.file_size or (not is_batch and entry.name[5:] != entry.sha256):
            raise ValueError("blob")
        if max(len(entry.sha256), len(entry.file), len(entry.mime)) > 1000 or str(entry.file) != entry.file:
            raise ValueError("text")

    def spans(self) -> list[tuple[int, int, int]]:
        """Return (origin, first, upto) of the batches."""
        found = []
        for entry in self._entries:
            if entry.name.startswith("rev/"):
                origin, first = entry.name[4:-4].split("-")
                found.append((int(origin), int(first), int(entry.upto)))
        return found

    def parcels(self) -> Collection[Parcel]:
        """Return the batches; each is read when it is asked for, so that a large package needs little memory."""
        return _Parcels(self, [entry for entry in self._entries if entry.name.startswith("rev/")])

    def batches(self) -> Iterator[bytes]:
        """Yield the batches as they were packed.

        Raises:
            SyncError: If one is damaged.
        """
        return (self._data(entry) for entry in self._entries if entry.name.startswith("rev/"))

    def parcel(self, entry: _Entry) -> Parcel:
        """Return one batch.

        Raises:
            SyncError: If it is damaged.
        """
        return decode_parcel(self._data(entry))

    def _data(self, entry: _Entry) -> bytes:
        try:
            data = self._archive.read(entry.name)
        except _BROKEN as error:
            raise _damaged(self.path) from error
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise _damaged(self.path)
        return data

    def blobs(self) -> list[Blob]:
        """Return the files in the package."""
        found = [entry for entry in self._entries if entry.name.startswith("blob/")]
        return [Blob(entry.sha256, entry.size, entry.file, entry.mime) for entry in found]

    def open_blob(self, blob: Blob) -> IO[bytes]:
        """Open a file of the package for reading.

        Raises:
            SyncError: If it is damaged.
        """
        try:
            return self._archive.open(f"blob/{blob.sha256}")
        except _BROKEN as error:
            raise _damaged(self.path) from error

    def copy_blob(self, blob: Blob, out: IO[bytes], start: int) -> None:
        """Append a file's bytes from an offset; its hash is checked by whoever keeps it.

        Raises:
            SyncError: If it is damaged.
        """
        try:
            with self._archive.open(f"blob/{blob.sha256}") as source:
                source.seek(start)
                while piece := source.read(_PIECE):
                    out.write(piece)
        except _BROKEN as error:
            raise _damaged(self.path) from error


class _Parcels(Collection[Parcel]):
    def __init__(self, package: Package, entries: Sequence[_Entry]) -> None:
        self._package, self._entries = package, entries

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, parcel: object) -> bool:
        return any(parcel == mine for mine in self)

    def __iter__(self) -> Iterator[Parcel]:
        return (self._package.parcel(entry) for entry in self._entries)


def _check_size(path: Path) -> None:
    """Refuse a table of contents that would fill the memory before zipfile reads it.

    Raises:
        ValueError: If it is too large, or of the 64-bit kind, which no package needs.
    """
    with path.open("rb") as source:
        source.seek(max(0, path.stat().st_size - _END_SIZE - _MAX_COMMENT))
        tail = source.read()
    place = tail.rfind(_END)
    entries, size = struct.unpack_from("<HI", tail, place + 10)
    if place < 0 or entries > _MAX_ENTRIES or size > _MAX_MANIFEST:
        raise ValueError("contents")


def _damaged(path: Path) -> SyncError:
    return SyncError(_("The package {file} is damaged or unfinished; nothing of it was taken.").format(file=path.name))
