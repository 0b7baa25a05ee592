"""Where to sync: the office, a folder or USB stick, or a package file."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStringListModel, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from fieldsurvey.i18n import _
from ui.widgets import Completer, button

HUB, FOLDER, PACKAGE = range(3)
SUFFIX = ".fsx"


class TargetBox(QWidget):
    """One line that says where to, and what belongs to it.

    Signals:
        enrol_wanted: (address) this computer is to be made known to a hub.
    """

    enrol_wanted = Signal(str)

    def __init__(self, prefix: str, target: str, token: str, parent: QWidget | None = None) -> None:
        """Make the box.

        Args:
            prefix: How the names of its widgets begin.
            target: Where was synced last.
            token: Token for it.
            parent: Owner.
        """
        super().__init__(parent)
        self.kind = QComboBox()
        self.kind.setObjectName(f"{prefix}_kind")
        self.kind.setAccessibleName(_("Way"))
        self.kind.addItems([_("Office (network)"), _("Folder or USB stick"), _("Package file")])
        self.target = QLineEdit()
        self.target.setObjectName(f"{prefix}_target")
        self._known = QStringListModel(self)
        self.target.setCompleter(Completer(self._known, self))
        self.choose = button(f"{prefix}_browse", _("Choose …"), self._choose)
        self.token = QLineEdit(token)
        self.token.setObjectName(f"{prefix}_token")
        self.token.setAccessibleName(_("Token"))
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText(_("Only where this computer is not enrolled"))
        self._token_label = QLabel(_("Token"))
        self.choose.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.kind, 0, 0)
        grid.addWidget(self.target, 0, 1)
        grid.addWidget(self.choose, 0, 2)
        grid.addWidget(self._token_label, 1, 0)
        grid.addWidget(self.token, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self._enrolled: Sequence[str] = ()
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.target.textChanged.connect(self._text_changed)
        self.set_target(target)

    def showEvent(self, event: QShowEvent) -> None:
        """Read which hubs know this computer: only now, because the start must not wait for it."""
        super().showEvent(event)
        self.refresh_known()

    def refresh_known(self) -> None:
        """Read which hubs know this computer."""
        from fieldsurvey.sync.known_hubs import enrolled_at

        self._enrolled = enrolled_at()
        self._known.setStringList(list(self._enrolled))
        self._show_token()

    def set_target(self, target: str) -> None:
        """Show a target, and of which kind it is."""
        self.kind.setCurrentIndex(_kind_of(target))
        self._kind_changed()
        self.target.setText(target)

    def value(self) -> tuple[str, str]:
        """Return target and token; no token where this computer is enrolled."""
        target = self.target.text().strip()
        return target, "" if self._is_enrolled() else self.token.text().strip()

    def _is_enrolled(self) -> bool:
        return self.target.text().strip().rstrip("/") in self._enrolled

    @Slot()
    def _kind_changed(self) -> None:
        kind = self.kind.currentIndex()
        self.target.setPlaceholderText(
            ("https://192.168.1.10:8765", _("Folder on the stick or the network"), _("File ending in .fsx"))[kind]
        )
        names = (_("Office (network)"), _("Folder or USB stick"), _("Package file"))
        self.target.setAccessibleName(names[kind])
        self.choose.setText(_("Enrol this computer …") if kind == HUB else _("Choose …"))
        if self.target.text() and _kind_of(self.target.text()) != kind:
            self.target.clear()
        self._show_token()

    @Slot()
    def _text_changed(self) -> None:
        text = self.target.text().strip()
        if text.startswith(("http://", "https://")) or text.endswith(SUFFIX) or Path(text).is_absolute():
            self.kind.blockSignals(True)
            self.kind.setCurrentIndex(_kind_of(text))
            self.kind.blockSignals(False)
            self.choose.setText(_("Enrol this computer …") if _kind_of(text) == HUB else _("Choose …"))
        self._show_token()

    def _show_token(self) -> None:
        is_asked = self.kind.currentIndex() == HUB and not self._is_enrolled()
        self.token.setVisible(is_asked)
        self._token_label.setVisible(is_asked)

    @Slot()
    def _choose(self) -> None:
        kind = self.kind.currentIndex()
        if kind == HUB:
            self.enrol_wanted.emit(self.target.text().strip())
            return
        if kind == FOLDER:
            name = QFileDialog.getExistingDirectory(self, _("Choose a folder or USB stick …"), self.target.text())
        else:
            options = QFileDialog.Option.DontConfirmOverwrite  # one that is there is read, not written
            name, _kind = QFileDialog.getSaveFileName(
                self, _("A package to read, or a new one to write"), self.target.text(), "FSX (*.fsx)", options=options
            )
            if name and not name.endswith(SUFFIX):
                name += SUFFIX
        if name:
            self.target.setText(name)


def _kind_of(target: str) -> int:
    if not target or target.startswith(("http:", "https:")):
        return HUB
    return PACKAGE if target.endswith(SUFFIX) else FOLDER
