"""A hand for the window: waits for things, types, clicks, takes pictures."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QRadioButton, QWidget

from fieldsurvey.model.schema import Value
from survey_forms import Kind
from survey_forms.sample import PICKS
from ui.app import build
from ui.forms.choosing import ComboEditor
from ui.forms.editors import LineEditor, TextEditor
from ui.forms.row import Row
from ui.forms.times import DateEditor
from ui.main_window import MainWindow
from ui.photos.intake import Source

WRONG = "12.."
LAST_WORDS = "写到一半停电"
_PATIENCE_MS = 60_000
_STEP_MS = 20
_NUMBERS = {Kind.INTEGER, Kind.DECIMAL}


class TourError(Exception):
    """A step did not happen."""


class Hand:
    """Drives one window."""

    def __init__(self, project: Path | None, pictures: Path) -> None:
        self.window: MainWindow = build(project)
        self.window.resize(1366, 768)
        self.window.show()
        self._pictures = pictures
        self._rng = random.Random(7)  # noqa: S311 - repeatable answers, no secrets

    def wait(self, what: str, happened: Callable[[], object]) -> None:
        """Wait until something happened.

        Raises:
            TourError: If it does not.
        """
        for _step in range(_PATIENCE_MS // _STEP_MS):
            if happened():
                return
            self.pause(_STEP_MS)
        raise TourError(f"did not happen: {what}")

    def pause(self, millis: int) -> None:
        """Let the window work for a while."""
        loop = QEventLoop()
        QTimer.singleShot(millis, loop.quit)
        loop.exec()

    def open(self) -> None:
        """Wait until the project and its map are on the screen."""
        self.wait("project open", lambda: self.window.project.current is not None)
        if self.window.project.current is not None and self.window.project.current.communities:
            self.wait("map drawn", self.window.canvas.is_settled)

    def picture(self, name: str) -> None:
        """Save what the window shows."""
        if self.window.canvas.isVisible():
            self.wait("map drawn", self.window.canvas.is_settled)
        self.pause(300)
        self.window.grab().save(str(self._pictures / f"{name}.png"))

    def click(self, name: str) -> None:
        """Click a button by its name.

        Raises:
            TourError: If there is none, or it cannot be clicked.
        """
        button = self.window.findChild(QAbstractButton, name)
        if not isinstance(button, QAbstractButton) or not button.isEnabled():
            raise TourError(f"no button {name}")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def type_into(self, widget: QWidget, text: str) -> None:
        """Type over what stands in a line."""
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(widget, Qt.Key.Key_Delete)
        for sign in text:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QCoreApplication.sendEvent(widget, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, sign))

    # --- forms ---------------------------------------------------------------------------------------------------

    def open_form(self, form_id: str, subject: str = "") -> None:
        """Open a form of the selected community by its button in the list."""
        self.wait("list of forms", lambda: self.window.forms.findChild(QAbstractButton, f"open_{form_id}"))
        self.click(f"open_{form_id}")
        if subject:
            name = f"open_{form_id}_{subject}"
            self.wait("list of stairwells", lambda: self.window.forms.findChild(QAbstractButton, name))
            self.click(name)
        self.wait(f"form {form_id}", lambda: self._is_open(form_id))

    def _is_open(self, form_id: str) -> bool:
        current = self.window.form.current
        return current is not None and current.form_id == form_id and self.window.form_panel.isVisible()

    def row(self, name: str) -> Row:
        """Return the row of a question."""
        return self.window.form_panel.row(name)

    def fill_required(self, facts: Mapping[str, Value]) -> None:
        """Answer, row by row, what must be answered and is blank."""
        session = self.window.form_panel.session
        if session is None:
            raise TourError("no form is open")
        for path in list(session.leaves()):
            question = session.question(path)
            is_asked = question.kind not in {Kind.NOTE, Kind.CALCULATE} and session.relevant(path)
            if is_asked and session.required(path) and not session.value(path):
                self.answer(self.row(question.name), self._answer_for(session.form.id, question.name, facts))

    def _answer_for(self, form_id: str, name: str, facts: Mapping[str, Value]) -> str:
        pick = PICKS.get(f"{form_id}.{name}") or PICKS.get(name)
        return pick(self._rng, facts) if pick is not None else ""

    def answer(self, row: Row, text: str) -> None:
        """Answer one question as a person would.

        Raises:
            TourError: If the answer is not what the form has afterwards.
        """
        self.window.form_panel.go_to(row.path)
        session = self.window.form_panel.session
        choices = [choice.value for choice in session.choices(row.path)] if session else []
        wanted = [code for code in text.split() if code in choices] or choices[:1]
        if isinstance(row.editor, LineEditor | DateEditor):
            self.type_into(row.editor.line, text or ("1" if row.question.kind in _NUMBERS else "无"))
        elif isinstance(row.editor, TextEditor):
            self.type_into(row.editor.area, text or "无")
        elif isinstance(row.editor, ComboEditor):
            index = row.editor.box.findData(wanted[0])
            row.editor.box.setCurrentIndex(index)
            row.editor.box.activated.emit(index)
        else:
            self._tick(row, wanted)
        if session is None or not session.value(row.path):
            raise TourError(f"no answer in {row.path}")

    def _tick(self, row: Row, wanted: list[str]) -> None:
        for code in wanted:
            for kind in (QRadioButton, QCheckBox):
                button = row.findChild(kind, code)
                if button is not None and not button.isChecked():
                    button.click()

    def add_photo(self, file: Path) -> None:
        """Add a photo to the form, with its kind."""
        self.click("add_photos")
        row = self.row("photo")
        self.window.form_panel.offer_photos(row.path, [Source(file)])
        self.wait("photo in the project", lambda: self._value(row))
        self.answer(self.row("photo_kind"), "")

    def _value(self, row: Row) -> str:
        session = self.window.form_panel.session
        return session.value(row.path) if session else ""

    def complete(self) -> None:
        """Complete the form and go back to the list."""
        self.click("form_complete")
        self.wait("saved as complete", lambda: "已提交" in self.window.form_panel.status.text())

    def close_form(self) -> None:
        """Go back to the list of forms."""
        self.click("form_back")
        self.wait("list of forms", self.window.forms.isVisible)

    def sync(self, url: str, token: str) -> None:
        """Sync with a hub from the sync workspace."""
        self.window.show_workspace("sync")
        self.type_into(self.window.sync.target, url)
        self.type_into(self.window.sync.token, token)
        self.click("sync_go")
        self.wait("synced", lambda: "同步完成" in self.window.sync.message.text())

    def close(self) -> None:
        """Close the window as a person would."""
        self.window.close()
