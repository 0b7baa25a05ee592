"""Sync in the real window against a real hub: enrol, look, send, break off, go on."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItemIterator
from pytestqt.qtbot import QtBot

from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.devices import Devices
from fieldsurvey.hub.tls import fingerprint
from fieldsurvey.model.role import Role
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.sync.certificates import look
from fieldsurvey.sync.enrolment import credentials
from fieldsurvey.sync.session import sync
from tests.builders import add_community, make_project, point
from tests.hubs import ROOT, RunningHub, free_port
from ui.app import build
from ui.main_window import MainWindow
from ui.project.receive import ReceiveDialog
from ui.sync.enrol import EnrolDialog

PHOTO = 3_000_000  # bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    admin.init(tmp_path / "hub", "办公室")
    admin.add_user(tmp_path / "hub", "wang", "王工")
    return tmp_path / "hub"


@pytest.fixture
def code(folder: Path) -> str:
    return Devices(folder, Accounts(folder)).new_code("wang")


@pytest.fixture
def tls_hub(folder: Path) -> Iterator[str]:
    """A hub with a certificate of its own."""
    port = free_port()
    command = [sys.executable, "-m", "fieldsurvey", "hub", "serve", str(folder), "--port", str(port), "--tls"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while "https://" not in process.stderr.readline():
        pass
    yield f"https://127.0.0.1:{port}"
    process.terminate()
    process.communicate()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two communities, one of them deleted, and a photo."""
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        first, second = add_community(store), add_community(store, "牧羊湖小区")
        store.create_record("hydrant", {"kind": "市政", "community_uid": first})
        store.delete(second)
        store.media.add_bytes(os.urandom(PHOTO), "IMG_0012.jpg", "image/jpeg")
    return tmp_path / "p.gpkg"


@pytest.fixture
def window(qtbot: QtBot, project: Path) -> Iterator[MainWindow]:
    found = build(project)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=20_000)
    found.show_workspace("sync")
    yield found
    found.close()


def _finish(qtbot: QtBot, window: MainWindow) -> str:
    qtbot.waitUntil(window.sync.go.isEnabled, timeout=30_000)
    return window.sync.message.text()


def _texts(tree: QTreeWidget) -> list[str]:
    found = []
    below = QTreeWidgetItemIterator(tree)
    while below.value() is not None:
        item = below.value()
        found.append(f"{item.text(0)} {item.text(1)}".strip())
        below += 1
    return found


def _last_ended(window: MainWindow) -> str:
    item = window.sync.past.topLevelItem(0)
    return item.text(2) if item is not None else ""


def _answering(qtbot: QtBot, url: str) -> None:
    """Wait until the hub speaks TLS."""

    def speaks() -> bool:
        try:
            return look(url) is not None
        except Exception:  # noqa: BLE001 - it is still starting
            return False

    qtbot.waitUntil(speaks, timeout=20_000)


