"""The instance of a form and its rules at work: an edit goes exactly as far as something really changes."""

import heapq
import math
from collections.abc import Callable, Iterable, Iterator

from fieldsurvey.i18n import _
from survey_forms.errors import FormError
from survey_forms.expression.evaluate import Context as Here
from survey_forms.expression.evaluate import World, nodes
from survey_forms.expression.nodes import Node, NodeKind, string_value
from survey_forms.expression.values import to_boolean, to_number, to_text
from survey_forms.form import Form, Kind
from survey_forms.graph import CHOICES, COUNT, RELEVANT, Graph, Place, Rule

MAX_INSTANCES = 10_000
_MAX_RUNS = 1_000_000  # of rules after one edit; more means rules that never come to rest
_MAX_ROUNDS = 50  # of counts, lists and actions after one edit
FIRST_LOAD, LOAD, NEW_REPEAT, CHANGED = (
    "odk-instance-first-load", "odk-instance-load", "odk-new-repeat", "xforms-value-changed",
)  # fmt: skip


class Engine:
    """Nodes, relevance, calculations, repeats and actions of one filling-in."""

    def __init__(self, form: Form, graph: Graph, world: World, position: Callable[[], str]) -> None:
        """Plant the instance of a form; no rule has run yet.

        Args:
            form: The form.
            graph: Its rules.
            world: What expressions may ask for.
            position: Gives the place of the person for the action setgeopoint, empty if it is not known.
        """
        self.form, self.graph, self.world = form, graph, world
        self.repeats = {repeat.path: repeat for repeat in form.repeats()}
        self._position = position
        self._templates = _templates(form, self.repeats)
        self._triggers = {action.trigger for action in form.actions if CHANGED in action.events}
        self._entered = _entered(form)
        self._heap: list[tuple[int, int, Node]] = []
        self._queued: set[tuple[int, Node]] = set()
        self._late: dict[tuple[int, Node], None] = {}
        self._fired: list[Node] = []
        self._off: set[Node] = set()
        self._pushes = 0
        self.changed: set[str] = set()
        self.document = world.root = Node(NodeKind.DOCUMENT)
        for top in form.template.elements():
            self.document.append(self._planted(top, ""))

    # --- the tree ------------------------------------------------------------------------------------------------

    def _planted(self, source: Node, path: str) -> Node:
        path = f"{path}/{source.local}"
        node = Node(NodeKind.ELEMENT, source.name, source.value, uri=source.uri)
        node.place = self.graph.places.get(path)
        node.attributes = [item.copy(node) for item in source.attributes if item.name != "jr:template"]
        for item in node.attributes:
            item.place = self.graph.places.get(f"{path}/@{item.local}")
        for child in source.children:
            inner = f"{path}/{child.local}"
            if inner not in self.repeats or child in _initial(source, child.local, self._templates[inner]):
                node.append(self._planted(child, path))
        return node

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Yield (path with instance numbers, node) of the whole instance, in order."""
        for top in self.document.children:
            yield f"/{top.local}", top
            yield from self._walk(top, f"/{top.local}")

    def _walk(self, node: Node, path: str) -> Iterator[tuple[str, Node]]:
        numbers: dict[str, int] = {}
        for child in node.children:
            name = child.local
            inner = f"{path}/{name}"
            number = numbers[name] = numbers.get(name, 0) + 1
            if number > 1 or self.is_instance(child):
                inner = f"{inner}[{number}]"
            yield inner, child
            if child.children:
                yield from self._walk(child, inner)

    def is_instance(self, node: Node) -> bool:
        """Say whether a node is an instance of a repeat."""
        return isinstance(node.place, Place) and node.place.path in self.repeats

    def find(self, path: str) -> Node | None:
        """Return the node at a path with instance numbers; without a number the first."""
        node: Node | None = self.document
        for piece in path.strip("/").split("/"):
            name, _bracket, number = piece.partition("[")
            same = children(node, name) if node else ()
            index = int(number[:-1]) - 1 if number else 0
            node = same[index] if 0 <= index < len(same) else None
        return node

    def place(self, node: Node) -> Place:
        """Return what is known of a node of the instance.

        Raises:
            KeyError: If the form does not know it.
        """
        if not isinstance(node.place, Place):
            raise KeyError(node.name)
        return node.place

    def _at(self, place: Place, source: Node, keep: int, *, cut: int = 0) -> list[Node]:
        """Return the nodes of a place that share with a source the repeats in its first `keep` names."""
        names = place.names[: len(place.names) - cut]
        start, depth = self.document, 0
        if isinstance(source.place, Place):
            own = source.place.names
            for level in place.repeats:
                if level > min(keep, len(names), len(own)) or own[:level] != names[:level]:
                    break
                depth = level
            start = _ancestor(source, len(own) - depth) if depth else self.document
        found = [start]
        for name in names[depth:]:
            found = [child for node in found for child in children(node, name)]
        return found

    # --- rules ---------------------------------------------------------------------------------------------------

    def settle_all(self) -> None:
        """Run every rule."""
        for top in self.document.children:
            self._init(top)
        self.settle()

    def _init(self, node: Node) -> None:
        if isinstance(node.place, Place):
            for index in self.graph.own.get(node.place.path, ()):
                if self.graph.rules[index].kind != CHOICES:  # what was chosen before is not taken away on opening
                    self._push(index, node)
            for item in node.attributes:
                if isinstance(item.place, Place):
                    for index in self.graph.own.get(item.place.path, ()):
                        self._push(index, item)
        for child in node.children:
            self._init(child)

    def _push(self, index: int, node: Node) -> None:
        key = (index, node)
        if index >= self.graph.ordered:
            self._late[key] = None
        elif key not in self._queued:
            self._queued.add(key)
            self._pushes += 1
            heapq.heappush(self._heap, (index, self._pushes, node))

    def _touch(self, node: Node) -> None:
        place = node.place
        if isinstance(place, Place):
            for index, keep in self.graph.dependents.get(place.path, ()):
                self._enqueue(index, node, keep)

    def _enqueue(self, index: int, source: Node, keep: int) -> None:
        rule = self.graph.rules[index]
        for node in self._at(rule.place, source, keep, cut=rule.kind == COUNT):
            self._push(index, node)

    def assign(self, node: Node, text: str) -> bool:
        """Set a value and mark what depends on it; say whether it changed. Rules run in settle()."""
        if node.value == text:
            return False
        node.value = text
        place = self.place(node)
        self.changed.add(place.path)
        if not node.hidden:
            self._touch(node)
        if place.path in self._triggers:
            self._fired.append(node)
        return True

    def settle(self) -> None:
        """Run what is marked until everything is at rest: rules in order, then counts and lists, then actions.

        Raises:
            FormError: If it never comes to rest.
        """
        counted: set[tuple[int, Node]] = set()
        for _round in range(_MAX_ROUNDS):
            self._run_ordered()
            late, self._late = list(self._late), {}
            for index, node in late:
                self._run_late(index, node, counted)
            if not late and self._fired:
                fired, self._fired = self._fired, []
                for node in fired:
                    self.fire(CHANGED, node)
            elif not late and not self._heap:
                return
        self._late.clear()
        self._fired.clear()

    def _run_ordered(self) -> None:
        runs = 0
        while self._heap:
            index, _push, node = heapq.heappop(self._heap)
            self._queued.discard((index, node))
            runs += 1
            if runs > _MAX_RUNS:
                name = self.graph.rules[index].place.names[-1]
                raise FormError(_("The rules around {name} never come to rest.").format(name=name))
            self._run(self.graph.rules[index], node)

    def _run(self, rule: Rule, node: Node) -> None:
        if rule.kind == RELEVANT:
            self._show(node, shown=to_boolean(self._value(rule, node, otherwise=True)))
            return
        value = self._value(rule, node, otherwise="")
        self.assign(node, calculated(to_text(value), rule.place, self.form))

    def _value(self, rule: Rule, node: Node, *, otherwise: str | bool) -> str | float | bool | list[Node]:
        try:
            return rule.run(Here(node, self.world))
        except (FormError, RecursionError):
            return otherwise

    def _show(self, node: Node, *, shown: bool) -> None:
        """Set the relevance of a node of its own."""
        if shown:
            self._off.discard(node)
        else:
            self._off.add(node)
        self._hide(node, hidden=node.parent is not None and node.parent.hidden)

    def _hide(self, node: Node, *, hidden: bool) -> None:
        hidden = hidden or node in self._off
        if node.hidden == hidden:
            return
        node.hidden = hidden
        if isinstance(node.place, Place):
            self.changed.add(node.place.path)
        if node.children:
            for child in node.children:
                self._hide(child, hidden=hidden)
        elif node.value:
            self._touch(node)

    def _run_late(self, index: int, node: Node, counted: set[tuple[int, Node]]) -> None:
        rule = self.graph.rules[index]
        if rule.kind != COUNT:
            self._clear_vanished(rule, node)
        elif (index, node) not in counted:
            counted.add((index, node))
            self._count(rule, node)

    def _clear_vanished(self, rule: Rule, node: Node) -> None:
        """Take away chosen choices that are no longer offered; not where the file of the list is missing."""
        if not node.value or self.form.notes:
            return
        question = self.graph.questions[rule.place.path]
        try:
            items = nodes(rule.run(Here(node, self.world)))
        except FormError:
            return
        name = question.itemset.value if question.itemset else "name"
        offered = {string_value(value) for item in items for value in item.named(name)[:1]}
        if question.kind is Kind.SELECT_ONE:
            self.assign(node, node.value if node.value in offered else "")
        else:
            self.assign(node, " ".join(value for value in node.value.split() if value in offered))

    # --- repeats -------------------------------------------------------------------------------------------------

    def _count(self, rule: Rule, parent: Node) -> None:
        """Bring a counted repeat to its number; a filled instance is never taken away because a number shrinks."""
        name = rule.place.names[-1]
        inside = Node(NodeKind.ELEMENT, name, parent=parent)
        try:
            number = to_number(rule.run(Here(inside, self.world)), self.world.profile.number)
        except FormError:
            return
        wanted = max(0, min(int(number), MAX_INSTANCES)) if math.isfinite(number) else 0
        missing = range(wanted - len(parent.named(name)))
        for _instance in missing:
            if self.form.actions:
                self.add(rule.place, parent)
            else:
                self._init(self._inserted(rule.place, parent))
        if missing:  # once for all: what reads the whole repeat would else be marked again by each instance
            self.restructure(rule.place, parent)
        while len(same := parent.named(name)) > wanted and self.is_blank(same[-1]):
            self.remove(same[-1])

    def add(self, place: Place, parent: Node, source: Node | None = None) -> Node:
        """Add an instance of a repeat behind the others; rules run in settle().

        Args:
            place: The repeat.
            parent: Where.
            source: The instance to copy the answers of; None: a blank one, for which actions run.
        """
        fresh = self._planted(self._templates[place.path], "/" + "/".join(place.names[:-1])) if source is None else None
        node = fresh or self._twin(source or self.document)
        self._insert(place, parent, node)
        self._init(node)
        self.restructure(place, parent)
        if fresh is not None and self.form.actions:
            self._run_ordered()
            self.fire(NEW_REPEAT, node)
        return node

    def plant(self, place: Place, parent: Node) -> None:
        """Add a blank instance without marking any rule, while stored answers are loaded."""
        self._inserted(place, parent)

    def _inserted(self, place: Place, parent: Node) -> Node:
        node = self._planted(self._templates[place.path], "/" + "/".join(place.names[:-1]))
        self._insert(place, parent, node)
        return node

    def _insert(self, place: Place, parent: Node, node: Node) -> None:
        same = parent.named(place.names[-1])
        if same:
            parent.insert_behind(same[-1], node)
        else:
            parent.insert(self._slot(place, parent), node)
        self._hide(node, hidden=parent.hidden)

    def sibling(self, place: Place, node: Node) -> Node | None:
        """Return the node of a place in the same instances of repeats as another node."""
        keep = len(self.place(node).names) if node.place is not None else 0
        return next(iter(self._at(place, node, keep)), None)

    def _twin(self, source: Node) -> Node:
        node = Node(NodeKind.ELEMENT, source.name, source.value, uri=source.uri)
        node.place = source.place
        node.attributes = [item.copy(node) for item in source.attributes if item.name != "uid"]
        for child in source.children:
            node.append(self._twin(child))
        return node

    def remove(self, node: Node) -> None:
        """Take an instance of a repeat out; rules run in settle()."""
        place, parent = self.place(node), node.parent
        if parent is not None:
            parent.remove(node)
            self.restructure(place, parent)

    def restructure(self, place: Place, parent: Node) -> None:
        """Mark what depends on the instances of a repeat: how many there are, and in which order."""
        self.changed.add(place.path)
        for index, keep in self.graph.structure.get(place.path, ()):
            self._enqueue(index, parent, keep)

    def _slot(self, place: Place, parent: Node) -> int:
        """Return where among its siblings the first instance of a repeat belongs."""
        source = self._templates[place.path].parent
        order = [child.local for child in source.children] if source else []
        name = place.names[-1]
        before = set(order[: order.index(name)]) if name in order else set()
        return max((index + 1 for index, child in enumerate(parent.children) if child.local in before), default=0)

    def is_blank(self, node: Node) -> bool:
        """Say whether nobody has answered anything in an instance."""
        template = self._templates[self.place(node).path]
        given = {(item.local, item.value) for item in template.descendants()}
        return all(
            not item.value or (item.local, item.value) in given or not self._is_entered(item)
            for item in node.descendants()
        )

    def _is_entered(self, node: Node) -> bool:
        return isinstance(node.place, Place) and node.place.path in self._entered

    # --- actions -------------------------------------------------------------------------------------------------

    def fire(self, event: str, source: Node | None) -> None:
        """Run the actions of an event; `source` is the new instance or the changed question, None the whole form."""
        for action, run in zip(self.form.actions, self.graph.actions, strict=True):
            place = self.graph.places.get(action.path)
            if event not in action.events or place is None:
                continue
            if source is not None and action.trigger != self.place(source).path:
                continue
            keep = len(self.place(source).names) if source is not None else 0
            for node in self._at(place, source or self.document, keep):
                if action.kind == "setgeopoint":
                    text = self._position()
                else:
                    text = self._acted(run, node) if run is not None else action.literal
                if self.assign(node, text):
                    self._run_ordered()

    def _acted(self, run: Callable[[Here], str | float | bool | list[Node]], node: Node) -> str:
        try:
            text = to_text(run(Here(node, self.world)))
        except FormError:
            return ""
        return "" if text == "NaN" else text


def calculated(text: str, place: Place, form: Form) -> str:
    """Return a computed text as it is kept: NaN is blank, a whole number has no decimals."""
    if text == "NaN":
        return ""
    bind = form.binds.get(place.path)
    if bind is not None and bind.type in {"int", "integer"} and "." in text:
        number = to_number(text)
        return text if math.isnan(number) else str(math.trunc(number))
    return text


def children(node: Node, name: str) -> list[Node] | tuple[Node, ...]:
    """Return the children of a name; @name is an attribute."""
    if name.startswith("@"):
        return [item for item in node.attributes if item.local == name[1:]]
    found = node.named(name)
    return found if isinstance(found, list) else tuple(found)


def _ancestor(node: Node, levels: int) -> Node:
    for _level in range(levels):
        if node.parent is None:
            break
        node = node.parent
    return node


def _templates(form: Form, repeats: Iterable[str]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for path in repeats:
        level = [form.template]
        for name in path.strip("/").split("/"):
            level = [child for node in level for child in node.named(name)]
        marked = [node for node in level if any(item.name == "jr:template" for item in node.attributes)]
        if not level:
            raise FormError(_("The repeat {name} is not part of the data of this form.").format(name=path))
        found[path] = (marked or level)[0]
    return found


def _initial(parent: Node, name: str, template: Node) -> list[Node]:
    """Return the instances of a repeat that a form starts with.

    A single one that holds nothing of its own is what every tool writes to
    name the questions; the person adds the first instance.
    """
    kept = [node for node in parent.named(name) if not any(item.name == "jr:template" for item in node.attributes)]
    if len(kept) > 1:
        return kept
    empty = {item.local: item.value for item in template.descendants()}
    is_template = not kept or kept[0] is template
    filled = any(item.value and item.value != empty.get(item.local) for node in kept for item in node.descendants())
    return kept if filled and not is_template else []


def _entered(form: Form) -> set[str]:
    """Return the paths of what a person answers: not calculated, and not set by an action."""
    made = {path for path, bind in form.binds.items() if bind.calculate} | {action.path for action in form.actions}
    return {question.path for question in form.questions()} - made
