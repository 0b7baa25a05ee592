"""Excel workbooks, old and new: sheets as rows of values."""

import io
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io.report import FileReport

SUFFIXES = frozenset({".xlsx", ".xls", ".xlsm"})
_MAX_XLSX = 512 << 20  # bytes unpacked
_MAX_FORMULAS = 20 << 20  # bytes of a workbook that is read a second time, for its formulas
Sheets = dict[str, list[list[object]]]


def read(path: Path, report: FileReport) -> Sheets | None:
    """Return the sheets that are shown, by name; None for a text under the name of a workbook, as programs export it.

    Raises:
        InputRefused: If it is damaged, protected with a password, or something else.
    """
    with path.open("rb") as source:
        head = source.read(8)
    if head.startswith(b"PK\x03\x04"):
        return _xlsx(path, report)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _xls(path, report)
    if head[:1] != b"<" and _is_text(path):
        text = _("{file} is a text under the name of a workbook; it was read as one.")
        report.warn("text_as_workbook", text.format(file=path.name))
        return None
    raise InputRefused(
        _(
            "{file} is no Excel workbook: its content is something else (a web page?). Save it as .xlsx in Excel."
        ).format(file=path.name)
    )


def _is_text(path: Path) -> bool:
    """Say whether a file has lines of several columns, and no bytes that no text has."""
    data = path.read_bytes()
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return (wide or not data.count(0)) and any(sign in data for sign in b"\t,;") and data.lstrip()[:1] != b"<"


def _protected(path: Path) -> InputRefused:
    return InputRefused(_("{file} is protected with a password. Save it without one in Excel.").format(file=path.name))


def _xlsx(path: Path, report: FileReport) -> Sheets:
    damaged = InputRefused(_("{file} is damaged and cannot be opened.").format(file=path.name))
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise damaged from error
    if unpacked > _MAX_XLSX:
        raise InputRefused(_("{file} unpacks to more than 512 MiB and was not opened.").format(file=path.name))
    try:
        book = _opened(path, data_only=True)
    except Exception as error:  # whatever the library makes of what other programs write
        if sheets := _by_gdal(path):
            text = _(
                "{file} does not keep to the standard of Excel; it was read without its merged cells. "
                "Look at the values."
            )
            report.warn("recovered", text.format(file=path.name))
            return sheets
        raise damaged from error
    _tell_hidden([sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"], report)
    _tell_formulas(path, book, report)
    return {sheet.title: _sheet_rows(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"}


def _by_gdal(path: Path) -> Sheets:
    """Return the sheets as texts by a reader that is less strict; none if it cannot read them either."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    pyogrio.set_gdal_config_options({"OGR_XLSX_HEADERS": "DISABLE", "OGR_XLSX_FIELD_TYPES": "STRING"})
    sheets: Sheets = {}
    try:
        with tempfile.TemporaryDirectory(prefix="fieldsurvey-") as folder:
            copy = shutil.copyfile(path, Path(folder) / "data.xlsx")
            for name, _kind in pyogrio.list_layers(copy):
                columns = pyogrio.raw.read(copy, layer=name, read_geometry=False)[3]
                sheets[str(name)] = [list(row) for row in zip(*columns, strict=True)]
    except (DataSourceError, DataLayerError, RuntimeError, ValueError, OSError):
        return {}
    return {name: rows for name, rows in sheets.items() if rows}


def _opened(path: Path, *, data_only: bool) -> Any:  # noqa: ANN401 - openpyxl has no type information
    """Open a workbook by its content: openpyxl itself goes by the name."""
    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(path.read_bytes()), data_only=data_only)


def _tell_hidden(names: list[str], report: FileReport) -> None:
    if names:
        report.note("hidden_sheets", _("Hidden sheets were left out: {names}.").format(names="、".join(names)))


def _tell_formulas(path: Path, book: Any, report: FileReport) -> None:  # noqa: ANN401 - openpyxl has no type information
    """Tell formulas whose result is not in the file: a program wrote it and Excel has not calculated it yet."""
    if path.stat().st_size > _MAX_FORMULAS:
        return
    lost = 0
    for sheet in _opened(path, data_only=False).worksheets:
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


def _xls(path: Path, report: FileReport) -> Sheets:
    import xlrd

    if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
        raise _protected(path)
    try:
        book = xlrd.open_workbook(path, logfile=io.StringIO())
    except Exception as error:
        if "encrypted" in str(error):
            raise _protected(path) from error
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
