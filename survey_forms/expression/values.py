"""Values of XPath and how one kind becomes another."""

import math
import re
from datetime import UTC, date, datetime
from typing import TypeAlias

from survey_forms.expression.nodes import Node, string_value

Value: TypeAlias = str | float | bool | list[Node]

_NUMBER = re.compile(r"\s*-?(?:\d+(?:\.\d*)?|\.\d+)\s*")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T.*)?")
_EPOCH = date(1970, 1, 1).toordinal()


def to_text(value: Value) -> str:
    """Return a value as string (XPath 4.2): integers without a point, never an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return string_value(value[0]) if value else ""
    return number_text(value)


def number_text(number: float) -> str:
    """Return a number as XPath writes it.

    >>> number_text(3.0), number_text(0.1), number_text(float("nan")), number_text(1e21)
    ('3', '0.1', 'NaN', '1000000000000000000000')
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == int(number):
        return str(int(number))
    text = repr(number)
    return f"{number:.20f}".rstrip("0") if "e" in text else text


def to_number(value: Value) -> float:
    """Return a value as number; a date counts as days since 1970-01-01, in whole civil days without a time."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, float | int):
        return float(value)
    text = to_text(value)
    if _NUMBER.fullmatch(text):
        return float(text)
    return days(text)


def days(text: str) -> float:
    """Return days since 1970-01-01 of an ISO date or date and time (UTC); NaN if it is none.

    >>> days("1970-01-02"), days("1970-01-01T12:00:00Z"), days("x")
    (1.0, 0.5, nan)
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return math.nan
    try:
        if match[4] is None:
            return float(date(int(match[1]), int(match[2]), int(match[3])).toordinal() - _EPOCH)
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return math.nan
    moment = moment if moment.tzinfo else moment.astimezone()
    return moment.astimezone(UTC).timestamp() / 86400


def to_boolean(value: Value) -> bool:
    """Return a value as boolean (XPath 4.3)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float | int):
        return not (value == 0 or math.isnan(value))
    return bool(value)


def is_nodes(value: Value) -> bool:
    """Say whether a value is a set of nodes."""
    return isinstance(value, list)
