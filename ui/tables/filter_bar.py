"""Above the table: which table, which rows, which columns, what to do with them."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Table
from ui import icon, shown
from ui.tables.columns import Layout, head


class FilterBar(QWidget):
    """The bar of the table workspace.

    Signals:
        table_chosen: (name) another table is wanted.
        filtered: (text) rows are to be filtered.
        columns_chosen: ([name]) other columns are wanted.
        statistics_wanted, copy_wanted, map_wanted, history_wanted, trash_wanted: () a button was pressed.
    """

    table_chosen = Signal(str)
    filtered = Signal(str)
    columns_chosen = Signal(object)
    statistics_wanted = Signal()
    copy_wanted = Signal()
    map_wanted = Signal()
    history_wanted = Signal()
    trash_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: Layout | None = None
        self.tables = QComboBox()
        self.tables.setObjectName("table_choice")
        self.tables.setAccessibleName(_("Which table"))
        self.tables.setMinimumWidth(220)
        self.tables.setMaxVisibleItems(24)
        self.tables.activated.connect(self._choose_table)
        self.line = QLineEdit()
        self.line.setObjectName("table_filter")
        self.line.setAccessibleName(_("Filter in words"))
        self.line.setClearButtonEnabled(True)
        self.line.returnPressed.connect(self._filter)
        self.line.textChanged.connect(self._cleared)
        self.told = QLabel()
        self.told.setObjectName("table_told")
        self.told.setProperty("role", "hint")
        self.told.setWordWrap(True)
        self._condition_menu, add = self._menu_button("table_condition", _("Condition"), "filter")
        self._columns_menu, columns = self._menu_button("table_columns", _("Columns"), "columns")
        above = QHBoxLayout()
        above.addWidget(self.tables)
        above.addWidget(self.line, 1)
        for each in (add, columns):
            above.addWidget(each)
        below = QHBoxLayout()
        below.addWidget(self.told, 1)
        for name, text, tip, picture, signal in (
            ("table_statistics_button", _("Statistics"), _("Count, sum and mean of the column"), "statistics",
             self.statistics_wanted),
            ("table_copy", _("Copy"), _("Copy the chosen rows, else all, for Excel (Ctrl+C)"), "copy",
             self.copy_wanted),
            ("table_map", _("To the map"), _("Show the chosen rows on the map"), "map", self.map_wanted),
            ("table_history", _("History"), _("Who changed this record, when, from what"), "history",
             self.history_wanted),
            ("table_trash", _("Deleted"), _("Deleted records, and how to have them back"), "trash", self.trash_wanted),
        ):  # fmt: skip
            below.addWidget(_tool(name, text, tip, picture, signal))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(above)
        column.addLayout(below)

    def _menu_button(self, name: str, text: str, picture: str) -> tuple[QMenu, QToolButton]:
        button = _tool(name, text, text, picture)
        menu = QMenu(button)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return menu, button

    # --- tables and columns --------------------------------------------------------------------------------------

    def show_tables(self, found: Sequence[tuple[Table, int]], current: str) -> None:
        """List the tables with their numbers of rows; the current one stays."""
        self.tables.clear()
        kind = None
        for table, count in found:
            if kind is not None and table.kind is not kind:
                self.tables.insertSeparator(self.tables.count())
            kind = table.kind
            self.tables.addItem(f"{table.label}  {shown.number(count)}", table.name)
        self.tables.setCurrentIndex(max(0, self.tables.findData(current)))

    def table(self) -> str:
        """Return the table that is chosen."""
        return str(self.tables.currentData() or "")

    @Slot()
    def _choose_table(self) -> None:
        self.line.clear()
        self.table_chosen.emit(self.table())

    def show_layout(self, layout: Layout, columns: Sequence[str]) -> None:
        """Offer the columns of a table."""
        self._layout = layout
        number = next((field for field in layout.fields.values() if field.is_number), None)
        first = next(iter(layout.fields.values()))
        example = f"{number.column.label} < 1990" if number else f"{first.column.label} = …"
        self.line.setPlaceholderText(_("Filter in words, then Enter: {example}").format(example=example))
        self._condition_menu.clear()
        for field in layout.fields.values():
            self._condition_menu.addAction(head(field), partial(self.begin, field.column.label))
        self.show_columns(columns)

    def show_columns(self, columns: Sequence[str]) -> None:
        """Tick the columns that are shown."""
        layout = self._layout
        if layout is None:
            return
        self._columns_menu.clear()
        for name, field in layout.fields.items():
            action = self._columns_menu.addAction(head(field))
            action.setCheckable(True)
            action.setChecked(name in columns)
            action.toggled.connect(partial(self._toggle, list(columns), name))
        self._columns_menu.addSeparator()
        first = layout.first_columns()
        self._columns_menu.addAction(_("All columns as at first"), partial(self.columns_chosen.emit, first))

    def _toggle(self, columns: list[str], name: str, on: bool) -> None:
        chosen = [*columns, name] if on else [other for other in columns if other != name]
        if chosen:
            self.columns_chosen.emit(chosen)

    # --- filter --------------------------------------------------------------------------------------------------

    def begin(self, label: str) -> None:
        """Write the name of a column, for the person to go on from."""
        before = self.line.text().strip()
        self.line.setText(_("{before} and {condition}").format(before=before, condition=label) if before else label)
        self.line.setText(self.line.text() + " = ")
        self.line.setFocus()

    def add(self, condition: str) -> None:
        """Filter by one condition more."""
        before = self.line.text().strip()
        is_joined = any(word in before for word in ("或", " or "))
        before = f"({before})" if is_joined else before
        text = _("{before} and {condition}").format(before=before, condition=condition) if before else condition
        self.line.setText(text)
        self._filter()

    @Slot()
    def _filter(self) -> None:
        self.filtered.emit(self.line.text())

    @Slot(str)
    def _cleared(self, text: str) -> None:
        if not text:
            self._filter()

    # --- telling -------------------------------------------------------------------------------------------------

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Tell what happened, or what is wrong."""
        self.told.setProperty("role", "error" if wrong else "hint")
        self.told.style().polish(self.told)
        self.told.setText(text)

    def say_searching(self) -> None:
        """Tell that rows are being looked for."""
        self.say(_("Looking for rows …"))

    def say_rows(self, found: int, total: int) -> None:
        """Tell how many rows are shown."""
        if not total:
            self.say(_("Nothing here yet. Import a layer (Ctrl+I), or fill in a form; then its rows stand here."))
        elif not found:
            self.say(_("No row of {total} fulfils the filter. Clear it to see all.").format(total=shown.number(total)))
        elif found == total:
            self.say(_("{n} rows").format(n=shown.number(total)))
        else:
            self.say(_("{n} of {total} rows").format(n=shown.number(found), total=shown.number(total)))


def _tool(name: str, text: str, tip: str, picture: str, signal: object = None) -> QToolButton:
    made = QToolButton()
    made.setObjectName(name)
    made.setText(text)
    made.setToolTip(tip)
    made.setAccessibleName(text)
    made.setAccessibleDescription(tip)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    made.setMinimumHeight(36)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    icon.wear(made, picture)
    if signal is not None:
        made.clicked.connect(signal)
    return made
