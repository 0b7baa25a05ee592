"""Values around a filling-in, and how nodes of an instance are named and found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from survey_forms.expression.nodes import Node
from survey_forms.form import Form
from survey_forms.graph import Graph, build


@dataclass(frozen=True, slots=True)
class Context:
    """What a form may ask of its surroundings.

    Attributes:
        now: The moment of opening.
        username: Who fills in.
        deviceid: Which laptop.
        language: Language shown first: zh or en.
    """

    now: datetime = field(default_factory=lambda: datetime.now().astimezone())
    username: str = ""
    deviceid: str = ""
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: its code and its label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a form is not complete.

    Attributes:
        path: Where, with instance numbers.
        kind: "type", "constraint" or "required".
        message: One sentence.
    """

    path: str
    kind: str
    message: str


def graph_of(form: Form) -> Graph:
    """Return the graph of a form, built once per form object."""
    found = _GRAPHS.get(id(form))
    if found is None or found[0] is not form:
        found = _GRAPHS[id(form)] = (form, build(form))
    return found[1]


_GRAPHS: dict[int, tuple[Form, Graph]] = {}


def calculated(text: str) -> str:
    """Return a computed text as it is kept: NaN is blank."""
    return "" if text == "NaN" else text


def find_all(node: Node, names: Sequence[str]) -> list[Node]:
    """Return the elements below a node that a chain of names leads to."""
    found = [node]
    for name in names:
        found = [child for parent in found for child in parent.elements() if child.name == name]
    return found


def generic(path: str) -> str:
    """Return a path without instance numbers.

    >>> generic("/data/photos[2]/photo")
    '/data/photos/photo'
    """
    return "/".join(piece.partition("[")[0] for piece in path.split("/"))


def path_of(node: Node, repeats: Mapping[str, object]) -> str:
    """Return the path of a node, with instance numbers at repeats."""
    pieces: list[tuple[str, int]] = []
    while node.parent is not None:
        same = [child for child in node.parent.children if child.name == node.name]
        pieces.append((node.name, next(index for index, child in enumerate(same, 1) if child is node)))
        node = node.parent
    path, plain = "", ""
    for name, number in reversed(pieces):
        plain += "/" + name
        path += f"/{name}[{number}]" if plain in repeats else f"/{name}"
    return path
