"""What a form says of a record that two people wrote: each edit may be right and both together wrong."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from survey_forms.errors import FormError
from survey_forms.form import Form, Kind
from survey_forms.instance import Context
from survey_forms.layout import layout_of
from survey_forms.session import Session

_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)  # rules that ask for the time get the same answer on every laptop


def merge_rules(forms: Mapping[str, Form]) -> Callable[[str, Mapping[str, Value]], list[tuple[str, str]]]:
    """Return what judges a merged record: (table, values) -> [(field, what is wrong)].

    Args:
        forms: Table -> form. Records of other tables are never wrong.
    """

    def judge(table: str, values: Mapping[str, Value]) -> list[tuple[str, str]]:
        form = forms.get(table)
        return [] if form is None else _broken(form, values)

    return judge


def _broken(form: Form, values: Mapping[str, Value]) -> list[tuple[str, str]]:
    try:
        session = Session(form, values, None, Context(now=_moment(values)))
        return [*_constraints(form, session, values), *_unasked(form, session, values)]
    except FormError:  # a form that cannot be filled in judges nothing
        return []


def _moment(values: Mapping[str, Value]) -> datetime:
    """Return when the record was saved: part of the record, so the same everywhere."""
    try:
        return datetime.fromisoformat(str(values.get("saved_at")))
    except ValueError:
        return _MOMENT


def _constraints(form: Form, session: Session, values: Mapping[str, Value]) -> list[tuple[str, str]]:
    found, layout = [], layout_of(form)
    for problem in session.problems():
        name = layout.columns.get(problem.path, "")  # a path with instance numbers is in no column of the form itself
        if problem.kind == "constraint" and name in values:
            found.append((name, problem.message))
    return found


def _unasked(form: Form, session: Session, values: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Return answers to questions that, with the other answers as they are, would not be asked."""
    found = []
    for path in session.leaves():
        question, name = session.question(path), layout_of(form).columns.get(path, "")
        answered = values.get(name) not in {None, ""}
        if answered and question.kind not in {Kind.CALCULATE, Kind.NOTE} and not session.relevant(path):
            text = _("“{question}” is answered, but by the other answers it does not apply.")
            found.append((name, text.format(question=session.label(path))))
    return found
