"""The start page: how recent projects stand, a project from hand-over files, and a way on when one cannot be opened."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QWizard
from pytestqt.qtbot import QtBot

from fieldsurvey import settings as settings_
from fieldsurvey.paths import media_folder
from fieldsurvey.plan.begin import PriceBase
from fieldsurvey.store import Store, backup
from fieldsurvey.store.library import sqlite3
from tests.builders import add_community, make_project
from ui.app import build
from ui.main_window import MainWindow
from ui.project.handover import Handover, HandoverWizard


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        add_community(store)
        store.media.add_bytes(b"a photo", "a.jpg", "image/jpeg")
        backup.make(store)
    return path


def _remember(*paths: Path) -> None:
    settings_.save(replace(settings_.Settings(), recent=tuple(str(path) for path in paths)))


@pytest.fixture
def window(qtbot: QtBot, project: Path, tmp_path: Path) -> Iterator[MainWindow]:
    _remember(project, tmp_path / "gone.gpkg")
    found = build()
    qtbot.addWidget(found)
    found.resize(1366, 768)
    found.show()
    yield found
    found.close()


def _button(window: MainWindow, name: str) -> QPushButton:
    found = window.findChild(QPushButton, name)
    assert isinstance(found, QPushButton), name
    return found


def _offered(window: MainWindow) -> list[str]:
    found = [button for button in window.findChildren(QPushButton) if button.objectName().startswith("way_")]
    return [button.objectName().removeprefix("way_") for button in found if button.isVisible()]


def test_recent_projects_are_told_with_their_state(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    qtbot.waitUntil(lambda: window.findChild(QPushButton, "recent_0") is not None, timeout=10_000)
    assert "保存于" in _button(window, "recent_0").text()
    assert "MB" in _button(window, "recent_0").text()
    assert "找不到" in _button(window, "recent_1").text()
    assert not _button(window, "recent_1").isEnabled()
    qtbot.keyClick(_button(window, "forget_1"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not window.start.recent.findChild(QPushButton, "forget_1"), timeout=10_000)
    assert window.settings.recent == (str(project),)
    with qtbot.waitSignal(window.project.opened, timeout=20_000):
        qtbot.keyClick(_button(window, "recent_0"), Qt.Key.Key_Space)


def test_the_file_menu_has_the_recent_projects_but_the_open_one(
    qtbot: QtBot, window: MainWindow, project: Path
) -> None:
    menu, file = window.findChild(QMenu, "menu_recent"), window.menuBar().actions()[0].menu()
    assert isinstance(menu, QMenu)
    assert isinstance(file, QMenu)
    file.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == [project.stem, "gone"]
    with qtbot.waitSignal(window.project.opened, timeout=20_000):
        menu.actions()[0].trigger()
    file.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["gone"]
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        menu.actions()[0].trigger()
    assert "gone" in window.start.message.text()


def test_the_wizard_is_in_the_file_menu(qtbot: QtBot, window: MainWindow) -> None:
    action = window.findChild(QAction, "action_handover")
    assert isinstance(action, QAction)
    action.trigger()
    qtbot.waitUntil(lambda: window.findChild(HandoverWizard) is not None, timeout=10_000)
    wizard = window.findChild(HandoverWizard)
    assert isinstance(wizard, HandoverWizard)
    wizard.reject()


def test_a_damaged_project_is_repaired_and_opened(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    connection = sqlite3.connect(project)
    connection.execute("DELETE FROM rtree_community_geom")
    connection.commit()
    connection.close()
    window.opening.rescue._path = project
    with qtbot.waitSignal(window.project.opened, timeout=60_000):
        window.opening.rescue.repair()
    assert list(project.parent.glob("p.before-repair-*.gpkg"))


def test_a_file_beyond_repair_gives_way_to_its_backup(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    data = bytearray(project.read_bytes())
    data[:3000] = b"\0" * 3000
    project.write_bytes(data)
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        window.opening.open_project(project)
    qtbot.waitUntil(lambda: "backup" in _offered(window), timeout=10_000)
    assert _offered(window) == ["repair", "backup", "folder"]
    qtbot.keyClick(_button(window, "way_repair"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "无法修复" in window.start.message.text(), timeout=60_000)
    qtbot.waitUntil(lambda: "backup" in _offered(window), timeout=10_000)
    with qtbot.waitSignal(window.project.opened, timeout=30_000):
        qtbot.keyClick(_button(window, "way_backup"), Qt.Key.Key_Space)
    assert window.communities.model.rowCount() == 1
    assert list(project.parent.glob("p.before-restore-*.gpkg")), "the damaged file is kept"


def test_a_file_beyond_repair_without_a_backup_is_to_be_kept_and_received_anew(
    qtbot: QtBot, window: MainWindow, project: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "elsewhere" / "torn.gpkg"
    torn.parent.mkdir()
    torn.write_bytes(project.read_bytes()[:20_000])
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        window.opening.open_project(torn)
    qtbot.waitUntil(lambda: _offered(window) == ["repair", "folder"], timeout=10_000)
    qtbot.keyClick(_button(window, "way_repair"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "也没有找到备份" in window.start.message.text(), timeout=60_000)
    assert "从办公室重新领取" in window.start.message.text()
    qtbot.waitUntil(lambda: _offered(window) == ["folder"], timeout=10_000)
    assert torn.stat().st_size == 20_000


def test_what_the_repair_could_not_mend_is_named_and_the_rest_can_be_opened(
    qtbot: QtBot, window: MainWindow, project: Path
) -> None:
    connection = sqlite3.connect(project)
    connection.execute("DELETE FROM rtree_community_geom")
    connection.execute("INSERT INTO _blob VALUES (?, 3, 'roof.jpg', 'image/jpeg', 1)", ("0" * 64,))
    connection.commit()
    connection.close()
    window.opening.rescue._path = project
    window.opening.rescue.repair()
    qtbot.waitUntil(lambda: "已尽量修复" in window.start.message.text(), timeout=60_000)
    assert "roof.jpg" in window.start.message.text()
    assert _offered(window) == ["retry", "folder"]
    with qtbot.waitSignal(window.project.opened, timeout=30_000):
        qtbot.keyClick(_button(window, "way_retry"), Qt.Key.Key_Space)


def test_a_project_in_use_can_be_opened_as_a_copy(
    qtbot: QtBot, window: MainWindow, project: Path, tmp_path: Path
) -> None:
    other = build(project)
    qtbot.addWidget(other)
    qtbot.waitUntil(lambda: other.project.current is not None, timeout=15_000)
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        window.opening.open_project(project)
    qtbot.waitUntil(lambda: bool(_offered(window)), timeout=10_000)
    assert _offered(window) == ["retry", "copy", "folder"]
    target = tmp_path / "copy.gpkg"
    with qtbot.waitSignal(window.project.opened, timeout=20_000):
        window.opening.rescue.copy_to(target)
    assert window.project.current is not None
    assert window.project.current.path == target
    assert [file for file in media_folder(target).rglob("*") if file.is_file()]
    other.close()


def test_a_missing_project_can_be_taken_from_the_list(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        window.opening.open_project(tmp_path / "gone.gpkg")
    qtbot.waitUntil(lambda: _offered(window) == ["forget"], timeout=10_000)
    qtbot.keyClick(_button(window, "way_forget"), Qt.Key.Key_Space)
    assert not any("gone" in path for path in window.settings.recent)
    assert _offered(window) == []


def test_a_project_of_a_newer_version_is_left_alone(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    _set_schema(project, 99)
    before = project.read_bytes()
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        window.opening.open_project(project)
    qtbot.waitUntil(lambda: bool(_offered(window)), timeout=10_000)
    assert "较新版本" in window.start.message.text() or "更新版本" in window.start.message.text()
    assert _offered(window) == ["backup", "folder"]
    assert project.read_bytes() == before


def test_a_project_of_an_older_version_is_copied_before_it_is_brought_up(
    qtbot: QtBot, window: MainWindow, project: Path
) -> None:
    _set_schema(project, 3)
    with qtbot.waitSignal(window.project.upgraded, timeout=20_000) as told:
        window.opening.open_project(project)
    (kept,) = told.args
    assert kept.exists()
    assert "升级" in window.statusBar().currentMessage()
    with Store.open(kept, read_only=True) as store:
        assert store.count("community") == 1


def _set_schema(project: Path, number: int) -> None:
    connection = sqlite3.connect(project)
    connection.execute("UPDATE _meta SET value = ? WHERE key = 'schema'", (number,))
    connection.commit()
    connection.close()


def test_the_wizard_makes_a_project_with_everything(
    qtbot: QtBot, window: MainWindow, project: Path, tmp_path: Path
) -> None:
    boundary = tmp_path / "小区.geojson"
    ring = [[115.0, 30.2], [115.01, 30.2], [115.01, 30.21], [115.0, 30.2]]
    feature = {"type": "Feature", "properties": {"name": "甲"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    boundary.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    prices = tmp_path / "prices.csv"
    prices.write_text("item_code,name,unit,unit_price\nB01,给水管,m,450\n", "gb18030")
    qtbot.keyClick(_button(window, "start_handover"), Qt.Key.Key_Space)
    wizard = window.findChild(HandoverWizard)
    assert isinstance(wizard, HandoverWizard)
    finish = wizard.button(QWizard.WizardButton.FinishButton)
    assert not finish.isEnabled()
    wizard.basis.folder.setText(str(tmp_path))
    wizard.basis.name.setText("p")
    assert "已存在" in wizard.basis.told.text() or "已经存在" in wizard.basis.told.text()
    qtbot.keyClicks(wizard.basis.name, "2026")
    assert finish.isEnabled()
    wizard.next()
    wizard.files.add([boundary, boundary])
    wizard.next()
    wizard.next()
    wizard.people.setPlainText("李工 li\n王工")
    wizard.next()
    wizard.plan.first.setValue(2026)
    wizard.plan.file.setText(str(prices))
    wizard.plan.month.setText("2026-01")
    with qtbot.waitSignal(window.project.opened, timeout=30_000):
        qtbot.keyClick(finish, Qt.Key.Key_Space)
    assert window.workspaces.current == "import"
    qtbot.waitUntil(lambda: window.importer.files.count() == 1, timeout=30_000)
    window.close()
    with Store.open(tmp_path / "p2026.gpkg") as store:
        assert sorted(str(row["year"]) for row in store.select("plan_limit")) == ["2026", "2027", "2028"]
        (price,) = store.select("price")
        assert (price["name"], price["unit_price"], price["base_month"]) == ("给水管", 450.0, "2026-01")
        assert {("li", "李工"), ("王工", "王工")} <= {(login, name) for _number, login, name in store.actors()}


def test_what_could_not_be_taken_is_told_and_the_project_is_there(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("item_code,name,unit,unit_price\nB01,给水管,m,很贵\n", "utf-8")
    form = tmp_path / "no form.xlsx"
    form.write_bytes(b"nothing")
    wanted = Handover(
        tmp_path / "x.gpkg", "x", "EPSG:4547", forms=[form], years=[2026], prices=PriceBase(prices, "", "2026-01")
    )
    with qtbot.waitSignal(window.opening.told, timeout=30_000) as told:
        window.opening.hand_over(wanted)
    assert "第 2 行" in told.args[0]
    assert "no form.xlsx" in told.args[0]
    assert window.project.current is not None


def test_a_wrong_reference_system_is_told_and_leaves_no_file(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        window.opening.hand_over(Handover(tmp_path / "y.gpkg", "y", "EPSG:4326"))
    assert "EPSG:4326" in window.start.message.text()
    assert not (tmp_path / "y.gpkg").exists()
