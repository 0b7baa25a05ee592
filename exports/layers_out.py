"""Layers of the project as files for other programs: GeoPackage, shapefile, GeoJSON, KML.

Everything is written into a folder of its own beside the target and moved
there at the end: a stop or a full disk leaves the old file as it was.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from fieldsurvey.errors import UsageError
from fieldsurvey.geo import crs as crs_
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind

if TYPE_CHECKING:
    from fieldsurvey.store import Store

DRIVERS = {"gpkg": "GPKG", "shp": "ESRI Shapefile", "geojson": "GeoJSON", "kml": "KML"}
SENSITIVE = frozenset(
    {
        "water_line",
        "drain_line",
        "gas_line",
        "power_line",
        "transformer",
        "gas_regulator",
        "valve",
        "pole",
    }
)  # fmt: skip - domain page 5.3: pipes, power and gas sites are internal
_TYPES = {
    GeometryType.POINT: "Point",
    GeometryType.MULTILINESTRING: "MultiLineString",
    GeometryType.MULTIPOLYGON: "MultiPolygon",
}
_WGS84 = "EPSG:4326"


def layer_files(
    store: "Store",
    kind: str,
    out: Path,
    *,
    layers: Sequence[str] = (),
    crs: str | None = None,
    encoding: str = "UTF-8",
    control: JobControl | None = None,
) -> tuple[list[Path], str]:
    """Write layers; return the files and a warning to show (empty if none of the layers is sensitive).

    Args:
        store: The project.
        kind: gpkg (one file), or shp, geojson, kml (a folder, one file per layer).
        out: File or folder.
        layers: Tables; empty: every asset layer that has features.
        crs: System of the files; None: that of the project, WGS 84 for KML.
        encoding: UTF-8, or GBK for shapefiles.
        control: Progress and cancel.

    Raises:
        UsageError: If a layer, the format or the encoding is unknown, or the target is the project itself.
        JobCancelled: If stopped; nothing was changed then.
    """
    tables = _wanted(store, layers)
    if kind not in DRIVERS or encoding.upper() not in {"UTF-8", "GBK"}:
        raise UsageError(_("Formats: {all}; encodings: UTF-8, GBK.").format(all=", ".join(DRIVERS)))
    if out.resolve() == store.path.resolve():
        raise UsageError(_("{file} is the open project itself; choose another file.").format(file=out.name))
    target = _WGS84 if kind == "kml" else crs or store.crs
    crs_.parsed(target)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fieldsurvey-", dir=out.parent) as folder:
        for table in (control or JobControl()).steps(tables, _("Export")):
            name = out.name if kind == "gpkg" else f"{table.name}.{kind}"
            _write(store, table, Path(folder) / name, kind, target, encoding)
        if kind == "gpkg" and tables:
            _write_styles(store, tables, Path(folder) / out.name)
        written = _moved(Path(folder), out.parent if kind == "gpkg" else out)
    found = [table.label for table in tables if table.name in SENSITIVE]
    text = _("For internal use only, not for public maps or web services: {layers}.")
    return written, text.format(layers="、".join(found)) if found else ""


def _wanted(store: "Store", layers: Sequence[str]) -> list[Table]:
    known = store.tables()
    if unknown := [name for name in layers if name not in known]:
        raise UsageError(_("There is no layer {name} in the project.").format(name=unknown[0]))
    return [
        table
        for name, table in known.items()
        if table.geometry and (name in layers or (not layers and table.kind is TableKind.ASSET and store.count(name)))
    ]


def _moved(folder: Path, target: Path) -> list[Path]:
    target.mkdir(parents=True, exist_ok=True)
    parts = sorted(folder.iterdir())
    for part in parts:
        part.replace(target / part.name)
    return [target / part.name for part in parts]


def _write(store: "Store", table: Table, path: Path, kind: str, target: str, encoding: str) -> None:
    from pyogrio import raw

    rows = store.select(table.name)
    geometries = shapely.from_wkb([row["geom"] for row in rows])
    if target != store.crs:
        geometries = shapely.transform(
            geometries, lambda xy: np.column_stack(crs_.transform(xy[:, 0], xy[:, 1], store.crs, target))
        )
    columns = [Column("uid", ColumnType.TEXT, "uid", "uid"), *table.columns]
    data = [_array([row.get(column.name) for row in rows], column.type) for column in columns]
    options: dict[str, Any] = {"encoding": encoding} if kind == "shp" else {}
    raw.write(
        path,
        np.asarray(shapely.to_wkb(geometries), object),
        [values for values, _mask in data],
        _names(columns, 10 if kind == "shp" else 63),
        field_mask=[mask for _values, mask in data],
        layer=table.name,
        driver=DRIVERS[kind],
        geometry_type=_TYPES[table.geometry] if table.geometry else None,
        crs=target,
        append=path.exists(),
        **options,
    )


def _write_styles(store: "Store", tables: Sequence[Table], path: Path) -> None:
    """Add the styles of the map as QGIS keeps them in a GeoPackage: it opens the layers as they look here."""
    from pyogrio import raw

    from layers.qgis_style import AREA, LINE, POINT, layer_styles
    from layers.style_values import SETTING
    from layers.symbology import from_json

    kinds = {GeometryType.POINT: POINT, GeometryType.MULTILINESTRING: LINE, GeometryType.MULTIPOLYGON: AREA}
    styles = from_json(store.setting(SETTING))
    rows = layer_styles(
        (styles[table.name], kinds[table.geometry]) for table in tables if table.name in styles and table.geometry
    )
    if not rows:
        return
    columns = [
        np.array([row[name] for row in rows], np.int32 if name == "useAsDefault" else object) for name in rows[0]
    ]
    raw.write(path, None, columns, list(rows[0]), layer="layer_styles", driver="GPKG", geometry_type=None, append=True)


def _array(values: list[object], kind: ColumnType) -> tuple[Any, Any]:
    mask = np.array([value is None for value in values], bool)
    if kind in {ColumnType.INTEGER, ColumnType.REAL}:
        plain = [0 if value is None else value for value in values]
        return np.array(plain, np.int64 if kind is ColumnType.INTEGER else np.float64), mask
    return np.array([None if value is None else str(value) for value in values], object), mask


def _names(columns: Sequence[Column], longest: int) -> list[str]:
    """Return column names, unique within the length that the format allows."""
    names: list[str] = []
    for column in columns:
        name = column.name[:longest]
        number = 1
        while name in names:
            number += 1
            name = f"{column.name[: longest - len(str(number))]}{number}"
        names.append(name)
    return names
