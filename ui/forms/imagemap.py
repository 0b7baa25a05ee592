"""Choosing on a drawing: areas of an SVG whose ids are the codes of the choices. Buttons below do the same by key."""

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from survey_forms import Choice, Question
from ui.forms.grids import GridEditor

_MOST = QSize(340, 320)
_SOLID = 8  # alpha from which a spot belongs to an area
_TINT = QColor(11, 87, 208, 110)


class ImageMapEditor(GridEditor):
    """One or several areas of a drawing."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.drawing: AreaPicture | None = None
        self._box = QWidget()
        self._column = QVBoxLayout(self._box)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.widget)
        self.widget = self._box

    def show_media(self, media: Mapping[str, str]) -> bool:
        """Show the SVG of the question's label."""
        place = media.get("image", "")
        if not place or (self.drawing is not None and self.drawing.place == place):
            return bool(place)
        if self.drawing is not None:
            self.drawing.deleteLater()
        self.drawing = AreaPicture(place)
        self.drawing.clicked.connect(self.choose)
        self._column.insertWidget(0, self.drawing)
        self._tell()
        return True

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices."""
        super().set_choices(choices)
        self._tell()

    def show_text(self, text: str) -> None:
        """Mark the chosen ones."""
        super().show_text(text)
        self._tell()

    def _tell(self) -> None:
        if self.drawing is not None:
            self.drawing.show_areas(list(self._buttons), self.chosen)


class AreaPicture(QWidget):
    """The drawing.

    Signals:
        clicked: (id) an area was clicked.

    Attributes:
        place: The file.
    """

    clicked = Signal(str)

    def __init__(self, place: str) -> None:
        super().__init__()
        self.setObjectName("image_map")
        self.place = place
        self._svg = QSvgRenderer(place, self)
        self._codes: list[str] = []
        self._chosen: set[str] = set()
        size = self._svg.defaultSize()
        self.setFixedSize(size.scaled(_MOST, Qt.AspectRatioMode.KeepAspectRatio) if not size.isEmpty() else _MOST)

    def show_areas(self, codes: list[str], chosen: set[str]) -> None:
        """Say which ids can be chosen, and which are."""
        self._codes, self._chosen = [code for code in codes if self._svg.elementExists(code)], chosen
        self.update()

    def area(self, spot: QPointF) -> str:
        """Return the id of the area at a spot, the last drawn first; empty if there is none."""
        return next((code for code in reversed(self._codes) if self._is_in(code, spot)), "")

    def _is_in(self, code: str, spot: QPointF) -> bool:
        if not self._bounds(code).contains(spot):
            return False
        return self._mask(code).pixelColor(int(spot.x()), int(spot.y())).alpha() >= _SOLID

    def _bounds(self, code: str) -> QRectF:
        """Return where an area is in the widget."""
        box = self._svg.viewBoxF()
        across, down = self.width() / box.width(), self.height() / box.height()
        found = self._svg.transformForElement(code).mapRect(self._svg.boundsOnElement(code))
        corner = QPointF((found.x() - box.x()) * across, (found.y() - box.y()) * down)
        return QRectF(corner, QSizeF(found.width() * across, found.height() * down))

    def _mask(self, code: str) -> QImage:
        mask = QImage(self.size(), QImage.Format.Format_ARGB32_Premultiplied)
        mask.fill(0)
        painter = QPainter(mask)
        self._svg.render(painter, code, self._bounds(code))
        painter.end()
        return mask

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the area that was clicked."""
        if code := self.area(event.position()):
            self.clicked.emit(code)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the drawing, the chosen areas tinted."""
        painter = QPainter(self)
        self._svg.render(painter, QRectF(self.rect()))
        for code in self._codes:
            if code in self._chosen:
                mask = self._mask(code)
                tint = QPainter(mask)
                tint.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
                tint.fillRect(mask.rect(), _TINT)
                tint.end()
                painter.drawImage(0, 0, mask)
