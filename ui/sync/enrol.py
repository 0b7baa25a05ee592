"""Becoming known to a hub, in the window: by a one-time code, or by two files where there is no network."""

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from ui.jobs import Job, JobRunner
from ui.widgets import button, titled

if TYPE_CHECKING:
    from fieldsurvey.sync.certificates import Shown

_PER_LINE = 48  # characters of a fingerprint


class EnrolDialog(QDialog):
    """Address and code; then, where no authority vouches for the hub, its fingerprint to compare.

    Attributes:
        hub: Address that knows this computer now; empty until then.
    """

    def __init__(self, runner: JobRunner, hub: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("enrol_dialog")
        self.setWindowTitle(_("Enrol this computer"))
        self.setMinimumWidth(620)
        self._runner = runner
        self._job: Job | None = None
        self._pin = ""
        self.hub = ""
        column = QVBoxLayout(self)
        column.addWidget(titled(_("The office gives you its address and a code that works once."), "hint"))
        column.addLayout(self._fields(hub))
        column.addWidget(self._comparing())
        self.message = titled("", "error")
        self.message.setObjectName("enrol_message")
        column.addWidget(self.message)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.hide()
        column.addWidget(self.progress)
        column.addLayout(self._buttons())
        column.addWidget(
            titled(_("Without a network: write a request, take it to the office, read the answer."), "hint")
        )
        files = QHBoxLayout()
        files.addWidget(button("enrol_request", _("Write a request …"), self._choose_request))
        files.addWidget(button("enrol_answer", _("Read the answer …"), self._choose_answer))
        files.addStretch(1)
        column.addLayout(files)

    def _fields(self, hub: str) -> QFormLayout:
        form = QFormLayout()
        self.address = _line("enrol_address", hub, "https://192.168.1.10:8765")
        self.code = _line("enrol_code", "", "ABCD-EFGH-JKLM-NPQR")
        self.name = _line("enrol_name", platform.node(), "")
        self.fingerprint = _line("enrol_fingerprint", "", _("If the office gave it in writing; else compare it below"))
        for label, line in (
            (_("Address of the office"), self.address), (_("One-time code"), self.code),
            (_("Name of this computer"), self.name), (_("Fingerprint (SHA-256)"), self.fingerprint),
        ):  # fmt: skip
            line.setAccessibleName(label)
            form.addRow(label, line)
        return form

    def _comparing(self) -> QWidget:
        self.compare = QWidget()
        column = QVBoxLayout(self.compare)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(titled(_("Is this the fingerprint that the office shows?"), "heading"))
        self.mark = QLabel()
        self.mark.setObjectName("enrol_mark")
        self.mark.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.mark.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.mark)
        row = QHBoxLayout()
        self.same = button("enrol_same", _("It is the same: enrol"), self._confirmed)
        self.same.setProperty("role", "primary")
        row.addWidget(self.same)
        row.addWidget(button("enrol_other", _("It is another"), self._refused))
        row.addStretch(1)
        column.addLayout(row)
        self.compare.hide()
        return self.compare

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.go: QPushButton = button("enrol_go", _("Enrol"), self._begin)
        self.go.setProperty("role", "primary")
        self.go.setDefault(True)
        row.addWidget(self.go)
        row.addWidget(button("enrol_close", _("Close"), self.reject))
        row.addStretch(1)
        return row

    # --- by code ---------------------------------------------------------------------------------------------------

    @Slot()
    def _begin(self) -> None:
        from fieldsurvey.sync.certificates import look, pin_from_text

        address = self.address.text().strip()
        self.compare.hide()
        if not address.startswith(("http://", "https://")):
            self._say(_("This is no address of a hub. Example: http://192.168.1.10:8765"))
        elif not self.code.text().strip():
            self._say(_("Type the code that the office gave you."))
        else:
            try:
                self._pin = pin_from_text(self.fingerprint.text()) if self.fingerprint.text().strip() else ""
            except InputRefused as error:
                self._say(str(error))
                return
            self._start(lambda _control: look(address)).succeeded.connect(self._looked)

    @Slot(object)
    def _looked(self, result: object) -> None:
        shown = cast("Shown | None", result)
        self._idle()
        if shown is None or (shown.is_vouched and not self._pin):
            self._enrol("")
            return
        from fieldsurvey.sync.certificates import pin_of

        pin = pin_of(shown.pem)
        if self._pin and self._pin != pin:
            self._say(
                _("The hub shows another fingerprint than the one you typed. The code was not sent. Ask the office.")
            )
        elif self._pin:
            self._enrol(pin)
        else:
            self._pin_shown = pin
            mark = shown.fingerprint
            self.mark.setText("\n".join(mark[at : at + _PER_LINE] for at in range(0, len(mark), _PER_LINE)))
            self._say("")
            self.compare.show()
            self.same.setFocus()

    @Slot()
    def _confirmed(self) -> None:
        self.compare.hide()
        self._enrol(self._pin_shown)

    @Slot()
    def _refused(self) -> None:
        self.compare.hide()
        self._say(_("Then this is not the hub of the office, or somebody stands between. The code was not sent."))

    def _enrol(self, pin: str) -> None:
        from fieldsurvey.sync.session import enrol

        address, code, name = (line.text().strip() for line in (self.address, self.code, self.name))

        def work(control: JobControl) -> str:
            enrol(address, code, pin=pin, name=name, control=control)
            return address

        self._start(work).succeeded.connect(self._enrolled)

    @Slot(object)
    def _enrolled(self, address: object) -> None:
        self._idle()
        self.hub = str(address).rstrip("/")
        self.accept()

    # --- by file -----------------------------------------------------------------------------------------------------

    @Slot()
    def _choose_request(self) -> None:
        name, _kind = QFileDialog.getSaveFileName(self, _("Write a request …"), f"{self.name.text()}.json", "*.json")
        if name:
            self.write_request(Path(name))

    def write_request(self, path: Path) -> None:
        """Write the request of this computer into a file."""
        from fieldsurvey.sync.enrolment import new_request, request_as_json

        try:
            path.write_text(
                json.dumps(request_as_json(new_request(self.name.text().strip())), ensure_ascii=False), "utf-8"
            )
        except (FieldSurveyError, OSError) as error:
            self._say(str(error))
            return
        self._say(_("Written: {file}. The office answers it with a file.").format(file=path))

    @Slot()
    def _choose_answer(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(self, _("Read the answer …"), "", "*.json")
        if name:
            self.read_answer(Path(name))

    def read_answer(self, path: Path) -> None:
        """Take the answer of the office from a file."""
        from fieldsurvey.sync.certificates import pin_from_text
        from fieldsurvey.sync.enrolment import accept, read_file

        address = self.address.text().strip()
        if not address.startswith(("http://", "https://")):
            self._say(_("Type the address of the office first: the answer belongs to it."))
            return
        try:
            typed = self.fingerprint.text().strip()
            accept(read_file(path), address, pin_from_text(typed) if typed else "")
        except FieldSurveyError as error:
            self._say(str(error))
            return
        self._enrolled(address)

    # --- around ------------------------------------------------------------------------------------------------------

    def _start(self, work: object) -> Job:
        self._say("")
        self.go.setEnabled(False)
        self.progress.show()
        self._job = self._runner.start(work)  # type: ignore[arg-type]
        self._job.failed.connect(self._failed)
        self._job.cancelled.connect(self._idle)
        return self._job

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._idle()
        if not isinstance(error, FieldSurveyError):
            raise error
        self._say(str(error))

    @Slot()
    def _idle(self) -> None:
        self._job = None
        self.go.setEnabled(True)
        self.progress.hide()

    def _say(self, text: str) -> None:
        self.message.setText(text)

    def done(self, result: int) -> None:
        """Stop what is under way."""
        if self._job is not None:
            self._job.cancel()
        super().done(result)

    @classmethod
    def ask(cls, runner: JobRunner, hub: str, parent: QWidget | None = None) -> str:
        """Return the address that knows this computer now; empty if the person thought better of it."""
        dialog = cls(runner, hub, parent)
        try:
            return dialog.hub if dialog.exec() == QDialog.DialogCode.Accepted else ""
        finally:
            dialog.deleteLater()


def _line(name: str, text: str, example: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setObjectName(name)
    line.setPlaceholderText(example)
    return line
