"""Checks any form as its author would want it: does it load, is each rule sound, does it survive filling in."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.i18n import _
from survey_forms import Form, FormError, Kind, Session, load_form
from survey_forms.errors import CompileError
from survey_forms.expression.faults import calls
from survey_forms.expression.parser import Text, parse
from survey_forms.graph import Reach, expressions, form_faults
from survey_forms.instance import generic, graph_of
from survey_forms.locating import Locator, Spot

_EDITS = 200
_MANY = "1986"
_SAMPLES = {
    Kind.INTEGER: ["0", "7", _MANY, "-1", "x"],
    Kind.DECIMAL: ["0.5", "12", "3,5", ".."],
    Kind.RANGE: ["1", "3"],
    Kind.DATE: ["2026-11-24", "1986-05-01", "no"],
    Kind.TIME: ["09:30:00.000+08:00"],
    Kind.DATETIME: ["2026-11-24T09:30:00.000+08:00"],
    Kind.TEXT: ["枫叶山", "a", ""],
    Kind.GEOPOINT: ["30.2 115.04 20 3"],
    Kind.GEOTRACE: ["30.2 115.04 0 0; 30.3 115.05 0 0"],
    Kind.GEOSHAPE: ["30.2 115.04 0 0; 30.3 115.05 0 0; 30.2 115.06 0 0; 30.2 115.04 0 0"],
    Kind.ACKNOWLEDGE: ["OK"],
}
_NAMED = re.compile(r"(?:named|name) '([^']+)'")
_MOST_NEW = 3  # instances that a trial adds to a repeat


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a form.

    Attributes:
        where: Name of the question, or of the file.
        message: One sentence.
        spot: Its cell in the workbook, if it is known.
        fatal: Whether the form cannot be used; else it is a note for its author.
    """

    where: str
    message: str
    spot: Spot | None = None
    fatal: bool = True

    def __str__(self) -> str:
        if self.spot is None:
            return f"{self.where}: {self.message}"
        place = _("sheet {sheet}, row {row}").format(sheet=self.spot.sheet, row=self.spot.row)
        if self.spot.column:
            place = _("{place}, column {column}").format(place=place, column=self.spot.column)
        return f"{self.where} ({place}): {self.message}"


def check(source: Path, seed: int = 0, edits: int = _EDITS) -> list[Finding]:
    """Return what is wrong with a form: it does not load, a rule fails, or filling in at random breaks it."""
    try:
        form = load_form(source)
    except FormError as error:
        return [_refused(source, error)]
    found = list(_faults(form))
    if not any(finding.fatal for finding in found):
        found += _trial(form, source, seed, edits)
    found += [Finding(source.name, note, fatal=False) for note in form.notes]
    found += [*_missing_lists(form), *_strays(form), *_labels(form), *_dialects(form)]
    return _located(source, found)


def _refused(source: Path, error: FormError) -> Finding:
    if isinstance(error, CompileError):
        return Finding(source.name, error.what.removeprefix(f"{source.name}: "), _spot(source, error))
    return Finding(source.name, str(error).removeprefix(f"{source.name}: "))


def _spot(source: Path, error: CompileError) -> Spot | None:
    if error.row:
        return Spot(error.sheet, error.row)
    name = _NAMED.search(str(error.__cause__))
    return Locator(source).find(name[1]) if name else None


def _located(source: Path, found: list[Finding]) -> list[Finding]:
    if not any(finding.spot is None and finding.where != source.name for finding in found):
        return found
    locator = Locator(source)
    return [
        Finding(f.where.partition("|")[0], f.message, f.spot or locator.find(*f.where.split("|")[:2]), f.fatal)
        for f in found
    ]


def _faults(form: Form) -> Iterator[Finding]:
    faults = list(form_faults(form))
    yield from (Finding(f"{fault.name}|{fault.column}", fault.message) for fault in faults)
    if not faults:
        try:
            graph_of(form)
        except FormError as error:
            name = str(error).rpartition("→")[2].strip()
            yield Finding(f"{name}|calculation" if name in str(error) else form.id, str(error))


def _trial(form: Form, source: Path, seed: int, edits: int) -> list[Finding]:
    """Fill a form in at random; what rules made step by step must be what they make from scratch."""
    try:
        session = Session(form)
        fill_randomly(session, random.Random(seed), edits)  # noqa: S311 - repeatable trial, no secrets
        again = Session.restore(form, session.snapshot())
    except FormError as error:
        return [Finding(source.name, str(error))]
    unsteady = volatile(form)
    return [
        Finding(
            f"{path.rpartition('/')[2]}|calculation", _("its value depends on the order of the answers"), fatal=False
        )
        for path in differing(session, again)
        if generic(path) not in unsteady
    ]


