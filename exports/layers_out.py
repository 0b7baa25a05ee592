"""Layers of the project as files for other programs: GeoPackage, shapefile, GeoJSON, KML, DXF, XLSX.

Everything is written into a folder of its own beside the target and moved
there at the end: a stop or a full disk leaves the old file as it was.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from exports.layer_dxf import Drawing
from exports.layer_text import Losses, as_bytes, mark_encoding, short_names
from exports.layer_xlsx import Workbook
from fieldsurvey.clock import now_millis
from fieldsurvey.errors import UsageError
from fieldsurvey.geo import crs as crs_
from fieldsurvey.geo.local_grids import is_local
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind

if TYPE_CHECKING:
    from fieldsurvey.store import Store

DRIVERS = {"gpkg": "GPKG", "shp": "ESRI Shapefile", "geojson": "GeoJSON", "kml": "KML"}
FORMATS = (*DRIVERS, "dxf", "xlsx")
_ONE_FILE = frozenset({"gpkg", "dxf", "xlsx"})  # the others: a folder with a file for each layer
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
        "manhole",
        "outfall",
    }
)  # fmt: skip - domain page 5.3: pipes with what tells where they run, power and gas sites are internal
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
    """Write layers; return the files, and sentences that a person should read, one a line; empty if there are none.

    Args:
        store: The project.
        kind: gpkg, dxf or xlsx (one file), or shp, geojson, kml (a folder, one file per layer).
        out: File or folder.
        layers: Tables; empty: every asset layer that has features.
        crs: System of the files; None: that of the project, WGS 84 for KML.
        encoding: UTF-8, or GBK for shapefiles.
        control: Progress and cancel.

    Raises:
        UsageError: If a layer, the format or the encoding is unknown, or the target is the project itself.
        InputRefused: If the system is unknown.
        JobCancelled: If stopped; nothing was changed then.
    """
    tables = _wanted(store, layers)
    if kind not in FORMATS or encoding.upper() not in {"UTF-8", "GBK"}:
        raise UsageError(_("Formats: {all}; encodings: UTF-8, GBK.").format(all=_(", ").join(FORMATS)))
    if out.resolve() == store.path.resolve():
        raise UsageError(_("{file} is the open project itself; choose another file.").format(file=out.name))
    target = _WGS84 if kind == "kml" else crs or store.crs
    crs_.check(target)
    if kind == "geojson" and is_local(target):
        raise UsageError(
            _("GeoJSON without a coordinate system means degrees. Choose another format for a local grid.")
        )
    losses = Losses()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fieldsurvey-", dir=out.parent) as folder:
        gathered = _gatherer(kind, target)
        for table in (control or JobControl()).steps(tables, _("Export")):
            rows, geometries = _features(store, table, target)
            if gathered is not None:
                gathered.add(table, rows, geometries)
                continue
            name = out.name if kind == "gpkg" else f"{table.name}.{kind}"
            _write(table, rows, geometries, Path(folder) / name, kind, target, encoding.upper(), losses)
        if gathered is not None:
            gathered.save(Path(folder) / out.name)
        if kind == "gpkg" and tables:
            _write_styles(store, tables, Path(folder) / out.name)
        written = _moved(Path(folder), out.parent if kind in _ONE_FILE else out)
    return written, "\n".join([*_sensitive(tables), *_told(losses, encoding), *_of_crs(kind, target)])


def _gatherer(kind: str, target: str) -> "Drawing | Workbook | None":
    """Return what gathers all layers into one file; None for formats that GDAL writes layer by layer."""
    if kind == "dxf":
        return Drawing()
    return Workbook(geographic=crs_.is_geographic(target)) if kind == "xlsx" else None


def _sensitive(tables: Sequence[Table]) -> list[str]:
    found = [table.label for table in tables if table.name in SENSITIVE]
    text = _("For internal use only, not for public maps or web services: {layers}.")
    return [text.format(layers="、".join(found))] if found else []


def _told(losses: Losses, encoding: str) -> list[str]:
    """Return a sentence for each kind of thing that a shapefile could not take."""
    told = []
    if losses.unknown:
        text = _("{encoding} does not have these characters, which became question marks: {characters}. Use UTF-8.")
        told.append(text.format(encoding=encoding, characters=" ".join(sorted(losses.unknown)[:20])))
    if losses.cut:
        text = _("{n} texts are longer than the 254 bytes of a shapefile and were cut. Use GeoPackage.")
        told.append(text.format(n=losses.cut))
    if losses.renamed:
        names = "、".join(f"{name}→{short}" for name, short in list(losses.renamed.items())[:12])
        told.append(_("Field names of a shapefile have ten bytes; shortened: {names}.").format(names=names))
    return told


def _of_crs(kind: str, target: str) -> list[str]:
    if is_local(target):
        text = _("The files are in {crs} and do not say so: the parameters of a local grid stay on this computer.")
        return [text.format(crs=crs_.name_of(target))]
    if crs_.is_web_mercator(target):
        return [_("Web Mercator is for web pages: lengths and areas measured in these files are too large.")]
    if kind == "dxf" and crs_.is_geographic(target):
        return [_("The drawing is in degrees, which CAD programs take for metres. Choose a projected system.")]
    return []


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


def _features(store: "Store", table: Table, target: str) -> tuple[list[dict[str, Any]], Any]:
    """Return the rows of a layer and their geometries in the target system."""
    rows = store.select(table.name)
    geometries = shapely.from_wkb([row["geom"] for row in rows])
    if target != store.crs:
        geometries = shapely.transform(
            geometries, lambda xy: np.column_stack(crs_.transform(xy[:, 0], xy[:, 1], store.crs, target))
        )
    return rows, geometries


def _write(
    table: Table,
    rows: list[dict[str, Any]],
    geometries: Any,  # noqa: ANN401 - numpy array
    path: Path,
    kind: str,
    target: str,
    encoding: str,
    losses: Losses,
) -> None:
    import warnings

    from pyogrio import raw

    columns = [Column("uid", ColumnType.TEXT, "uid", "uid"), *table.columns]
    data = [_array([row.get(column.name) for row in rows], column.type) for column in columns]
    names = [column.name for column in columns]
    options: dict[str, Any] = {}
    if kind == "shp":
        texts = {index for index, (values, _mask) in enumerate(data) if values.dtype == object}
        data = [
            (as_bytes(values, encoding, losses) if index in texts else values, mask)
            for index, (values, mask) in enumerate(data)
        ]
        names, options = short_names(names, losses), {"encoding": "ISO-8859-1"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")  # parameters of a local grid stay on this computer
        raw.write(
            path,
            np.asarray(shapely.to_wkb(geometries), object),
            [values for values, _mask in data],
            names,
            field_mask=[mask for _values, mask in data],
            layer=table.name,
            driver=DRIVERS[kind],
            geometry_type=_TYPES[table.geometry] if table.geometry else None,
            crs=None if is_local(target) else target,
            append=path.exists(),
            **options,
        )
    if kind == "shp":
        mark_encoding(path, encoding)


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
    columns: list[Any] = [
        np.array([row[name] for row in rows], np.int32 if name == "useAsDefault" else object) for name in rows[0]
    ]
    columns.append(np.full(len(rows), now_millis(), "datetime64[ms]"))  # without it QGIS takes no style by itself
    names = [*rows[0], "update_time"]
    raw.write(path, None, columns, names, layer="layer_styles", driver="GPKG", geometry_type=None, append=True)


def _array(values: list[object], kind: ColumnType) -> tuple[Any, Any]:
    mask = np.array([value is None for value in values], bool)
    if kind in {ColumnType.INTEGER, ColumnType.REAL}:
        plain = [0 if value is None else value for value in values]
        return np.array(plain, np.int64 if kind is ColumnType.INTEGER else np.float64), mask
    return np.array([None if value is None else str(value) for value in values], object), mask
