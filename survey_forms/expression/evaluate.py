"""From the tree of an expression to a Python closure, and the closures' world.

Compiled once, an expression of an ordinary form rule takes a few microseconds.
"""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import TypeAlias

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError
from survey_forms.expression.nodes import Node, NodeKind, string_value
from survey_forms.expression.parser import Binary, Call, Expression, Negative, Number, Path, Step, Text, parse
from survey_forms.expression.values import Value, to_boolean, to_number, to_text

Function: TypeAlias = Callable[["Context", Sequence["Compiled"]], Value]
Compiled: TypeAlias = Callable[["Context"], Value]


@dataclass(slots=True)
class World:
    """What expressions may ask for besides the nodes.

    Attributes:
        now: The clock.
        random: Source of random numbers.
        instances: Secondary instances by id: their root element's parent.
        translate: Text of an itext id in the current language.
        choice_name: Label of a choice for jr:choice-name(value, path of the question).
        namespaces: Prefix -> URI, for namespace-uri().
    """

    now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    random: Random = field(default_factory=Random)
    instances: Mapping[str, Node] = field(default_factory=dict)
    translate: Callable[[str], str] = lambda text: text
    choice_name: Callable[[str, str], str] = lambda value, _path: value
    namespaces: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """Where an expression is computed.

    Attributes:
        node: The context node.
        world: Everything else.
        position: Position in the set being filtered, from 1.
        size: Size of that set.
        origin: The node of the rule, for current().
        root: What an absolute path starts from; None: the top of the context node's tree.
    """

    node: Node
    world: World
    position: int = 1
    size: int = 1
    origin: Node | None = None
    root: Node | None = None

    def at(self, node: Node, position: int = 1, size: int = 1) -> "Context":
        """Return a context for another node of the same expression."""
        return Context(node, self.world, position, size, self.origin or self.node, self.root)

    def top(self) -> Node:
        """Return what an absolute path starts from."""
        return self.root or self.node.root()


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Compiled:
    """Return the closure of an expression.

    Raises:
        ExpressionError: If it is no XPath, or calls a function that does not exist.
    """
    return _compile(parse(expression))


def evaluate(expression: str, node: Node, world: World | None = None) -> Value:
    """Return the value of an expression at a node."""
    return compiled(expression)(Context(node, world or World()))


def _compile(tree: Expression) -> Compiled:
    if isinstance(tree, Number | Text):
        value: Value = tree.value
        return lambda _context: value
    if isinstance(tree, Negative):
        inner = _compile(tree.operand)
        return lambda context: -to_number(inner(context))
    if isinstance(tree, Binary):
        return _binary(tree)
    if isinstance(tree, Call):
        return _call(tree)
    return _path(tree)


def _call(tree: Call) -> Compiled:
    from survey_forms.expression.functions import FUNCTIONS

    entry = FUNCTIONS.get(tree.name)
    if entry is None:
        raise ExpressionError(_("There is no function {name}() in forms.").format(name=tree.name))
    least, most, function = entry
    count = len(tree.arguments)
    if count < least or (most is not None and count > most):
        raise ExpressionError(_("The function {name}() does not take {n} arguments.").format(name=tree.name, n=count))
    arguments = [_compile(argument) for argument in tree.arguments]
    return lambda context: function(context, arguments)


# --- operators -------------------------------------------------------------------------------------------------------


def _binary(tree: Binary) -> Compiled:
    left, right = _compile(tree.left), _compile(tree.right)
    if tree.operator == "or":
        return lambda context: to_boolean(left(context)) or to_boolean(right(context))
    if tree.operator == "and":
        return lambda context: to_boolean(left(context)) and to_boolean(right(context))
    if tree.operator == "|":
        return lambda context: in_order([*nodes(left(context)), *nodes(right(context))])
    if tree.operator in _COMPARISONS:
        compare = _COMPARISONS[tree.operator]
        equality = tree.operator in {"=", "!="}
        return lambda context: _compared(left(context), right(context), compare, equality=equality)
    arithmetic = _ARITHMETIC[tree.operator]
    return lambda context: arithmetic(to_number(left(context)), to_number(right(context)))


def _divided(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def _remainder(a: float, b: float) -> float:
    """Return the remainder with the sign of the dividend (XPath 3.5)."""
    if b == 0 or math.isinf(a) or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.fmod(a, b)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": _divided,
    "mod": _remainder,
}
_COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}


def _compared(left: Value, right: Value, compare: Callable[[object, object], bool], *, equality: bool) -> bool:
    """Compare as XPath 3.4 says: sets of nodes by any pair, except that a set against a boolean counts as a boolean."""
    if isinstance(left, bool) or isinstance(right, bool):
        if equality:
            return compare(to_boolean(left), to_boolean(right))
        return compare(to_number(_alone(left)), to_number(_alone(right)))
    if isinstance(left, list) or isinstance(right, list):
        return any(_pair(a, b, compare, equality=equality) for a in _each(left) for b in _each(right))
    return _pair(left, right, compare, equality=equality)


def _alone(value: Value) -> Value:
    return to_boolean(value) if isinstance(value, list) and not value else value


def _each(value: Value) -> list[str | float]:
    if isinstance(value, list):
        return [string_value(node) for node in value]
    return [value]


def _pair(a: str | float, b: str | float, compare: Callable[[object, object], bool], *, equality: bool) -> bool:
    if equality and isinstance(a, str) and isinstance(b, str):
        return compare(a, b)
    return compare(to_number(a), to_number(b))


# --- paths -----------------------------------------------------------------------------------------------------------


