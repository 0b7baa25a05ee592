"""Where in its workbook a question of a form stands: sheet, row and column, for messages to authors."""

import csv
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from survey_forms import definitions

_SURVEY = "survey"
_MOST_ROWS = 100_000
# Rule -> names that its column may have in an XLSForm.
_COLUMNS = {
    "calculation": ("calculation", "calculate"),
    "relevant": ("relevant", "relevance", "skip logic"),
    "constraint": ("constraint",),
    "required": ("required",),
    "readonly": ("read_only", "readonly"),
    "choice_filter": ("choice_filter",),
    "repeat_count": ("repeat_count",),
    "trigger": ("default", "calculation", "trigger"),
    "label": ("label",),
    "type": ("type",),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell: sheet, row as the spreadsheet counts, letters or name of the column (empty: the whole row)."""

    sheet: str
    row: int
    column: str = ""


class Locator:
    """The rows of the survey sheet of a form, by the name of the question."""

    def __init__(self, source: Path) -> None:
        """Read the sheet; what cannot be read has no spots."""
        self._rows = list(_survey(source))
        head = next(iter(self._rows), (0, []))[1]
        self._head = [name.strip().lower() for name in head]

    def find(self, name: str, rule: str = "") -> Spot | None:
        """Return the cell of a question and of one of its rules."""
        if "name" not in self._head:
            return None
        at = self._head.index("name")
        for row, cells in self._rows[1:]:
            if len(cells) > at and cells[at].strip() == name:
                return Spot(_SURVEY, row, self._column(rule))
        return None

    def _column(self, rule: str) -> str:
        wanted = _COLUMNS.get(rule, ())
        for index, name in enumerate(self._head):
            if name in wanted or name.split(":")[0] in wanted or name.replace("bind::", "") in wanted:
                return f"{_letters(index)} ({name})"
        return ""


def _letters(index: int) -> str:
    """Return the letters of a column.

    >>> _letters(0), _letters(25), _letters(26)
    ('A', 'Z', 'AA')
    """
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def _survey(source: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells) of the survey sheet, the head first."""
    try:
        data = source.read_bytes()
    except OSError:
        return
    if definitions.is_definition(source) or source.suffix.lower() in {".csv", ".md"}:
        yield from _of_text(source, data)
    elif data.startswith(b"PK"):
        yield from _of_xlsx(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        yield from _of_xls(data)


def _of_text(source: Path, data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = data.decode("utf-8-sig", "replace")
    if definitions.is_definition(source):
        yield from ((number, row) for number, row in enumerate(csv.reader(io.StringIO(text)), 1))
        return
    inside = False
    rows = csv.reader(io.StringIO(text)) if source.suffix.lower() == ".csv" else map(_cells, text.splitlines())
    for number, row in enumerate(rows, 1):
        first = row[0].strip() if row else ""
        if first:
            inside = first.lower() == _SURVEY
        elif inside and any(cell.strip() for cell in row):
            yield number, row[1:]


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))


def _of_xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts of a workbook that are no cells are not our business
        yield from _of_book(openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True))


def _of_book(book: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - a library without type information
    name = next((name for name in book.sheetnames if name.strip().lower() == _SURVEY), None)
    if name is not None:
        rows = book[name].iter_rows(values_only=True, max_row=_MOST_ROWS)
        yield from _numbered(["" if cell is None else str(cell) for cell in row] for row in rows)
    book.close()


def _of_xls(data: bytes) -> Iterator[tuple[int, list[str]]]:
    import xlrd

    book = xlrd.open_workbook(file_contents=data)
    name = next((name for name in book.sheet_names() if name.strip().lower() == _SURVEY), None)
    if name is not None:
        sheet = book.sheet_by_name(name)
        yield from _numbered([str(cell) for cell in sheet.row_values(index)] for index in range(sheet.nrows))


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows, 1):
        if any(cell.strip() for cell in row):
            yield number, row
