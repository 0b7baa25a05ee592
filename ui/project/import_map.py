"""What an import would bring, drawn over what the project holds, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.store import Store

_DOT = 2.5  # px
_MARGIN = 24  # px
_ZOOM = 1.25
_SHOWN = 5000  # parts drawn of each; more would not be told apart at this size
_DEFAULT_CRS = "EPSG:4547"


@dataclass(frozen=True, slots=True)
class Outlines:
    """Geometries as they are drawn.

    Attributes:
        lines: A line for each part, a single point for each place; y downwards, m.
        box: The box around them.
    """

    lines: Sequence[QPolygonF] = ()
    box: QRectF = field(default_factory=QRectF)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the project holds already, for the background.

    Attributes:
        crs: Reference system of the project.
        areas: Outlines of communities.
    """

    crs: str = _DEFAULT_CRS
    areas: Outlines = field(default_factory=Outlines)


def ground_of(store: Store) -> Ground:
    """Return the background from a store; run in the store's thread."""
    rows = store.select("community", ["geom"], limit=_SHOWN)
    shapes = shapely.from_wkb([row["geom"] for row in rows if isinstance(row["geom"], bytes)])
    return Ground(store.crs, outlines(shapely.simplify(shapes, 1.0)))


class ImportMap(QWidget):
    """A small map: wheel zooms, dragging moves, Home fits everything; a line says when it is far from the project."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_map")
        self.setMinimumHeight(220)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Preview on the map"))
        self._ground, self._new, self._view = Outlines(), Outlines(), QRectF()
        self._dragged: QPointF | None = None
        self.note = ""

    def show_ground(self, ground: Ground) -> None:
        """Draw what the project holds in the background."""
        self._ground = ground.areas
        self._fit()

    def show_new(self, new: Outlines, system: str) -> None:
        """Draw what would come in, in the reference system of the project.

        Args:
            new: The geometries; none for a table.
            system: Code of the system they were in; empty if it is unknown.
        """
        self._new = new
        self.note = ""
        if new.lines and not system:
            self.note = _("The coordinate system is unknown: the place on the map is not right.")
        elif new.lines and not self._ground.box.isNull() and not self._near():
            self.note = _(
                "Far from the communities of the project: {km:,.0f} km. Is the coordinate system right?"
            ).format(km=self._gap() / 1000)
        elif new.lines:
            self.note = _("Shown in {crs}").format(crs=crs.name_of(system))
        self._fit()

    def _near(self) -> bool:
        size = max(self._ground.box.width(), self._ground.box.height(), 1000.0)
        return self._ground.box.adjusted(-size, -size, size, size).intersects(self._new.box)

    def _gap(self) -> float:
        way = self._new.box.center() - self._ground.box.center()
        return float(np.hypot(way.x(), way.y()))

    def _fit(self) -> None:
        """Show what would come in, and the project around it if they are near each other."""
        box = self._new.box if self._new.lines else self._ground.box
        size = max(box.width(), box.height(), 1.0) * 0.15
        self._view = box.adjusted(-size, -size, size, size)
        self.update()

    def _scale(self) -> float:
        if self._view.isEmpty():
            return 1.0
        across = max(self.width() - _MARGIN, 1) / self._view.width()
        return min(across, max(self.height() - _MARGIN, 1) / self._view.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw background, features and the note."""
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.base())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        scale = self._scale()
        painter.translate(self.width() / 2, self.height() / 2)
        painter.scale(scale, scale)
        painter.translate(-self._view.center())
        self._draw(painter, self._ground.lines, palette.mid().color(), 1.0, scale)
        self._draw(painter, self._new.lines, palette.highlight().color(), 1.6, scale)
        painter.restore()
        painter.setPen(palette.mid().color())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self.note:
            painter.setPen(palette.text().color())
            place = self.rect().adjusted(10, 6, -10, -6)
            painter.drawText(place, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, self.note)

    def _draw(self, painter: QPainter, lines: Sequence[QPolygonF], colour: QColor, width: float, scale: float) -> None:
        pen = QPen(colour, width)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for line in lines:
            if line.size() == 1:
                painter.drawEllipse(line.first(), _DOT / scale, _DOT / scale)
            else:
                painter.drawPolyline(line)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the middle."""
        self._zoom(_ZOOM if event.angleDelta().y() > 0 else 1 / _ZOOM)

    def _zoom(self, factor: float) -> None:
        centre = self._view.center()
        self._view.setWidth(self._view.width() / factor)
        self._view.setHeight(self._view.height() / factor)
        self._view.moveCenter(centre)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the map."""
        self._dragged = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the map."""
        if self._dragged is not None:
            way, scale = self._dragged - event.position(), self._scale()
            self._view.translate(way.x() / scale, way.y() / scale)
            self._dragged = event.position()
            self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._dragged = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + and -, move with the arrows, fit with Home."""
        step = max(self._view.width(), self._view.height()) / 8
        moves = {
            Qt.Key.Key_Left: (-step, 0.0), Qt.Key.Key_Right: (step, 0.0), Qt.Key.Key_Up: (0.0, -step),
            Qt.Key.Key_Down: (0.0, step),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in moves:
            self._view.translate(*moves[key])
            self.update()
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus}:
            self._zoom(1 / _ZOOM if key == Qt.Key.Key_Minus else _ZOOM)
        elif key == Qt.Key.Key_Home:
            self._fit()
        else:
            super().keyPressEvent(event)


def outlines(geometries: object) -> Outlines:
    """Return shapely geometries as they are drawn; None, a table, has none. For a worker: thousands take their time."""
    if not isinstance(geometries, np.ndarray) or not len(geometries):
        return Outlines()
    present = geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
    parts = shapely.get_parts(shapely.get_parts(present))[:_SHOWN]
    if not len(parts):
        return Outlines()
    lines = [QPolygonF([QPointF(x, -y) for x, y in shapely.get_coordinates(part).tolist()]) for part in parts]
    west, south, east, north = shapely.total_bounds(parts).tolist()
    return Outlines(lines, QRectF(QPointF(west, -north), QPointF(east, -south)).adjusted(0, 0, 1e-6, 1e-6))
