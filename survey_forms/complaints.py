"""What the XLSForm compiler says, as one sentence in the user's language: where, what is wrong, what to do."""

import re
from pathlib import Path
from types import TracebackType

from fieldsurvey.i18n import N_, _
from survey_forms.errors import CompileError

_ROW = re.compile(r"^\s*\[row ?: ?(\d+)\]:?\s*")
_SHEET = re.compile(r"[Oo]n the '(\w+)' sheet,?\s*|for sheet:? '(\w+)'")
_COLUMN = re.compile(r"^the '([\w: -]+)' value (?:'[^']*' )?is (?:invalid|problematic)\.\s*")
_LONGEST = 300
_NAME_RULE = N_("A name begins with a letter or underscore and holds only letters, digits, _, - and dots. Correct it.")
# What the compiler says -> what the author is told; {0}, {1} are the names in it.
_KNOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), told)
    for pattern, told in (
        (r"Question or group with no name", N_("This question or group has no name. Fill in the column name.")),
        (r"Unknown question type '(.*?)'", N_("The question type “{0}” does not exist. Correct the column type.")),
        (
            r"List name not in choices sheet: (\S+)",
            N_("The sheet choices has no list “{0}”. Add it there, or correct its name in the column type."),
        ),
        (
            r"(?:There is no survey element named|Could not find the name) '([^']*)'",
            N_("No question is named “{0}”. Correct the name between ${{ }}."),
        ),
        (r"Unmatched '(end_\w+)'", N_("“{0}” ends something that was not begun. Remove it, or add its beginning.")),
        (r"Unmatched '(begin_\w+)'", N_("“{0}” is never ended. Add its end.")),
        (r"(?s)'name' value '(.*?)' is invalid.*unique", N_("The name “{0}” occurs twice here. Give each its own.")),
        (r"Choices must have a name", N_("This choice has no name. Fill in the column name.")),
        (r"Choices should have a label", N_("This choice has no label. Fill in the column label.")),
        (
            r"Choice names must be unique",
            N_("Two choices of a list have the same name. Give each its own, or set allow_choice_duplicates."),
        ),
        (r"Names must begin with a letter", _NAME_RULE),
        (r"element named '([^']*)' has no label or hint", N_("“{0}” has no label. Fill in the column label.")),
        (
            r"should be a choices sheet",
            N_("There is no sheet choices with the lists. Add it with list_name, name and label."),
        ),
        (
            r"names with spaces .*See \[(.*?)\] in \[(.*?)\]",
            N_("The choice “{0}” of the list “{1}” has a blank in its name, which select_multiple forbids. Remove it."),
        ),
        (r"The name '([^']*)' is reserved", N_("The name “{0}” is taken by the form itself. Choose another.")),
        (
            r"'([^']*)', '([^']*)'\. Rename or remove",
            N_("The columns “{0}” and “{1}” mean the same. Remove one of them."),
        ),
        (r"column headers were not found: (.*?)\.\s", N_("The column “{0}” is missing. Add it to the first row.")),
        (r"missing header row", N_("The first row has no column names. Add type, name and label.")),
        (
            r"section has not been included",
            N_("It includes another file (type include), which cannot be done. Copy those rows into the sheet survey."),
        ),
        (
            r"must have a sheet named 'survey'",
            N_("There is no sheet named survey. Name the sheet with the questions so."),
        ),
    )
)  # fmt: skip


def refused(source: Path, error: Exception) -> CompileError:
    """Return the error that tells what the compiler found wrong."""
    text = " ".join(str(error).split())
    row, sheet = _ROW.match(text), _SHEET.search(text)
    number = int(row[1]) if row else 0
    where = (sheet[1] or sheet[2]) if sheet else "survey" if number else ""
    return CompileError(_told(source, where, number, _meaning(text)), where, number, _meaning(text))


def stopped(source: Path, error: Exception) -> CompileError:
    """Return the error that tells on which row the compiler stopped, if it was that far."""
    why = " ".join(str(error).split())[:120]
    number = _row_in(error.__traceback__)
    if not number:
        return CompileError(_("{file} is no form that can be read: {why}").format(
            file=source.name, why=why or type(error).__name__
        ))  # fmt: skip
    what = _("The compiler of forms cannot read this row ({why}). Look at its type, name and parameters.").format(
        why=why or type(error).__name__
    )
    return CompileError(_told(source, "survey", number, what), "survey", number, what)


def _told(source: Path, sheet: str, row: int, what: str) -> str:
    place = ""
    if row:
        place = _("sheet {sheet}, row {row}").format(sheet=sheet, row=row)
    elif sheet:
        place = _("sheet {sheet}").format(sheet=sheet)
    return f"{source.name} ({place}): {what}" if place else f"{source.name}: {what}"


def _meaning(text: str) -> str:
    for pattern, told in _KNOWN:
        if found := pattern.search(text):
            return _(told).format(*found.groups())
    rest = _SHEET.sub("", _ROW.sub("", text), count=1)
    column = _COLUMN.match(rest)
    rest = _COLUMN.sub("", rest)[:_LONGEST]
    if column:
        return _("The column {column} is wrong: {why}").format(column=column[1], why=rest)
    return _("The compiler of forms refuses it: {why}").format(why=rest)


def _row_in(trace: TracebackType | None) -> int:
    """Return the row of the workbook that the compiler was at, as its own variables say; 0 if it was at none."""
    found = 0
    while trace is not None:
        value = trace.tb_frame.f_locals.get("row_number")
        found = value if isinstance(value, int) else found
        trace = trace.tb_next
    return found
