"""Help in the window: F1, the menu, tips and the tutorial."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication

from fieldsurvey.i18n import _
from ui.help.pages import INDEX
from ui.help.tips import TipBar
from ui.help.tutorial import Tutorial
from ui.help.window import HelpWindow

if TYPE_CHECKING:
    from ui.main_window import MainWindow


class HelpDesk(QObject):
    """Opens the page that fits to what is being done."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.tips = TipBar(window)
        self._manual: HelpWindow | None = None
        self.tutorial: Tutorial | None = None

    def fill_menu(self) -> None:
        """Add the menu."""
        window = self._window
        menu = window.menuBar().addMenu(_("Help"))
        for name, text, keys, slot in (
            ("help", _("Help on this page"), "F1", self.show_help),
            ("manual", _("Manual"), "", self.show_manual),
            ("tutorial", _("Tutorial: ten minutes"), "", self.begin_tutorial),
        ):
            action = QAction(text, window)
            action.setObjectName(f"action_{name}")
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(slot)
            menu.addAction(action)

    def page_name(self) -> str:
        """Return the page that fits: the form if one works in it, else the workspace, or the start."""
        window, focus = self._window, QApplication.focusWidget()
        if window.whole.currentWidget() is window.start_room:
            return "start"
        if focus is not None and window.form_panel.isAncestorOf(focus):
            return "form"
        return window.workspaces.current

    @Slot()
    def show_help(self) -> None:
        """Open the manual at the page that fits."""
        self.show_page(self.page_name())

    @Slot()
    def show_manual(self) -> None:
        """Open the manual at its beginning."""
        self.show_page(INDEX)

    def show_page(self, name: str) -> HelpWindow:
        """Open the manual at a page."""
        if self._manual is None:
            self._manual = HelpWindow(self._window)
        self._manual.show_page(name)
        self._manual.show()
        self._manual.raise_()
        self._manual.activateWindow()
        return self._manual

    @Slot()
    def begin_tutorial(self) -> None:
        """Begin the tutorial, from its first step."""
        if self.tutorial is not None:
            self.tutorial.reject()
            self.tutorial.deleteLater()
        self.tutorial = Tutorial(self._window)
        self.tutorial.begin()

    def close(self) -> None:
        """Close what stands beside the window."""
        if self._manual is not None:
            self._manual.close()
        if self.tutorial is not None:
            self.tutorial.reject()
