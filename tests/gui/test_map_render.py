"""After an edit only the part of the picture that it changed is drawn at once, and looks as the whole does."""

import functools
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from fieldsurvey.store import Store
from layers import sidecar
from layers.sidecar import Sidecar
from layers.symbology import LabelStyle
from layers.viewport import METRES_PER_PIXEL_AT_1, Viewport
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.map.painter import Look, draw
from ui.map.render import Frame, Renderer, Request

E, N = 600_000.0, 3_340_000.0
VIEW = Viewport(E + 150, N + 100, 1500 * METRES_PER_PIXEL_AT_1, 900, 600)


@pytest.fixture
def states(tmp_path: Path) -> tuple[Sidecar, Sidecar]:
    """Return a city as its columns were built, and with a pipe moved and a house torn down since."""
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store, geom=square(E, N, 200))
        store.create_record("building", {"geom": square(E + 10, N + 10, 20)})
        gone = store.create_record("building", {"geom": square(E + 60, N + 60, 20)})
        line = shapely.MultiLineString([[(E, N + 100), (E + 200, N + 100)]])
        pipe = store.create_record("water_line", {"geom": bytes(line.wkb)})
    sidecar.build(path, tmp_path / "side")
    base = sidecar.opened(tmp_path / "side")
    assert base is not None
    with Store.open(path) as store:
        moved = shapely.MultiLineString([[(E + 40, N + 90), (E + 60, N + 120)]])
        store.save(pipe, {"geom": bytes(moved.wkb)})
        store.delete(gone)
        return base, base.patched(store, {pipe, gone})


def _look() -> Look:
    look = Look()
    plain = {table: replace(style, label=LabelStyle("")) for table, style in look.styles.items()}
    return replace(look, styles=plain)


def _whole(state: Sidecar, view: Viewport, look: Look) -> QImage:
    image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
    draw(image, state, view, look, lambda: False)
    return image


def _differing(one: QImage, other: QImage) -> int:
    size = [(x, y) for x in range(0, one.width(), 3) for y in range(0, one.height(), 3)]
    return sum(QColor(one.pixel(x, y)) != QColor(other.pixel(x, y)) for x, y in size)


def test_an_edit_is_drawn_at_once_in_its_place_and_then_the_whole(
    qtbot: QtBot, states: tuple[Sidecar, Sidecar]
) -> None:
    base, edited = states
    frames: list[Frame] = []
    look, renderer = _look(), Renderer()
    renderer.drawn.connect(frames.append)
    renderer.request(Request(base, VIEW, look))
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].view.width > VIEW.width, timeout=10_000)
    before = len(frames)
    renderer.request(Request(edited, VIEW, look))
    qtbot.waitUntil(lambda: sum(f.view.width > VIEW.width for f in frames[before:]) == 2, timeout=10_000)
    renderer.close()
    quick, whole = frames[before], frames[-1]
    assert quick.view == whole.view
    assert _differing(whole.image, _whole(edited, whole.view, look)) == 0
    assert _differing(frames[before - 1].image, whole.image) > 20
    assert _differing(quick.image, whole.image) == 0


def test_what_changed_is_known_only_between_states_of_the_same_columns(states: tuple[Sidecar, Sidecar]) -> None:
    base, edited = states
    box = edited.changed_box(base)
    assert box == pytest.approx((E, N + 60, E + 200, N + 120), abs=0.01)
    same = edited.changed_box(edited)
    assert same is not None
    assert edited.changed_box(Sidecar(0, {})) is None


