"""Styles for QGIS and from it: the .qml text that QGIS reads beside a layer, or from the table layer_styles.

Written for QGIS 3 (tried with 3.22). Read back is what is simple: one symbol,
categories, ranges; one layer per symbol; single labels. What is not simple is
told and left out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.style import STREETS
from layers.symbology import (
    BY_SCALE,
    CATEGORISED,
    FAR,
    GRADUATED,
    SINGLE,
    LabelStyle,
    LayerStyle,
    StyleClass,
    Symbol,
)

_PX, _GROUND = "Pixel", "MapUnit"
_SHAPES = {"circle": "circle", "square": "square", "triangle": "triangle", "diamond": "diamond", "cross": "cross2"}
_FROM_SHAPES = {name: shape for shape, name in _SHAPES.items()} | {"cross": "cross", "rectangle": "square"}
_DASHES = {"": "solid", "dash": "dash", "dot": "dot"}
_FROM_DASHES = {name: dash for dash, name in _DASHES.items()}
_PX_OF = {"Pixel": 1.0, "MM": 96 / 25.4, "Point": 96 / 72, "Inch": 96.0}
_LARGEST = 20_000_000  # bytes of a .qml: a style, not a data file
POINT, LINE, AREA = "marker", "line", "fill"
_Element = Any  # lxml has no type information here


def to_qml(style: LayerStyle, kind: str, attribute: str = "") -> str:
    """Return the .qml text of a style.

    Args:
        style: The style; of one by scale, what is drawn when near. One by what the program counts, or by the answers
            of a form, has no column in the layer: without an attribute it becomes one outline.
        kind: POINT, LINE or AREA: what the layer holds.
        attribute: Expression of QGIS that gives the value of such a style.
    """
    if not (attribute or _is_own(style.column)):
        style = replace(style, kind=SINGLE, symbol=replace(style.symbol, fill="") if kind == AREA else style.symbol)
    attributes = {"version": "3.22", "styleCategories": "Symbology|Labeling|Rendering"}
    if style.farthest < FAR or style.nearest > 0:
        attributes |= {
            "hasScaleBasedVisibilityFlag": "1", "minScale": f"{style.farthest:g}", "maxScale": f"{style.nearest:g}"
        }  # fmt: skip
    root = etree.Element("qgis", attributes)
    _renderer(root, replace(style, column=attribute or style.column), kind)
    if style.label.column and _is_own(style.label.column):
        _labels(root, style.label)
    etree.SubElement(root, "blendMode").text = "0"
    text: str = etree.tostring(root, encoding="unicode", pretty_print=True)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + text


def _is_own(column: str) -> bool:
    """Say whether a column stands in the layer itself."""
    return not column.startswith("@") and "." not in column


def _renderer(root: _Element, style: LayerStyle, kind: str) -> None:
    types = {
        SINGLE: "singleSymbol",
        BY_SCALE: "singleSymbol",
        CATEGORISED: "categorizedSymbol",
        GRADUATED: "graduatedSymbol",
    }
    renderer = etree.SubElement(root, "renderer-v2", type=types[style.kind], forceraster="0", enableorderby="0")
    symbols: list[Symbol] = []
    if style.kind in {CATEGORISED, GRADUATED}:
        renderer.set("attr", style.column)
        if style.kind == CATEGORISED:
            _categories(renderer, style)
            symbols = [*(one.symbol for one in style.classes), style.symbol]
        else:
            renderer.set("graduatedMethod", "GraduatedColor")
            ranges = etree.SubElement(renderer, "ranges")
            for number, one in enumerate(style.classes):
                edges = {"lower": repr(one.low), "upper": repr(one.high)}
                etree.SubElement(ranges, "range", symbol=str(number), label=one.label, render="true", **edges)
            symbols = [one.symbol for one in style.classes]
    else:
        symbols = [style.symbols(1.0)[0]]
    holder = etree.SubElement(renderer, "symbols")
    for number, symbol in enumerate(symbols):
        _symbol(holder, str(number), symbol, kind, STREETS.get(style.table, 0.0))


def _categories(renderer: _Element, style: LayerStyle) -> None:
    categories = etree.SubElement(renderer, "categories")
    for number, one in enumerate(style.classes):
        etree.SubElement(
            categories, "category", symbol=str(number), value=one.value, label=one.label, render="true", type="string"
        )
    etree.SubElement(
        categories, "category", symbol=str(len(style.classes)), value="", label="", render="true", type="string"
    )


def _symbol(holder: _Element, name: str, symbol: Symbol, kind: str, street: float) -> None:
    element = etree.SubElement(holder, "symbol", type=kind, name=name, alpha=f"{symbol.opacity:g}", clip_to_extent="1")
    dash = _DASHES[symbol.dash]
    outline = symbol.line or "#000000"
    if kind == POINT:
        options = {
            "name": _SHAPES.get(symbol.shape, "circle"), "color": _rgba(symbol.fill), "size": f"{symbol.size:g}",
            "size_unit": _PX, "outline_color": _rgba(symbol.line), "outline_width": "1", "outline_width_unit": _PX,
            "outline_style": "solid" if symbol.line else "no",
        }  # fmt: skip
        layer = "SimpleMarker"
    elif kind == LINE:
        options = {
            "line_color": _rgba(outline), "line_width": f"{symbol.width * (street or 1.0):g}", "line_style": dash,
            "line_width_unit": _GROUND if street else _PX, "capstyle": "round", "joinstyle": "round",
        }  # fmt: skip
        layer = "SimpleLine"
    else:
        options = {
            "color": _rgba(symbol.fill), "style": "solid" if symbol.fill else "no", "outline_color": _rgba(outline),
            "outline_style": dash if symbol.line else "no", "outline_width": f"{symbol.width:g}",
            "outline_width_unit": _PX,
        }  # fmt: skip
        layer = "SimpleFill"
    part = etree.SubElement(element, "layer", {"class": layer, "enabled": "1", "pass": "0", "locked": "0"})
    table = etree.SubElement(part, "Option", type="Map")
    for key, value in options.items():
        etree.SubElement(table, "Option", type="QString", name=key, value=value)
        etree.SubElement(part, "prop", k=key, v=value)  # QGIS before 3.26 reads this form


def _labels(root: _Element, label: LabelStyle) -> None:
    labeling = etree.SubElement(root, "labeling", type="simple")
    settings = etree.SubElement(labeling, "settings")
    text = etree.SubElement(
        settings, "text-style", fieldName=label.column, fontSize=f"{label.size:g}", fontSizeUnit=_PX,
        textColor="42,33,24,255", isExpression="0",
    )  # fmt: skip
    draw = "1" if label.halo else "0"
    etree.SubElement(
        text, "text-buffer", bufferDraw=draw, bufferSize="1.5", bufferSizeUnits=_PX, bufferColor="255,255,255,255"
    )
    etree.SubElement(settings, "placement", priority=str(min(max(label.priority, 0), 10)))
    etree.SubElement(
        settings, "rendering", scaleVisibility="1", scaleMin="1", scaleMax=f"{label.farthest:g}", minFeatureSize="0"
    )


def _rgba(colour: str) -> str:
    if not colour:
        return "0,0,0,0"
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"{red},{green},{blue},255"


# --- reading -------------------------------------------------------------------------------------------------------


def from_qml(text: str, base: LayerStyle) -> tuple[LayerStyle, list[str]]:
    """Return the style of a .qml text, and what of it could not be taken.

    Args:
        text: The file.
        base: The style of the layer now: what the text does not say stays.

    Raises:
        InputRefused: If it is no QGIS style, or one that is not simple.
    """
    if len(text) > _LARGEST:
        raise InputRefused(_("This file is too large for a style."))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise InputRefused(_("This is no QGIS style (.qml): {why}.").format(why=error)) from error
    renderer = root.find("renderer-v2") if root.tag == "qgis" else None
    if renderer is None:
        raise InputRefused(_("This is no QGIS style (.qml): {why}.").format(why="renderer-v2"))
    told: list[str] = []
    street = STREETS.get(base.table, 0.0)
    symbols = {one.get("name", ""): _read_symbol(one, told, street) for one in renderer.iterfind("symbols/symbol")}
    readers: Mapping[str, Callable[..., LayerStyle]] = {
        "singleSymbol": _read_single, "categorizedSymbol": _read_categories, "graduatedSymbol": _read_ranges,
    }  # fmt: skip
    reader = readers.get(renderer.get("type", ""))
    if reader is None or not symbols:
        text_ = _("Styles of the kind {kind} are not taken over: only single symbols, categories and ranges.")
        raise InputRefused(text_.format(kind=renderer.get("type", "?")))
    made = reader(renderer, symbols, base)
    if root.get("hasScaleBasedVisibilityFlag") == "1":
        made = replace(
            made,
            farthest=_float(root.get("minScale"), FAR) or FAR,
            nearest=_float(root.get("maxScale"), 0.0),
        )
    return replace(made, label=_read_label(root, base.label, told)), told


def _read_single(_renderer: _Element, symbols: Mapping[str, Symbol], base: LayerStyle) -> LayerStyle:
    return replace(base, kind=SINGLE, column="", classes=(), symbol=next(iter(symbols.values())))


def _read_categories(renderer: _Element, symbols: Mapping[str, Symbol], base: LayerStyle) -> LayerStyle:
    classes, other = [], base.symbol
    for one in renderer.iterfind("categories/category"):
        symbol = symbols.get(one.get("symbol", ""), base.symbol)
        if one.get("value"):
            classes.append(StyleClass(one.get("label") or one.get("value"), symbol, one.get("value")))
        else:
            other = symbol
    column = _column(renderer.get("attr", ""))
    return replace(base, kind=CATEGORISED, column=column, classes=tuple(classes), symbol=other)


def _read_ranges(renderer: _Element, symbols: Mapping[str, Symbol], base: LayerStyle) -> LayerStyle:
    classes = tuple(
        StyleClass(
            one.get("label", ""), symbols.get(one.get("symbol", ""), base.symbol), "",
            _float(one.get("lower"), 0.0), _float(one.get("upper"), FAR),
        )
        for one in renderer.iterfind("ranges/range")
    )  # fmt: skip
    return replace(base, kind=GRADUATED, column=_column(renderer.get("attr", "")), classes=classes)


def _column(attribute: str) -> str:
    return attribute.strip().strip('"')


def _read_symbol(element: _Element, told: list[str], street: float) -> Symbol:
    layers = element.findall("layer")
    if len(layers) > 1:
        told.append(_("A symbol has several layers; the first was taken."))
    if not layers:
        return Symbol()
    options = {one.get("k", ""): one.get("v", "") for one in layers[0].iterfind("prop")}
    options |= {one.get("name", ""): one.get("value", "") for one in layers[0].iterfind("Option/Option")}
    opacity = _float(element.get("alpha"), 1.0)
    kind = element.get("type")
    dash = _FROM_DASHES.get(options.get("line_style") or options.get("outline_style", ""), "")
    if kind == LINE:
        is_street = street > 0 and options.get("line_width_unit") == _GROUND
        width = _float(options.get("line_width"), street) / street if is_street else _pixels(options, "line_width", 1.0)
        return Symbol(line=_hex(options.get("line_color", "")) or "#000000", width=width, dash=dash, opacity=opacity)
    outline = "" if options.get("outline_style") == "no" else _hex(options.get("outline_color", ""))
    fill = "" if options.get("style") == "no" else _hex(options.get("color", ""))
    if kind == POINT:
        shape = _FROM_SHAPES.get(options.get("name", ""), "")
        if not shape:
            told.append(_("The marker {name} is drawn as a circle.").format(name=options.get("name", "?")))
        return Symbol(fill, outline, shape=shape or "circle", size=_pixels(options, "size", 6.0), opacity=opacity)
    return Symbol(fill, outline, _pixels(options, "outline_width", 1.0), dash=dash, opacity=opacity)


def _pixels(options: Mapping[str, str], name: str, default: float) -> float:
    return _float(options.get(name), default) * _PX_OF.get(options.get(f"{name}_unit", "MM"), 96 / 25.4)


def _float(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def _hex(text: str) -> str:
    """Return #rrggbb of "r,g,b,a"; empty for what is wholly transparent or no colour."""
    parts = text.split(",")
    try:
        numbers = [min(max(int(float(part)), 0), 255) for part in parts[:4]]
    except ValueError:
        return text.upper() if len(text) == 7 and text.startswith("#") else ""
    if len(numbers) < 3 or (len(numbers) == 4 and numbers[3] == 0):
        return ""
    return "#" + "".join(f"{number:02X}" for number in numbers[:3])


