"""KML and KMZ, by lxml: folders, attributes of every kind, tracks with times; nothing outside the file is opened.

GDAL's own KML reader knows few encodings, drops ExtendedData and takes "no,no"
for a place; so the placemarks are read here. Coordinates are WGS 84 degrees,
longitude first (OGC 12-007r2); what shifts them is found by locating.
"""

import re
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io import archive, checks, encodings
from layers.io.raw import RawLayer
from layers.io.report import FileReport

SUFFIXES = frozenset({".kml", ".kmz"})
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]+>", re.IGNORECASE | re.DOTALL)
_OVERLAYS = ("GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Model", "Tour")
_ROOTS = frozenset({"kml", "Document", "Folder", "NetworkLinkControl"})
_MAX_FOLDERS = 30  # more folders than that are an attribute, not layers
_WGS84 = "EPSG:4326"
_MAX_TEXT = 32_767


def read(path: Path, report: FileReport, encoding: str | None = None) -> list[RawLayer]:
    """Return the placemarks of a KML or KMZ, one layer for each folder.

    Raises:
        InputRefused: If it is damaged, defines XML entities, or only points to other files or servers.
    """
    checks.check_size(path)
    with path.open("rb") as source:
        packed = source.read(4) == b"PK\x03\x04"
    if packed or (path.suffix.lower() == ".kmz" and zipfile.is_zipfile(path)):
        with tempfile.TemporaryDirectory(prefix="fieldsurvey-") as folder:
            return _kmz(path, Path(folder), report, encoding)
    return _kml(path, path.stem, report, encoding)


def _kmz(path: Path, folder: Path, report: FileReport, encoding: str | None) -> list[RawLayer]:
    members = archive.unpack(path, folder, report, inner=True)
    found = sorted((m for m in members if m.suffix.lower() == ".kml"), key=lambda m: (m.name != "doc.kml", str(m)))
    if not found:
        raise InputRefused(_("{file} contains no KML.").format(file=path.name))
    read = [found[0], *_linked(found, report)]
    if len(found) > len(read):
        text = _("{file} holds {n} KML files; only {name} was read, as the standard says.")
        names = "、".join(each.name for each in read)
        report.warn("members_skipped", text.format(file=path.name, n=len(found), name=names))
    if len(read) == 1:
        return _kml(read[0], path.stem, report, encoding)
    return [layer for each in read for layer in _kml(each, each.stem, report, encoding, links=False) if len(layer)]


def _linked(found: list[Path], report: FileReport) -> list[Path]:
    """Return the members that the first one links to: parts of one document, not places elsewhere."""
    root = _parsed(encodings.of_xml(found[0].read_bytes(), FileReport(report.file), None), found[0], report)
    hrefs = {_child_text(link, "href").replace("\\", "/") for link in root.iter("{*}Link", "{*}Url")}
    return [each for each in found[1:] if (found[0].parent.resolve() in each.resolve().parents)
            and each.relative_to(found[0].parent).as_posix() in hrefs]  # fmt: skip


def _kml(path: Path, name: str, report: FileReport, encoding: str | None, *, links: bool = True) -> list[RawLayer]:
    checks.check_reference(path)
    root = _parsed(encodings.of_xml(path.read_bytes(), report, encoding), path, report)
    has_placemarks = next(root.iter("{*}Placemark"), None) is not None
    if not has_placemarks and root.tag.rpartition("}")[2] not in _ROOTS:
        text = _("{file} is damaged or no KML (line {line}). Save it again in the program it comes from.")
        raise InputRefused(text.format(file=path.name, line=root.sourceline or 1))
    _tell_left_out(root, report, has_placemarks=has_placemarks or not links)
    walk = _Walk()
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for folder, placemark in _placemarks(root):
        groups[folder].append(walk.row(placemark, folder))
    walk.tell(report)
    if not groups:
        return [RawLayer(name, {}, np.empty(0, object), _WGS84)]
    if len(groups) == 1 or len(groups) > _MAX_FOLDERS:
        return [_layer(name, [row for rows in groups.values() for row in rows])]
    return [_layer(folder or name, rows) for folder, rows in groups.items()]


def _parsed(text: str, path: Path, report: FileReport) -> Any:  # noqa: ANN401 - lxml's element
    from lxml import etree

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise checks.own_entities(path)
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    data = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text).encode("utf-8", "replace")
    try:
        return etree.fromstring(data, etree.XMLParser(**options, encoding="utf-8"))
    except etree.XMLSyntaxError as error:
        root = etree.fromstring(data, etree.XMLParser(**options, encoding="utf-8", recover=True)) if data else None
        if root is None or next(root.iter("{*}Placemark"), None) is None:
            text = _("{file} is damaged or no KML (line {line}). Save it again in the program it comes from.")
            raise InputRefused(text.format(file=path.name, line=error.lineno or 1)) from error
        told = _("{file} is damaged at line {line}; what could be read was read.")
        report.warn("recovered", told.format(file=path.name, line=error.lineno))
        return root


def _tell_left_out(root: Any, report: FileReport, *, has_placemarks: bool) -> None:  # noqa: ANN401
    links = sum(1 for _link in root.iter("{*}NetworkLink"))
    if links and not has_placemarks:
        raise InputRefused(
            _("{file} only points to other files or servers. Hand over the data itself.").format(file=report.file.name)
        )
    if links:
        text = _("{n} links to other files or servers were not followed.")
        report.warn("links_skipped", text.format(n=links))
    overlays = Counter(kind for kind in _OVERLAYS for _overlay in root.iter(f"{{*}}{kind}"))
    if overlays:
        kinds = "、".join(f"{kind} {n}" for kind, n in overlays.items())
        report.warn("entities_skipped", _("Pictures and models were left out: {kinds}.").format(kinds=kinds))


