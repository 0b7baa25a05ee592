"""From the tree of an expression to a Python closure, and the closures' world.

Compiled once, an expression of an ordinary form rule takes a few microseconds.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import TypeAlias

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError
from survey_forms.expression.axes import REVERSE, hits_of, in_order
from survey_forms.expression.nodes import Node, string_value
from survey_forms.expression.parser import Binary, Call, Expression, Negative, Number, Path, Step, Text, parse
from survey_forms.expression.values import COLLECT, Profile, Reader, Value, to_boolean, to_number, to_text

Function: TypeAlias = Callable[["Context", Sequence["Compiled"]], Value]
Compiled: TypeAlias = Callable[["Context"], Value]


LONG_LIST = 30  # items from which a list is looked up by index


@dataclass(slots=True)
class World:
    """What expressions may ask for besides the nodes.

    Attributes:
        now: The clock.
        random: Source of random numbers.
        instances: Secondary instances by id: their root element's parent.
        translate: Text of an itext id in the current language.
        seed: Seed of randomize() without one, so that an order stays while a form is open; None: none.
        choice_name: Label of a choice for jr:choice-name(value, path of the question), seen from a node.
        namespaces: Prefix -> URI of the expressions; None: names are compared without their namespace, as forms do.
        profile: Whose reading of open points counts.
        root: What absolute paths start from; None: the top of the tree of the context node.
        index: Item of a list whose child (key) has a value: for pulldata() and long lists.
    """

    now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    random: Random = field(default_factory=Random)
    instances: Mapping[str, Node] = field(default_factory=dict)
    translate: Callable[[str], str] = lambda text: text
    seed: float | None = None
    choice_name: Callable[[str, str, Node], str] = lambda value, _path, _node: value
    namespaces: Mapping[str, str] | None = None
    profile: Profile = COLLECT
    root: Node | None = None
    index: Callable[[Node, str], Mapping[str, Sequence[Node]]] | None = None


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
        """Return what an absolute path starts from; in a form always the instance, also amid the items of a list."""
        return self.root or self.world.root or self.node.root()


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Compiled:
    """Return the closure of an expression.

    A function that does not exist, or takes other arguments, fails only when
    it is reached: faults() tells the author beforehand.

    Raises:
        ExpressionError: If it is no XPath.
    """
    return compile_tree(parse(expression))


def evaluate(expression: str, node: Node, world: World | None = None) -> Value:
    """Return the value of an expression at a node."""
    return compiled(expression)(Context(node, world or World()))


def compile_tree(tree: Expression) -> Compiled:
    """Return the closure of a tree."""
    if isinstance(tree, Number | Text):
        value: Value = tree.value
        return lambda _context: value
    if isinstance(tree, Negative):
        inner = compile_tree(tree.operand)
        return lambda context: -to_number(inner(context), context.world.profile.number)
    if isinstance(tree, Binary):
        return _binary(tree)
    if isinstance(tree, Call):
        return _call(tree)
    return _path(tree)


def _call(tree: Call) -> Compiled:
    from survey_forms.expression.functions import FUNCTIONS

    fault = call_fault(tree)
    if fault:
        return _failing(fault)
    function = FUNCTIONS[tree.name][2]
    arguments = [compile_tree(argument) for argument in tree.arguments]
    return lambda context: function(context, arguments)


def _failing(message: str) -> Compiled:
    def fail(_context: Context) -> Value:
        raise ExpressionError(message)

    return fail


def call_fault(tree: Call) -> str:
    """Return what is wrong with a call of a function, empty if nothing: it does not exist, or takes other arguments."""
    from survey_forms.expression.functions import FUNCTIONS

    entry = FUNCTIONS.get(tree.name)
    if entry is None:
        return _("There is no function {name}() in forms.").format(name=tree.name)
    least, most, _function = entry
    count = len(tree.arguments)
    if count < least or (most is not None and count > most):
        return _("The function {name}() does not take {n} arguments.").format(name=tree.name, n=count)
    return ""


# --- operators -------------------------------------------------------------------------------------------------------


def _binary(tree: Binary) -> Compiled:
    left, right = compile_tree(tree.left), compile_tree(tree.right)
    if tree.operator == "or":
        return lambda context: to_boolean(left(context)) or to_boolean(right(context))
    if tree.operator == "and":
        return lambda context: to_boolean(left(context)) and to_boolean(right(context))
    if tree.operator == "|":
        return lambda context: in_order([*nodes(left(context)), *nodes(right(context))])
    if tree.operator in _COMPARISONS:
        compare = _COMPARISONS[tree.operator]
        equality = tree.operator in {"=", "!="}
        return lambda context: _compared(
            left(context), right(context), compare, context.world.profile.number, equality=equality
        )
    arithmetic = _ARITHMETIC[tree.operator]

    def compute(context: Context) -> Value:
        read = context.world.profile.number
        return arithmetic(to_number(left(context), read), to_number(right(context), read))

    return compute


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


_Compare: TypeAlias = Callable[[object, object], bool]


def _compared(left: Value, right: Value, compare: _Compare, read: Reader, *, equality: bool) -> bool:
    """Compare as XPath 3.4 says: sets of nodes by any pair.

    A set against a boolean counts as a boolean for = and !=, but by its values
    for < and the like, as both web engines do.
    """
    if equality and (isinstance(left, bool) or isinstance(right, bool)):
        return compare(to_boolean(left), to_boolean(right))
    if isinstance(left, list) or isinstance(right, list):
        return any(_pair(a, b, compare, read, equality=equality) for a in _each(left) for b in _each(right))
    return _pair(left, right, compare, read, equality=equality)


def _each(value: Value) -> list[str] | tuple[str | float]:
    if isinstance(value, list):
        return [string_value(node) for node in value]
    return (value,)


def _pair(a: str | float, b: str | float, compare: _Compare, read: Reader, *, equality: bool) -> bool:
    if equality and isinstance(a, str) and isinstance(b, str):
        return compare(*_as_dates(a, b, read)) if a[4:5] == b[4:5] == "-" else compare(a, b)
    return compare(to_number(a, read), to_number(b, read))


def _as_dates(a: str, b: str, read: Reader) -> tuple[object, object]:
    """Return two texts as moments when both are dates: the same moment may be written in several ways."""
    left, right = read(a), read(b)
    return (a, b) if math.isnan(left) or math.isnan(right) else (left, right)


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
    steps = [_step(step, flat=flat) for step, flat in zip(tree.steps, _flatness(tree), strict=True)]
    filters = [compile_tree(expression) for expression in tree.filters]
    start = None if tree.start in {None, "/"} or isinstance(tree.start, str) else compile_tree(tree.start)
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


def _flatness(tree: Path) -> Iterator[bool]:
    """Yield for each step whether its results stand in document order without sorting."""
    flat = tree.start is None or isinstance(tree.start, str | Call)
    for step in tree.steps:
        yield flat and step.axis in {"child", "attribute", "self"}
        flat = flat and step.axis in {"child", "attribute", "self", "parent"}


def _step(step: Step, *, flat: bool) -> Callable[[list[Node], Context], list[Node]]:
    conditions = [_condition(part) for predicate in step.predicates for part in _conjuncts(predicate)]
    hits = hits_of(step)
    reverse = step.axis in REVERSE

    def go(start: list[Node], context: Context) -> list[Node]:
        if len(start) == 1:
            found = hits(start[0], context.world.namespaces)
            for condition in conditions:
                found = condition(found, context)
            return found[::-1] if reverse else found
        found = []
        for node in start:
            own = hits(node, context.world.namespaces)
            for condition in conditions:
                own = condition(own, context)
            found += own
        return found if flat else in_order(found)

    return go


def _conjuncts(predicate: Expression) -> Iterator[Expression]:
    """Yield the parts of `a and b` as filters of their own, so that each may be looked up; positions forbid it."""
    if isinstance(predicate, Binary) and predicate.operator == "and" and not _is_positional(predicate):
        yield from _conjuncts(predicate.left)
        yield Call("boolean", (predicate.right,))
    else:
        yield predicate


def _is_positional(tree: Expression) -> bool:
    if isinstance(tree, Call):
        return tree.name in {"position", "last"} or any(_is_positional(argument) for argument in tree.arguments)
    if isinstance(tree, Binary):
        return _is_positional(tree.left) or _is_positional(tree.right)
    return isinstance(tree, Number | Negative)


def _condition(predicate: Expression) -> Callable[[list[Node], Context], list[Node]]:
    """Return the filter of a predicate; equality with a child looks long lists up instead of searching them."""
    condition = compile_tree(predicate)
    lookup = _lookup(predicate)
    if lookup is None:
        return lambda found, context: _filtered(found, condition, context)
    key, wanted = lookup

    def choose(found: list[Node], context: Context) -> list[Node]:
        index = context.world.index
        parent = found[0].parent if len(found) >= LONG_LIST else None
        if index is None or parent is None or len(parent.children) != len(found):
            return _filtered(found, condition, context)
        value = wanted(context.at(found[0]))
        if not isinstance(value, str | list) or (isinstance(value, list) and len(value) > 1):
            return _filtered(found, condition, context)
        listed = index(parent, key)
        return [] if value == [] else list(listed.get(to_text(value), ()))

    return choose


def _lookup(predicate: Expression) -> tuple[str, Compiled] | None:
    """Return (child, wanted value) of a predicate `child = value` whose value does not depend on the item."""
    if not isinstance(predicate, Binary) or predicate.operator != "=":
        return None
    for key, wanted in ((predicate.left, predicate.right), (predicate.right, predicate.left)):
        if _is_child(key) and is_fixed(wanted):
            assert isinstance(key, Path)  # noqa: S101 - _is_child says so
            return key.steps[0].test, compile_tree(wanted)
    return None


def _is_child(tree: Expression) -> bool:
    if not isinstance(tree, Path) or tree.start is not None or len(tree.steps) != 1:
        return False
    step = tree.steps[0]
    return step.axis == "child" and not step.predicates and not step.test.endswith((")", "*"))


def is_fixed(tree: Expression) -> bool:
    """Say whether a value is the same for every item: a text, or a path from current() or from the top."""
    if isinstance(tree, Text):
        return True
    if not isinstance(tree, Path) or any(step.predicates for step in tree.steps):
        return False
    return tree.start == "/" or (isinstance(tree.start, Call) and tree.start.name == "current")


def _filtered(found: list[Node], condition: Compiled, context: Context) -> list[Node]:
    kept: list[Node] = []
    here = context.at(context.node, 0, len(found))
    for position, node in enumerate(found, 1):
        here.node, here.position = node, position
        value = condition(here)
        is_number = isinstance(value, float | int) and not isinstance(value, bool)
        if (value == position) if is_number else to_boolean(value):
            kept.append(node)
    return kept


__all__ = [
    "Compiled", "Context", "Function", "World", "call_fault", "compile_tree", "compiled", "evaluate", "in_order",
    "nodes",
]  # fmt: skip
