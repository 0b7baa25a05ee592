"""The open store, for the one thread that may use it."""

from fieldsurvey.store import Store


class StoreHolder:
    """Holds the store of the open project.

    Set and read only in the thread of the runner named "store".
    """

    def __init__(self) -> None:
        self._store: Store | None = None

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
        """Take a store, closing the one before."""
        self.close()
        self._store = store

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None
