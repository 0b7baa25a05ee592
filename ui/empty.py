"""Empty states: what is not there yet says in its place how it comes."""

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QLabel
from shiboken6 import isValid

from ui.widgets import titled

_BORDER = 24  # px


def empty_page(name: str, text: str) -> QLabel:
    """Return what stands in the place of something that is not there yet."""
    told = titled(text, "empty")
    told.setObjectName(name)
    told.setAlignment(Qt.AlignmentFlag.AlignCenter)
    told.setMargin(_BORDER)
    return told


class EmptyState(QObject):
    """A sentence in the middle of a view as long as it has no rows."""

    def __init__(self, view: QAbstractItemView, text: str) -> None:
        super().__init__(view)
        self._view = view
        self.label = QLabel(text, view.viewport())
        self.label.setObjectName(f"{view.objectName()}_empty")
        self.label.setProperty("role", "empty")
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.label.setWordWrap(True)
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.viewport().installEventFilter(self)
        model = view.model()
        for signal in (model.modelReset, model.rowsInserted, model.rowsRemoved):
            signal.connect(self._follow)
        self._follow()

    def say(self, text: str) -> None:
        """Say something else."""
        self.label.setText(text)
        self._view.setAccessibleDescription("" if self._view.model().rowCount() else text)

    @Slot()
    def _follow(self) -> None:
        if not isValid(self._view):  # a view empties itself while it goes
            return
        is_empty = not self._view.model().rowCount()
        self.label.setVisible(is_empty)
        self._view.setAccessibleDescription(self.label.text() if is_empty else "")
        self._place()

    def _place(self) -> None:
        self.label.setGeometry(self._view.viewport().rect().adjusted(_BORDER, _BORDER, -_BORDER, -_BORDER))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)
