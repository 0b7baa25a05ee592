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
_PLAIN_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_EXCEL_HINT = re.compile(r"sep=(.)\s", re.IGNORECASE)
_TOTALS = re.compile(r"^\s*(小计|合计|总计|累计|共计)")
_MAX_CELL = 32_767  # characters, Excel's own limit
_MAX_XLSX = 512 << 20  # bytes unpacked
_MAX_FORMULAS = 20 << 20  # bytes of a workbook that is read a second time, for its formulas
_ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!"})
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
        sheets = _workbook(path, report)
    else:
        sheets = {path.stem: _csv_rows(path, report, encoding)}
    found = [layer for name, rows in sheets.items() if (layer := _table(name, rows, report)) is not None]
    if not found:
        raise InputRefused(_("{file} holds no table with a head and rows.").format(file=path.name))
    return found


def _csv_rows(path: Path, report: FileReport, encoding: str | None) -> list[list[object]]:
    data = path.read_bytes()
    found = encodings.Encoding(encoding, _("as you said"), sure=True) if encoding else encodings.of_text(data)
    if b"\0" in data and not found.name.startswith(("utf-16", "utf-32")):
        report.warn("nul", _("{file} contains NUL bytes; they were left out.").format(file=path.name))
        data = data.replace(b"\0", b"")
    text = _mended(data.decode(encodings.note(report, found), "replace"), report)
    csv.field_size_limit(1 << 27)
    rows: list[list[object]] = [
        list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    ]
    if rows and len(rows[0]) <= 1 and (sign := _EXCEL_HINT.match(text)):
        rows = [[*row] for row in list(csv.reader(io.StringIO(text, newline=""), delimiter=sign[1]))[1:]]
    return [_limited(row, report) for row in rows]


def _mended(text: str, report: FileReport) -> str:
    """Return a text without its quotes where they do not close: one that is open swallows all that follows."""
    if text.count('"') % 2 == 0:
        return text
    report.warn("quotes", _("A quotation mark does not close; the quotation marks were read as plain characters."))
    return text.replace('"', "")


def _limited(row: list[object], report: FileReport) -> list[object]:
    if any(len(str(cell)) > _MAX_CELL for cell in row):
        report.warn("long_cell", _("A cell holds more than {n} characters and was cut.").format(n=_MAX_CELL))
        return [str(cell)[:_MAX_CELL] for cell in row]
    return row


def _delimiter(text: str) -> str:
    head = text[: text.find("\n")] if "\n" in text else text
    return max(",;\t|", key=head.count)


def _workbook(path: Path, report: FileReport) -> dict[str, list[list[object]]]:
    with path.open("rb") as source:
        head = source.read(8)
    if head.startswith(b"PK\x03\x04"):
        return _xlsx(path, report)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _xls(path, report)
    raise InputRefused(
        _(
            "{file} is no Excel workbook: its content is something else (a web page?). Save it as .xlsx in Excel."
        ).format(file=path.name)
    )


