"""Places: coordinates typed in any usual notation, or picked on the map."""

import re
import unicodedata

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from survey_forms import Kind, Question
from ui import shown
from ui.forms.base import Editor
from ui.widgets import Writing

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


def _of_receiver(text: str) -> str:
    """Return height and accuracy of a point that has them."""
    numbers = text.split()
    if len(numbers) != 4 or numbers[3] in {"0", "0.0"}:
        return ""
    return _("Height {height} m · accuracy ±{accuracy} m").format(height=numbers[2], accuracy=numbers[3])


def measure(positions: list[Position], *, is_area: bool) -> str:
    """Return length in m, and area in m², on the ellipsoid of CGCS2000; empty while there is too little."""
    from pyproj import Geod

    if len(positions) < (3 if is_area else 2):
        return ""
    geod = Geod(ellps="GRS80")
    longitudes, latitudes = zip(*positions, strict=True)
    if not is_area:
        return _("Length {n} m").format(n=shown.fixed(geod.line_length(longitudes, latitudes), 1))
    area, around = geod.polygon_area_perimeter(longitudes, latitudes)
    return _("Area {area} m² · outline {n} m").format(area=shown.fixed(abs(area), 1), n=shown.fixed(around, 1))


class PlaceEditor(Editor):
    """A point, trace or shape: typed, or picked on the map; length and area are told.

    Signals:
        wanted: () the person wants to pick it on the map.
        fix_wanted: () the person wants the place of the receiver.
    """

    wanted = Signal()
    fix_wanted = Signal()

    def __init__(self, question: Question) -> None:
        self._kind = question.kind
        self._is_point = question.kind is Kind.GEOPOINT
        self.text: QLineEdit | QPlainTextEdit = QLineEdit() if self._is_point else Writing()
        box = QWidget()
        super().__init__(box, self.text)
        self.size = QLabel()
        self.size.setProperty("role", "hint")
        self.map = map_button()
        self.map.clicked.connect(self.wanted)
        self.fix = QToolButton()
        self.fix.setText("GNSS")
        self.fix.setMinimumHeight(36)
        self.fix.setToolTip(_("Take the place of the receiver: stand still for some seconds"))
        self.fix.setAccessibleName(_("Place of the receiver"))
        self.fix.clicked.connect(self.fix_wanted)
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        if isinstance(self.text, QLineEdit):
            self.text.setPlaceholderText(_("Latitude, longitude: 30.2, 115.04 or 30°12′0″ 115°2′24″"))
            line.addWidget(self.text, 1)
        else:
            self.text.setPlaceholderText(_("One position a line: latitude, longitude"))
            self.text.setFixedHeight(88)
            self.text.setTabChangesFocus(True)
            layout.addWidget(self.text)
            line.addStretch(1)
        line.addWidget(self.fix)
        line.addWidget(self.map)
        layout.addLayout(line)
        layout.addWidget(self.size)
        self.text.textChanged.connect(self._typed)
        self._value = ""
        self._tell([])

    def _shown(self) -> str:
        return self.text.text() if isinstance(self.text, QLineEdit) else self.text.toPlainText()

    def _show(self, text: str) -> None:
        self.text.blockSignals(True)
        if isinstance(self.text, QLineEdit):
            self.text.setText(text)
        else:
            self.text.setPlainText(text)
        self.text.blockSignals(False)

    def _typed(self) -> None:
        text = self._shown()
        found = read_line(text)
        self._value = text.strip() if found is None else self._kept(found)
        self._tell(found)
        self.edited.emit(self._value)

    def _kept(self, positions: list[Position]) -> str:
        if self._is_point:
            return as_odk(positions[:1])
        is_open = self._kind is Kind.GEOSHAPE and len(positions) > 2 and positions[0] != positions[-1]
        return as_odk([*positions, positions[0]] if is_open else positions)

    def _tell(self, positions: list[Position] | None) -> None:
        if positions is None:
            told = "" if self._is_point else _("One of these lines is no position.")
        elif self._is_point:
            told = _of_receiver(self._value)
        else:
            told = measure(positions, is_area=self._kind is Kind.GEOSHAPE)
        self.size.setText(told)
        self.size.setVisible(bool(told))

    def put(self, positions: list[Position]) -> None:
        """Take what was picked on the map."""
        text = self._kept(positions)
        self.show_text(text)
        self.edited.emit(text)

    def show_text(self, text: str) -> None:
        """Show an answer; what is being typed stays as typed."""
        if text == self._value and self._shown():
            return
        self._value = text
        found = read_line(text)
        self._show("\n".join(f"{lat:.6f}, {lon:.6f}" for lon, lat in found) if found else text)
        self._tell(found)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing."""
        self.text.setReadOnly(readonly)
        self.map.setEnabled(not readonly)
        self.fix.setEnabled(not readonly)


def map_button() -> QToolButton:
    """Return the button that leads to the map."""
    button = QToolButton()
    button.setText(_("On the map"))
    button.setMinimumHeight(36)
    return button
