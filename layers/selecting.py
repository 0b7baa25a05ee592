"""Choosing features by what their columns say."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.schema import Column, ColumnType, Value


class Test(StrEnum):
    """How a value is compared."""

    EQUAL = "="
    OTHER = "!="
    ABOVE = ">"
    BELOW = "<"
    CONTAINS = "contains"
    EMPTY = "empty"


WORDS: Mapping[Test, str] = {
    Test.EQUAL: N_("is"),
    Test.OTHER: N_("is not"),
    Test.ABOVE: N_("is greater than"),
    Test.BELOW: N_("is less than"),
    Test.CONTAINS: N_("contains"),
    Test.EMPTY: N_("is empty"),
}


def matching(rows: Iterable[Mapping[str, Value]], column: Column, test: Test, wanted: str) -> list[str]:
    """Return the uids of the rows whose column passes a test.

    Raises:
        InputRefused: If a number is needed and something else was typed.
    """
    is_number = column.type in {ColumnType.INTEGER, ColumnType.REAL}
    number = _number(wanted) if is_number and test not in {Test.EMPTY, Test.CONTAINS} else 0.0
    return [str(row["uid"]) for row in rows if _passes(row[column.name], test, wanted.strip(), number, is_number)]


def _number(wanted: str) -> float:
    try:
        return float(wanted.replace(",", "."))
    except ValueError as error:
        raise InputRefused(_("{text} is no number.").format(text=wanted or "“”")) from error


def _passes(value: Value, test: Test, wanted: str, number: float, is_number: bool) -> bool:
    if value is None or value == "":
        return test is Test.EMPTY or (test is Test.OTHER)
    if test is Test.EMPTY:
        return False
    if test is Test.CONTAINS:
        return wanted in str(value)
    mine, other = (float(value), number) if is_number else (str(value), wanted)
    if test in {Test.EQUAL, Test.OTHER}:
        return (mine == other) == (test is Test.EQUAL)
    return mine > other if test is Test.ABOVE else mine < other  # type: ignore[operator]
