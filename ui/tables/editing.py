"""Cells changed in a table: checked by the rules that the forms and the map check, saved one at a time."""

import unicodedata
from datetime import date

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.conditions import Field
from fieldsurvey.model.schema import ColumnType, Table, TableKind, Value
from fieldsurvey.store import Store
from layers.topology import values
from layers.topology.data import from_rows
from survey_forms.cells import change_answer


def change_cell(store: Store, table: Table, uid: str, field: Field, text: str) -> None:
    """Save what was typed into a cell. Runs in the store thread.

    Raises:
        InputRefused: If it is locked, of the wrong kind, or a rule stands against it.
    """
    if table.kind is TableKind.ASSET:
        _change_asset(store, table, uid, field, text)
    else:
        change_answer(store, table.name, uid, field.column.name, text)


def _change_asset(store: Store, table: Table, uid: str, field: Field, text: str) -> None:
    row = store.get(uid)
    if row is None:
        raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=uid))
    value = typed(field, text)
    if row.values.get(field.column.name) == value:
        return
    _judge(table, uid, dict(row.values), field, value)
    store.save(uid, {field.column.name: value}, row.token)


def typed(field: Field, text: str) -> Value:
    """Return a typed text as a value of its column; None for blank.

    Raises:
        InputRefused: If it is none.
    """
    column = field.column
    if not text:
        return None
    if column.type not in {ColumnType.INTEGER, ColumnType.REAL, ColumnType.DATE}:
        return text
    plain = unicodedata.normalize("NFKC", text).replace(",", ".").replace(" ", "").removesuffix(column.unit)
    try:
        if column.type is ColumnType.DATE:
            return date.fromisoformat(plain).isoformat()
        return int(plain) if column.type is ColumnType.INTEGER else float(plain)
    except ValueError as error:
        raise InputRefused(_WRONG[column.type]().format(text=text, column=column.label)) from error


_WRONG = {
    ColumnType.INTEGER: lambda: _("“{column}” holds whole numbers, such as 12; “{text}” is none."),
    ColumnType.REAL: lambda: _("“{column}” holds numbers, such as 3.5; “{text}” is none."),
    ColumnType.DATE: lambda: _("“{column}” holds dates, such as 2026-11-29; “{text}” is none."),
}


def _judge(table: Table, uid: str, row: dict[str, Value], field: Field, value: Value) -> None:
    """Refuse what the check of the map would call wrong, unless it was as wrong before."""
    before = _findings(table, {**row, "uid": uid})
    for text in _findings(table, {**row, "uid": uid, field.column.name: value}):
        if text not in before:
            raise InputRefused(text)


def _findings(table: Table, row: dict[str, Value]) -> list[str]:
    if "geom" not in row:
        return []
    layer = from_rows(table.name, [row])
    alone = {table.name: layer}  # sums across tables are a matter of the whole check
    return [finding.text for finding in values.check(alone, date.today().year) if not finding.fix]  # noqa: DTZ011
