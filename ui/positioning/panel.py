"""Beside the map: which receiver, how good it is, and what to do with its fixes."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QPointF, QSignalBlocker, Signal, Slot
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
from fieldsurvey.i18n import _, labelled
from fieldsurvey.jobs import Progress
from fieldsurvey.positioning.averaging import Average, Gate
from fieldsurvey.positioning.fixes import QUALITY_NAMES, Fix, Quality
from fieldsurvey.positioning.receivers import (
    SPEEDS,
    Heard,
    LogSource,
    SerialSource,
    Source,
    TcpSource,
    search,
    serial_ports,
)
from layers.viewport import Viewport
from ui.jobs import Job, JobRunner
from ui.map.canvas import MapCanvas
from ui.positioning.controller import Positioning
from ui.widgets import button, titled

_SERIAL, _TCP, _LOG = "serial", "tcp", "log"


class PositionPanel(QWidget):
    """The receiver.

    Signals:
        point_wanted: (east, north, Average) the person wants a point at the mean.
        gate_changed: () the project asks for other places.
    """

    point_wanted = Signal(float, float, object)
    gate_changed = Signal()

    def __init__(self, canvas: MapCanvas, positioning: Positioning, runner: JobRunner) -> None:
        super().__init__()
        self._canvas, self.positioning, self._runner = canvas, positioning, runner
        self._search: Job | None = None
        self._place: tuple[float, float] | None = None
        self._fix: Fix | None = None
        self._make()
        canvas.add_overlay(self._paint)
        positioning.moved.connect(self._moved)
        positioning.averaged.connect(self._averaged)
        positioning.ended.connect(self._ended)

    def _make(self) -> None:
        self._buttons: dict[str, QPushButton] = {}
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
        self.port.setObjectName("receiver_port")
        self.port.addItems([name for name, _what in serial_ports()])
        self.speed = QComboBox()
        self.speed.addItems([str(speed) for speed in SPEEDS])
        self.address = QLineEdit("127.0.0.1:9001")
        self.address.setObjectName("receiver_address")
        self.accuracy = QDoubleSpinBox(suffix=" m", value=self.positioning.gate.accuracy, maximum=100, singleStep=0.5)
        self.least = QComboBox()
        for quality in (Quality.SINGLE, Quality.DIFFERENTIAL, Quality.FLOAT, Quality.FIXED):
            self.least.addItem(_(QUALITY_NAMES[quality]), quality)
        self.show_gate()
        self.accuracy.valueChanged.connect(self._set_gate)
        self.least.activated.connect(self._set_gate)
        self.count = QSpinBox(minimum=1, maximum=600, value=30)
        self.follow = QCheckBox(_("The map follows"))
        self.told = QLabel()
        self.told.setWordWrap(True)
        form = QFormLayout()
        form.addRow(_("Connection"), self.kind)
        form.addRow(_("Port"), self.port)
        form.addRow(_("Speed"), self.speed)
        form.addRow("", self._button("receiver_search", _("Search for the receiver"), self._start_search))
        form.addRow(_("Address"), self.address)
        form.addRow(_("Accuracy asked for"), self.accuracy)
        form.addRow(_("Fix asked for"), self.least)
        form.addRow(_("Fixes to average"), self.count)
        for row in range(form.rowCount()):
            label, field = (form.itemAt(row, role) for role in (form.ItemRole.LabelRole, form.ItemRole.FieldRole))
            told, widget = (label.widget() if label else None), (field.widget() if field else None)
            if isinstance(told, QLabel) and widget is not None:
                widget.setAccessibleName(told.text())
                widget.setMinimumHeight(36)
        self.start_button = self._button("receiver_start", _("Connect"), self._start)
        self.average_button = self._button("receiver_average", _("Point here"), self._average)
        self.track_button = self._button("receiver_track", _("Save the track …"), self._save_track)
        column = QVBoxLayout(self)
        column.addWidget(titled(_("Receiver"), "heading"))
        column.addLayout(form)
        for widget in (self.start_button, self.follow, self.told, self.average_button, self.track_button):
            column.addWidget(widget)
        column.addStretch(1)
        self._enable()

    def _button(self, name: str, text: str, slot: Callable[[], None]) -> QPushButton:
        found = button(name, text, slot)
        self._buttons[name] = found
        return found

    def _enable(self) -> None:
        running = self.positioning.is_running
        self.start_button.setText(_("Disconnect") if running else _("Connect"))
        self.average_button.setEnabled(running)
        self.track_button.setEnabled(bool(self.positioning.track))

    def show_gate(self) -> None:
        """Show what the project asks of a place."""
        gate = self.positioning.gate
        blocked = [QSignalBlocker(widget) for widget in (self.accuracy, self.least)]
        self.accuracy.setValue(gate.accuracy)
        self.least.setCurrentIndex(max(self.least.findData(gate.quality), 0))
        del blocked

    @Slot()
    def _set_gate(self) -> None:
        self.positioning.gate = Gate(self.accuracy.value(), Quality(self.least.currentData()))
        self.gate_changed.emit()

    # --- looking for it ------------------------------------------------------------------------------------------

    @Slot()
    def _start_search(self) -> None:
        """Look for a receiver at all ports and speeds, or stop looking."""
        if self._search is not None:
            self._search.cancel()
            return
        if self.positioning.is_running:
            self._start()
        self._search = self._runner.start(search)
        self._search.progressed.connect(self._searching)
        self._search.succeeded.connect(self._searched)
        self._search.cancelled.connect(self._search_ended)
        self._search.failed.connect(self._search_ended)
        self._buttons["receiver_search"].setText(_("Cancel"))
        self._say(_("Searching … the receiver must be switched on."))

    @Slot(object)
    def _searching(self, progress: Progress) -> None:
        self._say(
            _("Searching: {what} ({done} of {total})").format(
                what=progress.note, done=progress.done + 1, total=progress.total
            )
        )

    @Slot(object)
    def _search_ended(self, _error: object = None) -> None:
        self._search = None
        self._buttons["receiver_search"].setText(_("Search for the receiver"))
        self._say("")

    @Slot(object)
    def _searched(self, result: object) -> None:
        self._search_ended()
        found = cast("list[Heard]", result)
        self.port.clear()
        self.port.addItems([heard.port for heard in found])
        heard = found[0] if found else None
        if heard is None:
            self._say(_("This computer has no serial port. Plug the receiver in, or pair it by Bluetooth."), wrong=True)
        elif not heard.sentences:
            lines = [labelled(one.port, one.trouble or _("nothing heard")) for one in found]
            self._say("\n".join([_("No receiver was heard. Is it switched on and set to NMEA?"), *lines]), wrong=True)
        else:
            self.speed.setCurrentText(str(heard.speed))
            text = _("Receiver found: {what}, {port} at {speed}.")
            self._say(text.format(what=heard.what, port=heard.port, speed=heard.speed))

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