def _read_label(root: _Element, base: LabelStyle, told: list[str]) -> LabelStyle:
    labeling = root.find("labeling")
    if labeling is None:
        return replace(base, column="")
    text = labeling.find("settings/text-style")
    if labeling.get("type") != "simple" or text is None or text.get("isExpression") == "1":
        told.append(_("The labels follow rules or an expression and were left as they are."))
        return base
    halo = text.find("text-buffer")
    rendering = labeling.find("settings/rendering")
    placement = labeling.find("settings/placement")
    size = _float(text.get("fontSize"), base.size) * _PX_OF.get(text.get("fontSizeUnit", "Point"), 96 / 72)
    has_limit = rendering is not None and rendering.get("scaleVisibility") == "1"
    return LabelStyle(
        text.get("fieldName", ""),
        round(size),
        _float(rendering.get("scaleMax"), FAR) if has_limit else FAR,
        int(_float(placement.get("priority"), base.priority)) if placement is not None else base.priority,
        halo is not None and halo.get("bufferDraw") == "1",
    )


def layer_styles(styles: Iterable[tuple[LayerStyle, str]]) -> list[dict[str, object]]:
    """Return the rows of the table layer_styles, from which QGIS takes the styles of a GeoPackage by itself."""
    return [
        {
            "f_table_catalog": "", "f_table_schema": "", "f_table_name": style.table, "f_geometry_column": "geom",
            "styleName": style.table, "styleQML": to_qml(style, kind), "styleSLD": "", "useAsDefault": 1,
            "description": "FieldSurvey", "owner": "", "ui": None,
        }
        for style, kind in styles
    ]  # fmt: skip
