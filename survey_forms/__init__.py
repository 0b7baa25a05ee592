"""XLSForm and XForm: compile, evaluate, fill in, check. No Qt."""

from functools import lru_cache
from pathlib import Path

from survey_forms import definitions
from survey_forms.compile import xform
from survey_forms.errors import ExpressionError, FormError
from survey_forms.form import Form, Group, Kind, Question, Repeat
from survey_forms.hurry import unhurried
from survey_forms.instance import Choice, Context, Problem
from survey_forms.reading import parse_form
from survey_forms.session import Session
from survey_forms.tables import form_tables, repeat_table

__all__ = [
    "Choice", "Context", "ExpressionError", "Form", "FormError", "Group", "Kind", "Problem", "Question", "Repeat",
    "Session", "default_forms", "form_tables", "load_form", "repeat_table",
]  # fmt: skip


def default_forms() -> dict[str, Path]:
    """Return the sources of the default forms by id, in their order."""
    return {name: definitions.path(name) for name in definitions.names()}


@lru_cache(maxsize=64)
def load_form(source: Path) -> Form:
    """Return a form, compiled if it is not in the cache yet.

    Raises:
        FormError: If it is no form, or wrong.
    """
    with unhurried():
        return parse_form(xform(source), None if definitions.is_definition(source) else source.parent)
