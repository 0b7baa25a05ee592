"""The table workspace: choose a table, filter in words, sort, edit, copy; the selection is that of the map."""

from array import array
from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.conditions import Condition, Field, Sort
from fieldsurvey.model.filter_words import parse, told
from fieldsurvey.model.schema import Table, TableKind, Value
from fieldsurvey.store import Statistics, Store
from ui import shown
from ui.empty import EmptyState
from ui.jobs import JobRunner
from ui.map.canvas import MapCanvas
from ui.project.holder import StoreHolder
from ui.project.overview import Overview
from ui.remembered import Remembered
from ui.tables import clipboard
from ui.tables.columns import Layout, copied_value, head, shown_value, width
from ui.tables.detail import DetailStrip
from ui.tables.editing import change_cell
from ui.tables.filter_bar import FilterBar
from ui.tables.model import TableModel
from ui.tables.reading import Found, TableReader, Wanted, read_rows
from ui.tables.remembering import TableMemory
from ui.tables.statistics import StatisticsPanel
from ui.tables.view import TableGrid

_MOST_COPIED = 100_000  # rows; more is a matter of the export
_MOST_SHARED = 500  # rows that are outlined on the map
_SHARE_MS = 120  # after so long without another choice the map follows
Feature = tuple[str, str]


class TablesPanel(QWidget):
    """The table workspace.

    Signals:
        map_wanted: (features) they are to be shown on the map.
        history_wanted: (table, uid) the history of a record is to be shown.
        trash_wanted: () deleted records are to be shown.
    """

    map_wanted = Signal(object)
    history_wanted = Signal(str, str)
    trash_wanted = Signal()

    def __init__(self, runner: JobRunner, holder: StoreHolder, canvas: MapCanvas, remembered: Remembered) -> None:
        super().__init__()
        self.setObjectName("tables")
        self._canvas, self._remembered = canvas, remembered
        self.reader = TableReader(runner, holder, self)
        self.layout_: Layout | None = None
        self._path: object = None
        self._counter = -1
        self._sort: Sort | None = None
        self._condition: Condition | None = None
        self._is_following = False
        self._told = ""
        self.model = TableModel(self)
        self.grid = TableGrid()
        self.grid.setModel(self.model)
        self.empty = EmptyState(self.grid, _("Looking for rows …"))
        self.bar = FilterBar()
        self.detail = DetailStrip()
        self.statistics = StatisticsPanel()
        self.statistics.hide()
        self._share_later = QTimer(self, singleShot=True, interval=_SHARE_MS)
        self._share_later.setObjectName("table_share")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        across = QSplitter(Qt.Orientation.Horizontal)
        across.setObjectName("table_across")
        across.addWidget(self.grid)
        across.addWidget(self.statistics)
        across.setStretchFactor(0, 1)
        down = QSplitter(Qt.Orientation.Vertical)
        down.setObjectName("table_down")
        down.addWidget(across)
        down.addWidget(self.detail)
        down.setStretchFactor(0, 1)
        down.setSizes([480, 120])
        across.setChildrenCollapsible(False)
        down.setChildrenCollapsible(False)
        self.memory = TableMemory(self._remembered, self.grid, (across, down), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.bar)
        column.addWidget(down, 1)

    def _connect(self) -> None:
        reader, bar, grid = self.reader, self.bar, self.grid
        reader.listed.connect(self._show_tables)
        reader.opened.connect(self._show_table)
        reader.found.connect(self._show_rows)
        reader.pages.connect(self.model.take_pages)
        reader.failed.connect(self._fail)
        self.model.pages_wanted.connect(self._read_pages)
        self.model.edit_wanted.connect(self._change)
        bar.table_chosen.connect(self.open_table)
        bar.filtered.connect(self._filter)
        bar.columns_chosen.connect(self._choose_columns)
        bar.statistics_wanted.connect(self.show_statistics)
        bar.copy_wanted.connect(self.copy)
        bar.map_wanted.connect(self._show_on_map)
        bar.history_wanted.connect(self._want_history)
        bar.trash_wanted.connect(self.trash_wanted)
        grid.copy_wanted.connect(self.copy)
        grid.delete_wanted.connect(self.delete_chosen)
        grid.horizontalHeader().sortIndicatorChanged.connect(self._sort_by)
        grid.horizontalHeader().sectionMoved.connect(self._columns_moved)
        grid.customContextMenuRequested.connect(self._show_menu)
        grid.selectionModel().selectionChanged.connect(self._share_later.start)
        grid.selectionModel().currentRowChanged.connect(self._show_detail)
        self.statistics.closed.connect(self.statistics.hide)
        self.statistics.value_wanted.connect(self._only_value)
        self._share_later.timeout.connect(self._share)
        self._canvas.selection_changed.connect(self._follow_map)

    # --- which table ---------------------------------------------------------------------------------------------

    def show_project(self, now: Overview) -> None:
        """Take note of a project, or of changes in it."""
        if self._path != now.path:
            self._path, self.layout_ = now.path, None
            self.bar.line.clear()
            self.memory.begin(str(now.path))
        self.reader.list_tables()

    @Slot(object)
    def _show_tables(self, found: Sequence[tuple[Table, int]]) -> None:
        name = self.layout_.table.name if self.layout_ else self._remembered.now.table
        self.bar.show_tables(found, name)
        if self.layout_ is None:
            self.open_table(self.bar.table())
        else:
            self._look_for_changes()

    def _look_for_changes(self) -> None:
        layout = self.layout_
        if layout is not None:
            name = layout.table.name
            self.reader.run(lambda store: store.change_counter([name]), self._find_changed)

    def _find_changed(self, counter: object) -> None:
        if counter != self._counter:
            self._find()

    @Slot(str)
    def open_table(self, name: str) -> None:
        """Show another table, with the columns that were chosen for it last."""
        if name:
            self._remembered.change(table=name)
            self.reader.open(name)

    @Slot(object)
    def _show_table(self, layout: Layout) -> None:
        is_other = self.layout_ is None or self.layout_.table.name != layout.table.name
        self.layout_ = layout
        if is_other:
            self.model.show_rows((), array("q"))  # nothing of the table before is read with the columns of this one
            self._sort = self._condition = None
            self.statistics.hide()
            self.bar.show_layout(layout, self._columns())
            self.grid.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.detail.show_nothing()
        self._find()

    def _columns(self) -> list[str]:
        """Return the columns shown, as they were chosen last."""
        if self.layout_ is None:
            return []
        kept = [name for name in self.memory.columns(self.layout_.table.name) if name in self.layout_.fields]
        return kept or self.layout_.first_columns()

    @Slot(object)
    def _choose_columns(self, names: Sequence[str]) -> None:
        if self.layout_ is not None:
            self.memory.keep_columns(self.layout_.table.name, names)
            self.bar.show_columns(self._columns())
            self._show_order(self.model.order)

    @Slot()
    def _columns_moved(self) -> None:
        """Remember the order of the columns that a person moved."""
        if self.layout_ is not None:
            names = [self.model.fields[n].column.name for n in self.grid.shown_order()]
            self.memory.keep_columns(self.layout_.table.name, names)

    # --- which rows ----------------------------------------------------------------------------------------------

    def _find(self, told: str = "") -> None:
        self._told = told
        if self.layout_ is not None:
            self.bar.say_searching()
            self.reader.find(Wanted(self.layout_.table.name, self._condition, self._sort))

    @Slot(object)
    def _show_rows(self, found: Found) -> None:
        layout = self.layout_
        if layout is None or found.wanted != Wanted(layout.table.name, self._condition, self._sort):
            return
        at, row = self.grid.verticalScrollBar().value(), self.grid.currentIndex().row()
        column = max(0, self.grid.currentIndex().column())
        is_same = self._counter >= 0 and len(found.order) == self.model.rowCount() and bool(self.model.fields)
        self._counter = found.counter
        self._show_order(found.order)
        if is_same and row >= 0:
            self.grid.setCurrentIndex(self.model.index(row, min(column, self.model.columnCount() - 1)))
            self.grid.verticalScrollBar().setValue(at)
        self.bar.say_rows(len(found.order), found.total)
        self.empty.say(self.bar.told.text())
        if self._told:
            self.bar.say(self._told)
            self._told = ""

    def _show_order(self, order: object) -> None:
        layout = self.layout_
        if layout is None:
            return
        fields = [layout.fields[name] for name in self._columns()]
        is_other = [f.column.name for f in fields] != [f.column.name for f in self.model.fields]
        heads = self.grid.horizontalHeader()
        self.memory.show_table(layout.table.name, [field.column.name for field in fields])
        widths = self.memory.widths(layout.table.name)
        heads.blockSignals(True)
        self.model.show_rows(fields, order)  # type: ignore[arg-type]
        if is_other:
            for place, field in enumerate(fields):
                heads.moveSection(heads.visualIndex(place), place)
                heads.resizeSection(place, widths.get(field.column.name) or width(field))
        heads.blockSignals(False)

    @Slot(object)
    def _read_pages(self, numbers: Sequence[int]) -> None:
        if self.layout_ is not None:
            wanted = {number: self.model.fids_of_page(number) for number in numbers}
            self.reader.read_pages(self.layout_, self.model.fields, self.model.order, wanted)

    @Slot(str)
    def _filter(self, text: str) -> None:
        """Filter by what was typed, or say what is wrong with it."""
        if self.layout_ is None:
            return
        try:
            self._condition = parse(text, self.layout_.fields)
        except InputRefused as error:
            self.bar.say(str(error), wrong=True)
            return
        self._find()

    def _sort_by(self, section: int, order: Qt.SortOrder) -> None:
        if 0 <= section < len(self.model.fields):
            field = self.model.fields[section]
            codes = () if field.several else tuple(field.choices)
            self._sort = Sort(field.column.name, order == Qt.SortOrder.DescendingOrder, codes)
        else:
            self._sort = None
        self._find()

    def only(self, index: QModelIndex, *, but: bool = False) -> None:
        """Show only the rows that have the value of a cell, or all but these."""
        field = self.model.fields[index.column()]
        value, text = self.model.value(index.row(), index.column()), str(index.data())
        words = told(field, value, text)
        self.bar.add(_("not {condition}").format(condition=words) if but else words)

    @Slot(object)
    def _only_value(self, value: Value) -> None:
        if self._measured is not None:
            field, names = self._measured
            self.bar.add(told(field, value, shown_value(field, value, names)))

    # --- one record ----------------------------------------------------------------------------------------------

    @Slot()
    def _show_detail(self) -> None:
        layout, uid = self.layout_, self.model.uid(self.grid.currentIndex().row())
        if layout is None or not uid:
            return

        def work(store: Store) -> tuple[Mapping[str, Value], Mapping[str, Mapping[str, str]]]:
            row = store.get(uid)
            fids = store.numbers_of(layout.table.name, [uid])
            names = read_rows(store, layout.table, list(layout.fields.values()), fids)[2]
            return ({} if row is None else row.values), names

        self.reader.run(work, partial(self._take_detail, layout))

    def _take_detail(self, layout: Layout, result: object) -> None:
        values, names = cast("tuple[Mapping[str, Value], Mapping[str, Mapping[str, str]]]", result)
        self.detail.show_record(layout, values, names)

    def current(self) -> Feature | None:
        """Return table and uid of the current row."""
        uid = self.model.uid(self.grid.currentIndex().row())
        return (self.layout_.table.name, uid) if self.layout_ is not None and uid else None

    @Slot()
    def _want_history(self) -> None:
        if (record := self.current()) is not None:
            self.history_wanted.emit(*record)
        else:
            self.bar.say(_("Choose a row first."), wrong=True)

    @Slot(int, str, str, str)
    def _change(self, row: int, uid: str, column: str, text: str) -> None:
        layout = self.layout_
        if layout is None:
            return
        field = layout.fields[column]

        def work(store: Store) -> int:
            change_cell(store, layout.table, uid, field, text)
            return store.change_counter([layout.table.name])

        self.reader.run(work, partial(self._was_changed, row))

    def _was_changed(self, row: int, counter: object) -> None:
        """Show what was saved; a row keeps its place until the person sorts or filters again."""
        self._counter = cast("int", counter)
        self.model.reread()
        self.bar.say(_("Row {n} saved.").format(n=shown.number(row + 1)))
        self._show_detail()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self.bar.say(str(error), wrong=True)

    @Slot()
    def delete_chosen(self) -> None:
        """Delete the chosen rows in one step; undo and the trash bring them back."""
        layout = self.layout_
        rows = [row for first, last in self.grid.chosen_rows() for row in range(first, last + 1)]
        uids = [uid for row in rows[: _MOST_SHARED + 1] if (uid := self.model.uid(row))]
        if layout is None or not uids or layout.table.kind is TableKind.REPEAT:
            self.bar.say(
                _("Choose rows of a layer or a form first; rows of a list are removed in its form."), wrong=True
            )
            return
        if len(rows) > _MOST_SHARED:
            self.bar.say(_("At most {n} rows are deleted at once.").format(n=_MOST_SHARED), wrong=True)
            return

        def work(store: Store) -> int:
            with store.transaction():
                for uid in uids:
                    store.delete(uid)
            return len(uids)

        self.reader.run(work, self._was_deleted)

    def _was_deleted(self, count: object) -> None:
        self.grid.clearSelection()
        text = _("{n} rows deleted. Ctrl+Z brings them back, later the list of deleted records does.")
        self._find(told=text.format(n=count))

    # --- columns together ----------------------------------------------------------------------------------------

    _measured: tuple[Field, Mapping[str, str]] | None = None

    @Slot()
    def show_statistics(self) -> None:
        """Show what the values of the current column are together."""
        layout, place = self.layout_, max(0, self.grid.currentIndex().column())
        if layout is not None and place < len(self.model.fields):
            field = self.model.fields[place]
            name, then = layout.table.name, partial(self._show_statistics, field)
            self.reader.statistics(name, field.column.name, self._condition, then)

    def _show_statistics(self, field: Field, result: object) -> None:
        found, names = cast("tuple[Statistics, Mapping[str, str]]", result)
        self._measured = (field, names)
        self.statistics.show_column(field, found, names)
        self.statistics.show()

    # --- out -----------------------------------------------------------------------------------------------------

    @Slot()
    def copy(self) -> None:
        """Copy the chosen rows, else all that are shown, for Excel and Word."""
        layout, order = self.layout_, self.model.order
        if layout is None:
            return
        chosen = self.grid.chosen_rows() or [(0, len(order) - 1)]
        fids = [fid for first, last in chosen for fid in order[first : last + 1]]
        if len(fids) > _MOST_COPIED:
            text = _("{n} rows are too many to copy; at most {most}. Filter first, or export the layer.")
            self.bar.say(text.format(n=shown.number(len(fids)), most=shown.number(_MOST_COPIED)), wrong=True)
            return
        fields = [self.model.fields[n] for n in self.grid.shown_order()]

        def work(store: Store) -> tuple[int, str, str]:
            rows, _fields, names = read_rows(store, layout.table, fields, fids)
            texts = [
                [copied_value(f, v, names.get(f.column.name, {})) for f, v in zip(fields, row[1:], strict=True)]
                for row in rows
                if row is not None
            ]
            heads, numbers = [head(f) for f in fields], [f.is_number for f in fields]
            return len(texts), clipboard.as_tabs(heads, texts, numbers), clipboard.as_html(heads, texts, numbers)

        self.reader.run(work, self._put_on_clipboard)

    def _put_on_clipboard(self, result: object) -> None:
        count, text, page = cast("tuple[int, str, str]", result)
        data = QMimeData()
        data.setText(text)
        data.setHtml(page)
        QGuiApplication.clipboard().setMimeData(data)
        self.bar.say(_("{n} rows copied; paste them into Excel or Word.").format(n=shown.number(count)))

    # --- the map -------------------------------------------------------------------------------------------------

    def features(self) -> list[Feature]:
        """Return the chosen rows as the map knows them: themselves, or the community that a form is about."""
        layout = self.layout_
        if layout is None:
            return []
        rows = [row for first, last in self.grid.chosen_rows() for row in range(first, min(last, first + 500) + 1)]
        names = [field.column.name for field in self.model.fields]
        found: list[Feature] = []
        for row in rows[:_MOST_SHARED]:
            if layout.table.kind is TableKind.ASSET and layout.table.geometry is not None:
                found.append((layout.table.name, self.model.uid(row)))
            elif "community_uid" in names:
                found.append(("community", str(self.model.value(row, names.index("community_uid")) or "")))
        return [feature for feature in dict.fromkeys(found) if feature[1]]

    @Slot()
    def _share(self) -> None:
        if self.isVisible() and (features := self.features()):
            self._is_following = True
            self._canvas.select_features(frozenset(features))
            self._is_following = False

    @Slot()
    def _show_on_map(self) -> None:
        if features := self.features():
            self.map_wanted.emit(features)
        else:
            self.bar.say(_("Choose rows first."), wrong=True)

    @Slot()
    def _follow_map(self) -> None:
        """Choose the rows of what was chosen on the map."""
        layout = self.layout_
        if self._is_following or layout is None:
            return
        name = layout.table.name
        uids = [uid for table, uid in self._canvas.selected if table == name]
        if uids:
            self.reader.run(lambda store: store.numbers_of(name, uids), self._choose_numbers)

    def _choose_numbers(self, fids: object) -> None:
        wanted = set(cast("list[int]", fids))
        rows = [row for row, fid in enumerate(self.model.order) if fid in wanted] if wanted else []
        self.grid.choose(rows)

    # --- menu and keys -------------------------------------------------------------------------------------------

    @Slot(QPoint)
    def _show_menu(self, spot: QPoint) -> None:
        index = self.grid.indexAt(spot)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(_("Only these: {value}").format(value=index.data() or _("(blank)")), partial(self.only, index))
        menu.addAction(_("All but these"), partial(self.only, index, but=True))
        menu.addSeparator()
        menu.addAction(_("Statistics of this column"), self.show_statistics)
        menu.addAction(_("Copy rows"), self.copy)
        menu.addAction(_("Show on the map"), self._show_on_map)
        menu.addAction(_("History of the record"), self._want_history)
        menu.addSeparator()
        menu.addAction(_("Delete rows"), self.delete_chosen)
        menu.popup(self.grid.viewport().mapToGlobal(spot))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+F goes to the filter; Esc closes what was opened last."""
        if event.key() == Qt.Key.Key_Escape and self.statistics.isVisible():
            self.statistics.hide()
            self.grid.setFocus()
        else:
            super().keyPressEvent(event)
