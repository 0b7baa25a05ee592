"""Is a project file whole? What is wrong is named; what can be built again is repaired on request.

Repair touches only what is derived (rebuild.py): heads, conflicts, rows,
spatial indexes and extents, from the log. A backup copy is made first.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import shapely

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import FieldSurveyError, StoreError
from fieldsurvey.geo.gpkg_blob import bounds, unpack
from fieldsurvey.i18n import N_, _
from fieldsurvey.model import merge
from fieldsurvey.model.revision import NO_CHAIN, chain_of, load
from fieldsurvey.model.schema import Table
from fieldsurvey.paths import media_folder
from fieldsurvey.store import bulk, gpkg, opening, rebuild
from fieldsurvey.store.connection import Connection, copy_file
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import hash_of, place_in
from fieldsurvey.store.rows import Rows

_BATCH = 1000
_MOST = 50  # problems of one kind that are listed one by one


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        code: Stable name.
        table: Where; empty for the file as a whole.
        uid: Which record; empty if it is not about one.
        message: One sentence.
        repairable: True when --repair can build it again.
    """

    code: str
    table: str
    uid: str
    message: str
    repairable: bool = False


@dataclass(slots=True)
class Report:
    """What a check found.

    Attributes:
        path: The project file.
        problems: What is wrong now.
        repaired: What was wrong and was mended.
        backup: Copy made before repairing.
        done: What the repair did, a sentence each.
        pending: Edits of other programs that become revisions at the next opening.
    """

    path: Path
    problems: list[Problem] = field(default_factory=list)
    repaired: list[Problem] = field(default_factory=list)
    backup: Path | None = None
    done: list[str] = field(default_factory=list)
    pending: int = 0

    @property
    def is_whole(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def as_json(self) -> dict[str, object]:
        """Return the report as the command line prints it."""
        return {
            "file": str(self.path),
            "whole": self.is_whole,
            "problems": [_as_json(problem) for problem in self.problems],
            "repaired": [_as_json(problem) for problem in self.repaired],
            "backup": str(self.backup) if self.backup else None,
            "done": list(self.done),
            "pending": self.pending,
        }

    def as_text(self) -> str:
        """Return the report as lines for a terminal."""
        lines = [f"✓ {problem.message}" for problem in self.repaired]
        lines += [f"· {sentence}" for sentence in self.done]
        if self.pending:
            text = _("{n} edits of another program become edits of this project at its next opening.")
            lines.append("· " + text.format(n=self.pending))
        mend = _(" (--repair mends this)")
        lines += [f"✕ {problem.message}{mend if problem.repairable else ''}" for problem in self.problems]
        verdict = _("{file} is whole.") if self.is_whole else _("{file} has problems.")
        return "\n".join([*lines, verdict.format(file=self.path.name)])


def _as_json(problem: Problem) -> dict[str, object]:
    return {
        "code": problem.code, "table": problem.table, "uid": problem.uid, "message": problem.message,
        "repairable": problem.repairable,
    }  # fmt: skip


def check(path: Path, *, repair: bool = False, media: Path | None = None) -> Report:
    """Check a project file, and mend what is derived if asked.

    Args:
        path: The project file.
        repair: Build again what follows from the log.
        media: Folder of its photos and datasets; None: the one beside it.

    Raises:
        InputRefused: If it is no project of this program, or from a newer version.
    """
    report = Report(path)
    try:
        report.problems, report.pending = _found(path, media)
    except StoreError as error:  # too damaged to look into: that is the finding
        report.problems = [Problem("damaged", "", "", str(error))]
        return report
    if repair and any(problem.repairable for problem in report.problems):
        report.backup = _backup(path)
        before = report.problems
        _take_over(path)
        report.done = _repair(path)
        report.problems, report.pending = _found(path, media)
        left = {(problem.code, problem.table, problem.uid) for problem in report.problems}
        report.repaired = [p for p in before if (p.code, p.table, p.uid) not in left]
    return report


def _found(path: Path, media: Path | None) -> tuple[list[Problem], int]:
    connection = opening.open_file(path, read_only=False)
    try:
        rows = Rows(connection, gpkg.srs_id(str(connection.scalar("SELECT value FROM _meta WHERE key = 'crs'"))))
        checker = _Checker(connection, rows, media or media_folder(path))
        problems = [problem for part in checker.parts() for problem in _limited(part)]
        return problems, int(connection.scalar("SELECT count(*) FROM _dirty"))
    finally:
        connection.close()


def _limited(part: Callable[[], Iterator[Problem]]) -> Iterator[Problem]:
    count, last = 0, None
    for problem in part():
        count, last = count + 1, problem
        if count <= _MOST:
            yield problem
    if count > _MOST and last is not None:
        text = _("… and {n} more of this kind in {table}.").format(n=count - _MOST, table=last.table)
        yield Problem(last.code, last.table, "", text, last.repairable)


class _Checker:
    def __init__(self, connection: Connection, rows: Rows, media: Path) -> None:
        self._db, self._rows, self._folder = connection, rows, media

    def parts(self) -> list[Callable[[], Iterator[Problem]]]:
        """Return the checks, cheapest and gravest first."""
        return [
            self._integrity, self._header, self._tables, self._rtrees, self._references, self._chains, self._prefixes,
            self._heads, self._conflicts, self._waiting, self._records, self._media,
        ]  # fmt: skip

    def _integrity(self) -> Iterator[Problem]:
        for (line,) in self._db.rows("PRAGMA integrity_check(20)"):
            if line != "ok":
                yield Problem("damaged", "", "", _("The file is damaged: {why}").format(why=line))

    def _header(self) -> Iterator[Problem]:
        if self._db.scalar("PRAGMA application_id") != gpkg.APPLICATION_ID:
            yield Problem("no_geopackage", "", "", _("The file does not say that it is a GeoPackage."))
        for row in self._db.rows("PRAGMA foreign_key_check"):
            yield Problem(
                "foreign_key", str(row[0]), "", _("A reference in {table} leads nowhere.").format(table=row[0])
            )

    def _tables(self) -> Iterator[Problem]:
        known = {row[0] for row in self._db.rows("SELECT table_name FROM gpkg_contents")}
        there = {row[0] for row in self._db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for name in self._rows.tables:
            if name not in there or name not in known:
                yield Problem("table_missing", name, "", _("The table {table} is missing.").format(table=name))

    def _spatial(self) -> Iterator[Table]:
        there = {row[0] for row in self._db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        yield from (t for t in self._rows.tables.values() if t.geometry and t.name in there)

    def _rtrees(self) -> Iterator[Problem]:
        """Compare every R-tree box with the geometry it stands for."""
        for table in self._spatial():
            name = table.name
            triggers = self._db.scalar(
                "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?", (f"rtree_{name}_geom_%",)
            )
            if triggers != len(gpkg.rtree_triggers(name)):
                text = _("The spatial index of {table} is not kept up to date.").format(table=name)
                yield Problem("rtree_triggers", name, "", text, repairable=True)
            wrong = self._wrong_boxes(name)
            if wrong:
                text = _("The spatial index of {table} is wrong for {n} features.").format(table=name, n=wrong)
                yield Problem("rtree", name, "", text, repairable=True)
            for uid in self._bad_geometries(table):
                text = _("The geometry of {uid} in {table} cannot be read.").format(uid=uid, table=name)
                yield Problem("geometry", name, uid, text)

    def _wrong_boxes(self, name: str) -> int:
        index = {int(r[0]): r[1:] for r in self._db.rows(f'SELECT id, minx, maxx, miny, maxy FROM "rtree_{name}_geom"')}
        wrong = 0
        for fid, blob in self._db.rows(f"SELECT fid, geom FROM {gpkg.quoted(name)} WHERE geom NOT NULL"):
            box, stored = bounds(bytes(blob)), index.pop(int(fid), None)
            if box is None:
                wrong += stored is not None
            elif stored is None or not _covers(stored, box):
                wrong += 1
        return wrong + len(index)

    def _bad_geometries(self, table: Table) -> Iterator[str]:
        rows = self._db.rows(f"SELECT uid, geom FROM {gpkg.quoted(table.name)} WHERE geom NOT NULL")
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            read = shapely.from_wkb([_wkb(bytes(blob)) for _uid, blob in part], on_invalid="ignore")
            yield from (str(uid) for (uid, _blob), geometry in zip(part, read, strict=True) if geometry is None)

    def _references(self) -> Iterator[Problem]:
        """Find records whose community, building, subject or parent does not exist."""
        targets = {"community_uid": "community", "building_uid": "building"}
        everything = " UNION ALL ".join(
            f"SELECT uid FROM {gpkg.quoted(n)}" for n in ("community", "building", "stairwell")
        )
        for table in self._rows.tables.values():
            names = {column.name for column in table.columns}
            wanted = {c: f"SELECT uid FROM {gpkg.quoted(t)}" for c, t in targets.items() if c in names}
            if "subject_uid" in names:
                wanted["subject_uid"] = everything
            if table.parent and "parent_uid" in names:
                wanted["parent_uid"] = f"SELECT uid FROM {gpkg.quoted(table.parent)}"
            for column, query in wanted.items():
                sql = f"SELECT uid FROM {gpkg.quoted(table.name)} WHERE {column} NOT NULL AND {column} NOT IN ({query})"
                for (uid,) in self._db.rows(sql):
                    text = _("{column} of {uid} in {table} refers to something that is not there.")
                    yield Problem("reference", table.name, uid, text.format(column=column, uid=uid, table=table.name))

    def _chains(self) -> Iterator[Problem]:
        """Recompute the hash chain of every origin."""
        log = Log(self._db, self._rows)
        for origin, upto, chain in self._db.rows("SELECT origin, upto, chain FROM _vv"):
            at, previous = 0, NO_CHAIN
            while at < upto and (revisions := log.after(origin, at, _BATCH)):
                for revision in revisions[: upto - at]:  # behind a hole others may follow
                    previous = chain_of(previous, revision)
                    if revision.seq != at + 1 or revision.chain != previous:
                        text = _("The log of laptop {origin} was changed at edit {seq}.").format(
                            origin=origin, seq=at + 1
                        )
                        yield Problem("chain", "_rev", "", text)
                        return
                    at += 1
            if at != upto or previous != bytes(chain):
                text = _("The log of laptop {origin} ends too early: {at} of {upto}.").format(
                    origin=origin, at=at, upto=upto
                )
                yield Problem("log_short", "_rev", "", text)

    def _prefixes(self) -> Iterator[Problem]:
        """Find origins whose log reaches further than noted."""
        sql = "SELECT DISTINCT r.rid >> 33 FROM _rev r LEFT JOIN _vv v ON v.origin = r.rid >> 33 "
        sql += "WHERE r.rid = (r.rid >> 33 << 33) + coalesce(v.upto, 0) + 1"
        for (origin,) in self._db.rows(sql):
            text = _("How far the log of laptop {origin} is known is noted wrongly.").format(origin=origin)
            yield Problem("prefix", "_rev", "", text, repairable=True)

    def _heads(self) -> Iterator[Problem]:
        """Replay the log of every edited record and compare its state."""
        log = Log(self._db, self._rows)
        log.records.imported = bulk.reader(place_in(self._folder))
        for (uid,) in self._db.rows("SELECT DISTINCT uid FROM _rev WHERE kind != 'i' AND st = 1"):
            state = rebuild.replayed(self._db, log, uid)
            row = self._db.one("SELECT tbl, scope, base, over, dels, appr FROM _rec WHERE uid = ?", (uid,))
            stored = None if row is None else merge.state_from_json(*row)
            if state is not None and (stored is None or rebuild.heads_of(stored) != rebuild.heads_of(state)):
                text = _("The state of {uid} in {table} does not follow from the log.")
                yield Problem("heads", state.table, uid, text.format(uid=uid, table=state.table), repairable=True)
            elif state is not None:
                yield from self._row(log, uid, state)

    def _row(self, log: Log, uid: str, state: merge.State) -> Iterator[Problem]:
        """Compare the visible row of an edited record with what the log says of it."""
        if state.table not in self._rows.tables or self._is_pending(state.table, uid):
            return
        row = self._rows.read(state.table, uid)
        status, _value_of = log.status(uid, state, ())
        hidden = status.deleted or self._db.scalar("SELECT 1 FROM _evicted WHERE uid = ?", (uid,))
        if (row is None) != bool(hidden) or (
            row and any(row[n] != v for n, v in log.records.values(uid, state).items())
        ):
            text = _("The row of {uid} in {table} does not follow from the log.")
            yield Problem("row", state.table, uid, text.format(uid=uid, table=state.table), repairable=True)
        noted = dict(
            self._db.rows("SELECT field, heads FROM _conflict WHERE uid = ? AND field != ?", (uid, merge.RULES))
        )
        if {name: tuple(load(heads)) for name, heads in noted.items()} != status.conflicts:
            text = _("The conflicts of {uid} in {table} do not follow from the log.")
            yield Problem("conflict", state.table, uid, text.format(uid=uid, table=state.table), repairable=True)

    def _conflicts(self) -> Iterator[Problem]:
        """Find conflicts of records that no edit has made."""
        for uid, table in self._db.rows(f"SELECT DISTINCT uid, tbl FROM _conflict WHERE {rebuild.UNEXPLAINED}"):
            text = _("A conflict is noted for {uid} in {table}, but no edit of it is here.").format(
                uid=uid, table=table
            )
            yield Problem("conflict_stray", str(table), str(uid), text, repairable=True)

    def _is_pending(self, table: str, uid: str) -> bool:
        """Say whether another program has edited the record and the store has not taken that over yet."""
        sql = f"SELECT 1 FROM _dirty d WHERE d.tbl = ? AND d.fid IN (SELECT fid FROM {gpkg.quoted(table)} WHERE uid = ?"
        sql += f" UNION ALL SELECT fid FROM {gpkg.quoted('_old_' + table)} WHERE uid = ?)"
        return self._db.scalar(sql, (table, uid, uid)) is not None

    def _records(self) -> Iterator[Problem]:
        """Find rows that the log does not know: half-written, or written past this program and its triggers."""
        for name in self._rows.tables:
            sql = f"SELECT uid FROM {gpkg.quoted(name)} WHERE (_rev IS NULL OR _rev NOT IN (SELECT rid FROM _rev)) "
            sql += "AND fid NOT IN (SELECT fid FROM _dirty WHERE tbl = ?)"
            for (uid,) in self._db.rows(sql, (name,)):
                text = _("{uid} in {table} was not written by this program.").format(uid=uid, table=name)
                yield Problem("not_in_log", name, str(uid), text, repairable=True)

    def _waiting(self) -> Iterator[Problem]:
        """Find revisions marked as waiting that wait for nothing."""
        sql = "SELECT count(*) FROM _rev WHERE st = 0 AND rid NOT IN (SELECT rid FROM _wait)"
        count = self._db.scalar(sql)
        if count:
            text = _("{n} edits wait for nothing.").format(n=count)
            yield Problem("waiting", "_rev", "", text, repairable=True)

    def _media(self) -> Iterator[Problem]:
        for sha, name, have in self._db.rows("SELECT sha256, name, have FROM _blob"):
            place = self._folder / sha[:2] / sha
            if not place.exists():
                if have:
                    yield Problem("photo_missing", "_blob", sha, _("The file {name} is missing.").format(name=name))
            elif hash_of(place) != sha:
                text = _("The file {name} was changed or is damaged.").format(name=name)
                yield Problem("photo_damaged", "_blob", sha, text)


def _wkb(blob: bytes) -> bytes | None:
    try:
        return unpack(blob)
    except ValueError:
        return None


def _covers(stored: tuple[float, ...], box: tuple[float, float, float, float]) -> bool:
    """Say whether an R-tree box is that of a geometry, within the rounding of 32-bit floats."""
    slack = [max(1.0, abs(value) * 1e-6) for value in box]
    return all(abs(a - b) <= s for a, b, s in zip(stored, box, slack, strict=True))


# --- repair ----------------------------------------------------------------------------------------------------------


def _backup(path: Path) -> Path:
    """Copy the file before anything is changed: by the library, with everything a crash left in its journal."""
    target = path.with_name(f"{path.stem}.before-repair-{now_millis()}{path.suffix}")
    connection = opening.open_file(path, read_only=False)
    try:
        copy_file(connection, target)
    finally:
        connection.close()
    return target


def _take_over(path: Path) -> None:
    """Turn pending edits of other programs into revisions, if the file is well enough to be opened."""
    from fieldsurvey.store.store import Store

    with contextlib.suppress(FieldSurveyError, ValueError, KeyError):
        Store.open(path).close()


def _repair(path: Path) -> list[str]:
    """Make everything derived again; return what was done, a sentence each."""
    connection = opening.open_file(path, read_only=False)
    try:
        rows = Rows(connection, gpkg.srs_id(str(connection.scalar("SELECT value FROM _meta WHERE key = 'crs'"))))
        with connection.transaction():
            done = rebuild.Rebuild(connection, rows, Log(connection, rows), place_in(media_folder(path))).run()
    finally:
        connection.close()
    return _told(done)


def _told(done: rebuild.Rebuilt) -> list[str]:
    numbers = [
        (done.heads, N_("The state of {n} records was built again from the log.")),
        (done.rows, N_("{n} rows were set back to what the log says.")),
        (done.restored, N_("{n} lost rows were brought back from the log.")),
        (done.removed, N_("{n} rows of deleted records were taken away.")),
        (done.conflicts, N_("The conflicts of {n} records that no edit has made were taken away.")),
        (done.adopted, N_("{n} rows that no edit explains were kept; they become edits at the next opening.")),
        (done.prefixes, N_("How far the log of {n} laptops is known was found again.")),
        (done.waiting, N_("{n} edits wait for others.")),
        (done.indexes, N_("{n} spatial indexes were built again.")),
    ]
    return [_(text).format(n=count) for count, text in numbers if count]
