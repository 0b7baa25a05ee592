"""Vector files through GDAL, behind our own checks.

GDAL shows GBK without .cpg as mojibake, opens truncated shapefiles without a
word and lets 1e300 pass; so encodings, sizes and coordinates are checked here.
SQLite-based files are read from a private copy: nothing is ever written beside
the source, and a live project is never opened by a second SQLite library.
"""

import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io import audit, checks, encodings, gdal_words, geojson, mapinfo, shapefile, siblings
from layers.io.encodings import Encoding, of_dbf
from layers.io.raw import RawLayer
from layers.io.report import FileReport

SUFFIXES = frozenset({
    ".shp", ".dbf", ".gpkg", ".geojson", ".json", ".topojson", ".geojsonl", ".geojsons", ".ndjson", ".jsonl",
    ".gml", ".gpx", ".fgb", ".tab", ".mif", ".gdb", ".sqlite", ".db",
})  # fmt: skip
_GDAL_OPTIONS = {
    "OGR_GEOJSON_MAX_OBJ_SIZE": "0",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",  # nothing is ever fetched from the network
    "GML_DOWNLOAD_SCHEMA": "NO",
}
_BYTES = "ISO-8859-1"  # every byte is a character: texts are decoded here, where all encodings are known
_DAMAGED = "?"  # a reference system that is stated, but cannot be read
_STYLES = "layer_styles"  # where QGIS keeps how layers look: no data


def read(path: Path, report: FileReport, encoding: str | None = None) -> list[RawLayer]:
    """Return the layers of a vector file.

    Raises:
        InputRefused: If it is not what its name says, damaged beyond reading, or empty.
    """
    checks.check_size(path)
    checks.check_content(path, report)
    with _prepared(path, report, encoding) as (source, options):
        return _layers(source, path, options, report)


@contextmanager
def _prepared(path: Path, report: FileReport, encoding: str | None) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield a source that GDAL may open, and how: a private copy where opening could write or must be mended."""
    suffix = path.suffix.lower()
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-") as folder:
        if suffix in checks.SQLITE:
            copy = _sqlite_copy(path, Path(folder))
            audit.check_gpkg(copy, report)
            yield copy, {}
        elif suffix in {".shp", ".dbf"}:
            name = _dbf_encoding(path, report, encoding)
            yield shapefile.copy(path, Path(folder), report), {"encoding": _BYTES, "text": name}
        elif suffix in checks.XML:
            yield _xml_copy(path, Path(folder), report, encoding), {}
        elif suffix in mapinfo.SUFFIXES:
            yield mapinfo.copy(path, Path(folder), report, encoding), {}
        elif suffix in geojson.SUFFIXES:
            yield geojson.copy(path, Path(folder), report, encoding), {}
        else:
            yield path, {"encoding": encoding} if encoding else {}


def _sqlite_copy(path: Path, folder: Path) -> Path:
    """Copy a database, with what its writer has not yet moved from the log beside it into it."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        shutil.copyfile(log, folder / log.name)
    return Path(shutil.copyfile(path, folder / path.name))


def _xml_copy(path: Path, folder: Path, report: FileReport, encoding: str | None) -> Path:
    """Copy a GML or GPX in UTF-8, which GDAL reads, with the schemas beside a GML.

    Without a schema that fits, GDAL writes what it worked out beside the file.
    """
    for schema in path.parent.iterdir() if path.suffix.lower() == ".gml" else ():
        if schema.suffix.lower() == ".xsd" and schema.is_file():
            shutil.copyfile(schema, folder / schema.name)
    data = path.read_bytes()
    copy = folder / path.name
    if encoding is None and encodings.is_plain_xml(data):
        copy.write_bytes(data)
    else:
        copy.write_text(encodings.of_xml(data, report, encoding), "utf-8")
    return copy


def _dbf_encoding(path: Path, report: FileReport, encoding: str | None) -> str:
    if encoding:
        report.encoding, report.encoding_how = encoding, _("as you said")
        return encoding
    dbf = path if path.suffix.lower() == ".dbf" else siblings.of(path, ".dbf")
    found = of_dbf(dbf) if dbf else Encoding("utf-8", "", sure=True)
    return encodings.note(report, found)


def _layers(source: Path, path: Path, options: dict[str, Any], report: FileReport) -> list[RawLayer]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, GeometryError

    lost_index = source.suffix == ".shp" and not source.with_suffix(".shx").exists()
    pyogrio.set_gdal_config_options({**_GDAL_OPTIONS, "SHAPE_RESTORE_SHX": "YES" if lost_index else "NO"})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = _names(source)
        found = [
            layer for name in names if (layer := _tried(source, name, path, options, report, len(names))) is not None
        ]
    except (DataSourceError, DataLayerError, GeometryError, RuntimeError, ValueError, OSError) as error:
        raise _unreadable(error, source, path) from error
    if source.suffix == ".gpx":
        found = _without_vertices(found, report)
    if not found:
        raise InputRefused(_("{file} holds no layer.").format(file=path.name))
    return found


