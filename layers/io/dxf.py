"""DXF drawings by ezdxf: CASS layers, blocks, arcs, notes, units, code pages.

A drawing has no records, only strokes. CAD layers that stand for one of our
tables become a layer each; the rest comes as at most one layer of points, of
lines, of areas and of notes, with the CAD layer as an attribute, so that a
drawing of a hundred layers does not become a hundred tables. Notes inside an
outline become its attributes. External references and images are never opened.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import GeometryType
from layers.io import cass, checks, encodings
from layers.io.mapping import table_by_name
from layers.io.raw import RawLayer
from layers.io.report import FileReport

_POINT, _LINE, _AREA = GeometryType.POINT, GeometryType.MULTILINESTRING, GeometryType.MULTIPOLYGON
_SAGITTA = 0.01  # drawing units by which the short lines of an arc may leave it
_NOTHING = 1e-9
_RECURS = 3  # a block inserted that often is a symbol, not a part of the drawing
_SYMBOL_SIZE = 10.0  # m; a block smaller than that in a drawing with real coordinates is a symbol
_MAX_STROKES = 2_000_000  # of one insert: blocks in blocks in blocks end here
_UTF8_SINCE = "AC1021"  # R2007: text is UTF-8 from here on, before in the code page of the header
_MILLIMETRE = 0.001  # m
_UNITS = {1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 7: 1000.0, 14: 0.1}  # $INSUNITS -> m
_UNICODE = re.compile(r"\\U\+([0-9a-fA-F]{4})")
_MULTIBYTE = re.compile(r"\\M\+([1-5])([0-9a-fA-F]{4})")
_PAGES = {"1": "cp932", "2": "cp950", "3": "cp949", "4": "cp1361", "5": "gb18030"}
_CURVES = {"ARC", "CIRCLE", "ELLIPSE", "SPLINE", "LWPOLYLINE", "POLYLINE"}
_FACES = {"SOLID", "TRACE", "3DFACE"}
_TEXTS = {"TEXT", "MTEXT", "ATTRIB"}
_NO_MEANING = {"ATTDEF", "VIEWPORT", "SEQEND", "VERTEX", "RAY", "XLINE"}


@dataclass(slots=True)
class _Stroke:
    """One thing drawn: its geometry, and what the drawing says of it."""

    shape: shapely.Geometry
    kind: GeometryType
    layer: str
    entity: str
    block: str = ""
    text: str = ""
    height: float | None = None
    attributes: dict[str, str] = field(default_factory=dict)


def read(path: Path, report: FileReport, encoding: str | None = None) -> list[RawLayer]:
    """Return the layers of a drawing, coordinates in metres where its units are known.

    Raises:
        InputRefused: If it is no drawing or damaged beyond reading.
    """
    drawing = _opened(path, report, encoding)
    _flatten(drawing)
    strokes = list(_strokes(drawing, report))
    _tell_layers(drawing, strokes, report)
    if not strokes:
        if report.warnings:  # something is in it, and why it did not come is told
            return []
        report.note("empty_drawing", _("{file} is an empty drawing: nothing is drawn in it.").format(file=path.name))
        return []
    _scaled(strokes, drawing, report)
    _label(strokes)
    return _layers(strokes, path.stem)


def read_checked(path: Path, report: FileReport, encoding: str | None = None) -> list[RawLayer]:
    """Return the layers of a drawing after looking at what the file is.

    Raises:
        InputRefused: If it is not there, empty, a renamed DWG, or damaged beyond reading.
    """
    checks.check_size(path)
    with path.open("rb") as source:
        head = source.read(6)
    if head.startswith(b"AC10"):
        raise InputRefused(
            _("{file} is a DWG drawing renamed. Save it as DXF (R2000 or later) in the CAD program.").format(
                file=path.name
            )
        )
    return read(path, report, encoding)


# --- opening ---------------------------------------------------------------------------------------------------------


def _opened(path: Path, report: FileReport, encoding: str | None) -> Any:  # noqa: ANN401 - ezdxf's drawing
    from ezdxf import recover
    from ezdxf.filemanagement import readfile

    data = path.read_bytes()
    binary = data.startswith(b"AutoCAD Binary DXF")
    if binary:
        report.warn("binary_dxf", _("{file} is a binary DXF; look whether everything is there.").format(file=path.name))
    elif b"SECTION" not in data[: 1 << 16]:
        raise InputRefused(_("{file} is no DXF drawing: its content is something else.").format(file=path.name))
    elif b"EOF" not in data[-64:]:
        report.warn("truncated", _("{file} is cut off: its end is missing. What is left was read.").format(
            file=path.name
        ))  # fmt: skip
    chosen = _encoding(data, report, encoding)
    try:
        return readfile(path, encoding=chosen)
    except Exception:  # noqa: BLE001, S110 - whatever the library makes of damage; recovery follows
        pass
    try:
        drawing, auditor = recover.readfile(path)
    except Exception as error:
        raise _damaged(path, error) from error
    text = _("{file} is damaged; what could be recovered was read ({n} errors mended).")
    report.warn("recovered", text.format(file=path.name, n=len(auditor.fixes) + len(auditor.errors)))
    return drawing


def _damaged(path: Path, error: Exception) -> InputRefused:
    """Return the refusal of a drawing, with the line that the library names, if it does."""
    line = re.search(r"line (\d+)", str(error))
    if line is None:
        return InputRefused(_("{file} is damaged and cannot be opened.").format(file=path.name))
    text = _("{file} is damaged at line {line} and cannot be read. Save it again in the CAD program.")
    return InputRefused(text.format(file=path.name, line=line[1]))


def _plain(text: object) -> str:
    r"""Return a text with its escapes as characters, and blanks as one blank each.

    Before R2007 a character outside the code page is written as \U+67AB, or as
    \M+5B7E3: bytes in the code page of that number.
    """
    whole = _UNICODE.sub(lambda found: chr(int(found[1], 16)), str(text))
    whole = _MULTIBYTE.sub(lambda found: bytes.fromhex(found[2]).decode(_PAGES[found[1]], "replace"), whole)
    return " ".join(whole.split())


def _encoding(data: bytes, report: FileReport, encoding: str | None) -> str | None:
    """Return the encoding where the one in the header is wrong or a person named one; None: as the header says."""
    if encoding:
        report.encoding, report.encoding_how = encoding, _("as you said")
        return encoding
    head = data[:4096]
    version = head.partition(b"$ACADVER")[2][:40].split()
    if data.isascii() or data.startswith(b"AutoCAD Binary DXF") or (len(version) > 1 and version[1] >= b"AC1021"):
        return None
    page = head.partition(b"$DWGCODEPAGE")[2][:40].split()
    stated = page[1].decode("ascii", "replace").upper() if len(page) > 1 else ""
    found = encodings.of_bytes(data)
    if stated in {"ANSI_936", "GB2312"} and found.name == "GB18030":
        report.encoding, report.encoding_how = found.name, _("stated by the file")
    else:
        encodings.note(report, found)
    return found.name


def _tell_layers(drawing: Any, strokes: list[_Stroke], report: FileReport) -> None:  # noqa: ANN401
    """Tell which CAD layers there are; with those that stand for nothing of ours a person should choose."""
    used = {entity.dxf.layer for entity in drawing.modelspace() if entity.dxf.is_supported("layer")}
    hidden = sorted(
        _plain(layer.dxf.name)
        for layer in drawing.layers
        if layer.dxf.name in used and (layer.is_off() or layer.is_frozen())
    )
    if hidden:
        text = _("{n} layers are switched off or frozen in the drawing and were read too: {names}.")
        report.warn("hidden_layers", text.format(n=len(hidden), names="、".join(hidden[:5])))
    foreign = sorted({stroke.layer for stroke in strokes if stroke.entity != "TEXT" and not _table(stroke)})
    if len(foreign) > 1:
        text = _("{n} layers of the drawing stand for none of ours and were kept together: {names}.")
        report.warn("cad_layers", text.format(n=len(foreign), names="、".join(foreign[:8])))


def _flatten(drawing: Any) -> None:  # noqa: ANN401
    """Give inserts that some programs write with a scale of nothing in one direction a whole one: maps are flat."""
    for insert in drawing.query("INSERT"):
        for scale in ("xscale", "yscale", "zscale"):
            if abs(insert.dxf.get(scale, 1.0)) < _NOTHING:
                insert.dxf.set(scale, 1.0)
    for block in drawing.blocks:
        for insert in block.query("INSERT"):
            if abs(insert.dxf.zscale) < _NOTHING:
                insert.dxf.zscale = 1.0


# --- strokes ---------------------------------------------------------------------------------------------------------


def _strokes(drawing: Any, report: FileReport) -> Iterator[_Stroke]:  # noqa: ANN401
    walk = _Walk(drawing, report)
    yield from walk.strokes(drawing.modelspace(), "")
    walk.tell()


class _Walk:
    """Goes through the entities of a drawing, into blocks that are a part of it, and counts what it leaves out."""

    def __init__(self, drawing: Any, report: FileReport) -> None:  # noqa: ANN401
        self._drawing, self._report = drawing, report
        inserts = drawing.modelspace().query("INSERT")
        self._inserted: Counter[str] = Counter()
        for insert in inserts:
            self._inserted[insert.dxf.name] += max(1, insert.mcount)
        self._left_out: Counter[str] = Counter()
        self._missing: set[str] = set()
        self._outside: set[str] = set()
        self._broken = 0
        self._sizes: dict[str, float] = {}

    def strokes(self, entities: Iterable[Any], layer: str) -> Iterator[_Stroke]:
        """Yield what is drawn by the entities; those of a block on layer 0 take the layer of the insert."""
        for entity in entities:
            kind = entity.dxftype()
            try:
                if kind == "INSERT":
                    yield from self._insert(entity, layer)
                elif kind not in _NO_MEANING:
                    yield from self._drawn(entity, kind, layer)
            except (ValueError, TypeError, ArithmeticError, AttributeError, IndexError, shapely.errors.GEOSException):
                self._broken += 1

    def _drawn(self, entity: Any, kind: str, layer: str) -> Iterator[_Stroke]:  # noqa: ANN401
        name = _plain(entity.dxf.layer) if entity.dxf.layer != "0" or not layer else layer
        if kind in _TEXTS:
            yield _note(entity, kind, name)
            return
        shapes = _shapes(entity, kind)
        if shapes is None:
            self._left_out[kind] += 1
            return
        for shape in shapes:
            yield _Stroke(shape, _kind_of(shape), name, kind, height=_height(entity, kind))

    def _insert(self, insert: Any, layer: str) -> Iterator[_Stroke]:  # noqa: ANN401
        name = _plain(insert.dxf.layer) if insert.dxf.layer != "0" or not layer else layer
        block = self._drawing.blocks.get(insert.dxf.name)
        if block is None:
            self._missing.add(insert.dxf.name)
            return
        if block.block is not None and block.block.is_xref:
            self._outside.add(insert.dxf.name)
            return
        if self._size(insert.dxf.name, ()) * max(1, insert.mcount) > _MAX_STROKES:
            raise InputRefused(_("The drawing inserts blocks into blocks without end ({name}).").format(
                name=insert.dxf.name
            ))  # fmt: skip
        for one in insert.multi_insert() if insert.mcount > 1 else (insert,):
            if self._is_symbol(one, block):
                yield _symbol(one, name)
            else:
                yield from self.strokes(one.virtual_entities(), name)
                yield from self.strokes(one.attribs, name)

    def _size(self, name: str, above: tuple[str, ...]) -> float:
        """Return how many strokes a block comes to, with all blocks in it; endless for one that holds itself."""
        if name in above:
            return float("inf")
        if name not in self._sizes:
            block = self._drawing.blocks.get(name)
            total = 0.0 if block is None else float(len(block))
            for insert in [] if block is None else block.query("INSERT"):
                total += max(1, insert.mcount) * self._size(insert.dxf.name, (*above, name))
            self._sizes[name] = total
        return self._sizes[name]

    def _is_symbol(self, insert: Any, block: Any) -> bool:  # noqa: ANN401
        """Say whether a block marks a place; otherwise it is a piece of the drawing."""
        if insert.attribs or self._inserted[insert.dxf.name] >= _RECURS:
            return True
        if cass.table_of_symbol(_plain(insert.dxf.name), _plain(insert.dxf.layer)):
            return True
        place = insert.dxf.insert
        if max(abs(place.x), abs(place.y)) < 1e5:
            return False
        from ezdxf import bbox

        box = bbox.extents(block, fast=True)
        scale = max(abs(insert.dxf.xscale), abs(insert.dxf.yscale))
        return bool(box.has_data) and max(box.size.x, box.size.y) * scale <= _SYMBOL_SIZE

    def tell(self) -> None:
        """Write into the report what was left out, and why."""
        if self._left_out:
            kinds = "、".join(f"{kind} {n}" for kind, n in self._left_out.most_common(6))
            text = _("Entities without a counterpart on a map were left out: {kinds}.")
            self._report.warn("entities_skipped", text.format(kinds=kinds))
        if self._missing:
            text = _("Blocks that the drawing does not define were left out: {names}.")
            self._report.warn("block_missing", text.format(names="、".join(sorted(self._missing)[:5])))
        if self._outside:
            text = _("The drawing refers to other files, which were not opened: {names}.")
            self._report.warn("external_reference", text.format(names="、".join(sorted(self._outside)[:5])))
        if self._broken:
            text = _("{n} entities are damaged and were left out.")
            self._report.warn("entities_damaged", text.format(n=self._broken))


def _symbol(insert: Any, layer: str) -> _Stroke:  # noqa: ANN401
    place = insert.ocs().to_wcs(insert.dxf.insert)
    attributes = {_plain(item.dxf.tag): _plain(item.dxf.text) for item in insert.attribs if _plain(item.dxf.text)}
    height = float(place.z) if place.z else None
    point = shapely.Point(place.x, place.y)
    return _Stroke(point, _POINT, layer, "INSERT", _plain(insert.dxf.name), height=height, attributes=attributes)


def _note(entity: Any, kind: str, layer: str) -> _Stroke:  # noqa: ANN401
    text = entity.plain_text() if kind in {"MTEXT", "TEXT", "ATTRIB"} else entity.dxf.text
    place = entity.dxf.insert if kind == "MTEXT" else entity.ocs().to_wcs(entity.dxf.insert)
    return _Stroke(shapely.Point(place.x, place.y), _POINT, layer, "TEXT", text=_plain(text))


def _shapes(entity: Any, kind: str) -> list[shapely.Geometry] | None:  # noqa: ANN401
    """Return the geometries of an entity in world coordinates; None for a kind that has none on a map."""
    if kind == "POINT":
        return [shapely.Point(entity.dxf.location.x, entity.dxf.location.y)]
    if kind == "LINE":
        ends = [(entity.dxf.start.x, entity.dxf.start.y), (entity.dxf.end.x, entity.dxf.end.y)]
        return [shapely.LineString(ends)]
    if kind in _FACES:
        corners = [(corner.x, corner.y) for corner in entity.wcs_vertices()]
        return [shapely.Polygon(corners)] if len(corners) > 2 else []
    if kind == "HATCH":
        return _hatch(entity)
    if kind in _CURVES and not (kind == "POLYLINE" and not (entity.is_2d_polyline or entity.is_3d_polyline)):
        return _path(entity, kind)
    return None


def _path(entity: Any, kind: str) -> list[shapely.Geometry]:  # noqa: ANN401
    from ezdxf.path import make_path

    points = [(point.x, point.y) for point in make_path(entity).flattening(_SAGITTA)]
    if len(points) < 2:
        return []
    closed = kind == "CIRCLE" or bool(getattr(entity, "closed", False) or getattr(entity, "is_closed", False))
    if (closed or points[0] == points[-1]) and len(set(points)) > 2:
        return [shapely.Polygon(points)]
    return [shapely.LineString(points)]


def _hatch(entity: Any) -> list[shapely.Geometry]:  # noqa: ANN401
    """Return the areas of a hatch: its rings, nested as filled by the even-odd rule."""
    from ezdxf.path import from_hatch

    rings = []
    for path in from_hatch(entity):
        points = [(point.x, point.y) for point in path.flattening(_SAGITTA)]
        if len(set(points)) > 2:
            rings.append(shapely.make_valid(shapely.Polygon(points)))
    filled: shapely.Geometry = shapely.Polygon()
    for ring in sorted(rings, key=shapely.area, reverse=True):
        filled = shapely.symmetric_difference(filled, ring)
    return [part for part in shapely.get_parts(filled) if part.geom_type == "Polygon"]


def _kind_of(shape: shapely.Geometry) -> GeometryType:
    return {"Point": _POINT, "Polygon": _AREA}.get(shape.geom_type, _LINE)


def _height(entity: Any, kind: str) -> float | None:  # noqa: ANN401
    if kind == "POINT":
        return float(entity.dxf.location.z) or None
    if kind == "LWPOLYLINE":
        return float(entity.dxf.elevation) or None
    if kind == "POLYLINE" and entity.is_2d_polyline:
        return float(entity.dxf.elevation.z) or None
    return None


# --- units and notes -------------------------------------------------------------------------------------------------


def _scaled(strokes: list[_Stroke], drawing: Any, report: FileReport) -> None:  # noqa: ANN401
    """Bring the drawing to metres: by its coordinates if they are those of a grid in use, else by $INSUNITS."""
    unit = int(drawing.header.get("$INSUNITS", 0) or 0)
    factor = _UNITS.get(unit, 1.0)
    box = _grid_box(strokes)
    if factor != 1.0 and crs.fits_grid(box):
        text = _("The drawing states another unit, but its coordinates are metres of a grid in use; read as metres.")
        report.note("unit", text)
        return
    if unit == 0 and not crs.fits_grid(box) and crs.fits_grid(_by(box, _MILLIMETRE)):
        factor = _MILLIMETRE  # none is stated, but as millimetres they are those of a grid
    if factor == 1.0:
        return
    if crs.fits_grid(_by(box, factor)):
        for stroke in strokes:
            stroke.shape = shapely.transform(stroke.shape, lambda xy: xy * factor)
        text = _("The drawing is in a unit of {factor:g} m and its coordinates fit; they were brought to metres.")
        report.warn("unit", text.format(factor=factor))
    else:
        text = _("The drawing states a unit of {factor:g} m; its coordinates fit no grid and were kept as they are.")
        report.note("unit", text.format(factor=factor))


def _by(box: tuple[float, float, float, float], factor: float) -> tuple[float, float, float, float]:
    return (box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor)


def _grid_box(strokes: list[_Stroke]) -> tuple[float, float, float, float]:
    boxes = shapely.bounds([stroke.shape for stroke in strokes])
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return (0.0, 0.0, 0.0, 0.0)
    low, high = np.percentile(boxes[:, :2], 1, axis=0), np.percentile(boxes[:, 2:], 99, axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _label(strokes: list[_Stroke]) -> None:
    """Give each outline the notes that stand in it and in no smaller one."""
    areas = [stroke for stroke in strokes if stroke.kind is _AREA]
    notes = [stroke for stroke in strokes if stroke.entity == "TEXT" and stroke.text]
    if not areas or not notes:
        return
    tree = shapely.STRtree([area.shape for area in areas])
    rows, hits = tree.query([note.shape for note in notes], predicate="intersects")
    sizes = shapely.area(np.array([area.shape for area in areas], object))
    smallest: dict[int, int] = {}
    for row, hit in zip(rows.tolist(), hits.tolist(), strict=True):
        if row not in smallest or sizes[hit] < sizes[smallest[row]]:
            smallest[row] = hit
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row, hit in sorted(smallest.items()):
        found[hit].append(notes[row].text)
    for hit, texts in found.items():
        areas[hit].text = " ".join(texts)


# --- layers ----------------------------------------------------------------------------------------------------------

_WORDS = {_POINT: "点", _LINE: "线", _AREA: "面"}


def _layers(strokes: list[_Stroke], stem: str) -> list[RawLayer]:
    groups: defaultdict[tuple[str, str], list[_Stroke]] = defaultdict(list)
    for stroke in strokes:
        groups[_target(stroke, stem)].append(stroke)
    return [_layer(name, table, members) for (name, table), members in sorted(groups.items())]


def _target(stroke: _Stroke, stem: str) -> tuple[str, str]:
    """Return name and table of the layer that a stroke goes to."""
    if stroke.entity == "TEXT":
        return f"{stem}_注记", ""
    table = _table(stroke)
    return (stroke.layer, table) if table else (f"{stem}_{_WORDS[stroke.kind]}", "")


def _table(stroke: _Stroke) -> str:
    if stroke.block and (table := cass.table_of_symbol(stroke.block, stroke.layer)):
        return table
    return cass.table_of(stroke.layer, stroke.kind) or table_by_name(stroke.layer, stroke.kind)


def _layer(name: str, table: str, strokes: list[_Stroke]) -> RawLayer:
    fields: dict[str, list[object]] = {
        "图层": [stroke.layer for stroke in strokes],
        "实体": [stroke.entity for stroke in strokes],
        "图块": [stroke.block or None for stroke in strokes],
        "文字": [stroke.text or None for stroke in strokes],
        "高程": [stroke.height for stroke in strokes],
    }
    if table == "building":
        houses = [cass.house([stroke.text]) for stroke in strokes]
        fields["楼栋号"] = [house.name for house in houses]
        fields["结构类型"] = [house.structure for house in houses]
        fields["地上层数"] = [house.floors for house in houses]
    elif table == "community":
        fields["小区名称"] = [stroke.text or None for stroke in strokes]
    elif table.endswith("_line"):
        fields["管线类别"] = [cass.pipe_class(stroke.layer) or None for stroke in strokes]
    for tag in dict.fromkeys(tag for stroke in strokes for tag in stroke.attributes):
        label = tag if tag not in fields else f"{tag}_2"
        fields[label] = [stroke.attributes.get(tag) for stroke in strokes]
    filled = {label: values for label, values in fields.items() if any(value is not None for value in values)}
    shapes = np.array([stroke.shape for stroke in strokes], object)
    return RawLayer(name, filled, shapes, target=table, drawn=True)
