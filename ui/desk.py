"""What the window gives to every workspace: histories and the trash beside it, undo, its place on the screens."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMenu, QStackedWidget, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from ui import icon

if TYPE_CHECKING:
    from ui.history.panel import HistoryPanel
    from ui.history.trash import TrashPanel
    from ui.main_window import MainWindow
    from ui.map.details import Feature

_WIDE = 340  # px
_TOLD_MS = 8_000
_BORDERS = QSize(8, 8)  # px that may lie outside the screen: nothing to read is in them, a bar with the title has more
_FRAMED_MS = 200  # until a window that is shown has its frame


def make_tables(window: "MainWindow") -> QWidget:
    """Return the table workspace of a window."""
    from ui.tables.panel import TablesPanel

    made = TablesPanel(window.store_runner, window.holder, window.canvas, window.remembered)
    made.map_wanted.connect(partial(_show_on_map, window))
    made.history_wanted.connect(window.desk.show_history)
    made.trash_wanted.connect(window.desk.show_trash)
    return made


def make_importer(window: "MainWindow") -> QWidget:
    """Return the import workspace of a window."""
    from ui.project.import_panel import ImportPanel

    made = ImportPanel(window.work_runner, window.store_runner, window.holder)
    made.map_wanted.connect(partial(window.show_workspace, "map"))
    return made


def make_review(window: "MainWindow") -> QWidget:
    """Return the review workspace of a window."""
    from ui.review.panel import ReviewPanel
    from ui.review.role import ask_role

    made = ReviewPanel(window.project, window.store_runner, window.work_runner, window.holder)
    made.records.conflicts_wanted.connect(partial(window.show_workspace, "conflicts"))
    made.records.form_wanted.connect(window.open_record)
    made.records.role_wanted.connect(partial(ask_role, window))
    made.records.set_role(window.settings.role)
    for canvas in (made.canvas, made.records.canvas):
        canvas.set_theme(window.settings.theme)
        window.theme_changed.connect(canvas.set_theme)
    if window.canvas.sidecar is not None:
        made.take_map(window.canvas.sidecar)
    return made


def make_conflicts(window: "MainWindow") -> QWidget:
    """Return the conflict desk of a window."""
    from ui.conflicts.panel import make_desk

    return make_desk(window)


def make_plan(window: "MainWindow") -> QWidget:
    """Return the plan workspace of a window."""
    from ui.plan.panel import PlanPanel

    made = PlanPanel(window.store_runner, window.work_runner, window.holder)
    made.record_wanted.connect(window.open_record)
    window.project.closed.connect(made.close_timer)
    return made


def make_exports(window: "MainWindow") -> QWidget:
    """Return the export workspace of a window."""
    from ui.exports.panel import ExportPanel

    return ExportPanel(window.store_runner, window.holder, window.work_runner, window.remembered)


def _show_on_map(window: "MainWindow", features: "list[Feature]") -> None:
    window.show_workspace("map")
    window.canvas.select_features(frozenset(features))
    window.canvas.zoom_to_feature(*features[0])


class Desk(QObject):
    """The panels beside all workspaces, and the keys that work in all of them."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._history: HistoryPanel | None = None
        self._trash: TrashPanel | None = None
        self._stack = QStackedWidget()
        self.dock = QDockWidget(_("History"), window)
        self.dock.setObjectName("desk_dock")
        self.dock.setTitleBarWidget(QWidget(self.dock))  # the panels have their own heads
        self.dock.setWidget(self._stack)
        self.dock.setMinimumWidth(_WIDE)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()
        window.installEventFilter(self)
        window.project.opened.connect(self.close)
        window.project.changed.connect(self._refresh)
        if kept := window.settings.geometry:
            window.restoreGeometry(QByteArray.fromBase64(kept.encode()))  # moves back what would be off all screens
        self._framed = QTimer(self, singleShot=True, interval=_FRAMED_MS)
        self._framed.setObjectName("framed")
        self._framed.timeout.connect(self._fit_screen)

    # --- history and trash ---------------------------------------------------------------------------------------

    @property
    def history(self) -> "HistoryPanel":
        """The history panel, made at the first use."""
        if self._history is None:
            from ui.history.panel import HistoryPanel

            self._history = HistoryPanel(self._window.store_runner, self._window.holder)
            self._history.closed.connect(self.close)
            self._history.told.connect(self._tell)
            self._stack.addWidget(self._history)
        return self._history

    @property
    def trash(self) -> "TrashPanel":
        """The trash panel, made at the first use."""
        if self._trash is None:
            from ui.history.trash import TrashPanel

            self._trash = TrashPanel(self._window.store_runner, self._window.holder)
            self._trash.closed.connect(self.close)
            self._trash.told.connect(self._tell)
            self._trash.history_wanted.connect(self.show_history)
            self._stack.addWidget(self._trash)
        return self._trash

    @Slot(str, str)
    def show_history(self, table: str, uid: str) -> None:
        """Show the history of a record beside the workspace."""
        self.history.show_record(table, uid)
        self._show(self.history, self.history.tree)

    @Slot()
    def show_trash(self) -> None:
        """Show what was deleted beside the workspace."""
        self.trash.refresh()
        self._show(self.trash, self.trash.list)

    def _show(self, panel: QWidget, focus: QWidget) -> None:
        self._stack.setCurrentWidget(panel)
        self.dock.show()
        focus.setFocus()

    @Slot()
    def close(self) -> None:
        """Hide the panel beside the workspace."""
        self.dock.hide()

    @Slot()
    def _refresh(self) -> None:
        if self.dock.isVisible() and self._stack.currentWidget() is self._history and self._history is not None:
            self._history.refresh()
        elif self.dock.isVisible() and self._trash is not None:
            self._trash.refresh()

    def current(self) -> "Feature | None":
        """Return the record that the person is at: the row, the open form, the feature, else the community."""
        window = self._window
        if window.workspaces.current == "table":
            return cast("Feature | None", window.workspaces.page("table").current())  # type: ignore[attr-defined]
        if window.form.record is not None and window.form.record.record is not None:
            record = window.form.record.record
            return record.table, record.uid
        if len(window.canvas.selected) == 1:
            return next(iter(window.canvas.selected))
        return ("community", window.forms.uid) if window.forms.uid else None

    @Slot()
    def show_current_history(self) -> None:
        """Show the history of the record that the person is at."""
        record = self.current()
        if record is None:
            self._tell(_("Choose a community, a feature or a row first; then its history can be shown."))
        else:
            self.show_history(*record)

    # --- undo ----------------------------------------------------------------------------------------------------

    @Slot()
    def undo(self) -> None:
        """Take back the last step that was saved here, whatever it was."""
        self._step(redo=False)

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step(redo=True)

    def _step(self, *, redo: bool) -> None:
        window = self._window
        if window.project.current is None:
            return

        def work(_control: JobControl) -> str:
            store = window.holder.store
            uids = store.redo() if redo else store.undo()
            text = _("Done again: {what}.") if redo else _("Taken back: {what}. Ctrl+Y does it again.")
            return text.format(what=_called(store, uids))

        job = window.store_runner.start(work, quick=True)
        job.succeeded.connect(self._stepped)
        job.failed.connect(self._fail)

    @Slot(object)
    def _stepped(self, text: str) -> None:
        form = self._window.form
        if form.current is not None and form.is_kept():
            form.open(form.current)  # it may have been this form that was taken back
        self._tell(text)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._window.tell_trouble(str(error))

    @Slot(str)
    def _tell(self, text: str) -> None:
        self._window.statusBar().showMessage(text, _TOLD_MS)

    # --- keys, menu, place ---------------------------------------------------------------------------------------

    def fill_menu(self, menu: QMenu) -> None:
        """Fill the menu of editing. Undo has no shortcut of the menu: editors have their own, which go first."""
        for name, text, keys, slot in (
            ("undo", _("Undo") + "\tCtrl+Z", "", self.undo),
            ("redo", _("Redo") + "\tCtrl+Y", "", self.redo),
            ("history", _("History of the record"), "Ctrl+H", self.show_current_history),
            ("trash", _("Deleted records"), "Ctrl+Shift+H", self.show_trash),
        ):
            action = QAction(text, self._window)
            action.setObjectName(f"action_{name}")
            icon.wear(action, name)
            if keys:
                action.setShortcut(QKeySequence(keys))
            action.triggered.connect(slot)
            menu.addAction(action)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of undo that nobody else wanted, and remember where the window was when it closes."""
        if watched is self._window and event.type() == QEvent.Type.KeyPress:
            key = cast("QKeyEvent", event)
            if key.matches(QKeySequence.StandardKey.Undo):
                self.undo()
                return True
            if key.matches(QKeySequence.StandardKey.Redo) or (
                key.key() == Qt.Key.Key_Y and key.modifiers() == Qt.KeyboardModifier.ControlModifier
            ):
                self.redo()
                return True
        elif watched is self._window and event.type() == QEvent.Type.Show:
            self._framed.start()
        elif watched is self._window and event.type() == QEvent.Type.Close:
            kept = self._window.saveGeometry().toBase64().toStdString()
            self._window.remembered.change(geometry=kept)
        return super().eventFilter(watched, event)

    @Slot()
    def _fit_screen(self) -> None:
        """Let the window take all of a screen that it fits, but not with its frame: its state line would lie below.

        So it is on a small laptop at the first start, and where letters became larger since the last one.
        """
        window, room = self._window, self._window.screen().availableSize()
        if window.isMaximized() or window.isFullScreen():
            return
        size, framed = window.size(), window.frameSize()
        if size == size.boundedTo(room) and framed != framed.boundedTo(room + _BORDERS):
            window.showMaximized()


def _called(store: Store, uids: Sequence[str]) -> str:
    """Return what people call the records of a step: the first by its name, the others by their number."""
    row = store.get(uids[0]) if uids else None
    if row is None:
        return _("{n} records").format(n=len(uids))
    name = row.values.get("name") or row.values.get("source_id") or ""
    first = f"{store.tables()[row.table].label} {name!s}".strip()
    return first if len(uids) == 1 else _("{first} and {n} more").format(first=first, n=len(uids) - 1)
