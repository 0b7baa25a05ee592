"""What a hub does, in the threads that own its data.

Pushes that wait are merged and written in one transaction (group commit):
many laptops pay for one flush of the disk. Each is answered after the commit.
"""

import base64
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import InputRefused, SyncError
from fieldsurvey.hub.accounts import Account
from fieldsurvey.hub.authorise import Permit, approving, claimed, judge, status_seen
from fieldsurvey.hub.authorship import Nobody, Part, People, author, parts
from fieldsurvey.hub.blobs import Blobs
from fieldsurvey.hub.greeting import greeted, witnessed
from fieldsurvey.hub.limits import Load
from fieldsurvey.hub.restored import FeedMark
from fieldsurvey.hub.storage import REJECTED, Counts, Held, Storage, no_project
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import is_uid, scope_of
from fieldsurvey.model.lineage import built_elsewhere
from fieldsurvey.model.revision import ORIGIN_BITS, SEQ_BITS, SEQ_MASK, Kind, Revision
from fieldsurvey.model.role import Role
from fieldsurvey.store import Blob, Fork
from fieldsurvey.store.log import forked
from fieldsurvey.sync.answering import MAX_CHAINS, understood
from fieldsurvey.sync.keys import Signer
from fieldsurvey.sync.peers import Hello
from fieldsurvey.sync.wire import MAX_BATCH, decode_parcel, encode, runs

T = TypeVar("T")
_MOST_PUSHES, _MOST_REVISIONS = 64, 4000  # in one transaction
_NAMES_AREAS = frozenset({"community", "assignment"})  # tables that say what areas are called
_AREAS_MS = 5000  # how long names of areas are remembered
MAX_BLOB = 2 << 30


@dataclass(frozen=True, slots=True)
class Pushed:
    """The answer to a push, given after the commit.

    Attributes:
        upto: How far the hub has the log of this laptop on its disk.
        new: Revisions that were new, of all pushes in the same transaction.
        held: Revision numbers of the batch that are in quarantine, and why.
        conflicts: Open conflicts of the project now.
    """

    upto: int
    new: int
    held: Mapping[int, str]
    conflicts: int


@dataclass(slots=True)
class _Push:
    data: bytes
    account: Account
    done: "Future[Pushed]"
    revisions: list[Revision] = field(default_factory=list)
    held: dict[int, str] = field(default_factory=dict)
    proves: bool = False  # a signed head ends in it: what was held for want of it is judged again
    links: Mapping[int, bytes] = field(default_factory=dict)


