"""What clicks, drags and keys on the map do: one tool at a time."""

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from layers.viewport import Viewport

World = tuple[float, float]  # east, north in m in the project CRS


class Tool(QObject):
    """A tool of the map; the map hands it what happens, in the coordinates of the project.

    Attributes:
        takes_drags: The left button draws with this tool; without it, it moves the map.
        cursor: Shape of the pointer.
        keys: Keys that the tool takes although the map has a shortcut on them.

    Signals:
        hinted: (text) what to do next; the map shows it in one line.
        changed: () what paint() draws has changed.
        finished: () the tool is done and gives way to browsing.
    """

    takes_drags = False
    cursor = Qt.CursorShape.CrossCursor
    keys: frozenset[int] = frozenset()
    hinted = Signal(str)
    changed = Signal()
    finished = Signal()

    def start(self, view: Viewport) -> None:
        """Begin; the view is the one of the map then."""

    def stop(self) -> None:
        """End, dropping what is unfinished."""

    def view_changed(self, view: Viewport) -> None:
        """Take note of another view."""

    def click(self, place: World, modifiers: Qt.KeyboardModifier) -> None:
        """A click, or the space bar on the cross in the middle."""

    def double_click(self, place: World) -> None:
        """A double click; its first click came as a click before."""

    def hover(self, place: World) -> None:
        """The pointer is here."""

    def drag(self, begin: World, now: World, *, done: bool) -> None:
        """The left button was pressed at begin and is, or was let go, at now."""

    def key(self, event: QKeyEvent) -> bool:
        """Take a key; False lets the map have it."""
        return False

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint over the map, in pixels of the window."""


def on_screen(view: Viewport, places: list[World]) -> list[QPointF]:
    """Return places as pixels of the window."""
    return [QPointF(*view.to_screen(*place)) for place in places]


def draw_corners(painter: QPainter, spots: list[QPointF], colour: QColor) -> None:
    """Paint the corners of what is being drawn."""
    painter.setPen(QPen(colour, 2))
    painter.setBrush(QColor("#FFFFFF"))
    for spot in spots:
        painter.drawEllipse(spot, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
