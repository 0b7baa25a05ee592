"""The question with the cursor stays in sight, also when its page becomes higher or the panel narrower."""

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer, Slot
from PySide6.QtWidgets import QScrollArea, QWidget
from shiboken6 import isValid


class InSight(QObject):
    """Scrolls to a row of a form, and again whenever sizes change, until the person scrolls or the cursor leaves it.

    A form that opens at a question is laid out once more when its panel has got its width.
    """

    def __init__(self, area: QScrollArea) -> None:
        super().__init__(area)
        self._area = area
        self._row: QWidget | None = None
        self._margin = 0
        self._page: QWidget | None = None
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._again)
        area.viewport().installEventFilter(self)
        area.verticalScrollBar().actionTriggered.connect(self._let_go)

    def bring(self, row: QWidget, margin: int) -> None:
        """Scroll to a row: to all of it, or to its beginning if it is higher than what is seen.

        Args:
            row: In the page that the area shows.
            margin: px that are to be seen above or below it.
        """
        self._row, self._margin = row, margin
        page: QWidget | None = self._area.widget()
        if page is None:  # between two pages
            return
        if page is not self._page:
            self._page = page
            page.installEventFilter(self)
        self._area.ensureWidgetVisible(row, 0, margin)
        if row.height() + margin > self._area.viewport().height():
            self._area.verticalScrollBar().setValue(row.mapTo(page, QPoint(0, 0)).y())

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """See that the page or what is seen of it has another size."""
        if event.type() == QEvent.Type.Resize and self._row is not None:
            self._later.start()
        return False

    @Slot()
    def _again(self) -> None:
        row = self._row
        # of the window, which itself may be behind another
        if row is not None and isValid(row) and row.isAncestorOf(self._area.window().focusWidget()):
            self.bring(row, self._margin)

    @Slot()
    def _let_go(self) -> None:
        self._row = None
