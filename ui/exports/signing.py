"""Signing a sheet and checking one: certificate, place, picture; what is found stands below in words."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from ui.exports.choices import as_primary
from ui.exports.file_line import ROW, file_line, with_chooser
from ui.jobs import Job, JobRunner
from ui.remembered import Remembered
from ui.widgets import button, titled

_PDF, _KEYS, _PICTURES = "PDF (*.pdf)", "PKCS#12 (*.p12 *.pfx)", "PNG, JPEG (*.png *.jpg *.jpeg)"


class SignPanel(QWidget):
    """Sign and check.

    No password is kept: its field is emptied with every signature. The files
    of certificate and picture are remembered, not what is in them.
    """

    def __init__(self, runner: JobRunner, remembered: Remembered, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sign_panel")
        self._runner, self._remembered = runner, remembered
        now = remembered.now
        self.file = file_line("sign_file", _("Sheet (PDF)"))
        self.place = QComboBox()
        self.place.setObjectName("sign_place")
        self.place.setAccessibleName(_("Where to sign"))
        self.place.setMinimumHeight(ROW)
        self.key = file_line("sign_key", _("Certificate file (.p12, .pfx)"), now.certificate)
        self.password = file_line("sign_password", _("Its password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.picture = file_line("sign_picture", _("Picture of seal or handwriting"), now.seal_picture)
        self.clock = file_line("sign_clock", _("Time-stamp service (may be blank)"), now.timestamp_url)
        self.sign = as_primary(button("sign_now", _("Sign"), self._sign))
        self.check = button("sign_check", _("Check this file"), self._check)
        self.told = QLabel()
        self.told.setObjectName("sign_told")
        self.told.setWordWrap(True)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self.file.editingFinished.connect(self._read_places)

    def _lay_out(self) -> None:
        rows = QFormLayout()
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows.addRow(_("Sheet (PDF)"), with_chooser(self.file, _PDF, "sign_choose_file"))
        rows.addRow(_("Where to sign"), self.place)
        rows.addRow(_("Certificate file (.p12, .pfx)"), with_chooser(self.key, _KEYS, "sign_choose_key"))
        rows.addRow(_("Its password"), self.password)
        rows.addRow(_("Picture of seal or handwriting"), with_chooser(self.picture, _PICTURES, "sign_choose_picture"))
        rows.addRow(_("Time-stamp service (may be blank)"), self.clock)
        buttons = QHBoxLayout()
        buttons.addWidget(self.sign)
        buttons.addWidget(self.check)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.addWidget(titled(_("Sign a sheet, or check one")))
        layout.addWidget(
            titled(
                _("The unsigned sheet stays; the signed one is kept beside it. Password and key are not stored."),
                "hint",
            )
        )
        layout.addLayout(rows)
        layout.addLayout(buttons)
        layout.addWidget(self.told)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setProperty("role", "room")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has the focus, and scrolls it
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def offer(self, pdf: Path) -> None:
        """Put a sheet that was just written into the field."""
        self.file.setText(str(pdf))
        self._read_places()

    # --- work, in the work thread: the project is not needed -----------------------------------------------------

    @Slot()
    def _read_places(self) -> None:
        path = Path(self.file.text().strip())
        if path.suffix.lower() != ".pdf" or not path.is_file():
            self.place.clear()
            return

        def read(_control: object) -> object:
            from exports.signing.sign import places

            return [(each.label, each.name) for each in places(path) if not each.is_signed]

        self._start(read, self._show_places)

    def _show_places(self, found: object) -> None:
        self.place.clear()
        for label, name in cast("list[tuple[str, str]]", found):
            self.place.addItem(label, name)
        line = next((at for at in range(self.place.count()) if "_sign_" in self.place.itemData(at)), 0)
        self.place.setCurrentIndex(line)

    @Slot()
    def _sign(self) -> None:
        path, key = self.file.text().strip(), self.key.text().strip()
        if not path or not key:
            self.told.setText(_("⚠ Please choose the sheet and the certificate file."))
            return
        picture, clock = self.picture.text().strip(), self.clock.text().strip()
        place, password = str(self.place.currentData() or ""), self.password.text()
        self.password.clear()
        self._remembered.change(certificate=key, seal_picture=picture, timestamp_url=clock)

        def work(_control: object) -> object:
            from exports.signing.keys import KeyFile
            from exports.signing.sign import sign

            lent = KeyFile(Path(key), password)
            return sign(Path(path), lent, place=place, picture=Path(picture) if picture else None, timestamp_url=clock)

        self._start(work, self._signed)

    def _signed(self, result: object) -> None:
        from exports.signing.sign import Signed

        made = cast("Signed", result)
        self.told.setText(
            _("✓ {place}: signed by {name}. Kept as {file}.").format(
                place=made.place, name=made.name, file=made.out.name
            )
        )
        self.offer(made.out)

    @Slot()
    def _check(self) -> None:
        path = self.file.text().strip()
        if not path:
            self.told.setText(_("⚠ Please choose the file."))
            return

        def work(_control: object) -> object:
            from exports.verify import verify

            return verify(Path(path))

        self._start(work, self._checked)

    def _checked(self, result: object) -> None:
        from exports.verify import Verification

        found = cast("Verification", result)
        self.told.setText("\n".join([("✓ " if found.matches else "✗ ") + found.findings[0], *found.findings[1:]]))

    def _start(self, work: Callable[[object], object], done: Callable[[object], None]) -> None:
        self.sign.setEnabled(False)
        self.check.setEnabled(False)
        job: Job = self._runner.start(work)
        job.succeeded.connect(self._ended)
        job.succeeded.connect(done)
        job.failed.connect(self._failed)
        job.cancelled.connect(self._ended)

    @Slot()
    def _ended(self) -> None:
        self.sign.setEnabled(True)
        self.check.setEnabled(True)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._ended()
        if not isinstance(error, FieldSurveyError):
            raise error
        self.told.setText(f"⚠ {error}")
