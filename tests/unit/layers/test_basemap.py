"""Base maps: tiles land where they belong, also shifted ones; files are windows; the network is asked once."""

import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs
from fieldsurvey.store.library import sqlite3
from fieldsurvey.store.tile_file import TileFile, degree_level, web_level
from layers.basemap import order
from layers.basemap.online import Fetcher, tile_address
from layers.basemap.source import (
    FILE,
    WMTS,
    XYZ,
    Basemap,
    Raster,
    from_json,
    large_scale_area,
    opened,
    tiles_for,
    to_json,
    warning,
)

LON, LAT = 115.04, 30.20
E, N = 600_146.644, 3_342_741.451
BOX = (E - 200, N - 200, E + 200, N + 200)


def _png(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(out, "PNG")
    return out.getvalue()


def _column(zoom: int, lon: float, lat: float) -> tuple[int, int]:
    x, y = crs.transform(np.array([lon]), np.array([lat]), "EPSG:4490", "EPSG:3857")
    level = web_level(zoom)
    return int((x[0] - level.left) // level.width), int((level.top - y[0]) // level.height)


@pytest.fixture
def mbtiles(tmp_path: Path) -> Path:
    path = tmp_path / "base.mbtiles"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
    db.execute("CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)")
    for zoom in (15, 16, 17):
        column, row = _column(zoom, LON, LAT)
        for x in range(column - 2, column + 3):
            for y in range(row - 2, row + 3):
                db.execute(
                    "INSERT INTO tiles VALUES (?, ?, ?, ?)",
                    (zoom, x, (1 << zoom) - 1 - y, _png((zoom, x % 256, y % 256))),
                )
    db.commit()
    db.close()
    return path


def test_the_tile_under_a_place_is_the_one_that_covers_it(mbtiles: Path) -> None:
    source = TileFile(mbtiles)
    tiles = tiles_for(source, Basemap("a", FILE, str(mbtiles)), BOX, 1.2, "EPSG:4547")
    assert {tile.key[3] for tile in tiles} == {17}
    covering = []
    for tile in tiles:
        (x0, y0), (x1, _y1), (_x2, y2) = tile.corners.tolist()
        if x0 <= E <= x1 and y2 <= N <= y0:
            covering.append(tile)
    assert len(covering) == 1
    column, row = _column(17, LON, LAT)
    assert covering[0].key[4:] == (column, row)
    picture = covering[0].read()
    assert picture is not None
    assert Image.open(io.BytesIO(picture)).getpixel((0, 0)) == (17, column % 256, row % 256)
    source.close()


def test_tiles_of_a_shifted_datum_are_shown_where_they_belong(mbtiles: Path) -> None:
    source = TileFile(mbtiles)
    plain = {t.key[3:]: t.corners for t in tiles_for(source, Basemap("a", FILE, "p"), BOX, 1.2, "EPSG:4547")}
    shifted = {
        t.key[3:]: t.corners for t in tiles_for(source, Basemap("a", FILE, "p", datum=crs.GCJ02), BOX, 1.2, "EPSG:4547")
    }
    both = plain.keys() & shifted.keys()
    assert both
    for key in both:
        moved = np.hypot(*(plain[key] - shifted[key]).T)
        assert ((moved > 300) & (moved < 800)).all()
    source.close()


def test_damaged_and_other_files_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "x.mbtiles"
    other.write_bytes(b"no database at all" * 100)
    with pytest.raises(InputRefused):
        TileFile(other)
    with pytest.raises(InputRefused):
        opened(Basemap("a", FILE, str(tmp_path / "none.tif")), Fetcher(tmp_path))
    picture = tmp_path / "plain.png"
    picture.write_bytes(_png((1, 2, 3)))
    with pytest.raises(InputRefused):
        opened(Basemap("a", FILE, str(picture)), Fetcher(tmp_path))
    with pytest.raises(InputRefused):
        opened(Basemap("a", XYZ, "file:///etc/passwd"), Fetcher(tmp_path))


@pytest.fixture
def geotiff(tmp_path: Path) -> Path:
    path = tmp_path / "ortho.tif"
    data = np.zeros((3, 400, 400), np.uint8)
    data[0, :, 200:] = 255  # red in the eastern half
    data[2, :, :200] = 255
    with rasterio.open(
        path, "w", driver="GTiff", width=400, height=400, count=3, dtype="uint8", crs="EPSG:4547",
        transform=from_origin(E - 100, N + 100, 0.5, 0.5), tiled=True, blockxsize=128, blockysize=128,
    ) as file:  # fmt: skip
        file.write(data)
    return path


def test_a_window_of_a_raster_lies_where_it_belongs(geotiff: Path) -> None:
    source = Raster(geotiff)
    found = source.window(BOX, 400, 400, "EPSG:4547")
    assert found is not None
    data, box = found
    assert box == pytest.approx((E - 100, N - 100, E + 100, N + 100), abs=0.01)
    assert data[100, 20].tolist() == [0, 0, 255, 255]
    assert data[100, 180].tolist() == [255, 0, 0, 255]
    assert source.window((0, 0, 10, 10), 10, 10, "EPSG:4547") is None
    source.close()


def test_twenty_five_square_kilometres_are_the_limit(geotiff: Path, mbtiles: Path) -> None:
    sources = [opened(Basemap("a", FILE, str(path)), Fetcher(geotiff.parent)) for path in (geotiff, geotiff, mbtiles)]
    area = large_scale_area(sources, "EPSG:4547")
    assert area == pytest.approx(40_000, rel=0.01)  # the same ground once; tiles of zoom 17 are no large-scale map
    assert not warning(20e6)
    assert "25 km²" in warning(25.1e6)


def test_a_person_is_warned_before_the_limit_is_reached() -> None:
    assert warning(19.9e6) == ""
    assert "20.5" in warning(20.5e6)
    assert warning(20.5e6).split("20.5")[0] == warning(25.5e6).split("25.5")[0]
    assert warning(24.9e6) != warning(25.1e6).replace("25.1", "24.9")


def test_groups_lie_together_and_move_together() -> None:
    low, one, free, two = (Basemap(n, FILE, n, group=g) for n, g in (("low", ""), ("1", "g"), ("free", ""), ("2", "g")))
    maps = order.together([low, one, free, two])
    assert [m.name for m in maps] == ["low", "free", "1", "2"]
    assert order.groups(maps) == ["g"]
    assert [m.name for m in order.moved(maps, 2, 1)] == ["low", "free", "2", "1"]
    assert order.moved(maps, 3, 1) == maps, "a map does not leave its group by moving"
    assert [m.name for m in order.moved(maps, 1, 1)] == ["low", "1", "2", "free"]
    assert [m.name for m in order.moved_group(maps, "g", -1)] == ["low", "1", "2", "free"]
    assert [m.visible for m in order.switched(maps, "g", visible=False)] == [True, True, False, False]


def test_tianditu_is_asked_in_both_grids() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    address = tile_address(WMTS, "https://t0.tianditu.gov.cn/img_c/wmts", "img", "c", 12, 3356, 680, box)
    assert "TILEMATRIXSET=c" in address
    assert "TILEMATRIX=12&TILEROW=680&TILECOL=3356" in address
    level = degree_level(1)
    assert (level.columns, level.rows, level.width) == (2, 1, 180.0)
    assert tile_address(XYZ, "https://x/{z}/{x}/{y}.png", "", "w", 3, 1, 2, box) == "https://x/3/1/2.png"


def test_styles_of_base_maps_survive_the_project() -> None:
    maps = [Basemap("天地图", WMTS, "https://t0", "k", "img", "c", crs.GCJ02, 0.5)]
    assert from_json(to_json(maps)) == maps
    assert from_json("nonsense") == []


class _Tiles(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(_png((9, 9, 9)))

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    _Tiles.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Tiles)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_tile_is_fetched_once_and_is_there_without_network(service: str, tmp_path: Path) -> None:
    arrived = threading.Event()
    fetcher = Fetcher(tmp_path, arrived.set)
    address = f"{service}/1/2/3.png"
    assert fetcher.get(address, "secret") is None
    assert not _Tiles.asked  # offline at first
    fetcher.is_offline = False
    assert fetcher.get(address, "secret") is None
    assert arrived.wait(10)
    assert fetcher.get(address, "secret") is not None
    fetcher.close()
    assert _Tiles.asked == ["/1/2/3.png?tk=secret"]
    again = Fetcher(tmp_path)
    assert again.get(address) is not None  # the key is no part of what it is kept under
    again.close()
    assert not any("secret" in path.name for path in tmp_path.rglob("*"))
