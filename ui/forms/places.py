"""Places: coordinates typed in any usual notation, or picked on the map."""

import re
import unicodedata

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from survey_forms import Kind, Question
from ui.forms.base import Editor

Position = tuple[float, float]  # longitude, latitude in degrees, CGCS2000
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_SEXAGESIMAL = re.compile(
    rf"({_NUMBER})\s*[°度d]\s*(?:({_NUMBER})\s*['′分])?\s*(?:({_NUMBER})\s*(?:\"|″|秒|''))?", re.IGNORECASE
)
_HEMISPHERE = re.compile(r"[NSEW北南东西]", re.IGNORECASE)
_PLAIN = re.compile(_NUMBER)
_SOUTH_WEST = frozenset("SWsw南西")
_EAST_WEST = frozenset("EWew东西")


def read_position(text: str) -> Position | None:
    """Return (longitude, latitude) of coordinates as people write them; None if they cannot be read.

    Decimal degrees are taken as latitude, longitude unless their letters or
    sizes say otherwise; degrees, minutes and seconds in the same way; two
    large numbers are east and north in m of a 3-degree zone of CGCS2000, the
    zone number in front of the easting, or the zone of 114° without it.

    >>> read_position("30.2, 115.04"), read_position("115.04 30.2"), read_position("30°12′N 115°2′24″E")
    ((115.04, 30.2), (115.04, 30.2), (115.04, 30.2))
    """
    plain = unicodedata.normalize("NFKC", text.replace("″", '"').replace("′", "'")).strip()
    values = _sexagesimal(plain) or [float(number) for number in _PLAIN.findall(plain)]
    if not 2 <= len(values) <= 4:
        return None
    first, second = values[:2]
    if abs(first) > 1000 and abs(second) > 1000:
        return _projected(first, second)
    letters = _HEMISPHERE.findall(plain)
    if len(letters) == 2:
        first, second = (-v if m in _SOUTH_WEST else v for v, m in zip((first, second), letters, strict=True))
    is_swapped = (len(letters) == 2 and letters[0] in _EAST_WEST) or abs(first) > 90
    longitude, latitude = (first, second) if is_swapped else (second, first)
    return (longitude, latitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _sexagesimal(text: str) -> list[float]:
    pieces = [[float(piece or 0) for piece in found] for found in _SEXAGESIMAL.findall(text)]
    return [round((-1 if d < 0 else 1) * (abs(d) + m / 60 + s / 3600), 9) for d, m, s in pieces]


def _projected(first: float, second: float) -> Position | None:
    """Return the position of an easting and a northing in m, in either order."""
    import numpy as np

    from fieldsurvey.geo import crs

    east, north = (first, second) if 300_000 <= first % 1_000_000 <= 700_000 and first != second else (second, first)
    zone = int(east // 1_000_000)
    if zone and not 25 <= zone <= 45:
        return None
    code = f"EPSG:{4513 + zone - 25}" if zone else "EPSG:4547"
    x, y = crs.transform(np.array([east]), np.array([north]), code, crs.CGCS2000)
    return round(float(x[0]), 8), round(float(y[0]), 8)


def as_odk(positions: list[Position]) -> str:
    """Return positions as the form keeps them: "lat lon alt acc", joined by semicolons."""
    return "; ".join(f"{latitude:.8f} {longitude:.8f} 0 0" for longitude, latitude in positions)


def read_line(text: str) -> list[Position] | None:
    """Return the positions of a trace or shape, one a line or with semicolons between; None if one is wrong."""
    pieces = [piece for piece in re.split(r"[;；\n]", text) if piece.strip()]
    found = [read_position(piece) for piece in pieces]
    return [position for position in found if position] if all(found) else None


def measure(positions: list[Position], *, is_area: bool) -> str:
    """Return length in m, and area in m², on the ellipsoid of CGCS2000; empty while there is too little."""
    from pyproj import Geod

    if len(positions) < (3 if is_area else 2):
        return ""
    geod = Geod(ellps="GRS80")
    longitudes, latitudes = zip(*positions, strict=True)
    if not is_area:
        return _("Length {n} m").format(n=f"{geod.line_length(longitudes, latitudes):,.1f}")
    area, around = geod.polygon_area_perimeter(longitudes, latitudes)
    return _("Area {area} m² · outline {n} m").format(area=f"{abs(area):,.1f}", n=f"{around:,.1f}")


class PointEditor(Editor):
    """A point: typed, or picked on the map.

    Signals:
        wanted: () the person wants to pick it on the map.
    """

    wanted = Signal()

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        self.line = QLineEdit()
        super().__init__(box, self.line)
        self.line.setPlaceholderText(_("Latitude, longitude: 30.2, 115.04 or 30°12′0″ 115°2′24″"))
        self.map = _map_button()
        self.map.clicked.connect(self.wanted)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.map)
        self.line.textEdited.connect(self._typed)
        self._value = ""

    def _typed(self, text: str) -> None:
        found = read_position(text)
        self._value = as_odk([found]) if found else text.strip()
        self.edited.emit(self._value)

    def put(self, positions: list[Position]) -> None:
        """Take a place from the map."""
        text = as_odk(positions[:1])
        self.show_text(text)
        self.edited.emit(text)

    def show_text(self, text: str) -> None:
        """Show an answer; what is being typed stays as typed."""
        if text == self._value and self.line.text():
            return
        self._value = text
        found = read_position(text)
        self.line.setText(f"{found[1]:.6f}, {found[0]:.6f}" if found else text)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing."""
        self.line.setReadOnly(readonly)
        self.map.setEnabled(not readonly)


class LinesEditor(Editor):
    """A trace or a shape: one position a line, or picked on the map; length and area below.

    Signals:
        wanted: () the person wants to draw it on the map.
    """

    wanted = Signal()

    def __init__(self, question: Question) -> None:
        box = QWidget()
        self.area = QPlainTextEdit()
        super().__init__(box, self.area)
        self._is_shape = question.kind is Kind.GEOSHAPE
        self.area.setFixedHeight(88)
        self.area.setTabChangesFocus(True)
        self.area.setPlaceholderText(_("One position a line: latitude, longitude"))
        self.size = QLabel()
        self.size.setProperty("role", "hint")
        self.map = _map_button()
        self.map.clicked.connect(self.wanted)
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)
        line = QHBoxLayout()
        line.addWidget(self.size, 1)
        line.addWidget(self.map)
        layout.addLayout(line)
        self.area.textChanged.connect(self._typed)
        self._value = ""

    def _typed(self) -> None:
        text = self.area.toPlainText()
        found = read_line(text)
        self._value = text.strip() if found is None else self._kept(found)
        self._tell(found)
        self.edited.emit(self._value)

    def _kept(self, positions: list[Position]) -> str:
        is_open = self._is_shape and len(positions) > 2 and positions[0] != positions[-1]
        return as_odk([*positions, positions[0]] if is_open else positions)

    def _tell(self, positions: list[Position] | None) -> None:
        wrong = _("One of these lines is no position.")
        self.size.setText(wrong if positions is None else measure(positions, is_area=self._is_shape))

    def put(self, positions: list[Position]) -> None:
        """Take what was drawn on the map."""
        text = self._kept(positions)
        self.show_text(text)
        self.edited.emit(text)

    def show_text(self, text: str) -> None:
        """Show an answer; what is being typed stays as typed."""
        if text == self._value and self.area.toPlainText():
            return
        self._value = text
        found = read_line(text)
        self.area.blockSignals(True)
        self.area.setPlainText("\n".join(f"{lat:.6f}, {lon:.6f}" for lon, lat in found) if found else text)
        self.area.blockSignals(False)
        self._tell(found)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing."""
        self.area.setReadOnly(readonly)
        self.map.setEnabled(not readonly)


def _map_button() -> QToolButton:
    button = QToolButton()
    button.setText(_("On the map"))
    button.setMinimumHeight(36)
    return button
