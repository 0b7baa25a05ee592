"""Checks any form as its author would want it: does it load, is each rule sound, does it survive filling in."""

import random
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.i18n import _
from survey_forms import Form, FormError, Kind, Session, load_form

_EDITS = 200
_SAMPLES = {
    Kind.INTEGER: ["0", "7", "1986", "-1", "x"],
    Kind.DECIMAL: ["0.5", "12", "3,5", ".."],
    Kind.DATE: ["2026-11-24", "1986-05-01", "no"],
    Kind.TEXT: ["枫叶山", "a", ""],
    Kind.GEOPOINT: ["30.2 115.04 20 3"],
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a form."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def check(source: Path, seed: int = 0) -> list[Finding]:
    """Return what is wrong with a form: it does not load, a rule fails, or filling in at random breaks it."""
    try:
        form = load_form(source)
        session = Session(form)
        fill_randomly(session, random.Random(seed))  # noqa: S311 - repeatable trial, no secrets
    except FormError as error:
        return [Finding(source.name, str(error))]
    return _labels(form)


def _labels(form: Form) -> list[Finding]:
    asked = [q for q in form.questions() if q.kind is not Kind.CALCULATE]
    return [
        Finding(question.name, _("no label in {language}").format(language=language))
        for question in asked
        for language in form.languages
        if language and not question.label(language)
    ]


def fill_randomly(session: Session, rng: random.Random, edits: int = _EDITS) -> None:
    """Make random edits: answers of every kind, wrong ones too, and instances of repeats."""
    for repeat in session.form.repeats():
        _try_repeat(session, repeat.path)
    paths = [path for path in session.leaves() if session.question(path).kind not in {Kind.NOTE, Kind.CALCULATE}]
    for _edit in range(edits if paths else 0):
        path = rng.choice(paths)
        choices = [choice.value for choice in session.choices(path)]
        samples = choices or _SAMPLES.get(session.question(path).kind, _SAMPLES[Kind.TEXT])
        session.answer(path, rng.choice([*samples, ""]))


def _try_repeat(session: Session, path: str) -> None:
    try:
        session.add_repeat(path)
    except KeyError:
        return  # a repeat inside a repeat that has no instance yet
