"""What stands around the list of forms: forms of one's own come in, problems are counted, records move up."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDialog, QFileDialog

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.identity import new_uid
from survey_forms import Context, shelf
from survey_forms.carrying import Source, carry_over, source_for
from survey_forms.completeness import Standing, standings
from survey_forms.moving import Change, moved_up
from survey_forms.records import Opened, Subject
from ui.forms.adding import AddFormDialog
from ui.forms.controller import FormController
from ui.forms.list import FormsList
from ui.forms.newer import MoveUpDialog
from ui.jobs import JobRunner
from ui.project.describe import stairwell_names
from ui.project.holder import StoreHolder

_FILES = "XLSForm, XForm (*.xlsx *.xls *.xlsm *.md *.csv *.xml)"


class FormShelf(QObject):
    """Runs what the list of forms asks for and cannot do itself."""

    def __init__(
        self, forms: FormsList, form: FormController, runners: tuple[JobRunner, JobRunner], holder: StoreHolder
    ) -> None:
        """Connect the list.

        Args:
            forms: The list.
            form: What opens forms.
            runners: That of the store, and that for work beside it.
            holder: The open project.
        """
        super().__init__(forms)
        self._forms, self._form, self._holder = forms, form, holder
        self._store, self._work = runners
        self._to_problem = self._carries = False
        forms.shown.connect(self._count)
        forms.add_wanted.connect(self._choose_file)
        forms.problem_wanted.connect(self._open_at_problem)
        form.opened.connect(self._was_opened)

    # --- what is still wrong -------------------------------------------------------------------------------------

    @Slot(str)
    def _count(self, uid: str) -> None:
        form_ids = self._forms.form_ids()
        names = self._store.start(lambda _control: stairwell_names(self._holder.store, uid), quick=True)
        names.succeeded.connect(self._forms.show_names)

        def work(_control: JobControl) -> list[Standing]:
            return standings(self._holder.store, uid, form_ids) if self._holder.is_open else []

        job = self._store.start(work)
        job.succeeded.connect(partial(self._forms.show_standings, uid))
        job.failed.connect(self._fail)

    @Slot(object)
    def _open_at_problem(self, subject: Subject) -> None:
        self._to_problem = True
        self._form.open(subject)

    @Slot()
    def _was_opened(self) -> None:
        if self._to_problem:
            self._to_problem = False
            self._form.show_first_problem()
        if self._carries:
            self._carries = False
            self.carry()
        opened = self._form.record
        if opened is not None and opened.newer is not None:
            self._offer(opened)

    # --- a newer version -----------------------------------------------------------------------------------------

    def _offer(self, opened: Opened) -> None:
        context = Context(language=language()[:2])
        job = self._store.start(lambda _control: moved_up(opened, context), quick=True)
        job.succeeded.connect(partial(self._show_offer, opened))
        job.failed.connect(self._fail)

    def _show_offer(self, opened: Opened, result: object) -> None:
        moved, changes = cast("tuple[Opened, list[Change]]", result)
        if self._form.record is not opened:
            return
        dialog = MoveUpDialog(opened, moved, changes, self._forms.window())
        dialog.accepted.connect(partial(self._form.show_moved, moved))
        dialog.open()

    # --- carried over --------------------------------------------------------------------------------------------

    @Slot()
    def carry(self) -> None:
        """Fill the blanks of the open form from the last round, or from the record next door."""
        opened = self._form.record
        if opened is not None:
            job = self._store.start(lambda _control: source_for(self._holder.store, opened), quick=True)
            job.succeeded.connect(partial(self._carry_from, opened))
            job.failed.connect(self._fail)

    def _carry_from(self, opened: Opened, source: object) -> None:
        if self._form.record is not opened:
            return
        if source is None:
            told = _("There is nothing to copy from: no other record of this form in this community.")
            self._form.show_changed(told)
            return
        found = cast("Source", source)
        count = carry_over(opened.session, found)
        told = _("{n} answers copied from {name}; each is marked until you confirm or change it.")
        self._form.show_changed(told.format(n=count, name=found.name))

    @Slot()
    def begin_round(self) -> None:
        """Open a new record about the same subject, with the answers of the last one carried over."""
        opened = self._form.record
        if opened is not None and opened.record is not None:
            subject = replace(opened.subject, record_uid=new_uid())
            self._carries = True
            self._form.open(subject)

    @Slot()
    def confirm(self) -> None:
        """Take every answer that was carried over as one's own."""
        opened = self._form.record
        if opened is not None and opened.session.carried:
            opened.session.confirm()
            self._form.show_changed(_("All copied answers are confirmed."))

    # --- forms of one's own --------------------------------------------------------------------------------------

    @Slot()
    def _choose_file(self) -> None:
        file, _kind = QFileDialog.getOpenFileName(self._forms, _("Add a survey form"), "", _FILES)
        if file:
            self.add(Path(file))

    def add(self, source: Path) -> None:
        """Compile a form beside everything else, show what it is, and take it into the project."""
        self._forms.say(_("Reading {file}").format(file=source.name))
        job = self._work.start(lambda control: shelf.prepare(source, control))
        job.progressed.connect(self._tell_step)
        job.succeeded.connect(self._confirm)
        job.failed.connect(self._fail)

    @Slot(object)
    def _tell_step(self, progress: Progress) -> None:
        self._forms.say(progress.note)

    @Slot(object)
    def _confirm(self, result: object) -> None:
        prepared = cast("shelf.Prepared", result)
        self._forms.say("")
        dialog = AddFormDialog(prepared, self._forms)
        dialog.finished.connect(partial(self._answered, dialog, prepared))
        dialog.open()

    def _answered(self, dialog: AddFormDialog, prepared: shelf.Prepared, result: int) -> None:
        if result != QDialog.DialogCode.Accepted:
            return
        per = dialog.per()
        job = self._store.start(lambda _control: shelf.add(self._holder.store, prepared, per), quick=True)
        job.succeeded.connect(self._was_added)
        job.failed.connect(self._fail)

    @Slot(object)
    def _was_added(self, result: object) -> None:
        added = cast("shelf.Added", result)
        words = _("{title} is in the project now.") if added.is_new else _("{title} is in this version in the project.")
        if added.before and added.is_new:
            words = _("{title} has a newer version now; records keep theirs until you change it.")
        self._forms.say(words.format(title=added.entry.title))

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._forms.say(str(error))
