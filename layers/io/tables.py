"""CSV and Excel tables: ledgers with merged heads, and points with coordinate columns."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io import checks, coordinates, encodings, heads, parcels, workbooks
from layers.io.raw import RawLayer
from layers.io.report import FileReport

SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".dat"}) | workbooks.SUFFIXES
Rows = Sequence[Sequence[object]]
_EXCEL_HINT = re.compile(r"sep=(.)\s", re.IGNORECASE)
_TOTALS = re.compile(r"^\s*(小计|合计|总计|累计|共计)")
_AS_FORMULA = re.compile(r'^="([^"]*)"$')
_LINE_ENDS = re.compile(r"\r+\n|\r")
_MAX_CELL = 32_767  # characters, Excel's own limit
_SAMPLE, _LINES = 1 << 16, 30  # bytes and lines in which the kind of a text shows
_SMALL = 64  # bytes; a shorter text may well hold a stray byte
_CONTROLS = bytes(each for each in range(32) if each not in b"\t\n\v\f\r\x1a\x1b") + b"\x7f"
_MAGIC = (
    b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"%PDF", b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"MZ\x90", b"\x7fELF",
    b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"AC10", b"II*\0", b"MM\0*", b"BM",
)  # fmt: skip


def read(path: Path, report: FileReport, encoding: str | None = None) -> list[RawLayer]:
    """Return the tables of a file, with points where columns hold coordinates.

    Raises:
        InputRefused: If it is empty, or not what its name says.
    """
    checks.check_size(path)
    sheets = workbooks.read(path, report) if path.suffix.lower() in workbooks.SUFFIXES else None
    if sheets is None:
        text = _text(path, report, encoding)
        if parcels.is_parcels(text):
            return [parcels.read(text, path.stem, report)]
        sheets = {path.stem: _csv_rows(text, report)}
    found = [layer for name, rows in sheets.items() if (layer := _table(name, rows, report)) is not None]
    if not found:
        raise InputRefused(_("{file} holds no table with a head and rows.").format(file=path.name))
    return found


def _text(path: Path, report: FileReport, encoding: str | None) -> str:
    data = path.read_bytes()
    if _is_no_text(data):
        raise InputRefused(_("{file} is no table: its content is something else.").format(file=path.name))
    found = encodings.Encoding(encoding, _("as you said"), sure=True) if encoding else encodings.of_text(data)
    if not found.name.startswith("utf-8"):
        data = data.removeprefix(codecs.BOM_UTF8)  # which some programs write before any encoding
    if b"\0" in data and not found.name.startswith(("utf-16", "utf-32")):
        report.warn("nul", _("{file} contains NUL bytes; they were left out.").format(file=path.name))
        data = data.replace(b"\0", b"")
        found = encodings.of_text(data) if encoding is None else found
    text = _mended(data.decode(encodings.note(report, found), "replace"), report)
    return _LINE_ENDS.sub("\n", text).rstrip("\x1a").lstrip("\ufeff")


def _csv_rows(text: str, report: FileReport) -> list[list[object]]:
    csv.field_size_limit(1 << 27)
    if hint := _EXCEL_HINT.match(text):
        return [_limited(row, report) for row in _split(text[hint.end() :], hint[1])]
    return [_limited(row, report) for row in _split(text, _delimiter(text))]


def _is_no_text(data: bytes) -> bool:
    """Say whether a file is a picture, a program or the like: it begins as one, or is full of control characters."""
    if data.startswith(_MAGIC):
        return True
    head = data[:_SAMPLE]
    if encodings.of_text(head).name.startswith(("utf-16", "utf-32")):
        return False
    return len(head.translate(None, _CONTROLS)) < 0.95 * len(head) and len(head) > _SMALL


def _split(text: str, sign: str) -> list[list[object]]:
    if sign == " ":
        return [list(line.split()) for line in text.split("\n")]
    return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign)]


def _mended(text: str, report: FileReport) -> str:
    """Return a text without its quotes where they do not close: one that is open swallows all that follows."""
    if text.count('"') % 2 == 0:
        return text
    report.warn("quotes", _("A quotation mark does not close; the quotation marks were read as plain characters."))
    return text.replace('"', "")


def _limited(row: list[object], report: FileReport) -> list[object]:
    """Return a row without the disguise of texts as formulas (="00123"), its cells no longer than in Excel."""
    row = [_AS_FORMULA.sub(r"\1", cell) if isinstance(cell, str) and cell[:2] == '="' else cell for cell in row]
    if any(len(str(cell)) > _MAX_CELL for cell in row):
        report.warn("long_cell", _("A cell holds more than {n} characters and was cut.").format(n=_MAX_CELL))
        return [str(cell)[:_MAX_CELL] for cell in row]
    return row


def _delimiter(text: str) -> str:
    """Return what separates the columns: what stands equally often in most of the first lines, and most often there.

    Full-width commas and blanks count only where nothing else does.
    """
    lines = [line for line in text[:_SAMPLE].split("\n")[:_LINES] if line.strip()]
    for signs in (",;\t|", "，", " "):
        best = max(signs, key=lambda sign: _evenness(lines, sign))
        if _evenness(lines, best) > (1 if best == " " else 0):
            return best
    return ","


def _evenness(lines: list[str], sign: str) -> float:
    """Return how many columns a sign makes, weighed with the share of the lines that have as many."""
    if sign == " ":
        counts = Counter(len(line.split()) - 1 for line in lines)
        return float(counts.most_common(1)[0][0]) if len(counts) == 1 else 0.0
    counts = Counter(len(next(csv.reader([line], delimiter=sign))) - 1 for line in lines)
    return max((n * (times / len(lines)) ** 2 for n, times in counts.items() if n), default=0.0)


def _table(name: str, rows: Rows, report: FileReport) -> RawLayer | None:
    """Return a sheet as a table, or None if it has no head with rows below."""
    rows = heads.filled(rows)
    found = heads.find(rows)
    if heads.is_headless(rows):
        report.warn("no_head", _("{name} has no row of headings; its columns were numbered.").format(name=name))
        rows, found = [heads.headless_names(rows), *rows], (0, 0)
    if found is None:
        return None
    first, last = found
    names = heads.names(rows, first, last, report)
    body = rows[last + 1 :]
    kept = [row for row in body if not any(_TOTALS.match(str(value)) for value in row[:3] if value)]
    if len(kept) < len(body):
        report.warn("totals_skipped", _("{n} rows with totals were left out.").format(n=len(body) - len(kept)))
    table = heads.without_remarks(kept)
    if len(table) < len(kept):
        text = _("{n} rows with remarks below the table were left out.")
        report.note("remarks_skipped", text.format(n=len(kept) - len(table)))
    if not table:
        return None
    fields: dict[str, list[object]] = {
        field: [heads.cell(row[index]) if index < len(row) else None for row in table]
        for index, field in enumerate(names)
    }
    layer = RawLayer(name, {field: values for field, values in fields.items() if field})
    return coordinates.place(layer, report)
