"""What a form is before it goes into the project, and what its records are about."""

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import N_, _
from survey_forms import Kind, shelf
from ui.widgets import titled

_PER = {"community": N_("Community"), "building": N_("Building"), "stairwell": N_("Stairwell")}


class AddFormDialog(QDialog):
    """Shows a form that was compiled, with the notes for its author, and asks what a record is about."""

    def __init__(self, prepared: shelf.Prepared, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("add_form_dialog")
        self.setWindowTitle(_("Add a survey form"))
        self.setMinimumWidth(460)
        form = prepared.form
        asked = sum(question.kind not in {Kind.CALCULATE, Kind.NOTE} for question in form.questions())
        facts = QFormLayout()
        facts.addRow(_("File"), QLabel(prepared.source.name))
        facts.addRow(_("Form id"), QLabel(form.id))
        facts.addRow(_("Version"), QLabel(form.version or "—"))
        facts.addRow(_("Questions"), QLabel(str(asked)))
        facts.addRow(_("Languages"), QLabel("、".join(filter(None, form.languages)) or "—"))
        self.subject = QComboBox()
        self.subject.setObjectName("add_form_per")
        self.subject.setAccessibleName(_("A record is about"))
        for name, text in _PER.items():
            self.subject.addItem(_(text), name)
        facts.addRow(_("A record is about"), self.subject)
        layout = QVBoxLayout(self)
        layout.addWidget(titled(form.title_text))
        layout.addLayout(facts)
        if prepared.notes:
            layout.addWidget(titled(_("For the author of the form"), "heading"))
            notes = QListWidget()
            notes.setObjectName("add_form_notes")
            notes.setAccessibleName(_("For the author of the form"))
            notes.setWordWrap(True)
            notes.addItems([str(note) for note in prepared.notes])
            layout.addWidget(notes)
        layout.addWidget(_buttons(self, _("Add to the project")))

    def per(self) -> str:
        """Return what a record is about: community, building or stairwell."""
        return str(self.subject.currentData())


def _buttons(dialog: QDialog, text: str) -> QDialogButtonBox:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    box.button(QDialogButtonBox.StandardButton.Ok).setText(text)
    box.button(QDialogButtonBox.StandardButton.Cancel).setText(_("Cancel"))
    box.accepted.connect(dialog.accept)
    box.rejected.connect(dialog.reject)
    return box
