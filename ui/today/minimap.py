"""The communities of the day on a small map: state by colour and mark, and where I am."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QToolTip, QWidget

from fieldsurvey.i18n import _
from layers.raw_types import Floats
from layers.style import STATES

_BORDER = 24  # px
_SMALL = 9.0  # px: what is smaller is drawn as a dot of this size
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """One community on the map.

    Attributes:
        uid: The community.
        name: Its name.
        state: Its state.
        rings: Its outline, m: of each part, shape (k, 2).
        middle: Its middle, m.
    """

    uid: str
    name: str
    state: str
    rings: Sequence[Floats]
    middle: Place


class MiniMap(QWidget):
    """A map that shows all of the day at once.

    Signals:
        picked: (uid) a community was clicked.
        opened: (uid) it was double clicked.
    """

    picked = Signal(str)
    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("today_map")
        self.setAccessibleName(_("Map of the communities of the day"))
        self.setMinimumSize(280, 200)
        self._spots: Sequence[Spot] = ()
        self._outlines: Mapping[str, list[QPolygonF]] = {}  # of each spot, m
        self._box = QRectF()  # around all of them, m; the y of QRectF grows to the north here
        self._here: Place | None = None
        self._chosen = ""

    def show_spots(self, spots: Sequence[Spot], here: Place | None) -> None:
        """Show communities, and where the surveyor is."""
        self._spots, self._here = spots, here
        self._outlines = {
            s.uid: [QPolygonF([QPointF(x, y) for x, y in ring.tolist()]) for ring in s.rings] for s in spots
        }
        self._box = QRectF()
        for shape in (shape for shapes in self._outlines.values() for shape in shapes):
            self._box = self._box.united(shape.boundingRect())
        self.setAccessibleDescription(_("{n} communities").format(n=len(spots)))
        self.update()

    def choose(self, uid: str) -> None:
        """Mark one community."""
        self._chosen = uid
        self.update()

    def _view(self) -> QTransform:
        """Return the way from metres to pixels, north up, everything inside."""
        box = QRectF(self._box)
        if self._here is not None:
            box = box.united(QRectF(QPointF(*self._here), QSizeF(1e-6, 1e-6)))  # Qt leaves out what has no size
        if box.isNull():
            return QTransform()
        width, height = max(1, self.width() - 2 * _BORDER), max(1, self.height() - 2 * _BORDER)
        scale = min(width / max(box.width(), 1.0), height / max(box.height(), 1.0))
        found = QTransform.fromTranslate(self.width() / 2, self.height() / 2)
        found.scale(scale, -scale)
        return found.translate(-box.center().x(), -box.center().y())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the communities, then the mark of each, then the position."""
        painter, view = QPainter(self), self._view()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.palette().base())
        ink = self.palette().text().color()
        for spot in sorted(self._spots, key=lambda one: one.uid == self._chosen):
            colour, is_chosen = QColor(STATES[spot.state][0]), spot.uid == self._chosen
            painter.setPen(QPen(self.palette().highlight().color() if is_chosen else ink, 3 if is_chosen else 1))
            painter.setBrush(colour)
            for shape in self._shapes(spot, view):
                painter.drawPolygon(shape)
        self._draw_here(painter, view)
        if not self._spots:
            painter.setPen(ink)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _("No outlines yet"))
        painter.end()

    def _shapes(self, spot: Spot, view: QTransform) -> list[QPolygonF]:
        shapes = [view.map(outline) for outline in self._outlines[spot.uid]]
        box = QRectF()
        for shape in shapes:
            box = box.united(shape.boundingRect())
        if max(box.width(), box.height()) >= _SMALL:
            return shapes
        middle = view.map(QPointF(*spot.middle))
        half = _SMALL / 2
        return [QPolygonF(QRectF(middle.x() - half, middle.y() - half, _SMALL, _SMALL))]

    def _draw_here(self, painter: QPainter, view: QTransform) -> None:
        if self._here is None:
            return
        spot = view.map(QPointF(*self._here))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, colour in ((5, self.palette().base().color()), (2, self.palette().highlight().color())):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(spot, 7, 7)
            painter.drawLine(spot - QPointF(12, 0), spot + QPointF(12, 0))
            painter.drawLine(spot - QPointF(0, 12), spot + QPointF(0, 12))

    def spot_at(self, place: QPointF) -> Spot | None:
        """Return the community under a point of the widget, or close to it."""
        view = self._view()
        for spot in self._spots:
            if any(shape.containsPoint(place, Qt.FillRule.OddEvenFill) for shape in self._shapes(spot, view)):
                return spot
        near: Mapping[str, float] = {s.uid: _far(view.map(QPointF(*s.middle)), place) for s in self._spots}
        best = min(self._spots, key=lambda one: near[one.uid], default=None)
        return best if best is not None and near[best.uid] <= 2 * _SMALL else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the community under the pointer."""
        if (spot := self.spot_at(event.position())) is not None:
            self.picked.emit(spot.uid)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the community under the pointer."""
        if (spot := self.spot_at(event.position())) is not None:
            self.opened.emit(spot.uid)

    def event(self, event: QEvent) -> bool:
        """Tell the name of what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            spot = self.spot_at(QPointF(event.pos()))
            text = f"{spot.name} · {_(STATES[spot.state][2])}" if spot else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)


def _far(one: QPointF, other: QPointF) -> float:
    return abs(one.x() - other.x()) + abs(one.y() - other.y())
