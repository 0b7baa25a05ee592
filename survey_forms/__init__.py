"""XLSForm and XForm: compile, evaluate, fill in, check. No Qt."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from survey_forms import definitions
from survey_forms.compile import xform
from survey_forms.errors import ExpressionError, FormError
from survey_forms.form import Form, Group, Kind, Question, Repeat
from survey_forms.hurry import unhurried
from survey_forms.instance import Choice, Context, Problem
from survey_forms.layout import layout_of
from survey_forms.reading import parse_form
from survey_forms.session import Session
from survey_forms.tables import form_tables

__all__ = [
    "Choice", "Context", "DefaultForms", "ExpressionError", "Form", "FormError", "Group", "Kind", "Problem", "Question",
    "Repeat", "Session", "default_forms", "form_tables", "layout_of", "load_form",
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
    with unhurried(stays=True):
        return parse_form(xform(source), None if definitions.is_definition(source) else source.parent)


class DefaultForms(Mapping[str, Form]):
    """The default forms by id, each read when it is first asked for."""

    def __init__(self) -> None:
        self._sources = default_forms()

    def __getitem__(self, form_id: str) -> Form:
        """Return a form.

        Raises:
            KeyError: If there is none of that id.
        """
        return load_form(self._sources[form_id])

    def __iter__(self) -> Iterator[str]:
        """Yield the ids in their order."""
        return iter(self._sources)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sources)
