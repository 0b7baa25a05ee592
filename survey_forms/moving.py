"""An old record in a newer version of its form: what comes along, what changes, what has no place any more."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from survey_forms.errors import FormError
from survey_forms.form import Form, Kind
from survey_forms.instance import Context, generic
from survey_forms.records import Opened
from survey_forms.session import Session

_ENDS = re.compile(r"(?<=\])(?=/)")  # behind an instance number


class ChangeKind(StrEnum):
    """What a newer version does to an answer."""

    NEW = "new"
    MOVED = "moved"
    CHANGED = "changed"
    DROPPED = "dropped"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference that moving up makes.

    Attributes:
        kind: What happens.
        label: The question, in words.
        before, after: The answer in the old and in the new version; of WRONG, after is what is wrong.
    """

    kind: ChangeKind
    label: str
    before: str = ""
    after: str = ""


def moved_up(opened: Opened, context: Context | None = None) -> tuple[Opened, list[Change]]:
    """Return a record in the newest version of its form, and every difference that makes. Nothing is saved.

    An answer keeps its place; where the newer version has its question in
    another group under the same, unmistakable name, it goes there.

    Raises:
        FormError: If there is no newer version.
    """
    if opened.newer is None:
        raise FormError(f"{opened.session.form.id} is the newest version already")
    old, form = opened.session, opened.newer
    ways = _ways(old.form, form)
    session = Session.restore(form, _carried(old.snapshot(), ways), context)
    return replace(opened, session=session, newer=None), [*_changes(old, session, ways)]


def _ways(old: Form, new: Form) -> dict[str, str]:
    """Return old path -> new path of the questions that went elsewhere."""
    before, after = _paths(old), _paths(new)
    by_name = Counter(path.rpartition("/")[2] for path in after)
    gone = Counter(path.rpartition("/")[2] for path in before - after)
    fresh = {path.rpartition("/")[2]: path for path in after - before if by_name[path.rpartition("/")[2]] == 1}
    return {
        path: fresh[name]
        for path in before - after
        if (name := path.rpartition("/")[2]) in fresh
        and gone[name] == 1
        and _depth(old, path) == _depth(new, fresh[name])
    }


def _paths(form: Form) -> set[str]:
    return {question.path for question in form.questions() if question.kind is not Kind.NOTE}


def _depth(form: Form, path: str) -> tuple[str, ...]:
    """Return the repeats around a question: it can only move among the same."""
    return tuple(repeat.path for repeat in form.repeats() if path.startswith(repeat.path + "/"))


def _carried(snapshot: str, ways: dict[str, str]) -> str:
    """Return a snapshot with its answers where the newer version asks for them."""
    state = json.loads(snapshot)
    state["values"] = {_way(path, ways): value for path, value in state["values"].items()}
    return json.dumps(state, ensure_ascii=False)


def _way(path: str, ways: dict[str, str]) -> str:
    plain = generic(path)
    if plain not in ways:
        return path
    numbers = {generic(path[: end.start()]): path[: end.start()] for end in _ENDS.finditer(path)}
    target = ways[plain]
    around = max((repeat for repeat in numbers if target.startswith(repeat + "/")), key=len, default="")
    return numbers.get(around, "") + target[len(around) :]


def _changes(old: Session, new: Session, ways: dict[str, str]) -> Iterator[Change]:
    before, after = _answers(old), _answers(new)
    for path, text in before.items():
        target = _way(path, ways)
        now = after.get(target, "")
        if new.engine.find(target) is None:
            yield Change(ChangeKind.DROPPED, old.label(path), text)
        elif now != text or target != path:
            yield Change(ChangeKind.MOVED if now == text else ChangeKind.CHANGED, new.label(target), text, now)
    known = _paths(old.form) | set(ways.values())
    for question in new.form.questions():
        if question.path not in known and question.kind not in {Kind.NOTE, Kind.CALCULATE}:
            yield Change(ChangeKind.NEW, question.label(new.language) or question.name)
    wrong = {problem.path for problem in old.problems()}
    fresh = (problem for problem in new.problems() if problem.path not in wrong)
    yield from (Change(ChangeKind.WRONG, new.label(p.path), new.value(p.path), p.message) for p in fresh)


def _answers(session: Session) -> dict[str, str]:
    """Return path -> answer of everything answered and asked, as people read it."""
    found: dict[str, str] = {}
    for path in session.asked():
        if value := session.value(path):
            labels = {choice.value: choice.label for choice in session.choices(path)}
            found[path] = "、".join(labels.get(code, code) for code in value.split()) if labels else value
    return found
