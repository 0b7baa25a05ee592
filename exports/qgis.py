"""A QGIS project beside the project file: labels in the user's language, value maps, styles, repeats as relations.

The .qgz names the layers of the project file and copies nothing. A select_multiple
keeps its text, and each of its choices is a virtual column of 1 and 0 beside it.
Source of the structure: project files of QGIS 3.22 (fieldConfiguration, aliases,
expressionfields, relations, renderer-v2), which newer versions read too.
"""

import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import shapely

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.geo.crs import parsed
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import GeometryType, Table, TableKind
from fieldsurvey.store import Store
from layers.qgis_style import AREA, LINE, POINT, to_qml
from layers.style_values import SETTING
from layers.symbology import LayerStyle, from_json
from survey_forms import Form, Kind, Session, layout_of, shelf

_VERSION = "3.22.0"
_PREFIX = "fieldsurvey_"  # an id of ten characters or fewer is replaced by QGIS, and no relation finds its layer then
_KINDS = {
    GeometryType.POINT: "Point",
    GeometryType.MULTILINESTRING: "Line",
    GeometryType.MULTIPOLYGON: "Polygon",
    None: "No geometry",
}
_SYMBOLS = {GeometryType.POINT: POINT, GeometryType.MULTILINESTRING: LINE, GeometryType.MULTIPOLYGON: AREA}
_NAMING = ("name", "community_name", "code", "kind", "survey_date", "source_id")  # what a feature is called by
_HIDDEN = ("uid", "_rev", "parent_uid", "odk_xml")  # kept by the program, not typed by people
_SCALES = ("hasScaleBasedVisibilityFlag", "minScale", "maxScale")
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
    ET.SubElement(top, "title").text = store.name
    _srs(ET.SubElement(top, "projectCrs"), store.crs)
    tree = ET.SubElement(top, "layer-tree-group")
    asked = ET.Element("layer-tree-group", name=_("Survey forms"), checked="Qt::Unchecked", expanded="0")
    _canvas(top, store)
    layers = ET.SubElement(top, "projectlayers")
    relations = ET.SubElement(top, "relations")
    styles = from_json(store.setting(SETTING))
    for table in _from_the_top(tables, styles):
        place = f"{Path(source).as_posix()}|layername={table.name}"
        if not place.startswith((".", "/")):
            place = f"./{place}"
        style = styles.get(table.name)
        shown = "Qt::Checked" if table.kind is TableKind.ASSET and (style is None or style.visible) else "Qt::Unchecked"
        head = {"id": _id(table.name), "name": table.label, "source": place, "providerKey": "ogr", "checked": shown}
        is_asset = table.kind is TableKind.ASSET
        ET.SubElement(tree if is_asset else asked, "layer-tree-layer", {**head, "expanded": "0"})
        layers.append(_layer(store, table, place, coded.get(table.name, {}), style))
        if table.parent:
            relations.append(_relation(table))
    tree.append(asked)
    _settings(top)
    return top


def _from_the_top(tables: list[Table], styles: Mapping[str, LayerStyle]) -> list[Table]:
    """Return tables as the layer tree lists them: what is drawn last first, those without geometry at the end."""
    order = {table: place for place, table in enumerate(styles)}
    return sorted(tables, key=lambda table: (table.geometry is None, -order.get(table.name, -1)))


def _id(table: str) -> str:
    return f"{_PREFIX}{table}"


def _canvas(top: ET.Element, store: Store) -> None:
    """Show all communities at first."""
    outlines = shapely.from_wkb([row["geom"] for row in store.select("community", ["geom"]) if row["geom"] is not None])
    if not len(outlines):
        return
    canvas = ET.SubElement(top, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    extent = ET.SubElement(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), shapely.total_bounds(outlines).tolist(), strict=True):
        ET.SubElement(extent, name).text = f"{value:.3f}"
    _srs(ET.SubElement(canvas, "destinationsrs"), store.crs)


def _settings(top: ET.Element) -> None:
    """Say that the project has a CRS, and that its layers are found beside it wherever the folder goes."""
    properties = ET.SubElement(top, "properties")
    projected = ET.SubElement(properties, "SpatialRefSys")
    ET.SubElement(projected, "ProjectionsEnabled", type="int").text = "1"
    ET.SubElement(ET.SubElement(properties, "Paths"), "Absolute", type="bool").text = "false"


def _srs(parent: ET.Element, crs: str) -> None:
    system = ET.SubElement(parent, "spatialrefsys")
    ET.SubElement(system, "authid").text = crs
    ET.SubElement(system, "wkt").text = parsed(crs).to_wkt()  # without it QGIS does not look at the code


def _layer(store: Store, table: Table, place: str, coded: _Coded, style: LayerStyle | None) -> ET.Element:
    layer = ET.Element("maplayer", type="vector", geometry=_KINDS[table.geometry])
    for name, text in (("id", _id(table.name)), ("datasource", place), ("layername", table.label)):
        ET.SubElement(layer, name).text = text
    _srs(ET.SubElement(layer, "srs"), store.crs)
    ET.SubElement(layer, "provider", encoding="UTF-8").text = "ogr"
    if style is not None and table.geometry is not None:
        _drawn(layer, style, _SYMBOLS[table.geometry])
    _columns(layer, table, coded)
    named = {column.name for column in table.columns}
    ET.SubElement(layer, "previewExpression").text = f'"{next((name for name in _NAMING if name in named), "fid")}"'
    return layer


def _drawn(layer: ET.Element, style: LayerStyle, kind: str) -> None:
    """Let a layer look as on the map."""
    form, dot, question = style.column.partition(".")
    answer = f"""attribute(get_feature('{_id(form)}', 'subject_uid', "uid"), '{question}')""" if dot else ""
    look = ET.fromstring(to_qml(style, kind, answer))  # noqa: S314 - written by ourselves
    for name in _SCALES:
        if name in look.attrib:
            layer.set(name, look.attrib[name])
    layer.extend(look)


def _columns(layer: ET.Element, table: Table, coded: _Coded) -> None:
    fields = ET.SubElement(layer, "fieldConfiguration")
    aliases = ET.SubElement(layer, "aliases")
    virtual = ET.SubElement(layer, "expressionfields")
    for name in _HIDDEN:
        ET.SubElement(ET.SubElement(fields, "field", name=name), "editWidget", type="Hidden")
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
    ends = {"referencingLayer": _id(table.name), "referencedLayer": _id(str(table.parent))}
    relation = ET.Element("relation", {**head, **ends})
    ET.SubElement(relation, "fieldRef", referencingField="parent_uid", referencedField="uid")
    return relation
