"""Dates and times in expressions. A date is a text yyyy-mm-dd; as a number it is days since 1970-01-01."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from survey_forms.expression.evaluate import Compiled, Context, Function
from survey_forms.expression.values import Value, days, to_number, to_text

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?")


def _moment(value: Value, context: Context) -> datetime | None:
    """Return the local date and time of a text or a number of days."""
    zone = context.world.now().tzinfo
    if isinstance(value, float | int) and not isinstance(value, bool):
        if math.isnan(value) or abs(value) > 1e6:
            return None
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(value))).astimezone(zone)
    text = to_text(value).strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        number = to_number(text)
        return None if math.isnan(number) else _moment(number, context)
    return found.astimezone(zone) if found.tzinfo else found.replace(tzinfo=zone)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _date(context: Context, arguments: Sequence[Compiled]) -> Value:
    value = arguments[0](context)
    if isinstance(value, float | int) and not isinstance(value, bool):
        whole = math.nan if math.isnan(value) else math.floor(value)
        return (
            "" if math.isnan(whole) else (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=whole)).date().isoformat()
        )
    moment = _moment(value, context)
    return "" if moment is None else moment.date().isoformat()


def _date_time(context: Context, arguments: Sequence[Compiled]) -> Value:
    moment = _moment(arguments[0](context), context)
    return "" if moment is None else _iso(moment)


def _decimal_date_time(context: Context, arguments: Sequence[Compiled]) -> Value:
    moment = _moment(arguments[0](context), context)
    return math.nan if moment is None else moment.astimezone(UTC).timestamp() / 86400


def _decimal_time(context: Context, arguments: Sequence[Compiled]) -> Value:
    match = _TIME.match(to_text(arguments[0](context)).strip())
    if match is None:
        return math.nan
    seconds = int(match[1]) * 3600 + int(match[2]) * 60 + float(f"{match[3] or 0}.{match[4] or 0}")
    return seconds / 86400 if seconds <= 86400 else math.nan


def _format(context: Context, arguments: Sequence[Compiled]) -> Value:
    """Return format-date(value, pattern) with ODK's letters."""
    moment = _moment(arguments[0](context), context)
    if moment is None:
        return ""
    return re.sub(r"%(.)", lambda match: _letter(match[1], moment), to_text(arguments[1](context)))


def _letter(letter: str, moment: datetime) -> str:
    short = moment.strftime
    return {
        "Y": f"{moment.year:04d}", "y": f"{moment.year % 100:02d}", "m": f"{moment.month:02d}", "n": str(moment.month),
        "b": short("%b"), "d": f"{moment.day:02d}", "e": str(moment.day), "H": f"{moment.hour:02d}",
        "h": str(moment.hour), "M": f"{moment.minute:02d}", "S": f"{moment.second:02d}",
        "3": f"{moment.microsecond // 1000:03d}", "a": short("%a"), "W": short("%V"), "%": "%",
    }.get(letter, f"%{letter}")  # fmt: skip


def _today(context: Context, _arguments: Sequence[Compiled]) -> Value:
    return context.world.now().date().isoformat()


def _now(context: Context, _arguments: Sequence[Compiled]) -> Value:
    return _iso(context.world.now())


FUNCTIONS: dict[str, tuple[int, int | None, Function]] = {
    "today": (0, 0, _today),
    "now": (0, 0, _now),
    "date": (1, 1, _date),
    "date-time": (1, 1, _date_time),
    "decimal-date-time": (1, 1, _decimal_date_time),
    "decimal-date": (1, 1, lambda context, arguments: days(to_text(arguments[0](context))[:10])),
    "decimal-time": (1, 1, _decimal_time),
    "format-date": (2, 2, _format),
    "format-date-time": (2, 2, _format),
}