def nodes(value: Value) -> list[Node]:
    """Return a value as a set of nodes.

    Raises:
        ExpressionError: If it is none.
    """
    if not isinstance(value, list):
        raise ExpressionError(_("A path was expected, not the value {value}.").format(value=to_text(value)[:40]))
    return value


def _path(tree: Path) -> Compiled:
    steps = [_step(step) for step in tree.steps]
    filters = [_compile(expression) for expression in tree.filters]
    start = None if tree.start in {None, "/"} or isinstance(tree.start, str) else _compile(tree.start)
    absolute = tree.start == "/"

    def walk(context: Context) -> Value:
        if start is not None:
            found = nodes(start(context))
            for condition in filters:
                found = _filtered(found, condition, context)
        else:
            found = [context.top()] if absolute else [context.node]
        for step in steps:
            found = step(found, context)
        return found

    return walk


def _step(step: Step) -> Callable[[list[Node], Context], list[Node]]:
    axis = _AXES[step.axis]
    matches = _test(step)
    conditions = [_compile(predicate) for predicate in step.predicates]
    simple = step.axis in {"child", "attribute", "self", "parent"}

    def go(start: list[Node], context: Context) -> list[Node]:
        found: list[Node] = []
        for node in start:
            hits = [hit for hit in axis(node) if matches(hit)]
            for condition in conditions:
                hits = _filtered(hits, condition, context)
            found += hits
        return found if len(start) < 2 and simple else in_order(found, reverse=step.axis in _REVERSE)

    return go


def _filtered(found: list[Node], condition: Compiled, context: Context) -> list[Node]:
    kept: list[Node] = []
    size = len(found)
    for position, node in enumerate(found, 1):
        value = condition(context.at(node, position, size))
        is_number = isinstance(value, float | int) and not isinstance(value, bool)
        if (value == position) if is_number else to_boolean(value):
            kept.append(node)
    return kept


def in_order(found: Iterable[Node], *, reverse: bool = False) -> list[Node]:
    """Return nodes in document order, each once."""
    unique = list(dict.fromkeys(found))
    if len(unique) < 2:
        return unique
    if not reverse and all(node.parent is unique[0].parent for node in unique):
        return unique
    return sorted(unique, key=_place)


def _place(node: Node) -> tuple[int, ...]:
    """Return the place of a node in document order; attributes come before children."""
    places: list[int] = []
    while node.parent is not None:
        if node.kind is NodeKind.ATTRIBUTE:
            places.append(node.parent.attributes.index(node) - 1_000_000)
        else:
            places.append(next((i for i, child in enumerate(node.parent.children) if child is node), 0))
        node = node.parent
    return tuple(reversed(places))


def _test(step: Step) -> Callable[[Node], bool]:
    principal = NodeKind.ATTRIBUTE if step.axis == "attribute" else NodeKind.ELEMENT
    name = step.test
    if name.endswith(")"):
        return _type_test(name)
    if name == "*":
        return lambda node: node.kind is principal
    if name.endswith(":*"):
        prefix = name[:-1]
        return lambda node: node.kind is principal and node.name.startswith(prefix)
    if ":" in name:
        return lambda node: node.kind is principal and node.name == name
    return lambda node: node.kind is principal and node.name.rpartition(":")[2] == name


def _type_test(test: str) -> Callable[[Node], bool]:
    kind, target = test[:-1].split("(", 1)
    if kind == "node":
        return lambda _node: True
    wanted = {"text": NodeKind.TEXT, "comment": NodeKind.COMMENT}.get(kind, NodeKind.INSTRUCTION)
    return lambda node: node.kind is wanted and (not target or node.name == target)


def _child(node: Node) -> list[Node]:
    if node.value and node.kind is NodeKind.ELEMENT and not node.children:
        return [] if node.hidden else [Node(NodeKind.TEXT, value=node.value, parent=node)]
    return node.children


def _ancestors(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _siblings(node: Node, *, after: bool) -> list[Node]:
    if node.parent is None or node.kind is NodeKind.ATTRIBUTE:
        return []
    family = node.parent.children
    at = next(index for index, child in enumerate(family) if child is node)
    return family[at + 1 :] if after else family[:at][::-1]


def _following(node: Node) -> Iterator[Node]:
    for here in (node, *_ancestors(node)):
        for sibling in _siblings(here, after=True):
            yield sibling
            yield from sibling.descendants()


def _preceding(node: Node) -> Iterator[Node]:
    for here in (node, *_ancestors(node)):
        for sibling in _siblings(here, after=False):
            yield from reversed(list(sibling.descendants()))
            yield sibling


_AXES: dict[str, Callable[[Node], Iterable[Node]]] = {
    "child": _child,
    "self": lambda node: (node,),
    "parent": lambda node: () if node.parent is None else (node.parent,),
    "attribute": lambda node: [a for a in node.attributes if not a.name.startswith("xmlns")],
    "descendant": lambda node: node.descendants(),
    "descendant-or-self": lambda node: (node, *node.descendants()),
    "ancestor": _ancestors,
    "ancestor-or-self": lambda node: (node, *_ancestors(node)),
    "following-sibling": lambda node: _siblings(node, after=True),
    "preceding-sibling": lambda node: _siblings(node, after=False),
    "following": _following,
    "preceding": _preceding,
    "namespace": lambda _node: (),
}
_REVERSE = {"ancestor", "ancestor-or-self", "preceding", "preceding-sibling"}

__all__ = ["Compiled", "Context", "Function", "World", "compiled", "evaluate", "in_order", "nodes"]
