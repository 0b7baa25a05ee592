"""The import workspace with real files: doubts as cards, a mapping kept, nothing written until 导入."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from fieldsurvey.store import Store
from layers.io.report import FileReport
from tests.builders import add_community, make_project
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder
from ui.project.import_panel import ImportPanel


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> Iterator[ImportPanel]:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store)
    work, runner, holder = JobRunner(name="work"), JobRunner(), StoreHolder()
    opened = runner.start(lambda _control: holder.put(Store.open(path)))
    with qtbot.waitSignal(opened.succeeded, timeout=10_000):
        pass
    found = ImportPanel(work, runner, holder)
    qtbot.addWidget(found)
    found.resize(1366, 728)
    found.show()
    yield found
    closed = runner.start(lambda _control: holder.close())
    with qtbot.waitSignal(closed.succeeded, timeout=10_000):
        pass
    work.close()
    runner.close()


def _counted(qtbot: QtBot, panel: ImportPanel, table: str) -> int:
    job = panel._runner.start(lambda _control: panel._holder.store.count(table))
    with qtbot.waitSignal(job.succeeded, timeout=10_000) as signal:
        pass
    return int(signal.args[0]) if signal.args else -1


def _button(panel: ImportPanel, name: str) -> QPushButton:
    found = panel.findChild(QPushButton, name)
    assert found is not None
    return found


def test_doubts_are_cards_and_a_change_reads_the_file_again(qtbot: QtBot, panel: ImportPanel, tmp_path: Path) -> None:
    file = tmp_path / "消火栓.csv"
    file.write_bytes("编号,经度,纬度,状态\n1,115.046,30.204,完好\n".encode("gb18030"))
    panel.add_files([file])
    qtbot.waitUntil(lambda: panel.files.count() == 1, timeout=30_000)
    assert panel.doubts.crs.title.text().startswith("⚠")
    assert panel.doubts.encoding.isVisibleTo(panel)
    assert panel.map.note
    qtbot.mouseClick(_button(panel, "import_encoding_accept"), Qt.MouseButton.LeftButton)
    assert panel.doubts.encoding.title.text().startswith("✓")
    qtbot.mouseClick(_button(panel, "import_crs_change"), Qt.MouseButton.LeftButton)
    choice = panel.findChild(QComboBox, "import_crs_choice")
    assert choice is not None
    choice.setCurrentIndex(choice.findData("GCJ-02"))
    panel.doubts.crs.changed.emit("GCJ-02")
    qtbot.waitUntil(lambda: panel.doubts.crs.title.text().startswith("✓"), timeout=30_000)
    assert "GCJ-02" in panel.doubts.crs.title.text()
    panel.save_recipe(tmp_path / "m.json")
    assert '"hydrant"' in (tmp_path / "m.json").read_text("utf-8")
    assert _counted(qtbot, panel, "hydrant") == 0
    with qtbot.waitSignal(panel.imported, timeout=30_000) as signal:
        qtbot.mouseClick(panel.go, Qt.MouseButton.LeftButton)
    (report,) = signal.args[0] if signal.args else []
    assert isinstance(report, FileReport)
    assert report.crs == "GCJ-02"
    assert _counted(qtbot, panel, "hydrant") == 1
    panel.report.save(tmp_path / "r.txt")
    assert "GCJ-02" in (tmp_path / "r.txt").read_text("utf-8-sig")
