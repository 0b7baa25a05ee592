"""The forms of one community: what is needed, what is done, one click to fill in."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from fieldsurvey.assess import CommunityProgress, FormProgress
from fieldsurvey.i18n import _, language
from fieldsurvey.model.identity import new_uid
from fieldsurvey.model.schema import Value
from layers.style import CONDITIONS, STATES
from survey_forms.completeness import Standing
from survey_forms.definitions import title
from survey_forms.records import Subject
from ui import shown
from ui.empty import empty_page
from ui.widgets import button, titled


class FormsList(QWidget):
    """The forms of the selected community.

    Signals:
        chosen: (Subject) a form is to be opened.
        problem_wanted: (Subject) a form is to be opened at its first problem.
        sheet_wanted: (community uid) its assessment sheet is to be shown.
        add_wanted: () a form of one's own is to be added to the project.
        submit_wanted: (community uid) a returned community is to be submitted again.
        shown: (community uid) another community, or a newer state of it, is on the screen.
    """

    chosen = Signal(object)
    problem_wanted = Signal(object)
    sheet_wanted = Signal(str)
    add_wanted = Signal()
    submit_wanted = Signal(str)
    shown = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("forms_list")
        self.uid = ""
        self._names: Mapping[str, str] = {}
        self._progress: CommunityProgress | None = None
        self._standings: Mapping[str, list[Standing]] = {}
        self._open_form = ""
        self._said: Mapping[str, Sequence[str]] = {}
        self.title = QLabel(_("Choose a community on the map or in the list."))
        self.title.setObjectName("community_title")
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setProperty("role", "hint")
        self.told = QLabel()
        self.told.setObjectName("forms_told")
        self.told.setWordWrap(True)
        self.told.hide()
        self.reviewed = titled("", "error")
        self.reviewed.setObjectName("community_returned")
        self.again = button("submit_community", _("Submit the community again"), self._submit_again)
        for each in (self.reviewed, self.again):
            each.hide()
        self._area = QScrollArea()
        self._area.setWidget(_no_community())
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sheet = button("show_sheet", _("Assessment sheet …"), self._want_sheet)
        self.sheet.setEnabled(False)
        self.add = button("add_form", _("Add a survey form …"), self.add_wanted)
        self.add.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        for widget in (self.title, self.facts, self.reviewed, self.again, self.told, self._area):
            layout.addWidget(widget, 1 if widget is self._area else 0)
        foot = QHBoxLayout()
        for each in (self.sheet, self.add):
            foot.addWidget(each, 1)
        layout.addLayout(foot)

    def show_community(self, uid: str, row: Mapping[str, Value], progress: CommunityProgress) -> None:
        """Show the forms of a community."""
        if uid != self.uid:
            self._standings, self._said = {}, {}
        self.uid, self._progress = uid, progress
        self.title.setText(str(row.get("name") or row.get("code") or "—"))
        self.facts.setText(_facts(row, progress))
        for each in (self.reviewed, self.again):
            each.setVisible("" in self._said)
        self.sheet.setEnabled(True)
        self.add.setEnabled(True)
        self._fill()
        self.shown.emit(uid)

    def form_ids(self) -> list[str]:
        """Return the forms that may be listed for the community."""
        return [] if self._progress is None else [*self._progress.forms, *self._progress.beside]

    def show_names(self, names: Mapping[str, str]) -> None:
        """Take the names of buildings and stairwells, which arrive a little later."""
        self._names = names
        if self._open_form:
            self._fill()

    def show_standings(self, uid: str, found: Sequence[Standing]) -> None:
        """Take what is still wrong with the forms that were begun; it arrives a little later."""
        if uid != self.uid:
            return
        self._standings = {}
        for standing in found:
            self._standings.setdefault(standing.subject.form_id, []).append(standing)
        self._fill()

    def show_said(self, uid: str, said: Mapping[str, Sequence[str]]) -> None:
        """Take the open remarks of the review by form, those on the whole community by an empty name."""
        if uid == self.uid and said != self._said:
            self._said = said
            self.again.setVisible("" in said)
            self.reviewed.setText("\n".join(said.get("", ())))
            self.reviewed.setVisible("" in said)
            self._fill()

    def say(self, text: str) -> None:
        """Tell something above the list."""
        self.told.setText(text)
        self.told.setVisible(bool(text))

    def _fill(self) -> None:
        at = self._area.verticalScrollBar().value()
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(6)
        progress = self._progress
        groups = _groups(progress) if progress else []
        for heading, forms in groups:
            if heading:
                layout.addSpacing(8)
                layout.addWidget(titled(heading, "heading"))
            for form_id, form in forms:
                self._add_form(layout, form_id, form)
        layout.addStretch(1)
        self._area.setWidget(page)
        self._area.verticalScrollBar().setValue(at)

    def _add_form(self, layout: QVBoxLayout, form_id: str, form: FormProgress) -> None:
        several = len(form.needed) > 1 or form.many or form.per != "community"
        short = form_id[:3] + " " if title(form_id, language()) else ""
        entry = _state_button(f"{short}{_name(form_id, form)}{_count(form)}", str(form.state))
        entry.setObjectName(f"open_{form_id}")
        layout.addLayout(self._line(entry, self._standings.get(form_id, [])))
        for text in self._said.get(form_id, ()):
            said = titled(text, "error")
            said.setObjectName(f"said_{form_id}")
            layout.addWidget(said)
        if not several:
            entry.clicked.connect(partial(self._choose, form_id, (form.needed or (self.uid,))[0]))
            return
        entry.clicked.connect(partial(self._toggle, form_id))
        if self._open_form == form_id:
            self._add_several(layout, form_id, form)

    def _add_several(self, layout: QVBoxLayout, form_id: str, form: FormProgress) -> None:
        """List the subjects of a form, and its records where a subject may have several."""
        standings = self._standings.get(form_id, [])
        for number, (uid, subject, state) in enumerate(form.entries, 1):
            begun = [standing for standing in standings if standing.subject.record_uid == uid]
            name = " ".join([_("No. {n}").format(n=number), *filter(None, [self._names.get(subject)])])
            self._add_inner(layout, name, str(state), Subject(form_id, self.uid, subject, uid), begun)
        saved = {uid for uid, _subject, _state in form.entries}
        for standing in standings:
            if form.many and standing.subject.record_uid not in saved:
                self._add_inner(layout, _("Not saved yet"), "draft", standing.subject, [standing])
        for uid in form.needed:
            name = self._names.get(uid, uid[:8])
            if not form.many:
                begun = [standing for standing in standings if standing.subject.subject_uid == uid]
                known = str(form.states.get(uid, "not_started"))
                self._add_inner(layout, name, known, Subject(form_id, self.uid, uid), begun)
                continue
            text = _("Add a record") if form.per == "community" else _("Add a record for {name}").format(name=name)
            fresh = button(f"new_{form_id}_{uid}", "＋  " + text, partial(self._add_record, form_id, uid))
            layout.addLayout(_indented(fresh))

    def _add_inner(
        self, layout: QVBoxLayout, name: str, state: str, subject: Subject, begun: Sequence[Standing]
    ) -> None:
        inner = _state_button(name, state)
        inner.setObjectName(f"open_{subject.form_id}_{subject.record_uid or subject.subject_uid}")
        inner.clicked.connect(partial(self.chosen.emit, subject))
        layout.addLayout(_indented(self._line(inner, begun)))

    def _line(self, entry: QPushButton, begun: Sequence[Standing]) -> QHBoxLayout:
        """Return a button with, beside it, the one that leads to the first problem."""
        line = QHBoxLayout()
        line.addWidget(entry, 1)
        problems = sum(standing.problems for standing in begun)
        if problems:
            first = next(standing for standing in begun if standing.problems)
            text = _("{n} problems").format(n=problems)
            leads = button(f"problems_{entry.objectName()}", text, partial(self.problem_wanted.emit, first.subject))
            leads.setToolTip(_("Open the form at its first problem"))
            line.addWidget(leads)
        return line

    def _toggle(self, form_id: str) -> None:
        self._open_form = "" if self._open_form == form_id else form_id
        self._fill()

    def _choose(self, form_id: str, subject: str) -> None:
        self.chosen.emit(Subject(form_id, self.uid, subject))

    def _add_record(self, form_id: str, subject: str) -> None:
        self.chosen.emit(Subject(form_id, self.uid, subject, new_uid()))

    def _submit_again(self) -> None:
        self.submit_wanted.emit(self.uid)

    def _want_sheet(self) -> None:
        self.sheet_wanted.emit(self.uid)


def _no_community() -> QLabel:
    """Return what stands in the place of the forms until a community is chosen."""
    return empty_page(
        "no_community",
        _(
            "Click a community on the map, or type the first letters of its name on the left and press Enter.\n\n"
            "Its forms stand here then: what is needed, what is done, and the assessment sheet.\n\n"
            "Shift+F9 folds this panel away."
        ),
    )


def _groups(progress: CommunityProgress) -> list[tuple[str, list[tuple[str, FormProgress]]]]:
    """Return the forms under their headings: required, others that apply, those of the project itself."""

    def wanted(forms: Mapping[str, FormProgress]) -> list[tuple[str, FormProgress]]:
        return [(form_id, form) for form_id, form in forms.items() if form.needed or form.records]

    beside = wanted(progress.beside)
    defaults = [(form_id, form) for form_id, form in beside if title(form_id, "zh")]
    own = [(form_id, form) for form_id, form in beside if not title(form_id, "zh")]
    groups = [("", wanted(progress.forms)), (_("Other forms that apply"), defaults), (_("Forms of this project"), own)]
    return [(heading, forms) for heading, forms in groups if forms]


def _name(form_id: str, form: FormProgress) -> str:
    return title(form_id, language()) or form.title or form_id


def _count(form: FormProgress) -> str:
    """Return how many records there are and are needed."""
    if form.many:
        return f"  {len(form.entries)}" if form.entries else ""
    return f"  {form.done}/{len(form.needed)}" if len(form.needed) > 1 else ""


def _indented(inner: QWidget | QHBoxLayout) -> QHBoxLayout:
    line = QHBoxLayout()
    line.addSpacing(24)
    if isinstance(inner, QWidget):
        line.addWidget(inner, 1)
    else:
        line.addLayout(inner, 1)
    return line


def _state_button(text: str, state: str) -> QPushButton:
    colour, mark, word = STATES[state]
    button = QPushButton(f"{mark} {text}   {_(word)}")
    button.setMinimumHeight(44)
    button.setToolTip(text)
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    button.setStyleSheet(f"QPushButton {{ text-align: left; border-left: 5px solid {colour}; }}")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _facts(row: Mapping[str, Value], progress: CommunityProgress) -> str:
    parts = [str(row.get("district") or ""), str(row.get("subdistrict") or ""), str(row.get("code") or "")]
    households = row.get("household_count")
    if isinstance(households, int):
        parts.append(_("{n} households").format(n=shown.number(households)))
    if progress.condition:
        parts.append(_("Condition: {word}").format(word=_(CONDITIONS[progress.condition][1])))
    done = _("{done}/{total} forms complete").format(done=progress.done, total=progress.total)
    return " · ".join([*(part for part in parts if part), done])
