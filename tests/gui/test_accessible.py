"""Every workspace and dialog for people without mouse, without sight, with gloves; and the whole job by keyboard."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from fieldsurvey.assess.quantities import Quantity
from fieldsurvey.geo.local_grids import TM
from fieldsurvey.model.assets import ASSETS
from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from survey_forms.records import Subject
from tests.builders import make_project, point, square
from tests.gui import accessible
from ui import theme
from ui.app import build
from ui.finder.box import FinderBox
from ui.finder.keymap import KeyMap
from ui.help.tutorial import Tutorial
from ui.help.window import HelpWindow
from ui.main_window import MainWindow
from ui.map.basemap_panel import ServiceDialog
from ui.map.dialogs import AttributeDialog, GoToDialog, PrintDialog
from ui.map.grid_dialogs import PairsDialog, ParametersDialog
from ui.photos.canvas import MarkCanvas
from ui.photos.dialogs import DrawDialog
from ui.plan.quantities import QuantitiesDialog
from ui.project.handover import HandoverWizard
from ui.project.receive import ReceiveDialog
from ui.sync.enrol import EnrolDialog
from ui.today.assign import AssignDialog
from ui.today.report import ReportDialog


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        for number, name in enumerate(("枫叶山小区", "牧羊湖小区")):
            values: dict[str, Value] = {"name": name, "code": f"HS{number}", "household_count": 100, "gas": "瓶装气"}
            uid = store.create_record("community", {**values, "geom": square(600_000 + 300 * number)})
            store.create_record("hydrant", {"community_uid": uid, "kind": "地上", "geom": point()})
    made = build(path)
    qtbot.addWidget(made)
    made.resize(1366, 728)
    made.show()
    qtbot.waitUntil(lambda: made.project.current is not None, timeout=20_000)
    qtbot.waitUntil(made.canvas.is_settled, timeout=20_000)
    yield made
    made.close()


def judged(page: QWidget) -> dict[str, list[str]]:
    """Return everything that is wrong with a page."""
    found = {
        "no name": accessible.nameless(page),
        "not by Tab": accessible.unreachable(page),
        "too small": accessible.small(page),
        "flat rows": accessible.flat_rows(page),
    }
    return {what: where for what, where in found.items() if where}


def test_every_workspace_is_for_everybody(qtbot: QtBot, window: MainWindow) -> None:
    wrong = {}
    for name in window.workspaces.names:
        window.show_workspace(name)
        page = window.workspaces.page(name)
        qtbot.wait(150)
        if found := judged(page):
            wrong[name] = found
    lines = [f"{n} {k}: {v}" for n, found in wrong.items() for k, each in found.items() for v in each]
    assert not wrong, "\n".join(lines)


def test_every_workspace_speaks_chinese(qtbot: QtBot, window: MainWindow) -> None:
    for name in window.workspaces.names:
        window.workspaces.page(name)
    qtbot.wait(200)
    assert not accessible.english(window)


def test_the_rail_and_the_start_page_are_for_everybody(qtbot: QtBot, window: MainWindow) -> None:
    assert not judged(window.workspaces)
    window.show_start()
    qtbot.wait(50)
    assert not judged(window.start)


@pytest.mark.parametrize("form", ["f01_community", "f04_water", "f11_elevator"])
def test_forms_are_for_everybody(qtbot: QtBot, window: MainWindow, form: str) -> None:
    uid = next(iter(window.project.current.communities)) if window.project.current else ""
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        window.open_form(Subject(form, uid, uid))
    qtbot.wait(200)
    assert not judged(window.form_panel)


def test_the_panels_beside_are_for_everybody(qtbot: QtBot, window: MainWindow) -> None:
    uid = next(iter(window.project.current.communities)) if window.project.current else ""
    window.desk.show_history("community", uid)
    qtbot.waitUntil(lambda: window.desk.history.past is not None, timeout=10_000)
    assert not judged(window.desk.history)
    window.desk.show_trash()
    qtbot.wait(100)
    assert not judged(window.desk.trash)


def _assign(window: MainWindow) -> QDialog:
    assert window.project.current is not None
    return AssignDialog(window, window.project.current, [])


_SHEET = QImage(400, 300, QImage.Format.Format_RGB32)
DIALOGS: dict[str, Callable[[MainWindow], QDialog]] = {
    "AttributeDialog": lambda window: AttributeDialog([table for table in ASSETS if table.geometry], window),
    "GoToDialog": lambda window: GoToDialog("EPSG:4547", window),
    "PrintDialog": lambda window: PrintDialog("黄石", window),
    "ServiceDialog": ServiceDialog,
    "ParametersDialog": lambda window: ParametersDialog(TM, window),
    "PairsDialog": PairsDialog,
    "ReceiveDialog": lambda window: ReceiveDialog("", "", window.work_runner, window),
    "EnrolDialog": lambda window: EnrolDialog(window.work_runner, "https://192.168.1.10:8765", window),
    "HandoverWizard": lambda window: HandoverWizard(Path.home(), window),
    "FinderBox": lambda window: FinderBox("finder", "搜索", "名称", window),
    "KeyMap": KeyMap,
    "ReportDialog": ReportDialog,
    "AssignDialog": _assign,
    "HelpWindow": HelpWindow,
    "Tutorial": Tutorial,
    "QuantitiesDialog": lambda window: QuantitiesDialog(
        window, "枫叶山", [Quantity("B07", "m", 120.0, "雨水管", ("f20_manholes",))]
    ),
    "DrawDialog": lambda window: DrawDialog("画", MarkCanvas(_SHEET), ("arrow", "circle", "text", "line"), window),
}
NOT_HERE = {  # what a machine without camera or an older record cannot show
    "Question": "what other dialogs are made of",
    "CameraDialog": "needs a camera",
    "RecordDialog": "needs a microphone",
    "AddFormDialog": "needs a form of one's own; tests/gui/test_forms_list.py opens it",
    "MoveUpDialog": "two buttons under a list; needs a record of an older form",
}


@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_are_for_everybody(qtbot: QtBot, window: MainWindow, name: str) -> None:
    dialog = DIALOGS[name](window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.wait(150)
    found = judged(dialog)
    dialog.reject()
    dialog.close()
    assert not found


def test_every_dialog_of_the_program_is_looked_at() -> None:
    root = Path(theme.__file__).parent
    made = re.compile(r"^class (\w+)\((?:QDialog|QWizard|Question)\)", re.MULTILINE)
    names = {name for path in root.rglob("*.py") for name in made.findall(path.read_text("utf-8"))}
    assert names == DIALOGS.keys() | NOT_HERE.keys()


@pytest.mark.parametrize("panel", ["show_styles", "show_basemaps", "show_grids", "show_receiver"])
def test_the_panels_beside_the_map_are_for_everybody(qtbot: QtBot, window: MainWindow, panel: str) -> None:
    window.show_workspace("map")
    getattr(window.map_side.panels, panel)()
    qtbot.wait(150)
    assert not judged(window.map_side.side)


# --- the whole job by keyboard ---------------------------------------------------------------------------------------


def press(qtbot: QtBot, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is."""
    target = QApplication.focusWidget()
    assert target is not None
    qtbot.keyClick(target, key, modifiers)


