"""Photos in the real window: chosen, pasted, dropped by the hundred, drawn on, refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QGuiApplication, QImage, QKeyEvent
from pytestqt.qtbot import QtBot

from exports.photo_copies import drawn
from fieldsurvey.model.marks import Mark, from_json, to_json
from fieldsurvey.store import Store, album
from fieldsurvey.store.photos import inspect
from survey_forms.records import Subject
from tests.builders import add_community, make_project
from tests.conftest import SHARED
from ui.app import build
from ui.main_window import MainWindow
from ui.photos.canvas import MarkCanvas
from ui.photos.editor import PhotoEditor, files_as_sources, sources_of

SIMULATED = SHARED / "data" / "gnss_photos" / "simulated"


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        uid = add_community(store)
    found = build(path)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    with qtbot.waitSignal(found.form.opened, timeout=10_000):
        found.open_form(Subject("f04_water", uid, uid))
    yield found
    found.close()


def _photos(window: MainWindow) -> list[str]:
    return list(window.form_panel.photos().values())


def _make(folder: Path, count: int) -> list[Path]:
    files = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        Image.new("RGB", (64, 48), (number * 20 % 256, number // 12 * 40, 90)).save(file)
    return files


def _add_row(window: MainWindow) -> PhotoEditor:
    panel = window.form_panel
    repeat = next(repeat for repeat in panel.session.form.repeats() if repeat.name == "photos")  # type: ignore[union-attr]
    panel.go_to(panel.add_row(repeat.path) + "/photo")
    editor = panel.row("photo").editor
    assert isinstance(editor, PhotoEditor)
    return editor


def test_many_dropped_photos_make_rows_and_one_undo_takes_them_back(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    files = _make(tmp_path / "photos", 12)
    (tmp_path / "photos" / "zz.jpg").write_bytes(files[0].read_bytes())
    (tmp_path / "photos" / "notes.txt").write_text("no photo")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "photos"))])
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(window.form.photos.intake.ended, timeout=30_000):
        window.form_panel.dropEvent(drop)
    assert len(set(_photos(window))) == len(_photos(window)) == 12
    told = window.form_panel.status.text()
    assert "12" in told
    assert "1 张" in told
    assert "notes.txt" in told
    window.form_panel.undo()
    assert _photos(window) == []
    window.form_panel.redo()
    assert len(_photos(window)) == 12


def test_taking_in_can_be_stopped_and_what_is_in_stays(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    intake = window.form.photos.intake
    intake.kept.connect(lambda kept: window.form_panel.intake.stop.click() if kept.source.path.stem == "002" else None)
    with qtbot.waitSignal(intake.ended, timeout=30_000):
        window.form_panel.photos_offered.emit("", files_as_sources(_make(tmp_path, 40)))
    assert len(_photos(window)) == 3
    assert not window.form_panel.intake.isVisible()


def test_a_picture_is_pasted_with_ctrl_v(qtbot: QtBot, window: MainWindow) -> None:
    editor = _add_row(window)
    image = QImage(80, 60, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    QGuiApplication.clipboard().setImage(image)
    with qtbot.waitSignal(window.form.photos.intake.ended, timeout=10_000):
        qtbot.keyClick(editor.focus, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert len(_photos(window)) == 1
    qtbot.waitUntil(editor.picture.isVisible, timeout=10_000)


def test_nothing_is_pasted_from_an_empty_clipboard(qtbot: QtBot, window: MainWindow) -> None:
    editor = _add_row(window)
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(editor.focus, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert not _photos(window)
    assert sources_of(None) == []


def test_what_a_photo_says_of_itself_is_a_record_of_the_project(qtbot: QtBot, window: MainWindow) -> None:
    if not SIMULATED.exists():
        pytest.skip("the case photos are missing")
    names = ("p1_normal", "p2_orientation6", "p5_zero_zero", "p6_gcj02", "p10_truncated")
    with qtbot.waitSignal(window.form.photos.intake.ended, timeout=30_000):
        window.form_panel.photos_offered.emit("", files_as_sources([SIMULATED / f"{name}.jpg" for name in names]))
    assert "p10_truncated.jpg 已损坏" in window.form_panel.status.text()
    path = window.project.current.path  # type: ignore[union-attr]
    window.close()
    with Store.open(path) as store:
        rows = {str(row["file_name"]): row for row in store.select("photo")}
    assert rows["p1_normal.jpg"]["taken"] == "2021-10-12 09:41:07"
    assert rows["p1_normal.jpg"]["geom"] is not None
    assert rows["p5_zero_zero.jpg"]["geom"] is None
    assert (rows["p2_orientation6.jpg"]["width"], len(rows)) == (960, 4)


def test_a_shifted_position_is_taken_back_to_wgs84() -> None:
    if not SIMULATED.exists():
        pytest.skip("the case photos are missing")
    shifted = inspect(SIMULATED / "p6_gcj02.jpg").position
    assert shifted is not None
    # p1 … p9 were laid out along one line; unshifted, the sixth lies between the third and the ninth.
    assert shifted == pytest.approx((115.0635, 30.2285), abs=5e-4)


def test_marks_are_kept_beside_the_photo_and_drawn_on_its_copy(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = _add_row(window)
    photo = tmp_path / "wall.jpg"
    Image.new("RGB", (400, 300), (20, 60, 90)).save(photo)
    path = window.form_panel.current
    with qtbot.waitSignal(window.form.photos.intake.ended, timeout=10_000):
        window.form_panel.offer_photos(path, files_as_sources([photo]))
    (sha,) = _photos(window)
    mark = Mark("arrow", ((0.1, 0.1), (0.8, 0.8)))
    monkeypatch.setattr("ui.forms.photos.ask_marks", lambda *_args: (mark,))
    qtbot.waitUntil(editor.picture.isVisible, timeout=10_000)
    before = editor.picture.pixmap().toImage()
    editor.mark.click()
    qtbot.waitUntil(lambda: editor.picture.pixmap().toImage() != before, timeout=10_000)
    assert editor.picture.pixmap().toImage().pixelColor(110, 82).red() > 150
    project = window.project.current.path  # type: ignore[union-attr]
    window.close()
    with Store.open(project) as store:
        assert album.marks_of(store, sha) == (mark,)
        original = store.media.path(sha)
        assert original is not None
        assert original.read_bytes() == photo.read_bytes()


def test_marks_are_drawn_by_hand_and_by_key_and_taken_back(qtbot: QtBot) -> None:
    sheet = QImage(400, 300, QImage.Format.Format_RGB32)
    sheet.fill(QColor("white"))
    canvas = MarkCanvas(sheet)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPointF(40, 30).toPoint())
    qtbot.mouseMove(canvas, QPointF(200, 150).toPoint())
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPointF(200, 150).toPoint())
    assert canvas.marks[0].spots == ((0.1, 0.1), (0.5, 0.5))
    canvas.kind = "circle"
    canvas.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier))
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.marks[1].spots[0] == pytest.approx((0.36, 0.35))
    assert canvas.rendered().pixelColor(120, 90) != QColor("white")
    canvas.undo()
    canvas.undo()
    canvas.redo()
    assert [mark.kind for mark in canvas.marks] == ["arrow"]


@pytest.mark.parametrize(
    "raw", ["x", "{}", "[1]", '[{"kind":"arrow","spots":[[0,0]]}]', '[{"kind":"text","spots":[["a",1]]}]']
)
def test_marks_that_are_none_are_left_out(raw: str) -> None:
    assert from_json(raw) == ()


def test_marks_keep_their_words_and_are_drawn(tmp_path: Path) -> None:
    marks = (
        Mark("text", ((0.25, 0.5),), "裂缝"),
        Mark("circle", ((0.1, 0.1), (0.9, 0.9))),
        Mark("line", ((0, 0), (1, 0))),
    )
    assert from_json(to_json(marks)) == marks
    assert json.loads(to_json(marks))[0]["text"] == "裂缝"
    white = tmp_path / "w.jpg"
    Image.new("RGB", (300, 200), "white").save(white)
    found = QImage.fromData(drawn(white.read_bytes(), marks))
    reds = sum(found.pixelColor(x, 108).red() > 150 > found.pixelColor(x, 108).green() + 60 for x in range(300))
    assert reds > 4
