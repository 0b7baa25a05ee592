"""One history: machines, what happens to them, how they settle, and whether all is well."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from fieldsurvey.errors import AnotherLine, FieldSurveyError
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.identity import scope_of
from fieldsurvey.store.memory import digest, in_areas, waiting, written
from fieldsurvey.sync.answering import Replica
from fieldsurvey.sync.exchange import Exchange
from fieldsurvey.sync.folder import FileCarrier
from fieldsurvey.sync.simulate.engines import Engine
from fieldsurvey.sync.simulate.ledger import Ledger
from fieldsurvey.sync.simulate.people import People
from fieldsurvey.sync.simulate.sites import COMMUNITIES, Copy, Crash, Site, new_site
from fieldsurvey.sync.simulate.ways import Post, Way

_START = 1_700_000_000_000  # ms
_DAY = 86_400_000
_SKEWS = (0, 0, 0, 5000, -5000, 2 * _DAY, -3 * _DAY, 4000 * _DAY, -4000 * _DAY)  # years off, too
_ROUNDS = 40
_MAX_LAPTOPS = 5


class Failure(Exception):
    """A history that did not end well.

    Attributes:
        kind: "lost", "diverged" or "unsettled".
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class Stick:
    """A USB stick with a package on it, made for the hub or for anybody."""

    file: Path


