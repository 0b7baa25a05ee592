"""Labels of lines lie along them, those of points stand beside them."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from layers import columns
from layers.sidecar import Sidecar
from layers.symbology import LabelStyle, LayerStyle, Symbol
from layers.viewport import Viewport
from ui.map.painter import Look, draw

VIEW = Viewport(0.0, 0.0, 1.0, 300, 300)


def _changed(table: str, geometry: shapely.Geometry, symbol: Symbol, *, is_vector: bool = False) -> np.ndarray:
    """Return which pixels the label of a feature changes, shape (300, 300)."""
    city = Sidecar(0, {table: columns.build(table, np.array([geometry]), ["0" * 32], [0], ["DN200 铸铁"])})
    style = LayerStyle(table, symbol, label=LabelStyle("name", 14, 50_000))
    looks = (Look(styles={table: each}, is_vector=is_vector) for each in (style, replace(style, label=LabelStyle(""))))
    pictures = []
    for look in looks:
        image = QImage(300, 300, QImage.Format.Format_RGB32)
        draw(image, city, VIEW, look, lambda: False)
        pictures.append(np.frombuffer(image.constBits(), np.uint8).reshape(300, 300, 4)[:, :, :3].astype(int))
    return np.asarray(np.abs(pictures[0] - pictures[1]).max(axis=2) > 40)


@pytest.mark.parametrize("is_vector", [False, True])
def test_the_label_of_a_steep_pipe_is_steep(qtbot: QtBot, *, is_vector: bool) -> None:
    pipe = shapely.MultiLineString([[(30, -140), (30, 140)]])
    rows, places = np.nonzero(_changed("water_line", pipe, Symbol(line="#1E78C8", width=2.0), is_vector=is_vector))
    assert np.ptp(rows) > 3 * np.ptp(places) > 0
    assert places.mean() == pytest.approx(180, abs=4)


def test_a_pipe_shorter_than_its_label_has_none(qtbot: QtBot) -> None:
    pipe = shapely.MultiLineString([[(0, 0), (30, 0)]])
    assert not _changed("water_line", pipe, Symbol(line="#1E78C8", width=2.0)).any()


def test_the_label_of_a_point_leaves_the_point_to_be_seen(qtbot: QtBot) -> None:
    changed = _changed("hydrant", shapely.Point(0, 0), Symbol("#1B8A3A", "#000000", shape="circle", size=12))
    assert changed.any()
    assert not changed[145:155, 145:155].any()