def differing(one: Session, other: Session) -> list[str]:
    """Return the paths of questions whose value or relevance differs between two sessions of a form."""
    states = [
        {path: (node.value, node.hidden) for path, node in session.engine.walk() if not node.children}
        for session in (one, other)
    ]
    return [path for path in states[0] | states[1] if states[0].get(path) != states[1].get(path)]


def volatile(form: Form) -> set[str]:
    """Return the generic paths whose value may differ each time: from the clock or chance, and what reads them."""
    graph = graph_of(form)
    found = {
        path
        for path, _column, expression in expressions(form)
        if any(call.name in _CHANCE for call in calls(parse(expression)))
    }
    # A calculation that reads itself, such as coalesce(own, other), keeps what was there: it may depend on the order.
    found |= {rule.place.path for rule in graph.rules if any(need.path == rule.place.names for need in rule.needs)}
    reach, before = Reach(graph.places), -1
    while len(found) != before:
        before = len(found)
        for rule in graph.rules:
            if any(place.path in found for need in rule.needs for place in reach.of(need)):
                inside = rule.place.path + "/"
                found |= {rule.place.path, *(path for path in graph.places if path.startswith(inside))}
    return found


_CHANCE = {"now", "today", "random", "uuid", "randomize"}


def _missing_lists(form: Form) -> Iterator[Finding]:
    for path, column, expression in expressions(form):
        try:
            tree = parse(expression)
        except FormError:
            continue
        for call in calls(tree):
            named = call.arguments[0] if call.name in {"instance", "pulldata"} and call.arguments else None
            if isinstance(named, Text) and named.value not in form.instances and not named.value.startswith("@"):
                message = _("There is no choice list or file named {name}.").format(name=named.value)
                yield Finding(f"{path.rpartition('/')[2]}|{column}", message)


def _strays(form: Form) -> Iterator[Finding]:
    """Yield rules for nodes that the form does not have."""
    try:
        places = graph_of(form).places
    except FormError:
        return
    for path in form.binds:
        if path not in places:
            yield Finding(path.rpartition("/")[2], _("the form has rules for this, but no such question"), fatal=False)


def _dialects(form: Form) -> Iterator[Finding]:
    """Yield patterns that ODK Collect reads otherwise: it compares the whole answer, the specification any part of it.

    Source: ODK XForms Specification, regex(); getodk/javarosa issue 531.
    """
    for path, column, expression in expressions(form):
        try:
            found = list(calls(parse(expression)))
        except FormError:
            continue
        for call in found:
            pattern = call.arguments[1] if call.name == "regex" and len(call.arguments) == 2 else None
            if isinstance(pattern, Text) and not (pattern.value.startswith("^") and pattern.value.endswith("$")):
                told = _(
                    "The pattern {pattern} holds for any part of the answer, in Collect for the whole. Add ^ and $."
                )
                where = f"{path.rpartition('/')[2]}|{column}"
                yield Finding(where, told.format(pattern=pattern.value), fatal=False)


def _labels(form: Form) -> Iterator[Finding]:
    for question in form.questions():
        if question.kind is Kind.CALCULATE or question.media or question.is_hidden:
            continue
        for language in form.languages:
            if language and not question.label(language):
                message = _("no label in {language}").format(language=language)
                yield Finding(f"{question.name}|label", message, fatal=False)


def fill_randomly(session: Session, rng: random.Random, edits: int = _EDITS) -> None:
    """Make random edits: answers of every kind, wrong ones too, and instances of repeats come and go."""
    paths: list[str] = []
    for step in range(edits):
        if step % 20 == 0:
            _try_repeats(session, rng)
            paths = [path for path in session.asked() if _is_open(session, path)]
        if paths:
            _try_answer(session, rng.choice(paths), rng)


def _is_open(session: Session, path: str) -> bool:
    question = session.question(path)
    return question.kind not in {Kind.NOTE, Kind.CALCULATE} and not question.bind.calculate


def _try_answer(session: Session, path: str, rng: random.Random) -> None:
    if session.engine.find(path) is None:
        return  # an instance that went with a count
    question = session.question(path)
    samples = session.codes(path)
    if question.itemset is None:
        samples = _SAMPLES.get(question.kind, _SAMPLES[Kind.TEXT])
        if any(repeat.count for repeat in session.form.repeats()):  # thousands of instances would try nothing more
            samples = [sample for sample in samples if sample != _MANY]
    session.answer(path, rng.choice([*samples, ""]))


def _try_repeats(session: Session, rng: random.Random) -> None:
    for repeat in session.form.repeats():
        if repeat.count or repeat.fixed:
            continue
        parent = session.engine.find(repeat.path.rpartition("/")[0])
        if parent is None:
            continue  # a repeat inside a repeat that has no instance yet
        there = session.instances(repeat.path)
        if len(there) > _MOST_NEW and rng.random() < 0.5:
            session.remove_repeat(rng.choice(there))
        elif len(there) <= _MOST_NEW:
            session.add_repeat(repeat.path)
