"""Layers that are none of ours: kept as they are, under their own name, one table for each kind of geometry."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind
from layers.io import clean
from layers.io.raw import Geometries, RawLayer
from layers.io.report import FileReport

_WORDS = {GeometryType.POINT: "点", GeometryType.MULTILINESTRING: "线", GeometryType.MULTIPOLYGON: "面"}
_LONGEST = 40  # characters of a name in SQL
_COLLECTIONS = (4, 7)  # shapely's type ids of multipoints and collections


def taken_apart(raw: RawLayer, report: FileReport) -> RawLayer:
    """Return a layer without collections and multipoints: a row for each of their parts, told; areas stay multi."""
    if raw.geometries is None:
        return raw
    rows, shapes = _apart(raw.geometries)
    if shapes is raw.geometries:
        return raw
    text = _("{n} features of {name} consist of several points or kinds of geometry; each part became a feature.")
    changed = int((np.bincount(rows, minlength=len(raw)) > 1).sum())
    if changed:
        report.note("taken_apart", text.format(n=changed, name=raw.name))
    fields = {name: [values[row] for row in rows] for name, values in raw.fields.items()}
    drawn = {new: raw.drawn_as[old] for new, old in enumerate(rows.tolist()) if old in raw.drawn_as}
    return RawLayer(raw.name, fields, shapes, raw.crs, raw.target, raw.drawn, drawn)


def by_kind(raw: RawLayer) -> list[RawLayer]:
    """Return a layer as one layer for each kind of geometry in it."""
    if raw.geometries is None:
        return [raw]
    kinds = clean.kinds(raw.geometries)
    found = [kind for kind in _WORDS if (kinds == clean.index_of(kind)).any()]
    if len(found) <= 1:
        return [raw]
    pieces = []
    for number, kind in enumerate(found):
        wanted = kinds == clean.index_of(kind)
        if not number:
            wanted |= kinds < 0  # what has no geometry stays with the first, where it is counted
        keep = np.flatnonzero(wanted).tolist()
        fields = {name: [values[row] for row in keep] for name, values in raw.fields.items()}
        drawn = {new: raw.drawn_as[old] for new, old in enumerate(keep) if old in raw.drawn_as}
        name = f"{raw.name}_{_WORDS[kind]}"
        pieces.append(RawLayer(name, fields, raw.geometries[wanted], raw.crs, raw.target, raw.drawn, drawn))
    return pieces


def _apart(geometries: Geometries) -> tuple[npt.NDArray[np.int64], Geometries]:
    """Return row numbers and geometries with collections and multipoints replaced by their parts."""
    rows = np.arange(len(geometries))
    shapes = geometries
    while True:
        mixed = np.isin(shapely.get_type_id(shapes), _COLLECTIONS)
        mixed &= shapely.get_num_geometries(shapes) > 0
        if not mixed.any():
            return rows, shapes
        parts, index = shapely.get_parts(shapes[mixed], return_index=True)
        rows = np.concatenate([rows[~mixed], rows[mixed][index]])
        shapes = np.concatenate([shapes[~mixed], parts])
        order = np.argsort(rows, kind="stable")
        rows, shapes = rows[order], shapes[order]


def own_table(raw: RawLayer, kind: GeometryType | None, known: Mapping[str, Table]) -> Table:
    """Return a table for a layer that is none of ours: kept as it is, under its own name.

    Args:
        raw: The layer.
        kind: Kind of its geometry.
        known: Tables that are there or planned, by name; where one of the layer's name holds another kind of geometry,
            the kind stands in the name of the new one; one that only sounds like the layer's name is left alone.
    """
    named = f"{raw.name}_{_WORDS[kind]}" if kind else raw.name
    word = slug(_WORDS[kind]) if kind else "table"
    base = slug(raw.name) or "unnamed"
    endings = ("", f"_{word}", *(f"_{word}_{number}" for number in range(2, 10_000)))
    labels = (raw.name, named, *(f"{named}_{number}" for number in range(2, 10_000)))
    tables = (
        (f"layer_{base[: _LONGEST - len(ending)].strip('_')}{ending}", label)
        for ending, label in zip(endings, labels, strict=True)
    )
    name, label = next(each for each in tables if _has_room(known.get(each[0]), each[1], kind))
    taken = {table.label for table in known.values() if table.name != name}
    label = label if raw.name in taken else raw.name
    return Table(name, TableKind.ASSET, label, label, _columns(raw), kind)


def _has_room(table: Table | None, label: str, kind: GeometryType | None) -> bool:
    """Say whether features of a layer can go into a table, if it is there already: not if it only sounds the same."""
    if table is None:
        return True
    if table.label != label and table.label in {table.zh, table.en} and slug(table.label) == slug(label):
        return False
    return kind is None or table.geometry == kind


def _columns(raw: RawLayer) -> tuple[Column, ...]:
    columns: list[Column] = []
    for label, values in raw.fields.items():
        base = slug(label) or "field"
        base = f"f_{base}" if base in {"fid", "geom", "uid", "rev"} or not base[0].isalpha() else base
        taken = {column.name for column in columns}
        unique = next(n for n in (base, *(f"{base}_{i}" for i in range(2, 10_000))) if n not in taken)
        columns.append(Column(unique, _type_of(values), label, label))
    return tuple(columns)


def slug(text: str) -> str:
    """Return a name for SQL: pinyin of Chinese, lower case, digits and underscores, at most 40 characters.

    >>> slug("供水管线 2024"), slug('Robert"); DROP')
    ('gong_shui_guan_xian_2024', 'robert_drop')
    """
    from pypinyin import lazy_pinyin

    plain = unicodedata.normalize("NFKC", text)
    latin = "_".join(lazy_pinyin(plain)) if not plain.isascii() else plain
    return re.sub(r"[^a-z0-9]+", "_", latin.lower()).strip("_")[:_LONGEST].strip("_")


def _type_of(values: Sequence[object]) -> ColumnType:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, int) for value in present):
        return ColumnType.INTEGER
    if present and all(isinstance(value, int | float) for value in present):
        return ColumnType.REAL
    return ColumnType.TEXT
