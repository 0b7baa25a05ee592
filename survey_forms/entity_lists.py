"""The entity lists of a project: what completed forms add and change, and what the next form offers."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind, Value
from fieldsurvey.store import Store
from survey_forms.entities import EntityChange, Item, applied, changes_of, identify
from survey_forms.expression.nodes import Node, string_value
from survey_forms.form import Form
from survey_forms.session import Session

_T = ColumnType.TEXT
LIST = Table(
    "survey_entity", TableKind.ASSET, "调查实体", "Survey entities",
    (
        Column("dataset", _T, "列表", "List"),
        Column("name", _T, "标识", "Identity"),
        Column("label", _T, "名称", "Label"),
        Column("version", ColumnType.INTEGER, "版本", "Version"),
        Column("properties", ColumnType.JSON, "属性", "Properties"),
    ),
)  # fmt: skip
_HEAD = {"name", "label", "__version"}


def lists_for(store: Store, form: Form) -> dict[str, Sequence[Mapping[str, str]]]:
    """Return the entity lists that a form reads, each with the rows of the file that goes with the form."""
    if LIST.name not in store.tables():
        return {}
    found: dict[str, Sequence[Mapping[str, str]]] = {}
    for dataset, instance in form.instances.items():
        items = [_item(row) for row in store.select(LIST.name, where={"dataset": dataset})]
        if items:
            known = {item["name"] for item in items}
            found[dataset] = [*(row for row in _rows(instance) if row.get("name") not in known), *items]
    return found


def _rows(instance: Node) -> list[Item]:
    root = next(iter(instance.elements()), instance)
    return [{column.local: string_value(column) for column in item.elements()} for item in root.elements()]


def _item(row: Mapping[str, Value]) -> Item:
    head = {"name": str(row["name"]), "label": str(row["label"] or ""), "__version": str(row["version"] or 1)}
    return {**json.loads(str(row["properties"] or "{}")), **head}


def save_entities(store: Store, session: Session, record: str) -> None:
    """Bring what a completed form does to lists into the project; completing it again changes nothing more.

    Args:
        store: The project, in a transaction.
        session: The form.
        record: Uid of its record: an item that it creates is always the same one.
    """
    identify(session, record, anew=True)
    changes = changes_of(session)
    if changes:
        store.add_table(LIST)
    for change in changes:
        _save(store, session.form, change)


def _save(store: Store, form: Form, change: EntityChange) -> None:
    uid = uuid.uuid5(uuid.NAMESPACE_OID, f"{change.dataset}\n{change.id}").hex
    row = store.get(uid)
    before = _item(row.values) if row else _of_file(form, change)
    if before is not None:
        change = replace(change, creates=False)
    after = next(iter(applied([before] if before else [], change)), None)
    if after is None or (before is not None and {**after, "__version": ""} == {**before, "__version": ""}):
        return
    rest = {name: value for name, value in after.items() if name not in _HEAD}
    values: dict[str, Value] = {
        "dataset": change.dataset,
        "name": change.id,
        "label": after.get("label", ""),
        "version": int(after["__version"]),
        "properties": json.dumps(rest, ensure_ascii=False, sort_keys=True),
    }
    if row is None:
        store.create_record(LIST.name, values, uid=uid)
    else:
        store.save(uid, {name: value for name, value in values.items() if row.values[name] != value}, row.token)


def _of_file(form: Form, change: EntityChange) -> Item | None:
    """Return the item that the file of a form knows, for its first update in this project."""
    instance = form.instances.get(change.dataset)
    rows = _rows(instance) if instance is not None and not change.creates else []
    return next((row for row in rows if row.get("name") == change.id), None)
