"""Pipes on the map: what is drawn of a network at which scale, and in which colours."""

from pathlib import Path

import pytest
import shapely
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from fieldsurvey.store import Store
from layers import sidecar
from layers.picking import identify
from layers.sidecar import Sidecar
from layers.style import INNER, THEMES
from layers.symbology import CATEGORISED, SINGLE, default_styles
from layers.viewport import METRES_PER_PIXEL_AT_1, Viewport
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.main_window import MainWindow
from ui.map.canvas import MapCanvas
from ui.map.painter import Look, draw
from ui.map.style_panel import StylePanel

E, N = 600_000.0, 3_340_000.0


def _line(*corners: tuple[float, float]) -> bytes:
    return bytes(shapely.MultiLineString([[(E + x, N + y) for x, y in corners]]).wkb)


@pytest.fixture
def network(tmp_path: Path) -> Sidecar:
    """Return a main at y = 40 m, a pipe of a community at y = 0, and a connection of 4 m at y = -40."""
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        uid = add_community(store, geom=square(E + 900, N + 900, 50))
        store.create_record("water_line", {"geom": _line((-500, 40), (500, 40))})
        store.create_record("water_line", {"geom": _line((-500, 0), (500, 0)), "community_uid": uid})
        store.create_record("water_line", {"geom": _line((0, -42), (0, -38)), "community_uid": uid})
    sidecar.build(path, tmp_path / "side")
    found = sidecar.opened(tmp_path / "side")
    assert found is not None
    return found


def _widths(state: Sidecar, scale: float, theme: str = "light") -> list[int]:
    """Return how many pixels high the main and the pipe of the community are, and those of the connection."""
    view = Viewport(E, N, scale * METRES_PER_PIXEL_AT_1, 400, 400)
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    look = Look(theme=THEMES[theme], styles={"water_line": default_styles()["water_line"]})
    draw(image, state, view, look, lambda: False)
    ground = QColor(look.theme.ground)
    found = []
    for north, column in ((40, 90), (0, 90), (-40, 200)):
        row = round(view.to_screen(E, N + north)[1])
        near = range(max(row - 5, 0), min(row + 6, 400))
        found.append(sum(image.pixelColor(column, y) != ground for y in near))
    return found


@pytest.mark.usefixtures("qapp")
def test_the_mains_are_seen_from_afar_and_what_hangs_on_them_when_near(network: Sidecar) -> None:
    near, middle, far = (_widths(network, scale) for scale in (1_000, 5_000, 10_000))
    assert near[0] > near[1] > 0
    assert near[2] > 0
    assert middle[0] > 0 < middle[1]
    assert middle[2] == 0, "a connection of a few pixels is noise"
    assert far[0] > 0 == far[1]


def test_a_main_is_no_hairline_from_afar(qtbot: QtBot, network: Sidecar) -> None:
    assert _widths(network, 10_000)[0] >= 2


def test_what_is_not_drawn_is_not_found_under_the_pointer(qtbot: QtBot, network: Sidecar) -> None:
    canvas = MapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    canvas.show_project(network)
    found = []
    for scale in (2_000, 10_000):
        canvas.show_view(Viewport(E, N, scale * METRES_PER_PIXEL_AT_1, 1, 1))
        found.append(len(canvas.hits_at((E + 100, N), ("water_line",))))
    canvas.close_renderer()
    assert found == [1, 0]
    assert len(identify(network, ["water_line"], E + 100, N, 1)) == 1


def test_an_edited_pipe_keeps_its_part_of_the_network(tmp_path: Path, network: Sidecar) -> None:
    layer = network.layers["water_line"]
    uids = [uid.decode() for uid, klass in zip(layer.uids.tolist(), layer.klass.tolist(), strict=True) if klass == 1]
    with Store.open(tmp_path / "p.gpkg") as store:
        store.save(uids[0], {"geom": _line((-500, 5), (500, 5))})
        patch = network.patched(store, uids[:1]).patches["water_line"].added
    assert patch is not None
    assert patch.klass.tolist() == [1]


def test_the_style_editor_keeps_parts_and_scales_of_a_network_while_its_width_changes(
    qtbot: QtBot, tmp_path: Path, network: Sidecar
) -> None:
    window = build(tmp_path / "p.gpkg")
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.project.current is not None, timeout=15_000)
    window.map_side.panels.show_styles()
    panel = window.map_side.side.currentWidget()
    assert isinstance(panel, StylePanel)
    panel.layer.setCurrentIndex(panel.layer.findData("water_line"))
    qtbot.waitUntil(lambda: panel.column.currentData() == INNER, timeout=15_000)
    before = default_styles()["water_line"]
    panel.line_width.setValue(2 * before.symbol.width)
    qtbot.waitUntil(
        lambda: window.canvas.look.styles["water_line"].symbol.width == 2 * before.symbol.width, timeout=15_000
    )
    after = window.canvas.look.styles["water_line"]
    assert after.classes[0].symbol.width == 2 * before.classes[0].symbol.width
    assert (after.farthest, after.classes[0].farthest) == (before.farthest, before.classes[0].farthest)
    for box, value in ((panel.kind, SINGLE), (panel.kind, CATEGORISED), (panel.column, INNER)):
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())
        if value != CATEGORISED:
            qtbot.waitUntil(lambda v=value: v in _rule(window), timeout=15_000)  # type: ignore[misc]
    window.close()


def _rule(window: MainWindow) -> tuple[str, ...]:
    style = window.canvas.look.styles["water_line"]
    return style.kind, style.column, *(one.label for one in style.classes)