def test_the_window_opens_no_side_car_itself(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when the map was just built nor when it is there at the next start: it maps hundreds of arrays."""
    path, openers = tmp_path / "p.gpkg", list[str]()
    with make_project(path, forms=True) as store:
        add_community(store, geom=square(E, N, 200))
    opened = sidecar.opened

    def watched(folder: Path) -> Sidecar | None:
        openers.append(threading.current_thread().name)
        return opened(folder)

    monkeypatch.setattr(sidecar, "opened", watched)
    for _start in range(2):
        window = build(path)
        qtbot.addWidget(window)
        window.show()
        qtbot.waitUntil(window.project.is_map_current, timeout=60_000)
        qtbot.waitUntil(window.canvas.is_settled, timeout=60_000)
        window.close()
    assert {name.partition("_")[0] for name in openers} == {"store"}


def _labelled(state: Sidecar, view: Viewport) -> int:
    """Return how many pixels the names of communities change."""
    plain = _look()
    names = {**plain.styles, "community": replace(plain.styles["community"], label=LabelStyle("name", 14, 60_000))}
    return _differing(_whole(state, view, plain), _whole(state, view, replace(plain, styles=names)))


@pytest.mark.usefixtures("qapp")  # letters need it
def test_a_community_of_which_only_a_part_is_in_view_has_its_name_there(states: tuple[Sidecar, Sidecar]) -> None:
    base, _edited = states
    near = METRES_PER_PIXEL_AT_1 * 500
    assert _labelled(base, Viewport(E + 100, N + 100, near, 600, 400)) > 0
    assert _labelled(base, Viewport(E + 215, N + 100, near, 600, 400)) > 0
    assert _labelled(base, Viewport(E + 290, N + 100, near, 600, 400)) == 0


def _named(state: Sidecar, view: Viewport, window: Viewport | None = None) -> QRect:
    """Return the box of the pixels that the names of communities change, in a picture of which a window is seen."""
    names = replace(_look().styles["community"], label=LabelStyle("name", 14, 60_000))
    images = []
    for style in (replace(names, label=LabelStyle("")), names):
        image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
        draw(image, state, view, Look(styles={"community": style}), lambda: False, None, window)
        images.append(image)
    return _changed(*images)


def _changed(one: QImage, other: QImage) -> QRect:
    """Return the box of the pixels in which two pictures differ."""
    size = [(x, y) for x in range(one.width()) for y in range(one.height())]
    spots = [QRect(x, y, 1, 1) for x, y in size if one.pixel(x, y) != other.pixel(x, y)]
    return functools.reduce(QRect.united, spots, QRect())


@pytest.mark.usefixtures("qapp")  # letters need it
def test_a_name_is_put_where_the_window_shows_it_whole_though_the_picture_is_wider(
    states: tuple[Sidecar, Sidecar],
) -> None:
    base, _edited = states
    metres = METRES_PER_PIXEL_AT_1 * 1_000
    window = Viewport(E + 220, N + 100, metres, 300, 200)  # what it shows of the community is 60 px wide
    whole, seen = _named(base, window.resized(600, 300)), _named(base, window.resized(600, 300), window)
    assert whole.left() < 150, "in the middle of the area, which the window does not show"
    assert QRect(150, 50, 75, 200).contains(seen)


@pytest.mark.usefixtures("qapp")
def test_a_name_that_the_edge_of_the_window_would_cut_is_left_out(states: tuple[Sidecar, Sidecar]) -> None:
    base, _edited = states
    window = Viewport(E + 230, N + 100, METRES_PER_PIXEL_AT_1 * 1_500, 180, 200)
    sliver = replace(window, east=E + 200 + window.metres * 75)  # 15 px of the community are in sight
    assert not _named(base, window.resized(400, 300)).isEmpty()
    assert _named(base, sliver.resized(400, 300), sliver).isEmpty()


def test_the_picture_that_is_drawn_around_the_window_has_its_names_inside_the_window(
    qtbot: QtBot, states: tuple[Sidecar, Sidecar]
) -> None:
    base, _edited = states
    window = Viewport(E + 220, N + 100, METRES_PER_PIXEL_AT_1 * 1_000, 300, 200)
    named = replace(_look().styles["community"], label=LabelStyle("name", 14, 60_000))
    renderer, images = Renderer(), []
    for style in (replace(named, label=LabelStyle("")), named):
        frames: list[Frame] = []
        renderer.drawn.connect(frames.append)
        renderer.request(Request(base, window, Look(styles={"community": style})))
        qtbot.waitUntil(lambda frames=frames: bool(frames) and frames[-1].view.width > window.width, timeout=15_000)  # type: ignore[misc]
        renderer.drawn.disconnect(frames.append)
        images.append(frames[-1])
    renderer.close()
    changed = _changed(images[0].image, images[1].image)
    left, top = ((whole - part) // 2 for whole, part in ((images[0].view.width, 300), (images[0].view.height, 200)))
    assert not changed.isEmpty()
    assert QRect(left, top, 300, 200).contains(changed)
