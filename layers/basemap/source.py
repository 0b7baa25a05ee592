"""Base maps as data, and what each gives: a pyramid of tiles, or windows of a raster."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.store.tile_file import Level, TileFile, degree_level, web_level
from layers.basemap.online import Fetcher, tile_address
from layers.viewport import Box

FILE, XYZ, WMTS, WMS = "file", "xyz", "wmts", "wms"
DATUMS = ("", crs.GCJ02, crs.BD09)  # what the tiles are shifted by; none for CGCS2000 and WGS 84
SETTING = "map_basemaps"  # under which a project keeps them
_CORNERS = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
_LIMIT = 25e6  # ㎡ of large-scale maps (domain 5.3; 自然资发〔2020〕95号)
_NEAR = 0.8  # of the limit, from where a person is warned
_SHIFT = 1200.0  # m: more than any shifted datum moves
_LARGE_SCALE = 0.5  # m per pixel: what 1:500 to 1:2,000 needs


@dataclass(frozen=True, slots=True)
class Basemap:
    """One base map.

    Attributes:
        name: What the person calls it.
        kind: FILE (MBTiles, GeoPackage tiles, GeoTIFF), XYZ, WMTS or WMS.
        place: File, or address with {z} {x} {y}, or of the service.
        key: Key of the service; never exported.
        layer: Layer of the service: img, vec, cia, cva of Tianditu; names for WMS.
        matrix: "w" (Web Mercator) or "c" (geographic), of WMTS.
        datum: One of DATUMS; shown corrected, the data stay as they are.
        opacity: 0 … 1.
        visible: Whether it is on.
        nearest, farthest: Scale denominators between which it is drawn.
        group: Heading in the list; may be empty.
    """

    name: str
    kind: str
    place: str
    key: str = ""
    layer: str = ""
    matrix: str = "w"
    datum: str = ""
    opacity: float = 1.0
    visible: bool = True
    nearest: float = 0.0
    farthest: float = 1e12
    group: str = ""


def to_json(maps: Sequence[Basemap]) -> str:
    """Return base maps as the text that is kept in the project."""
    return json.dumps([asdict(one) for one in maps], ensure_ascii=False)


def from_json(text: str) -> list[Basemap]:
    """Return the base maps of a project; none if the text is not theirs."""
    try:
        return [Basemap(**one) for one in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return []


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile that a view needs.

    Attributes:
        key: What it is kept under.
        corners: Upper left, upper right and lower left corner in the project CRS, shape (3, 2).
        read: Gives the picture; None if it is not here (yet).
    """

    key: tuple[object, ...]
    corners: Any
    read: Callable[[], bytes | None]


class Pyramid(Protocol):
    """Something with levels of tiles."""

    levels: list[Level]
    crs: str

    def tile(self, level: Level, column: int, row: int) -> bytes | None:
        """Return the picture of a tile, None if it is not here."""


class OnlinePyramid:
    """Tiles of a service, kept on the disk; what is missing is fetched in the background."""

    def __init__(self, basemap: Basemap, fetcher: Fetcher) -> None:
        self._basemap, self._fetcher = basemap, fetcher
        geographic = basemap.kind == WMTS and basemap.matrix == "c"
        self.crs = "EPSG:4490" if geographic else "EPSG:3857"
        level = degree_level if geographic else web_level
        self.levels = [level(zoom) for zoom in range(1, 19)]

    def tile(self, level: Level, column: int, row: int) -> bytes | None:
        """Return the tile from the disk; None while it is being fetched."""
        box = (
            level.left + column * level.width, level.top - (row + 1) * level.height,
            level.left + (column + 1) * level.width, level.top - row * level.height,
        )  # fmt: skip
        address = tile_address(
            self._basemap.kind,
            self._basemap.place,
            self._basemap.layer,
            self._basemap.matrix,
            level.zoom,
            column,
            row,
            box,
        )
        return self._fetcher.get(address, self._basemap.key)


def opened(basemap: Basemap, fetcher: Fetcher) -> "Pyramid | Raster":
    """Open a base map.

    Raises:
        InputRefused: If the file is missing or of another kind, or a service has no address.
    """
    if basemap.kind != FILE:
        if not basemap.place.startswith(("https://", "http://")):
            raise InputRefused(_("The address of a service begins with https:// or http://."))
        return OnlinePyramid(basemap, fetcher)
    path = Path(basemap.place)
    if path.suffix.lower() in {".mbtiles", ".gpkg"}:
        return TileFile(path)
    return Raster(path)


def tiles_for(pyramid: Pyramid, basemap: Basemap, box: Box, metres: float, target: str) -> list[Tile]:
    """Return the tiles that a view needs, at the level whose pixels are nearest to those of the screen.

    Args:
        pyramid: The tiles.
        basemap: Its datum shifts the corners.
        box: The view in the project CRS, m.
        metres: m per pixel of the view.
        target: Project CRS.
    """
    west, south, east, north = _box_in(box, target, pyramid.crs)
    unit = (east - west) / max(box[2] - box[0], 1e-9)  # units of the tiles per metre
    spare = _SHIFT * unit if basemap.datum else 0.0
    west, south, east, north = west - spare, south - spare, east + spare, north + spare
    level = min(pyramid.levels, key=lambda one: abs(np.log(one.resolution / (metres * unit))))
    first, last = _span(west - level.left, east - level.left, level.width, level.columns)
    top, bottom = _span(level.top - north, level.top - south, level.height, level.rows)
    found: list[Tile] = []
    for row in range(top, bottom + 1):
        for column in range(first, last + 1):
            offset = (_CORNERS + np.array([column, row])) * np.array([level.width, -level.height])
            corners = _to_project(offset + np.array([level.left, level.top]), pyramid.crs, basemap.datum, target)
            key = (basemap.place, basemap.layer, basemap.datum, level.zoom, column, row)
            found.append(Tile(key, corners, _reader(pyramid, level, column, row)))
    return found