class World:
    """One history.

    In histories of even seed a machine that is put back keeps the note outside
    its file; in those of odd seed the note may be lost with the disk.
    """

    def __init__(self, seed: int, engine: Engine | None = None) -> None:
        """Begin a history.

        Args:
            seed: Which.
            engine: Makes the hub, if it is another than the one on SQLite; then what happens to a hub's disk, and
                areas, are left out, and `hub` is a replica that only reads along.
        """
        self.rng = rng = random.Random(seed)  # noqa: S311 - chance that can be repeated
        self.stats: Counter[str] = Counter()
        self._amnesia = seed % 2 == 1
        self._does = self._weighed(seed)
        self._now = _START
        self._ledger = Ledger()
        self._people = People(rng, self._ledger)
        self._post = Post()
        shm = Path("/dev/shm")  # noqa: S108 - a disk in memory, where there is one
        self._folder = Path(tempfile.mkdtemp(prefix="fieldsurvey-", dir=shm if shm.is_dir() else None))
        self.hub = new_site(self._path("hub"), "hub", self._clock(0), rng)
        self._office = engine(self._folder) if engine else None
        self.laptops = [self._laptop(number) for number in range(rng.randint(2, 4))]
        self._sticks: list[Stick] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._office is not None:
            self._office.close()
        for site in self._sites():
            site.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        """Return where a machine's file would lie; its photos do lie beside it."""
        return self._folder / f"{name}.gpkg"

    def _laptop(self, number: int) -> Site:
        return new_site(self._path(f"laptop{number}"), "laptop", self._clock(self.rng.choice(_SKEWS)), self.rng)

    def _clock(self, skew: int) -> Callable[[], int]:
        return lambda: self._now + skew

    def _sites(self) -> list[Site]:
        return [self.hub, *self.laptops]

    # --- what happens --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Live through the history.

        Raises:
            Failure: If something was lost, differs, or does not come to rest.
        """
        for _step in range(self.rng.randint(30, 110)):
            self.step(self.laptops)
        self._settle()
        self._check()

    def _weighed(self, seed: int) -> dict[Callable[[Site], None], int]:
        """Return what may happen, and how often; in half of the histories disks fail much more often than in life."""
        bad_hub, bad_laptops = seed % 4 == 2, seed % 4 == 3
        return {
            self._work: 70,
            self._sync: 16 if bad_laptops else 11,
            self._meet: 5,
            self._write_stick: 3,
            self._read_stick: 5,
            self._late_post: 3,
            self._back_up: 10 if bad_hub or bad_laptops else 4,
            self._put_back_laptop: 8 if bad_laptops else 2,
            self._put_back_hub: 8 if bad_hub else 2,
            self._live_twice: 4 if bad_laptops else 0,
            self._clone: 3 if bad_laptops else 1,
            self._choose_areas: 1,
            self._put_away: 1,
        }

    def step(self, laptops: list[Site]) -> None:
        """Let one thing happen."""
        self._now += self.rng.randint(1, 3_600_000)
        act = self.rng.choices([*self._does], [*self._does.values()])[0]
        if self._office is not None and act in {self._late_post, self._put_back_hub, self._choose_areas}:
            act = self._work
        site = self.rng.choice(laptops)
        try:
            if self.rng.random() < 0.08:
                with site.at_risk(self.rng.randint(1, 60), after=self.rng.random() < 0.5):
                    act(site)
            else:
                act(site)
        except Crash as crash:
            self.stats["crashes"] += 1
            self._reopen(crash)

    def _reopen(self, crash: Crash) -> None:
        for site in self._sites():
            if site.path == crash.place:
                site.reopen()

    def _work(self, site: Site) -> None:
        self._people.act(self.hub if self.rng.random() < 0.15 and self._office is None else site)

    def _sync(self, site: Site) -> None:
        self._exchange(site, self.hub)

    def _meet(self, site: Site) -> None:
        """Let two laptops exchange directly."""
        others = [other for other in self.laptops if other is not site]
        if others:
            with self._perhaps_refused():
                self._exchange(site, self.rng.choice(others))

    @contextmanager
    def _perhaps_refused(self) -> Iterator[None]:
        """Let laptops and sticks be turned away that have another line: somebody copied a machine and put it back."""
        try:
            yield
        except AnotherLine:
            self.stats["other lines"] += 1

    def _exchange(self, site: Site, other: Site, *, safe: bool = False) -> None:
        way = Way(
            other, self.rng, self._post, partial(self._meanwhile, site, other), safe=safe, asks=self._answering
        )  # fmt: skip
        if not safe and self.rng.random() < 0.04:
            other.connection.fuse, other.connection.after = self.rng.randint(1, 40), self.rng.random() < 0.5
        try:
            Exchange(site.store, way, JobControl()).run()
        except FieldSurveyError as error:
            self.stats["broken exchanges"] += 1
            if safe or not getattr(error, "retryable", False):
                raise
        finally:
            other.connection.fuse = -1

    def _answering(self, site: Site) -> Replica:
        return self._office if site is self.hub and self._office is not None else site.answering()

    def _meanwhile(self, site: Site, other: Site) -> None:
        """Let something happen elsewhere while a request is on its way."""
        elsewhere = [laptop for laptop in self.laptops if laptop is not site and laptop is not other]
        if (self.rng.random() < 0.5 or not elsewhere) and not (other is self.hub and self._office):
            self._people.act(other)
        elif not elsewhere:
            return
        else:
            self._people.act(self.rng.choice(elsewhere))

    def _late_post(self, _site: Site) -> None:
        self._post.deliver(self.rng, self._sites())

    # --- sticks --------------------------------------------------------------------------------------------------

    def _write_stick(self, site: Site) -> None:
        self._use_stick(site, self._folder / f"{len(self._sticks)}.fsx", new=True)

    def _read_stick(self, site: Site) -> None:
        """Put in any stick, new or old, perhaps once more."""
        if self._sticks:
            is_hub = self.rng.random() < 0.4
            if is_hub and self._office is not None:
                return
            receiver = self.hub if is_hub else site
            self._use_stick(receiver, self.rng.choice(self._sticks).file, new=False)

    def _use_stick(self, site: Site, file: Path, *, new: bool) -> None:
        carrier = FileCarrier(file)
        try:
            with self._perhaps_refused():
                Exchange(site.store, carrier, JobControl()).run()
        finally:
            carrier.close()
        if new and file.exists():
            self._sticks = [*self._sticks[-3:], Stick(file)]
            self.stats["sticks"] += 1

    # --- disks ---------------------------------------------------------------------------------------------------

    def _back_up(self, site: Site) -> None:
        (self.hub if self.rng.random() < 0.4 and self._office is None else site).back_up()

    def _put_back_laptop(self, site: Site) -> None:
        if site.copies:
            self._put_back(site, self.rng.choice(site.copies))

    def _put_back_hub(self, _site: Site) -> None:
        if self.hub.copies and self.rng.random() < 0.5:
            self._put_back(self.hub, self.rng.choice(self.hub.copies))

    def _live_twice(self, site: Site) -> None:
        """Let a laptop give away numbers, be put back to before, note and all, and give them away once more.

        Then perhaps it is put back again, now without the note, and builds on the second line under a new number.
        """
        self._live_again(site, self._sync, with_notes=True)
        if self.rng.random() < 0.5:
            self._live_again(site, self._write_stick, with_notes=False)

    def _live_again(self, site: Site, between: Callable[[Site], None], *, with_notes: bool) -> None:
        copy = site.copy()
        for _act in range(self.rng.randint(1, 5)):
            self._people.act(site)
        between(site)
        self._put_back(site, copy, with_notes=with_notes)
        for _act in range(self.rng.randint(1, 8)):
            self._people.act(site)

    def _put_back(self, site: Site, copy: Copy, *, with_notes: bool | None = None) -> None:
        before = written(site.store)
        if with_notes is None:
            with_notes = self._amnesia and site is not self.hub and self.rng.random() < 0.5
        site.put_back(copy, with_notes=with_notes)
        self._ledger.disk_lost(before, written(site.store))
        self.stats["hub restores" if site is self.hub else "laptop restores"] += 1

    def _clone(self, site: Site) -> None:
        """Copy a laptop's file, with its photos, to a new laptop; in odd histories perhaps its whole disk."""
        if len(self.laptops) >= _MAX_LAPTOPS:
            return
        twin = self._laptop(len(self.laptops))
        copy = site.copy()
        twin.memory.kept = {}
        if site.store.media.folder.is_dir():
            shutil.copytree(site.store.media.folder, twin.store.media.folder, dirs_exist_ok=True)
        twin.put_back(copy, with_notes=self._amnesia and self.rng.random() < 0.5)
        self.laptops.append(twin)
        self.stats["clones"] += 1

    def _choose_areas(self, site: Site) -> None:
        """Let a laptop keep some areas only, or all again."""
        some = self.rng.sample([scope_of(uid) for uid in COMMUNITIES], self.rng.randint(1, 2))
        site.store.set_areas(some if self.rng.random() < 0.7 else None)
        self.stats["areas chosen"] += 1
        before = len(written(site.store))
        for _time in range(
            self.rng.randint(0, 2)
        ):  # the first sends what is here, the second drops what belongs elsewhere
            self._exchange(site, self.hub, safe=True)
        self.stats["logs dropped"] += len(written(site.store)) < before

    def _put_away(self, site: Site) -> None:
        self.stats["rows put away"] += site.store.evict()

    # --- the end -------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Let everybody sync over good lines until nothing changes any more."""
        last: Sequence[object] = ()
        for _round in range(_ROUNDS):
            for site in self.laptops if self._office is None else [*self.laptops, self.hub]:
                if self._office is not None or not self._at_rest(site):
                    self._exchange(site, self.hub, safe=True)
            now = [(site.store.change_counter(), site.store.version_vector()) for site in self._sites()]
            if now == last or (self._office is None and all(self._at_rest(site) for site in self.laptops)):
                return
            last = now
        raise Failure("unsettled", f"still moving after {_ROUNDS} rounds")

    def _at_rest(self, site: Site) -> bool:
        """Say whether a laptop has what the hub has of its areas, and the hub everything of it."""
        store, hub = site.store, self.hub.store
        peer = store.peer(f"{hub.project}:{hub.origin}")
        if peer is None or peer.epoch != hub.epoch:
            return False
        areas = store.areas()
        known = hub.version_vector()
        if areas is None:
            reached = peer.cursor == hub.change_counter() and not waiting(store)
            return reached and store.version_vector() == known
        ahead, _place = hub.feed_after(peer.cursor, 1, sorted({0, *areas}))
        return (
            not ahead
            and not store.wanted_datasets()
            and all(known.get(origin, (0, b""))[0] >= upto for origin, upto in store.held().items())
        )

    def _check(self) -> None:
        whole = [site for site in self._sites() if site.store.areas() is None]
        marks = {site.path.stem: digest(site.store) for site in whole}
        if len(set(marks.values())) > 1:
            raise Failure("diverged", str({name: mark[:8] for name, mark in marks.items()}))
        self._check_areas()
        if left := [(site.path.stem, waiting(site.store)) for site in whole if waiting(site.store)]:
            raise Failure("unsettled", f"waiting: {left}"[:300])
        if lost := self._ledger.lost(self.hub.store):
            raise Failure("lost", "; ".join(lost[:3]))
        if not all(site.connection.is_sound() for site in self.rng.sample(self._sites(), 2)):
            raise Failure("diverged", "a database is damaged")
        if self._office is not None and (text := self._office.differs_from(self.hub.store)):
            raise Failure("diverged", text)
        if self._replayed() != marks["hub"]:
            raise Failure("diverged", "a replay in random order ends otherwise")
        self.stats["conflicts at the end"] += self.hub.store.conflict_count()

    def _check_areas(self) -> None:
        """Compare the records in the areas of a laptop that keeps some only."""
        for site in self.laptops:
            areas = site.store.areas()
            if areas is not None:
                records = in_areas(self.hub.store, areas)
                self.stats["records in areas compared"] += len(records)
                if digest(site.store, records) != digest(self.hub.store, records):
                    raise Failure("diverged", f"{site.path.stem} in its areas")

    def _replayed(self) -> str:
        """Return the digest of a new replica that takes everything in, in random order and pieces."""
        store = self.hub.store
        everything = [r for origin in store.held() for r in store.revisions_after(origin, 0)]  # behind holes, too
        self.stats["revisions"] += len(everything)
        self.rng.shuffle(everything)
        fresh = new_site(self.hub.path, "laptop", self._clock(0), self.rng)
        while everything:
            size = self.rng.randint(1, 40)
            part, everything = everything[:size], everything[size:]
            links = {r.rid: store.link_before(r.rid) or b"" for r in part}
            fresh.store.ingest(part, links)
        fresh.store.retry_waiting()
        mark = digest(fresh.store)
        fresh.close()
        return mark