def test_enrol_look_and_sync(qtbot: QtBot, window: MainWindow, folder: Path, tls_hub: str, code: str) -> None:
    _answering(qtbot, tls_hub)
    dialog = EnrolDialog(window.work_runner, tls_hub, window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.keyClicks(dialog.code, code.lower())
    qtbot.keyClick(dialog.code, Qt.Key.Key_Return)
    qtbot.waitUntil(dialog.compare.isVisible, timeout=20_000)
    assert dialog.mark.text().replace("\n", "") == fingerprint(folder / "tls" / "cert.pem")
    with qtbot.waitSignal(dialog.accepted, timeout=20_000):
        dialog.same.click()
    panel = window.sync
    panel.box.set_target(dialog.hub)
    panel.box.refresh_known()
    assert not panel.token.isVisible()
    panel.look.click()
    assert "修改 4" in _finish(qtbot, window)
    expected = ["枫叶山小区", "小区 新增 1", "消火栓 新增 1", "牧羊湖小区", "小区 ✕ 新增 1、删除 1"]
    assert _texts(panel.lists.out) == [*expected, "照片 (1) 3.0 MB", "IMG_0012.jpg 3.0 MB"]
    assert _texts(panel.lists.back) == ["没有。"]
    panel.go.click()
    assert "同步完成" in _finish(qtbot, window)
    assert "已发出" in panel.lists.out_title.text()
    assert _texts(panel.lists.out)[:5] == expected
    qtbot.waitUntil(lambda: "都已送到办公室" in panel.state.text(), timeout=10_000)
    assert _last_ended(window).startswith("✓")


def test_a_fingerprint_typed_wrong_keeps_the_code_at_home(
    qtbot: QtBot, window: MainWindow, folder: Path, tls_hub: str, code: str
) -> None:
    _answering(qtbot, tls_hub)
    dialog = EnrolDialog(window.work_runner, tls_hub, window)
    qtbot.addWidget(dialog)
    dialog.code.setText(code)
    dialog.fingerprint.setText("12:34")
    dialog.go.click()
    assert "64 位" in dialog.message.text()
    dialog.fingerprint.setText("AB" * 32)
    dialog.go.click()
    qtbot.waitUntil(lambda: "登记码没有发出" in dialog.message.text(), timeout=20_000)
    dialog.fingerprint.setText(fingerprint(folder / "tls" / "cert.pem").lower())
    with qtbot.waitSignal(dialog.accepted, timeout=20_000):
        dialog.go.click()
    known = credentials(tls_hub)
    assert known is not None
    assert known.token


def test_enrolment_without_a_network(qtbot: QtBot, window: MainWindow, folder: Path, tmp_path: Path) -> None:
    from fieldsurvey import cli

    dialog = EnrolDialog(window.work_runner, "https://10.0.0.1:8765", window)
    qtbot.addWidget(dialog)
    dialog.write_request(tmp_path / "request.json")
    answer = tmp_path / "answer.json"
    assert cli.run(["hub", "device", "admit", str(folder), "wang", str(tmp_path / "request.json"), str(answer)]) == 0
    with qtbot.waitSignal(dialog.accepted, timeout=15_000):
        dialog.read_answer(answer)
    assert credentials("https://10.0.0.1:8765") is not None


@pytest.mark.parametrize(
    ("target", "told"),
    [("http://127.0.0.1:9", "没有应答"), ("http://", "例如"), ("http://10.0.0.1:99999", "例如"), ("/nowhere", "U 盘")],
)
def test_a_wrong_target_is_told(qtbot: QtBot, window: MainWindow, target: str, told: str) -> None:
    window.sync.box.set_target(target)
    window.sync.go.click()
    text = _finish(qtbot, window)
    assert text.startswith("⚠")
    assert told in text
    qtbot.waitUntil(lambda: _last_ended(window).startswith("⚠"), timeout=10_000)


def test_cancel_in_the_middle_of_a_photo_and_go_on(
    qtbot: QtBot, window: MainWindow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = admin.add_user(folder, "li", "李工")
    with RunningHub(folder) as hub:
        panel = window.sync
        panel.box.set_target(hub.url)
        panel.token.setText(token)
        seen: list[int] = []

        def stop_in_the_photo(progress: object) -> None:
            seen.append(progress.done)  # type: ignore[attr-defined]
            if 0 < progress.done < PHOTO and "IMG" in progress.note:  # type: ignore[attr-defined]
                panel.stop.click()

        monkeypatch.setattr("fieldsurvey.sync.http._PIECE", 100_000)
        monkeypatch.setattr("ui.jobs._REPORT_EVERY", 0)
        panel.go.click()
        assert panel._job is not None
        panel._job.progressed.connect(stop_in_the_photo)
        assert "已停止" in _finish(qtbot, window)
        (blob,) = [b for b in _files(window.project.current.path) if b.name == "IMG_0012.jpg"]  # type: ignore[union-attr]
        have = int(hub.head(f"/v1/blob/{blob.sha256}", headers={"Authorization": f"Bearer {token}"}).headers["X-Have"])
        assert 0 < have < PHOTO
        panel.go.click()
        assert "同步完成" in _finish(qtbot, window)
        assert hub.get(f"/v1/blob/{blob.sha256}", headers={"Authorization": f"Bearer {token}"}).content


def _files(path: Path) -> list:  # type: ignore[type-arg]
    with Store.open(path, read_only=True) as store:
        return store.blobs()


def test_a_project_is_received_and_a_name_in_use_is_refused(
    qtbot: QtBot, window: MainWindow, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "stick").mkdir()
    with make_project(tmp_path / "other.gpkg") as store:
        add_community(store, "湖滨小区")
        sync(store, str(tmp_path / "stick"))
    dialog = ReceiveDialog(str(tmp_path / "stick"), "", window.work_runner, window)
    qtbot.addWidget(dialog)
    dialog.file.setText(str(project))
    dialog.buttons.accepted.emit()
    assert "已经存在" in dialog.message.text()
    with qtbot.waitSignal(window.project.opened, timeout=30_000):
        window.opening.take_project(str(tmp_path / "stick"), "", tmp_path / "mine.gpkg")
    assert [row["name"] for row in window.project.current.communities.values()] == ["湖滨小区"]  # type: ignore[union-attr]
    assert not (tmp_path / "mine.part.gpkg").exists()


def test_a_hub_that_hangs_holds_up_neither_a_save_nor_cancel(qtbot: QtBot, window: MainWindow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes the connection and never answers
        panel = window.sync
        panel.box.set_target(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        panel.go.click()
        saved = window.store_runner.start(lambda _control: window.holder.store.put_draft("k", "text"), quick=True)
        with qtbot.waitSignal(saved.succeeded, timeout=15_000):
            pass
        assert not panel.go.isEnabled()
        panel.stop.click()
        qtbot.waitUntil(panel.go.isEnabled, timeout=15_000)
        assert "已停止" in panel.message.text()


def test_a_package_that_is_dropped_is_shown(qtbot: QtBot, window: MainWindow, project: Path, tmp_path: Path) -> None:
    package = tmp_path / "from-li.fsx"
    with Store.open(project, read_only=True) as mine:
        identity = mine.project
    with Store.create(tmp_path / "li.gpkg", project=identity) as store:
        add_community(store, "湖滨小区")
        sync(store, str(package))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(package))])
    keys, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, buttons, keys)
    window.sync.dropEvent(drop)
    _finish(qtbot, window)
    assert _texts(window.sync.lists.back) == ["湖滨小区", "小区 新增 1"]
    assert window.sync.target.text() == str(package)


