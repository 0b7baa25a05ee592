"""How an answer becomes points of need, 0 (good) to 100: scoring.csv, read here.

Each row is one indicator: its part of the need index, the form and field that
feed it, and how its answers count.

    cond5      a condition grade; the points are the parameters cond.*
    yn, choice one code: `code=points`
    multi      several codes: the worst one counts
    threshold  a number, or one field divided by another: between the given
               `number=points` the points are interpolated, outside they stay
    age        like threshold, of the years from that field to the day of survey

`code=` without points means that the question does not arise; a code that is
not listed (unknown, not surveyed) is missing. `when` names the answer that
makes the question arise. Source: domain page 4.2; mapping of grades 3.0.
All points are our own proposal (mark P) and may be changed in the table.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from fieldsurvey.assess.records import Record, codes, number

_TABLE = Path(__file__).with_name("scoring.csv")
CONDITION_PREFIX = "cond."


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of the table.

    Attributes:
        part: Part of the need index.
        form: Form that holds the field.
        field: The field, or two of them as a/b.
        kind: cond5, yn, choice, multi, threshold or age.
        points: Points by code; None: the question does not arise.
        steps: (number, points), ascending, for threshold and age.
        when: (field, codes) that make the question arise; the field is empty if it always does.
        weight: Weight within the part.
        urgent: Codes that put a community on the urgent list.
    """

    part: str
    form: str
    field: str
    kind: str
    points: Mapping[str, float | None]
    steps: tuple[tuple[float, float], ...]
    when: tuple[str, frozenset[str]]
    weight: float
    urgent: frozenset[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the form that it reads."""
        beside = ("survey_date",) if self.kind == "age" else ()
        return (*self.field.split("/"), *filter(None, (self.when[0],)), *beside)

    def judge(self, row: Record, conditions: Mapping[str, float]) -> tuple[bool, float | None]:
        """Return whether the question arises in a record, and the points of its answer; None: missing.

        Args:
            row: The record.
            conditions: Points of the condition grades.
        """
        control, wanted = self.when
        if control and (answers := codes(row.get(control))) and wanted.isdisjoint(answers):
            return False, None
        if self.steps:
            return self._number(row)
        known = {**conditions, **self.points} if self.kind == "cond5" else self.points
        answers = codes(row.get(self.field))
        if any(code in known and known[code] is None for code in answers):
            return False, None
        counted = [points for code in answers if (points := known.get(code)) is not None]
        return True, max(counted, default=None)

    def _number(self, row: Record) -> tuple[bool, float | None]:
        if self.kind == "age":
            year, day = number(row.get(self.field)), str(row.get("survey_date") or "")[:4]
            return True, _between(self.steps, float(day) - year) if year is not None and day.isdigit() else None
        above, *below = (number(row.get(name)) for name in self.field.split("/"))
        if below and below[0] is not None and below[0] <= 0:
            return False, None
        if above is None or None in below:
            return True, None
        return True, _between(self.steps, above / below[0] if below and below[0] else above)


@cache
def indicators() -> tuple[Indicator, ...]:
    """Return the indicators, in the order of the table."""
    with _TABLE.open(encoding="utf-8", newline="") as source:
        return tuple(_indicator(row) for row in csv.DictReader(source))


def _indicator(row: Mapping[str, str]) -> Indicator:
    pairs = [pair.partition("=") for pair in row["points"].split()]
    numeric = row["kind"] in {"threshold", "age"}
    control, _sign, wanted = row["when"].partition("=")
    return Indicator(
        row["part"],
        row["form"],
        row["field"],
        row["kind"],
        {} if numeric else {code: float(points) if points else None for code, _sign, points in pairs},
        tuple(sorted((float(at), float(points)) for at, _sign, points in pairs)) if numeric else (),
        (control, frozenset(wanted.split())),
        float(row["weight"]),
        frozenset(row["urgent"].split()),
    )


def _between(steps: Sequence[tuple[float, float]], at: float) -> float:
    if at <= steps[0][0]:
        return steps[0][1]
    for (left, low), (right, high) in pairwise(steps):
        if at <= right:
            return low + (high - low) * (at - left) / (right - left)
    return steps[-1][1]
