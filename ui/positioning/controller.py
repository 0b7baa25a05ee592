"""The receiver of this laptop as the window sees it: fixes come in the GUI thread, in the project's coordinates."""

import csv
import io
from collections import deque
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.positioning.averaging import Average, Gate, average
from fieldsurvey.positioning.fixes import QUALITY_NAMES, Fix
from fieldsurvey.positioning.receivers import Receiver, Source

_WGS84 = "EPSG:4326"
_MOST = 86_400  # fixes kept: a day at one per second


class Positioning(QObject):
    """One receiver at a time.

    Signals:
        moved: (east, north, Fix) a new fix, in m of the project CRS.
        averaged: (east, north, Average) the mean that was asked for.
        told: (text) how it stands, for the status line.
        ended: (Exception | None) the receiver stopped.
    """

    moved = Signal(float, float, object)
    averaged = Signal(float, float, object)
    told = Signal(str)
    ended = Signal(object)
    _heard = Signal(object)
    _stopped = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.crs = ""
        self.gate = Gate()
        self.track: deque[Fix] = deque(maxlen=_MOST)
        self._receiver: Receiver | None = None
        self._collecting: list[Fix] | None = None
        self._wanted = 0
        self._heard.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._stopped.connect(self._end, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """True while a receiver is read."""
        return self._receiver is not None

    def start(self, source: Source) -> None:
        """Read a receiver; the one before is let go."""
        self.stop()
        self.track.clear()
        self.told.emit(_("Position: waiting …"))
        self._receiver = Receiver(source, self._heard.emit, self._stopped.emit)

    def stop(self) -> None:
        """Let the receiver go."""
        receiver, self._receiver, self._collecting = self._receiver, None, None
        if receiver is not None:
            receiver.close()
            self.told.emit("")

    def collect(self, count: int) -> None:
        """Average the next fixes; `averaged` follows."""
        self._collecting, self._wanted = [], count

    def place_of(self, lon: float, lat: float) -> tuple[float, float]:
        """Return a WGS 84 position in the project CRS."""
        x, y = crs.transform(np.array([lon]), np.array([lat]), _WGS84, self.crs)
        return float(x[0]), float(y[0])

    @Slot(object)
    def _take(self, fix: Fix) -> None:
        if self._receiver is None or not self.crs:
            return
        self.track.append(fix)
        accuracy = "" if fix.accuracy is None else f" ±{fix.accuracy:.2f} m"
        self.told.emit(
            _("Position: {quality}{accuracy}").format(quality=_(QUALITY_NAMES[fix.quality]), accuracy=accuracy)
        )
        self.moved.emit(*self.place_of(fix.lon, fix.lat), fix)
        if self._collecting is not None:
            self._collecting.append(fix)
            if len(self._collecting) >= self._wanted:
                found, self._collecting = average(self._collecting), None
                if found is not None:
                    self.averaged.emit(*self.place_of(found.lon, found.lat), found)

    @Slot(object)
    def _end(self, error: FieldSurveyError | None) -> None:
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None
        self.told.emit(_("Position: the receiver has stopped"))
        self.ended.emit(error)

    def refusal(self, found: Average) -> str:
        """Return why an average is not good enough for the project; empty if it is."""
        return self.gate.refusal(found.quality, found.accuracy)

    def save_track(self, path: Path) -> int:
        """Write the fixes of this session as a table; return how many.

        Raises:
            OSError: If the file cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["time_utc", "lon", "lat", "height", "quality", "accuracy_m", "satellites", "hdop"])
        for fix in self.track:
            at = fix.at.isoformat() if fix.at else ""
            writer.writerow(
                [
                    at,
                    f"{fix.lon:.9f}",
                    f"{fix.lat:.9f}",
                    fix.height,
                    int(fix.quality),
                    fix.accuracy,
                    fix.satellites,
                    fix.hdop,
                ]
            )
        path.write_text(text.getvalue(), "utf-8-sig")
        return len(self.track)
