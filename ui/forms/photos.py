"""Photos of a form: where they go, what is told of them, what is drawn on them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QImage

from exports import photo_copies
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.marks import Mark
from fieldsurvey.paths import user_cache
from fieldsurvey.store import album
from survey_forms import Kind, Question, Repeat, Session
from survey_forms.records import Subject
from ui.forms.panel import FormPanel
from ui.jobs import Job, JobRunner
from ui.photos.dialogs import ask_drawing, ask_marks
from ui.photos.editor import DRAWN
from ui.photos.intake import Kept, PhotoIntake, Source, pasted_name
from ui.project.holder import StoreHolder

_TOLD = 3  # refused photos that are named; the rest are counted


class FormPhotos(QObject):
    """Brings photos into the open form; belongs to FormController."""

    def __init__(
        self, panel: FormPanel, store: JobRunner, work: JobRunner, holder: StoreHolder, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._store, self._work, self._holder = panel, store, work, holder
        self._subject: Subject | None = None
        self._have: set[str] = set()
        self._blank: list[str] = []
        self._last = ""
        self._taken = self._twice = 0
        self.intake = PhotoIntake(work, store, holder, self)
        self.intake.kept.connect(self._is_kept)
        self.intake.progressed.connect(panel.intake.show_progress)
        self.intake.ended.connect(self._ended)
        panel.intake.cancelled.connect(self.intake.cancel)
        panel.photos_offered.connect(self._offered)
        panel.camera_wanted.connect(self._use_camera)
        panel.drawing_wanted.connect(self._draw)
        panel.photo_shown.connect(self._show)

    def begin(self, subject: Subject | None) -> None:
        """Another form is on the screen, or none: photos on their way to the one before come no more."""
        if subject != self._subject:
            self.intake.cancel()
        self._subject = subject

    # --- taking in -----------------------------------------------------------------------------------------------

    @Slot(str, list)
    def _offered(self, path: str, sources: Sequence[Source]) -> None:
        session = self._panel.session
        if session is None or self._subject is None or not sources:
            return
        several = len(sources) > 1 or not path
        if several and photo_place(session, path or self._panel.current) is None:
            self._panel.say(_("This form has no list of photos. Take them one by one into their questions."))
            return
        if not self.intake.is_running:
            self._have = set(self._panel.photos().values())
            self._blank = blank_places(session, path or self._panel.current)
            self._taken = self._twice = 0
            self._panel.gather(on=True)
        self.intake.add([self._limited(session, source) for source in sources], self._subject.community_uid)

    def _limited(self, session: Session, source: Source) -> Source:
        """Return a photo with the size that its question allows."""
        found = photo_place(session, self._panel.current)
        question = session.question(source.target) if source.target else found[1] if found else None
        given = question.parameters.get("max-pixels", "") if question else ""
        return replace(source, most_pixels=int(given)) if given.isdecimal() else source

    @Slot(object)
    def _is_kept(self, result: object) -> None:
        kept = cast("Kept", result)
        session = self._panel.session
        if session is None or self._subject is None:
            return
        if kept.sha256 in self._have:
            self._twice += 1
            return
        path = kept.source.target or self._place_for(session)
        if not path:
            return
        self._have.add(kept.sha256)
        self._taken += 1
        self._last = path
        self._panel.set_answer(path, kept.sha256)
        self._panel.say(self._told(kept))
        self._show(path, kept.sha256)

    def _place_for(self, session: Session) -> str:
        while self._blank:
            path = self._blank.pop(0)
            if session.engine.find(path) is not None and not session.value(path):
                return path
        found = photo_place(session, self._panel.current)
        if found is None:
            return ""
        repeat, question = found
        return self._panel.add_row(repeat.path) + question.path[len(repeat.path) :]

    def _told(self, kept: Kept) -> str:
        facts = kept.photo.summary()
        if kept.was_known:
            facts += " " + _("The project had this photo already.")
        return facts

    @Slot(list)
    def _ended(self, refused: list[str]) -> None:
        self._panel.gather(on=False)
        self._panel.intake.show_progress(0, 0)
        if self._taken == 1:
            self._panel.reveal(self._last)
        told = []
        if self._taken > 1:
            told.append(_("{n} photos are in the form.").format(n=self._taken))
            told.append(_("Answer for one of them, then Ctrl+D gives the answer to the rows below."))
        if self._twice == 1 and not self._taken:
            told.append(_("This photo is in the form already."))
        elif self._twice:
            told.append(_("{n} were in it already.").format(n=self._twice))
        told += refused[:_TOLD]
        if len(refused) > _TOLD:
            told.append(_("{n} more were not taken for such reasons.").format(n=len(refused) - _TOLD))
        if told:
            self._panel.say(" ".join(told))
            self._panel.status.setToolTip("\n".join(refused))

    # --- camera and pen ------------------------------------------------------------------------------------------

    @Slot(str)
    def _use_camera(self, path: str) -> None:
        from ui.photos.camera import ask_photo

        found = ask_photo(self._panel)
        if isinstance(found, str):
            self._panel.say(found)
        elif found is not None:
            self._offered(path, [Source(Path(_("camera picture") + ".jpg"), found, path)])

    @Slot(str)
    def _draw(self, path: str) -> None:
        session = self._panel.session
        if session is None:
            return
        looks = session.question(path).appearance.split()
        kind = next((word for word in DRAWN if word in looks), "")
        if not kind:
            self._with_picture(path, session.value(path), photo_copies.PRINT, self._ask_marks)
            return
        image = ask_drawing(kind, self._panel)
        if image is not None:
            self._offered(path, [Source(pasted_name().with_suffix(".png"), image, path, is_drawing=True)])

    def _ask_marks(self, path: str, sha: str, image: QImage, marks: tuple[Mark, ...]) -> None:
        found = ask_marks(image, marks, self._panel)
        if found is None or found == marks or self._subject is None:
            return
        community = self._subject.community_uid

        def work(_control: JobControl) -> None:
            album.draw_on(self._holder.store, sha, found, community)

        job = self._store.start(work, quick=True)
        job.succeeded.connect(lambda _nothing: self._show(path, sha))
        job.failed.connect(self._fail)

    # --- showing -------------------------------------------------------------------------------------------------

    @Slot(str, str)
    def _show(self, path: str, sha: str) -> None:
        if self._panel.is_shown(path):
            self._with_picture(path, sha, photo_copies.THUMBNAIL, self._show_small)

    def _show_small(self, path: str, sha: str, image: QImage, _marks: tuple[Mark, ...]) -> None:
        session = self._panel.session
        if session is not None and session.engine.find(path) is not None and session.value(path) == sha:
            self._panel.show_thumbnail(path, image)

    def _with_picture(self, path: str, sha: str, pixels: int, then: Callable[..., None]) -> None:
        """Bring a copy of a photo: for the thumbnail with its marks on it, to draw on without."""

        def find(_control: JobControl) -> tuple[Path | None, tuple[Mark, ...]]:
            store = self._holder.store
            return store.media.path(sha), album.marks_of(store, sha)

        job = self._store.start(find, quick=True)
        job.succeeded.connect(partial(self._copy, path, sha, pixels, then))
        job.failed.connect(self._fail)

    def _copy(self, path: str, sha: str, pixels: int, then: Callable[..., None], found: object) -> None:
        place, marks = cast("tuple[Path | None, tuple[Mark, ...]]", found)
        if not self._work.is_open:  # the window is closing: nobody will see it
            return
        if place is None:
            self._panel.say(_("This photo is not on this laptop yet; sync brings it."))
            return
        drawn = marks if pixels == photo_copies.THUMBNAIL else ()

        def work(_control: JobControl) -> QImage:
            copy = photo_copies.copy_of(place, sha, user_cache() / "photos", pixels, drawn)
            return QImage(str(copy))

        job: Job = self._work.start(work)
        job.succeeded.connect(lambda image: then(path, sha, image, marks))
        job.failed.connect(self._fail)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError | OSError):
            raise error
        self._panel.say(str(error))


def photo_place(session: Session, near: str) -> tuple[Repeat, Question] | None:
    """Return the repeat that photos are added to, and its question for them: that around a path, else the first."""
    found = [
        (repeat, question)
        for repeat in session.form.repeats()
        if not repeat.fixed and not repeat.count
        for question in repeat.children
        if isinstance(question, Question) and question.kind is Kind.IMAGE
    ]
    return next((pair for pair in found if f"{pair[0].path}[" in near and near.count("[") == 1), None) or next(
        (pair for pair in found if session.engine.find(pair[0].path.rpartition("/")[0]) is not None), None
    )


def blank_places(session: Session, near: str) -> list[str]:
    """Return the questions of that repeat that have no photo yet."""
    found = photo_place(session, near)
    if found is None:
        return []
    repeat, question = found
    paths = (instance + question.path[len(repeat.path) :] for instance in session.instances(repeat.path))
    return [path for path in paths if not session.value(path)]
