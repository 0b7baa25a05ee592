"""JSON with map data as GDAL reads it: in UTF-8, without numbers that are none, a sequence as one feature per line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from fieldsurvey.i18n import _
from layers.io import encodings
from layers.io.encodings import Encoding, of_text
from layers.io.report import FileReport

_SEQUENCES = frozenset({".geojsonl", ".geojsons", ".ndjson", ".jsonl"})
SUFFIXES = frozenset({".geojson", ".json", ".topojson"}) | _SEQUENCES
_TEXT = r'("(?:[^"\\]|\\.)*")'  # kept as it is
_NAN = re.compile(_TEXT + r"|-?\b(?:NaN|Infinity)\b")
_LONG = re.compile(_TEXT + r"|(?<![\d.eE])-?\d{19,}(?![\d.eE])")
_ENDLESS = re.compile(_TEXT + r"|(-?)\d+(?:\.\d+)?[eE]\+?0*[3-9]\d{2,}\b")  # beyond what a computer's number holds
_COLLECTION, _HEAD = '"FeatureCollection"', 200
_EXPONENT = re.compile(r"\d[eE]\+?\d{3}")
_BETWEEN = re.compile(r"[\s\x1e,]*")


def copy(path: Path, folder: Path, report: FileReport, encoding: str | None) -> Path:
    """Write a copy that GDAL reads as it was meant; return it."""
    text = _text(path.read_bytes(), report, encoding)
    if "NaN" in text or "Infinity" in text:
        told = _("{file} contains NaN, which is no JSON; those values were left out.")
        report.warn("not_json", told.format(file=path.name))
        text = _NAN.sub(lambda found: found[1] or "null", text)
    if any(not found[1] for found in _LONG.finditer(text)):
        told = _("{file} holds whole numbers of more than 18 digits, which lose their last ones. Write them as texts.")
        report.warn("long_number", told.format(file=path.name))
    if _EXPONENT.search(text):
        text = _ENDLESS.sub(lambda found: found[1] or f"{found[2]}1e300", text)
    lines = _lines(text, path, report)
    target = folder / ("data.geojsonl" if lines else "data" + path.suffix.lower())
    target.write_text("\n".join(lines) if lines else text, "utf-8")
    return target


def _text(data: bytes, report: FileReport, encoding: str | None) -> str:
    found = Encoding(encoding, _("as you said"), sure=True) if encoding else of_text(data.removeprefix(b"\xef\xbb\xbf"))
    if found.name.startswith(("utf-16", "utf-32")):  # RFC 8259 allows none of them
        found = Encoding(found.name, found.how, sure=False)
    return data.decode(encodings.note(report, found), "replace").lstrip("\ufeff")


def _lines(text: str, path: Path, report: FileReport) -> list[str]:
    """Return the features of a sequence, one a line; none if the text is one JSON, or none at all.

    A sequence is one by its suffix (RFC 8142, or a feature per line), or holds
    one JSON after another, which GDAL would read the first of; a list of
    features is one too.
    """
    if text.count(_COLLECTION, 0, _HEAD) == text.count(_COLLECTION) == 1 and path.suffix.lower() not in _SEQUENCES:
        return []  # the usual file, whose whole is read by GDAL alone
    start = _BETWEEN.match(text)
    at = start.end() if start else 0
    try:
        first, end = json.JSONDecoder().raw_decode(text, at)
    except (ValueError, RecursionError):
        return _sound(text, path, report) if path.suffix.lower() in _SEQUENCES else []
    if isinstance(first, list) and first and all(_is_feature(each) for each in first):
        return [_line(each) for each in first]
    following = text[end:].lstrip(" \t\r\n\x1e,")
    if not _is_feature(first) or not (following.startswith("{") or path.suffix.lower() in _SEQUENCES):
        return []
    return _sound(text, path, report)


def _is_feature(value: object) -> bool:
    return isinstance(value, dict) and "type" in value


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _sound(text: str, path: Path, report: FileReport) -> list[str]:
    """Return each JSON of a text as a line; what is none is skipped to the end of its line, and told."""
    found: list[str] = []
    lost = 0
    for value in _values(text):
        if isinstance(value, dict):
            found.append(_line(value))
        else:
            lost += 1
    if lost:
        told = _("{n} lines of {file} are no JSON and were left out.")
        report.warn("lines_skipped", told.format(n=lost, file=path.name))
    return found


def _values(text: str) -> Iterator[object]:
    """Yield the values of a text one after another; None for a line that holds none."""
    decoder, at = json.JSONDecoder(), 0
    while (between := _BETWEEN.match(text, at)) is not None and (at := between.end()) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
            yield value
        except (ValueError, RecursionError):
            yield None
            at = text.find("\n", at)
            if at < 0:
                return
