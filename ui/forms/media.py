"""Pictures, sounds and films that a form shows beside its questions; they lie beside the form."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImageReader, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from survey_forms import Choice, Form
from survey_forms.attachments import beside

_WIDE = QSize(340, 260)  # fits into the panel at its usual width


class FormFiles:
    """Finds the files of a form, each once."""

    def __init__(self, form: Form) -> None:
        self._folder = form.folder
        self._found: dict[str, str] = {}

    def of(self, media: Mapping[str, str]) -> dict[str, str]:
        """Return kind -> file of those that are there."""
        return {kind: place for kind, name in media.items() if (place := self._place(name))}

    def of_choices(self, choices: Sequence[Choice]) -> list[Choice]:
        """Return choices with the places of their files."""
        return [replace(choice, media=self.of(choice.media)) if choice.media else choice for choice in choices]

    def _place(self, name: str) -> str:
        if name not in self._found:
            place = beside(self._folder, name) if self._folder is not None and name else None
            self._found[name] = "" if place is None else str(place)
        return self._found[name]


def picture(place: str, most: QSize = _WIDE) -> QPixmap:
    """Return a picture, decoded no larger than it is shown."""
    reader = QImageReader(place)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and (size.width() > most.width() or size.height() > most.height()):
        reader.setScaledSize(size.scaled(most, Qt.AspectRatioMode.KeepAspectRatio))
    return QPixmap.fromImageReader(reader)


class MediaLabel(QWidget):
    """The picture of a question, and buttons that play its sound and film."""

    def __init__(self, media: Mapping[str, str], label: str) -> None:
        super().__init__()
        self._media = dict(media)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        if image := self._media.get("image"):
            shown = QLabel()
            shown.setObjectName("label_image")
            shown.setAccessibleName(label)
            shown.setPixmap(picture(image))
            layout.addWidget(shown)
        line = QHBoxLayout()
        self._add(line, "big-image", _("Show large"))
        self._add(line, "audio", "▶ " + _("Listen"))
        self._add(line, "video", "▶ " + _("Watch"))
        line.addStretch(1)
        layout.addLayout(line)

    def _add(self, line: QHBoxLayout, kind: str, words: str) -> None:
        place = self._media.get(kind)
        if place:
            button = QToolButton()
            button.setObjectName(f"play_{kind}")
            button.setText(words)
            button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(Path(place))))
            line.addWidget(button)