def _without_vertices(layers: list[RawLayer], report: FileReport) -> list[RawLayer]:
    """Return the layers of a GPX without the points that its lines consist of, which GDAL lists once more."""
    whole = {layer.name for layer in layers if len(layer)}
    twice = {f"{line}_points" for line in ("track", "route") if f"{line}s" in whole}
    left = sum(len(layer) for layer in layers if layer.name in twice)
    if left:
        report.note("vertices", _("{n} points of tracks and routes came as lines.").format(n=left))
    return [layer for layer in layers if layer.name not in twice and (len(layer) or not whole)]


def _unreadable(error: Exception, source: Path, path: Path) -> InputRefused:
    """Return the refusal of a file that GDAL cannot read, in the user's words where they can be found."""
    if source.suffix in geojson.SUFFIXES:
        try:
            json.loads(source.read_text("utf-8"))
        except json.JSONDecodeError as wrong:
            text = _("{file} is damaged: line {line}, column {column} is no JSON. Export it again.")
            return InputRefused(text.format(file=path.name, line=wrong.lineno, column=wrong.colno))
        except RecursionError:
            return InputRefused(_("{file} is nested too deeply and was not read.").format(file=path.name))
        return InputRefused(_("{file} is JSON, but holds no map data.").format(file=path.name))
    if "not recognized" in str(error) and source.suffix in checks.SQLITE and checks.holds_tiles(source):
        text = _("{file} is a base map, not a layer of features. Add it to the layers of the map as a base map.")
        return InputRefused(text.format(file=path.name))
    return InputRefused(gdal_words.refusal(error, path.name))


def _names(source: Path) -> list[str]:
    """Return the names of the layers; one layer of a kind unknown to the reader does not hide the others."""
    import pyogrio
    from pyogrio.errors import GeometryError

    try:
        return [str(name) for name, _kind in pyogrio.list_layers(source) if name != _STYLES]
    except (GeometryError, ValueError):
        if source.suffix not in checks.SQLITE:
            raise
        sql = "SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes')"
        return [str(name) for name in pyogrio.raw.read(source, sql=sql, read_geometry=False)[3][0]]


def _tried(
    source: Path, name: str, path: Path, options: dict[str, Any], report: FileReport, layers: int
) -> RawLayer | None:
    """Return a layer; of several, one that cannot be read is told and left out."""
    from pyogrio.errors import DataLayerError, GeometryError

    try:
        return _read_layer(source, name, path, options, report)
    except (DataLayerError, GeometryError, RuntimeError, ValueError, shapely.errors.GEOSException) as error:
        if layers == 1:
            raise error if isinstance(error, gdal_words.Told) else RuntimeError(str(error)) from error
        report.warn("layer_skipped", _("The layer {name} cannot be read and was left out.").format(name=name))
        return None


def _layer(source: Path, name: str, path: Path, options: dict[str, Any], report: FileReport) -> RawLayer:
    from pyogrio import raw

    options, text = {key: value for key, value in options.items() if key != "text"}, options.get("text")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        meta, _fids, wkb, data = raw.read(source, layer=name, datetime_as_string=True, **options)
        rows = len(data[0]) if len(data) else len(wkb) if wkb is not None else 0
        if source.suffix in checks.SQLITE and audit.count_rows(source, name) > rows:
            # it states fewer rows than it holds, and is believed; with a condition, they are counted
            read = raw.read(source, layer=name, datetime_as_string=True, where="1 = 1", **options)
            meta, _fids, wkb, data = read
    for warning in heard:
        gdal_words.tell(str(warning.message), report)
    fields = _named([str(field) for field in meta["fields"]], [_plain(values) for values in data], text, report)
    kind = str(meta["geometry_type"] or "")
    if "Curve" in kind or "Surface" in kind:
        audit.tell_linearised(name, report)
    elif source.suffix in checks.SQLITE | {".gml", ".fgb", ".gdb"}:
        audit.tell_arcs(source, name, report)
    geometries = None if wkb is None or not kind else shapely.from_wkb(wkb, on_invalid="fix")
    audit.tell_unreadable(wkb, geometries, name, report)
    if (
        geometries is not None
        and source.suffix in checks.SQLITE
        and len(geometries)
        and shapely.is_missing(geometries).all()
    ):
        geometries = None  # a table of attributes that kept its geometry column
    stem = path.stem if name in {"data", source.stem} else name
    return RawLayer(stem, fields, geometries, str(meta["crs"] or ""))


