"""The form beside the map: rows, what is wrong, how far it is, and the buttons."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QImage, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from fieldsurvey.i18n import _
from survey_forms import Kind, Session
from survey_forms.form import Element
from survey_forms.instance import generic
from ui.forms.base import Editor
from ui.forms.choosing import MapChoiceEditor
from ui.forms.files import FileEditor
from ui.forms.frame import FormFrame
from ui.forms.history import History, sets_others
from ui.forms.insight import InSight
from ui.forms.outside import Outside
from ui.forms.page import Rows, pages_of
from ui.forms.places import PlaceEditor, Position
from ui.forms.problems import Findings, Review
from ui.forms.row import Row
from ui.photos.editor import PhotoEditor, sources_of
from ui.photos.intake import Source


class FormPanel(FormFrame):
    """A form on the screen. It knows a session, but no store.

    Signals:
        edited: () an answer changed.
        moved: () the cursor is in another question.
        photos_offered: (path of the question or empty, list of ui.photos.intake.Source) chosen, dropped or pasted.
        camera_wanted: (path of the question).
        drawing_wanted: (path of the question) to draw on its photo, or a drawing for it.
        file_chosen: (path of the question, file) a sound, film or other file.
        file_shown: (path of the question, hash) it is to be said what file this is.
        file_opened: (hash) a kept file is to be played or opened.
        recording_wanted: (path of the question) a sound or film is to be recorded.
        photo_shown: (path of the question, hash) a picture is to be shown.
        place_wanted: (path of the question) a place is to be picked on the map.
        fix_wanted: (path of the question) a place is to be taken from the receiver.
    """

    edited = Signal()
    moved = Signal()
    photos_offered = Signal(str, list)
    camera_wanted = Signal(str)
    drawing_wanted = Signal(str)
    file_chosen = Signal(str, str)
    file_shown = Signal(str, str)
    file_opened = Signal(str)
    recording_wanted = Signal(str)
    photo_shown = Signal(str, str)
    place_wanted = Signal(str)
    fix_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form_panel")
        self.setAcceptDrops(True)
        self._session: Session | None = None
        self._language = "zh"
        self._pages: list[list[Element]] = []
        self._built: dict[int, Rows] = {}
        self._at = 0
        self._history: History | None = None
        self._current = ""
        self.is_whole = False
        self._in_sight = InSight(self.area)
        self._outside = Outside(self)
        self._review = Review(self)
        self._review.found.connect(self._show_progress)
        self._connect()
        self._make_shortcuts()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def _make_shortcuts(self) -> None:
        for keys, slot in (
            ("Ctrl+Down", self.next_row),
            ("Ctrl+Up", self.previous_row),
            *((keys, self.next_page) for keys in ("Ctrl+Return", "Ctrl+Enter")),
            ("Ctrl+Shift+Return", self.previous_page),
            ("F8", self.next_problem),
            ("Shift+F8", self.problems.toggle),
            ("Ctrl+Z", self.undo),
            ("Ctrl+Y", self.redo),
            ("Ctrl+Shift+Z", self.redo),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def _connect(self) -> None:
        self.translate.clicked.connect(self._switch_language)
        self.pages.activated.connect(self.show_page)
        self.problems.toggled.connect(self._list_problems)
        self.list.chosen.connect(self.go_to)
        self.list.left.connect(self._back_to_question)
        self.previous.clicked.connect(self.previous_row)
        self.next.clicked.connect(self.next_row)

    # --- showing -------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The session that is shown."""
        return self._session

    @property
    def current(self) -> str:
        """The path of the question the cursor is in."""
        return self._current

    def show_session(self, session: Session, subject: str, language: str = "zh") -> None:
        """Show a form with its answers; `subject` is what it is about, for the title, and the language zh or en."""
        self._session, self._language, self._subject = session, language, subject
        self._history = History(session)
        self._current = ""
        self._pages = pages_of(session)
        self.status.clear()
        self._rebuild(0)

    def _rebuild(self, page: int) -> None:
        """Forget all pages that were built, and show one."""
        for rows in self._built.values():
            if rows is not self.area.widget():
                rows.deleteLater()
        self._built = {}
        self._name_pages()
        self.show_page(page)
        self._review.start(self._need())

    def _name_pages(self) -> None:
        session = self._need()
        self.title.setText(f"{session.form.title(self._language)}\n{self._subject}")
        self.pages.clear()
        for number, elements in enumerate(self._pages, 1):
            name = session.label(elements[0].path, self._language) if elements else ""
            self.pages.addItem(_("{n}/{total}  {name}").format(n=number, total=len(self._pages), name=name))
        self.pages.setVisible(len(self._pages) > 1)

    @Slot(int)
    def show_page(self, number: int) -> None:
        """Show a page, building it the first time."""
        session = self._need()
        old = cast("QWidget | None", self.area.takeWidget())  # none at first, whatever the stubs say
        if old is not None and old not in self._built.values():
            old.deleteLater()
        self._at = number
        if number not in self._built:
            rows = Rows(session, lambda: self._language)
            rows.edited.connect(self._answered)
            rows.reshaped.connect(self._reshaped)
            rows.made.connect(self._made)
            self._built[number] = rows
            rows.fill(self._pages[number], session.form.root.path, session.form.root.path)
        else:
            self._built[number].refresh()
        self.area.setWidget(self._built[number])
        self._built[number].setEnabled(not self.locked)
        self._built[number].show()
        self.area.verticalScrollBar().setValue(0)
        self.pages.setCurrentIndex(number)

    def show_review(self, remarks: Mapping[str, str], locked: str, *, is_again: bool) -> None:
        """Show remarks at their questions, by name; why nothing may be changed; whether it is submitted again."""
        self.remarks = remarks
        self.show_lock(locked, is_again=is_again)
        for rows in self._built.values():
            rows.setEnabled(not locked)
            for row in rows.rows():
                row.set_remark(remarks.get(row.question.name, ""))

    def rows(self) -> list[Row]:
        """Return the rows of the page that is shown."""
        return self._page().rows()

    def _page(self) -> Rows:
        return self._built[self._at]

    @Slot(object)
    def _made(self, row: Row) -> None:
        """Connect what a new row needs from outside."""
        row.set_remark(self.remarks.get(row.question.name, ""))
        self._outside.connect_row(row, self._need().value(row.path))
        row.editor.finished.connect(self.next_row)
        for widget in {row.editor.focus, *row.editor.widget.findChildren(QWidget)}:
            widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Let Ctrl+Z and Ctrl+Y take back answers, not only letters of one line."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            is_ours = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
            if is_ours:
                event.ignore()
                return True
        return False

    def _need(self) -> Session:
        if self._session is None:
            raise RuntimeError("no form is open")
        return self._session

    # --- answers -------------------------------------------------------------------------------------------------

    @Slot(str, str)
    def _answered(self, path: str, text: str) -> None:
        session = self._need()
        before = session.value(path)
        shape = session.snapshot() if sets_others(session, path) else ""
        changed = session.answer(path, text)
        if not changed:
            return
        if self._history is not None:
            step = ("", shape, session.snapshot()) if shape else (path, before, session.value(path))
            self._history.note(*step)
        self._page().refresh(changed, self._current)
        self._review.start(self._need())
        self.edited.emit()

    @Slot(str)
    def _reshaped(self, before: str) -> None:
        if self._history is not None:
            self._history.note("", before, "" if self._history.is_gathering else self._need().snapshot())
        self._page().refresh(self._need().touched(), self._current)
        self._review.start(self._need())
        self.edited.emit()

    @Slot()
    def undo(self) -> None:
        """Take the last change of an answer or repeat back."""
        if self._history is not None:
            self._after_move(self._history.undo())

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._history is not None:
            self._after_move(self._history.redo())

    def _after_move(self, path: str | None) -> None:
        if path is None:
            return
        if path:
            self._page().refresh()
            self.go_to(path)
        else:
            self._rebuild(self._at)
        self._review.start(self._need())
        self.edited.emit()

    @Slot(object)
    def _show_progress(self, findings: Findings) -> None:
        if self._session is None:
            return
        self.progress.setRange(0, max(findings.asked, 1))
        self.progress.setValue(findings.answered)
        percent = round(100 * findings.answered / max(findings.asked, 1))
        self.progress.setFormat(_("{percent} % answered").format(percent=percent))
        count = len(findings.wrong)
        self.problems.setText(_("{n} missing or wrong").format(n=count) if count else _("Nothing missing ✓"))
        if self.list.isVisibleTo(self):
            self.list.show_findings(self._session, lambda: self._language, findings)

    def hideEvent(self, event: QHideEvent) -> None:
        """Count no more while nobody looks."""
        self._review.stop()
        super().hideEvent(event)

    def _switch_language(self) -> None:
        self._language = {"zh": "en"}.get(self._language, "zh")
        self._rebuild(self._at)

    def show_problems(self, *, go: bool = True) -> int:
        """List everything that stands against completing the form; go to the first; return how many."""
        self.problems.setChecked(bool(self._need().problems()))
        wrong = dict(self._review.now(self._need()).wrong)
        if wrong and go:
            self.go_to(next(iter(wrong)))
        for row in self._page().rows():
            row.set_error(wrong.get(row.path, ""))
        return len(wrong)

    @Slot(bool)
    def _list_problems(self, shown: bool) -> None:
        self.list.setVisible(shown)
        self._review.now(self._need())
        if shown:
            self.list.setFocus()
        else:
            self._back_to_question()

    @Slot()
    def _back_to_question(self) -> None:
        if self._current:
            self.go_to(self._current)

    @Slot()
    def next_problem(self) -> None:
        """Go to the next question that is wrong or must be answered; after the last, to the first."""
        session = self._need()
        problems = [problem.path for problem in session.problems()]
        if not problems:
            self.say(_("Nothing is missing and nothing is wrong."))
            return
        order = {path: at for at, path in enumerate(session.asked())}
        here = order.get(self._current, -1)
        path = next((path for path in problems if order.get(path, 0) > here), problems[0])
        self.say(_("{n} questions need a look.").format(n=len(problems)))
        self.go_to(path)
        row = self._page().show_path(path)
        if row is not None:
            row.set_error(session.error(path))

    # --- photos, files, places -------------------------------------------------------------------------------------

    def offer_photos(self, path: str, sources: list[Source]) -> None:
        """Take photos for a question: the first answers it, more of them make new rows."""
        if sources:
            self.photos_offered.emit(path, [replace(sources[0], target=path), *sources[1:]])
        else:
            self.say(_("There is no photo on the clipboard."))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files that are dragged in from outside."""
        if self._session is not None and (event.mimeData().hasUrls() or event.mimeData().hasImage()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take photos that are dropped anywhere on the form."""
        event.acceptProposedAction()
        self.photos_offered.emit("", sources_of(event.mimeData()))

    def gather(self, *, on: bool) -> None:
        """Make one step for undo of all changes from on until off."""
        if self._history is not None:
            (self._history.gather if on else self._history.part)()

    def add_row(self, repeat: str) -> str:
        """Add an instance of a repeat, wherever the cursor is; return its path."""
        before = self._need().snapshot() if self._history is not None and not self._history.is_gathering else ""
        instance = self._need().add_repeat(repeat)
        self._reshaped(before)
        return instance

    def reveal(self, path: str) -> None:
        """Show the instance a question lies in, if its page is on the screen; the cursor stays where it is."""
        session = self._session
        if session is not None and session.engine.find(path) is not None and self._page_of(path) == self._at:
            self._page().show_path(path)

    def set_answer(self, path: str, text: str) -> None:
        """Take an answer that comes from elsewhere, such as the hash of a photo that is in the project now."""
        self._answered(path, text)

    def put_place(self, path: str, positions: list[Position]) -> None:
        """Take a place that was picked on the map as the answer."""
        self.go_to(path)
        editor = self.editor(path)
        if isinstance(editor, PlaceEditor | MapChoiceEditor):
            editor.put(positions)

    def editor(self, path: str) -> Editor | None:
        """Return the editor of a question that is on the screen."""
        row = next((row for row in self._page().rows() if row.path == path), None)
        return row.editor if row is not None else None

    def is_shown(self, path: str) -> bool:
        """Say whether a question is on the screen now, or one scroll away."""
        return self._session is not None and self.editor(path) is not None

    def show_thumbnail(self, path: str, image: QImage) -> None:
        """Show a photo small in its row."""
        if isinstance(editor := self.editor(path), PhotoEditor):
            editor.show_picture(image)

    def show_file(self, path: str, told: str) -> None:
        """Say in its row what file a question has."""
        if isinstance(editor := self.editor(path), FileEditor):
            editor.show_facts(told)

    def photos(self) -> Mapping[str, str]:
        """Return path -> hash of all photos in the form."""
        session = self._need()
        asked = (path for path in session.asked() if session.question(path).kind is Kind.IMAGE)
        return {path: session.value(path) for path in asked if session.value(path)}

    # --- moving --------------------------------------------------------------------------------------------------

    def row(self, name: str) -> Row:
        """Return the row of a question by its name; its page is shown for it.

        Raises:
            KeyError: If it is not shown.
        """
        for number in [self._at, *(n for n in range(len(self._pages)) if n != self._at)]:
            if number != self._at:
                self.show_page(number)
            for row in self._page().rows():
                if row.question.name == name:
                    return row
        raise KeyError(name)

    def _page_of(self, path: str) -> int:
        plain = generic(path)
        for number, elements in enumerate(self._pages):
            if any(plain == element.path or plain.startswith(element.path + "/") for element in elements):
                return number
        return self._at

    def go_to(self, path: str) -> None:
        """Put the cursor into a question and show it, with its page and instance."""
        if (number := self._page_of(path)) != self._at:
            self.show_page(number)
        row = self._page().show_path(path)
        if row is not None:
            row.focus()
            self._in_sight.bring(row, 60)

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        widget = now
        while widget is not None and not isinstance(widget, Row):
            widget = widget.parentWidget()
        if widget is None or not self.isAncestorOf(widget):
            return
        if widget.path != self._current:
            if self._history is not None:
                self._history.seal()
            self._current = widget.path
            self.moved.emit()
        self._in_sight.bring(widget, 40)

    @Slot()
    def next_row(self) -> None:
        """Go to the next question; after the last of a page, to the next page."""
        if not self._step(1):
            self.next_page()

    @Slot()
    def previous_row(self) -> None:
        """Go to the question before."""
        self._step(-1)

    @Slot()
    def next_page(self) -> None:
        """Go to the next page and its first question."""
        self._turn(self._at + 1)

    @Slot()
    def previous_page(self) -> None:
        """Go to the page before."""
        self._turn(self._at - 1)

    def _turn(self, number: int) -> None:
        if 0 <= number < len(self._pages):
            self._current = ""
            self.show_page(number)
            self._step(1)

    def _step(self, by: int) -> bool:
        rows = [row for row in self._page().rows() if row.stops()]
        paths = [row.path for row in rows]
        at = paths.index(self._current) + by if self._current in paths else 0
        if not 0 <= at < len(rows):
            return False
        rows[at].focus()
        self._current = paths[at]
        return True

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name
        """Let Tab go from question to question as on paper, and leave the form after the last."""
        inside = self._at in self._built and self._page().isAncestorOf(QApplication.focusWidget() or self)
        if inside and self._step(1 if forward else -1):
            return True
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, a digit chooses, Esc goes back."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.next_row()
        elif event.key() == Qt.Key.Key_Escape and not self.is_whole:
            self.close_clicked.emit()
        elif not (event.text() in set("123456789") and self._pick(int(event.text()))):
            super().keyPressEvent(event)

    def _pick(self, number: int) -> bool:
        row = self._page().show_path(self._current) if self._session is not None else None
        return row is not None and row.editor.pick(number)
