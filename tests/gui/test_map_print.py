"""Printed maps: the scale on paper, the grid, and that they are vector and whole."""

from pathlib import Path

import pypdfium2
import pytest
import shapely
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from fieldsurvey.errors import InputRefused
from layers import sidecar
from layers.map_furniture import grid_step
from layers.map_sheet import MapSheet, fitting_scale
from layers.sidecar import Sidecar
from tests.builders import add_community, make_project, square
from ui.map.painter import Cancelled, Look
from ui.map.printing import print_map

E, N = 600_000.0, 3_340_000.0
SHEET = MapSheet("A4", True, 1000, E + 50, N + 50, "枫叶山小区", "CGCS2000 3度带 114°E", "内部使用")


@pytest.fixture
def city(tmp_path: Path) -> Sidecar:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store, geom=square(E, N))
        line = shapely.MultiLineString([[(E, N + 20), (E + 100, N + 20)]])
        store.create_record("water_line", {"geom": bytes(shapely.to_wkb(line))})
        return sidecar.direct(store)


def _print(path: Path, city: Sidecar) -> Path:
    print_map(path, SHEET, city, Look())
    return path


def test_a_hundred_metres_are_ten_centimetres_at_one_to_a_thousand(qtbot: QtBot, city: Sidecar, tmp_path: Path) -> None:
    image = QImage(str(_print(tmp_path / "m.png", city)))
    left, top, width, height = SHEET.frame
    row = round((top + height / 2 + 4) * 300 / 25.4)  # beside the crosses of the grid
    zoom = 300 / 25.4
    colours = [
        image.pixelColor(round(x), row).name()
        for x in range(round((left + 15) * zoom), round((left + width - 15) * zoom))
    ]
    inside = [number for number, colour in enumerate(colours) if colour != "#ffffff"]
    assert (inside[-1] - inside[0]) / zoom == pytest.approx(100, abs=1.0)


def test_the_pdf_is_one_vector_page_with_its_words(qtbot: QtBot, city: Sidecar, tmp_path: Path) -> None:
    path = _print(tmp_path / "m.pdf", city)
    document = pypdfium2.PdfDocument(path)
    assert len(document) == 1
    assert document[0].get_size() == pytest.approx((297 * 72 / 25.4, 210 * 72 / 25.4), abs=1)
    text = document[0].get_textpage().get_text_bounded()
    assert "1:1,000" in text
    assert "600000" in text or "600100" in text
    document.close()
    assert path.stat().st_size < 1_500_000
    assert not list(tmp_path.glob(".part*"))


def test_an_svg_holds_paths_and_no_picture(qtbot: QtBot, city: Sidecar, tmp_path: Path) -> None:
    text = _print(tmp_path / "m.svg", city).read_text("utf-8")
    assert "<path" in text or "<polyline" in text
    assert "<image" not in text


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_a_map_cancelled_at_any_step_leaves_no_file_and_a_painter_in_order(
    qtbot: QtBot, city: Sidecar, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"m.{ending}"
    path.write_bytes(b"earlier")
    for steps in range(100):
        left = iter(range(steps))
        try:
            print_map(path, SHEET, city, Look(), lambda left=left: next(left, None) is None)  # type: ignore[misc]
        except Cancelled:
            assert path.read_bytes() == b"earlier"
            assert not list(tmp_path.glob(".part*"))
        else:
            break
    assert 2 < steps < 99
    assert path.read_bytes() != b"earlier"


def test_other_endings_and_folders_that_are_not_there_are_refused(qtbot: QtBot, city: Sidecar, tmp_path: Path) -> None:
    for name in ("m.docx", "none/m.pdf"):
        with pytest.raises(InputRefused):
            _print(tmp_path / name, city)


def test_grid_lines_are_round_and_a_box_gets_the_largest_scale_that_holds_it() -> None:
    assert grid_step(SHEET.window()) in {50, 100}
    west, south, east, north = SHEET.view().box()
    assert (east - west, north - south) == pytest.approx((SHEET.frame[2], SHEET.frame[3]), abs=0.3)
    assert fitting_scale((0, 0, 250, 100), "A4", landscape=True) == 1000
    assert fitting_scale((0, 0, 1e6, 1e6), "A4", landscape=True) == 50_000
