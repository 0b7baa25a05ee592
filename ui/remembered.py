"""What this laptop remembers of its user, changed from anywhere in the window."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldsurvey import settings as settings_
from fieldsurvey.settings import Settings


class Remembered(QObject):
    """The settings, kept on the disk with every change.

    Signals:
        changed: (Settings) something is remembered otherwise.
        failed: (Exception) it is remembered until the program ends, and not longer: the disk is full, or no rights.
    """

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, now: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = now

    def change(self, **values: Any) -> None:  # noqa: ANN401 - the fields of Settings, each of its own type
        """Remember other values of fields of Settings."""
        self.keep(replace(self.now, **values))

    def keep(self, settings: Settings) -> None:
        """Remember other settings."""
        if settings != self.now:
            self.now = settings
            try:
                settings_.save(settings)
            except OSError as error:
                self.failed.emit(error)
            self.changed.emit(settings)
