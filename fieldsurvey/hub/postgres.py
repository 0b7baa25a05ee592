"""The hub's data in PostgreSQL with PostGIS: any number of hub processes, tables for QGIS and SQL."""

import json
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import Cursor

from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.hub import dialect
from fieldsurvey.hub.geopackage import area_names, assigned_names
from fieldsurvey.hub.pg_log import PgLog
from fieldsurvey.hub.pg_records import PgRecords
from fieldsurvey.hub.pg_rows import PgRows
from fieldsurvey.hub.storage import NO_LINKS, Counts, Held, Scopes, no_project
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State, state_from_json
from fieldsurvey.model.revision import SEQ_BITS, SEQ_MASK, Revision
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import Blob, Ingested, bulk
from fieldsurvey.store.entries import revision_of
from fieldsurvey.store.gpkg import srs_id
from fieldsurvey.store.replica import Profile
from fieldsurvey.store.witness import ClockOffset, SignedHead, newer
from fieldsurvey.sync.peers import Hello

T = TypeVar("T")
Fetch = Callable[[str], Path | None]  # hash of a dataset -> a file with its bytes, or None while it is not here
_FILL_ROWS = 1000  # in one statement
_TRIES = 8
_CONNECT_SECONDS = 10
_PAUSE = 0.05  # seconds before the second try; doubles


