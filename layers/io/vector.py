"""Vector files through GDAL, behind our own checks.

GDAL shows GBK without .cpg as mojibake, opens truncated shapefiles without a
word and lets 1e300 pass; so encodings, sizes and coordinates are checked here.
SQLite-based files are read from a private copy: nothing is ever written beside
the source, and a live project is never opened by a second SQLite library.
"""

import re
import shutil
import struct
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io import audit
from layers.io.encodings import Encoding, of_bytes, of_dbf
from layers.io.raw import RawLayer
from layers.io.report import FileReport

SUFFIXES = frozenset({
    ".shp", ".dbf", ".gpkg", ".geojson", ".json", ".topojson", ".kml", ".kmz", ".gml", ".gpx", ".dxf", ".fgb", ".tab",
    ".mif", ".gdb", ".sqlite", ".db",
})  # fmt: skip
_SQLITE = {".gpkg", ".sqlite", ".db"}
_XML = {".kml", ".gml", ".gpx"}
_JSON = {".geojson", ".json", ".topojson"}
_GDAL_OPTIONS = {
    "OGR_GEOJSON_MAX_OBJ_SIZE": "0",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",  # nothing is ever fetched from the network
    "GML_DOWNLOAD_SCHEMA": "NO",
}
_MAX_BYTES = 4 << 30
_NAN = re.compile(r"-?\b(?:NaN|Infinity)\b")
_XML_ENCODING = re.compile(r"""(<\?xml[^>]*encoding=)["'][^"']+["']""", re.IGNORECASE)


def read(path: Path, report: FileReport, encoding: str | None = None) -> list[RawLayer]:
    """Return the layers of a vector file.

    Raises:
        InputRefused: If it is not what its name says, damaged beyond reading, or empty.
    """
    _check_size(path)
    _check_content(path, report)
    with _prepared(path, report, encoding) as (source, options):
        return _layers(source, path, options, report)


def _check_size(path: Path) -> None:
    if not path.exists():
        raise InputRefused(_("There is no file {file}.").format(file=path))
    size = path.stat().st_size if path.is_file() else 1
    if size == 0:
        raise InputRefused(_("{file} is empty.").format(file=path.name))
    if size > _MAX_BYTES:
        raise InputRefused(_("{file} is larger than 4 GiB. Split it by district.").format(file=path.name))


def _check_content(path: Path, report: FileReport) -> None:
    suffix = path.suffix.lower()
    if path.is_file():
        _check_reference(path)
    if suffix in _SQLITE:
        _check_sqlite(path)
    elif suffix in _XML:
        _check_xml(path)
    elif suffix == ".dxf":
        _check_dxf(path)
    elif suffix == ".shp":
        _check_shapefile(path, report)


def _check_reference(path: Path) -> None:
    """Refuse files that only point to others, under whatever name: GDAL goes by content, not by suffix."""
    with path.open("rb") as source:
        head = source.read(1 << 12)
    if any(mark in head for mark in (b"<OGRVRT", b"<VRTDataset", b"<GDAL_WMS", b"<WFS_Capabilities", b"<OGRWFS")):
        raise InputRefused(
            _("{file} only points to other files or servers. Hand over the data itself.").format(file=path.name)
        )
    if re.match(rb"\s*[\"']?(?:https?:|ftp:|/vsi)", head, re.IGNORECASE):
        raise InputRefused(
            _("{file} only points to other files or servers. Hand over the data itself.").format(file=path.name)
        )


def _check_sqlite(path: Path) -> None:
    with path.open("rb") as source:
        head = source.read(100)
    if not head.startswith(b"SQLite format 3\0"):
        raise InputRefused(_("{file} is no GeoPackage: its content is something else.").format(file=path.name))
    page = int.from_bytes(head[16:18], "big")
    pages, size = int.from_bytes(head[28:32], "big"), path.stat().st_size
    if pages and pages * (65536 if page == 1 else page) > size:
        raise InputRefused(
            _("{file} is cut off: {have} of {whole} bytes are there. Ask for the file again.").format(
                file=path.name, have=size, whole=pages * (65536 if page == 1 else page)
            )
        )


def _check_xml(path: Path) -> None:
    with path.open("rb") as source:
        head = source.read(1 << 16)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise InputRefused(
            _(
                "{file} defines its own XML entities, which can be used for attacks. Save it again without a DTD."
            ).format(file=path.name)
        )


def _check_dxf(path: Path) -> None:
    with path.open("rb") as source:
        head = source.read(22)
    if head.startswith(b"AC10"):
        raise InputRefused(
            _("{file} is a DWG drawing renamed. Save it as DXF (R2000 or later) in the CAD program.").format(
                file=path.name
            )
        )
    if head.startswith(b"AutoCAD Binary DXF"):
        raise InputRefused(_("{file} is a binary DXF. Save it as text DXF in the CAD program.").format(file=path.name))


