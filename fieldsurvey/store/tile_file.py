"""Tiles in SQLite files: MBTiles 1.3, and tile pyramids in GeoPackages (OGC 12-128r17, clause 2.2). Read only."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.store.gpkg import quoted
from fieldsurvey.store.library import sqlite3

_WORLD = 20037508.342789244  # m, half the width of Web Mercator


@dataclass(frozen=True, slots=True)
class Level:
    """One zoom level of a pyramid.

    Attributes:
        zoom: Its number in the file.
        left, top: Upper left corner of the tile 0, 0 in units of the CRS.
        width, height: Size of one tile in units of the CRS.
        pixels: Width of a tile in px.
        columns, rows: Size of the matrix.
    """

    zoom: int
    left: float
    top: float
    width: float
    height: float
    pixels: int
    columns: int
    rows: int

    @property
    def resolution(self) -> float:
        """Units of the CRS per pixel."""
        return self.width / self.pixels


class TileFile:
    """A file with tiles; may be used from one other thread at a time.

    Attributes:
        crs: EPSG code.
        levels: The zoom levels, coarse first.
        bounds: minx, miny, maxx, maxy in the CRS; what the file says it covers.
    """

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            InputRefused: If it is missing, damaged, or holds no tiles.
        """
        if not path.exists():
            raise InputRefused(_("There is no file {file}.").format(file=path))
        try:
            self._db = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            names = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master")}
            if "gpkg_tile_matrix" in names:
                self._open_geopackage()
            elif {"tiles", "metadata"} <= names:
                self._open_mbtiles()
            else:
                raise InputRefused(_("{file} holds no map tiles.").format(file=path.name))
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise InputRefused(
                _("{file} cannot be read as map tiles: {why}.").format(file=path.name, why=error)
            ) from error

    def _open_mbtiles(self) -> None:
        meta = dict(self._db.execute("SELECT name, value FROM metadata"))
        low, high = self._db.execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
        if low is None:
            raise ValueError("no tiles")
        self.crs, self._table, self._flips = "EPSG:3857", "tiles", True
        self.levels = [web_level(zoom) for zoom in range(int(low), int(high) + 1)]
        self.bounds = self._covered(self.levels[-1])
        self.format = str(meta.get("format", ""))

    def _open_geopackage(self) -> None:
        row = self._db.execute(
            "SELECT t.table_name, s.organization, s.organization_coordsys_id, t.min_x, t.min_y, t.max_x, t.max_y "
            "FROM gpkg_tile_matrix_set t JOIN gpkg_spatial_ref_sys s ON s.srs_id = t.srs_id LIMIT 1"
        ).fetchone()
        if row is None:
            raise ValueError("no tile matrix set")
        self._table, self._flips = row[0], False
        self.crs = f"{row[1].upper()}:{row[2]}"
        self.levels = [
            Level(zoom, row[3], row[6], x * pixels, y * tall, pixels, columns, rows)
            for zoom, columns, rows, pixels, tall, x, y in self._db.execute(
                "SELECT zoom_level, matrix_width, matrix_height, tile_width, tile_height, pixel_x_size, pixel_y_size "
                "FROM gpkg_tile_matrix WHERE table_name = ? ORDER BY zoom_level",
                (self._table,),
            )
        ]
        if not self.levels:
            raise ValueError("no tile matrix")
        self.bounds = self._covered(self.levels[-1])

    def _covered(self, level: Level) -> tuple[float, float, float, float]:
        """Return the box of the tiles that are there at a level."""
        sql = (
            "SELECT min(tile_column), max(tile_column), min(tile_row), max(tile_row) "
            f"FROM {quoted(self._table)} WHERE zoom_level = ?"
        )
        first, last, low, high = self._db.execute(sql, (level.zoom,)).fetchone()
        if first is None:
            raise ValueError("no tiles")
        if self._flips:
            low, high = level.rows - 1 - high, level.rows - 1 - low
        return (
            level.left + first * level.width, level.top - (high + 1) * level.height,
            level.left + (last + 1) * level.width, level.top - low * level.height,
        )  # fmt: skip

    def tile(self, level: Level, column: int, row: int) -> bytes | None:
        """Return the picture of a tile, row 0 at the top; None if it is not there."""
        at = level.rows - 1 - row if self._flips else row
        sql = f"SELECT tile_data FROM {quoted(self._table)} WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        with suppress(sqlite3.Error):  # one damaged page must not take the map away
            found = self._db.execute(sql, (level.zoom, column, at)).fetchone()
            return bytes(found[0]) if found and found[0] else None
        return None

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def web_level(zoom: int, pixels: int = 256) -> Level:
    """Return a zoom level of the Web Mercator pyramid."""
    count = 1 << zoom
    side = 2 * _WORLD / count
    return Level(zoom, -_WORLD, _WORLD, side, side, pixels, count, count)


def degree_level(zoom: int, pixels: int = 256) -> Level:
    """Return a level of the geographic pyramid of Tianditu (matrix set c): 2 x 1 tiles at level 1."""
    count = 1 << zoom
    side = 360.0 / count
    return Level(zoom, -180.0, 90.0, side, side, pixels, count, max(count // 2, 1))
