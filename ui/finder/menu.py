"""The menu with which one gets anywhere."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from fieldsurvey.i18n import _
from ui.finder.keymap import KeyMap

if TYPE_CHECKING:
    from ui.main_window import MainWindow


def go_menu(window: "MainWindow") -> None:
    """Add the menu to the menu bar."""
    menu = window.menuBar().addMenu(_("Go"))
    for name, text, keys, slot in (
        ("next", _("Next thing to do"), "F2", window.today.open_next),
        ("find", _("Search a community"), "F3", window.around.search),
        ("search", _("Search everything …"), "Ctrl+F", window.finder.open_search),
        ("palette", _("Commands …"), "Ctrl+K", window.finder.open_palette),
        ("keymap", _("Keyboard …"), "Ctrl+F1", partial(_show_keymap, window)),
    ):
        action = QAction(text, window)
        action.setObjectName(f"action_{name}")
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(slot)
        menu.addAction(action)


def _show_keymap(window: "MainWindow", _checked: bool = False) -> None:
    shown = KeyMap(window)
    shown.finished.connect(shown.deleteLater)
    shown.open()