def _check_shapefile(path: Path, report: FileReport) -> None:
    """Compare the lengths that the headers state with those on the disk."""
    with path.open("rb") as source:
        head = source.read(100)
    if len(head) < 100 or struct.unpack(">i", head[:4])[0] != 9994:
        raise InputRefused(_("{file} is no shapefile: its content is something else.").format(file=path.name))
    stated, size = struct.unpack(">i", head[24:28])[0] * 2, path.stat().st_size
    if stated > size:
        report.warn(
            "truncated",
            _("{file} is cut off: {have} of {whole} bytes are there. What is left was read.").format(
                file=path.name, have=size, whole=stated
            ),
        )
    dbf = _sibling(path, ".dbf")
    for suffix, what in ((".shx", _("index")), (".dbf", _("attribute table"))):
        if _sibling(path, suffix) is None:
            report.warn("part_missing", _("{file} comes without its {what} ({suffix}).").format(
                file=path.name, what=what, suffix=suffix
            ))  # fmt: skip
    if dbf is not None:
        _check_dbf(dbf, report)
    audit.check_records(path, dbf, _sibling(path, ".shx"), report)


def _check_dbf(dbf: Path, report: FileReport) -> None:
    with dbf.open("rb") as source:
        head = source.read(32)
    if len(head) < 32:
        report.warn("truncated", _("{file} is cut off.").format(file=dbf.name))
        return
    records, header, record = struct.unpack("<IHH", head[4:12])
    if header + records * record > dbf.stat().st_size + 1:
        report.warn("truncated", _("{file} is cut off: part of the attributes is missing.").format(file=dbf.name))


def _sibling(path: Path, suffix: str) -> Path | None:
    for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.exists():
            return candidate
    return None


@contextmanager
def _prepared(path: Path, report: FileReport, encoding: str | None) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield a source that GDAL may open, and how: a private copy where opening could write or must be mended."""
    suffix = path.suffix.lower()
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-") as folder:
        if suffix in _SQLITE:
            yield Path(shutil.copy(path, folder)), {}
        elif suffix in {".shp", ".dbf"}:
            yield _shapefile_copy(path, Path(folder)), {"encoding": _dbf_encoding(path, report, encoding)}
        elif suffix in _JSON:
            yield _json_copy(path, Path(folder), report, encoding), {}
        elif suffix == ".kml" and encoding is None:
            audit.check_kml(path, report)
            yield _kml_copy(path, Path(folder), report), {}
        else:
            yield path, {"encoding": encoding} if encoding else {}


def _shapefile_copy(path: Path, folder: Path) -> Path:
    """Link the parts into a folder of their own, where GDAL may build a missing index."""
    for part in path.parent.glob(path.stem + ".*"):
        if part.suffix.lower() in {".shp", ".shx", ".dbf", ".prj"}:
            shutil.copy(part, folder / ("data" + part.suffix.lower()))
    _filled_up(folder / "data.dbf")
    return folder / ("data" + path.suffix.lower())


def _filled_up(dbf: Path) -> None:
    """Give a table that was cut off blank records to its stated length, so that the geometry beside it can be read."""
    if not dbf.exists() or dbf.stat().st_size < 32:
        return
    with dbf.open("r+b") as table:
        records, header, record = struct.unpack("<IHH", table.read(12)[4:])
        size = dbf.stat().st_size
        lacking = header + records * record - size
        if 0 < lacking <= _MAX_BYTES and size > header:
            table.seek(0, 2)
            table.write(b" " * lacking)


def _dbf_encoding(path: Path, report: FileReport, encoding: str | None) -> str:
    if encoding:
        report.encoding, report.encoding_how = encoding, _("as you said")
        return encoding
    dbf = path if path.suffix.lower() == ".dbf" else _sibling(path, ".dbf")
    found = of_dbf(dbf) if dbf else Encoding("utf-8", "", sure=True)
    return note_encoding(report, found)


def note_encoding(report: FileReport, found: Encoding) -> str:
    """Write the encoding into the report, with a warning if a person should look; return its name."""
    report.encoding, report.encoding_how = found.name, found.how
    if not found.sure:
        report.warn(
            "encoding_guessed",
            _("Encoding {name}: {how}. Look at the names; say --encoding if they are wrong.").format(
                name=found.name, how=found.how
            ),
        )
    return found.name


def _json_copy(path: Path, folder: Path, report: FileReport, encoding: str | None) -> Path:
    data = path.read_bytes()
    found = (
        Encoding(encoding, _("as you said"), sure=True) if encoding else of_bytes(data.removeprefix(b"\xef\xbb\xbf"))
    )
    name = note_encoding(report, found)
    text = data.decode(name, "replace").lstrip("\ufeff")
    if "NaN" in text or "Infinity" in text:
        report.warn(
            "not_json", _("{file} contains NaN, which is no JSON; those values were left out.").format(file=path.name)
        )
        text = _NAN.sub("null", text)
    copy = folder / ("data" + path.suffix.lower())
    copy.write_text(text, "utf-8")
    return copy


def _kml_copy(path: Path, folder: Path, report: FileReport) -> Path:
    """Rewrite a KML that declares a Chinese encoding as UTF-8; GDAL's parser knows only a few encodings."""
    data = path.read_bytes()
    head = data[:200].lower()
    if b'encoding="gb' not in head and b"encoding='gb" not in head:
        return path
    report.encoding, report.encoding_how = "GB18030", _("stated by the file")
    text = _XML_ENCODING.sub(r'\1"UTF-8"', data.decode("gb18030", "replace"), count=1)
    copy = folder / "data.kml"
    copy.write_text(text, "utf-8")
    return copy


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
        raise InputRefused(
            _("{file} cannot be read: {why}").format(file=path.name, why=_first_line(error, source))
        ) from error
    if not found:
        raise InputRefused(_("{file} holds no layer.").format(file=path.name))
    return found


