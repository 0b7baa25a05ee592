"""Tables of any length for the screen: the order of all rows as numbers, the rows themselves a window at a time.

A filter or a sort reads only row numbers (8 bytes each); a window is then
found by these, which costs the same wherever it lies.
"""

import heapq
import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fieldsurvey.jobs import JobControl
from fieldsurvey.model.conditions import REFERENCES, All, Compare, Condition, Not, Op, Sort
from fieldsurvey.model.schema import Column, Value
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.gpkg import quoted
from fieldsurvey.store.rows import Rows

_TOGETHER = 5_000  # rows looked at together, some 10 ms; between them short jobs are let in
_SORT_KIB = 32_768  # 600,000 values of 20 characters
_SEARCHES = itertools.count()
_MOST_MARKS = 900  # of a statement
_SIGNS = {Op.BELOW: "<", Op.AT_MOST: "<=", Op.ABOVE: ">", Op.AT_LEAST: ">="}
_Sql = tuple[str, list[Value]]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the values of a column are together.

    Attributes:
        rows: Rows looked at.
        filled: Those with a value.
        distinct: Different values.
        least, most: Smallest and largest value; None if there is none.
        sum, mean: Of numbers; None for texts.
        frequent: The most frequent values with their counts.
    """

    rows: int
    filled: int
    distinct: int
    least: Value
    most: Value
    sum: float | None
    mean: float | None
    frequent: tuple[tuple[Value, int], ...]


class Windows:
    """The part of a Store that reads long tables. Its fields are set by Store."""

    _db: Connection
    _rows: Rows

    def order_of(
        self,
        table: str,
        condition: Condition | None = None,
        sort: Sort | None = None,
        control: JobControl | None = None,
    ) -> "array[int]":
        """Return the row numbers of the rows that fulfil a condition, sorted.

        Raises:
            JobCancelled: If nobody wants them any more.
        """
        control = control or JobControl()
        if sort is None:
            return self._numbers(table, condition, control)
        return self._sorted(table, condition, sort, control)

    def _numbers(self, table: str, condition: Condition | None, control: JobControl) -> "array[int]":
        where, values = self._where(table, condition)
        found = array("q")
        for first, last in self._stretches(table):
            sql = f"SELECT fid FROM {quoted(table)} AS t WHERE fid BETWEEN ? AND ? AND {where} ORDER BY fid"
            found.extend(row[0] for row in self._db.rows(sql, [first, last, *values]))
            control.step(len(found), None, "")
        return found

    def _sorted(self, table: str, condition: Condition | None, sort: Sort, control: JobControl) -> "array[int]":
        """Sort in a table that only this connection sees, a stretch of rows at a time.

        SQLite sorts the rows of a statement in one go, which nothing interrupts:
        a save would wait a second behind 600,000 rows. No cursor stays open
        between the steps, because a save, or another search, runs there.
        """
        where, values = self._where(table, condition)
        empty, key, more = self._by(table, sort)
        sign = -1 if sort.is_descending else 1  # rows of one value, and those without, stay in their order
        name = f"temp.sorted_{next(_SEARCHES)}"
        self._db.execute(f"PRAGMA temp.cache_size=-{_SORT_KIB}")
        self._db.execute(f"CREATE TABLE {name} (e, k, n INTEGER, PRIMARY KEY (e, k, n)) WITHOUT ROWID")
        try:
            for first, last in self._stretches(table):
                sql = (
                    f"INSERT INTO {name} SELECT {sign} * ({empty}), ifnull({key}, 0), {sign} * fid "
                    f"FROM {quoted(table)} AS t WHERE fid BETWEEN ? AND ? AND {where} ORDER BY 1, 2, 3"
                )
                self._db.execute(sql, [*more, first, last, *values])
                control.step(last, None, "")
            found = self._read_sorted(name, control)
        finally:
            self._db.execute(f"DROP TABLE {name}")
        return array("q", (-number for number in reversed(found))) if sort.is_descending else found

    def _read_sorted(self, name: str, control: JobControl) -> "array[int]":
        found = array("q")
        part = self._db.rows(f"SELECT e, k, n FROM {name} ORDER BY e, k, n LIMIT {_TOGETHER}")
        following = f"SELECT e, k, n FROM {name} WHERE (e, k, n) > (?, ?, ?) ORDER BY e, k, n LIMIT {_TOGETHER}"
        while part:
            found.extend(row[2] for row in part)
            control.step(len(found), None, "")
            part = self._db.rows(following, part[-1])
        return found

    def _stretches(self, table: str) -> Iterator[tuple[int, int]]:
        """Yield the first and last number of so many rows as are looked at together."""
        sql = f"SELECT min(fid), max(fid) FROM (SELECT fid FROM {quoted(table)} WHERE fid > ? ORDER BY fid LIMIT ?)"
        last = self._db.scalar(f"SELECT min(fid) - 1 FROM {quoted(table)}")
        while last is not None:
            first, last = self._db.rows(sql, [last, _TOGETHER])[0]
            if last is not None:
                yield first, last

    def window(self, table: str, fids: Sequence[int], columns: Sequence[str]) -> list[tuple[Value, ...] | None]:
        """Return (uid, values of the columns …) of rows by number, in that order; None where a row is gone.

        Raises:
            KeyError: If a column does not exist: a bug of the caller.
        """
        names = ["uid", *self._known(table, columns)]
        listed = ", ".join(quoted(name) for name in ["fid", *names])
        found: dict[int, tuple[Value, ...]] = {}
        for part in _parts(fids):
            marks = ",".join("?" * len(part))
            rows = self._db.rows(f"SELECT {listed} FROM {quoted(table)} WHERE fid IN ({marks})", part)
            found |= {row[0]: row[1:] for row in rows}
        return [found.get(fid) for fid in fids]

    def numbers_of(self, table: str, uids: Sequence[str]) -> list[int]:
        """Return the row numbers of records."""
        found: list[int] = []
        for part in _parts(uids):
            sql = f"SELECT fid FROM {quoted(table)} WHERE uid IN ({','.join('?' * len(part))})"
            found += [row[0] for row in self._db.rows(sql, part)]
        return found

    def names_of(self, column: str, uids: Iterable[str]) -> dict[str, str]:
        """Return what people call the records that a column refers to, by uid."""
        wanted, found = [*dict.fromkeys(uids)], dict[str, str]()
        for table, name in REFERENCES.get(column, ()):
            for part in _parts([uid for uid in wanted if uid not in found]):
                marks = ",".join("?" * len(part))
                sql = f"SELECT uid, {quoted(name)} FROM {quoted(table)} WHERE uid IN ({marks})"
                found |= {uid: str(word) for uid, word in self._db.rows(sql, part) if word not in {None, ""}}
        return found

    def statistics(
        self,
        table: str,
        column: str,
        condition: Condition | None = None,
        control: JobControl | None = None,
        *,
        most: int = 12,
    ) -> Statistics:
        """Return what the values of a column are together, of the rows that fulfil a condition.

        Rows are counted a stretch at a time, so that saves come in between.

        Raises:
            JobCancelled: If nobody wants it any more.
        """
        (name,) = self._known(table, [column])
        control, counts = control or JobControl(), Counter[Value]()
        where, values = self._where(table, condition)
        sql = (
            f"SELECT nullif({quoted(name)}, ''), count(*) FROM {quoted(table)} AS t "
            f"WHERE fid BETWEEN ? AND ? AND {where} GROUP BY 1"
        )
        for first, last in self._stretches(table):
            counts.update(dict(self._db.rows(sql, [first, last, *values])))
            control.step(last, None, "")
        return _together(counts, self._rows.tables[table].column(column), control, most)

    def _known(self, table: str, columns: Sequence[str]) -> Sequence[str]:
        allowed = {"uid", "_rev", *(column.name for column in self._rows.tables[table].columns)}
        for name in columns:
            if name not in allowed:
                raise KeyError(f"{table}.{name}")
        return columns

    def _where(self, table: str, condition: Condition | None) -> _Sql:
        return ("1", []) if condition is None else self._tested(table, condition)

    def _tested(self, table: str, condition: Condition) -> _Sql:
        if isinstance(condition, Compare):
            self._known(table, [condition.column])
            return _compared(condition)
        if isinstance(condition, Not):
            sql, values = self._tested(table, condition.part)
            return f"NOT coalesce({sql}, 0)", values
        word = " AND " if isinstance(condition, All) else " OR "
        parts = [self._tested(table, part) for part in condition.parts]
        return "(" + word.join(sql for sql, _values in parts) + ")", [v for _sql, values in parts for v in values]

    def _by(self, table: str, sort: Sort) -> tuple[str, str, list[Value]]:
        """Return what says that a row has no value, what the others are sorted by, and the values of that."""
        (name,) = self._known(table, [sort.column])
        key, values = f"nullif(t.{quoted(name)}, '')", list[Value]()
        if sort.codes:
            key = f"CASE {key} " + "".join(f"WHEN ? THEN {n} " for n in range(len(sort.codes))) + f"ELSE {key} END"
            values = list(sort.codes)
        elif name in REFERENCES:
            looks = [
                f"(SELECT {quoted(word)} FROM {quoted(other)} o WHERE o.uid = t.{quoted(name)})"
                for other, word in REFERENCES[name]
            ]
            key = f"coalesce({', '.join(looks)}, NULL)"
        return f"nullif(t.{quoted(name)}, '') IS NULL", key, values


def _parts(items: Sequence[Value]) -> Iterable[Sequence[Value]]:
    return (items[start : start + _MOST_MARKS] for start in range(0, len(items), _MOST_MARKS))


def _compared(test: Compare) -> _Sql:
    name = f"t.{quoted(test.column)}"
    if test.op is Op.EMPTY:
        return f"({name} IS NULL OR {name} = '')", []
    if test.op is Op.FILLED:
        return f"({name} IS NOT NULL AND {name} <> '')", []
    if test.op in {Op.OTHER, Op.LACKS}:
        op = Op.EQUAL if test.op is Op.OTHER else Op.CONTAINS
        sql, values = _compared(Compare(test.column, op, test.values, test.listed))
        return f"NOT coalesce({sql}, 0)", values
    if test.column in REFERENCES:
        return _referred(test)
    parts = [_one(name, test, value) for value in test.values]
    return "(" + " OR ".join(sql for sql, _value in parts) + ")", [value for _sql, value in parts]


def _referred(test: Compare) -> _Sql:
    """Return the test of the names of the records that a column refers to."""
    found: list[str] = []
    values: list[Value] = []
    for table, word in REFERENCES[test.column]:
        parts = [_one(f"o.{quoted(word)}", test, value) for value in test.values]
        tests = " OR ".join(sql for sql, _value in parts)
        found.append(f"SELECT o.uid FROM {quoted(table)} o WHERE {tests}")
        values += [value for _sql, value in parts]
    return f"t.{quoted(test.column)} IN ({' UNION ALL '.join(found)})", values


def _one(name: str, test: Compare, value: Value) -> tuple[str, Value]:
    """Return the test of one value; SQLite's own lower() knows only Latin letters, which is what is meant."""
    if test.listed and test.op in {Op.EQUAL, Op.CONTAINS}:
        return f"instr(' ' || {name} || ' ', ?) > 0", f" {value!s} "
    if test.op is Op.CONTAINS:
        return f"instr(lower({name}), lower(?)) > 0", str(value)
    if test.op is Op.BEGINS:
        return f"instr(lower({name}), lower(?)) = 1", str(value)
    if test.op is Op.EQUAL:
        return f"{name} = ?", value
    return f"{name} {_SIGNS[test.op]} ?", value


