"""The look, computed: contrast of every theme from palette and style sheet, focus on everything, room at 1366 x 768."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFont, QFontInfo, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QPushButton,
    QToolBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from layers.style import contrast
from survey_forms.records import Subject
from tests.builders import make_project, square
from ui import icon, theme
from ui.app import build
from ui.empty import EmptyState
from ui.fitting import Room
from ui.links import LinkLabel
from ui.main_window import MainWindow
from ui.project.recent import RecentProject
from ui.project.start import StartPage
from ui.widgets import Reading

LEAST = 4.5
LEAST_EDGE = 3.0  # what is no text: the ring of the focus (WCAG 2.1, 1.4.11)
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
ROLES = QPalette.ColorRole


def rules(name: str) -> list[tuple[str, dict[str, str]]]:
    """Return selector and declarations of every rule of a theme's style sheet."""
    found = []
    for selector, body in RULE.findall(theme.sheet(name)):
        pairs = (part.split(":", 1) for part in body.split(";") if ":" in part)
        found.append((" ".join(selector.split()), {key.strip(): value.strip() for key, value in pairs}))
    return found


@pytest.mark.parametrize("name", theme.THEMES)
def test_every_text_of_the_style_sheet_stands_out(name: str) -> None:
    grounds = [theme.THEMES[name].window, theme.THEMES[name].base]
    weak, seen = [], 0
    for selector, style in rules(name):
        colour = style.get("color") or (theme.THEMES[name].text if "background" in style else "")
        if (
            not colour.startswith("#") or selector.startswith("QScrollBar") or "::indicator" in selector
        ):  # no text there
            continue
        own = style.get("background", "")
        for ground in [own] if own.startswith("#") else grounds:
            seen += 1
            if contrast(colour, ground) < LEAST:
                weak.append(f"{selector}: {colour} on {ground}: {contrast(colour, ground):.2f}")
    assert seen > 20
    assert not weak


@pytest.mark.parametrize("name", theme.THEMES)
def test_boxes_to_tick_have_an_edge_that_is_seen(name: str) -> None:
    """Source: WCAG 2.1, 1.4.11: parts of controls stand out 3 to 1."""
    styles = [style for selector, style in rules(name) if "::indicator" in selector and "border" in style]
    edges = [style["border"].rpartition(" ")[2] for style in styles if "#" in style["border"]]
    assert edges
    colours = theme.THEMES[name]
    assert all(contrast(edge, ground) >= 3 for edge in edges for ground in (colours.window, colours.base))


@pytest.mark.parametrize("name", theme.THEMES)
def test_every_text_of_the_palette_stands_out(name: str) -> None:
    palette = theme.palette(theme.THEMES[name])
    pairs = [
        (ROLES.Text, ROLES.Base), (ROLES.Text, ROLES.AlternateBase), (ROLES.WindowText, ROLES.Window),
        (ROLES.ButtonText, ROLES.Button), (ROLES.HighlightedText, ROLES.Highlight),
        (ROLES.ToolTipText, ROLES.ToolTipBase),
        (ROLES.PlaceholderText, ROLES.Base), (ROLES.Link, ROLES.Base), (ROLES.Link, ROLES.Window),
    ]  # fmt: skip
    weak = [
        (text.name, ground.name)
        for text, ground in pairs
        if contrast(palette.color(text).name(), palette.color(ground).name()) < LEAST
    ]
    assert not weak


@pytest.mark.parametrize("name", theme.THEMES)
def test_everything_that_takes_the_focus_shows_it(name: str) -> None:
    colours = theme.THEMES[name]
    assert min(contrast(colours.accent, colours.window), contrast(colours.accent, colours.base)) >= LEAST_EDGE
    ringed = " ".join(s for s, style in rules(name) if ":focus" in s and any("border" in key for key in style))
    for kind in (
        "QLineEdit", "QPlainTextEdit", "QComboBox", "QPushButton", "QToolButton", "QListView", "QTableView",
        "QTreeView", "QScrollArea", "QTextBrowser", "QCheckBox", "QRadioButton", "QSlider", "QTabBar::tab",
        "#rail QToolButton", "#map_tools QToolButton",
    ):  # fmt: skip
        assert f"{kind}:focus" in ringed, kind


def test_no_colour_is_written_outside_the_theme() -> None:
    """A colour in a widget's own style sheet would not change with the theme."""
    root = Path(theme.__file__).parent
    own = re.compile(r"setStyleSheet\([^)]*(#[0-9A-Fa-f]{3,8}|\b(?:red|green|blue|white|black|gray|grey)\b)")
    assert not [path.name for path in root.rglob("*.py") if own.search(path.read_text("utf-8"))]


