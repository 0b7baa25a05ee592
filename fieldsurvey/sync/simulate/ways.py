"""The ways between machines: they lose, repeat, delay, and let others act in between."""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from fieldsurvey.errors import FieldSurveyError, SyncError
from fieldsurvey.store import Blob
from fieldsurvey.sync.answering import Replica
from fieldsurvey.sync.local import LocalCarrier
from fieldsurvey.sync.peers import Heads, Hello
from fieldsurvey.sync.simulate.sites import Crash, Site
from fieldsurvey.sync.wire import Parcel

T = TypeVar("T")
_LOST, _LATE, _TWICE, _MEANWHILE = 0.03, 0.06, 0.10, 0.06


class Post:
    """Batches on their way that arrive late, or once more."""

    def __init__(self) -> None:
        self._pending: list[tuple[Path, bytes]] = []

    def keep(self, to: Site, batch: bytes) -> None:
        """Let a batch arrive again some time later."""
        self._pending = [*self._pending[-9:], (to.path, batch)]

    def deliver(self, rng: random.Random, sites: Sequence[Site]) -> None:
        """Let one arrive, in any order; what its receiver answers reaches nobody."""
        if not self._pending:
            return
        path, batch = self._pending[rng.randrange(len(self._pending))]
        for site in sites:
            if site.path == path:
                try:
                    site.answering().push(batch)
                except FieldSurveyError:
                    return


class Way:
    """A carrier to a machine over which everything goes wrong now and then."""

    def __init__(
        self,
        to: Site,
        rng: random.Random,
        post: Post,
        meanwhile: Callable[[], None],
        *,
        safe: bool,
        asks: Callable[[Site], Replica] = Site.answering,
    ) -> None:
        self._to, self._rng, self._post, self._meanwhile, self._safe = to, rng, post, meanwhile, safe
        self._asks = asks

    def _over(self, ask: Callable[[LocalCarrier], T]) -> T:
        """Carry one request and its answer."""
        if self._safe:
            return ask(self._other())
        if self._rng.random() < _MEANWHILE:
            self._meanwhile()
        if self._rng.random() < _LOST:
            raise _broken()
        answer = self._asked(ask)
        if self._rng.random() < _TWICE:
            answer = self._asked(ask)
        if self._rng.random() < _LOST:
            raise _broken()
        return answer

    def _asked(self, ask: Callable[[LocalCarrier], T]) -> T:
        try:
            return ask(self._other())
        except Crash as crash:
            if crash.place != self._to.path:
                raise
            self._to.reopen()
            raise _broken() from crash

    def _other(self) -> LocalCarrier:
        return LocalCarrier(self._asks(self._to))

    def hello(self, mine: Hello) -> Hello:
        """Exchange states."""
        return self._over(lambda other: other.hello(mine))

    def push(self, batch: bytes, origin: int, first: int, upto: int) -> int:
        """Send a batch; it may arrive a second time much later."""
        if self._rng.random() < _LATE:
            self._post.keep(self._to, batch)
        return self._over(lambda other: other.push(batch, origin, first, upto))

    def finish_push(self) -> None:
        """Nothing."""

    def pull(self, cursor: int, heads: Heads, areas: Sequence[int] | None) -> Iterator[tuple[Collection[Parcel], int]]:
        """Yield what stands in the other's feed, in small answers."""

        def after(place: int) -> tuple[Collection[Parcel], int] | None:
            return self._over(lambda other: next(iter(other.pull(place, heads, areas)), None))

        while found := after(cursor):
            cursor = found[1]
            yield found

    def chains(self, origin: int, seqs: Sequence[int]) -> list[bytes | None]:
        """Return the other's hashes."""
        return self._over(lambda other: other.chains(origin, seqs))

    def missing_blobs(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Return which files the other lacks."""
        return self._over(lambda other: other.missing_blobs(blobs))

    def send_blob(self, blob: Blob, path: Path) -> None:
        """Send a file."""
        self._over(lambda other: other.send_blob(blob, path))

    def blobs(self) -> list[Blob]:
        """Return every file the other has."""
        return self._over(lambda other: other.blobs())

    def fetch_blob(self, blob: Blob, part: Path) -> None:
        """Fetch a file."""
        self._over(lambda other: other.fetch_blob(blob, part))

    def close(self) -> None:
        """Nothing."""


def _broken() -> SyncError:
    return SyncError("the line broke", retryable=True)
