"""A repeat: a table of its instances, and the questions of the chosen one below."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QElapsedTimer,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QTableView,
    QToolButton,
    QVBoxLayout,
)

from fieldsurvey.i18n import _
from survey_forms import Kind, Question, Repeat, Session
from ui.widgets import button

if TYPE_CHECKING:
    from ui.forms.page import Rows
    from ui.forms.row import Row

_MOST_COLUMNS = 4
_TABLE_ROWS = 6
_ROW_PX = 32
_PATIENCE_MS = 8  # that filling many rows may keep the window waiting at once
_FILES = {Kind.IMAGE, Kind.AUDIO, Kind.VIDEO, Kind.FILE}
_Index = QModelIndex | QPersistentModelIndex


class InstanceModel(QAbstractTableModel):
    """The instances of a repeat by their first questions; read from the session when painted."""

    def __init__(self, session: Session, repeat: Repeat, path: str, language: Callable[[], str]) -> None:
        super().__init__()
        self._session, self._repeat, self._path, self._language = session, repeat, path, language
        shown = [c for c in repeat.children if isinstance(c, Question) and c.kind not in {Kind.CALCULATE, Kind.NOTE}]
        self._questions = shown[:_MOST_COLUMNS]
        self.instances = session.instances(path)

    def reload(self) -> None:
        """Show other instances."""
        self.beginResetModel()
        self.instances = self._session.instances(self._path)
        self.endResetModel()

    def grow(self) -> bool:
        """Show instances that came at the end; say whether that is all that changed."""
        now, have = self._session.instances(self._path), len(self.instances)
        if len(now) <= have or now[:have] != self.instances:
            return False
        self.beginInsertRows(QModelIndex(), have, len(now) - 1)
        self.instances = now
        self.endInsertRows()
        return True

    def retell(self) -> None:
        """Show other answers of the same instances."""
        if self.instances:
            last = self.index(len(self.instances) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: _Index | None = None) -> int:
        """Return how many instances there are."""
        return 0 if parent is not None and parent.isValid() else len(self.instances)

    def columnCount(self, _parent: _Index | None = None) -> int:
        """Return how many questions are shown."""
        return max(len(self._questions), 1)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return an answer as a person reads it."""
        if role != Qt.ItemDataRole.DisplayRole or not self._questions or index.row() >= len(self.instances):
            return None
        question = self._questions[index.column()]
        path = self.instances[index.row()] + question.path[len(self._repeat.path) :]
        value = self._session.value(path)
        if question.kind in _FILES:
            return "✓" if value else "—"
        if question.itemset is not None and value:
            labels = {choice.value: choice.label for choice in self._session.choices(path, self._language())}
            return "、".join(labels.get(code, code) for code in value.split())
        return value

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - as Qt has it
        """Return the label of a question, or the number of an instance."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Vertical:
            return str(section + 1)
        return self._questions[section].label(self._language()) if section < len(self._questions) else ""


class RepeatView(QGroupBox):
    """A repeat on a page.

    Signals:
        reshaped: (snapshot before) an instance was added, copied, removed or moved.
    """

    reshaped = Signal(str)

    def __init__(
        self,
        session: Session,
        repeat: Repeat,
        path: str,
        language: Callable[[], str],
        build: Callable[[Repeat, str], "Rows"],
    ) -> None:
        super().__init__()
        self._session, self.repeat, self.path, self._language, self._build = session, repeat, path, language, build
        self.setObjectName(f"repeat_{repeat.name}")
        self._detail: Rows | None = None
        self._shown = ""
        self.model = InstanceModel(session, repeat, path, language)
        self.table = QTableView()
        self.table.setObjectName(f"table_{repeat.name}")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.table)
        self.add = button(f"add_{repeat.name}", "", self.add_instance)
        self._column.addWidget(self.add)
        self._column.addLayout(self._buttons())
        self._unfilled: list[str] = []
        self._answer = self._before = ""
        shortcut = QShortcut(QKeySequence("Ctrl+D"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.fill_down)

    def _buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        name = self.repeat.name
        self._tools: list[QToolButton] = []
        for key, mark, words, slot in (
            ("copy", _("Duplicate"), _("Duplicate"), self.duplicate),
            ("up", "↑", _("Move up"), lambda: self.move_by(-1)),
            ("down", "↓", _("Move down"), lambda: self.move_by(1)),
            ("fill", _("Fill"), _("Give this answer to the rows below that have none (Ctrl+D)"), self.fill_down),
            ("remove", "✕", _("Remove"), self.remove),
        ):
            tool = QToolButton()
            tool.setObjectName(f"{key}_{name}")
            tool.setText(mark)
            tool.setMinimumSize(40, 40)
            tool.setToolTip(words)
            tool.setAccessibleName(words)
            tool.clicked.connect(slot)
            tool.setFocusPolicy(Qt.FocusPolicy.NoFocus if key == "fill" else Qt.FocusPolicy.StrongFocus)
            is_word = key in {"copy", "fill"}  # words need their width, signs share the rest
            line.addWidget(tool, 0 if is_word else 1)
            wide = QSizePolicy.Policy.Minimum if is_word else QSizePolicy.Policy.Expanding
            tool.setSizePolicy(wide, QSizePolicy.Policy.Fixed)
            self._tools.append(tool)
        return line

    # --- showing -------------------------------------------------------------------------------------------------

    def rows(self) -> list["Row"]:
        """Return the rows of the shown instance."""
        return self._detail.rows() if self._detail is not None else []

    def current(self) -> int:
        """Return the number of the shown instance among its siblings, from 0; -1 if none is."""
        return self.model.instances.index(self._shown) if self._shown in self.model.instances else -1

    def show_path(self, path: str) -> "Row | None":
        """Show the instance a path lies in; return the row."""
        for number, instance in enumerate(self.model.instances):
            if path.startswith(instance + "/"):
                self.table.selectRow(number)
                return self._detail.show_path(path) if self._detail is not None else None
        return None

    @property
    def _is_open(self) -> bool:
        """Whether a person adds and removes instances."""
        return not (self.repeat.count or self.repeat.fixed)

    def _chosen(self, index: QModelIndex) -> None:
        instance = self.model.instances[index.row()] if index.isValid() else ""
        if instance == self._shown and self._detail is not None:
            return
        self._show(instance)

    def _show(self, instance: str) -> None:
        self._shown = instance
        if self._detail is not None:
            self._column.removeWidget(self._detail)
            self._detail.hide()
            self._detail.deleteLater()
            self._detail = None
        if instance:
            self._detail = self._build(self.repeat, instance)
            self._column.addWidget(self._detail)

    def refresh(self, changed: frozenset[str] | None = None, current: str = "") -> None:
        """Show the state of the session."""
        label = self.repeat.label(self._language())
        self.setTitle(label)
        if self._is_open:
            self.add.setText(_("Add one: {name}").format(name=label))
        if len(self._session.instances(self.path)) != len(self.model.instances):
            # What came by itself is only listed: to build the questions of an instance takes longer than a window may
            # wait, and of five hundred photos nobody asked for the first.
            if not (self._detail is not None or self._is_open) or not self.model.grow():
                self.reload(self.current())
        elif changed is None or any(path.startswith(self.repeat.path + "/") for path in changed):
            self.model.retell()
        self.add.setHidden(not self._is_open)
        if self._detail is not None:
            self._detail.refresh(changed, current)
        self.setVisible(not self.model.instances or self._session.relevant(self.model.instances[0]))
        self._fit()

    def _fit(self) -> None:
        count = len(self.model.instances)
        self.table.setVisible(count > 0)
        self.table.setFixedHeight(_ROW_PX * min(count, _TABLE_ROWS) + 46)
        for tool in self._tools:
            tool.setHidden(not count or not self._is_open)

    def reload(self, number: int) -> None:
        """Show the instances anew, and one of them."""
        self._show("")
        self.model.reload()
        if self.model.instances:
            self.table.selectRow(max(0, min(number, len(self.model.instances) - 1)))
        self._fit()

    # --- changing ------------------------------------------------------------------------------------------------

    def add_instance(self) -> None:
        """Add one at the end and go into it."""
        self._reshape(lambda: self._session.add_repeat(self.path), len(self.model.instances))
        first = next((row for row in self.rows() if row.takes_focus()), None)
        if first is not None:
            first.focus()

    def duplicate(self) -> None:
        """Add a copy of the shown one."""
        if self._shown:
            self._reshape(lambda: self._session.duplicate_repeat(self._shown), len(self.model.instances))

    def remove(self) -> None:
        """Remove the shown one; undo brings it back."""
        if self._shown:
            self._reshape(lambda: self._session.remove_repeat(self._shown), self.current())

    def move_by(self, by: int) -> None:
        """Move the shown one up or down."""
        number = self.current() + by
        if self._shown and 0 <= number < len(self.model.instances):
            self._reshape(lambda: self._session.move_repeat(self._shown, number + 1), number)

    @Slot()
    def fill_down(self) -> None:
        """Give the answer of the question the cursor is in to the rows below that have none."""
        row = next((row for row in self.rows() if row.isAncestorOf(QApplication.focusWidget() or row)), None)
        answer = self._session.value(row.path) if row is not None else ""
        if row is None or not answer or row.question.kind in _FILES or self._unfilled:
            return
        inside = row.path[len(self._shown) :]
        below = (instance + inside for instance in self.model.instances[self.current() + 1 :])
        self._unfilled = [path for path in below if self._is_blank(path)]
        if self._unfilled:
            self._answer, self._before = answer, self._session.snapshot()
            self._fill_some()

    def _is_blank(self, path: str) -> bool:
        is_there = self._session.engine.find(path) is not None and self._session.relevant(path)
        return is_there and not self._session.value(path) and not self._session.readonly(path)

    @Slot()
    def _fill_some(self) -> None:
        """Fill as many rows as the window can wait for, then the others."""
        clock = QElapsedTimer()
        clock.start()
        while self._unfilled and clock.elapsed() < _PATIENCE_MS:
            path = self._unfilled.pop(0)
            if self._session.engine.find(path) is not None:  # a row may have gone meanwhile
                self._session.answer(path, self._answer)
        if self._unfilled:
            QTimer.singleShot(0, self._fill_some)
        else:
            self.model.retell()
            self.reshaped.emit(self._before)

    def _reshape(self, change: Callable[[], object], then: int) -> None:
        before = self._session.snapshot()
        change()
        self.reload(then)
        self.reshaped.emit(before)