@pytest.mark.parametrize("path", sorted(icon.FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_icons_are_of_one_family(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.stem.endswith(("-light", "-dark")):
        return  # arrows and ticks, which the style sheet colours by file
    assert 'viewBox="0 0 24 24"' in text
    assert 'stroke-width="1.8"' in text
    assert 'fill="none"' in text
    assert set(re.findall(r"#[0-9A-Fa-f]{6}", text)) == {"#000000"}


# --- the window ------------------------------------------------------------------------------------------------------


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        for number in range(3):
            store.create_record(
                "community",
                {"name": f"枫叶山{number}号小区", "code": f"HS{number}", "geom": square(600_000 + 300 * number)},
            )
    made = build(path)
    qtbot.addWidget(made)
    made.resize(1366, 728)  # what a task bar leaves of 768
    made.show()
    qtbot.waitUntil(lambda: made.project.current is not None, timeout=20_000)
    qtbot.waitUntil(made.canvas.is_settled, timeout=20_000)
    made.resize(1366, 728)
    yield made
    made.close()


def shown(page: QWidget) -> list[QWidget]:
    """Return the widgets of a page that are seen without scrolling, but for those behind a tool bar's arrow."""

    def is_plain(widget: QWidget) -> bool:
        parent = widget.parentWidget()
        while parent is not None and parent is not page:
            if isinstance(parent, QToolBar | QAbstractScrollArea):
                return False
            parent = parent.parentWidget()
        return widget.isVisible()

    return [widget for widget in page.findChildren(QWidget) if is_plain(widget)]


def clipped(page: QWidget) -> list[str]:
    """Return the buttons and labels whose text does not fit."""
    found = []
    for widget in shown(page):
        if isinstance(widget, QAbstractButton) and widget.text() and widget.width() < widget.minimumSizeHint().width():
            found.append(
                f"{widget.objectName()} “{widget.text()}” {widget.width()} < {widget.minimumSizeHint().width()}"
            )
        if isinstance(widget, QLabel) and widget.text() and not widget.wordWrap():
            need = widget.minimumSizeHint().width()
            if widget.width() < need:
                found.append(f"{widget.objectName()} “{widget.text()}” {widget.width()} < {need}")
    return found


@pytest.mark.parametrize("touch", [False, True], ids=["pointer", "touch"])
def test_every_workspace_fits_on_a_small_laptop(qtbot: QtBot, window: MainWindow, touch: bool) -> None:
    window.remembered.change(touch=touch)
    window.set_theme("light")
    for name in window.workspaces.names:
        window.show_workspace(name)
        page = window.workspaces.page(name)
        qtbot.wait(30)
        assert window.minimumSizeHint().width() <= 1366, name
        assert window.minimumSizeHint().height() <= 768, name
        assert not clipped(page), name


SMALL = {  # what a task bar and a frame leave of a screen, in the program's pixels
    "1366 x 768 at 200 %": (683, 364),
    "1366 x 768 at 150 %": (911, 485),
    "1280 x 720 at 100 %": (1280, 680),
}


def is_seen(window: MainWindow, name: str) -> bool:
    return window.workspaces.current == name


def is_as_wide_as(page: QWidget, room: QWidget) -> bool:
    return page.width() == room.width()


def overlapping(page: QWidget) -> list[str]:
    """Return pairs of controls of one parent that lie over each other."""
    found = []
    controls = [widget for widget in shown(page) if isinstance(widget, QAbstractButton | QLineEdit | QComboBox)]
    for one, other in itertools.combinations(controls, 2):
        if one.parentWidget() is other.parentWidget() and one.geometry().intersects(other.geometry()):
            found.append(f"{one.objectName()} over {other.objectName()}")
    return found


@pytest.mark.parametrize("size", SMALL.values(), ids=SMALL.keys())
def test_every_workspace_is_usable_on_a_small_screen(qtbot: QtBot, window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    for number, name in enumerate(window.workspaces.names, 1):
        qtbot.keyClick(window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(partial(is_seen, window, name), timeout=60_000)
        page = window.workspaces.page(name)
        room = page.parentWidget()
        assert room is not None
        qtbot.waitUntil(partial(is_as_wide_as, page, room), timeout=60_000)  # it is not scrolled across
        assert (window.width(), window.height()) == size, name
        assert not clipped(page), name
        assert not overlapping(page), name
        assert window.statusBar().height() + window.menuBar().height() + room.height() <= size[1], name


@pytest.mark.parametrize("size", SMALL.values(), ids=SMALL.keys())
def test_every_workspace_can_be_chosen_by_mouse_on_a_small_screen(
    qtbot: QtBot, window: MainWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    for name in window.workspaces.names:
        button = window.findChild(QToolButton, f"rail_{name}")
        assert isinstance(button, QToolButton)
        qtbot.waitUntil(button.isVisible, timeout=60_000)
        assert button.visibleRegion().boundingRect().height() == button.height(), name
        assert button.accessibleName(), name
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert window.workspaces.current == name


def test_parts_that_do_not_fit_are_one_key_away(qtbot: QtBot, window: MainWindow) -> None:
    window.show_workspace("map")
    assert window.communities.isVisible()
    assert window.right.isVisible()
    window.resize(683, 364)
    qtbot.waitUntil(window.right.isHidden, timeout=60_000)
    window.communities.list.setFocus()
    for _turn in range(3):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_F6)
        if not window.right.isHidden():
            break
    assert window.right.isVisible()
    assert window.map_side.isHidden()
    button = window.findChild(QPushButton, "columns_part_1")
    assert isinstance(button, QPushButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.map_side.isVisible()
    window.resize(1366, 728)
    qtbot.waitUntil(
        lambda: all(part.isVisible() for part in (window.communities, window.map_side, window.right)), timeout=60_000
    )
    assert button.isHidden() or not button.isVisible()


def test_a_form_opens_in_sight_on_a_small_screen(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(683, 364)
    window.show_workspace("map")
    uid = next(iter(window.project.current.communities)) if window.project.current else ""
    window.open_community(uid)
    assert window.map_side.isVisible()
    window.open_form(Subject("f01_community", uid, uid))
    qtbot.waitUntil(window.form_panel.isVisible, timeout=60_000)
    assert window.form_panel.width() <= 683
    qtbot.waitUntil(lambda: window.form_panel.area.viewport().height() >= 120, timeout=15_000)
    row = window.form_panel.row("built_year_first")
    window.form_panel.go_to(row.path)
    qtbot.waitUntil(lambda: not row.label.visibleRegion().isEmpty(), timeout=15_000)
    window.form.close()
    qtbot.waitUntil(window.forms.isVisible, timeout=60_000)


def test_the_start_page_is_not_scrolled_across_on_a_small_screen(qtbot: QtBot) -> None:
    page = StartPage()
    room = Room(page)
    qtbot.addWidget(room)
    page.show_recent([RecentProject(f"/a/{number}.gpkg", 0, 1) for number in range(5)])
    room.resize(683, 300)
    room.show()
    qtbot.waitUntil(lambda: page.width() == room.viewport().width(), timeout=15_000)
    assert room.horizontalScrollBar().maximum() == 0
    first = page.findChild(QPushButton, "recent_0")
    assert isinstance(first, QPushButton)
    assert not first.visibleRegion().isEmpty()


def test_letters_of_a_page_stay_readable_however_the_wheel_is_turned(qtbot: QtBot, qapp: QApplication) -> None:
    theme.prepare(qapp, "light", theme.load_font())
    window = QMainWindow()
    qtbot.addWidget(window)
    page = Reading()
    window.setCentralWidget(page)
    theme.dress(window, "light")
    page.setHtml("<p>枫叶山</p>")
    window.show()
    sizes = []
    for turn in (-120, -120, -120, -120, 240, *(120,) * 20):
        at = page.viewport().rect().center().toPointF()
        event = QWheelEvent(
            at, at, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(page.viewport(), event)
        sizes.append(QFontInfo(page.document().defaultFont()).pixelSize())
    assert min(sizes) == 12
    assert sizes[-1] == 32


def test_the_rail_has_an_icon_for_every_workspace(window: MainWindow) -> None:
    for name in window.workspaces.names:
        button = window.findChild(QToolButton, f"rail_{name}")
        assert isinstance(button, QToolButton)
        assert not button.icon().isNull(), name


def test_icons_change_their_colour_with_the_theme(window: MainWindow) -> None:
    button = window.findChild(QToolButton, "rail_map")
    assert isinstance(button, QToolButton)
    light = button.icon().pixmap(20, 20).toImage()
    window.set_theme("dark")
    assert button.icon().pixmap(20, 20).toImage() != light


def test_an_empty_list_says_what_to_do_until_it_has_rows(qtbot: QtBot) -> None:
    view = QListWidget()
    qtbot.addWidget(view)
    state = EmptyState(view, "Import something.")
    view.show()
    assert state.label.isVisible()
    assert view.accessibleDescription() == "Import something."
    view.addItem("one")
    assert not state.label.isVisible()
    assert not view.accessibleDescription()


_AT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
sys.path.insert(0, sys.argv[2])
from tests.gui.test_look import clipped
from ui.app import application, build
app = application()
window = build(Path(sys.argv[1]))
window.resize(1366, 728)
window.show()
def look():
    wrong = [f"{window.devicePixelRatio()}"]
    for name in window.workspaces.names:
        window.show_workspace(name)
        window.workspaces.page(name).layout() and window.workspaces.page(name).layout().activate()
        wrong += [f"{name}: {text}" for text in clipped(window.workspaces.page(name))]
        wrong += [f"{name}: too wide"] * (window.minimumSizeHint().width() > 1366)
    print(*wrong, sep="\\n")
    window.close()
    app.quit()
window.project.opened.connect(lambda _now: QTimer.singleShot(300, look))
app.exec()
"""


@pytest.mark.parametrize("factor", ["1.25", "1.5", "2"])
def test_nothing_is_clipped_on_a_sharp_screen(tmp_path: Path, factor: str) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        store.create_record("community", {"name": "枫叶山小区", "code": "HS1", "geom": square()})
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "FIELDSURVEY_HOME": str(tmp_path / "home")}
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", _AT, str(path), root],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [str(float(factor))]


def test_the_largest_letters_of_touch_reach_the_lines(window: MainWindow) -> None:
    window.remembered.change(touch=True)
    window.set_theme("sun")
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    lines = [line for line in window.findChildren(QLineEdit) if line.isVisible()]
    assert lines
    assert all(line.height() >= 44 for line in lines)


def test_the_font_of_the_program_has_a_size_in_points(qapp: QApplication) -> None:
    """Qt's print dialog draws its page with a quarter of it, and warns where it is measured in pixels."""
    theme.prepare(qapp, "light", theme.load_font())
    assert QFont().pointSizeF() > 0
    assert QFontInfo(qapp.font()).pixelSize() == pytest.approx(14, abs=1)


def test_what_is_put_together_outside_the_window_is_dressed_once_it_is_inside(window: MainWindow) -> None:
    """The window wears the sheet: the application does not, for that would dress a part in each part it is put into."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    assert app.styleSheet() == ""
    window.set_theme("dark")
    for name in window.workspaces.names:
        window.show_workspace(name)
    seen = [widget for widget in app.topLevelWidgets() if widget.isVisible()]
    assert [widget for widget in seen if widget.window() is not window and widget.parent() is None] == []
    words = [label for label in window.findChildren(QLabel) if label.isVisible() and not label.property("role")]
    assert words
    assert {label.palette().windowText().color().name().upper() for label in words} == {theme.THEMES["dark"].text}


@pytest.mark.parametrize(("frame", "is_larger"), [(40, True), (4, False), (0, False)])
def test_a_window_that_sticks_out_of_the_screen_with_its_frame_takes_all_of_it(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, *, frame: int, is_larger: bool
) -> None:
    room = window.screen().availableSize()
    monkeypatch.setattr(window, "size", lambda: room)
    monkeypatch.setattr(window, "frameSize", lambda: room + QSize(0, frame))
    window.hide()
    window.show()
    qtbot.wait(400)
    assert window.isMaximized() is is_larger


def _inks(page: QWidget) -> set[str]:
    image = page.grab().toImage()
    return {image.pixelColor(x, y).name().upper() for x in range(image.width()) for y in range(image.height())}


@pytest.mark.parametrize("kind", [LinkLabel, Reading])
def test_a_link_has_the_colour_of_the_theme_that_is_chosen_later(
    qtbot: QtBot, qapp: QApplication, kind: type[LinkLabel] | type[Reading]
) -> None:
    theme.prepare(qapp, "light", theme.load_font())
    window, page = QMainWindow(), kind()
    qtbot.addWidget(window)
    window.setCentralWidget(page)
    theme.dress(window, "light")
    page.setText('<p>■</p><p>■ <a href="x">■■■■</a></p><p><a href="y">■■</a> and <a href="z">■</a></p>')
    window.show()
    light, dark = theme.THEMES["light"].accent, theme.THEMES["dark"].accent
    assert light in _inks(page)
    theme.prepare(qapp, "dark", "")
    theme.dress(window, "dark")
    qtbot.waitUntil(lambda: dark in _inks(page), timeout=15_000)
    assert light not in _inks(page)
    theme.prepare(qapp, "light", "")
