"""What makes the map quick shows what the slow way would: kept paths, wide lines piece by piece, points in one go."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from layers import columns
from layers.labels import Ground, Label, Placement
from layers.sidecar import Patch, Sidecar
from layers.symbology import CATEGORISED, Codes, LabelStyle, LayerStyle, StyleClass, Symbol
from layers.viewport import Viewport
from ui.map import dots, strokes
from ui.map.painter import Cancelled, Look, draw
from ui.map.path_cache import PathCache
from ui.map.symbols import stamp

ACROSS, GAP = 24, 40.0  # houses in a row, m from one to the next
VIEW = Viewport(480.0, 480.0, 3.2, 300, 300)


def _city(moved: float) -> Sidecar:
    x, y = (each.ravel() * GAP for each in np.meshgrid(np.arange(ACROSS), np.arange(ACROSS)))
    houses = shapely.box(x + moved, y, x + moved + 25, y + 20)
    uids = [f"{number:032x}" for number in range(len(houses))]
    return Sidecar(0, {"building": columns.build("building", houses, uids, [0] * len(houses), [""] * len(houses))})


@pytest.fixture
def city() -> Sidecar:
    return _city(0)


def _look(city: Sidecar, colours: tuple[str, str]) -> Look:
    classes = tuple(StyleClass(str(n), Symbol(colour, "#333333", 1.0), str(n)) for n, colour in enumerate(colours, 1))
    style = LayerStyle("building", Symbol("#888888"), CATEGORISED, "kind", classes, LabelStyle(""))
    uids = [uid.decode() for uid in city.layers["building"].uids.tolist()]
    codes = Codes({uid: 1 + int(uid, 16) % 2 for uid in uids})
    return Look(styles={"building": style}, codes={"building": codes})


def _drawn(city: Sidecar, view: Viewport, look: Look, cache: PathCache | None) -> QImage:
    image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
    draw(image, city, view, look, lambda: False, cache)
    return image


def _pixels(image: QImage) -> np.ndarray:
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, :3].astype(int)


def test_kept_paths_show_each_view_edit_and_class_as_fresh_ones_do(qtbot: QtBot, city: Sidecar) -> None:
    cache = PathCache()
    plain, other = (_look(city, colours) for colours in (("#FF0000", "#0000FF"), ("#00FF00", "#FFFF00")))
    gone, other_gone = (
        Sidecar(1, city.layers, {"building": Patch(np.arange(first, first + 60), None)}) for first in (300, 310)
    )
    swapped = replace(plain, codes={"building": Codes({f"{number:032x}": 1 for number in range(999)})})
    for state, view, look in (
        (city, VIEW, plain), (city, VIEW.panned(70, -40), plain), (city, VIEW.zoomed(0.7, 50, 90), plain),
        (gone, VIEW, plain), (city, VIEW, other), (city, VIEW, swapped), (gone, VIEW, swapped),
        (other_gone, VIEW, swapped), (_city(-17), VIEW, swapped),
    ):  # fmt: skip
        kept, fresh = (_pixels(_drawn(state, view, look, each)) for each in (cache, None))
        assert (np.abs(kept - fresh).max(axis=2) > 40).mean() < 0.01
    assert 0 < cache.vertices <= 5 * ACROSS**2  # of other columns nothing is kept


def test_a_drawing_cancelled_at_any_step_leaves_painter_and_kept_paths_in_order(qtbot: QtBot, city: Sidecar) -> None:
    cache, look = PathCache(), _look(city, ("#FF0000", "#0000FF"))
    for steps in range(100):
        left = iter(range(steps))
        image = QImage(VIEW.width, VIEW.height, QImage.Format.Format_RGB32)
        try:
            draw(image, city, VIEW, look, lambda left=left: next(left, None) is None, cache)  # type: ignore[misc]
        except Cancelled:
            continue
        break
    assert 2 < steps < 99
    assert (_pixels(image) == _pixels(_drawn(city, VIEW, look, PathCache()))).all()


def test_a_cache_keeps_no_more_than_it_may(qtbot: QtBot, city: Sidecar) -> None:
    cache = PathCache(most=2 * 5 * len(city.layers["building"]))
    for step in range(6):
        look = _look(city, ("#FF0000", "#0000FF"))
        turned = {f"{number:032x}": 1 + (number // 2**step) % 2 for number in range(ACROSS**2)}
        _drawn(city, VIEW, replace(look, codes={"building": Codes(turned)}), cache)
    assert 0 < cache.vertices <= 2 * 5 * len(city.layers["building"])


def test_points_in_one_go_look_as_one_by_one_and_are_cut_by_the_edge(qtbot: QtBot) -> None:
    picture = stamp(Symbol("#1B8A3A", "#000000", shape="circle", size=7))
    half = picture.width() / 2
    spots = np.array([[30.5, 40.5], [0.5, 20.5], [99.5, 79.5], [60.5, -40.5], [-30.5, 10.5], [140.5, 20.5]])
    one, other = (QImage(100, 80, QImage.Format.Format_RGB32) for _ in range(2))
    for image in (one, other):
        image.fill(QColor("white"))
    painter = QPainter(one)
    dots.scatter(painter, (100, 80), spots, picture)
    painter.end()
    painter = QPainter(other)
    for x, y in spots.tolist():
        painter.drawImage(round(x - half), round(y - half), picture)
    painter.end()
    assert (np.abs(_pixels(one) - _pixels(other)) <= 1).all()


def test_a_line_in_pieces_joins_no_other_line_and_leaves_out_what_is_not_seen(qtbot: QtBot) -> None:
    points = np.array([[0, 0], [10, 0], [10, 10], [50, 50], [60, 50], [900, 900], [950, 900]], float)
    (found,) = strokes.pieces(points, np.array([3, 2, 2]), (100, 100))
    assert [(line.x1(), line.y1(), line.x2(), line.y2()) for line in found] == [
        (0, 0, 10, 0), (10, 0, 10, 10), (50, 50, 60, 50),
    ]  # fmt: skip


@pytest.mark.parametrize("side", [60.0, 700.0, 3_000.0, 9_000.0])
def test_what_touches_a_box_is_found_whether_blocks_lie_in_it_or_cross_it(side: float) -> None:
    x, y = (each.ravel() * GAP for each in np.meshgrid(np.arange(120), np.arange(120)))
    houses = shapely.box(x, y, x + 25, y + 20)
    layer = columns.build("building", houses, [f"{n:032x}" for n in range(len(x))], [0] * len(x), [""])
    box = (1_000.0, 1_000.0, 1_000.0 + side, 1_000.0 + side)
    wanted = {f"{n:032x}".encode() for n in np.flatnonzero(shapely.intersects(houses, shapely.box(*box))).tolist()}
    index = layer.visible(box)
    assert set(layer.uids[index].tolist()) == wanted
    assert (np.diff(index) > 0).all()


def test_a_name_keeps_off_the_numbers_that_come_after_it() -> None:
    numbers = Ground(400, 200)
    for x in (170, 230):
        cells = numbers.cells(Label("1栋", x, 100, 30, 16))
        assert cells is not None
        numbers.mark(cells)
    spots = [(200, 100), (200, 60), (200, 140)]
    placement = Placement(400, 200)
    first = placement.put([Label("幸福小区", x, y, 90, 18) for x, y in spots], numbers)
    assert first is not None
    assert (first.x, first.y) == (200, 60)
    second = placement.put([Label("平安小区", 200, 100, 90, 18)], numbers)
    assert second is not None  # with no other place it is still more important than the numbers
