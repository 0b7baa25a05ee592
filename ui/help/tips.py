"""One line on first use of a workspace; once put away it does not come back."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fieldsurvey.i18n import N_, _
from ui.widgets import button

if TYPE_CHECKING:
    from ui.main_window import MainWindow

TIPS = {
    "today": N_("What came back and what is near is at the top. F2 always opens the next thing to do."),
    "map": N_("Type the initials of a name in the search line, then Enter. A click on the map chooses a community."),
    "table": N_("Click a heading to sort; what is selected here is selected on the map too."),
    "import": N_("Drop the files of the departments here. Nothing is written before you press Import."),
    "review": N_("1 accepts, 2 returns with a remark, N goes to the next one."),
    "conflicts": N_("1 keeps the first value, 2 the second, T types another one. Each decision can be taken back (U)."),
    "plan": N_("A card says why a community is in the plan or not. Limits turn red when they are passed."),
    "sync": N_("You see what will go and come before it does. If it breaks off, press again: it goes on from there."),
    "export": N_("One click from the record to the sheet; the preview is what is printed."),
}

_LEAST_HEIGHT = 560  # px of the window
_HIGH = 820  # px of the window; in a lower one the tip takes no row from the map
_LEFT, _RIGHT, _WIDEST = 12, 60, 640  # px over the map: margins, on the right for the north arrow
_SHORT_MS = 6_000


class TipBar(QFrame):
    """Stands above the workspace until it is put away."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__()
        self.setObjectName("tip")
        self._window = window
        self._name = ""
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # a click on it is not for the map below
        self.text = QLabel()
        self.text.setObjectName("tip_text")
        self.text.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 12, 4)
        row.addWidget(self.text, 1)
        row.addWidget(button("tip_more", _("More (F1)"), self._more))
        row.addWidget(button("tip_close", _("Understood"), self.put_away))
        self.hide()

    @Slot(str)
    def show_for(self, name: str) -> None:
        """Show the tip of a workspace, if there is one that was not put away."""
        self._name = name
        text = TIPS.get(name, "")
        self.text.setText(f"☞ {_(text)}" if text else "")
        is_new = bool(text) and name not in self._window.settings.tips
        is_low = self._window.height() < _LEAST_HEIGHT
        self._float(is_floating=name == "map" and self._window.height() < _HIGH)
        self.setVisible(is_new and not is_low)
        if is_new and is_low:  # the line would take from the work what it has least of
            self._window.statusBar().showMessage(self.text.text(), _SHORT_MS)

    def _float(self, *, is_floating: bool) -> None:
        """Lie over the upper edge of the map, which has most of the room, or stand in a row above the workspace."""
        if is_floating == bool(self.property("floating")):
            return
        canvas = self._window.canvas
        self.setProperty("floating", is_floating)
        if is_floating:
            self.setParent(canvas)
            canvas.installEventFilter(self)
            self._place()
        else:
            canvas.removeEventFilter(self)
            self._column.insertWidget(0, self)
        self.style().unpolish(self)
        self.style().polish(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the edge of the map."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        width = min(self._window.canvas.width() - _LEFT - _RIGHT, _WIDEST)
        height = max(self.sizeHint().height(), self.heightForWidth(width))
        self.setGeometry(_LEFT, _LEFT, width, height)

    def above(self, page: QWidget) -> QWidget:
        """Return a page with the line of tips above it."""
        whole = QWidget()
        self._column = QVBoxLayout(whole)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self)
        self._column.addWidget(page, 1)
        return whole

    @Slot()
    def put_away(self) -> None:
        """Show this tip no more."""
        self.hide()
        self._window.remembered.change(tips=(*self._window.settings.tips, self._name))

    @Slot()
    def _more(self) -> None:
        self._window.help.show_page(self._name)
