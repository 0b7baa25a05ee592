"""A clock that is off, in words."""

from fieldsurvey.i18n import _

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
RIGHT_MS = 2 * _MINUTE  # a clock that is less off is right


def words(offset_ms: int) -> str:
    """Return how far a clock is off, such as "1 day behind"; empty if it is right.

    Args:
        offset_ms: The clock minus the right one.
    """
    if abs(offset_ms) < RIGHT_MS:
        return ""
    span = _span(abs(offset_ms))
    return _("{span} ahead").format(span=span) if offset_ms > 0 else _("{span} behind").format(span=span)


def warning(offset_ms: int) -> str:
    """Return what to tell whoever works with a clock that is off; empty if it is right."""
    found = words(offset_ms)
    if not found:
        return ""
    text = _("The clock of this computer is {off} the hub's. Set it right; no edit is lost by it.")
    return text.format(off=found)


def _span(span_ms: int) -> str:
    if span_ms >= 2 * _DAY:
        return _("{n} days").format(n=round(span_ms / _DAY))
    if span_ms >= 2 * _HOUR:
        return _("{n} hours").format(n=round(span_ms / _HOUR))
    return _("{n} minutes").format(n=round(span_ms / _MINUTE))
