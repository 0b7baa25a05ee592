"""The open store, for the one thread that may use it."""

from fieldsurvey.store import Store
from fieldsurvey.store.occupancy import Occupancy


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
