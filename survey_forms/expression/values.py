"""Values of XPath and how one kind becomes another."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

from survey_forms.expression.nodes import Node, string_value

Value: TypeAlias = str | float | bool | list[Node]
Reader: TypeAlias = Callable[[str], float]  # how a text counts as a number

_DIGITS = r"-?(?:\d+(?:\.\d*)?|\.\d+)"
_NUMBER = re.compile(rf"[ \t\r\n]*{_DIGITS}[ \t\r\n]*", re.ASCII)
_EXPONENT = re.compile(rf"[ \t\r\n]*{_DIGITS}[eE][+-]?\d+[ \t\r\n]*", re.ASCII)
_COMMA = re.compile(r" *-?\d+,\d+ *", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T.*)?", re.ASCII)
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
    return format(Decimal(text), "f") if "e" in text else text


def to_number(value: Value, read: "Reader | None" = None) -> float:
    """Return a value as number.

    Args:
        value: Any value.
        read: How a text counts; None: collect_number().
    """
    if isinstance(value, float | int):
        return float(value)
    return (read or collect_number)(value if isinstance(value, str) else to_text(value))


def collect_number(text: str) -> float:
    """Return a text as a number as ODK Collect reads it: decimal comma too, no exponent, dates as whole civil days.

    >>> collect_number("4,6"), collect_number("1e3"), collect_number("1970-01-02")
    (4.6, nan, 1.0)
    """
    if _NUMBER.fullmatch(text):
        return float(text)
    if text[4:5] == "-":
        return civil_days(text)
    return float(text.replace(",", ".")) if _COMMA.fullmatch(text) else math.nan


def web_number(text: str) -> float:
    """Return a text as a number as Enketo and ODK Web Forms read it: exponents too, dates from local midnight.

    >>> web_number("4,6"), web_number("1e3"), web_number("1970-01-02T00:00:00Z")
    (nan, 1000.0, 1.0)
    """
    if _NUMBER.fullmatch(text) or _EXPONENT.fullmatch(text):
        return float(text)
    return moment_days(text) if text[4:5] == "-" else math.nan


def civil_days(text: str) -> float:
    """Return days since 1970-01-01 of an ISO date, in whole civil days, or of a date and time (UTC); else NaN.

    >>> civil_days("1970-01-02"), civil_days("1970-01-01T12:00:00Z"), civil_days("x")
    (1.0, 0.5, nan)
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return math.nan
    if match[4] is not None:
        return moment_days(text)
    try:
        return float(date(int(match[1]), int(match[2]), int(match[3])).toordinal() - _EPOCH)
    except ValueError:
        return math.nan


def moment_days(text: str) -> float:
    """Return days since 1970-01-01T00:00Z of a date with or without a time; without one it begins at local midnight.

    This is how Enketo and ODK Web Forms count a date.
    """
    if _DATE.fullmatch(text.strip()) is None:
        return math.nan
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError):
        return math.nan
    return moment.astimezone(UTC).timestamp() / 86400


def to_boolean(value: Value) -> bool:
    """Return a value as boolean (XPath 4.3)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float | int):
        return not (value == 0 or math.isnan(value))
    return bool(value)


@dataclass(frozen=True, slots=True)
class Profile:
    """How a family of clients reads what the specification leaves open (CONFORMANCE.md).

    Attributes:
        number: How a text counts as a number.
        whole_dates: Whether date() cuts off the time, and what is no date is an error.
        yes: Whether a value counts in checklist().
    """

    number: Reader
    whole_dates: bool
    yes: Callable[[Value], bool]


COLLECT = Profile(collect_number, whole_dates=True, yes=to_boolean)
WEB = Profile(web_number, whole_dates=False, yes=lambda value: value is True or to_number(value, web_number) > 0)
