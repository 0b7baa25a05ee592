"""What editors need from outside the form: files, photos, recordings, places on the map."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from fieldsurvey.i18n import _
from survey_forms import Kind
from ui.forms.choosing import MapChoiceEditor
from ui.forms.files import FileEditor, RecordingEditor
from ui.forms.places import PlaceEditor
from ui.forms.row import Row
from ui.photos.editor import PhotoEditor, files_as_sources

if TYPE_CHECKING:
    from ui.forms.panel import FormPanel

_PHOTOS = "JPEG, PNG, HEIC (*.jpg *.jpeg *.png *.heic *.heif)"
_SOUNDS = "*.m4a *.mp3 *.wav *.ogg *.opus *.oga *.flac *.aac *.amr *.wma *.3gp *.mka"
_FILMS = "*.mp4 *.mov *.m4v *.avi *.mkv *.webm *.3gp *.wmv *.mpg *.mpeg *.ogv"


class Outside(QObject):
    """Connects the editors of new rows with the signals of the form panel."""

    def __init__(self, panel: "FormPanel") -> None:
        super().__init__(panel)
        self._panel = panel

    def connect_row(self, row: Row, value: str) -> None:
        """Connect the editor of a new row; `value` is the answer it begins with."""
        panel, editor, path = self._panel, row.editor, row.path
        if isinstance(editor, PhotoEditor):
            editor.wanted.connect(partial(self._choose_photos, path))
            editor.camera_wanted.connect(partial(panel.camera_wanted.emit, path))
            editor.drawing_wanted.connect(partial(panel.drawing_wanted.emit, path))
            editor.offered.connect(partial(panel.offer_photos, path))
            if value:
                panel.photo_shown.emit(path, value)
        elif isinstance(editor, FileEditor):
            editor.wanted.connect(partial(self._choose_file, path, editor.kind))
            editor.opened.connect(panel.file_opened)
            if isinstance(editor, RecordingEditor):
                editor.record_wanted.connect(partial(panel.recording_wanted.emit, path))
            if value:
                panel.file_shown.emit(path, value)
        elif isinstance(editor, PlaceEditor | MapChoiceEditor):
            editor.wanted.connect(partial(panel.place_wanted.emit, path))
            if isinstance(editor, PlaceEditor):
                editor.fix_wanted.connect(partial(panel.fix_wanted.emit, path))

    def _choose_file(self, path: str, kind: Kind) -> None:
        wanted = {Kind.AUDIO: f"{_('Sounds')} ({_SOUNDS})", Kind.VIDEO: f"{_('Films')} ({_FILMS})"}.get(kind, "")
        file, _filter = QFileDialog.getOpenFileName(self._panel, _("Choose file …"), "", wanted)
        if file:
            self._panel.file_chosen.emit(path, file)

    def _choose_photos(self, path: str) -> None:
        files, _filter = QFileDialog.getOpenFileNames(self._panel, _("Choose file …"), "", _PHOTOS)
        self._panel.offer_photos(path, files_as_sources([Path(file) for file in files], path))
