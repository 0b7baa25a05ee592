"""Answers as text in a form, and as values in the store."""

import math
import re
import unicodedata
from datetime import date, datetime, time

from fieldsurvey.i18n import N_, _
from fieldsurvey.model.schema import Value
from survey_forms.form import Kind

_WHOLE = re.compile(r"-?\d{1,15}")
_DECIMAL = re.compile(r"-?(?:\d{1,15}(?:\.\d*)?|\.\d+)")
_WRONG = {
    Kind.INTEGER: N_("Please enter a whole number, such as 12."),
    Kind.DECIMAL: N_("Please enter a number, such as 3.5."),
    Kind.RANGE: N_("Please enter a number, such as 3.5."),
    Kind.DATE: N_("Please enter a date, such as 2026-11-24."),
    Kind.TIME: N_("Please enter a time, such as 09:30."),
    Kind.DATETIME: N_("Please enter date and time, such as 2026-11-24 09:30."),
    Kind.GEOPOINT: N_("Please enter latitude and longitude, such as 30.2 115.04."),
}
_TOO_LARGE = 1 << 63  # of the integers a column takes
_NUMBERS = {Kind.INTEGER, Kind.DECIMAL, Kind.RANGE}


def canonical(kind: Kind, raw: str) -> str:
    """Return an answer as it is kept: full-width digits and the decimal comma become plain, the rest stays as typed.

    >>> canonical(Kind.DECIMAL, "１２，5"), canonical(Kind.DECIMAL, "12.."), canonical(Kind.TEXT, " a ")
    ('12.5', '12..', ' a ')
    """
    if kind in _NUMBERS:
        return unicodedata.normalize("NFKC", raw).strip().replace(",", ".").replace("。", ".")
    if kind in {Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.GEOPOINT}:
        return unicodedata.normalize("NFKC", raw).strip()
    return raw


def wrong(kind: Kind, answer: str) -> str:
    """Return why a text is no answer of its kind, empty if it is."""
    if kind not in _WRONG or _reads(kind, answer):
        return ""
    return _(_WRONG[kind])


def _reads(kind: Kind, answer: str) -> bool:
    if kind is Kind.INTEGER:
        return _WHOLE.fullmatch(answer) is not None
    if kind in {Kind.DECIMAL, Kind.RANGE}:
        return _DECIMAL.fullmatch(answer) is not None
    if kind is Kind.GEOPOINT:
        return position(answer) is not None
    reader = {Kind.DATE: date.fromisoformat, Kind.TIME: time.fromisoformat, Kind.DATETIME: datetime.fromisoformat}[kind]
    try:
        reader(answer)
    except ValueError:
        return False
    return True


def position(answer: str) -> tuple[float, float] | None:
    """Return (longitude, latitude) in degrees of a geopoint "lat lon alt acc", or None.

    >>> position("30.2 115.04 20 3"), position("x")
    ((115.04, 30.2), None)
    """
    try:
        numbers = [float(piece) for piece in answer.replace(",", " ").split()]
    except ValueError:
        return None
    if not 2 <= len(numbers) <= 4 or not (-90 <= numbers[0] <= 90 and -180 <= numbers[1] <= 180):
        return None
    return numbers[1], numbers[0]


def value(kind: Kind, data_type: str, answer: str) -> Value:
    """Return an answer as the store keeps it; None for blank or malformed."""
    if not answer or wrong(kind, answer):
        return None
    if kind is Kind.INTEGER or (kind is Kind.CALCULATE and data_type == "int"):
        number = _finite(answer)
        return int(number) if number is not None and abs(number) < _TOO_LARGE else None
    if kind in {Kind.DECIMAL, Kind.RANGE} or (kind is Kind.CALCULATE and data_type == "decimal"):
        return _finite(answer)
    return answer


def _finite(answer: str) -> float | None:
    """Return a text as a finite number, or None; a calculation may come to anything."""
    try:
        number = float(answer)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def text(stored: Value) -> str:
    """Return a stored value as text of a form.

    >>> text(3.0), text(3), text(None)
    ('3', '3', '')
    """
    if stored is None:
        return ""
    if isinstance(stored, float) and stored.is_integer():
        return str(int(stored))
    return str(stored)


RESERVED = frozenset({
    "fid", "uid", "geom", "_rev", "community_uid", "subject_uid", "form_version", "status", "saved_at", "parent_uid",
    "ordinal", "odk_xml",
})  # fmt: skip


def column(path: str, root: str) -> str:
    """Return the column of a question: its path below the root or repeat, groups joined by underscores.

    >>> column("/data/water/main-dn", "/data"), column("/data/status", "/data")
    ('water_main_dn', 'q_status')
    """
    name = re.sub(r"[^a-z0-9]+", "_", path[len(root) :].lower()).strip("_")
    return f"q_{name}" if name in RESERVED or not name[:1].isalpha() else name
