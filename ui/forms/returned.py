"""What came back from the review, told in the list of forms of a community."""

from functools import partial
from typing import cast

from PySide6.QtCore import QObject, Slot

from fieldsurvey.assess.review.people import person_here
from fieldsurvey.assess.review.remarks import returned_for
from fieldsurvey.assess.review.steps import take_community
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.review import Step
from ui.forms.list import FormsList
from ui.forms.remarks import words_of
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder


class ReturnedNotes(QObject):
    """Brings the open remarks into the list of forms, whenever another community is shown."""

    def __init__(self, forms: FormsList, runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__(forms)
        self._forms, self._runner, self._holder = forms, runner, holder
        forms.shown.connect(self._read)
        forms.submit_wanted.connect(self._submit)

    @Slot(str)
    def _read(self, uid: str) -> None:
        def work(_control: JobControl) -> tuple[str, dict[str, list[str]]]:
            said: dict[str, list[str]] = {}
            for one in returned_for(self._holder.store, [uid]) if self._holder.is_open else ():
                lines = [words_of(thread, "") for thread in one.threads]
                said.setdefault(one.form_id, []).extend(lines or [_("↩ returned")])
            return uid, said

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show)
        job.failed.connect(self._failed)

    @Slot(object)
    def _show(self, result: object) -> None:
        uid, said = cast("tuple[str, dict[str, list[str]]]", result)
        self._forms.show_said(uid, said)

    @Slot(str)
    def _submit(self, uid: str) -> None:
        def work(_control: JobControl) -> None:
            store = self._holder.store
            take_community(store, person_here(store), uid, Step.SUBMIT)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(partial(self._read, uid))
        job.failed.connect(self._failed)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._forms.say(str(error))
