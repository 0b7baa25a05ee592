"""Words of an XPath expression.

Source: XPath 1.0, section 3.7 (lexical structure), with its two rules on when
`*` and a name are operators.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError


class Kind(StrEnum):
    """Kinds of words."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    OPERATOR = "operator"
    SYMBOL = "symbol"
    END = "end"


class Word(NamedTuple):
    """One word.

    Attributes:
        kind: What it is.
        text: Its text; of a string, without the quotes.
        at: Offset in the expression.
    """

    kind: Kind
    text: str
    at: int


_PATTERN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<text>"[^"]*"|'[^']*')
    |(?P<symbol>::|\.\.|//|!=|<=|>=|[()\[\].@,/|+\-=<>*$])
    |(?P<name>[^\W\d][\w.\-·]*(?::(?!:)(?:\*|[^\W\d][\w.\-·]*))?)""",
    re.VERBOSE,
)
_GLUED = re.compile(r"(?:and|or|div|mod)(?=[\d.\-])")  # 1 div2, a and-1: read as other engines do
_NAMED_OPERATORS = {"and", "or", "mod", "div"}
_SYMBOL_OPERATORS = {"//", "/", "|", "+", "-", "=", "!=", "<", "<=", ">", ">="}
# After one of these a name cannot be an operator, and * is a name test (XPath 3.7).
_BEFORE_OPERAND = {"@", "::", "(", "[", ",", *_SYMBOL_OPERATORS}


def words(expression: str) -> list[Word]:
    """Return the words of an expression, with an END word last.

    Raises:
        ExpressionError: If a character belongs to no word.
    """
    found: list[Word] = []
    at, last = 0, None
    match = _PATTERN.match
    while at < len(expression):
        hit = match(expression, at)
        if hit is None:
            raise ExpressionError(
                _("The character {sign} at position {at} does not belong into the expression {expression}").format(
                    sign=expression[at], at=at + 1, expression=expression.strip()
                )
            )
        at = hit.end()
        if hit.lastgroup != "space":
            last = _word(hit, last)
            found.append(last)
            at = at if last.kind is not Kind.NAME and last.kind is not Kind.OPERATOR else last.at + len(last.text)
    return [*found, Word(Kind.END, "", len(expression))]


def _word(match: re.Match[str], before: Word | None) -> Word:
    text, at = match[0], match.start()
    opens = before is None or before.kind is Kind.OPERATOR
    opens = opens or (before is not None and before.kind is Kind.SYMBOL and before.text in _BEFORE_OPERAND)
    expects_operator = not opens
    if match.lastgroup == "name" and expects_operator:
        glued = _GLUED.match(text)
        text = glued[0] if glued else text
        return Word(Kind.OPERATOR if text in _NAMED_OPERATORS else Kind.NAME, text, at)
    if match.lastgroup == "symbol":
        if text == "*":
            return Word(Kind.OPERATOR if expects_operator else Kind.NAME, text, at)
        return Word(Kind.OPERATOR if text in _SYMBOL_OPERATORS else Kind.SYMBOL, text, at)
    if match.lastgroup == "text":
        return Word(Kind.TEXT, text[1:-1], at)
    return Word(Kind.NUMBER if match.lastgroup == "number" else Kind.NAME, text, at)
