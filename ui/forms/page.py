"""One page of a form: its rows in their groups. Pages are built when they are first shown."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGroupBox, QVBoxLayout, QWidget

from survey_forms import Group, Kind, Question, Repeat, Session
from survey_forms.form import Element
from survey_forms.markdown import to_html
from ui.forms.base import Words
from ui.forms.media import FormFiles
from ui.forms.reasons import reason
from ui.forms.repeats import RepeatView
from ui.forms.row import Row

_TWELVE = 12
_LEAST_PX = 170  # a question that is narrower cannot be read
MOST_ROWS = 60  # loose questions on one page; more are divided
_PART = 30


def pages_of(session: Session) -> list[list[Element]]:
    """Return what stands on each page: a top-level group each, and the loose questions between them.

    A form without groups is one page, unless it is long.
    """
    pages: list[list[Element]] = []
    loose: list[Element] = []
    for element in session.form.root.children:
        if isinstance(element, Question) and (element.kind is Kind.CALCULATE or element.is_hidden):
            continue
        if isinstance(element, Group) and not isinstance(element, Repeat):
            pages += [*_parts(loose), [element]]
            loose = []
        else:
            loose.append(element)
    return [*pages, *_parts(loose)] or [[]]


def _parts(loose: list[Element]) -> list[list[Element]]:
    size = _PART if len(loose) > MOST_ROWS else max(len(loose), 1)
    return [loose[at : at + size] for at in range(0, len(loose), size)]


def twelfths(appearance: str) -> int:
    """Return how much of a line a question takes, in twelfths of it; 0: all, and nobody beside it.

    Source: XLSForm theme-grid, appearances w1 … w12.

    >>> twelfths("w4 columns"), twelfths("w13"), twelfths("")
    (4, 0, 0)
    """
    found = (word[1:] for word in appearance.split() if word.startswith("w") and word[1:].isdecimal())
    share = next((int(number) for number in found), 0)
    return share if share <= _TWELVE else 0


class SharedLine(QWidget):
    """Questions beside each other while there is width for them, else below each other."""

    def __init__(self) -> None:
        super().__init__()
        self._shares: list[int] = []
        self._line = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._line.setContentsMargins(0, 0, 0, 0)

    def has_room(self, share: int) -> bool:
        """Say whether another question fits."""
        return sum(self._shares) + share <= _TWELVE

    def add(self, row: Row, share: int) -> None:
        """Put a question at the end."""
        self._shares.append(share)
        self._line.addWidget(row, share)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the width there is."""
        super().resizeEvent(event)
        is_wide = self.width() * min(self._shares) / _TWELVE >= _LEAST_PX
        wanted = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        if self._line.direction() is not wanted:
            self._line.setDirection(wanted)