class PostgresStorage:
    """One database behind the hub (Storage). An object holds one connection."""

    def __init__(self, address: str, fetch: Fetch = lambda _sha: None) -> None:
        """Connect, and make the hub's own tables if they are not there.

        Args:
            address: postgresql://… ; a password may stand in the environment or in ~/.pgpass instead.
            fetch: Finds the file of a dataset.

        Raises:
            StoreError: If the server is out of reach or refuses.
        """
        self._address, self._fetch = address, fetch
        self._project: str | None = None
        self._connect()

    def _connect(self) -> None:
        with known_failures():
            self._db = psycopg.connect(self._address, autocommit=True, connect_timeout=_CONNECT_SECONDS)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise
        self._rows = PgRows(self._db)
        self._records = PgRecords(self._rows, bulk.reader(self._fetch))
        self._log = PgLog(self._db, self._rows, self._records, self._load_dataset)

    def _prepare(self) -> None:
        if not self._one(dialect.HAS_SCHEMA)[0]:
            with self._db.transaction():
                self._db.execute(dialect.LOCK_CATALOGUE)
                self._db.execute(dialect.SCHEMA)
        self._db.execute(dialect.SESSION)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _one(self, query: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
        row = self._db.execute(query.encode(), parameters).fetchone()
        return tuple(row) if row else (None,)

    def _all(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query of its own."""
        return self._safely(lambda: self._db.execute(query.encode(), parameters).fetchall())

    def _safely(self, work: Callable[[], T]) -> T:
        """Run one transaction; again after a deadlock, and on a new connection after the server was restarted.

        Every transaction may be repeated: what is known already is left as it is, so that even a commit whose answer
        got lost does no harm.
        """
        for attempt in range(_TRIES):
            try:
                return self._once(work)
            except _Again:
                if attempt == _TRIES - 1:
                    raise
            except StoreError:
                if attempt == _TRIES - 1 or not self._db.closed:
                    raise
                threading.Event().wait(_PAUSE * 2**attempt)
        raise AssertionError  # the last try returns or raises

    def _once(self, work: Callable[[], T]) -> T:
        with known_failures():
            if self._db.closed:
                self._connect()
            try:
                with self._db.transaction():
                    return work()
            except BaseException:
                self._rows.forget()
                raise

    # --- what it is ------------------------------------------------------------------------------------------

    def hello(self) -> Hello | None:
        """Return the state; None while there is no project."""

        def read() -> Hello | None:
            self._db.execute(dialect.SNAPSHOT)
            meta = {key: self._one(dialect.META, (key,))[0] for key in ("project", "name", "crs", "origin", "epoch")}
            if meta["project"] is None:
                return None
            heads = {int(o): (int(upto), bytes(chain)) for o, upto, chain in self._db.execute(dialect.HEADS)}
            tables = [definition for _name, definition in self._db.execute(dialect.TABLES)]
            actors = [(int(number), login, name) for number, login, name in self._db.execute(dialect.ACTORS)]
            hub = f"{meta['project']}:{meta['origin']}"
            return Hello(meta["project"], meta["name"], meta["crs"], hub, meta["epoch"], heads, tables, actors, "hub")

        return self._safely(read)

    def project_id(self) -> str | None:
        """Return the identity of the project; it never changes once it is there."""
        if self._project is None:
            rows = self._all(dialect.META, ("project",))
            self._project = rows[0][0] if rows else None
        return self._project

    def epoch(self) -> str:
        """Return the identity of the feed; empty while there is no project."""
        rows = self._all(dialect.META, ("epoch",))
        return str(rows[0][0]) if rows else ""

    def set_epoch(self, epoch: str) -> None:
        """Tell everybody that the feed has another past."""
        self._write_all(dialect.SET_META, [("epoch", epoch)])

    def feed_top(self) -> int:
        """Return the last place in the feed."""
        return int(self._all(dialect.FEED_TOP)[0][0])

    def found(self, theirs: Hello) -> None:
        """Begin the project that the first replica brings.

        Raises:
            InputRefused: If its reference system is unknown.
        """
        srs = _srs_row(theirs.crs)
        values = {
            "project": theirs.project, "name": theirs.name, "crs": theirs.crs, "origin": str(Profile().new_origin()),
            "epoch": secrets.token_hex(8), "tables": secrets.token_hex(8),
        }  # fmt: skip

        def write() -> None:
            self._db.execute(dialect.LOCK_CATALOGUE)
            if self._one(dialect.META, ("project",))[0] is None:
                self._db.execute(dialect.ADD_SRS, srs)
                for key, value in values.items():
                    self._db.execute(dialect.NEW_META, (key, value))

        self._safely(write)

    def take_definitions(self, tables: Iterable[str], actors: Iterable[tuple[int, str, str]]) -> None:
        """Make tables and columns that are new here, and remember persons."""
        state = self.hello()
        if state is None:
            raise no_project()
        have, known = set(state.tables), set(state.actors)
        new_tables, new_actors = [t for t in tables if t not in have], [a for a in actors if a not in known]
        if new_tables or new_actors:
            self._safely(lambda: self._define(new_tables, new_actors))

    def _define(self, tables: Sequence[str], actors: Sequence[tuple[int, str, str]]) -> None:
        self._db.execute(dialect.LOCK_CATALOGUE)
        self._rows.use(self._one(dialect.META, ("tables",))[0])
        before = set(self._rows.tables)
        gained = [self._rows.add_table(definition) for definition in tables]
        if tables:
            self._db.execute(dialect.SET_META, ("tables", secrets.token_hex(8)))
        for actor in actors:
            self._db.execute(dialect.ADD_ACTOR, actor)
        with self._db.cursor(binary=True) as cursor:
            for table, names in gained:
                if names:
                    self._fill(cursor, table, names, is_new=table not in before)

    def _fill(self, cursor: Cursor[Any], table: str, names: Sequence[str], *, is_new: bool) -> None:
        """Give columns the values that came before them: from datasets, then from edits."""
        if is_new:
            rows = cursor.execute(dialect.RECORDS_OF_TABLE, (table,)).fetchall()
            self._records.fill(cursor, [row[0] for row in rows], self._rows.columns(table))
            return
        for rid, dataset in cursor.execute(dialect.IMPORTS_OF_TABLE, (table,)).fetchall():
            path = self._fetch(dataset)
            found, lines = bulk.decode(path, set(names)) if path else ([], iter(()))
            while found and (part := list(islice(lines, _FILL_ROWS))):
                changes = [(str(line[0]), dict(zip(found, line[1:], strict=True)), int(rid)) for line in part]
                self._rows.update(cursor, table, changes)
        patterns = [f'%"{name}":%' for name in names]
        touched = cursor.execute(dialect.TOUCHED_BY_FIELD, (table, patterns)).fetchall()
        self._records.fill(cursor, [row[0] for row in touched], names)

    def tables(self) -> dict[str, Table]:
        """Return the user tables by name."""
        self._safely(lambda: self._rows.use(self._one(dialect.META, ("tables",))[0]))
        return dict(self._rows.tables)

    def counts(self) -> Counts:
        """Return how much is here."""
        records = {}
        for name in self.tables():
            number = int(self._one(dialect.count_rows(name))[0])
            if number:
                records[name] = number
        revisions, waiting, held, conflicts, feed = self._one(dialect.COUNTS)
        return Counts(int(revisions), int(waiting), int(held), int(conflicts), int(feed), records)

    # --- the log -----------------------------------------------------------------------------------------------

    def ingest(
        self, revisions: Sequence[Revision], held: Mapping[int, str], links: Mapping[int, bytes] = NO_LINKS
    ) -> Ingested:
        """Take in revisions; what was held before and may pass now takes effect."""

        def write() -> Ingested:
            new = self._log.ingest(revisions, held, links)
            waiting, conflicts = self._one(dialect.WAITS_AND_CONFLICTS)
            return Ingested(new, int(waiting), int(conflicts))

        return self._safely(write)

    def known_upto(self, origins: Iterable[int]) -> dict[int, int]:
        """Return how far the logs of the origins are here without holes."""
        wanted = list(origins)
        found = {int(o): int(upto) for o, upto in self._all(dialect.KNOWN_UPTO, (wanted,))}
        return {origin: found.get(origin, 0) for origin in wanted}

    def feed_after(self, cursor: int, limit: int, scopes: Scopes) -> tuple[list[Revision], int]:
        """Return what took effect after a place in the feed, and the place reached."""
        if scopes is None:
            rows = self._all(dialect.FEED, (cursor, limit))
        else:
            rows = self._all(dialect.FEED_OF_SCOPES, (cursor, sorted({0, *scopes}), limit))
        return [revision_of(row[1:]) for row in rows], (int(rows[-1][0]) if rows else cursor)

    def revisions_after(self, origin: int, seq: int, limit: int = 1000) -> list[Revision]:
        """Return an origin's revisions after a sequence number, in order."""
        first, last = origin << SEQ_BITS | seq, origin << SEQ_BITS | SEQ_MASK
        return [revision_of(row) for row in self._all(dialect.AFTER, (first, last, limit))]

    def chains(self, rids: Sequence[int]) -> list[bytes | None]:
        """Return the hashes of the origins' logs at these numbers, None for one that is not here."""
        found = {rid: bytes(chain) for rid, chain in self._all(dialect.CHAINS, (list(rids),))}
        return [found.get(rid) for rid in rids]

    def revisions(self, rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""
        return {row[0]: revision_of(row) for row in self._all(dialect.REVISIONS, (sorted(rids),))}

    def links_before(self, rids: Sequence[int]) -> list[bytes | None]:
        """Return the hash before each revision, None where nothing of it is here."""
        return self._safely(lambda: self._log.links_before(self._db.cursor(binary=True), rids))

    def held(self) -> list[Held]:
        """Return what is in quarantine."""
        found = {int(rid): why[1:] for rid, why in self._all(dialect.HELD)}
        revisions = {row[0]: revision_of(row) for row in self._all(dialect.REVISIONS, (sorted(found),))}
        return [Held(revisions[rid], why) for rid, why in found.items()]

    def let_go(self, rids: Sequence[int]) -> None:
        """Let revisions out of quarantine."""
        self._safely(lambda: self._log.let_go(rids))

    def reject(self, rids: Sequence[int]) -> None:
        """Keep held revisions without effect for good."""
        self._safely(lambda: self._db.execute(dialect.REJECT, (list(rids),)))

    def signed_heads(self, origin: int | None = None) -> dict[int, SignedHead]:
        """Return what devices signed of their own logs, by origin; on request of one origin."""
        rows = self._all(dialect.SIGNED_HEADS, (origin, origin))
        return {row[0]: SignedHead(row[0], row[1], bytes(row[2]), *row[3:]) for row in rows}

    def keep_heads(self, heads: Iterable[SignedHead]) -> list[int]:
        """Keep signed heads that reach further than what is known; return their origins."""
        fresh = newer(heads, self.signed_heads())
        rows = [(h.origin, h.seq, h.chain, h.at_ms, h.alg, h.key, h.sig) for h in fresh]
        self._write_all(dialect.SET_HEAD, rows)
        return [head.origin for head in fresh]

    def clock_offsets(self) -> list[ClockOffset]:
        """Return what was measured of clocks that were off."""
        return [ClockOffset(*row) for row in self._all(dialect.CLOCKS)]

    def keep_offsets(self, offsets: Iterable[ClockOffset]) -> None:
        """Keep what was measured of a clock."""
        self._write_all(dialect.ADD_CLOCK, [(o.origin, o.seq, o.offset_ms) for o in offsets])

    # --- records -------------------------------------------------------------------------------------------------

    def scopes_of(self, tables: Mapping[str, str]) -> dict[str, int]:
        """Return the area of each of the records that is here: what it was made with, else what its row says."""
        self.tables()
        return self._safely(lambda: self._scopes_of(tables))

    def _scopes_of(self, tables: Mapping[str, str]) -> dict[str, int]:
        rows = self._db.execute(dialect.RECORD_SCOPES, (list(tables),)).fetchall()
        scopes = {uid: int(scope) for uid, _table, scope in rows}
        unclear: dict[str, list[str]] = {}
        for uid, table in tables.items():
            if not scopes.get(uid) and table in self._rows.tables:
                unclear.setdefault(table, []).append(uid)
        for table, uids in unclear.items():
            for uid, (_rev, community) in self._rows.find(self._db.cursor(), table, uids).items():
                scopes[uid] = scope_of(uid if table == "community" else community)
        return scopes

    def areas(self) -> dict[str, frozenset[int]]:
        """Return what areas are called."""
        if "community" not in self.tables():
            return {}
        names = ("uid", "code", "name", "district")
        given = self.select("assignment") if "assignment" in self.tables() else []
        communities = area_names(dict(zip(names, row, strict=True)) for row in self._all(dialect.AREAS))
        return communities | assigned_names(given)

    def select(self, table: str) -> list[dict[str, Value]]:
        """Return all rows of a table by uid."""
        if table not in self.tables():
            raise KeyError(table)
        return self._safely(lambda: self._rows.read(table))

    def states(self) -> dict[str, State]:
        """Return where each edited record stands."""
        return {row[0]: state_from_json(*row[1:]) for row in self._all(dialect.RECORDS)}

    def conflicts(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Return (record, field) -> rival versions."""
        return {(uid, name): tuple(json.loads(heads)) for uid, name, heads in self._all(dialect.CONFLICTS)}

    # --- files ---------------------------------------------------------------------------------------------------

    def blobs(self) -> list[Blob]:
        """Return every file that is here whole."""
        return [Blob(*row) for row in self._all(dialect.BLOBS)]

    def blob(self, sha256: str) -> Blob | None:
        """Return what is known of a file."""
        rows = self._all(dialect.BLOB, (sha256,))
        return Blob(*rows[0]) if rows else None

    def note_blobs(self, blobs: Iterable[Blob], *, have: bool) -> None:
        """Remember files."""
        rows = [(blob.sha256, blob.size, blob.name, blob.mime, have) for blob in blobs]

        self._write_all(dialect.SET_BLOB, rows)

    def _write_all(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        def write() -> None:
            with self._db.cursor() as cursor:
                cursor.executemany(statement.encode(), rows)

        if rows:
            self._safely(write)

    def retry_waiting(self) -> None:
        """Go on with imports whose dataset has arrived since."""
        for (sha,) in self._all(dialect.WANTED_DATASETS):
            if self._fetch(sha) is not None:
                self._safely(partial(self._log.dataset_arrived, sha))

    def _load_dataset(self, revision: Revision) -> bool:
        """Put the rows of somebody's import into their table; False while their file is not here."""
        patch = revision.fields()
        path = self._fetch(str(patch["dataset"]))
        if path is None or revision.table not in self._rows.tables:
            return False
        cursor = self._db.cursor(binary=True)
        uids = (str(line[0]) for line in bulk.decode(path, set())[1])
        again = self._records.made_before(cursor, revision.table, uids)
        names, lines = bulk.decode(path, set(self._rows.columns(revision.table)))
        fresh = (line for line in lines if line[0] not in again.found)
        self._rows.copy(revision.table, names, fresh, revision.rid)
        self._records.make_again(cursor, revision, again)
        row = (revision.rid, revision.table, patch["dataset"], int(patch["rows"]), str(patch.get("source", "")))
        self._db.execute(dialect.ADD_IMPORT, row)
        return True


class _Again(StoreError):
    """Two transactions met; the server stopped one of them. The same call works."""


@contextmanager
def known_failures() -> Iterator[None]:
    """Turn failures of the server into sentences; the address, which may hold a password, is never among them.

    Raises:
        StoreError: If the server is out of reach, refuses, or has no room.
    """
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
        raise _Again(_("The database is busy. Try again.")) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreError(_("The database of the hub is out of reach or refuses.")) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreError(_("The database does not let the hub make its tables. Ask its administrator.")) from error


def _srs_row(crs: str) -> tuple[int, int, str, str]:
    """Return what PostGIS keeps of a reference system."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        found = CRS.from_user_input(crs)
        number = srs_id(crs)
    except (CRSError, ValueError) as error:
        raise InputRefused(_("The hub does not know the reference system {crs}.").format(crs=crs)) from error
    return number, number, found.to_wkt("WKT1_GDAL"), ""