def _xlsx(path: Path, report: FileReport) -> dict[str, list[list[object]]]:
    import zipfile

    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
        book = openpyxl.load_workbook(path, data_only=True) if unpacked <= _MAX_XLSX else None
    except Exception as error:
        raise InputRefused(_("{file} is damaged and cannot be opened.").format(file=path.name)) from error
    if book is None:
        raise InputRefused(_("{file} unpacks to more than 512 MiB and was not opened.").format(file=path.name))
    _tell_hidden([sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"], report)
    _tell_formulas(path, book, report)
    return {sheet.title: _sheet_rows(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"}


def _tell_hidden(names: list[str], report: FileReport) -> None:
    if names:
        report.note("hidden_sheets", _("Hidden sheets were left out: {names}.").format(names="、".join(names)))


def _tell_formulas(path: Path, book: Any, report: FileReport) -> None:  # noqa: ANN401 - openpyxl has no type information
    """Tell formulas whose result is not in the file: a program wrote it and Excel has not calculated it yet."""
    import openpyxl

    if path.stat().st_size > _MAX_FORMULAS:
        return
    lost = 0
    for sheet in openpyxl.load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" and book[sheet.title][cell.coordinate].value is None:
                    lost += 1
    if lost:
        text = _("{n} formulas have no result in {file}. Open and save it in Excel once.")
        report.warn("formulas", text.format(n=lost, file=path.name))


def _sheet_rows(sheet: Any) -> list[list[object]]:  # noqa: ANN401 - openpyxl has no type information
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    for merged in sheet.merged_cells.ranges:
        value = rows[merged.min_row - 1][merged.min_col - 1]
        for row in range(merged.min_row - 1, merged.max_row):
            for column in range(merged.min_col - 1, merged.max_col):
                rows[row][column] = value
    return rows


def _xls(path: Path, report: FileReport) -> dict[str, list[list[object]]]:
    import xlrd

    try:
        book = xlrd.open_workbook(path)
    except (xlrd.XLRDError, ValueError, OSError) as error:
        raise InputRefused(_("{file} is damaged and cannot be opened.").format(file=path.name)) from error
    _tell_hidden([sheet.name for sheet in book.sheets() if sheet.visibility], report)
    shown = [sheet for sheet in book.sheets() if not sheet.visibility]
    return {sheet.name: [_xls_row(sheet, row, book.datemode) for row in range(sheet.nrows)] for sheet in shown}


def _xls_row(sheet: Any, row: int, datemode: int) -> list[object]:  # noqa: ANN401 - xlrd has no type information
    """Return a row of an old workbook, dates as dates and errors as Excel shows them."""
    import xlrd

    found: list[object] = []
    for cell in sheet.row(row):
        if cell.ctype == xlrd.XL_CELL_DATE:
            when = xlrd.xldate_as_datetime(cell.value, datemode)
            found.append(when.date() if when.time() == when.min.time() else when)
        elif cell.ctype == xlrd.XL_CELL_ERROR:
            found.append(xlrd.error_text_from_code.get(cell.value, "#N/A"))
        else:
            found.append(cell.value)
    return found


def _table(name: str, rows: list[list[object]], report: FileReport) -> RawLayer | None:
    """Return a sheet as a table, or None if it has no head with rows below."""
    first, last = _head(rows)
    if first is None:
        if not _is_headless(rows):
            return None
        report.warn("no_head", _("{name} has no row of headings; its columns were numbered.").format(name=name))
        rows = [[_("column {n}").format(n=n + 1) for n in range(max(map(len, rows)))], *rows]
        first = last = 0
    names = _names(rows, first, last, report)
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


def _is_headless(rows: list[list[object]]) -> bool:
    """Say whether a table is numbers from its first row on."""
    filled = [row for row in rows if any(_cell(value) is not None for value in row)]
    return len(filled) > 1 and all(len(row) > 1 and _is_number_row(row) for row in filled[:_HEAD_ROWS])


def _refines(upper: Sequence[object], lower: Sequence[object]) -> bool:
    """Say whether a row is a second line of the head: it repeats merged cells and splits one that spans several."""
    pairs = list(zip(upper, lower, strict=False))
    same = sum(a == b and a is not None for a, b in pairs)
    split = [b for a, b in pairs if a != b and b is not None]
    spans = len([a for a, _b in pairs if a is not None]) > len({str(a) for a, _b in pairs if a is not None})
    return same >= 2 and bool(split) and spans and all(isinstance(value, str) for value in split)


def _is_number_row(row: Sequence[object]) -> bool:
    return all(isinstance(value, int | float) or _PLAIN_NUMBER.fullmatch(str(value).strip()) for value in row if value)


def _names(rows: list[list[object]], first: int, last: int, report: FileReport) -> list[str]:
    """Return one name per column: the lowest text of the head; a repeated name gets a number.

    A column without a name keeps its values under its number, told.
    """
    head, body = rows[first : last + 1], rows[last + 1 :]
    width = max(len(row) for row in rows[first:])
    names: list[str] = []
    for column in range(width):
        texts = [str(row[column]).strip() for row in head if column < len(row) and _cell(row[column]) is not None]
        name = re.sub(r"\s+", "", texts[-1]) if texts else ""
        if not name and any(column < len(row) and _cell(row[column]) is not None for row in body):
            name = _("column {n}").format(n=column + 1)
            report.warn("unnamed_column", _("A column without a heading was kept as “{name}”.").format(name=name))
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
        text = value.strip()
        return None if text in _ERRORS else text or None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