def test_a_reviewer_sees_what_the_office_holds_back_and_decides(
    qtbot: QtBot, window: MainWindow, folder: Path, project: Path
) -> None:
    path = window.project.current.path  # type: ignore[union-attr]
    with Store.open(path, read_only=True) as mine:
        identity, first = mine.project, str(mine.select("community")[0]["uid"])
    panel, desk = window.sync, window.sync.held
    boss = admin.add_user(folder, "boss", "周工", role=Role.ADMINISTRATOR)
    surveyor = admin.add_user(folder, "li", "李工")
    with RunningHub(folder) as hub, Store.create(project.with_name("li.gpkg"), project=identity) as other:
        panel.box.set_target(hub.url)
        panel.token.setText(boss)
        panel.go.click()
        assert "同步完成" in _finish(qtbot, window)
        sync(other, hub.url, token=surveyor)
        other.approve(first)
        other.approve(first)
        sync(other, hub.url, token=surveyor)
        panel.token.setText(surveyor)
        desk.ask.click()
        qtbot.waitUntil(lambda: "无权" in desk.message.text(), timeout=20_000)
        panel.token.setText(boss)
        desk.ask.click()
        qtbot.waitUntil(lambda: "2 项" in desk.message.text(), timeout=20_000)
        assert not desk.release.isEnabled()
        line = desk.office.topLevelItem(0)
        assert line is not None
        assert line.text(0).startswith("枫叶山小区 小区 · ")
        assert line.text(0).endswith("审定\n⚠ 审定，只有审定人可以做")
        desk.office.setCurrentItem(line)
        desk.release.click()
        qtbot.waitUntil(lambda: "1 项已在办公室端生效" in desk.message.text(), timeout=20_000)
        desk.office.selectAll()
        desk.reject.click()
        qtbot.waitUntil(lambda: "1 项已驳回" in desk.message.text(), timeout=20_000)
        headers = {"Authorization": f"Bearer {boss}"}
        held = hub.get("/v1/quarantine", headers=headers).json()["held"]
        assert [entry["reason"] for entry in held] == ["rejected"]


def test_the_panel_says_how_old_and_how_good_the_backup_is_and_whether_the_clock_is_right(
    qtbot: QtBot, window: MainWindow, folder: Path
) -> None:
    token = admin.add_user(folder, "li", "李工")
    assert "尚无备份" in window.sync.state.text()
    with RunningHub(folder) as hub:
        window.sync.box.set_target(hub.url)
        window.sync.token.setText(token)
        window.sync.go.click()
        assert "同步完成" in _finish(qtbot, window)
        qtbot.waitUntil(lambda: "时钟与办公室端一致" in window.sync.state.text(), timeout=10_000)


def test_the_numbers_before_are_those_after_and_the_state_names_the_exchange(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    """A dataset of an import travels as a file, but nobody calls it a photo."""
    panel, stick = window.sync, tmp_path / "stick"
    stick.mkdir()
    rows: list[dict[str, Value]] = [{"state": "好", "geom": point()}]
    window.store_runner.start(lambda _control: window.holder.store.import_rows("hydrant", rows, source="a.csv"))
    panel.box.set_target(str(stick))
    panel.look.click()
    assert "照片 1。" in _finish(qtbot, window)
    panel.go.click()
    assert "照片 1，" in _finish(qtbot, window)
    qtbot.waitUntil(lambda: "stick" in panel.state.text(), timeout=15_000)
    assert "从未同步" not in panel.state.text()
