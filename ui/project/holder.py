"""The open store, for the one thread that may use it."""

from collections.abc import Callable

from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.store.occupancy import Occupancy
from ui.jobs import Job, JobRunner


class StoreHolder:
    """Holds the store of the open project.

    Set and read only in the thread of the runner named "store".
    """

    def __init__(self) -> None:
        self._store: Store | None = None
        self._occupancy: Occupancy | None = None

    @property
    def store(self) -> Store:
        """The open store.

        Raises:
            RuntimeError: If no project is open: a bug of the caller.
        """
        if self._store is None:
            raise RuntimeError("no project is open")
        return self._store

    @property
    def is_open(self) -> bool:
        """True while a project is open."""
        return self._store is not None

    def if_open(self, work: Callable[[Store, JobControl], object]) -> Callable[[JobControl], object]:
        """Return work for the store thread that is left out, with None, once the project was closed."""
        return lambda control: None if self._store is None else work(self._store, control)

    def may_pause(self) -> bool:
        """Say whether a long job may be interrupted now: not in the middle of a transaction."""
        return self._store is None or not self._store.in_transaction

    def put(self, store: Store) -> None:
        """Take a store, closing the one before.

        Raises:
            StoreBusy: If another window has the project; the new store is closed, the one before stays.
        """
        is_same = self._store is not None and self._store.path == store.path
        if is_same:
            self.close()
        try:
            occupancy = Occupancy(store.path)
        except BaseException:
            store.close()
            raise
        self.close()
        self._store, self._occupancy = store, occupancy

    def sign(self, login: str, name: str) -> None:
        """Say who works with the open store."""
        self.store.set_actor(login, name)
        if self._occupancy is not None:
            self._occupancy.tell(name)

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._occupancy is not None:
            self._occupancy.release()
            self._occupancy = None


def ask_store(
    runner: JobRunner,
    holder: StoreHolder,
    work: Callable[[Store, JobControl], object],
    then: Callable[[object], None],
    failed: Callable[[Exception], None],
) -> Job | None:
    """Do something short with the open project in its thread, before what is long; nothing in a closing window.

    Args:
        runner: The runner of the store thread.
        holder: Holds the store.
        work: What is done.
        then: Told what came of it; None if the project was closed in between.
        failed: Told what was raised.
    """
    if not runner.is_open:
        return None
    job = runner.start(holder.if_open(work), quick=True)
    job.succeeded.connect(then)
    job.failed.connect(failed)
    return job