class Service:
    """The data of a hub. Every public method may be called from any thread and returns a future."""

    def __init__(
        self,
        open_storage: Callable[[], Storage],
        blobs: Blobs,
        workers: int = 1,
        people: People | None = None,
        signer: Signer | None = None,
        mark: FeedMark | None = None,
    ) -> None:
        """Start the threads.

        Args:
            open_storage: Opens the data; called once in each thread.
            blobs: Where files lie.
            workers: How many threads; one for a GeoPackage.
            people: Who wrote what; None: whoever brings it.
            signer: Signs what is handed out.
            mark: Knows how far the feed was handed out.

        Raises:
            FieldSurveyError: If the data cannot be opened.
        """
        self._blobs = blobs
        self._work: deque[tuple[Callable[[Storage], Any], Future[Any]]] = deque()
        self._pushes: deque[_Push] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._mark = mark
        self._workers, self._signer, self._people = workers, signer, people or Nobody()
        self._load = Load(workers)
        self._areas: tuple[int, Mapping[str, frozenset[int]]] = (0, {})
        opened = [Future[None]() for _number in range(workers)]
        self._threads = [
            threading.Thread(target=self._run, args=(open_storage, ready), name=f"hub-store-{number}")
            for number, ready in enumerate(opened)
        ]
        for thread in self._threads:
            thread.start()
        try:
            for ready in opened:
                ready.result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Finish what was begun and stop the threads."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()
        self._blobs.close()

    # --- threads ---------------------------------------------------------------------------------------------------

    def _run(self, open_storage: Callable[[], Storage], ready: "Future[None]") -> None:
        try:
            storage = open_storage()
            if self._mark is not None:
                self._mark.check(storage)
        except BaseException as error:  # noqa: BLE001 - the constructor raises it again
            ready.set_exception(error)
            return
        ready.set_result(None)
        try:
            while self._turn(storage):
                pass
        finally:
            storage.close()

    def _turn(self, storage: Storage) -> bool:
        with self._wake:
            while not self._work and not self._pushes and not self._closing:
                self._wake.wait()
            if not self._work and not self._pushes:
                return False
            job = self._work.popleft() if self._work else None
            pushes = [] if job else self._taken()
        if job is not None:
            _settle(job[1], lambda: job[0](storage))
        else:
            self._merge(storage, pushes)
        return True

    def _taken(self) -> list[_Push]:
        """Return this thread's share of the waiting pushes."""
        number = min(_MOST_PUSHES, -(-len(self._pushes) // self._workers))
        return [self._pushes.popleft() for _number in range(number)]

    def _do(self, work: Callable[[Storage], T]) -> "Future[T]":
        future: Future[T] = Future()
        with self._wake:
            self._work.append((work, future))
            self._wake.notify()
        return future

    # --- pushes ----------------------------------------------------------------------------------------------------

    def busy_ms(self) -> int:
        """Return after how long a push should come again, because too much waits already; 0: it may come."""
        return self._load.wait_ms()

    def push(self, data: bytes, account: Account) -> "Future[Pushed]":
        """Take a batch; the result comes after the commit."""
        push = _Push(data, account, Future())
        self._load.came(len(data))
        with self._wake:
            self._pushes.append(push)
            self._wake.notify()
        return push.done

    def is_built_elsewhere(self, data: bytes) -> "Future[bool]":
        """Say whether a batch holds an edit made on another line than the one that is here."""
        revisions = decode_parcel(data).revisions

        def looked(storage: Storage) -> bool:
            def chains_of(rids: Sequence[int]) -> dict[int, bytes]:
                found = zip(rids, storage.chains(rids), strict=True)
                return {rid: chain for rid, chain in found if chain is not None}

            here = chains_of([revision.rid for revision in revisions])
            return built_elsewhere([r for r in revisions if r.rid not in here], chains_of) is not None

        return self._do(looked)

    def _merge(self, storage: Storage, pushes: Sequence[_Push]) -> None:
        begin = time.perf_counter()
        ready = [push for push in pushes if self._prepared(storage, push)]
        for group in _groups(ready):
            try:
                self._ingest(storage, group)
            except BaseException as error:  # noqa: BLE001 - each push hears of its own failure
                for push in group:
                    if len(group) == 1:
                        push.done.set_exception(error)
                    else:
                        self._alone(storage, push)
        self._load.done(sum(len(push.data) for push in pushes), time.perf_counter() - begin)

    def _alone(self, storage: Storage, push: _Push) -> None:
        try:
            self._ingest(storage, [push])
        except BaseException as error:  # noqa: BLE001 - the client hears of it
            push.done.set_exception(error)

    def _prepared(self, storage: Storage, push: _Push) -> bool:
        """Decode and judge a push; one that is refused is answered here."""
        try:
            parcel = decode_parcel(push.data)
            push.revisions, push.links = parcel.revisions, parcel.links
            if storage.project_id() is None:
                raise no_project()  # noqa: TRY301 - answered below like the others
            heads = storage.signed_heads(parcel.origin)
            head = heads.get(parcel.origin)
            push.proves = head is not None and parcel.revisions[0].seq <= head.seq <= parcel.revisions[-1].seq
            push.held = self._judged(storage, parts(storage, self._people, parcel, heads, push.account))
        except BaseException as error:  # noqa: BLE001 - the client hears of it
            push.done.set_exception(error)
            return False
        return True

    def _ingest(self, storage: Storage, pushes: Sequence[_Push]) -> None:
        origins = {push.revisions[0].origin for push in pushes}
        links: dict[int, bytes] = {}
        for push in pushes:
            if any(links.setdefault(rid, link) != link for rid, link in push.links.items()):
                raise Fork(forked(push.revisions[0].origin), push.revisions[0].origin)
        done = storage.ingest([r for push in pushes for r in push.revisions], _held_by_all(pushes), links)
        if any(r.table in _NAMES_AREAS for push in pushes for r in push.revisions):
            self._areas = (0, {})
        upto = storage.known_upto(origins)
        if proven := {push.revisions[0].origin for push in pushes if push.proves}:
            self._judge_again(storage, proven)
        for push in pushes:
            push.done.set_result(Pushed(upto[push.revisions[0].origin], done.new, push.held, done.conflicts))

    def _judged(self, storage: Storage, found: Sequence[Part]) -> dict[int, str]:
        """Return what is held of a batch, each part of it judged by the account of its author."""
        permits = [None if part.account is None else self._permit(storage, part.account) for part in found]
        revisions = [revision for part in found for revision in part.revisions]
        is_needed = any(permit is not None and permit.needs_places for permit in permits)
        places = storage.scopes_of({r.uid: r.table for r in revisions}) if is_needed else {}
        held: dict[int, str] = {}
        for part, permit in zip(found, permits, strict=True):
            if permit is None:
                held |= {revision.rid: part.reason for revision in part.revisions}
                continue
            broken = judge(permit, part.revisions, places, _approving(storage, part.revisions))
            held |= {rid: part.reason or why if why == "approve" else why for rid, why in broken.items()}
            made = [r for r in part.revisions if r.kind is Kind.CREATE and r.rid not in held]
            places = {**{r.uid: claimed(r) for r in made}, **places}
        return held

    def _judge_again(self, storage: Storage, origins: Collection[int]) -> None:
        """Let go what was held only because nobody knew yet whose it was."""
        waiting = [
            entry.revision for entry in storage.held() if entry.revision.origin in origins and entry.reason != REJECTED
        ]
        heads = storage.signed_heads() if waiting else {}
        found = []
        for revision in waiting:
            account = author(storage, self._people, revision, heads.get(revision.origin))
            if account is not None:
                found.append(Part([revision], account))
        held = self._judged(storage, found) if found else {}
        free = [r.rid for part in found for r in part.revisions if r.rid not in held]
        if free:
            storage.let_go(free)

    def _permit(self, storage: Storage, account: Account) -> Permit:
        if not account.areas:
            return Permit(account.login, account.role)
        scopes = self._scopes(storage, account.areas)
        return Permit(account.login, account.role, scopes, frozenset(account.areas))

    def _scopes(self, storage: Storage, areas: Iterable[str]) -> frozenset[int]:
        at, names = self._areas
        if now_millis() - at > _AREAS_MS:
            names = storage.areas()
            self._areas = (now_millis(), names)
        found: set[int] = set()
        for area in areas:
            found |= {scope_of(area)} if is_uid(area) else names.get(area, frozenset())
        return frozenset(found)

    # --- exchange ------------------------------------------------------------------------------------------------

    def hello(self, raw: dict[str, Any]) -> "Future[dict[str, Any]]":
        """Exchange states; the first replica that says hello brings the project."""
        theirs = understood(raw)
        return self._do(lambda storage: self._hello(storage, theirs))

    def _hello(self, storage: Storage, theirs: Hello) -> dict[str, Any]:
        if theirs.project and theirs.project == storage.project_id() and (origins := witnessed(storage, theirs)):
            self._judge_again(storage, origins)
        return greeted(storage, theirs)

    def pull(self, cursor: int, limit: int, areas: Sequence[int] | None, account: Account) -> "Future[dict[str, Any]]":
        """Return batches that stand in the feed after a place: of the areas asked for that the account may see."""
        return self._do(lambda storage: self._pull(storage, cursor, limit, areas, account))

    def view(self, account: Account) -> "Future[list[int] | None]":
        """Return the areas that an account sees, None for all."""

        def seen(storage: Storage) -> list[int] | None:
            allowed = self._allowed(storage, account) if storage.project_id() else None
            return None if allowed is None else sorted(allowed)

        return self._do(seen)

    def rights(self, account: Account) -> "Future[list[int] | None]":
        """Return the areas in which an account may use its role, None for all."""

        def held(storage: Storage) -> list[int] | None:
            if not account.areas or not storage.project_id():
                return None
            return sorted(self._scopes(storage, account.areas))

        return self._do(held)

    def _allowed(self, storage: Storage, account: Account) -> frozenset[int] | None:
        if not account.areas or account.role.covers(Role.REVIEWER):
            return None
        return self._scopes(storage, account.areas)

    def _pull(
        self, storage: Storage, cursor: int, limit: int, areas: Sequence[int] | None, account: Account
    ) -> dict[str, Any]:
        if storage.project_id() is None:
            raise no_project()
        scopes = None if areas is None else frozenset(areas)
        allowed = self._allowed(storage, account)
        if allowed is not None:
            scopes = allowed if scopes is None else scopes & allowed
        revisions, reached = storage.feed_after(cursor, limit, scopes)
        while len(revisions) > 1 and sum(len(r.patch or "") + len(r.par or "") for r in revisions) > MAX_BATCH:
            revisions, reached = storage.feed_after(cursor, len(revisions) // 2, scopes)
        if self._mark is not None:
            self._mark.handed_out(storage, reached)
        found = list(runs(revisions))
        links = storage.links_before([run[0].rid for run in found])
        batches = [encode(run, link, self._signer) for run, link in zip(found, links, strict=True) if link is not None]
        return {"cursor": reached, "batches": [base64.b64encode(batch).decode() for batch in batches]}

    def feed(self, cursor: int, limit: int) -> "Future[tuple[list[Revision], int]]":
        """Return what took effect after a place in the feed, and the place reached."""
        return self._do(lambda storage: storage.feed_after(cursor, limit, None))

    def link_before(self, rid: int) -> "Future[bytes | None]":
        """Return the hash before a revision, None where nothing of it is here."""
        return self._do(lambda storage: storage.links_before([rid])[0])

    def chains(self, raw: Mapping[str, Any]) -> "Future[dict[str, Any]]":
        """Return the hashes at numbers of an origin."""
        origin, seqs = int(raw["origin"]), [int(seq) for seq in raw["seqs"]]
        if len(seqs) > MAX_CHAINS or not 0 < origin < 1 << ORIGIN_BITS or any(not 0 <= s <= SEQ_MASK for s in seqs):
            raise SyncError(_("The request is larger than the hub accepts."))

        def found(storage: Storage) -> dict[str, Any]:
            chains = storage.chains([origin << SEQ_BITS | seq for seq in seqs]) if storage.project_id() else []
            return {"chains": [None if chain is None else chain.hex() for chain in chains]}

        return self._do(found)

    # --- quarantine ------------------------------------------------------------------------------------------------

    def held(self) -> "Future[list[Held]]":
        """Return what is in quarantine."""
        return self._do(lambda storage: storage.held() if storage.project_id() else [])

    def let_go(self, rids: Sequence[int], account: Account) -> "Future[list[int]]":
        """Let revisions out of quarantine that the account itself might have pushed; return their numbers."""
        return self._do(lambda storage: self._let_go(storage, rids, account))

    def _let_go(self, storage: Storage, rids: Sequence[int], account: Account) -> list[int]:
        revisions = [entry.revision for entry in storage.held() if entry.revision.rid in set(rids)]
        permit = self._permit(storage, account)
        places = storage.scopes_of({r.uid: r.table for r in revisions}) if permit.needs_places else {}
        refused = judge(permit, revisions, places, _approving(storage, revisions))
        free = [revision.rid for revision in revisions if revision.rid not in refused]
        storage.let_go(free)
        return free

    def reject(self, rids: Sequence[int]) -> "Future[list[int]]":
        """Keep held revisions without effect for good; return their numbers."""

        def refused(storage: Storage) -> list[int]:
            found = [entry.revision.rid for entry in storage.held() if entry.revision.rid in set(rids)]
            storage.reject(found)
            return found

        return self._do(refused)

    def counts(self) -> "Future[Counts]":
        """Return how much is here."""
        empty = Counts(0, 0, 0, 0, 0, {})
        return self._do(lambda storage: storage.counts() if storage.project_id() else empty)

    # --- files ---------------------------------------------------------------------------------------------------

    def announce(self, blobs: Sequence[Blob]) -> "Future[list[str]]":
        """Take note of files; return the hashes of those that lack."""
        if any(not 0 <= blob.size <= MAX_BLOB for blob in blobs):
            raise InputRefused(_("A file is larger than the hub accepts (2 GiB)."))

        def announced(storage: Storage) -> list[str]:
            if storage.project_id() is None:
                raise no_project()
            storage.note_blobs(blobs, have=False)
            return [blob.sha256 for blob in blobs if not self._blobs.whole(blob.sha256)]

        return self._do(announced)

    def blobs(self) -> "Future[list[Blob]]":
        """Return the files that are here."""
        return self._do(lambda storage: storage.blobs() if storage.project_id() else [])

    def have(self, sha: str) -> "Future[int]":
        """Return how many bytes of a file are here."""
        return self._do(lambda _storage: self._blobs.have(sha))

    def append(self, sha: str, at: int, data: bytes) -> "Future[int]":
        """Append bytes to a file at the place where it ends; return how many are here now."""
        return self._do(lambda storage: self._append(storage, sha, at, data))

    def _append(self, storage: Storage, sha: str, at: int, data: bytes) -> int:
        blob = storage.blob(sha) if storage.project_id() else None
        if blob is None:
            raise InputRefused(_("This file was not announced."))
        have = self._blobs.append(blob, at, data)
        if have >= blob.size and self._blobs.whole(sha):
            storage.note_blobs([blob], have=True)
            storage.retry_waiting()
        return have

    def local(self, sha: str) -> "Future[Path | None]":
        """Return a file on this machine with the bytes of a whole file; None if it is not here."""
        return self._do(lambda _storage: self._blobs.local(sha))

    def read(self, sha: str, start: int) -> "Future[Iterator[bytes] | None]":
        """Return the bytes of a file from a place on; None if it is not here."""
        return self._do(lambda _storage: self._blobs.read(sha, start) if self._blobs.whole(sha) else None)


def _approving(storage: Storage, revisions: Sequence[Revision]) -> set[int]:
    """Return the approvals from which some of the edits go on, on the hub or in the batch itself."""
    seen = status_seen(revisions)
    mine = {revision.rid: revision for revision in revisions if revision.rid in seen}
    return approving({**storage.revisions(seen - mine.keys()), **mine}) if seen else set()


def _settle(future: "Future[Any]", work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - the caller of the future gets it
        future.set_exception(error)


def _groups(pushes: Sequence[_Push]) -> Iterator[list[_Push]]:
    """Yield the pushes in groups for one transaction each."""
    group: list[_Push] = []
    size = 0
    for push in pushes:
        if group and size + len(push.revisions) > _MOST_REVISIONS:
            yield group
            group, size = [], 0
        group.append(push)
        size += len(push.revisions)
    if group:
        yield group


def _held_by_all(pushes: Sequence[_Push]) -> dict[int, str]:
    """Return what is held: a revision that came twice, once from somebody with the right, is not."""
    free = {r.rid for push in pushes for r in push.revisions if r.rid not in push.held}
    return {rid: why for push in pushes for rid, why in push.held.items() if rid not in free}
