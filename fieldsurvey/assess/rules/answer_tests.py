"""Which answers of the survey forms are tested against which threshold: answers.csv and brought.csv, read here.

answers.csv asks what the agreed forms hold, brought.csv what none of them
does: a project may bring such a question in a form of its own (`brought.py`).

    at_least, at_most  the number that is answered
    share              one number as % of another
    codes              how many of the named answers are given; of several fields together
    copper             the cross-section of a copper cable that is answered in words, mm²; 0 for one of aluminium
    age                years from the year that is answered to the day of survey
    days               days from the date that is answered to the day of survey

`when` names the answer that makes the question arise: `field=codes`, or
`field>0`; `building.floors>6` asks where a house of the community is higher
than that. Source: domain page sections 3.1 to 3.16.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_TABLE, _BROUGHT = (Path(__file__).with_name(name) for name in ("answers.csv", "brought.csv"))
_HOUSES = "building.floors>"
HEAD = ("community_uid", "subject_uid", "status", "survey_date")
AT_LEAST = frozenset({"at_least", "share", "copper"})


@dataclass(frozen=True, slots=True)
class AnswerTest:
    """One row of the table.

    Attributes:
        threshold: Id in the rule set.
        form: The form.
        fields: The fields that are read.
        kind: at_least, at_most, share, codes, copper, age or days.
        codes: Answers that count, for the kind codes.
        control: Field that makes the question arise; empty: it always does.
        wanted: Codes of that field; empty: any number above 0.
        storeys: It arises where a house of the community has more; None: it does not depend on the houses.
    """

    threshold: str
    form: str
    fields: tuple[str, ...]
    kind: str
    codes: frozenset[str]
    control: str
    wanted: frozenset[str]
    storeys: float | None = None


def _read(table: Path) -> tuple[AnswerTest, ...]:
    with table.open(encoding="utf-8", newline="") as source:
        return tuple(_parsed(row) for row in csv.DictReader(source))


def _parsed(row: Mapping[str, str]) -> AnswerTest:
    fields = tuple(row["fields"].replace("/", ";").split(";"))
    when, storeys = row["when"], None
    if when.startswith(_HOUSES):
        when, storeys = "", float(when.removeprefix(_HOUSES))
    control, _sign, wanted = when.removesuffix(">0").partition("=")
    codes = frozenset(row["codes"].split())
    asked = frozenset(wanted.split())
    return AnswerTest(row["threshold"], row["form"], fields, row["kind"], codes, control, asked, storeys)


ANSWER_TESTS: tuple[AnswerTest, ...] = _read(_TABLE)
BROUGHT_TESTS: tuple[AnswerTest, ...] = _read(_BROUGHT)
# Forms whose tests look at the houses too.
FORMS_WITH_HOUSES: frozenset[str] = frozenset(
    test.form for test in (*ANSWER_TESTS, *BROUGHT_TESTS) if test.storeys is not None
)
ANSWER_FORMS: tuple[str, ...] = tuple(sorted({test.form for test in ANSWER_TESTS}))


def columns(form: str) -> tuple[str, ...]:
    """Return the columns of a form that the tests read."""
    return columns_of(test for test in ANSWER_TESTS if test.form == form)


def columns_of(tests: Iterable[AnswerTest]) -> tuple[str, ...]:
    """Return the columns that some tests read, the head of a record among them."""
    names = [name for test in tests for name in (*test.fields, *filter(None, (test.control,)))]
    return tuple(dict.fromkeys((*HEAD, *names)))
