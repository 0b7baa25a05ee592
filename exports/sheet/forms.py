"""Labels of the installed forms, read once per export."""

from functools import cache

from exports.sheet.answers import Labels
from survey_forms import Form, Session, default_forms, load_form

CHINESE = "zh"


class InstalledForms:
    """The default forms as a source of labels (exports.sheet.answers.ReadsLabels)."""

    def labels(self, form_id: str) -> Labels:
        """Return the labels of the coded columns of a form, in Chinese; empty if it is not installed."""
        return labels_of(form_id, CHINESE)

    def title(self, form_id: str) -> str:
        """Return the Chinese title of a form; empty if it is not installed."""
        form = form_of(form_id)
        return form.title(CHINESE) if form else ""


@cache
def form_of(form_id: str) -> Form | None:
    """Return a default form, read once per process; None if there is none of that name."""
    path = default_forms().get(form_id)
    return load_form(path) if path else None


@cache
def labels_of(form_id: str, language: str) -> Labels:
    """Return column -> code -> label of the coded columns of a default form; empty if there is no such form."""
    form = form_of(form_id)
    return labels_in(form, language) if form else {}


def labels_in(form: Form, language: str) -> Labels:
    """Return column -> code -> label of the coded columns of a form."""
    session = Session(form)
    paths = session.leaves()
    for repeat in form.repeats():
        instance = session.add_repeat(repeat.path)
        inside = (question.path for question in form.questions() if question.path.startswith(repeat.path + "/"))
        paths += [instance + path.removeprefix(repeat.path) for path in inside]
    return {
        path.rpartition("/")[2]: {choice.value: choice.label for choice in choices}
        for path in paths
        if (choices := session.choices(path, language))
    }