def tab_to(qtbot: QtBot, wanted: Callable[[], bool], *, back: bool = False, most: int = 80) -> None:
    """Press Tab until the focus is where it is wanted."""
    for _n in range(most):
        if wanted():
            return
        press(qtbot, Qt.Key.Key_Backtab if back else Qt.Key.Key_Tab)
    at = QApplication.focusWidget()
    raise AssertionError(f"Tab never came there; it stopped at {type(at).__name__} {at.objectName() if at else ''}")


def has_focus(name: str) -> Callable[[], bool]:
    def is_there() -> bool:
        at = QApplication.focusWidget()
        return at is not None and at.objectName() == name

    return is_there


def test_a_project_is_opened_from_the_start_page_without_a_mouse(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "k.gpkg"
    with make_project(path, forms=True) as store:
        store.create_record("community", {"name": "枫叶山小区", "geom": square()})
    made = MainWindow(Settings(recent=(str(path),)))
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: made.findChild(QWidget, "recent_0") is not None, timeout=10_000)
    made.start.person.setFocus()
    qtbot.keyClicks(made.start.person, "wang")
    tab_to(qtbot, has_focus("recent_0"))
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        press(qtbot, Qt.Key.Key_Space)
    assert made.told["person"].text() == "wang"
    made.close()


def test_a_community_is_surveyed_and_printed_without_a_mouse(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    """Find by initials, open the form, answer, complete, go to the export and see the sheet: keys only."""
    window.activateWindow()
    place = Qt.Key(int(Qt.Key.Key_1) + window.workspaces.names.index("map"))
    qtbot.keyClick(window, place, Qt.KeyboardModifier.ControlModifier)
    assert window.workspaces.current == "map"
    tab_to(qtbot, has_focus("search"))
    qtbot.keyClicks(window.communities.search, "fys")
    press(qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.forms.title.text() == "枫叶山小区", timeout=15_000)
    tab_to(qtbot, has_focus("open_f04_water"))
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        press(qtbot, Qt.Key.Key_Space)
    _answer_all(qtbot, window)
    tab_to(qtbot, has_focus("form_complete"))
    with qtbot.waitSignal(window.form.saved, timeout=20_000):
        press(qtbot, Qt.Key.Key_Space)
    with qtbot.waitSignal(window.form.closed, timeout=10_000):
        press(qtbot, Qt.Key.Key_Escape)
    tab_to(qtbot, has_focus("show_sheet"))
    press(qtbot, Qt.Key.Key_Space)
    assert window.workspaces.current == "export"
    qtbot.waitUntil(lambda: window.exports.pages.document.pageCount() > 0, timeout=60_000)
    window.close()
    with Store.open(tmp_path / "p.gpkg") as store:
        assert [row["status"] for row in store.select("f04_water", ["status"])] == ["complete"]


def _answer_all(qtbot: QtBot, window: MainWindow) -> None:
    """Answer what stands against completing, each question where F8 leads, with keys."""
    for _n in range(1_000):  # most wait for what is worked out beside the typing
        session = window.form_panel.session
        problems = session.problems() if session else []
        if not problems:
            return
        press(qtbot, Qt.Key.Key_F8)
        path = window.form_panel.current
        if path not in {problem.path for problem in problems}:
            qtbot.wait(50)
            continue
        choices = session.choices(path) if session else []
        if choices:
            press(qtbot, Qt.Key.Key_1)
        else:
            at = QApplication.focusWidget()
            assert at is not None
            qtbot.keyClicks(at, _plausible(window, path))
        press(qtbot, Qt.Key.Key_Return)
    raise AssertionError([(p.path, p.message) for p in window.form_panel.session.problems()])  # type: ignore[union-attr]


def _plausible(window: MainWindow, path: str) -> str:
    assert window.form_panel.session is not None
    if path.endswith("year"):
        return "1990"
    kind = str(window.form_panel.session.question(path).kind)
    return {"integer": "100", "decimal": "1", "range": "1", "date": "2026-11-29", "geopoint": "30.2 115.04"}.get(
        kind, "abc"
    )
