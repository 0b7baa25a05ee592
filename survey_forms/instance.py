"""Values around a filling-in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from survey_forms.form import Form
from survey_forms.graph import Graph, build
from survey_forms.hurry import unhurried


@dataclass(frozen=True, slots=True)
class Context:
    """What a form may ask of its surroundings.

    Attributes:
        now: The moment of opening.
        username: Who fills in.
        deviceid: Which laptop.
        language: Language shown first: zh or en.
        email, phonenumber: Of the person, for the questions that ask for them.
        position: Gives the place of the person as "lat lon alt acc", empty if it is not known.
        last_saved: The submission saved before this one, as XML, for instance('__last-saved').
        lists: Rows that stand for a list of the form, such as the entities of the project: id -> rows.
    """

    now: datetime = field(default_factory=lambda: datetime.now().astimezone())
    username: str = ""
    deviceid: str = ""
    language: str = "zh"
    email: str = ""
    phonenumber: str = ""
    position: Callable[[], str] = lambda: ""
    last_saved: str = ""
    lists: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: its code, its label, picture, sound and film by kind, and its place "lat lon alt acc"."""

    value: str
    label: str
    media: Mapping[str, str] = field(default_factory=dict)
    geometry: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a form is not complete.

    Attributes:
        path: Where, with instance numbers.
        kind: "type", "constraint", "required", or "carried" for an answer carried over that nobody has confirmed.
        message: One sentence.
    """

    path: str
    kind: str
    message: str


def graph_of(form: Form) -> Graph:
    """Return the graph of a form, built once per form object.

    Raises:
        FormError: If a rule is wrong, or rules depend on each other in a circle.
    """
    found = _GRAPHS.get(id(form))
    if found is None or found[0] is not form:
        if len(_GRAPHS) >= _MOST_GRAPHS:
            _GRAPHS.pop(next(iter(_GRAPHS)))
        with unhurried(stays=True):
            found = _GRAPHS[id(form)] = (form, build(form))
    return found[1]


_GRAPHS: dict[int, tuple[Form, Graph]] = {}
_MOST_GRAPHS = 64


def generic(path: str) -> str:
    """Return a path without instance numbers.

    >>> generic("/data/photos[2]/photo")
    '/data/photos/photo'
    """
    if "[" not in path:
        return path
    return "/".join(piece.partition("[")[0] for piece in path.split("/"))
