"""Taking over a project from the office or a stick: where from, and where to keep it."""

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from fieldsurvey.i18n import _
from ui.jobs import JobRunner
from ui.sync.enrol import EnrolDialog
from ui.sync.target import TargetBox
from ui.widgets import button, titled


class ReceiveDialog(QDialog):
    """Asks for a hub, folder or package, and the new project file; enrols this computer where it is not known yet."""

    def __init__(self, hub: str, token: str, work: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("receive_dialog")
        self.setWindowTitle(_("Receive a project"))
        self.setMinimumWidth(640)
        self._work = work
        self.box = TargetBox("receive", hub, token)
        self.box.enrol_wanted.connect(self._enrol)
        self.target, self.token = self.box.target, self.box.token
        self.file = QLineEdit(str(_free(Path.home() / (_("survey") + ".gpkg"))))
        self.file.setObjectName("receive_file")
        self.file.setAccessibleName(_("Keep as"))
        self.message = titled("", "error")
        self.message.setObjectName("receive_message")
        form = QFormLayout(self)
        form.addRow(
            titled(_("The whole project with its photos comes to this laptop; then work goes on offline."), "hint")
        )
        form.addRow(_("From"), self.box)
        form.addRow(_("Keep as"), _beside(self.file, button("receive_keep", _("Choose …"), self._keep)))
        form.addRow(self.message)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(_("Receive"))
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        form.addRow(self.buttons)

    @Slot()
    def _accept(self) -> None:
        path = Path(self.file.text().strip())
        if not self.target.text().strip():
            self.message.setText(_("Say where the project comes from."))
        elif path.exists():
            text = _("{file} exists already. Choose another name, or open it.")
            self.message.setText(text.format(file=path.name))
        elif not path.parent.is_dir() or not path.name:
            self.message.setText(_("There is no folder {folder}.").format(folder=path.parent))
        else:
            self.accept()

    @Slot(str)
    def _enrol(self, address: str) -> None:
        hub = EnrolDialog.ask(self._work, address, self)
        if hub:
            self.box.set_target(hub)
            self.box.refresh_known()

    @Slot()
    def _keep(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, _("Keep as"), self.file.text(), "GeoPackage (*.gpkg)")
        if name:
            self.file.setText(name if name.endswith(".gpkg") else f"{name}.gpkg")

    @classmethod
    def ask(cls, hub: str, token: str, work: JobRunner, parent: QWidget | None = None) -> tuple[str, str, Path] | None:
        """Return target, token and file, or None if the person thought better of it."""
        dialog = cls(hub, token, work, parent)
        try:
            if dialog.exec() != QDialog.DialogCode.Accepted:
                return None
            return *dialog.box.value(), Path(dialog.file.text().strip())
        finally:
            dialog.deleteLater()


def _free(path: Path) -> Path:
    """Return a name that no file has."""
    number, found = 2, path
    while found.exists():
        found, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return found


def _beside(line: QLineEdit, choose: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(line, 1)
    row.addWidget(choose)
    return row
