"""Beside the map: which receiver, how good it is, and what to do with its fixes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPointF, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.positioning.averaging import Average
from fieldsurvey.positioning.fixes import QUALITY_NAMES, Fix
from fieldsurvey.positioning.receivers import SPEEDS, LogSource, SerialSource, Source, TcpSource, serial_ports
from layers.viewport import Viewport
from ui.map.canvas import MapCanvas
from ui.positioning.controller import Positioning

_SERIAL, _TCP, _LOG = "serial", "tcp", "log"


class PositionPanel(QWidget):
    """The receiver.

    Signals:
        point_wanted: (east, north, Average) the person wants a point at the mean.
    """

    point_wanted = Signal(float, float, object)

    def __init__(self, canvas: MapCanvas, positioning: Positioning) -> None:
        super().__init__()
        self._canvas, self.positioning = canvas, positioning
        self._place: tuple[float, float] | None = None
        self._fix: Fix | None = None
        self._make()
        canvas.add_overlay(self._paint)
        positioning.moved.connect(self._moved)
        positioning.averaged.connect(self._averaged)
        positioning.ended.connect(self._ended)

    def _make(self) -> None:
        title = QLabel(_("Receiver"))
        title.setProperty("role", "heading")
        self.kind = QComboBox()
        self.kind.setObjectName("receiver_kind")
        for name, text in (
            (_SERIAL, _("Serial port or Bluetooth")),
            (_TCP, _("Network (TCP)")),
            (_LOG, _("Recorded log")),
        ):
            self.kind.addItem(text, name)
        self.port = QComboBox()
        self.port.setEditable(True)
        self.port.addItems([name for name, _what in serial_ports()])
        self.speed = QComboBox()
        self.speed.addItems([str(speed) for speed in SPEEDS])
        self.address = QLineEdit("127.0.0.1:9001")
        self.address.setObjectName("receiver_address")
        self.accuracy = QDoubleSpinBox(suffix=" m", value=self.positioning.gate.accuracy, maximum=100, singleStep=0.5)
        self.accuracy.valueChanged.connect(self._set_gate)
        self.count = QSpinBox(minimum=1, maximum=600, value=30)
        self.follow = QCheckBox(_("The map follows"))
        self.told = QLabel()
        self.told.setWordWrap(True)
        form = QFormLayout()
        form.addRow(_("Connection"), self.kind)
        form.addRow(_("Port"), self.port)
        form.addRow(_("Speed"), self.speed)
        form.addRow(_("Address"), self.address)
        form.addRow(_("Accuracy asked for"), self.accuracy)
        form.addRow(_("Fixes to average"), self.count)
        self.start_button = self._button("receiver_start", _("Connect"), self._start)
        self.average_button = self._button("receiver_average", _("Point here"), self._average)
        self.track_button = self._button("receiver_track", _("Save the track …"), self._save_track)
        column = QVBoxLayout(self)
        column.addWidget(title)
        column.addLayout(form)
        for widget in (self.start_button, self.follow, self.told, self.average_button, self.track_button):
            column.addWidget(widget)
        column.addStretch(1)
        self._enable()

    def _button(self, name: str, text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.clicked.connect(slot)
        return button

    def _enable(self) -> None:
        running = self.positioning.is_running
        self.start_button.setText(_("Disconnect") if running else _("Connect"))
        self.average_button.setEnabled(running)
        self.track_button.setEnabled(bool(self.positioning.track))

    @Slot(float)
    def _set_gate(self, metres: float) -> None:
        self.positioning.gate = replace(self.positioning.gate, accuracy=metres)

    @Slot()
    def _start(self) -> None:
        if self.positioning.is_running:
            self.positioning.stop()
            self._place = None
            self._canvas.update()
        elif (source := self._source()) is not None:
            self.positioning.start(source)
        self._enable()

    def _source(self) -> Source | None:
        kind = self.kind.currentData()
        if kind == _SERIAL:
            return SerialSource(self.port.currentText().strip(), int(self.speed.currentText()))
        if kind == _LOG:
            name, _filter = QFileDialog.getOpenFileName(self, _("Recorded log"), "", "NMEA (*.nmea *.log *.txt *.*)")
            return LogSource(Path(name), 1.0) if name else None
        host, _colon, port = self.address.text().rpartition(":")
        if not host or not port.isdigit():
            self._say(_("The address is host:port, such as 192.168.1.5:9001."), wrong=True)
            return None
        return TcpSource(host.strip(), int(port))

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.told.setText(text)
        self.told.setProperty("role", "error" if wrong else "hint")
        self.told.style().polish(self.told)

    @Slot(float, float, object)
    def _moved(self, east: float, north: float, fix: Fix) -> None:
        self._place, self._fix = (east, north), fix
        accuracy = "?" if fix.accuracy is None else f"{fix.accuracy:.2f}"
        lines = [f"{_(QUALITY_NAMES[fix.quality])} ±{accuracy} m", f"E {east:.3f}  N {north:.3f}"]
        if fix.satellites is not None:
            lines.append(_("{n} satellites, HDOP {hdop}").format(n=fix.satellites, hdop=fix.hdop or "?"))
        self._say("\n".join(lines))
        if self.follow.isChecked():
            view = self._canvas.view
            self._canvas.show_view(Viewport(east, north, view.metres, view.width, view.height))
        self._canvas.update()
        self._enable()

    @Slot()
    def _average(self) -> None:
        self.positioning.collect(self.count.value())
        self._say(_("Averaging … stand still."))

    @Slot(float, float, object)
    def _averaged(self, east: float, north: float, found: Average) -> None:
        why = self.positioning.refusal(found)
        text = _("Mean of {used} fixes, {rejected} left out: {quality} ±{accuracy:.2f} m").format(
            used=found.used, rejected=found.rejected, quality=_(QUALITY_NAMES[found.quality]), accuracy=found.accuracy
        )
        self._say(f"{text}\n{why}" if why else text, wrong=bool(why))
        if not why:
            self.point_wanted.emit(east, north, found)

    @Slot(object)
    def _ended(self, error: FieldSurveyError | None) -> None:
        if error is not None:
            self._say(str(error), wrong=True)
        self._enable()

    @Slot()
    def _save_track(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, _("Save the track …"), "track.csv", "CSV (*.csv)")
        if name:
            try:
                self._say(_("{n} fixes written.").format(n=self.positioning.save_track(Path(name))))
            except OSError as error:
                self._say(
                    _("{file} cannot be written: {why}.").format(file=Path(name).name, why=error.strerror), wrong=True
                )

    def _paint(self, painter: QPainter, view: Viewport) -> None:
        """Paint where the receiver is, and how far it may be wrong."""
        if self._place is None or not self.positioning.is_running:
            return
        spot = QPointF(*view.to_screen(*self._place))
        blue = QColor("#1A73E8")
        if self._fix is not None and self._fix.accuracy is not None:
            shade = QColor(blue)
            shade.setAlpha(45)
            radius = max(self._fix.accuracy / view.metres, 8.0)
            painter.setPen(QPen(blue, 1))
            painter.setBrush(shade)
            painter.drawEllipse(spot, radius, radius)
        painter.setPen(QPen(QColor("#FFFFFF"), 2))
        painter.setBrush(blue)
        painter.drawEllipse(spot, 6, 6)
