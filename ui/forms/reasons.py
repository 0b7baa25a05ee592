"""Why an answer is refused, with the range that the rule of the form allows."""

import re

from fieldsurvey.i18n import _
from survey_forms import Question, Session

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_LOW = re.compile(rf"(?<![\w/)])\.\s*(>=?)\s*{_NUMBER}(?![\w.])")
_HIGH = re.compile(rf"(?<![\w/)])\.\s*(<=?)\s*{_NUMBER}(?![\w.])")


def range_of(constraint: str) -> tuple[str, str]:
    """Return the lowest and highest value that a simple rule allows, empty where it sets none.

    >>> range_of(". >= 0 and . <= 3.5"), range_of(". > 5"), range_of(". > 1 or . < 0"), range_of("../a > 3")
    (('0', '3.5'), ('5', ''), ('', ''), ('', ''))
    """
    if re.search(r"\bor\b", constraint):
        return "", ""
    low, high = _LOW.search(constraint), _HIGH.search(constraint)
    return low[2] if low else "", high[2] if high else ""


def reason(session: Session, path: str) -> str:
    """Return what is wrong with an answer; where its rule is a range, with the range."""
    message = session.error(path)
    if not message:
        return ""
    question: Question = session.question(path)
    low, high = range_of(question.bind.constraint)
    if not (low or high) or not session.value(path) or all(bound in message for bound in (low, high)):
        return message
    unit = f" {question.bind.unit}" if question.bind.unit else ""
    if low and high:
        return f"{message} " + _("Allowed: {low} to {high}{unit}.").format(low=low, high=high, unit=unit)
    words = _("Allowed: from {low}{unit}.") if low else _("Allowed: up to {high}{unit}.")
    return f"{message} " + words.format(low=low, high=high, unit=unit)
