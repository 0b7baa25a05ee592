"""The revision log of a project file and the rows it materialises."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from fieldsurvey.clock import MillisClock, now_millis
from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.model import batch, lineage, merge
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, Kind, Revision, chain_of, dump, parsed
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.entries import Entries, ValueOf, parts
from fieldsurvey.store.records import Records
from fieldsurvey.store.rows import Rows

_NONE: Mapping[int, Revision] = MappingProxyType({})
NONE_WITHHELD: Mapping[int, str] = MappingProxyType({})
_MAX_AHEAD_MS = 24 * 3600 * 1000  # a clock further ahead than a day does not pull ours along


# The newest clock value written here, also under numbers this file had before.
_OWN_CLOCK = f"SELECT max(hlc) FROM _rev WHERE step NOT NULL AND rid IN (SELECT origin << {SEQ_BITS} | upto FROM _vv)"


class _OfOrigin(SyncError):
    """Something is wrong with the log of one replica.

    Attributes:
        origin: Number of that replica.
    """

    def __init__(self, message: str, origin: int) -> None:
        super().__init__(message)
        self.origin = origin


class Fork(_OfOrigin):
    """Two different revisions under one number: a cloned or restored laptop."""


class StaleReplica(_OfOrigin):
    """Our own later revisions came back: this file is an older state of itself."""


class Tampered(_OfOrigin):
    """A revision does not fit its hash chain."""


def forked(origin: int) -> str:
    """Return the sentence for two different edits under one number."""
    return _("Laptop {origin} wrote two different edits under one number: it was copied or restored.").format(
        origin=origin
    )


class Log(Entries):
    """Appends own revisions, takes in those of others, and keeps rows and conflicts up to date.

    Attributes:
        origin: Number of this replica.
        seq: Sequence number of its last revision.
        step: Sequence number of the first own revision of the running transaction; 0: none yet.
        records: Heads, conflicts and rows.
    """

    def __init__(self, connection: Connection, rows: Rows, clock: MillisClock = now_millis) -> None:
        super().__init__(connection)
        self._clock, self.step = clock, 0
        self.records = Records(connection, rows, self)
        self.load_dataset: Callable[[Revision], bool] = lambda _revision: False
        self.reload()

    def reload(self) -> None:
        """Read the own position again: at opening, and after a rollback."""
        self.origin = int(self._db.scalar("SELECT value FROM _meta WHERE key = 'origin'") or 0)
        row = self._db.one("SELECT upto, chain FROM _vv WHERE origin = ?", (self.origin,))
        self.seq, self._chain = (int(row[0]), bytes(row[1])) if row else (0, NO_CHAIN)
        heard = int(self._db.scalar("SELECT value FROM _meta WHERE key = 'hlc'") or 0)
        own = int(self._db.scalar(_OWN_CLOCK) or 0)
        self._hlc = max(heard, own)
        self.records.touched, self.step = {}, 0
        self.records.forget()

    # --- own edits -----------------------------------------------------------------------------------------------

    def append(
        self,
        kind: Kind,
        table: str,
        uid: str,
        patch: Mapping[str, object] | None,
        par: str | None,
        scope: int,
        actor: int,
        fv: int = 1,
    ) -> Revision:
        """Write one own revision and apply it. Call inside a transaction."""
        self.seq += 1
        self._hlc = max(self._hlc + 1, self._clock() << 16)
        text = None if patch is None else dump(patch)
        rid = self.origin << SEQ_BITS | self.seq
        par = None if par is None else self._checked(par)
        bare = Revision(rid, self._hlc, actor, fv, table, uid, kind, text, par, NO_CHAIN, scope)
        revision = bare.after(self._chain)
        self._chain = revision.chain
        self.step = self.step or self.seq
        self.write([revision], {rid}, self.step)
        self.note_prefix(self.origin, self.seq, self._chain)
        edits = [] if kind is Kind.IMPORT else [revision]
        self.feed([revision], self.records.apply(edits, self.records.states({r.uid: r.table for r in edits})))
        return revision

    def _checked(self, par: str) -> str:
        """Return `par` with the check of the edits it names, if all of them are here."""
        parents = sorted(merge.named(parsed(par)))
        chains = self.chains(parents)
        is_whole = len(chains) == len(parents)
        return lineage.with_check(par, lineage.check_of(chains[rid] for rid in parents)) if is_whole else par

    def state(self, uid: str, table: str = "") -> State | None:
        """Return where a record stands."""
        return self.records.state(uid, table)

    def status(self, uid: str, state: State, names: Iterable[str]) -> tuple[merge.Status, ValueOf]:
        """Return what to show of a record, and a reader for the values of its versions."""
        return self.records.status(uid, state, names)

    # --- edits of others -----------------------------------------------------------------------------------------

    def ingest(self, revisions: Sequence[Revision], withheld: Mapping[int, str] = NONE_WITHHELD) -> int:
        """Take in revisions in any order; return how many were new. Call inside a transaction.

        Args:
            revisions: What came.
            withheld: Revision -> why it must not take effect before somebody with the right to do so lets it.

        Raises:
            Fork: If a known number comes with other content.
            StaleReplica: If own revisions come back that this file does not know.
            Tampered: If a revision does not fit its origin's chain.
        """
        fresh = self._fresh(revisions)
        if not fresh:
            return 0
        for origin in sorted({revision.origin for revision in fresh.values()}):
            self._advance(origin, fresh)
        not_later = self._clock() + _MAX_AHEAD_MS
        self._hlc = max([self._hlc, *(r.hlc for r in fresh.values() if r.at_ms <= not_later)])
        self._db.execute("UPDATE _meta SET value = ? WHERE key = 'hlc'", (self._hlc,))
        ready, before = self._ready([r for r in fresh.values() if r.rid not in withheld])
        self.write(fresh.values(), {revision.rid for revision in ready})
        self._take_effect(ready, before)
        held = [(f"!{why}", rid) for rid, why in withheld.items() if rid in fresh]
        self._db.many("INSERT OR IGNORE INTO _wait VALUES (?, ?)", held)
        return len(fresh)

    def quarantined(self) -> list[tuple[int, str]]:
        """Return the revisions that wait for a person's decision, and why."""
        return [
            (int(rid), why[1:])
            for rid, why in self._db.rows(
                "SELECT rid, missing FROM _wait WHERE missing >= '!' AND missing < '\"' ORDER BY rid"
            )
        ]

    def let_go(self, rids: Sequence[int]) -> None:
        """Let held revisions take effect. Call inside a transaction."""
        for rid in rids:
            self._db.execute("DELETE FROM _wait WHERE rid = ? AND missing >= '!' AND missing < '\"'", (rid,))
        self.settle(list(self.revisions(rids).values()))

    def add_line(self, revisions: Sequence[Revision], *, applied: bool) -> None:
        """Put revisions of one's own making into the log as they are; `applied` ones into the feed too."""
        self.write(revisions, {revision.rid for revision in revisions} if applied else ())
        for origin in sorted({revision.origin for revision in revisions}):
            self._advance(origin)
        if applied:
            self.feed(revisions, {})

    def settle(self, stored: Sequence[Revision]) -> None:
        """Apply what can be applied of revisions in the log, and then what waited for it."""
        ready, before = self._ready(stored)
        self._mark_applied(ready)
        self._take_effect(ready, before)

    def _take_effect(self, ready: Sequence[Revision], before: Mapping[str, State]) -> None:
        """Apply revisions that are in the log as applied, in causal order, and then what waited for them."""
        while ready:
            self.feed(ready, self.records.apply([r for r in ready if r.kind is not Kind.IMPORT], before))
            ready, before = self._ready(self._released(ready))
            self._mark_applied(ready)

    def _mark_applied(self, revisions: Sequence[Revision]) -> None:
        self._db.many("UPDATE _rev SET st = 1 WHERE rid = ?", [(revision.rid,) for revision in revisions])

    def release_dataset(self, sha256: str) -> None:
        """Go on with what waited for a dataset that has arrived."""
        self.settle(self._released_by([sha256]))

    def _fresh(self, revisions: Sequence[Revision]) -> dict[int, Revision]:
        known: dict[int, bytes] = {}
        for part in parts([revision.rid for revision in revisions]):
            marks = ",".join("?" * len(part))
            known.update(self._db.rows(f"SELECT rid, chain FROM _rev WHERE rid IN ({marks})", part))
        fresh: dict[int, Revision] = {}
        for revision in revisions:
            had = known.get(revision.rid) or (fresh[revision.rid].chain if revision.rid in fresh else None)
            if had is not None and bytes(had) != revision.chain:
                raise Fork(forked(revision.origin), revision.origin)
            if had is None:
                fresh[revision.rid] = revision
        if any(r.origin == self.origin and r.seq > self.seq for r in fresh.values()):
            raise StaleReplica(
                _("This project file is an older copy of itself; it takes a new number and goes on."), self.origin
            )
        return fresh

    def _advance(self, origin: int, fresh: Mapping[int, Revision] = _NONE) -> None:
        """Lengthen the known prefix of an origin, checking each link of its chain; `fresh` need not be read again."""
        upto, chain = self.prefix(origin)
        first = upto
        while True:
            rid = origin << SEQ_BITS | (upto + 1)
            revision = fresh.get(rid) or self.revisions([rid]).get(rid)
            if revision is None:
                break
            if chain_of(chain, revision) != revision.chain:
                raise Tampered(
                    _(
                        "Edit {seq} of laptop {origin} was changed on the way; nothing of this package was taken."
                    ).format(seq=revision.seq, origin=origin),
                    origin,
                )
            upto, chain = upto + 1, revision.chain
        if upto != first:
            self.note_prefix(origin, upto, chain)

    def _ready(self, revisions: Sequence[Revision]) -> tuple[list[Revision], dict[str, State]]:
        """Return those that can take effect, in causal order, and where their records stand; the rest waits."""
        parents = set[int]().union(*map(merge.required, revisions))
        able, missing = batch.causal(revisions, self._applied(parents), self._is_admitted)
        waits = [(str(parent), rid) for rid, parents in missing.items() for parent in parents]
        waits += [(str(r.fields()["dataset"]), r.rid) for r in revisions if r.kind is Kind.IMPORT and r.rid in missing]
        edits = {r.uid: r.table for r in able if r.kind is not Kind.IMPORT}
        before = self.records.states(edits)
        made = before.keys() | {r.uid for r in able if r.kind in {Kind.CREATE, Kind.IMPORT}}
        homeless = {r.rid: r.uid for r in able if r.uid not in made}  # nothing made their record yet
        waits += [(uid, rid) for rid, uid in homeless.items()]
        self._db.many("INSERT OR IGNORE INTO _wait VALUES (?, ?)", waits)
        return [r for r in able if r.rid not in homeless], before

    def _is_admitted(self, revision: Revision) -> bool:
        return revision.kind is not Kind.IMPORT or self.load_dataset(revision)

    def _applied(self, rids: set[int]) -> set[int]:
        found: set[int] = set()
        for part in parts(sorted(rids)):
            marks = ",".join("?" * len(part))
            found |= {row[0] for row in self._db.rows(f"SELECT rid FROM _rev WHERE st = 1 AND rid IN ({marks})", part)}
        return found

    def _released(self, applied: Sequence[Revision]) -> list[Revision]:
        if not self._db.scalar("SELECT 1 FROM _wait LIMIT 1"):
            return []
        born = [revision.uid for revision in applied if revision.kind is Kind.CREATE]
        return self._released_by([*[str(revision.rid) for revision in applied], *born])

    def _released_by(self, names: Sequence[str]) -> list[Revision]:
        """Strike what has arrived off the waiting list and return the revisions that wait for nothing any more."""
        candidates: set[int] = set()
        for part in parts(names):
            marks = ",".join("?" * len(part))
            candidates |= {row[0] for row in self._db.rows(f"SELECT rid FROM _wait WHERE missing IN ({marks})", part)}
            self._db.execute(f"DELETE FROM _wait WHERE missing IN ({marks})", part)
        free = [rid for rid in candidates if not self._db.scalar("SELECT 1 FROM _wait WHERE rid = ? LIMIT 1", (rid,))]
        return list(self.revisions(free).values())