def _read_layer(source: Path, name: str, path: Path, options: dict[str, Any], report: FileReport) -> RawLayer:
    from pyogrio.errors import CRSError, GeometryError

    try:
        return _layer(source, name, path, options, report)
    except (CRSError, UnboundLocalError) as error:  # the latter: pyogrio's end of a text that is none
        if not (stated := source.with_suffix(".prj")).exists():
            raise gdal_words.Told(_("its coordinate system is damaged")) from error
        stated.unlink()
        layer = _layer(source, name, path, options, report)
        layer.crs = _DAMAGED
        return layer
    except UnicodeDecodeError:  # names that are no UTF-8, of a writer that cut them
        return _layer_by_bytes(source, name, path, report)
    except GeometryError:
        if source.suffix not in checks.SQLITE:
            raise
        return _layer_by_text(source, name, report)


def _layer_by_bytes(source: Path, name: str, path: Path, report: FileReport) -> RawLayer:
    """Read a layer whose texts are in no encoding that it states, and find theirs."""
    layer = _layer(source, name, path, {"encoding": _BYTES}, report)
    texts = [str(each).encode("latin-1", "replace") for values in layer.fields.values() for each in values if each]
    found = encodings.of_bytes(b"\n".join(texts))
    encodings.note(report, Encoding(found.name, found.how, sure=False))
    layer.fields = _named(list(layer.fields), list(layer.fields.values()), found.name, report)
    return layer


def _layer_by_text(source: Path, name: str, report: FileReport) -> RawLayer:
    """Read a GeoPackage layer of mixed or unknown kind by its texts of geometry, which any kind has."""
    from pyogrio import raw

    text = "'" + name.replace("'", "''") + "'"
    sql = f"SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = {text}"
    columns = raw.read(source, sql=sql, read_geometry=False)[3]
    column, code = str(columns[0][0]), int(columns[1][0])
    listed = raw.read(source, sql=f"SELECT name FROM pragma_table_info({text})", read_geometry=False)[3][0]
    wanted = [_quoted(str(field)) for field in listed if field != column]
    sql = f"SELECT {', '.join([*wanted, f'ST_AsText({_quoted(column)}) AS fs_wkt'])} FROM {_quoted(name)}"
    meta, _fids, _wkb, data = raw.read(source, sql=sql, read_geometry=False, datetime_as_string=True)
    fields = {str(field): _plain(values) for field, values in zip(meta["fields"], data, strict=True)}
    geometries = audit.from_texts(fields.pop("fs_wkt"), name, report)
    return RawLayer(name, fields, geometries, f"EPSG:{code}" if code > 0 else "")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(values: Any) -> list[object]:  # noqa: ANN401 - a numpy array of any kind
    """Return a column as Python values; what stands for missing becomes None."""
    kind, listed = values.dtype.kind, values.tolist()
    if kind == "f":
        return [None if value != value else value for value in listed]  # noqa: PLR0124 - NaN
    if kind in "iu":
        return list(listed)
    if kind == "b":
        return [int(value) for value in listed]
    if not set(map(type, listed)) <= {str, type(None)}:
        return [_text(value) for value in listed]
    texts = {value: _text(value) for value in set(listed)}  # the same words come again and again
    return [texts[value] for value in listed]


def _named(
    names: list[str], columns: list[list[object]], encoding: str | None, report: FileReport
) -> dict[str, list[object]]:
    """Return columns by name; what was read byte by byte is decoded, and a name that comes again gets a number."""
    found: dict[str, list[object]] = {}
    for name, values in zip(names, columns, strict=True):
        label = str(_decoded(name, encoding) or name)
        if label in found:
            told = _("The column {name} occurs twice; the second is called {name}_2.")
            report.warn("duplicate_column", told.format(name=label))
            label = next(each for n in range(2, len(names) + 2) if (each := f"{label}_{n}") not in found)
        found[label] = [_decoded(value, encoding) for value in values] if encoding else values
    return found


def _decoded(value: object, encoding: str | None) -> object:
    """Return a text that was read byte by byte in its encoding; a character cut by the field's width is dropped."""
    if encoding is None or not isinstance(value, str) or value.isascii():
        return value
    return value.encode("latin-1", "replace").decode(encoding, "replace").rstrip("\ufffd") or None


def _text(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, bytes):
        return None
    text = str(value).replace("\0", "").strip()
    return text or None
