"""Days as people type them."""

import re
from datetime import date

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def checked_day(text: str) -> str:
    """Return a day, ISO 8601.

    Raises:
        InputRefused: If it is none.
    """
    try:
        is_day = _DAY.fullmatch(text.strip()) is not None and bool(date.fromisoformat(text.strip()))
    except ValueError:
        is_day = False
    if not is_day:
        raise InputRefused(_("{day} is no day. Please write it as 2026-03-31.").format(day=text.strip() or "—"))
    return text.strip()