def _together(counts: Counter[Value], column: Column, control: JobControl, most: int) -> Statistics:
    """Return the statistics of counted values, looking at so many of them at a time as of rows."""
    rows, total, least, largest = counts.total(), 0.0, None, None
    frequent: list[tuple[Value, int]] = []
    left = iter(counts.items())
    while part := list(itertools.islice(left, _TOGETHER)):
        frequent = heapq.nsmallest(most, [*frequent, *part], key=_most_frequent)
        filled = [value for value, _count in part if value is not None]
        least = min(filled if least is None else [least, *filled], key=_in_order, default=None)
        largest = max(filled if largest is None else [largest, *filled], key=_in_order, default=None)
        total += sum(value * count for value, count in part if isinstance(value, int | float))
        control.step(rows, None, "")
    number = rows - counts[None]
    is_number = column.type in {"INTEGER", "REAL"} and number > 0
    whole, mean = (total, total / number) if is_number else (None, None)
    return Statistics(rows, number, len(counts) - (None in counts), least, largest, whole, mean, tuple(frequent))


def _most_frequent(counted: tuple[Value, int]) -> tuple[object, ...]:
    """Return what frequent values are sorted by: the most frequent first, those without a value before others."""
    value, count = counted
    return -count, value is not None, _in_order(value)


def _in_order(value: Value) -> tuple[object, ...]:
    """Return what values of one column are sorted by: numbers before texts, as SQLite does."""
    return isinstance(value, str), value if isinstance(value, int | float) else str(value)