_STYLES = "layer_styles"  # where QGIS keeps how layers look: no data


def _names(source: Path) -> list[str]:
    """Return the names of the layers; one layer of a kind unknown to the reader does not hide the others."""
    import pyogrio
    from pyogrio.errors import GeometryError

    try:
        return [str(name) for name, _kind in pyogrio.list_layers(source) if name != _STYLES]
    except (GeometryError, ValueError):
        if source.suffix not in _SQLITE:
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
    except (DataLayerError, GeometryError, NotImplementedError, shapely.errors.GEOSException) as error:
        if layers == 1:
            raise RuntimeError(str(error)) from error
        text = _("The layer {name} cannot be read and was left out: {why}")
        report.warn("layer_skipped", text.format(name=name, why=_first_line(error, source)))
        return None


def _layer(source: Path, name: str, path: Path, options: dict[str, Any], report: FileReport) -> RawLayer:
    from pyogrio import raw

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        meta, _fids, wkb, data = raw.read(source, layer=name, datetime_as_string=True, **options)
    for warning in heard:
        _tell_gdal_warning(str(warning.message), report)
    fields = {str(field): _plain(values) for field, values in zip(meta["fields"], data, strict=True)}
    kind = str(meta["geometry_type"] or "")
    if "Curve" in kind or "Surface" in kind:
        audit.tell_linearised(name, report)
    elif source.suffix in _SQLITE | {".gml"} | {".fgb"}:
        audit.tell_arcs(source, name, report)
    geometries = None if wkb is None or not kind else shapely.from_wkb(wkb, on_invalid="ignore")
    if geometries is not None and source.suffix in _SQLITE and len(geometries) and shapely.is_missing(geometries).all():
        geometries = None  # a table of attributes that kept its geometry column
    stem = path.stem if name in {"data", source.stem} else name
    return RawLayer(stem, fields, geometries, str(meta["crs"] or ""))


def _read_layer(source: Path, name: str, path: Path, options: dict[str, Any], report: FileReport) -> RawLayer:
    from pyogrio.errors import GeometryError

    try:
        return _layer(source, name, path, options, report)
    except GeometryError:
        if source.suffix not in _SQLITE:
            raise
        return _layer_by_text(source, name, report)


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


def _tell_gdal_warning(text: str, report: FileReport) -> None:
    if "Measured (M)" in text or "Skipping field" in text or "is not recognized" in text or "3D" in text:
        return
    report.warn("gdal", _("The reader says: {text}").format(text=text[:160]))


def _plain(values: Any) -> list[object]:  # noqa: ANN401 - a numpy array of any kind
    """Return a column as Python values; what stands for missing becomes None."""
    if values.dtype.kind == "f":
        return [None if np.isnan(value) else float(value) for value in values]
    if values.dtype.kind in "iu":
        return [int(value) for value in values]
    if values.dtype.kind == "b":
        return [int(value) for value in values]
    return [_text(value) for value in values]


def _text(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, bytes):
        return None
    text = str(value).replace("\0", "").strip()
    return text or None


def _first_line(error: Exception, source: Path) -> str:
    return str(error).replace(str(source.parent) + "/", "").splitlines()[0][:160]
