"""What is around the map: the list left of it, the panel right of it; seen, put away, or given the whole window."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _, language
from ui.fitting import Columns, Room
from ui.map.workspace import MapWorkspace

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_LIST, _PANEL = "list", "panel"  # as the settings call them
_NARROW_SCREEN = 1500  # px
_NARROW, _WIDE = (200, 700, 348), (270, 700, 400)  # px: list, map, panel
_BACK = 36  # px
_LEAST_MAP, _LEAST_PANEL = 320, 330  # px
_LONGER = 52  # px that the buttons of a form take more in English


class _Side(QWidget):
    """What the map tells, with a way back to what was in the panel before."""

    def __init__(self, workspace: MapWorkspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.setObjectName("side")
        self._back = QToolButton()
        self._back.setObjectName("side_close")
        self._back.setText("← " + _("Close"))
        self._back.setToolTip(_("Close"))
        self._back.setMinimumHeight(_BACK)
        self._back.clicked.connect(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 0, 0)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Room(workspace.side), 1)  # some of its panels are high
        workspace.side.currentChanged.connect(self._changed)
        self._changed()

    @Slot()
    def _changed(self) -> None:
        self._back.setHidden(self._workspace.side.currentWidget() is self._workspace.details)  # it has its own

    def _close(self) -> None:
        self._workspace.show_side(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)


class Around(QObject):
    """Shows and hides what is around the map.

    Attributes:
        columns: List, map and panel.
        right: The panel: the forms of a community, an open form, or what the map tells.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._is_side = self._was_away = False  # the map has something to tell; the panel was away before
        self.right = QStackedWidget()
        self.right.setObjectName("right")
        self._side = _Side(window.map_side)
        for page in (window.forms, window.form_panel, self._side):
            self.right.addWidget(page)
        is_narrow = window.screen().availableSize().width() < _NARROW_SCREEN
        longer = 0 if language().startswith("zh") else _LONGER
        kept, (left, middle, right) = window.settings.splitter, _NARROW if is_narrow else _WIDE
        sizes = kept if len(kept) == len(_WIDE) else (left, middle, right + longer)
        parts = (
            (_("Communities"), window.communities, 0),
            (_("Map"), window.map_side, _LEAST_MAP),
            (_("Forms"), self.right, _LEAST_PANEL + longer),
        )
        self.columns = Columns("columns", parts, sizes, main=1)
        self._parts: dict[str, QWidget] = {_LIST: window.communities, _PANEL: self.right}
        self._actions: dict[str, QAction] = {}
        for name, part in self._parts.items():
            self.columns.set_away(part, away=name in window.settings.away)
        self.columns.put_away.connect(self._remember)
        self.columns.alone_changed.connect(self._clear_away)

    def connect_all(self) -> None:
        """Listen to the parts of the window."""
        window = self._window
        window.map_side.side_wanted.connect(self._show_side)
        window.form.opened.connect(self._form_opened)
        window.form.closed.connect(self._form_closed)
        window.form_panel.place_wanted.connect(self.show_map)
        window.workspaces.shown.connect(self._workspace_shown)

    def fill_menu(self, menu: QMenu) -> None:
        """Add what shows and hides to the menu of the view."""
        for name, text, keys, number in (
            (_LIST, _("List of communities"), "F9", 0),
            (_PANEL, _("Panel of forms and details"), "Shift+F9", 2),
        ):
            self._actions[name] = action = self._action(menu, name, text, keys)
            action.setCheckable(True)
            action.setChecked(not self.columns.is_away(self._parts[name]))
            action.triggered.connect(partial(self._turn, name))
            self.columns.edges[number].set_key(keys)
        self._action(menu, "whole", _("Map or form over the whole window"), "F11").triggered.connect(self.toggle_whole)
        legend = self._action(menu, "legend", _("Whole legend of the map"), "F7")
        legend.triggered.connect(self._toggle_legend)
        menu.addSeparator()

    def _action(self, menu: QMenu, name: str, text: str, keys: str) -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(f"action_{name}")
        action.setShortcut(QKeySequence(keys))
        menu.addAction(action)
        return action

    # --- put away and brought back -------------------------------------------------------------------------------

    def _turn(self, name: str, _checked: bool = False) -> None:
        """Put a panel away that is seen, or bring it back."""
        self._window.show_workspace("map")
        is_whole = self.columns.is_alone
        self._leave_whole()
        part = self._parts[name]
        self.columns.set_away(part, away=not is_whole and not self.columns.is_away(part))

    @Slot()
    def _remember(self) -> None:
        away = tuple(name for name, part in self._parts.items() if self.columns.is_away(part))
        for name, action in self._actions.items():
            action.setChecked(name not in away)
        self._window.remembered.change(away=away, splitter=self.columns.sizes())

    def bring_panel(self) -> None:
        """See to it that the panel is seen: somebody asked for what is in it."""
        self._leave_whole()
        self.columns.set_away(self.right, away=False)

    @Slot()
    def search(self) -> None:
        """Let the person search a community: the list comes back for that."""
        self._window.show_workspace("map")
        self._leave_whole()
        self.columns.show_part(self._window.communities)
        self._window.communities.search.setFocus()
        self._window.communities.search.selectAll()

    # --- what is in the panel ------------------------------------------------------------------------------------

    def arrange(self) -> None:
        """Show in the panel what the map tells, else the form that is open, else the forms of the community."""
        window = self._window
        page = window.forms if window.form.current is None else window.form_panel
        self.right.setCurrentWidget(self._side if self._is_side else page)

    def show_forms(self) -> None:
        """Show the forms of the community, and not what the map told before."""
        self._is_side = False
        self.arrange()

    @Slot(bool)
    def _show_side(self, on: bool) -> None:
        if on and not self._is_side:
            self._was_away = self.columns.is_away(self.right)
        is_over = self._is_side and not on
        self._is_side = on
        self.arrange()
        if on:
            self.bring_panel()
            self.columns.show_part(self.right)
        elif is_over:
            self.columns.show_part(self._window.map_side)
            self.columns.set_away(self.right, away=self._was_away)

    @Slot()
    def _form_opened(self) -> None:
        self.show_forms()
        self._leave_whole()
        self.columns.show_part(self.right)
        if not self._window.form_panel.current:
            self._window.form_panel.next_row()

    @Slot()
    def _form_closed(self) -> None:
        self._leave_whole()
        self.arrange()
        self._window.project.refresh()

    # --- the whole window ----------------------------------------------------------------------------------------

    @Slot()
    def toggle_whole(self) -> None:
        """Give the form or the map the whole window, where the cursor is, or everything its place again."""
        if self.columns.is_alone:
            self._leave_whole()
            return
        window = self._window
        window.show_workspace("map")
        focus: QWidget = QApplication.focusWidget() or window
        is_on_map = window.map_side.isAncestorOf(focus)
        is_form = self.right.isAncestorOf(focus) or (window.form.current is not None and not is_on_map)
        part = self.right if is_form else window.map_side
        self.columns.set_alone(part, alone=True)
        if not part.isAncestorOf(QApplication.focusWidget() or window):
            part.setFocus()

    def _leave_whole(self) -> None:
        if self.columns.is_alone:
            alone = self.right if self.right.isVisible() else self._window.map_side
            self.columns.set_alone(alone, alone=False)

    @Slot(bool)
    def _clear_away(self, alone: bool) -> None:
        self._window.workspaces.set_rail_seen(seen=not alone)
        self._window.form_panel.is_whole = alone

    @Slot(str)
    def _workspace_shown(self, name: str) -> None:
        if name != "map":
            self._leave_whole()

    @Slot()
    def show_map(self) -> None:
        """Show the map: a place is to be picked on it."""
        self._leave_whole()
        self.columns.show_part(self._window.map_side)

    @Slot()
    def _toggle_legend(self) -> None:
        window = self._window
        window.show_workspace("map")
        window.map_side.show_legend(window.map_side.whole_legend.isHidden())
