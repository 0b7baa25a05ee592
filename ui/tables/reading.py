"""Between the table and the store thread: what is read, and when an answer is too late to be shown."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from fieldsurvey.jobs import JobControl
from fieldsurvey.model.conditions import REFERENCES, Condition, Field, Sort
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import Statistics, Store
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder, ask_store
from ui.tables import columns
from ui.tables.columns import Layout
from ui.tables.model import Page, page_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of which table are wanted.

    Attributes:
        table: The table.
        condition: What rows must fulfil; None: all.
        sort: By what they are sorted; None: as they came.
    """

    table: str
    condition: Condition | None = None
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the store found.

    Attributes:
        wanted: What was asked.
        order: Row numbers.
        total: Rows of the whole table.
        counter: State of the table then.
    """

    wanted: Wanted
    order: "array[int]"
    total: int
    counter: int


class TableReader(QObject):
    """Reads tables.

    Signals:
        listed: ([(Table, rows)]) the tables of the project.
        opened: (Layout) a table and its columns.
        found: (Found) the rows that are wanted.
        pages: (order, [Page]) rows of the screen.
        failed: (Exception) it could not be read.
    """

    listed = Signal(object)
    opened = Signal(object)
    found = Signal(object)
    pages = Signal(object, object)
    failed = Signal(object)

    def __init__(self, runner: JobRunner, holder: StoreHolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._holder = runner, holder
        self._searching: Job | None = None
        self._measuring: Job | None = None

    def run(self, work: Callable[[Store], object], then: Callable[[object], None]) -> Job | None:
        """Do something with the project in its thread; nothing if none is open by then."""
        return ask_store(
            self._runner,
            self._holder,
            lambda store, _control: work(store),
            lambda result: None if result is None else then(result),
            self.failed.emit,
        )

    def list_tables(self) -> None:
        """Read which tables there are."""
        self.run(columns.listed, self.listed.emit)

    def open(self, name: str) -> None:
        """Read the columns of a table."""
        self.run(lambda store: columns.layout_of(store, name) if name in store.tables() else None, self.opened.emit)

    def find(self, wanted: Wanted) -> None:
        """Find the rows that are wanted; an older search that still runs is given up."""
        self.give_up()

        def work(control: JobControl) -> Found | None:
            if not self._holder.is_open or wanted.table not in self._holder.store.tables():
                return None
            store = self._holder.store
            counter = store.change_counter([wanted.table])  # before: saves come in while it is sorted
            order = store.order_of(wanted.table, wanted.condition, wanted.sort, control)
            return Found(wanted, order, store.count(wanted.table), counter)

        if not self._runner.is_open:
            return
        self._searching = job = self._runner.start(work, quick=True, lets_in=True)
        job.succeeded.connect(partial(self._was_found, job))
        job.failed.connect(self.failed)

    def _was_found(self, job: Job, result: object) -> None:
        if job is self._searching and result is not None:
            self._searching = None
            self.found.emit(result)

    def give_up(self) -> None:
        """Stop the search that runs."""
        if self._searching is not None:
            self._searching.cancel()
            self._searching = None

    def read_pages(
        self, layout: Layout, fields: Sequence[Field], order: "array[int]", wanted: Mapping[int, "array[int]"]
    ) -> None:
        """Read pages of rows.

        Args:
            layout: The table.
            fields: The columns shown.
            order: The order that they are pages of.
            wanted: Page -> its row numbers.
        """
        shown = list(fields)

        def work(store: Store) -> list[Page]:
            return [page_of(n, *read_rows(store, layout.table, shown, list(fids))) for n, fids in wanted.items()]

        self.run(work, partial(self.pages.emit, order))

    def statistics(self, table: str, column: str, condition: Condition | None, then: Callable[[object], None]) -> None:
        """Work out the statistics of a column: (Statistics, names of records referred to); older ones are given up."""
        if self._measuring is not None:
            self._measuring.cancel()

        def work(store: Store, control: JobControl) -> tuple[Statistics, Mapping[str, str]]:
            found = store.statistics(table, column, condition, control)
            uids = [str(value) for value, _count in found.frequent if value]
            return found, store.names_of(column, uids) if column in REFERENCES else {}

        if self._runner.is_open:
            self._measuring = job = self._runner.start(self._holder.if_open(work), quick=True, lets_in=True)
            job.succeeded.connect(partial(self._was_measured, job, then))
            job.failed.connect(self.failed)

    def _was_measured(self, job: Job, then: Callable[[object], None], result: object) -> None:
        if job is self._measuring:
            self._measuring = None
            if result is not None:
                then(result)


Rows = tuple[list[tuple[Value, ...] | None], Sequence[Field], dict[str, Mapping[str, str]]]


def read_rows(store: Store, table: Table, fields: Sequence[Field], fids: Sequence[int]) -> Rows:
    """Return rows by number with their columns, and the names of the records that they refer to."""
    rows = store.window(table.name, fids, [field.column.name for field in fields])
    names: dict[str, Mapping[str, str]] = {}
    for place, field in enumerate(fields, 1):
        if field.column.name in REFERENCES:
            uids = {str(row[place]) for row in rows if row is not None and row[place]}
            names[field.column.name] = store.names_of(field.column.name, uids)
    return rows, fields, names
