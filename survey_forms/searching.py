"""What of a project can be found by its words: assets by name, number and address, records by their answers."""

import re
from collections.abc import Mapping
from functools import partial

from fieldsurvey.i18n import language
from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.schema import ColumnType, Table, TableKind, Value
from fieldsurvey.store import Store
from fieldsurvey.store.words import Source
from survey_forms.form import Form, Kind, Question
from survey_forms.layout import Layout, layout_of
from survey_forms.shelf import form_of
from survey_forms.words import Texts

PLACE, BUILDING, ANSWER, ASSET = "place", "building", "answer", "asset"
KINDS = (PLACE, BUILDING, ANSWER, ASSET)
_LIST = re.compile(r"instance\('([^']+)'\)")
_SPOKEN = frozenset({Kind.TEXT, Kind.BARCODE})
_CHOSEN = frozenset({Kind.SELECT_ONE, Kind.SELECT_MULTIPLE, Kind.RANK})
_PLACE_TEXTS = ("code", "source_id", "district", "subdistrict", "neighbourhood", "address")
_NAMING = frozenset({"name", "unit", "source_id"})


def sources(store: Store, forms: Mapping[str, Form]) -> list[Source]:
    """Return what can be found in a project.

    Args:
        store: The project.
        forms: Its forms by table.
    """
    tables = store.tables()
    names = {str(row["uid"]): str(row["name"] or "") for row in store.select("community", ["name"])}
    buildings: dict[str, str] = {}
    if store.count("stairwell"):  # they are told by them
        for uid, community, name in store.each("building", ("uid", "community_uid", "name")):
            buildings[str(uid)] = f"{names.get(str(community), '')} {name or ''}".strip()
    found = [_asset_source(table, names, buildings) for name, table in tables.items() if name in ASSET_BY_NAME]
    kept = [name for name, table in tables.items() if table.kind is TableKind.FORM and store.count(name)]
    for name in kept:
        if name in forms:
            found += _form_sources(store, forms[name], tables, names)
    return [source for source in found if source is not None]


def _asset_source(table: Table, names: Mapping[str, str], buildings: Mapping[str, str]) -> Source | None:
    texts = [column for column in table.columns if column.type is ColumnType.TEXT]
    if table.name == "community":
        labels = {column.name: column.label for column in texts if column.name in _PLACE_TEXTS}
        return Source(table.name, PLACE, ("name",), labels)
    titles = tuple(column.name for column in texts if column.name in _NAMING and column.name != "source_id")
    labels = {column.name: column.label for column in texts if column.name == "source_id"}
    if not titles and not labels:
        return None
    if table.name == "stairwell":
        return Source(table.name, BUILDING, titles, labels, places=buildings, inside="building_uid")
    kind = BUILDING if table.name == "building" else ASSET
    return Source(table.name, kind, titles, labels, places=names if kind is BUILDING else {})


def _form_sources(store: Store, form: Form, tables: Mapping[str, Table], names: Mapping[str, str]) -> list[Source]:
    layout = layout_of(form)
    questions = {question.path: question for question in form.questions()}
    found = []
    for repeat in ("", *layout.keys):
        table = layout.table_of(repeat)
        if table not in tables or (repeat and not store.count(table)):
            continue
        texts: dict[str, str] = {}
        coded: dict[str, tuple[str, Mapping[str, str]]] = {}
        for path in layout.direct(repeat):
            question, column = questions[path], layout.columns[path]
            label = question.label(language()) or question.name
            if question.kind in _CHOSEN:
                coded[column] = (label, _words(form, question))
            elif question.kind in _SPOKEN:
                texts[column] = label
        if texts or coded:
            found.append(Source(table, ANSWER, (), texts, coded, "parent_uid" if repeat else "", names))
    return found


def asked_at(store: Store, table: str, uid: str, line: str) -> str:
    """Return the path of the question whose answer a line of the index shows, in its instance; empty if none does.

    Args:
        store: The project.
        table: Table of the row that was found, that of a form or of a list in it.
        uid: The row.
        line: The line.
    """
    tables, row = store.tables(), store.get(uid)
    top = table
    while tables[top].parent:
        top = tables[top].parent
    if row is None or not line:
        return ""
    form = form_of(store, top)
    layout = layout_of(form)
    source = next((one for one in _form_sources(store, form, tables, {}) if one.table == table), None)
    column = None if source is None else next(filter(partial(_says, source, row.values, line), source.columns), None)
    repeat = next((path for path in layout.keys if layout.table_of(path) == table), "")
    asked = next((path for path in layout.direct(repeat) if layout.columns[path] == column), "")
    return _in_instance(store, layout, repeat, uid, asked) if asked else ""


def _says(source: Source, values: Mapping[str, Value], line: str, column: str) -> bool:
    """Say whether the answer in a column is what a line of the index shows."""
    return line in source.document({column: values.get(column)} if column in values else {})[1].splitlines()


def _in_instance(store: Store, layout: Layout, repeat: str, uid: str, path: str) -> str:
    """Return the path of a question in the row of its list, such as /data/photos[2]/kind."""
    steps: list[tuple[str, int]] = []
    while repeat and (row := store.get(uid)) is not None:
        above = str(row.values["parent_uid"])
        rows = store.select(layout.table_of(repeat), [], where={"parent_uid": above}, order="ordinal")
        steps.append((repeat, 1 + [str(one["uid"]) for one in rows].index(uid)))
        repeat, uid = layout.outer[repeat], above
    made, done = "", ""
    for outer, number in reversed(steps):
        made, done = f"{made}{outer.removeprefix(done)}[{number}]", outer
    return made + path.removeprefix(done)


def _words(form: Form, question: Question) -> dict[str, str]:
    """Return code -> words of every choice that a question may offer, whatever filters the list."""
    itemset = question.itemset
    if itemset is None:
        return {}
    listed = _LIST.match(itemset.nodeset)
    instance = form.instances.get(listed.group(1)) if listed else None
    items = [item for root in instance.children for item in root.children] if instance else []
    texts = Texts(form, language(), lambda _expression, _node: "")
    return {choice.value: choice.label for choice in texts.choices(itemset, items)}
