"""The communities of the day on a small map: state by colour and mark, what lies around, and where I am."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import QToolTip, QWidget

from fieldsurvey.i18n import _
from layers.raw_types import Floats
from layers.style import STATES
from layers.viewport import Viewport, fitted

_BORDER = 24  # px
_HALO = 4  # px
_SETTLE_MS = 150  # wait for the end of a change of size before the ground is drawn anew
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
        ground_wanted: (Viewport) the ground of a view is missing.
    """

    picked = Signal(str)
    opened = Signal(str)
    ground_wanted = Signal(object)

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
        self._ground: tuple[QImage, Viewport] | None = None
        self._later = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._later.timeout.connect(self._want_ground)

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

    @Slot(object, object)
    def show_ground(self, image: QImage, view: Viewport) -> None:
        """Show the ground of a view, for as long as the map shows this view."""
        self._ground = image, view
        self.update()

    @Slot()
    def forget_ground(self) -> None:
        """Ask for the ground anew: it has changed, or its colours have."""
        self._ground = None
        self.update()

    @Slot()
    def _want_ground(self) -> None:
        if self._spots and self.isVisible():
            self.ground_wanted.emit(self._viewport())

    def _viewport(self) -> Viewport:
        """Return the view, everything inside."""
        box = QRectF(self._box)
        if self._here is not None:
            box = box.united(QRectF(QPointF(*self._here), QSizeF(1e-6, 1e-6)))  # Qt leaves out what has no size
        around = (box.left(), box.top(), box.right(), box.bottom())
        return fitted(around, self.width() - 2 * _BORDER, self.height() - 2 * _BORDER, 1.0).resized(
            self.width(), self.height()
        )

    def _view(self) -> QTransform:
        """Return the way from metres to pixels, north up."""
        view = self._viewport()
        found = QTransform.fromTranslate(view.width / 2, view.height / 2)
        found.scale(1 / view.metres, -1 / view.metres)
        return found.translate(-view.east, -view.north)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wait anew with the ground until the size stays."""
        super().resizeEvent(event)
        if self._later.isActive():
            self._later.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground, the communities, the name of the chosen one, then the position."""
        painter, view = QPainter(self), self._view()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.palette().base())
        self._draw_ground(painter)
        ink = self.palette().text().color()
        for spot in sorted(self._spots, key=lambda one: one.uid == self._chosen):
            colour, is_chosen = QColor(STATES[spot.state][0]), spot.uid == self._chosen
            painter.setPen(QPen(self.palette().highlight().color() if is_chosen else ink, 3 if is_chosen else 1))
            painter.setBrush(colour)
            for shape in self._shapes(spot, view):
                painter.drawPolygon(shape)
        self._draw_name(painter, view)
        self._draw_here(painter, view)
        if not self._spots:
            painter.setPen(ink)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _("No outlines yet"))
        painter.end()

    def _draw_ground(self, painter: QPainter) -> None:
        if self._ground is not None and self._ground[1] == self._viewport():
            painter.drawImage(0, 0, self._ground[0])
        elif self._spots and not self._later.isActive():  # a map that is painted all the time gets its ground, too
            self._later.start()

    def _draw_name(self, painter: QPainter, view: QTransform) -> None:
        """Name the chosen community above it, within the map."""
        spot = next((one for one in self._spots if one.uid == self._chosen), None)
        if spot is None:
            return
        area = QRectF()
        for shape in self._shapes(spot, view):
            area = area.united(shape.boundingRect())
        text = QPainterPath()
        text.addText(0, 0, self.font(), spot.name)
        box = text.boundingRect()
        left = min(max(area.center().x() - box.width() / 2, _HALO), max(self.width() - box.width() - _HALO, _HALO))
        top = area.top() - box.height() - 2 * _HALO
        text.translate(left - box.left(), (top if top > _HALO else area.bottom() + 2 * _HALO) - box.top())
        painter.strokePath(text, QPen(self.palette().base().color(), _HALO, j=Qt.PenJoinStyle.RoundJoin))
        painter.fillPath(text, self.palette().text())

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
