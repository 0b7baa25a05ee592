"""A QGIS project beside the project file: labels in the user's language, value maps, repeats as relations.

The .qgz names the layers of the project file and copies nothing. A select_multiple
keeps its text, and each of its choices is a virtual column of 1 and 0 beside it.
Source of the structure: QGIS project files of version 3.28 (fieldConfiguration,
aliases, expressionfields, relations).
"""

import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import GeometryType, Table, TableKind
from fieldsurvey.store import Store
from survey_forms import Form, Kind, Session, layout_of, shelf

_VERSION = "3.28.0"
_KINDS = {
    GeometryType.POINT: "Point",
    GeometryType.MULTILINESTRING: "Line",
    GeometryType.MULTIPOLYGON: "Polygon",
    None: "No geometry",
}
_MOST_CHOICES = 500  # a longer list is a register, not a value map
Choices = Mapping[str, str]  # code -> label
_Coded = dict[str, tuple[bool, Choices]]  # column -> (whether several may be chosen, choices)


def project_file(store: Store, out: Path, control: JobControl | None = None) -> Path:
    """Write a .qgz for a project; return it.

    Args:
        store: The project.
        out: The file; layers are named relative to it.
        control: Progress and cancel.

    Raises:
        InputRefused: If it cannot be written.
    """
    control = control or JobControl()
    coded: dict[str, _Coded] = {}
    tables = [table for table in store.tables().values() if table.name != shelf.LIST.name]
    for table in control.steps([t for t in tables if t.kind is TableKind.FORM], _("Reading forms")):
        try:
            coded |= _coded(shelf.form_of(store, table.name))
        except FieldSurveyError:
            continue  # a form that has not arrived here shows its codes
    top = _project(store, tables, coded, os.path.relpath(store.path.resolve(), out.resolve().parent))
    part = out.with_name(out.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{out.stem}.qgs", ET.tostring(top, encoding="unicode", xml_declaration=True))
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputRefused(_("{file} cannot be written: {why}").format(file=out.name, why=error.strerror)) from error
    return out


def _coded(form: Form) -> dict[str, _Coded]:
    """Return, for every table of a form, its coded columns with their choices."""
    session, layout = Session(form), layout_of(form)
    for repeat in layout.keys:
        parent = repeat.rpartition("/")[0]
        if session.engine.find(parent) is not None and not session.instances(repeat):
            session.add_repeat(repeat)
    found: dict[str, _Coded] = {}
    for path, owner in layout.owners.items():
        question = session.question(path)
        if question.itemset is None or session.engine.find(path) is None or "[" in question.itemset.nodeset:
            continue  # a filtered list offers other choices in each record
        choices = {choice.value: choice.label for choice in session.choices(path, language())}
        if choices and len(choices) <= _MOST_CHOICES:
            several = question.kind in {Kind.SELECT_MULTIPLE, Kind.RANK}
            found.setdefault(layout.table_of(owner), {})[layout.columns[path]] = (several, choices)
    return found


def _project(store: Store, tables: list[Table], coded: Mapping[str, _Coded], source: str) -> ET.Element:
    top = ET.Element("qgis", version=_VERSION, projectname=store.name)
    _srs(ET.SubElement(top, "projectCrs"), store.crs)
    tree = ET.SubElement(top, "layer-tree-group")
    layers = ET.SubElement(top, "projectlayers")
    relations = ET.SubElement(top, "relations")
    for table in sorted(tables, key=lambda table: table.geometry is None):
        place = f"{Path(source).as_posix()}|layername={table.name}"
        if not place.startswith((".", "/")):
            place = f"./{place}"
        shown = "Qt::Checked" if table.kind is TableKind.ASSET else "Qt::Unchecked"
        head = {"id": table.name, "name": table.label, "source": place, "providerKey": "ogr", "checked": shown}
        ET.SubElement(tree, "layer-tree-layer", head)
        layers.append(_layer(store, table, place, coded.get(table.name, {})))
        if table.parent:
            relations.append(_relation(table))
    return top


def _srs(parent: ET.Element, crs: str) -> None:
    ET.SubElement(ET.SubElement(parent, "spatialrefsys"), "authid").text = crs


def _layer(store: Store, table: Table, place: str, coded: _Coded) -> ET.Element:
    layer = ET.Element("maplayer", type="vector", geometry=_KINDS[table.geometry])
    for name, text in (("id", table.name), ("datasource", place), ("layername", table.label)):
        ET.SubElement(layer, name).text = text
    _srs(ET.SubElement(layer, "srs"), store.crs)
    ET.SubElement(layer, "provider", encoding="UTF-8").text = "ogr"
    fields = ET.SubElement(layer, "fieldConfiguration")
    aliases = ET.SubElement(layer, "aliases")
    virtual = ET.SubElement(layer, "expressionfields")
    for index, column in enumerate(table.columns):
        label = f"{column.label} ({column.unit})" if column.unit else column.label
        ET.SubElement(aliases, "alias", field=column.name, index=str(index), name=label)
        several, choices = coded.get(column.name, (False, {}))
        if choices and not several:
            _value_map(ET.SubElement(fields, "field", name=column.name), choices)
        for name, alias, expression in _flags(column.name, label, choices) if several else ():
            head = {"name": name, "expression": expression, "comment": alias, "typeName": "integer", "type": "2"}
            ET.SubElement(virtual, "field", {**head, "length": "1", "precision": "0", "subType": "0"})
            ET.SubElement(aliases, "alias", field=name, index="-1", name=alias)
    return layer


def _flags(column: str, label: str, choices: Choices) -> Iterator[tuple[str, str, str]]:
    """Yield (name, label, expression) of a column of 1 and 0 for each choice."""
    for code, text in choices.items():
        literal = code.replace("'", "''")
        chosen = f"""array_contains(string_to_array("{column}", ' '), '{literal}')"""
        yield f"{column}/{code}", f"{label}: {text}", f'if("{column}" IS NULL, NULL, if({chosen}, 1, 0))'


def _value_map(field: ET.Element, choices: Choices) -> None:
    config = ET.SubElement(ET.SubElement(field, "editWidget", type="ValueMap"), "config")
    listed = ET.SubElement(ET.SubElement(config, "Option", type="Map"), "Option", type="List", name="map")
    for code, text in choices.items():
        entry = ET.SubElement(listed, "Option", type="Map")
        ET.SubElement(entry, "Option", type="QString", name=text, value=code)


def _relation(table: Table) -> ET.Element:
    head = {"id": table.name, "name": table.label, "strength": "Composition"}
    relation = ET.Element("relation", {**head, "referencingLayer": table.name, "referencedLayer": table.parent})
    ET.SubElement(relation, "fieldRef", referencingField="parent_uid", referencedField="uid")
    return relation
