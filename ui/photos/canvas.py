"""A photo or a white sheet to draw on: arrows, circles, texts, lines by hand."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from exports.photo_copies import COVER_SQUARES, LETTER, LINE, RED
from fieldsurvey.i18n import _
from fieldsurvey.model.marks import KINDS, MOST_MARKS, Mark, Spot, arrow_head

_LEAST = 0.01  # a shorter arrow or smaller circle is a slip of the hand
_STEP = 0.01  # how far an arrow key moves the newest mark


class MarkCanvas(QWidget):
    """Shows a picture with its marks; draws the chosen kind with mouse, pen or finger.

    Signals:
        text_wanted: (x, y) a text is to be written there.
        changed: () marks came or went.
    """

    text_wanted = Signal(float, float)
    changed = Signal()

    def __init__(self, picture: QImage, marks: tuple[Mark, ...] = (), colour: tuple[int, int, int] = RED) -> None:
        super().__init__()
        self.setObjectName("mark_canvas")
        self.setAccessibleName(_("Photo to draw on"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)
        self.kind = "arrow"
        self.picture, self._colour = picture, QColor(*colour)
        self._marks = list(marks)
        self._undone: list[Mark] = []
        self._spots: list[Spot] = []

    def sizeHint(self) -> QSize:
        """Return the size of the picture, as far as a screen has room."""
        return self.picture.size().scaled(QSize(900, 560), Qt.AspectRatioMode.KeepAspectRatio)

    # --- marks ---------------------------------------------------------------------------------------------------

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is drawn."""
        return tuple(self._marks)

    def put(self, mark: Mark) -> None:
        """Add a mark."""
        if len(self._marks) < MOST_MARKS:
            self._marks.append(mark)
            self._undone.clear()
            self._tell()

    def undo(self) -> None:
        """Take the newest mark away."""
        if self._marks:
            self._undone.append(self._marks.pop())
            self._tell()

    def redo(self) -> None:
        """Bring back what was taken away last."""
        if self._undone:
            self._marks.append(self._undone.pop())
            self._tell()

    def clear(self) -> None:
        """Take all marks away."""
        self._undone, self._marks = self._marks[::-1], []
        self._tell()

    def _tell(self) -> None:
        self.update()
        self.changed.emit()

    def put_by_key(self) -> None:
        """Put a mark of the chosen kind into the middle; arrow keys move it then."""
        if self.kind == "text":
            self.text_wanted.emit(0.4, 0.5)
        elif self.kind in {"arrow", "circle", "cover"}:
            self.put(Mark(self.kind, ((0.35, 0.35), (0.5, 0.5))))

    def move_newest(self, across: float, down: float, *, end_only: bool = False) -> None:
        """Move the newest mark, or only its second end, by parts of the picture."""
        if self._marks:
            mark = self._marks[-1]
            kept = mark.spots[:1] if end_only and len(mark.spots) > 1 else ()
            moved = tuple((x + across, y + down) for x, y in mark.spots[len(kept) :])
            self._marks[-1] = Mark(mark.kind, kept + moved, mark.text)
            self._tell()

    # --- drawing by hand -----------------------------------------------------------------------------------------

    def _frame(self) -> QRectF:
        size = self.picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(
            (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
        )

    def _spot(self, position: QPointF) -> Spot:
        frame = self._frame()
        x, y = (position.x() - frame.x()) / frame.width(), (position.y() - frame.y()) / frame.height()
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a mark."""
        spot = self._spot(event.position())
        if self.kind == "text":
            self.text_wanted.emit(*spot)
        else:
            self._spots = [spot]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it."""
        if not self._spots:
            return
        spot = self._spot(event.position())
        self._spots = [*self._spots, spot] if self.kind == "line" else [self._spots[0], spot]
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End it."""
        spots, self._spots = self._spots, []
        if len(spots) < KINDS[self.kind] or self.kind == "text":
            return
        reach = max(max(abs(x - spots[0][0]), abs(y - spots[0][1])) for x, y in spots)
        if self.kind == "line" or reach >= _LEAST:
            self.put(Mark(self.kind, tuple(spots)))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Put a mark with the space bar, move it with the arrow keys, its end with Shift."""
        steps: dict[Qt.Key, Spot] = {Qt.Key.Key_Left: (-_STEP, 0), Qt.Key.Key_Right: (_STEP, 0)}
        steps |= {Qt.Key.Key_Up: (0, -_STEP), Qt.Key.Key_Down: (0, _STEP)}
        key = Qt.Key(event.key())
        if key in steps:
            is_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.move_newest(*steps[key], end_only=is_shift)
        elif key == Qt.Key.Key_Space:
            self.put_by_key()
        elif key in {Qt.Key.Key_Backspace, Qt.Key.Key_Delete}:
            self.undo()
        else:
            super().keyPressEvent(event)

    # --- painting ------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture and what is drawn on it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().dark())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = self._frame()
        painter.drawImage(frame, self.picture)
        painter.setClipRect(frame)
        begun = [Mark(self.kind, tuple(self._spots))] if len(self._spots) > 1 else []
        for mark in [*self._marks, *begun]:
            self._paint(painter, frame, mark)

    def rendered(self) -> QImage:
        """Return the picture with its marks, at its own size."""
        image = self.picture.convertToFormat(QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for mark in self._marks:
            self._paint(painter, QRectF(image.rect()), mark)
        painter.end()
        return image

    def _paint(self, painter: QPainter, frame: QRectF, mark: Mark) -> None:
        longer = max(frame.width(), frame.height())
        pen = QPen(self._colour, max(2.0, LINE * longer))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        spots = [QPointF(frame.x() + x * frame.width(), frame.y() + y * frame.height()) for x, y in mark.spots]
        if mark.kind == "text":
            self._paint_text(painter, spots[0], mark.text, max(10, round(LETTER * longer)))
        elif mark.kind == "cover":
            self._paint_cover(painter, frame, QRectF(spots[0], spots[1]).normalized() & frame)
        elif mark.kind == "circle":
            painter.drawEllipse(QRectF(spots[0], spots[1]).normalized())
        else:
            painter.drawPolyline(spots)
        if mark.kind == "arrow":
            start, end = ((spot.x(), spot.y()) for spot in spots[:2])
            left, right = arrow_head(start, end, longer)
            painter.drawPolyline([QPointF(*left), spots[1], QPointF(*right)])

    def _paint_cover(self, painter: QPainter, frame: QRectF, box: QRectF) -> None:
        """Paint a part of the picture as the few squares that copies of it will show."""
        square = max(1.0, min(box.width(), box.height()) / COVER_SQUARES)
        across = self.picture.width() / frame.width()
        part = QRectF((box.x() - frame.x()) * across, (box.y() - frame.y()) * across, box.width() * across,
                      box.height() * across).toRect()  # fmt: skip
        few = self.picture.copy(part).scaled(
            max(1, int(box.width() / square)), max(1, int(box.height() / square)),
            Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation,
        )  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(box, few)

    def _paint_text(self, painter: QPainter, spot: QPointF, text: str, pixels: int) -> None:
        font = QFont(self.font())
        font.setPixelSize(pixels)
        path = QPainterPath()
        path.addText(spot + QPointF(0, pixels), font, text)
        painter.strokePath(path, QPen(QColor("white"), max(2.0, pixels / 6)))
        painter.fillPath(path, self._colour)
