"""Files that go with a form: lists of choices as CSV, GeoJSON or XML."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fieldsurvey.i18n import _
from survey_forms.errors import FormError
from survey_forms.expression.nodes import Node, NodeKind, parse_xml

LAST_SAVED = "jr://instance/last-saved"
_MAX_BYTES = 64 << 20
_MAX_ROWS = 1_000_000


class Attachments:
    """The folder beside a form, and what was wrong with the files in it.

    Attributes:
        folder: The folder; None: there is none.
        notes: One sentence per file that is missing or wrong.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.notes: list[str] = []

    def instance(self, node: Node) -> Node:
        """Return a secondary instance with its content: its own, or that of the file it names."""
        source = node.attribute("src").strip()
        if not source or source == LAST_SAVED:
            return node
        return self._filled(Node(NodeKind.ELEMENT, node.name, uri=node.uri), source.rpartition("/")[2], node.attributes)

    def of_file(self, name: str) -> Node:
        """Return a secondary instance with the content of a file."""
        return self._filled(Node(NodeKind.ELEMENT, "instance"), name, [])

    def _filled(self, holder: Node, name: str, attributes: list[Node]) -> Node:
        try:
            content = self._read(name)
        except FormError as error:
            self.notes.append(str(error))
            content = Node(NodeKind.ELEMENT, "root")
        holder.attributes = attributes
        holder.append(content)
        return holder

    def _read(self, name: str) -> Node:
        path = beside(self.folder, name) if self.folder is not None else None
        if path is None:
            raise FormError(_("The file {file} does not lie beside the form.").format(file=name))
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise FormError(_("{file} is larger than {n} MiB.").format(file=name, n=_MAX_BYTES >> 20))
            data = path.read_bytes()
        except OSError as error:
            raise FormError(_("{file} cannot be read: {why}").format(file=name, why=error.strerror)) from error
        return read_list(data, name)


def beside(folder: Path, name: str) -> Path | None:
    """Return the file of a name in the folder of the form or in a media folder there; never outside of it."""
    plain = Path(name).name
    if not plain or plain != name:
        return None
    places = [folder / plain, *sorted(folder.glob(f"*-media/{plain}")), folder / "media" / plain]
    return next((place for place in places if place.is_file()), None)


def read_list(data: bytes, name: str) -> Node:
    """Return the content of a file of choices as a tree root/item/column.

    Raises:
        FormError: If it is no such file.
    """
    suffix = Path(name).suffix.lower()
    if suffix == ".xml":
        return parse_xml(data, keep_space=False).elements()[0]
    try:
        text = _decoded(data)
        if suffix in {".geojson", ".json"}:
            return as_tree(_features(json.loads(text), name))
        return as_tree(_rows(text))
    except (UnicodeDecodeError, ValueError, csv.Error, RecursionError) as error:
        raise FormError(
            _("{file} is no list that can be read: {why}").format(file=name, why=str(error)[:200])
        ) from error


def _decoded(data: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 with its mark, or what Excel writes on a Chinese Windows (GB 18030)."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def as_tree(rows: Iterable[Mapping[str, str]]) -> Node:
    """Return rows as a tree root/item/column, as expressions see a list."""
    root = Node(NodeKind.ELEMENT, "root")
    for number, row in enumerate(rows):
        if number >= _MAX_ROWS:
            raise ValueError(_("more than {n} rows").format(n=_MAX_ROWS))
        item = root.append(Node(NodeKind.ELEMENT, "item"))
        for key, value in row.items():
            item.append(Node(NodeKind.ELEMENT, key, value))
    return root


def _rows(text: str) -> Iterable[dict[str, str]]:
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else "\t" if head.count("\t") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    names = [(name or "").strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    for row in reader:
        yield {name: row[name] or "" for name in names if name}


def _features(data: Any, name: str) -> Iterable[dict[str, str]]:  # noqa: ANN401 - JSON
    if (
        not isinstance(data, dict)
        or data.get("type") != "FeatureCollection"
        or not isinstance(data.get("features"), list)
    ):
        raise FormError(_("{file} is no GeoJSON FeatureCollection.").format(file=name))
    for feature in data["features"]:
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise FormError(_("{file} holds something that is no GeoJSON feature.").format(file=name))
        row = {key: _plain(value) for key, value in (feature.get("properties") or {}).items()}
        if "id" in feature:
            row.setdefault("id", _plain(feature["id"]))
        yield {**row, "geometry": _geometry(feature.get("geometry"))}


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _geometry(geometry: Any) -> str:  # noqa: ANN401 - JSON
    """Return a geometry as ODK writes it: "lat lon alt acc", points of a line joined by semicolons."""
    if not isinstance(geometry, dict):
        return ""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        return ""
    if kind == "Point":
        return _position(coordinates)
    if kind == "LineString":
        return "; ".join(_position(point) for point in coordinates)
    if kind == "Polygon":
        return "; ".join(_position(point) for point in coordinates[0])
    return ""


def _position(point: Any) -> str:  # noqa: ANN401 - JSON
    longitude, latitude, *rest = (float(number) for number in point)
    if not all(map(math.isfinite, (longitude, latitude))):
        raise ValueError(point)
    return f"{_plain(latitude)} {_plain(longitude)} {_plain(rest[0]) if rest else 0} 0"
