"""Values of records in the words of the person who reads them."""

from datetime import datetime

from exports.sheet.forms import labels_of
from fieldsurvey.i18n import _, language
from fieldsurvey.model.schema import Table, Value
from ui import shown


def in_words(table: Table, field: str, value: Value) -> str:
    """Return a value as it reads: choices by their labels, numbers with their unit, a blank said in words."""
    if value is None or value == "":
        return _("(blank)")
    if isinstance(value, bytes):
        return _("(geometry)")
    unit = next((column.unit for column in table.columns if column.name == field), "")
    known = labels_of(table.name, language()[:2]).get(field, {})
    if known:
        return _(", ").join(known.get(code, code) for code in str(value).split())
    if isinstance(value, float) or (isinstance(value, int) and unit):  # a code or a level has no thousands
        return shown.number(value, unit, digits=4)
    return f"{value} {unit}".strip()


def moment(at_utc: str) -> str:
    """Return an ISO 8601 moment as month, day and time of the local clock; what is none, as it is.

    >>> moment("yesterday")
    'yesterday'
    """
    try:
        return shown.short(datetime.fromisoformat(at_utc))
    except ValueError:
        return at_utc
