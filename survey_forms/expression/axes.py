"""The axes of XPath 1.0, node tests, and document order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError
from survey_forms.expression.nodes import Node, NodeKind, namespaces
from survey_forms.expression.parser import Step

Spaces: TypeAlias = Mapping[str, str] | None  # prefix -> URI; None: names are compared without their namespace
_FEW = 30  # nodes up to which sorting one by one is faster than numbering the whole tree


def hits_of(step: Step) -> Callable[[Node, Spaces], list[Node]]:
    """Return the function that gives the nodes of a step from one node, in the order of its axis."""
    axis, name = _AXES[step.axis], step.test
    matches = _test(step)
    if step.axis == "child" and not name.endswith((")", "*")):
        local = name.rpartition(":")[2]

        def child(node: Node, spaces: Spaces) -> list[Node]:
            if spaces is None:
                return list(node.named(local))
            return [hit for hit in node.named(local) if matches(hit, spaces)]

        return child
    return lambda node, spaces: [hit for hit in axis(node) if matches(hit, spaces)]


def in_order(found: Iterable[Node]) -> list[Node]:
    """Return nodes in document order, each once."""
    unique = list(dict.fromkeys(found))
    if len(unique) < 2:
        return unique
    if len(unique) > _FEW and all(node.kind not in _BESIDE for node in unique):
        return _numbered(unique)
    return sorted(unique, key=_place)


def _numbered(found: list[Node]) -> list[Node]:
    """Sort many nodes by walking their trees once."""
    order: dict[Node, int] = {}
    for top in dict.fromkeys(node.root() for node in found):
        for node in (top, *top.descendants()):
            order[node] = len(order)
    return sorted(found, key=lambda node: order.get(node, len(order)))


def _place(node: Node) -> tuple[tuple[int, int], ...]:
    """Return the place of a node in document order: namespaces, attributes, then children of an element."""
    places: list[tuple[int, int]] = []
    while node.parent is not None:
        family = node.parent.attributes if node.kind is NodeKind.ATTRIBUTE else node.parent.children
        rank = {NodeKind.NAMESPACE: 0, NodeKind.ATTRIBUTE: 1}.get(node.kind, 2)
        places.append((rank, next((i for i, other in enumerate(family) if other is node), 0)))
        node = node.parent
    return tuple(reversed(places))


def _test(step: Step) -> Callable[[Node, Spaces], bool]:
    principal = {"attribute": NodeKind.ATTRIBUTE, "namespace": NodeKind.NAMESPACE}.get(step.axis, NodeKind.ELEMENT)
    name = step.test
    if name.endswith(")"):
        return _type_test(name)
    if name == "*":
        return lambda node, _spaces: node.kind is principal
    prefix, _colon, local = name.rpartition(":")

    def matches(node: Node, spaces: Spaces) -> bool:
        if node.kind is not principal or local not in {node.local, "*"}:
            return False
        if spaces is None:
            return not prefix or local != "*" or node.name.startswith(prefix + ":")
        return node.uri == (_uri(prefix, spaces) if prefix else "")

    return matches


def _uri(prefix: str, known: Mapping[str, str]) -> str:
    if prefix not in known:
        raise ExpressionError(_("The namespace prefix {name} is not known.").format(name=prefix))
    return known[prefix]


def _type_test(test: str) -> Callable[[Node, Spaces], bool]:
    kind, target = test[:-1].split("(", 1)
    if kind == "node":
        return lambda _node, _spaces: True
    wanted = {"text": NodeKind.TEXT, "comment": NodeKind.COMMENT}.get(kind, NodeKind.INSTRUCTION)
    return lambda node, _spaces: node.kind is wanted and (not target or node.name == target)


def _child(node: Node) -> list[Node]:
    if node.value and node.kind is NodeKind.ELEMENT and not node.children:
        return [] if node.hidden else [Node(NodeKind.TEXT, value=node.value, parent=node)]
    if node.kind is NodeKind.DOCUMENT:
        return [child for child in node.children if child.kind is not NodeKind.DOCTYPE]
    return node.children


def _descendants(node: Node) -> Iterator[Node]:
    for child in _child(node):
        yield child
        yield from _descendants(child)


def _namespace(node: Node) -> list[Node]:
    if node.kind is not NodeKind.ELEMENT:
        return []
    return [Node(NodeKind.NAMESPACE, prefix, uri, node) for prefix, uri in namespaces(node).items()]


def _ancestors(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _siblings(node: Node, *, after: bool) -> list[Node]:
    if node.parent is None or node.kind in _BESIDE:
        return []
    family = _child(node.parent)
    at = next(index for index, child in enumerate(family) if child is node)
    return family[at + 1 :] if after else family[:at][::-1]


_BESIDE = {NodeKind.ATTRIBUTE, NodeKind.NAMESPACE}  # nodes that stand beside the children, not among them


def _following(node: Node) -> Iterator[Node]:
    if node.kind in _BESIDE and node.parent is not None:
        yield from _descendants(node.parent)
        node = node.parent
    for here in (node, *_ancestors(node)):
        for sibling in _siblings(here, after=True):
            yield sibling
            yield from _descendants(sibling)


def _preceding(node: Node) -> Iterator[Node]:
    if node.kind in _BESIDE and node.parent is not None:
        node = node.parent
    for here in (node, *_ancestors(node)):
        for sibling in _siblings(here, after=False):
            yield from reversed(list(_descendants(sibling)))
            yield sibling


_AXES: dict[str, Callable[[Node], Iterable[Node]]] = {
    "child": _child,
    "self": lambda node: (node,),
    "parent": lambda node: () if node.parent is None else (node.parent,),
    "attribute": lambda node: [a for a in node.attributes if not a.name.startswith("xmlns")],
    "descendant": _descendants,
    "descendant-or-self": lambda node: (node, *_descendants(node)),
    "ancestor": _ancestors,
    "ancestor-or-self": lambda node: (node, *_ancestors(node)),
    "following-sibling": lambda node: _siblings(node, after=True),
    "preceding-sibling": lambda node: _siblings(node, after=False),
    "following": _following,
    "preceding": _preceding,
    "namespace": _namespace,
}
REVERSE = {"ancestor", "ancestor-or-self", "preceding", "preceding-sibling"}
