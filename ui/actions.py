"""The menus of the main window: every action by name and by key."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from fieldsurvey.i18n import LANGUAGES, _
from ui.finder.menu import go_menu

if TYPE_CHECKING:
    from ui.main_window import MainWindow


def make_menus(window: "MainWindow") -> None:
    """Fill the menu bar."""
    _file_menu(window)
    window.desk.fill_menu(window.menuBar().addMenu(_("Edit")))
    _form_menu(window)
    go_menu(window)
    _view_menu(window)
    window.help.fill_menu()


def _file_menu(window: "MainWindow") -> None:
    file = window.menuBar().addMenu(_("File"))
    for name, text, keys, slot in (
        ("new", _("New project …"), "Ctrl+N", window.opening.new_project),
        ("handover", _("New project from hand-over files …"), "", window.opening.ask_handover),
        ("open", _("Open project …"), "Ctrl+O", window.opening.choose_project),
        ("receive", _("Receive a project from the office or a USB stick …"), "", window.opening.receive_project),
        ("sample", _("Open the sample project"), "", window.opening.open_sample),
        ("import", _("Import …"), "Ctrl+I", partial(window.show_workspace, "import")),
        ("person", _("My name …"), "", window.ask_person),
        ("quit", _("Quit"), "Ctrl+Q", window.close),
    ):
        action = QAction(text, window)
        action.setObjectName(f"action_{name}")
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(slot)
        file.addAction(action)
        if name == "open":
            recent = file.addMenu(_("Recent projects"))
            recent.setObjectName("menu_recent")
            file.aboutToShow.connect(partial(_fill_recent, window, recent))


def _fill_recent(window: "MainWindow", menu: QMenu) -> None:
    """Offer the projects that were open last, but for the one that is open; whether they are there, opening tells."""
    now = window.project.current
    paths = [Path(known) for known in window.settings.recent if now is None or Path(known) != now.path]
    menu.clear()
    for path in paths:
        action = menu.addAction(path.stem)
        action.setToolTip(str(path))
        action.triggered.connect(partial(_open, window, path))
    menu.setToolTipsVisible(True)
    menu.setEnabled(bool(paths))


def _open(window: "MainWindow", path: Path, _checked: bool = False) -> None:
    window.opening.open_project(path)


def _form_menu(window: "MainWindow") -> None:
    menu = window.menuBar().addMenu(_("Form"))
    for name, text, keys, slot in (
        ("carry", _("Copy from the previous record"), "Ctrl+Shift+D", window.shelf.carry),
        ("confirm", _("Confirm all copied answers"), "Ctrl+Shift+K", window.shelf.confirm),
        ("round", _("Begin a new round"), "", window.shelf.begin_round),
    ):
        action = QAction(text, window)
        action.setObjectName(f"action_{name}")
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(slot)
        menu.addAction(action)


def _view_menu(window: "MainWindow") -> None:
    view = window.menuBar().addMenu(_("View"))
    window.around.fill_menu(view)
    group = QActionGroup(window)
    for name, text in (("light", _("Light")), ("dark", _("Dark")), ("sun", _("Sunlight"))):
        action = QAction(text, window)
        action.setCheckable(True)
        action.setChecked(name == window.settings.theme)
        action.triggered.connect(partial(window.set_theme, name))
        group.addAction(action)
        view.addAction(action)
    view.addSeparator()
    touch = QAction(_("Large targets for touch"), window)
    touch.setObjectName("action_touch")
    touch.setCheckable(True)
    touch.setChecked(window.settings.touch)
    touch.toggled.connect(partial(_set_touch, window))
    view.addAction(touch)
    findings = QAction(_("Findings of the rules on the map"), window)
    findings.setObjectName("action_findings")
    findings.setCheckable(True)
    findings.setShortcut(QKeySequence("Ctrl+Shift+F"))
    findings.toggled.connect(lambda on: window.review.show_on(window.canvas, on))
    view.addAction(findings)
    view.addSeparator()
    for language, text in zip(LANGUAGES, ("中文", "English"), strict=True):
        action = QAction(text, window)
        action.triggered.connect(partial(window.set_language, language))
        view.addAction(action)


def _set_touch(window: "MainWindow", on: bool) -> None:
    """Make targets large or not, and remember it."""
    window.remembered.change(touch=on)
    window.set_theme(window.settings.theme)
