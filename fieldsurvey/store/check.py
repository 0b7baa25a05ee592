"""Is a project file whole? What is wrong is named; what can be built again is repaired on request.

Repair touches only what is derived: R-trees from geometry, heads, conflicts
and rows from the log. A backup copy is made first.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import shapely

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import StoreError
from fieldsurvey.geo.gpkg_blob import bounds, unpack
from fieldsurvey.i18n import _
from fieldsurvey.model import merge
from fieldsurvey.model.revision import NO_CHAIN, Revision, chain_of
from fieldsurvey.model.schema import Table
from fieldsurvey.paths import media_folder
from fieldsurvey.store import gpkg, opening
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import hash_of
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
    """

    path: Path
    problems: list[Problem] = field(default_factory=list)
    repaired: list[Problem] = field(default_factory=list)
    backup: Path | None = None

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
        }

    def as_text(self) -> str:
        """Return the report as lines for a terminal."""
        lines = [f"✓ {problem.message}" for problem in self.repaired]
        mend = _(" (--repair mends this)")
        lines += [f"✕ {problem.message}{mend if problem.repairable else ''}" for problem in self.problems]
        verdict = _("{file} is whole.") if self.is_whole else _("{file} has problems.")
        return "\n".join([*lines, verdict.format(file=self.path.name)])


def _as_json(problem: Problem) -> dict[str, object]:
    return {
        "code": problem.code, "table": problem.table, "uid": problem.uid, "message": problem.message,
        "repairable": problem.repairable,
    }  # fmt: skip


def check(path: Path, *, repair: bool = False) -> Report:
    """Check a project file, and mend what is derived if asked.

    Raises:
        InputRefused: If it is no project of this program, or from a newer version.
    """
    report = Report(path)
    try:
        report.problems = _found(path)
    except StoreError as error:  # too damaged to look into: that is the finding
        report.problems = [Problem("damaged", "", "", str(error))]
        return report
    if repair and any(problem.repairable for problem in report.problems):
        report.backup = _backup(path)
        before = report.problems
        _repair(path, before)
        report.problems = _found(path)
        left = {(problem.code, problem.table, problem.uid) for problem in report.problems}
        report.repaired = [p for p in before if (p.code, p.table, p.uid) not in left]
    return report


def _found(path: Path) -> list[Problem]:
    connection = opening.open_file(path, read_only=False)
    try:
        rows = Rows(connection, gpkg.srs_id(str(connection.scalar("SELECT value FROM _meta WHERE key = 'crs'"))))
        checker = _Checker(connection, rows, path)
        return [problem for part in checker.parts() for problem in _limited(part)]
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
    def __init__(self, connection: Connection, rows: Rows, path: Path) -> None:
        self._db, self._rows, self._path = connection, rows, path

    def parts(self) -> list[Callable[[], Iterator[Problem]]]:
        """Return the checks, cheapest and gravest first."""
        return [
            self._integrity, self._header, self._tables, self._rtrees, self._references, self._chains, self._heads,
            self._records, self._media,
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
                for revision in revisions:
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

    def _heads(self) -> Iterator[Problem]:
        """Replay the log of every edited record and compare heads and conflicts."""
        log = Log(self._db, self._rows)
        for (uid, table), state in _replayed(self._db, log):
            row = self._db.one("SELECT tbl, scope, base, over, dels FROM _rec WHERE uid = ?", (uid,))
            if row is None or merge.state_from_json(*row) != state:
                text = _("The state of {uid} in {table} does not follow from the log.").format(uid=uid, table=table)
                yield Problem("heads", table, uid, text, repairable=True)

    def _records(self) -> Iterator[Problem]:
        """Find visible rows that the log does not know: a half-written record, or one written past this program."""
        for name in self._rows.tables:
            sql = f"SELECT uid FROM {gpkg.quoted(name)} WHERE _rev IS NULL OR _rev NOT IN (SELECT rid FROM _rev)"
            for (uid,) in self._db.rows(sql):
                text = _("{uid} in {table} was not written by this program.").format(uid=uid, table=name)
                yield Problem("not_in_log", name, str(uid), text)

    def _media(self) -> Iterator[Problem]:
        folder = media_folder(self._path)
        for sha, name, have in self._db.rows("SELECT sha256, name, have FROM _blob"):
            place = folder / sha[:2] / sha
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


def _replayed(connection: Connection, log: Log) -> Iterator[tuple[tuple[str, str], merge.State]]:
    """Yield each edited record with the state that follows from its revisions."""
    for uid, table in connection.rows("SELECT uid, tbl FROM _rec"):
        revisions = [r for r in log.of_record(uid) if connection.scalar("SELECT st FROM _rev WHERE rid = ?", (r.rid,))]
        stored = connection.one("SELECT tbl, scope, base FROM _rec WHERE uid = ?", (uid,))
        born = any(str(revision.kind) == "c" for revision in revisions)
        state = None if born or stored is None else merge.state_from_json(stored[0], stored[1], stored[2], "{}", "[]")
        for revision in _causal(revisions):
            state = merge.apply(state, revision)
        if state is not None:
            yield (uid, table), state


def _causal(revisions: list[Revision]) -> list[Revision]:
    """Return revisions of one record so that each stands behind its parents."""
    own = {revision.rid for revision in revisions}
    done: set[int] = set()
    ordered: list[Revision] = []
    pending = list(revisions)
    while pending:
        ready = [r for r in pending if (merge.required(r) & own) <= done]
        if not ready:
            break
        ordered += ready
        done |= {r.rid for r in ready}
        pending = [r for r in pending if r.rid not in done]
    return ordered


# --- repair ----------------------------------------------------------------------------------------------------------


def _backup(path: Path) -> Path:
    """Copy the file, closed, with everything in it, before anything is changed."""
    target = path.with_name(f"{path.stem}.before-repair-{now_millis()}{path.suffix}")
    shutil.copy(path, target)
    return target


def _repair(path: Path, problems: list[Problem]) -> None:
    connection = opening.open_file(path, read_only=False)
    try:
        rows = Rows(connection, gpkg.srs_id(str(connection.scalar("SELECT value FROM _meta WHERE key = 'crs'"))))
        log = Log(connection, rows)
        with connection.transaction():
            for table in sorted({p.table for p in problems if p.code in {"rtree", "rtree_triggers"}}):
                _rebuild_rtree(connection, table)
            wrong = {p.uid for p in problems if p.code == "heads"}
            for (uid, table), state in list(_replayed(connection, log)):
                if uid in wrong:
                    log.materialise(uid, state, rows.columns(table))
    finally:
        connection.close()


def _rebuild_rtree(connection: Connection, table: str) -> None:
    for statement in gpkg.drop_rtree_triggers(table):
        connection.execute(statement.replace("DROP TRIGGER", "DROP TRIGGER IF EXISTS"))
    connection.execute(f'DELETE FROM "rtree_{table}_geom"')
    connection.execute(
        f'INSERT INTO "rtree_{table}_geom" SELECT fid, ST_MinX(geom), ST_MaxX(geom), ST_MinY(geom), ST_MaxY(geom) '
        f"FROM {gpkg.quoted(table)} WHERE geom NOT NULL AND NOT ST_IsEmpty(geom)"
    )
    for statement in gpkg.rtree_triggers(table):
        connection.execute(statement)
