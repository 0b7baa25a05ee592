"""The form beside the map: rows, what is wrong, how far it is, and the buttons."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from survey_forms import Group, Kind, Question, Repeat, Session
from ui.forms.editors import PhotoEditor, Words
from ui.forms.row import Row
from ui.widgets import button


class FormPanel(QWidget):
    """A form on the screen. It knows a session, but no store.

    Signals:
        edited: () an answer changed.
        draft_clicked: () keep as a draft record.
        complete_clicked: () complete the form.
        close_clicked: () go back; nothing is lost.
        wide_clicked: () full width and back.
        photo_chosen: (path of the question, file).
    """

    edited = Signal()
    draft_clicked = Signal()
    complete_clicked = Signal()
    close_clicked = Signal()
    wide_clicked = Signal()
    photo_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form_panel")
        self._session: Session | None = None
        self._language = "zh"
        self._rows: dict[str, Row] = {}
        self._boxes: dict[str, QWidget] = {}
        self._repeat_lists: dict[str, QVBoxLayout] = {}
        self._current = ""
        self._lay_out()
        slots = (("Ctrl+Down", self.next_row), ("Ctrl+Up", self.previous_row), ("F11", self.wide_clicked.emit))
        for keys, slot in slots:
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addLayout(self._head())
        self.status = QLabel()
        self.status.setObjectName("form_status")
        self.status.setWordWrap(True)
        self.status.setProperty("role", "hint")
        layout.addWidget(self.status)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self._area, 1)
        layout.addLayout(self._foot())

    def _head(self) -> QVBoxLayout:
        head = QVBoxLayout()
        line = QHBoxLayout()
        self.back = QToolButton()
        self.back.setObjectName("form_back")
        self.back.setText("←")
        self.back.setMinimumSize(36, 36)
        self.back.setAccessibleName(_("Back to the list of forms"))
        self.back.setToolTip(_("Back to the list of forms (Esc)"))
        self.back.clicked.connect(self.close_clicked)
        self.title = QLabel()
        self.title.setObjectName("form_title")
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.translate = QToolButton()
        self.translate.setObjectName("form_language")
        self.translate.setText("中 / EN")
        self.translate.setMinimumHeight(36)
        self.translate.setAccessibleName(_("Language of the form"))
        self.translate.clicked.connect(self._switch_language)
        line.addWidget(self.back)
        line.addWidget(self.title, 1)
        line.addWidget(self.translate)
        head.addLayout(line)
        self.progress = QProgressBar()
        self.progress.setObjectName("form_progress")
        self.progress.setFixedHeight(18)
        head.addWidget(self.progress)
        return head

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        self.previous = button("form_previous", _("Previous"), self.previous_row)
        self.draft = button("form_draft", _("Save draft"), self.draft_clicked)
        self.complete = button("form_complete", _("Complete form"), self.complete_clicked)
        self.complete.setProperty("role", "primary")
        self.next = button("form_next", _("Next"), self.next_row)
        for each in (self.previous, self.draft, self.complete, self.next):
            foot.addWidget(each)
        return foot

    # --- showing -------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The session that is shown."""
        return self._session

    def show_session(self, session: Session, subject: str, language: str = "zh") -> None:
        """Show a form with its answers.

        Args:
            session: The filling-in.
            subject: What it is about, for the title.
            language: zh or en.
        """
        self._session, self._language, self._subject = session, language, subject
        self._rows, self._boxes, self._repeat_lists = {}, {}, {}
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(10, 4, 12, 4)
        layout.setSpacing(0)
        self._add_children(layout, session.form.root, session.form.root.path)
        layout.addStretch(1)
        self._area.setWidget(page)
        self.status.clear()
        self._refresh_all()

    def _add_children(self, layout: QVBoxLayout, group: Group, base: str) -> None:
        for child in group.children:
            path = base + child.path[len(group.path) :]
            if isinstance(child, Repeat):
                self._add_repeat(layout, child)
            elif isinstance(child, Group):
                self._add_group(layout, child, path)
            elif child.kind is not Kind.CALCULATE:
                self._add_row(layout, child, path)

    def _add_group(self, layout: QVBoxLayout, group: Group, path: str) -> None:
        box = QGroupBox(group.label(self._language))
        inner = QVBoxLayout(box)
        self._boxes[path] = box
        layout.addWidget(box)
        self._add_children(inner, group, path)

    def _add_repeat(self, layout: QVBoxLayout, repeat: Repeat) -> None:
        box = QGroupBox(repeat.label(self._language))
        box.setObjectName(f"repeat_{repeat.name}")
        inner = QVBoxLayout(box)
        instances = QVBoxLayout()
        inner.addLayout(instances)
        self._repeat_lists[repeat.path] = instances
        if not repeat.count:
            add = button(f"add_{repeat.name}", _("Add one: {name}").format(name=repeat.label(self._language)), None)
            add.clicked.connect(partial(self._add_instance, repeat))
            inner.addWidget(add)
        layout.addWidget(box)
        self._boxes[repeat.path] = box
        self._fill_repeat(repeat)

    def _fill_repeat(self, repeat: Repeat) -> None:
        """Show the instances of a repeat, each with a button to remove it."""
        layout = self._repeat_lists[repeat.path]
        while (item := layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._rows = {path: row for path, row in self._rows.items() if not path.startswith(repeat.path + "[")}
        for number, instance in enumerate(self._need().instances(repeat.path), 1):
            frame = QFrame()
            frame.setFrameShape(QFrame.Shape.StyledPanel)
            inner = QVBoxLayout(frame)
            line = QHBoxLayout()
            line.addWidget(QLabel(f"{repeat.label(self._language)} {number}"), 1)
            remove = QToolButton()
            remove.setText("✕")
            remove.setMinimumSize(32, 32)
            remove.setAccessibleName(_("Remove {name} {n}").format(name=repeat.label(self._language), n=number))
            remove.clicked.connect(partial(self._remove_instance, repeat, instance))
            line.addWidget(remove)
            inner.addLayout(line)
            self._add_children(inner, repeat, instance)
            layout.addWidget(frame)

    def _add_instance(self, repeat: Repeat) -> None:
        instance = self._need().add_repeat(repeat.path)
        self._fill_repeat(repeat)
        self._refresh_all()
        self.edited.emit()
        first = next((path for path in self._rows if path.startswith(instance + "/")), "")
        if first:
            self.go_to(first)

    def _remove_instance(self, repeat: Repeat, instance: str) -> None:
        self._need().remove_repeat(instance)
        self._fill_repeat(repeat)
        self._refresh_all()
        self.edited.emit()

    def _add_row(self, layout: QVBoxLayout, question: Question, path: str) -> None:
        row = Row(path, question, self._words(path))
        row.editor.show_text(self._need().value(path))
        row.edited.connect(self._answered)
        row.entered.connect(self._entered)
        if isinstance(row.editor, PhotoEditor):
            row.editor.wanted.connect(partial(self._choose_photo, path))
        layout.addWidget(row)
        self._rows[path] = row

    def _words(self, path: str) -> Words:
        session = self._need()
        return Words(
            session.label(path, self._language),
            session.hint(path, self._language),
            session.choices(path, self._language),
        )

    def _need(self) -> Session:
        if self._session is None:
            raise RuntimeError("no form is open")
        return self._session

    # --- answers -------------------------------------------------------------------------------------------------

    @Slot(str, str)
    def _answered(self, path: str, text: str) -> None:
        changed = self._need().answer(path, text)
        for other, row in self._rows.items():
            if row.question.path in changed:
                self._refresh(other, row)
        for group, box in self._boxes.items():
            if group in changed:
                box.setVisible(self._need().relevant(group))
        self._show_progress()
        if changed:
            self.edited.emit()

    def _refresh(self, path: str, row: Row) -> None:
        session = self._need()
        row.setVisible(session.relevant(path))
        row.set_words(self._words(path), required=session.required(path))
        row.editor.set_readonly(session.readonly(path))
        if path != self._current or session.value(path) != "":
            row.editor.show_text(session.value(path))
        row.set_error(session.error(path) if session.value(path) else "")

    def _refresh_all(self) -> None:
        session = self._need()
        self.title.setText(f"{session.form.title(self._language)}\n{self._subject}")
        for path, row in self._rows.items():
            self._refresh(path, row)
        for group, box in self._boxes.items():
            if "[" not in group:
                box.setVisible(not session.form.binds.get(group) or session.relevant(group))
        self._show_progress()

    def _show_progress(self) -> None:
        answered, asked = self._need().progress()
        self.progress.setMaximum(max(asked, 1))
        self.progress.setValue(answered)
        percent = round(100 * answered / max(asked, 1))
        self.progress.setFormat(_("{percent} % answered").format(percent=percent))

    def _switch_language(self) -> None:
        self._language = "en" if self._language == "zh" else "zh"
        self._refresh_all()

    def show_problems(self) -> int:
        """Show everything that stands against completing; go to the first; return how many."""
        problems = self._need().problems()
        wrong = {problem.path: problem.message for problem in problems}
        for path, row in self._rows.items():
            row.set_error(wrong.get(path, ""))
        if problems:
            self.go_to(problems[0].path)
        return len(problems)

    def say(self, text: str) -> None:
        """Show a sentence about the form."""
        self.status.setText(text)

    # --- photos --------------------------------------------------------------------------------------------------

    def _choose_photo(self, path: str) -> None:
        file, _filter = QFileDialog.getOpenFileName(self, _("Choose photo …"), "", "JPEG, PNG (*.jpg *.jpeg *.png)")
        if file:
            self.photo_chosen.emit(path, file)

    def set_photo(self, path: str, sha256: str) -> None:
        """Take a photo that is in the project now as the answer."""
        if path in self._rows:
            self._answered(path, sha256)

    def show_thumbnail(self, path: str, image: QImage) -> None:
        """Show a photo small in its row."""
        row = self._rows.get(path)
        if row is not None and isinstance(row.editor, PhotoEditor):
            row.editor.picture.setPixmap(QPixmap.fromImage(image))

    def photos(self) -> Mapping[str, str]:
        """Return path -> hash of the photos in the form."""
        session = self._need()
        return {
            p: session.value(p) for p, row in self._rows.items() if row.question.kind is Kind.IMAGE and session.value(p)
        }

    # --- moving --------------------------------------------------------------------------------------------------

    def row(self, name: str) -> Row:
        """Return the row of a question by its name.

        Raises:
            KeyError: If it is not shown.
        """
        for row in self._rows.values():
            if row.question.name == name:
                return row
        raise KeyError(name)

    def go_to(self, path: str) -> None:
        """Put the cursor into a question and show it."""
        row = self._rows.get(path)
        if row is not None:
            row.focus()
            self._area.ensureWidgetVisible(row, 0, 60)

    @Slot(str)
    def _entered(self, path: str) -> None:
        self._current = path
        self._area.ensureWidgetVisible(self._rows[path], 0, 40)

    @Slot()
    def next_row(self) -> None:
        """Go to the next question."""
        self._step(1)

    @Slot()
    def previous_row(self) -> None:
        """Go to the question before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        paths = [path for path, row in self._rows.items() if row.takes_focus()]
        if not paths:
            return
        at = paths.index(self._current) + by if self._current in paths else 0
        self.go_to(paths[max(0, min(at, len(paths) - 1))])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, Esc goes back."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.next_row()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_clicked.emit()
        else:
            super().keyPressEvent(event)