def _reader(pyramid: Pyramid, level: Level, column: int, row: int) -> Callable[[], bytes | None]:
    return lambda: pyramid.tile(level, column, row)


def _span(low: float, high: float, step: float, count: int) -> tuple[int, int]:
    return max(int(low // step), 0), min(int(high // step), count - 1)


def _to_project(xy: Any, source: str, datum: str, target: str) -> Any:  # noqa: ANN401 - arrays
    x, y = xy[:, 0], xy[:, 1]
    if datum:  # Web Mercator of shifted degrees
        x, y = crs.transform(x, y, source, crs.CGCS2000) if not crs.is_geographic(source) else (x, y)
        source = datum
    return np.column_stack(crs.transform(x, y, source, target))


def _box_in(box: Box, target: str, source: str) -> Box:
    """Return a box in another system."""
    xs, ys = np.array([box[0], box[2], box[0], box[2]]), np.array([box[1], box[1], box[3], box[3]])
    x, y = crs.transform(xs, ys, target, source)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


class Raster:
    """A GeoTIFF or any raster that GDAL reads, by windows and overviews: a COG of any size costs only what is seen."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            InputRefused: If it is missing, damaged, or has no place on the earth.
        """
        import warnings

        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError

        if not path.exists():
            raise InputRefused(_("There is no file {file}.").format(file=path))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told below, in words
                self._file = rasterio.open(path)
        except RasterioError as error:
            raise InputRefused(
                _("{file} cannot be read as a raster: {why}.").format(file=path.name, why=error)
            ) from error
        if self._file.crs is None:
            self._file.close()
            raise InputRefused(
                _("{file} does not say where it lies. Give it a coordinate system first.").format(file=path.name)
            )
        self.crs = self._file.crs.to_wkt()
        self.bounds = tuple(self._file.bounds)
        self.resolution = abs(float(self._file.res[0]))

    def window(self, box: Box, width: int, height: int, target: str) -> tuple[Any, Box] | None:
        """Return the part in a view as RGBA in the project CRS, shape (height, width, 4), and its box.

        None if nothing of it is in the view.
        """
        from rasterio.enums import Resampling
        from rasterio.vrt import WarpedVRT
        from rasterio.windows import from_bounds

        with WarpedVRT(
            self._file, crs=target, resampling=Resampling.bilinear, add_alpha=self._file.count < 4
        ) as warped:
            left, low, right, top = warped.bounds
            west, south, east, north = max(box[0], left), max(box[1], low), min(box[2], right), min(box[3], top)
            if west >= east or south >= north:
                return None
            share_x, share_y = (east - west) / (box[2] - box[0]), (north - south) / (box[3] - box[1])
            shape = (max(round(height * share_y), 1), max(round(width * share_x), 1))
            window = from_bounds(west, south, east, north, warped.transform)
            bands = list(range(1, min(warped.count, 4) + 1))
            data = warped.read(bands, window=window, out_shape=(len(bands), *shape), resampling=Resampling.bilinear)
        return _rgba(data), (west, south, east, north)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _rgba(data: Any) -> Any:  # noqa: ANN401 - arrays
    """Return bands as RGBA bytes: grey with alpha, or colours with alpha; more than 8 bits are stretched."""
    if data.dtype != np.uint8:
        shown = data[:-1]
        low, high = np.percentile(shown, (2, 98)) if shown.size else (0, 1)
        scaled = np.clip((shown - low) / max(high - low, 1e-9) * 255, 0, 255)
        data = np.concatenate([scaled, (data[-1:] > 0) * 255]).astype(np.uint8)
    if len(data) < 4:
        data = np.stack([data[0], data[0], data[0], data[-1] if len(data) > 1 else np.full_like(data[0], 255)])
    return np.ascontiguousarray(np.moveaxis(data[:4], 0, -1))


def large_scale_area(sources: Sequence["Pyramid | Raster"], target: str) -> float:
    """Return the ground that large-scale base maps cover together, ㎡; overlaps count once."""
    boxes = []
    for source in sources:
        bounds = getattr(source, "bounds", None)
        if bounds is None:
            continue
        west, south, east, north = _box_in(bounds, source.crs, target)
        if _resolution(source) <= _LARGE_SCALE:
            boxes.append(shapely.box(west, south, east, north))
    return float(shapely.union_all(boxes).area) if boxes else 0.0


def _resolution(source: "Pyramid | Raster") -> float:
    finest = source.resolution if isinstance(source, Raster) else source.levels[-1].resolution
    return finest * 111_320.0 if crs.is_geographic(source.crs) else finest


def warning(area: float) -> str:
    """Return what to tell a person about the ground that large-scale maps cover; empty while it is well allowed.

    It comes before the limit is reached: at four fifths of it.

    Source: domain page 5.3: maps of 1:500 to 1:2,000 are not secret while the continuous cover is at most 25 km².
    """
    if area <= _LIMIT * _NEAR:
        return ""
    if area <= _LIMIT:
        text = _(
            "Large-scale base maps cover {area:.1f} km² together, and 25 km² is the most that is not secret "
            "(自然资发〔2020〕95号). Remove what this laptop does not need."
        )
    else:
        text = _(
            "Large-scale base maps cover {area:.1f} km² together. Above 25 km² such data are secret "
            "(自然资发〔2020〕95号): keep base maps per community on this laptop."
        )
    return text.format(area=area / 1e6)
