"""Where the answers of a form are kept: names of tables and columns, the same on every laptop."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from survey_forms import definitions, typed
from survey_forms.form import Form, Kind, Question, Repeat

_LONGEST = 50  # of a name; PostgreSQL takes 63 bytes, and child tables and indexes add to it
OWN = "form_"  # how tables of a project's own forms begin, so that none can take the name of an asset table


@dataclass(frozen=True, slots=True)
class Layout:
    """Names for one form.

    Attributes:
        table: Table of the form.
        keys: Path of a repeat -> its short name; its table is table__key.
        outer: Path of a repeat -> the repeat around it, empty at the top.
        columns: Path of a question -> its column in the table of its repeat, or of the form.
        owners: Path of a question -> the innermost repeat around it, empty at the top.
    """

    table: str
    keys: Mapping[str, str]
    outer: Mapping[str, str]
    columns: Mapping[str, str]
    owners: Mapping[str, str]

    def table_of(self, repeat: str) -> str:
        """Return the table of a repeat by its path; of the form for the empty path."""
        return f"{self.table}__{self.keys[repeat]}" if repeat else self.table

    def direct(self, repeat: str) -> list[str]:
        """Return the paths of the questions kept in the table of a repeat, or of the form for the empty path."""
        return [path for path, owner in self.owners.items() if owner == repeat]


def layout_of(form: Form) -> Layout:
    """Return the names for a form, worked out once per form object."""
    if not form.layouts:
        form.layouts.append(_laid_out(form))
    return form.layouts[0]


def table_of(form_id: str) -> str:
    """Return the table of a form by its id: that of a default form is called like it.

    >>> table_of("f04_water"), table_of("Census 2026"), table_of("普查")
    ('f04_water', 'form_census_2026_86295f', 'form_fc7811')
    """
    if form_id in definitions.names():
        return form_id
    plain = _slug(form_id)
    return f"{OWN}{plain}" if plain == form_id and len(plain) <= _LONGEST else f"{OWN}{_marked(plain, form_id)}"


def _laid_out(form: Form) -> Layout:
    repeats = [repeat.path for repeat in form.repeats()]
    kept: list[Question] = [question for question in form.questions() if question.kind is not Kind.NOTE]
    owners = {question.path: _around(question.path, repeats) for question in kept}
    keys = _distinct((repeat.path, _slug(repeat.name) or "repeat") for repeat in form.repeats())
    columns: dict[str, str] = {}
    for owner in ("", *repeats):
        root = owner or form.root.path
        columns |= _distinct((path, typed.column(path, root)) for path, around in owners.items() if around == owner)
    return Layout(table_of(form.id), keys, {path: _around(path, repeats) for path in repeats}, columns, owners)


def _around(path: str, repeats: Iterable[str]) -> str:
    """Return the innermost repeat that holds a path."""
    return max((repeat for repeat in repeats if path.startswith(repeat + "/")), key=len, default="")


def _distinct(wanted: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return path -> name; a name that is too long, says nothing or is taken carries a mark made of its path."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for path, name in wanted:
        fits = len(name) <= _LONGEST and name not in taken and name != "q_"
        found[path] = name if fits else _marked(name.removesuffix("_"), path)
        taken.add(found[path])
    return found


def _marked(name: str, source: str) -> str:
    mark = hashlib.sha256(source.encode()).hexdigest()[:6]
    return f"{name[: _LONGEST - 7]}_{mark}" if name else mark


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def inside(form: Form, repeat: Repeat) -> bool:
    """Say whether a repeat lies inside another."""
    return bool(layout_of(form).outer[repeat.path])
