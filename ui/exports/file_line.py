"""A line for the name of a file, with a button that chooses one."""

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from fieldsurvey.i18n import _

ROW = 36  # px


def file_line(name: str, title: str, text: str = "") -> QLineEdit:
    """Return a line as high as a finger needs."""
    made = QLineEdit(text)
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setMinimumHeight(ROW)
    return made


def with_chooser(line: QLineEdit, kinds: str, name: str) -> QWidget:
    """Return a line together with the button that fills it; what was chosen counts as typed.

    Args:
        line: For the name of the file.
        kinds: Filter of the file dialog.
        name: Object name of the button.
    """
    both = QWidget()

    def choose() -> None:
        chosen, _filter = QFileDialog.getOpenFileName(both, line.accessibleName(), line.text(), kinds)
        if chosen:
            line.setText(chosen)
            line.editingFinished.emit()

    pick = QPushButton("…")
    pick.setObjectName(name)
    pick.setAccessibleName(_("Choose: {what}").format(what=line.accessibleName()))
    pick.setFixedWidth(44)
    pick.clicked.connect(choose)
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(line, 1)
    row.addWidget(pick)
    return both
