"""CSV and Excel tables: ledgers with merged heads, and points with coordinate columns."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io import coordinates, encodings
from layers.io.raw import RawLayer
from layers.io.report import FileReport

SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsm"})
_TOTALS = re.compile(r"^\s*(小计|合计|总计|累计|共计)")
_MAX_CELL = 32_767  # characters, Excel's own limit
_MAX_XLSX = 512 << 20  # bytes unpacked
_HEAD_ROWS = 12  # rows in which a head may begin


def read(path: Path, report: FileReport, encoding: str | None = None) -> list[RawLayer]:
    """Return the tables of a file, with points where columns hold coordinates.

    Raises:
        InputRefused: If it is empty, or not what its name says.
    """
    if not path.exists():
        raise InputRefused(_("There is no file {file}.").format(file=path))
    if path.stat().st_size == 0:
        raise InputRefused(_("{file} is empty.").format(file=path.name))
    if path.suffix.lower() in {".xlsx", ".xls", ".xlsm"}:
        sheets = _workbook(path)
    else:
        sheets = {path.stem: _csv_rows(path, report, encoding)}
    found = [layer for name, rows in sheets.items() if (layer := _table(name, rows, report)) is not None]
    if not found:
        raise InputRefused(_("{file} holds no table with a head and rows.").format(file=path.name))
    return found


def _csv_rows(path: Path, report: FileReport, encoding: str | None) -> list[list[object]]:
    data = path.read_bytes()
    found = encodings.Encoding(encoding, _("as you said"), sure=True) if encoding else encodings.of_text(data)
    if b"\0" in data and not found.name.startswith("utf-16"):
        report.warn("nul", _("{file} contains NUL bytes; they were left out.").format(file=path.name))
        data = data.replace(b"\0", b"")
    text = data.decode(encodings.note(report, found), "replace")
    csv.field_size_limit(1 << 27)
    rows: list[list[object]] = [
        list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    ]
    return [_limited(row, report) for row in rows]


def _limited(row: list[object], report: FileReport) -> list[object]:
    if any(len(str(cell)) > _MAX_CELL for cell in row):
        report.warn("long_cell", _("A cell holds more than {n} characters and was cut.").format(n=_MAX_CELL))
        return [str(cell)[:_MAX_CELL] for cell in row]
    return row


def _delimiter(text: str) -> str:
    head = text[: text.find("\n")] if "\n" in text else text
    return max(",;\t|", key=head.count)


def _workbook(path: Path) -> dict[str, list[list[object]]]:
    with path.open("rb") as source:
        head = source.read(8)
    if head.startswith(b"PK\x03\x04"):
        return _xlsx(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _xls(path)
    raise InputRefused(
        _(
            "{file} is no Excel workbook: its content is something else (a web page?). Save it as .xlsx in Excel."
        ).format(file=path.name)
    )


def _xlsx(path: Path) -> dict[str, list[list[object]]]:
    import zipfile

    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MAX_XLSX:
                raise InputRefused(_("{file} unpacks to more than 512 MiB and was not opened.").format(file=path.name))
        book = openpyxl.load_workbook(path, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError) as error:
        raise InputRefused(_("{file} is damaged and cannot be opened.").format(file=path.name)) from error
    return {sheet.title: _sheet_rows(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"}


def _sheet_rows(sheet: Any) -> list[list[object]]:  # noqa: ANN401 - openpyxl has no type information
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    for merged in sheet.merged_cells.ranges:
        value = rows[merged.min_row - 1][merged.min_col - 1]
        for row in range(merged.min_row - 1, merged.max_row):
            for column in range(merged.min_col - 1, merged.max_col):
                rows[row][column] = value
    return rows


def _xls(path: Path) -> dict[str, list[list[object]]]:
    import xlrd

    try:
        book = xlrd.open_workbook(path)
    except (xlrd.XLRDError, ValueError, OSError) as error:
        raise InputRefused(_("{file} is damaged and cannot be opened.").format(file=path.name)) from error
    return {sheet.name: [sheet.row_values(i) for i in range(sheet.nrows)] for sheet in book.sheets()}


def _table(name: str, rows: list[list[object]], report: FileReport) -> RawLayer | None:
    """Return a sheet as a table, or None if it has no head with rows below."""
    first, last = _head(rows)
    if first is None:
        return None
    names = _names(rows[first : last + 1], report)
    body = [row for row in rows[last + 1 :] if any(_cell(value) is not None for value in row)]
    kept = [row for row in body if not any(_TOTALS.match(str(value)) for value in row[:3] if value)]
    if len(kept) < len(body):
        report.warn("totals_skipped", _("{n} rows with totals were left out.").format(n=len(body) - len(kept)))
    if not kept:
        return None
    fields: dict[str, list[object]] = {
        field: [_cell(row[index]) if index < len(row) else None for row in kept] for index, field in enumerate(names)
    }
    layer = RawLayer(name, {field: values for field, values in fields.items() if field})
    return coordinates.place(layer, report)


def _head(rows: list[list[object]]) -> tuple[int | None, int]:
    """Return first and last row of the head: the first row with several different texts, and rows that refine it."""
    for index, row in enumerate(rows[:_HEAD_ROWS]):
        texts = {str(value).strip() for value in row if _cell(value) is not None}
        if len(texts) >= min(2, max(len(row), 1)) and index + 1 < len(rows) and not _is_number_row(row):
            last = index
            while last + 2 < len(rows) and _refines(rows[last], rows[last + 1]):
                last += 1
            return index, last
    return None, 0


def _refines(upper: Sequence[object], lower: Sequence[object]) -> bool:
    """Say whether a row is a second line of the head: it repeats merged cells and splits one that spans several."""
    pairs = list(zip(upper, lower, strict=False))
    same = sum(a == b and a is not None for a, b in pairs)
    split = [b for a, b in pairs if a != b and b is not None]
    spans = len([a for a, _b in pairs if a is not None]) > len({str(a) for a, _b in pairs if a is not None})
    return same >= 2 and bool(split) and spans and all(isinstance(value, str) for value in split)


def _is_number_row(row: Sequence[object]) -> bool:
    return all(isinstance(value, int | float) for value in row if value is not None)


def _names(head: list[list[object]], report: FileReport) -> list[str]:
    """Return one name per column: the lowest text of the head; a repeated name gets a number."""
    width = max(len(row) for row in head)
    names: list[str] = []
    for column in range(width):
        texts = [str(row[column]).strip() for row in head if column < len(row) and _cell(row[column]) is not None]
        name = re.sub(r"\s+", "", texts[-1]) if texts else ""
        if name and name in names:
            report.warn(
                "duplicate_column",
                _("The column {name} occurs twice; the second is called {name}_2.").format(name=name),
            )
            name = f"{name}_2"
        names.append(name)
    return names


def _cell(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
