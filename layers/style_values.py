"""The values that styles and labels go by, read from the project."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldsurvey.model.schema import Table, TableKind, Value
from fieldsurvey.store import Store
from layers.symbology import CATEGORISED, CONDITION, GRADUATED, STATE, Codes, LayerStyle, codes_for, is_baked

SETTING = "map_styles"  # under which a project keeps its styles


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a style may go by.

    Attributes:
        name: "material", or "f04_water.main_material" for the answers of a form.
        label: What people call it.
    """

    name: str
    label: str


def fields_of(tables: Mapping[str, Table], table: str) -> list[Field]:
    """Return the columns of a layer, and the answers of all forms for layers that forms are about."""
    own = [Field(column.name, column.label) for column in tables[table].columns if not column.name.endswith("_uid")]
    if table not in {"community", "building", "stairwell"}:
        return own
    answers = [
        Field(f"{form.name}.{column.name}", f"{form.label} · {column.label}")
        for form in tables.values()
        if form.kind is TableKind.FORM and any(column.name == "subject_uid" for column in form.columns)
        for column in form.columns
        if not column.name.endswith("_uid")
        and column.name not in {"form_version", "saved_at", "odk_xml", "start", "end"}
    ]
    return own + answers


def values_of(store: Store, table: str, column: str) -> dict[str, Value]:
    """Return record -> value of a column; of a form, the newest answer for the record. Runs in the store thread."""
    form, dot, question = column.partition(".")
    if dot:
        if form not in store.tables():
            return {}
        rows = store.select(form, ["subject_uid", question])
        return {str(row["subject_uid"]): row[question] for row in rows if row[question] is not None}
    known = {each.name for each in store.tables()[table].columns}
    if column not in known:
        return {}
    return {str(row["uid"]): row[column] for row in store.select(table, [column])}


def read(store: Store, styles: Iterable[LayerStyle]) -> tuple[dict[str, Codes], dict[str, dict[str, str]]]:
    """Return the classes and the labels of all layers whose side-car does not hold them. Runs in the store thread."""
    codes: dict[str, Codes] = {}
    texts: dict[str, dict[str, str]] = {}
    tables = store.tables()
    for style in styles:
        if style.table not in tables:
            continue
        has_classes = style.kind in {CATEGORISED, GRADUATED} and style.column not in {STATE, CONDITION, ""}
        if has_classes and not is_baked(style):
            codes[style.table] = codes_for(style, values_of(store, style.table, style.column))
        if style.label.column not in {"", "name"}:
            found = values_of(store, style.table, style.label.column)
            texts[style.table] = {uid: _text(value) for uid, value in found.items() if value is not None}
    return codes, texts


def _text(value: Value) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