def _placemarks(root: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    for placemark in root.iter("{*}Placemark"):
        holder = next((up for up in placemark.iterancestors("{*}Folder")), None)
        yield ("" if holder is None else _child_text(holder, "name")), placemark


class _Walk:
    """Reads placemarks, and counts what cannot be read in them."""

    def __init__(self) -> None:
        self._unreadable: list[str] = []
        self._surplus = 0
        self._timed = 0

    def row(self, placemark: Any, folder: str) -> dict[str, Any]:  # noqa: ANN401
        """Return the attributes of a placemark and, under "", its geometry."""
        row: dict[str, Any] = {"Name": _child_text(placemark, "name"), "Description": _description(placemark)}
        if folder:
            row["Folder"] = folder
        for data in placemark.iter("{*}Data"):
            row[data.get("name") or "Data"] = _child_text(data, "value")
        for data in placemark.iter("{*}SimpleData"):
            row[data.get("name") or "SimpleData"] = (data.text or "").strip()
        times = [when.text.strip() for when in placemark.iter("{*}when") if when.text]
        if times:
            row["Begin"], row["End"] = times[0], times[-1]
            self._timed += len(times) > 2
        parts = [shape for element in placemark if (shape := self._shape(element)) is not None]
        row[""] = None if not parts else parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts)
        return row

    def _shape(self, element: Any) -> shapely.Geometry | None:  # noqa: ANN401
        kind = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        try:
            return self._of_kind(element, kind)
        except (ValueError, shapely.errors.GEOSException):
            placemark = element if kind == "Placemark" else next(element.iterancestors("{*}Placemark"))
            self._unreadable.append(_child_text(placemark, "name") or f"{element.sourceline}")
            return None

    def _of_kind(self, element: Any, kind: str) -> shapely.Geometry | None:  # noqa: ANN401
        if kind == "Point":
            points = self._coordinates(element)
            self._surplus += len(points) > 1
            return shapely.Point(points[0])
        if kind in {"LineString", "LinearRing"}:
            points = self._coordinates(element)
            return shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
        if kind == "Polygon":
            return self._polygon(element)
        if kind in {"MultiGeometry", "MultiTrack"}:
            return _together([shape for part in element if (shape := self._shape(part)) is not None])
        if kind == "Track":
            places = [(coord.text or "").split()[:2] for coord in element.iter("{*}coord")]
            points = [(float(x), float(y)) for x, y in places]
            if not points:
                raise ValueError(kind)
            return shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
        return None

    def _polygon(self, element: Any) -> shapely.Geometry:  # noqa: ANN401
        outer = element.find(".//{*}outerBoundaryIs")
        if outer is None:
            raise ValueError(element.tag)
        holes = [self._coordinates(ring) for ring in element.iterfind(".//{*}innerBoundaryIs")]
        return shapely.Polygon(self._coordinates(outer), [hole for hole in holes if len(hole) > 2])

    def _coordinates(self, element: Any) -> list[tuple[float, float]]:  # noqa: ANN401
        found = next(element.iter("{*}coordinates"), None)
        text = (found.text or "") if found is not None else ""
        tuples = [item.split(",") for item in re.sub(r"\s*,\s*", ",", text).split()]
        self._surplus += any(len(item) > 3 for item in tuples)
        points = [(float(item[0]), float(item[1])) for item in tuples if len(item) > 1]
        if not points or len(points) < len(tuples):
            raise ValueError(text[:40])
        return points

    def tell(self, report: FileReport) -> None:
        """Write into the report what could not be read."""
        if self._unreadable:
            names = "、".join(dict.fromkeys(self._unreadable[:6]))
            text = _("{n} places have no readable coordinates: {names}.")
            report.warn("unreadable_geometry", text.format(n=len(self._unreadable), names=names))
        if self._surplus:
            text = _("{n} places of {file} have more numbers in a coordinate than one place needs; the first counted.")
            report.warn("extra_coordinates", text.format(n=self._surplus, file=report.file.name))
        if self._timed:
            text = _("{file} holds tracks with times; the line was kept with its first and last time.")
            report.warn("times_dropped", text.format(file=report.file.name))


def _together(parts: list[shapely.Geometry]) -> shapely.Geometry | None:
    kinds = {part.geom_type for part in parts}
    makers = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}
    if len(kinds) == 1 and (maker := makers.get(kinds.pop())) is not None:
        return maker(parts)
    return shapely.GeometryCollection(parts) if parts else None


def _child_text(element: Any, name: str) -> str:  # noqa: ANN401
    found = element.find(f"{{*}}{name}")
    return "" if found is None else "".join(found.itertext()).strip()


def _description(placemark: Any) -> str:  # noqa: ANN401
    """Return the description as plain text: what is HTML in it is never shown as such."""
    html = _child_text(placemark, "description")
    plain = unescape(_TAGS.sub(" ", html)) if "<" in html else html
    return " ".join(plain.split())[:_MAX_TEXT]


def _layer(name: str, rows: list[dict[str, Any]]) -> RawLayer:
    labels = dict.fromkeys(label for row in rows for label in row if label)
    fields: dict[str, list[object]] = {label: [row.get(label) or None for row in rows] for label in labels}
    filled = {label: values for label, values in fields.items() if any(value is not None for value in values)}
    shapes = np.full(len(rows), None, object)
    shapes[:] = [row[""] for row in rows]
    return RawLayer(name, filled, shapes, _WGS84)
