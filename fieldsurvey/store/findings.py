"""Findings of the rules: derived, kept in this copy of the project only, and worked out again from what changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, fields

import shapely

from fieldsurvey.model.finding import Finding, Result, Tally
from fieldsurvey.model.schema import Value
from fieldsurvey.store import gpkg
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.rows import Rows

_MOST = 900  # values in one statement
_COLUMNS = tuple(entry.name for entry in fields(Finding))
_LISTED = ", ".join(gpkg.quoted(name) for name in _COLUMNS)
Box = tuple[float, float, float, float]


class Findings:
    """The part of a Store that keeps findings. Its fields are set by Store."""

    _db: Connection
    _rows: Rows

    def transaction(self) -> AbstractContextManager[None]:
        """Make several writes one durable step; Store says how."""
        return self._db.transaction()

    def row_versions(self, table: str) -> list[tuple[str, int, str]]:
        """Return uid, number of the newest revision and community ("" without one) of every row there is."""
        known = self._rows.tables.get(table)
        if known is None:
            return []
        has = any(column.name == "community_uid" for column in known.columns)
        community = "coalesce(community_uid, '')" if has else "''"
        sql = f"SELECT uid, coalesce(_rev, 0), {community} FROM {gpkg.quoted(table)} WHERE uid NOT NULL"
        return self._db.rows(sql)

    def row_print(self, table: str) -> bytes:
        """Return what changes when any row of a table comes, goes or gets another revision; cheap to ask."""
        if table not in self._rows.tables:
            return b""
        mixed = "coalesce(_rev, 0) % 1000003"
        sql = f"SELECT count(*), sum({mixed}), sum(({mixed} + fid) % 65521 * (fid % 9973)) FROM {gpkg.quoted(table)}"
        return repr(self._db.one(sql)).encode()

    def row_boxes(self, table: str, uids: Sequence[str]) -> dict[str, Box]:
        """Return the exact box of each row that has a geometry, m in the project CRS."""
        if table not in self._rows.tables or self._rows.tables[table].geometry is None:
            return {}
        found: dict[str, Box] = {}
        for first in range(0, len(uids), _MOST):
            rows = self._rows.read_many(table, uids[first : first + _MOST], ["geom"])
            drawn = {uid: values[0] for uid, values in rows.items() if isinstance(values[0], bytes)}
            boxes = shapely.bounds(shapely.from_wkb(list(drawn.values()))) if drawn else []
            found |= {uid: tuple(map(float, box)) for uid, box in zip(drawn, boxes, strict=True)}  # type: ignore[misc]
        return {uid: box for uid, box in found.items() if box[0] == box[0]}

    def row_values(self, table: str, uids: Sequence[str], columns: Sequence[str]) -> list[dict[str, Value]]:
        """Return columns of the named rows that are there, each with its "uid"."""
        found = []
        for first in range(0, len(uids), _MOST):
            rows = self._rows.read_many(table, uids[first : first + _MOST], columns)
            found += [{**dict(zip(columns, values, strict=True)), "uid": uid} for uid, values in rows.items()]
        return found

    def rule_state(self, key: str) -> bytes | None:
        """Return what the last run of the rules left under a name."""
        value = self._db.scalar("SELECT value FROM _rule_state WHERE key = ?", (key,))
        return None if value is None else bytes(value)

    def put_findings(
        self,
        judged: Mapping[str, Iterable[str] | None],
        findings: Iterable[Finding],
        tallies: Mapping[tuple[str, str], Tally],
        states: Mapping[str, bytes],
    ) -> None:
        """Replace the findings of the parts that were judged. All or nothing.

        Args:
            judged: Rule -> its parts that were judged; None: all of them.
            findings: What was found there.
            tallies: (rule, part) -> count of its tests.
            states: What the next run must know, by name.
        """
        with self.transaction():
            for rule, parts in judged.items():
                for table in ("_finding", "_tally"):
                    if parts is None:
                        self._db.execute(f"DELETE FROM {table} WHERE rule = ?", (rule,))
                    else:
                        self._db.many(
                            f"DELETE FROM {table} WHERE rule = ? AND part = ?", [(rule, part) for part in parts]
                        )
            marks = ", ".join("?" * (len(_COLUMNS) + 1))
            self._db.many(
                f"INSERT OR REPLACE INTO _finding (key, {_LISTED}) VALUES ({marks})",
                [(finding.key, *astuple(finding)) for finding in findings],
            )
            self._db.many(
                "INSERT OR REPLACE INTO _tally VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (rule, part, tally.community, json.dumps(tally.counts), tally.worst, *tally.households)
                    for (rule, part), tally in tallies.items()
                ],
            )
            self._db.many("INSERT OR REPLACE INTO _rule_state VALUES (?, ?)", list(states.items()))

    def findings(self, community: str | None = None, rule: str | None = None) -> list[Finding]:
        """Return findings of the last run, by rule and worst first; of one community or rule, or all."""
        wanted = {"community": community, "rule": rule}
        tests = [f"{name} = ?" for name, value in wanted.items() if value is not None]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        parameters = [value for value in wanted.values() if value is not None]
        order = "CAST(substr(rule, 2) AS INTEGER), CASE result WHEN 'fail' THEN 0 WHEN 'uncertain' THEN 1 ELSE 2 END"
        worst = "CASE WHEN at_least THEN measured ELSE -measured END"
        sql = f"SELECT {_LISTED} FROM _finding{where} ORDER BY {order}, {worst}, key"
        return [_finding(row) for row in self._db.rows(sql, parameters)]

    def tallies(self, community: str | None = None) -> dict[tuple[str, str], Tally]:
        """Return how many tests of each rule were made in each part, and how they ended."""
        where, parameters = (" WHERE community = ?", (community,)) if community is not None else ("", ())
        rows = self._db.rows(f"SELECT * FROM _tally{where}", parameters)
        return {
            (rule, part): Tally(c, json.loads(counts), worst, (a, b)) for rule, part, c, counts, worst, a, b in rows
        }


def _finding(row: Sequence[object]) -> Finding:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["result"], values["at_least"] = Result(str(values["result"])), bool(values["at_least"])
    return Finding(**values)  # type: ignore[arg-type]
