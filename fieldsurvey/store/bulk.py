"""Imports: one revision per dataset. Its rows travel as one compressed, content-addressed file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import is_uid
from fieldsurvey.model.revision import dump, dump_row, unwrap
from fieldsurvey.model.schema import Value

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


def find(path: Path, uid: str) -> dict[str, Value]:
    """Return the values of one record in a dataset; empty if it is not in it."""
    lines = _lines(path)
    names: list[str] = json.loads(next(lines, b"[]"))
    start = f'["{uid}"'.encode()
    for line in lines:
        if line.startswith(start):
            return dict(zip(names, map(unwrap, json.loads(line)[1:]), strict=True))
    return {}


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
