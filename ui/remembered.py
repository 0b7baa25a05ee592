"""What this laptop remembers of its user, changed from anywhere in the window."""

import logging
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from fieldsurvey import settings as settings_
from fieldsurvey.jobs import JobControl
from fieldsurvey.settings import Settings
from ui.jobs import JobRunner

_log = logging.getLogger(__name__)


class Remembered(QObject):
    """The settings, kept on the disk with every change, in a thread of their own: a disk may take its time.

    Signals:
        changed: (Settings) something is remembered otherwise.
        failed: (Exception) it is remembered until the program ends, and not longer: the disk is full, or no rights.
    """

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, now: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = self._kept = now
        self._runner = JobRunner(self, "settings")

    def change(self, **values: Any) -> None:  # noqa: ANN401 - the fields of Settings, each of its own type
        """Remember other values of fields of Settings."""
        self.keep(replace(self.now, **values))

    def keep(self, settings: Settings) -> None:
        """Remember other settings; nothing more once the window is closed, which Qt tells it twice."""
        if settings != self.now and self._runner.is_open:
            self.now = settings
            self._runner.start(self._write, quick=True).succeeded.connect(self._written)
            self.changed.emit(settings)

    def _write(self, _control: JobControl) -> OSError | None:
        """Write what is remembered now, return what hindered it; of many changes in a row the last is written, once."""
        now = self.now
        if now == self._kept:
            return None
        try:
            settings_.save(now)
        except OSError as error:
            _log.info("settings not kept: %s", error)
            return error
        self._kept = now
        return None

    @Slot(object)
    def _written(self, hindered: object) -> None:
        if hindered is not None:
            self.failed.emit(hindered)

    def close(self) -> None:
        """Wait until everything is on the disk; call once, last."""
        self._runner.finish()
