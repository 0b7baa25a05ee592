"""Imports: one revision per dataset. Its rows travel as one compressed, content-addressed file."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import is_uid
from fieldsurvey.model.revision import Revision, dump, dump_row, unwrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store.entries import ImportedRows

MAX_DATASET_BYTES = 2 << 30  # a dataset unpacks to at most this: a bomb ends here
_LEVEL = 6
_TOGETHER = 1000  # rows that are compressed in one go


def encode(names: list[str], rows: Iterable[tuple[str, Mapping[str, Value]]]) -> bytes:
    """Return a dataset: zstd of NDJSON, first line the column names, then [uid, values …] per row."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    out = [compressor.compress((dump(names) + "\n").encode())]
    waiting = iter(rows)
    while part := list(islice(waiting, _TOGETHER)):
        lines = [dump_row([uid, *map(values.get, names)]) for uid, values in part]
        out.append(compressor.compress(b"\n".join([*lines, b""])))
    return b"".join([*out, compressor.flush()])


def decode(path: Path, known: set[str]) -> tuple[list[str], Iterator[list[Value]]]:
    """Return the column names of a dataset that the table knows, and its rows [uid, values …].

    Raises:
        InputRefused: If the file is no dataset.
    """
    lines = _lines(path)
    try:
        names: list[str] = json.loads(next(lines))
        keep = [index for index, name in enumerate(names) if name in known]
    except (StopIteration, ValueError, TypeError, zstandard.ZstdError) as error:
        raise InputRefused(_("The dataset {name} is damaged.").format(name=path.name[:12])) from error
    return [names[index] for index in keep], _rows(path, lines, keep, len(names))


def find(path: Path, uids: Collection[str]) -> dict[str, dict[str, Value]]:
    """Return the values of some records in a dataset; those that are not in it are left out."""
    lines = _lines(path)
    names: list[str] = json.loads(next(lines, b"[]"))
    wanted, found = {uid.encode() for uid in uids}, dict[str, dict[str, Value]]()
    for line in lines:
        if line[2:34] in wanted:  # ["uid",…
            uid, *values = json.loads(line)
            found.setdefault(uid, dict(zip(names, map(unwrap, values), strict=True)))
            if len(found) == len(wanted):
                break
    return found


def reader(place_of: Callable[[str], Path | None]) -> ImportedRows:
    """Return what reads the values that imports gave to records, given where a dataset is (None: not here)."""

    def imported(revision: Revision, uids: Collection[str]) -> Mapping[str, Mapping[str, Value]]:
        path = place_of(str(revision.fields()["dataset"]))
        return {} if path is None else find(path, uids)

    return imported


def _rows(path: Path, lines: Iterator[bytes], keep: list[int], width: int) -> Iterator[list[Value]]:
    try:
        for line in lines:
            raw = _checked(json.loads(line), width)
            yield [raw[0], *[unwrap(raw[index + 1]) for index in keep]]
    except (ValueError, TypeError, KeyError, zstandard.ZstdError) as error:
        raise InputRefused(_("The dataset {name} is damaged.").format(name=path.name[:12])) from error


def _checked(raw: list[Any], width: int) -> list[Any]:
    if len(raw) != width + 1 or not is_uid(raw[0]):
        raise ValueError(str(raw)[:40])
    return raw


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of the compressed file without unpacking it whole."""
    rest, total = b"", 0
    with path.open("rb") as source, zstandard.ZstdDecompressor().stream_reader(source) as reader:
        while piece := reader.read(1 << 20):
            total += len(piece)
            if total > MAX_DATASET_BYTES:
                raise ValueError("dataset too large")
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
    if rest:
        yield rest
