"""The export workspace: what is asked depends on what is made; summary, cancel, preview, signing and checking."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from exports.products import PRODUCTS
from exports.sheet.faces import SONG, chain
from exports.sheet.fonts import FOLDER as FONTS
from fieldsurvey.settings import Settings
from tests.builders import add_community, make_project
from tests.unit.exports.signers import PASSWORD, Office
from ui.exports.panel import ExportPanel
from ui.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        for number, name in enumerate(("㙍湖新村", "乙小区")):
            area = shapely.MultiPolygon(
                [shapely.box(500_000 + number * 500, 3_300_000, 500_200 + number * 500, 3_300_100)]
            )
            uid = add_community(store, name, code=f"C{number}", geom=area.wkb, household_count=100)
            store.create_record("f04_water", {"community_uid": uid, "subject_uid": uid, "status": "complete"})
    made = MainWindow(Settings(name="王工", login="wang"))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(tmp_path / "p.gpkg")
    made.show_workspace("export")
    yield made
    made.close()


@pytest.fixture
def panel(window: MainWindow) -> ExportPanel:
    return window.exports


def pick(panel: ExportPanel, key: str) -> None:
    panel.choices.products.setCurrentRow([product.key for product in PRODUCTS].index(key))


def save_as(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args, **_named: str(target))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_named: (str(target), ""))


def export(qtbot: QtBot, panel: ExportPanel) -> list[Path]:
    with qtbot.waitSignal(panel.exported, timeout=60_000) as written:
        qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    assert written.args is not None
    return list(written.args[0])


def test_only_what_matters_is_asked(panel: ExportPanel) -> None:
    pick(panel, "plan")
    assert not panel.choices.community.isVisible()
    assert not panel.choices.audience.isVisible()
    pick(panel, "gpkg")
    assert panel.choices.crs.isVisible()
    pick(panel, "dossier")
    assert panel.choices.personal.isVisible()
    assert not panel.preview.isVisible()
    pick(panel, "compare")
    assert panel.choices.since.isVisible()


def test_every_control_has_a_name_and_is_high_enough(panel: ExportPanel) -> None:
    for product in PRODUCTS:
        pick(panel, product.key)
        for button in panel.findChildren(QPushButton):
            assert not button.isVisible() or button.height() >= 36
            assert button.text() or button.accessibleName()
    for widget in (panel.choices.products, panel.choices.community, panel.choices.audience, panel.choices.crs):
        assert widget.accessibleName()


@pytest.mark.parametrize(
    ("key", "name"),
    [("sheets", ""), ("records", ""), ("problems", ""), ("dossier", "a.zip"), ("report", ""), ("book", "b.pdf"),
     ("compare", "c.pdf"), ("gpkg", "l.gpkg"), ("plan", "p.xlsx")],
)  # fmt: skip
def test_products_are_written_and_told(
    qtbot: QtBot, panel: ExportPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, name: str
) -> None:
    (tmp_path / "out").mkdir()
    save_as(monkeypatch, tmp_path / "out" / name)
    pick(panel, key)
    files = export(qtbot, panel)
    assert files
    assert all(file.is_file() for file in files)
    assert files[0].name in panel.message.text()
    assert panel.open_folder.isVisible()


def test_outside_files_say_what_was_left_out(
    qtbot: QtBot, panel: ExportPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    save_as(monkeypatch, tmp_path / "out")
    pick(panel, "sheets")
    export(qtbot, panel)
    assert "未含" in panel.message.text()
    panel.choices.audience.setCurrentIndex(1)
    assert panel.choices.warning.isVisible()


def test_a_refusal_is_told_in_place(
    qtbot: QtBot, panel: ExportPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_as(monkeypatch, tmp_path)
    pick(panel, "records")
    panel.choices.community.setCurrentIndex(0)
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.message.text().startswith("⚠"), timeout=20_000)
    assert panel.save.isEnabled()


def test_a_preview_is_shown_beside(qtbot: QtBot, panel: ExportPanel) -> None:
    pick(panel, "records")
    qtbot.mouseClick(panel.preview, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "页" in panel.message.text(), timeout=30_000)
    assert panel.view.document().pageCount() > 0


def test_the_sheet_of_the_chosen_community_is_shown_without_asking(qtbot: QtBot, panel: ExportPanel) -> None:
    pick(panel, "sheets")
    panel.choices.community.setCurrentIndex(1)
    qtbot.waitUntil(lambda: panel.pages.currentWidget() is panel.view, timeout=60_000)
    assert panel.view.document().pageCount() > 0
    assert panel.save.isEnabled()


def test_without_a_page_to_show_the_preview_says_what_to_do(qtbot: QtBot, panel: ExportPanel) -> None:
    pick(panel, "sheets")
    panel.choices.community.setCurrentIndex(0)
    assert "选一个小区" in panel.pages.told.text()
    pick(panel, "book")
    assert "全市改造计划册" in panel.pages.told.text()
    pick(panel, "records")
    panel.choices.community.setCurrentIndex(1)
    assert "预览" in panel.pages.told.text()
    assert panel.pages.currentWidget() is not panel.view


def test_the_office_chooses_its_own_typefaces_and_a_wrong_file_changes_nothing(
    qtbot: QtBot, window: MainWindow, panel: ExportPanel, tmp_path: Path
) -> None:
    faces = panel.typefaces
    panel.tabs.setCurrentWidget(faces)
    wrong = tmp_path / "仿宋.ttf"
    wrong.write_text("no typeface")
    faces.body.setText(str(wrong))
    faces.body.editingFinished.emit()
    qtbot.waitUntil(lambda: "仿宋.ttf 不能使用" in faces.told.text(), timeout=20_000)
    assert window.remembered.now.body_font == ""
    faces.body.setText(str(FONTS / "Kai.ttf"))
    faces.body.editingFinished.emit()
    qtbot.waitUntil(lambda: faces.told.text().startswith("✓"), timeout=20_000)
    assert window.remembered.now.body_font == str(FONTS / "Kai.ttf")
    assert chain(SONG).pick("山")[0].name == "SongOffice"
    faces.body.clear()
    faces.body.editingFinished.emit()
    qtbot.waitUntil(lambda: chain(SONG).pick("山")[0].name == SONG, timeout=20_000)


def test_a_sheet_is_signed_and_checked(
    qtbot: QtBot, panel: ExportPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyhanko", reason="pyHanko is not installed")
    (tmp_path / "out").mkdir()
    save_as(monkeypatch, tmp_path / "out")
    pick(panel, "sheets")
    (sheet,) = export(qtbot, panel)
    signing = panel.signing
    panel.tabs.setCurrentWidget(signing)
    qtbot.waitUntil(lambda: signing.place.count() > 5, timeout=20_000)
    assert signing.place.currentText() == "调查人签字"
    signing.key.setText(str(Office().person("王工", tmp_path)))
    signing.password.setText(PASSWORD)
    qtbot.mouseClick(signing.sign, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "✓" in signing.told.text(), timeout=20_000)
    assert not signing.password.text()
    assert signing.file.text().endswith("_已签.pdf")
    qtbot.waitUntil(signing.check.isEnabled, timeout=20_000)
    signing.told.clear()
    qtbot.mouseClick(signing.check, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "调查人签字" in signing.told.text() and "王工" in signing.told.text(), timeout=20_000)
    qtbot.waitUntil(signing.check.isEnabled, timeout=20_000)
    signed = Path(signing.file.text())
    signed.write_bytes(signed.read_bytes() + b"\n")
    qtbot.mouseClick(signing.check, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: signing.told.text().startswith("✗"), timeout=20_000)
    assert sheet.is_file()


def test_a_wrong_password_is_told(qtbot: QtBot, panel: ExportPanel, tmp_path: Path) -> None:
    pytest.importorskip("pyhanko", reason="pyHanko is not installed")
    panel.tabs.setCurrentWidget(panel.signing)
    panel.signing.file.setText(str(tmp_path / "p.gpkg"))
    panel.signing.key.setText(str(Office().person("王工", tmp_path)))
    panel.signing.password.setText("x")
    qtbot.mouseClick(panel.signing.sign, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.signing.told.text().startswith("⚠"), timeout=20_000)
    assert panel.signing.sign.isEnabled()
