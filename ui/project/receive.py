"""Taking over a project from the office or a stick: where from, and where to keep it."""

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from fieldsurvey.i18n import _
from ui.widgets import button, titled


class ReceiveDialog(QDialog):
    """Asks for a hub, folder or package, a token, and the new project file."""

    def __init__(self, hub: str, token: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("receive_dialog")
        self.setWindowTitle(_("Receive a project"))
        self.setMinimumWidth(560)
        self.target = QLineEdit(hub)
        self.target.setObjectName("receive_target")
        self.target.setPlaceholderText("http://192.168.1.10:8765")
        self.token = QLineEdit(token)
        self.token.setObjectName("receive_token")
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.file = QLineEdit(str(Path.home() / (_("survey") + ".gpkg")))
        self.file.setObjectName("receive_file")
        form = QFormLayout(self)
        form.addRow(
            titled(_("The whole project with its photos comes to this laptop; then work goes on offline."), "hint")
        )
        form.addRow(
            _("Hub, folder or package"), _beside(self.target, button("receive_browse", _("Choose …"), self._browse))
        )
        form.addRow(_("Token"), self.token)
        form.addRow(_("Keep as"), _beside(self.file, button("receive_keep", _("Choose …"), self._keep)))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(_("Receive"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        form.addRow(self.buttons)

    @Slot()
    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, _("Choose a folder or USB stick …"))
        if folder:
            self.target.setText(folder)

    @Slot()
    def _keep(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, _("Keep as"), self.file.text(), "GeoPackage (*.gpkg)")
        if name:
            self.file.setText(name)

    @classmethod
    def ask(cls, hub: str, token: str, parent: QWidget | None = None) -> tuple[str, str, Path] | None:
        """Return target, token and file, or None if the person thought better of it."""
        dialog = cls(hub, token, parent)
        try:
            if dialog.exec() != QDialog.DialogCode.Accepted or not dialog.target.text().strip():
                return None
            return dialog.target.text().strip(), dialog.token.text().strip(), Path(dialog.file.text().strip())
        finally:
            dialog.deleteLater()


def _beside(line: QLineEdit, choose: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(line, 1)
    row.addWidget(choose)
    return row
