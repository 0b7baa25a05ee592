"""The hub's data in one GeoPackage: the default, nothing to install."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.hub.definitions import MAX_TABLES, checked
from fieldsurvey.hub.storage import NO_LINKS, REJECTED, Counts, Held, Scopes, no_project
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import SEQ_BITS, SEQ_MASK, Revision
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import Blob, Ingested, Store
from fieldsurvey.store.witness import ClockOffset, SignedHead
from fieldsurvey.sync.peers import Hello, hello_of


class GeoPackageStorage:
    """One project file behind the hub (Storage)."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file if it is there; else `found` makes it.

        Raises:
            StoreError: If it is damaged or locked.
        """
        self._path = path
        self._store: Store | None = Store.open(path, read_only=read_only) if path.exists() else None

    @property
    def store(self) -> Store:
        """The project file.

        Raises:
            InputRefused: If there is none yet.
        """
        if self._store is None:
            raise no_project()
        return self._store

    def close(self) -> None:
        """Close the file."""
        if self._store is not None:
            self._store.close()

    # --- what it is ------------------------------------------------------------------------------------------

    def hello(self) -> Hello | None:
        """Return the state; None while there is no project."""
        if self._store is None:
            return None
        self._store.remember_number()  # a file that is put back to an older state is known by this note
        return hello_of(self._store, "hub")

    def project_id(self) -> str | None:
        """Return the identity of the project."""
        return None if self._store is None else self._store.project

    def epoch(self) -> str:
        """Return the identity of the feed; empty while there is no project."""
        return "" if self._store is None else self._store.epoch

    def set_epoch(self, epoch: str) -> None:
        """Tell everybody that the feed has another past."""
        self.store.set_epoch(epoch)

    def feed_top(self) -> int:
        """Return the last place in the feed."""
        return self.store.change_counter()

    def found(self, theirs: Hello) -> None:
        """Begin the project that the first replica brings."""
        if self._store is None:
            self._store = Store.create(self._path, crs=theirs.crs, name=theirs.name, project=theirs.project)

    def take_definitions(self, tables: Iterable[str], actors: Iterable[tuple[int, str, str]]) -> None:
        """Make tables and columns that are new here, and remember persons."""
        have = set(self.store.table_definitions())
        known = set(self.store.actors())
        new_tables, new_actors = [t for t in tables if t not in have], [a for a in actors if a not in known]
        if not new_tables and not new_actors:
            return
        with self.store.transaction():
            for table in map(checked, new_tables):
                self._refuse_twin(table)
                self.store.add_table(table)
            self.store.add_actors(new_actors)

    def _refuse_twin(self, table: Table) -> None:
        """Refuse a second table of one Chinese name, which a GeoPackage cannot hold."""
        others = [other for name, other in self.store.tables().items() if name != table.name]
        if len(others) >= MAX_TABLES or any(other.zh == table.zh for other in others):
            raise InputRefused(_("The hub cannot take the table {table}.").format(table=table.zh))

    def tables(self) -> dict[str, Table]:
        """Return the user tables by name."""
        return self.store.tables()

    def counts(self) -> Counts:
        """Return how much is here."""
        store = self.store
        records = {name: n for name in store.tables() if (n := store.count(name))}
        log = store.log_counts()
        return Counts(log.revisions, log.waiting, len(store.quarantined()), store.conflict_count(), log.feed, records)

    # --- the log -----------------------------------------------------------------------------------------------

    def ingest(
        self, revisions: Sequence[Revision], held: Mapping[int, str], links: Mapping[int, bytes] = NO_LINKS
    ) -> Ingested:
        """Take in revisions; what was held before and may pass now takes effect."""
        store = self.store
        with store.transaction():
            done = store.ingest(revisions, links, held)
            if held_before := {rid for rid, why in store.quarantined() if why != REJECTED}:
                store.let_go([r.rid for r in revisions if r.rid in held_before and r.rid not in held])
        return done

    def known_upto(self, origins: Iterable[int]) -> dict[int, int]:
        """Return how far the logs of the origins are here without holes."""
        return self.store.prefixes(origins)

    def feed_after(self, cursor: int, limit: int, scopes: Scopes) -> tuple[list[Revision], int]:
        """Return what took effect after a place in the feed, and the place reached."""
        return self.store.feed_after(cursor, limit, None if scopes is None else sorted({0, *scopes}))

    def chains(self, rids: Sequence[int]) -> list[bytes | None]:
        """Return the hashes of the origins' logs at these numbers, None for one that is not here."""
        return self.store.chains([(rid >> SEQ_BITS, rid & SEQ_MASK) for rid in rids])

    def revisions(self, rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""
        return self.store.revisions(rids)

    def links_before(self, rids: Sequence[int]) -> list[bytes | None]:
        """Return the hash before each revision, None where nothing of it is here."""
        return [self.store.link_before(rid) for rid in rids]

    def held(self) -> list[Held]:
        """Return what is in quarantine."""
        found = dict(self.store.quarantined())
        revisions = self.store.revisions(found)
        return [Held(revisions[rid], why) for rid, why in found.items()]

    def let_go(self, rids: Sequence[int]) -> None:
        """Let revisions out of quarantine."""
        self.store.let_go(rids)

    def reject(self, rids: Sequence[int]) -> None:
        """Keep held revisions without effect for good."""
        self.store.hold_for(rids, REJECTED)

    def signed_heads(self, origin: int | None = None) -> dict[int, SignedHead]:
        """Return what devices signed of their own logs, by origin; on request of one origin."""
        return self.store.signed_heads(origin)

    def keep_heads(self, heads: Iterable[SignedHead]) -> list[int]:
        """Keep signed heads that reach further than what is known; return their origins."""
        return self.store.keep_heads(heads)

    def clock_offsets(self) -> list[ClockOffset]:
        """Return what was measured of clocks that were off."""
        return self.store.clock_offsets()

    def keep_offsets(self, offsets: Iterable[ClockOffset]) -> None:
        """Keep what was measured of a clock."""
        self.store.keep_offsets(offsets)

    # --- records -------------------------------------------------------------------------------------------------

    def scopes_of(self, tables: Mapping[str, str]) -> dict[str, int]:
        """Return the area of each record that is here, given record -> table."""
        return self.store.scopes(tables)

    def areas(self) -> dict[str, frozenset[int]]:
        """Return what areas are called."""
        given = self.store.select("assignment") if "assignment" in self.store.tables() else []
        return area_names(self.store.select("community", ["code", "name", "district"])) | assigned_names(given)

    def select(self, table: str) -> list[dict[str, Value]]:
        """Return all rows of a table by uid."""
        return self.store.select(table, order="uid")

    def states(self) -> dict[str, State]:
        """Return where each edited record stands."""
        return self.store.states()

    def conflicts(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Return (record, field) -> rival versions."""
        return {(c.uid, c.field): tuple(version.rid for version in c.versions) for c in self.store.conflicts()}

    # --- files ---------------------------------------------------------------------------------------------------

    def blobs(self) -> list[Blob]:
        """Return every file that is here whole."""
        return self.store.blobs(whole=True)

    def blob(self, sha256: str) -> Blob | None:
        """Return what is known of a file."""
        return self.store.blob(sha256)

    def note_blobs(self, blobs: Iterable[Blob], *, have: bool) -> None:
        """Remember files."""
        with self.store.transaction():
            for blob in blobs:
                if have or self.store.blob(blob.sha256) is None:
                    self.store.note_blob(blob, have=have)

    def retry_waiting(self) -> None:
        """Go on with imports whose dataset has arrived since."""
        self.store.retry_waiting()


def assigned_names(rows: Iterable[Mapping[str, Value]]) -> dict[str, frozenset[int]]:
    """Return the areas called @login and @name: the communities assigned to a person now."""
    found: dict[str, set[int]] = {}
    for row in rows:
        for name in {row["login"], row["person"]}:
            if name and not row["withdrawn"]:
                found.setdefault(f"@{name!s}", set()).add(scope_of(str(row["community_uid"])))
    return {name: frozenset(scopes) for name, scopes in found.items()}


def area_names(rows: Iterable[Mapping[str, Value]]) -> dict[str, frozenset[int]]:
    """Return what areas are called, from the rows of the community table."""
    found: dict[str, set[int]] = {}
    for row in rows:
        for name in row.values():
            if name:
                found.setdefault(str(name), set()).add(scope_of(str(row["uid"])))
    return {name: frozenset(scopes) for name, scopes in found.items()}