class Rows(QWidget):
    """Rows and groups below one path: a page, or one instance of a repeat.

    Signals:
        edited: (path, text) the person changed an answer.
        reshaped: (snapshot before) a repeat gained, lost or moved an instance.
        made: (Row) a row came into being.
    """

    edited = Signal(str, str)
    reshaped = Signal(str)
    made = Signal(object)

    def __init__(self, session: Session, language: Callable[[], str], *, is_inner: bool = False) -> None:
        super().__init__()
        self._session, self._language = session, language
        self._files = FormFiles(session.form)
        self._rows: dict[str, Row] = {}
        self._boxes: dict[str, QGroupBox] = {}
        self._repeats: dict[str, RepeatView] = {}
        self._order: dict[str, int] = {}
        self._column = QVBoxLayout(self)
        side = 0 if is_inner else 10  # lists in lists need the width
        self._column.setContentsMargins(side, 4, side, 4)
        self._column.setSpacing(0)

    def fill(self, elements: Sequence[Element], parent: str, base: str) -> None:
        """Build the rows; `base` is the path of the parent with instance numbers."""
        self._add(self._column, elements, parent, base)
        self._column.addStretch(1)
        self.refresh()

    def _add(self, layout: QVBoxLayout, elements: Sequence[Element], parent: str, base: str) -> None:
        line: SharedLine | None = None
        for element in elements:
            path = base + element.path[len(parent) :]
            share = twelfths(element.appearance)
            if isinstance(element, Repeat):
                self._add_repeat(layout, element, path)
            elif isinstance(element, Group):
                self._boxes[path] = box = QGroupBox()
                inner = QVBoxLayout(box)
                inner.setSpacing(0)
                layout.addWidget(box)
                self._add(inner, element.children, element.path, path)
            elif element.kind is Kind.CALCULATE or element.is_hidden:
                continue
            elif share:
                if line is None or not line.has_room(share):
                    line = SharedLine()
                    layout.addWidget(line)
                line.add(self._row(element, path), share)
                continue
            else:
                layout.addWidget(self._row(element, path))
            line = None

    def _add_repeat(self, layout: QVBoxLayout, repeat: Repeat, path: str) -> None:
        view = RepeatView(self._session, repeat, path, self._language, self._inner)
        view.reshaped.connect(self.reshaped)
        self._repeats[path] = view
        layout.addWidget(view)
        view.refresh()

    def _inner(self, repeat: Repeat, instance: str) -> "Rows":
        inner = Rows(self._session, self._language, is_inner=True)
        inner.edited.connect(self.edited)
        inner.reshaped.connect(self.reshaped)
        inner.made.connect(self.made)
        inner.fill(repeat.children, repeat.path, instance)
        return inner

    def _row(self, question: Question, path: str) -> Row:
        row = Row(path, question, self._words(path))
        row.edited.connect(self.edited)
        self._rows[path] = row
        self.made.emit(row)
        return row

    def _words(self, path: str) -> Words:
        session, language = self._session, self._language()
        media = session.media(path, language)
        return Words(
            to_html(session.label(path, language)),
            session.hint(path, language),
            self._files.of_choices(session.choices(path, language)),
            session.guidance(path, language),
            self._files.of(media) if media else {},
        )

    # --- looking up ----------------------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """Return the rows from top to bottom, those of the shown instances included."""
        inner = [row for view in self._repeats.values() for row in view.rows()]
        if not inner:
            return list(self._rows.values())
        if not self._order:
            self._order = {question.path: at for at, question in enumerate(self._session.form.questions())}
        return sorted([*self._rows.values(), *inner], key=lambda row: self._order.get(row.question.path, 0))

    def show_path(self, path: str) -> Row | None:
        """Return the row of a path; the instance it lies in is shown for it."""
        if path in self._rows:
            return self._rows[path]
        for view in self._repeats.values():
            if (row := view.show_path(path)) is not None:
                return row
        return None

    def repeat_views(self) -> list[RepeatView]:
        """Return the repeats on this page, inner ones not included."""
        return list(self._repeats.values())

    # --- refreshing ----------------------------------------------------------------------------------------------

    def refresh(self, changed: frozenset[str] | None = None, current: str = "") -> None:
        """Show the state of the session, of what changed only if that is known."""
        for path, row in self._rows.items():
            if changed is None or row.question.path in changed:
                self._refresh_row(path, row, is_current=path == current)
        for path, box in self._boxes.items():
            if changed is None or self._session.element(path).path in changed:
                box.setTitle(self._session.label(path, self._language()))
                box.setVisible(self._session.relevant(path))
        for view in self._repeats.values():
            view.refresh(changed, current)

    def _refresh_row(self, path: str, row: Row, *, is_current: bool) -> None:
        session = self._session
        row.setVisible(session.relevant(path))
        row.set_words(self._words(path), required=session.required(path))
        row.set_readonly(readonly=session.readonly(path))
        if not is_current or session.value(path) != "":
            row.editor.show_text(session.value(path))
        row.set_error(reason(session, path) if session.value(path) else "")
