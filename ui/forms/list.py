"""The forms of one community: what is needed, what is done, one click to fill in."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from fieldsurvey.assess import CommunityProgress, FormProgress
from fieldsurvey.i18n import _, language
from fieldsurvey.model.schema import Value
from layers.style import CONDITIONS, STATES
from survey_forms.definitions import title
from survey_forms.records import Subject
from ui.widgets import titled


class FormsList(QWidget):
    """The forms of the selected community.

    Signals:
        chosen: (Subject) a form is to be opened.
        sheet_wanted: (community uid) its assessment sheet is to be shown.
    """

    chosen = Signal(object)
    sheet_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("forms_list")
        self.uid = ""
        self._names: Mapping[str, str] = {}
        self._progress: CommunityProgress | None = None
        self._open_form = ""
        self.title = QLabel(_("Choose a community on the map or in the list."))
        self.title.setObjectName("community_title")
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setProperty("role", "hint")
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self.sheet = QPushButton(_("Assessment sheet …"))
        self.sheet.setObjectName("show_sheet")
        self.sheet.setMinimumHeight(40)
        self.sheet.clicked.connect(self._want_sheet)
        self.sheet.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        for widget in (self.title, self.facts, self._area, self.sheet):
            layout.addWidget(widget, 1 if widget is self._area else 0)

    def show_community(self, uid: str, row: Mapping[str, Value], progress: CommunityProgress) -> None:
        """Show the forms of a community."""
        self.uid, self._progress = uid, progress
        self.title.setText(str(row.get("name") or row.get("code") or "—"))
        self.facts.setText(_facts(row, progress))
        self.sheet.setEnabled(True)
        self._fill()

    def show_names(self, names: Mapping[str, str]) -> None:
        """Take the names of stairwells, which arrive a little later."""
        self._names = names
        if self._open_form:
            self._fill()

    def _fill(self) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setSpacing(6)
        forms = self._progress.forms if self._progress else {}
        for form_id, form in forms.items():
            if form.needed or form.records:
                self._add_form(layout, form_id, form)
        beside = self._progress.beside if self._progress else {}
        if beside:
            layout.addSpacing(8)
            layout.addWidget(titled(_("Other forms that apply"), "heading"))
        for form_id, form in beside.items():
            if form.needed or form.records:
                self._add_form(layout, form_id, form)
        layout.addStretch(1)
        self._area.setWidget(page)

    def _add_form(self, layout: QVBoxLayout, form_id: str, form: FormProgress) -> None:
        several = len(form.needed) > 1
        count = f"  {form.done}/{len(form.needed)}" if several else ""
        button = _state_button(f"{form_id[:3]}  {title(form_id, language())}{count}", str(form.state))
        button.setObjectName(f"open_{form_id}")
        layout.addWidget(button)
        if not several:
            button.clicked.connect(partial(self._choose, form_id, (form.needed or (self.uid,))[0]))
            return
        button.clicked.connect(partial(self._toggle, form_id))
        if self._open_form == form_id:
            for subject in form.needed:
                name = self._names.get(subject, subject[:8])
                inner = _state_button(name, str(form.states.get(subject, "not_started")))
                inner.setObjectName(f"open_{form_id}_{subject}")
                inner.clicked.connect(partial(self._choose, form_id, subject))
                line = QHBoxLayout()
                line.addSpacing(24)
                line.addWidget(inner)
                layout.addLayout(line)

    def _toggle(self, form_id: str) -> None:
        self._open_form = "" if self._open_form == form_id else form_id
        self._fill()

    def _choose(self, form_id: str, subject: str) -> None:
        self.chosen.emit(Subject(form_id, self.uid, subject))

    def _want_sheet(self) -> None:
        self.sheet_wanted.emit(self.uid)


def _state_button(text: str, state: str) -> QPushButton:
    colour, mark, word = STATES[state]
    button = QPushButton(f"{mark}  {text}    {_(word)}")
    button.setMinimumHeight(44)
    button.setStyleSheet(f"text-align: left; border-left: 5px solid {colour};")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _facts(row: Mapping[str, Value], progress: CommunityProgress) -> str:
    parts = [str(row.get("district") or ""), str(row.get("subdistrict") or ""), str(row.get("code") or "")]
    households = row.get("household_count")
    if isinstance(households, int):
        parts.append(_("{n} households").format(n=f"{households:,}"))
    if progress.condition:
        parts.append(_("Condition: {word}").format(word=_(CONDITIONS[progress.condition][1])))
    done = _("{done}/{total} forms complete").format(done=progress.done, total=progress.total)
    return " · ".join([*(part for part in parts if part), done])
