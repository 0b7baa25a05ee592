"""The row of buttons over the map: few, in words, each with a key that works while the map has the focus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton, QWidget

from fieldsurvey.i18n import _
from ui import icon

_GAP = 2  # px between buttons, as the style sheet has it
_MARGINS = 16  # px
_SPARED = {"forward": "all", "back": "forward"}  # gives way in the narrowest row -> what it stands before
_SAID_BY_ICON = {"back", "forward"}  # an arrow says enough; the word is its tip and its accessible name


@dataclass(frozen=True, slots=True)
class Entry:
    """One action of the map.

    Attributes:
        name: Object name, for tests.
        text: What the button says.
        keys: Key while the map has the focus; empty: none.
        run: What it does.
        tool: Whether it stays pressed while its tool is used.
    """

    name: str
    text: str
    keys: str
    run: Callable[[], None]
    tool: bool = False


class MapToolbar(QToolBar):
    """Buttons and menus; what does not fit goes behind the arrow at the end."""

    def __init__(self, keys_of: QWidget) -> None:
        """Make an empty row; keys work while `keys_of` has the focus."""
        super().__init__()
        self.setObjectName("map_tools")
        self.setAccessibleName(_("Map tools"))
        self.setMovable(False)
        self._keys_of = keys_of
        self._group = QActionGroup(self)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        self.by_name: dict[str, QAction] = {}
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self._words = Qt.ToolButtonStyle.ToolButtonTextUnderIcon  # where there is room for them

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words out where they would push buttons behind the arrow; they are the tips of the icons."""
        super().resizeEvent(event)
        self.fit()

    def set_low(self, *, low: bool) -> None:
        """Put the words beside the icons, which takes less of the height, or under them."""
        styles = Qt.ToolButtonStyle
        self._words = styles.ToolButtonTextBesideIcon if low else styles.ToolButtonTextUnderIcon
        self.fit()

    def fit(self) -> None:
        """Show the words if there is room for all of them."""
        if (row := self.layout()) is not None:
            row.setContentsMargins(4, 2, 4, 2)  # every change of style brings the wider ones back
        self._set_sparse(sparse=False)
        self._wear(self._words)
        if self.width() < self._least():
            self._wear(Qt.ToolButtonStyle.ToolButtonIconOnly)
            self._set_sparse(sparse=self.width() < self._least())

    def _set_sparse(self, *, sparse: bool) -> None:
        """Leave out the buttons that a key and a menu stand for as well."""
        here = self.actions()
        for name, before in _SPARED.items():
            action = self.by_name[name]
            if sparse and action in here:
                self.removeAction(action)
            elif not sparse and action not in here:
                self.insertAction(self.by_name[before], action)
                self._dress(action)

    @property
    def width_of_icons(self) -> int:
        """How much of a row all buttons take without words, px."""
        self._set_sparse(sparse=False)
        self._wear(Qt.ToolButtonStyle.ToolButtonIconOnly)
        width = self._least()
        self.fit()
        return width

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the letters change."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange} and self.by_name:
            self.fit()

    def _worn(self) -> list[QToolButton]:
        found = [self.widgetForAction(action) for action in self.actions()]  # not those that are about to be deleted
        return [button for button in found if isinstance(button, QToolButton) and not button.icon().isNull()]

    def _wear(self, style: Qt.ToolButtonStyle) -> None:
        for button in self._worn():
            if not self._is_said_by_icon(button):
                button.setToolButtonStyle(style)

    def _least(self) -> int:
        buttons = self._worn()
        return sum(button.sizeHint().width() for button in buttons) + _GAP * len(buttons) + _MARGINS

    def _is_said_by_icon(self, button: QWidget) -> bool:
        return any(self.widgetForAction(self.by_name[name]) is button for name in _SAID_BY_ICON & set(self.by_name))

    def add_entries(self, entries: Sequence[Entry]) -> None:
        """Add buttons."""
        for entry in entries:
            action = self._action(entry)
            self.addAction(action)
            self._dress(action)

    def _dress(self, action: QAction) -> None:
        button = self.widgetForAction(action)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus on the map, where the keys work
        if self._is_said_by_icon(button) and isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def add_menu(self, name: str, text: str, entries: Sequence[Entry]) -> QMenu:
        """Add a button that opens a menu; return the menu."""
        menu = QMenu(text, self)
        for entry in entries:
            menu.addAction(self._action(entry))
        button = QToolButton()
        button.setObjectName(f"map_{name}")
        button.setText(f"{text} ▾")
        if icon.exists(name):
            icon.wear(button, name)
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.addWidget(button)
        return menu

    def _action(self, entry: Entry) -> QAction:
        action = QAction(entry.text, self)
        action.setObjectName(f"map_{entry.name}")
        action.setCheckable(entry.tool)
        if icon.exists(entry.name):
            icon.wear(action, entry.name)
        if entry.tool:
            self._group.addAction(action)
        if entry.keys:
            action.setShortcut(QKeySequence(entry.keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.setToolTip(f"{entry.text} ({entry.keys})")
            self._keys_of.addAction(action)
        action.triggered.connect(_without_argument(entry.run))
        self.by_name[entry.name] = action
        return action

    def press(self, name: str) -> None:
        """Show the button of a tool as pressed; an empty name releases all."""
        for action in self._group.actions():
            action.setChecked(action is self.by_name.get(name))


def _without_argument(run: Callable[[], None]) -> Callable[[bool], None]:
    def triggered(_checked: bool = False) -> None:
        run()

    return triggered
