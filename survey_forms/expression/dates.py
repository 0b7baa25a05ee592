"""Dates and times in expressions. A date is a text yyyy-mm-dd; as a number it is days since 1970-01-01.

Source: ODK XForms Specification, date and time functions. Where the engines
differ, `World.profile` chooses (CONFORMANCE.md).
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError
from survey_forms.expression.evaluate import Compiled, Context, Function
from survey_forms.expression.values import Value, moment_days, to_number, to_text

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T(.+))?", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DAYS = 2_900_000  # the calendar of the standard library ends in the year 9999
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _zone(text: str | None, local: tzinfo | None) -> tzinfo | None:
    """Return the zone of an offset such as Z or +08:00.

    Raises:
        ValueError: If it is no offset.
    """
    if text is None:
        return local
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _read(text: str, local: tzinfo | None) -> datetime | None:
    """Return the moment of a date with or without a time; None if it is none."""
    match = _DATE.fullmatch(text.strip())
    time = _TIME.fullmatch(match[4]) if match and match[4] else None
    if match is None or (match[4] and time is None):
        return None
    try:
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        if time is None:
            return datetime(year, month, day, tzinfo=local)
        micro = int((time[4] or "0")[:6].ljust(6, "0"))
        zone = _zone(time[5], local)
        return datetime(year, month, day, int(time[1]), int(time[2]), int(time[3] or 0), micro, tzinfo=zone)
    except ValueError:
        return None


def _moment(value: Value, context: Context) -> datetime | None:
    """Return the local date and time of a text or a number of days."""
    zone = context.world.now().tzinfo
    if isinstance(value, bool):
        _no_date(value, context)
        return None
    if isinstance(value, float | int):
        if not abs(value) < _MOST_DAYS:
            return None
        days = math.floor(value) if context.world.profile.whole_dates and value == math.floor(value) else value
        if days is not value:
            return (_EPOCH + timedelta(days=days)).replace(tzinfo=zone)
        return (_EPOCH + timedelta(milliseconds=round(value * 86_400_000))).astimezone(zone)
    text = to_text(value).strip()
    found = _read(text, zone)
    if found is None:
        number = to_number(text, lambda _text: math.nan)
        return None if math.isnan(number) else _moment(number, context)
    return found.astimezone(zone)


def _no_date(value: Value, context: Context) -> None:
    """Refuse what is no date, as Collect does; the web clients let it pass as blank.

    Raises:
        ExpressionError: Under the profile of Collect.
    """
    if context.world.profile.whole_dates:
        raise ExpressionError(_("{value} is no date.").format(value=to_text(value)[:40]))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _plain(moment: datetime) -> str:
    """Return a moment as a date if it is a midnight, else with its time, as Enketo and Web Forms write it."""
    midnight = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return moment.date().isoformat() if midnight else _iso(moment)


def _date(context: Context, arguments: Sequence[Compiled]) -> Value:
    value = arguments[0](context)
    if context.world.profile.whole_dates and isinstance(value, float | int) and not isinstance(value, bool):
        value = float(math.floor(value)) if math.isfinite(value) else math.nan
    moment = _moment(value, context)
    if moment is None:
        return ""
    return moment.date().isoformat() if context.world.profile.whole_dates else _plain(moment)


def _date_time(context: Context, arguments: Sequence[Compiled]) -> Value:
    moment = _moment(arguments[0](context), context)
    if moment is None:
        return ""
    return _iso(moment) if context.world.profile.whole_dates else _plain(moment)


def _decimal_date_time(context: Context, arguments: Sequence[Compiled]) -> Value:
    value = arguments[0](context)
    if not isinstance(value, str | list):
        return to_number(value)
    moment = _read(to_text(value), context.world.now().tzinfo)
    if moment is None:
        if to_text(value).strip():
            _no_date(value, context)
        return math.nan
    return (
        context.world.profile.number(to_text(value).strip())
        if _is_day(value)
        else (moment - _EPOCH) / timedelta(days=1)
    )


def _is_day(value: Value) -> bool:
    return "T" not in to_text(value)


def _decimal_time(context: Context, arguments: Sequence[Compiled]) -> Value:
    """Return the time of day as a fraction, in local time."""
    text = to_text(arguments[0](context)).strip()
    match = _TIME.fullmatch(text.rpartition("T")[2])
    if match is None:
        return math.nan
    local = context.world.now().tzinfo
    try:
        micro = int((match[4] or "0")[:6].ljust(6, "0"))
        zone = _zone(match[5], local)
        time = datetime(2012, 7, 23, int(match[1]), int(match[2]), int(match[3] or 0), micro, tzinfo=zone)
    except ValueError:
        return math.nan
    here = time.astimezone(local)
    return (here.hour * 3600 + here.minute * 60 + here.second + here.microsecond / 1e6) / 86400


def _format(context: Context, arguments: Sequence[Compiled]) -> Value:
    """Return format-date(value, pattern) with ODK's letters."""
    moment = _moment(arguments[0](context), context)
    if moment is None:
        return ""
    return re.sub(r"%(.)", lambda match: _letter(match[1], moment), to_text(arguments[1](context)))


def _letter(letter: str, moment: datetime) -> str:
    return {
        "Y": f"{moment.year:04d}", "y": f"{moment.year % 100:02d}", "m": f"{moment.month:02d}", "n": str(moment.month),
        "b": _MONTHS[moment.month - 1], "d": f"{moment.day:02d}", "e": str(moment.day), "H": f"{moment.hour:02d}",
        "h": str(moment.hour), "M": f"{moment.minute:02d}", "S": f"{moment.second:02d}",
        "3": f"{moment.microsecond // 1000:03d}", "a": _WEEKDAYS[moment.weekday()],
        "W": str(moment.isocalendar().week), "%": "%",
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
    "decimal-date": (1, 1, lambda context, arguments: moment_days(to_text(arguments[0](context))[:10])),
    "decimal-time": (1, 1, _decimal_time),
    "format-date": (2, 2, _format),
    "format-date-time": (2, 2, _format),
}
