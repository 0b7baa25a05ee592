"""How a person left the tables of a project: columns, their widths, and the sizes of the parts of the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QSplitter

from fieldsurvey.settings import Look
from ui.remembered import Remembered
from ui.tables.view import TableGrid

_REST_MS = 400  # after the last movement of a mouse that drags


class TableMemory(QObject):
    """Keeps it with every change, and gives it back; per project, and per layer or form."""

    def __init__(self, remembered: Remembered, grid: TableGrid, parts: Sequence[QSplitter], parent: QObject) -> None:
        """Watch widths of columns and splitters, which are known by their object names."""
        super().__init__(parent)
        self._remembered, self._grid, self._parts = remembered, grid, parts
        self._project = self._table = ""
        self._names: Sequence[str] = ()
        self._later = QTimer(self, singleShot=True, interval=_REST_MS)
        self._later.setObjectName("table_memory")
        self._later.timeout.connect(self.keep)
        grid.horizontalHeader().sectionResized.connect(self._resized)
        grid.installEventFilter(self)
        for part in parts:
            part.splitterMoved.connect(self._moved)
        self._widths: dict[str, int] = {}
        self._sizes: dict[str, tuple[int, ...]] = {}

    @property
    def _look(self) -> Look:
        return self._remembered.now.looks.get(self._project, Look())

    def begin(self, project: str) -> None:
        """Take note of a project, and give the parts the sizes that they had in it."""
        self.keep()
        self._project, self._table = project, ""
        for part in self._parts:
            sizes = self._look.splitters.get(part.objectName(), ())
            if len(sizes) == part.count():
                part.setSizes(list(sizes))

    def columns(self, table: str) -> Sequence[str]:
        """Return the columns chosen last: in this project, else in any other."""
        return self._look.columns.get(table) or self._remembered.now.columns.get(table, ())

    def keep_columns(self, table: str, names: Sequence[str]) -> None:
        """Remember the columns that were chosen or moved."""
        now = self._remembered.now
        look = replace(self._look, columns={**self._look.columns, table: tuple(names)})
        columns = {**now.columns, table: tuple(names)}
        self._remembered.keep(replace(now.with_look(self._project, look), columns=columns))

    def widths(self, table: str) -> Mapping[str, int]:
        """Return the widths that a person gave to columns, px."""
        return {**self._look.widths.get(table, {}), **(self._widths if table == self._table else {})}

    def show_table(self, table: str, names: Sequence[str]) -> None:
        """Take note of the columns that are shown, in the order of the model."""
        if table != self._table:
            self.keep()
            self._table = table
        self._names = list(names)

    @Slot(int, int, int)
    def _resized(self, section: int, _before: int, width: int) -> None:
        if 0 <= section < len(self._names) and width:
            self._widths[self._names[section]] = width
            self._later.start()

    @Slot()
    def _moved(self) -> None:
        self._sizes |= {part.objectName(): tuple(part.sizes()) for part in self._parts}
        self._later.start()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Lose nothing when the workspace is left or the window closes."""
        if event.type() == QEvent.Type.Hide:
            self.keep()
        return False

    @Slot()
    def keep(self) -> None:
        """Remember what was changed by now."""
        self._later.stop()
        if self._project and (self._widths or self._sizes):
            look, table = self._look, self._table
            widths = {**look.widths, table: {**look.widths.get(table, {}), **self._widths}}
            look = replace(look, widths=widths, splitters={**look.splitters, **self._sizes})
            self._widths, self._sizes = {}, {}
            self._remembered.keep(self._remembered.now.with_look(self._project, look))
