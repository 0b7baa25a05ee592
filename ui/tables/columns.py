"""Which columns a table has for people, and what stands in them."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSETS
from fieldsurvey.model.conditions import REFERENCES, Field
from fieldsurvey.model.review import STATE_WORDS
from fieldsurvey.model.schema import Column, Table, TableKind, Value
from fieldsurvey.store import Store
from layers.style import CONDITIONS
from survey_forms import shelf
from survey_forms.cells import CellRule, cell_rules
from ui import shown

_HIDDEN = {"odk_xml", "form_version", "parent_uid"}  # at first; the person may show them
_NEVER = {"odk_xml"}
_KEPT = {"community_uid", "building_uid", "subject_uid", "parent_uid", "form_version", "status", "saved_at", "ordinal"}
_WIDE, _NARROW, _MIDDLE = 220, 96, 140


@dataclass(frozen=True, slots=True)
class Layout:
    """A table as the screen knows it.

    Attributes:
        table: The table.
        fields: Its columns for people by name, in their order.
    """

    table: Table
    fields: Mapping[str, Field]

    def first_columns(self) -> list[str]:
        """Return the columns that are shown until the person chooses others."""
        return [name for name in self.fields if name not in _HIDDEN]


def listed(store: Store) -> list[tuple[Table, int]]:
    """Return the tables that have rows, layers first, then forms, the empty ones last; runs in the store thread."""
    kinds = (TableKind.ASSET, TableKind.FORM, TableKind.REPEAT)
    found = [(table, store.count(table.name)) for table in store.tables().values() if table.kind in kinds]
    places = {table.name: place for place, table in enumerate(ASSETS)}
    return sorted(
        ((table, count) for table, count in found if count or table.kind is TableKind.ASSET),
        key=lambda pair: (kinds.index(pair[0].kind), not pair[1], places.get(pair[0].name, 0)),
    )


def layout_of(store: Store, name: str) -> Layout:
    """Return a table as the screen knows it; runs in the store thread."""
    table = store.tables()[name]
    rules = _rules(store, table)
    fields = {
        column.name: _field(column, rules.get(column.name), rules is not _NO_RULES)
        for column in table.columns
        if column.name not in _NEVER
    }
    return Layout(table, fields)


_NO_RULES: Mapping[str, CellRule] = {}


def _rules(store: Store, table: Table) -> Mapping[str, CellRule]:
    if table.kind is TableKind.ASSET:
        return _NO_RULES
    top = table
    while top.parent:
        top = store.tables()[top.parent]
    try:
        return cell_rules(shelf.form_of(store, top.name)).get(table.name, {})
    except FieldSurveyError:
        return {}  # a form that has not arrived here shows its codes and can be read only


def _field(column: Column, rule: CellRule | None, is_form: bool) -> Field:
    if column.name == "status":
        return Field(column, {str(state): _(word) for state, word in STATE_WORDS.items()}, is_fixed=True)
    if rule is not None:
        choices = rule.choices or _conditions(column)
        return Field(column, choices, rule.several, not rule.is_typed or column.name in _KEPT)
    return Field(column, is_fixed=is_form or column.name in _KEPT)


def _conditions(column: Column) -> Mapping[str, str]:
    is_condition = column.name.endswith("_cond") or column.name == "condition"
    return {code: _(word) for code, (_colour, word) in CONDITIONS.items()} if is_condition else {}


def shown_value(field: Field, value: Value, names: Mapping[str, str]) -> str:
    """Return what stands in a cell.

    Args:
        field: The column.
        value: The stored value.
        names: uid -> name of the records that references point to.
    """
    if value is None:
        return ""
    if field.column.name in REFERENCES:
        return names.get(str(value), "")
    if field.several:
        return _(", ").join(field.choices.get(code, code) for code in str(value).split())
    if field.choices:
        return field.choices.get(str(value), str(value))
    return shown.cell(value, field.column.unit)


def copied_value(field: Field, value: Value, names: Mapping[str, str]) -> str:
    """Return a cell for a spreadsheet: numbers plain, so that they stay numbers."""
    if field.is_number and isinstance(value, int | float):
        return f"{value:.12g}" if isinstance(value, float) else str(value)
    return shown_value(field, value, names)


def head(field: Field) -> str:
    """Return the head of a column: label and unit."""
    return f"{field.column.label} ({field.column.unit})" if field.column.unit else field.column.label


def width(field: Field) -> int:
    """Return how wide a column is at first, px."""
    if field.is_number:
        return max(_NARROW, 16 * len(head(field)) + 24)
    if field.column.name in REFERENCES or "name" in field.column.name or "address" in field.column.name:
        return _WIDE
    return max(_MIDDLE, min(_WIDE, 15 * len(head(field)) + 24))
