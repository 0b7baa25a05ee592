"""Regular expressions of forms: Java's dialect, foreign patterns, and no way to stand still on them."""

from functools import lru_cache
from typing import Any

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError

_SECONDS = 0.25  # that one comparison may take; a keystroke must not hang on a bad pattern
_MAX_PATTERN, _MAX_TEXT = 2_000, 10_000  # characters


@lru_cache(maxsize=512)
def compiled_pattern(pattern: str) -> Any:  # noqa: ANN401 - the pattern type of a library without type information
    r"""Return a pattern ready to be searched for; \\p{L} and [[:alpha:]] are understood.

    Raises:
        ExpressionError: If it is no regular expression.
    """
    import regex

    if len(pattern) > _MAX_PATTERN:
        raise ExpressionError(_("A regular expression is longer than {n} characters.").format(n=_MAX_PATTERN))
    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise ExpressionError(
            _("{pattern} is no regular expression: {why}").format(pattern=pattern[:80], why=error)
        ) from error


def found(pattern: str, text: str) -> bool:
    """Say whether a pattern occurs in a text.

    Raises:
        ExpressionError: If it is no regular expression, or takes longer than a quarter of a second.
    """
    try:
        return compiled_pattern(pattern).search(text[:_MAX_TEXT], timeout=_SECONDS) is not None
    except TimeoutError as error:
        raise ExpressionError(
            _("The regular expression {pattern} takes too long on this answer.").format(pattern=pattern[:80])
        ) from error
