"""Which rule depends on which answer, and in what order rules are computed.

References are read from the expressions once per form. An edit then pushes the
rules it touches on a heap by rank; only values that really change go on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fieldsurvey.i18n import _
from survey_forms.errors import FormError
from survey_forms.expression.evaluate import Compiled, compile_tree
from survey_forms.expression.evaluate import Context as Here
from survey_forms.expression.faults import faults
from survey_forms.expression.nodes import Node
from survey_forms.expression.parser import Call, Expression, Path, parse
from survey_forms.expression.values import Value
from survey_forms.form import Action, Bind, Form, Question
from survey_forms.references import Names, Reference, bound, references

CALCULATE, RELEVANT, COUNT, CHOICES = "calculate", "relevant", "count", "choices"
_SHOWN = ("constraint", "required", "readonly")


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of one node of the form, whichever instance it is in.

    Attributes:
        path: Generic path.
        names: Its names.
        repeats: Depths of the repeats around it, itself included, outermost first.
        leaf: Whether it holds a value.
    """

    path: str
    names: Names
    repeats: tuple[int, ...]
    leaf: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that changes other things.

    Attributes:
        place: The node it is about; for a count the repeat.
        kind: CALCULATE or RELEVANT, run in order; COUNT or CHOICES, run when the others are at rest.
        run: The compiled expression.
        needs: What it reads.
        loops: Whether it computes on from its own value, which never comes to rest.
    """

    place: Place
    kind: str
    run: Compiled
    needs: frozenset[Reference]
    loops: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """The rules of a form.

    Attributes:
        places: By generic path.
        rules: First those that run in order, each behind what it reads, then the late ones.
        ordered: How many of them run in order.
        dependents: Generic path -> (index of a rule that reads it, names it keeps).
        watchers: Generic path -> paths whose constraint, choices or other display depend on it.
        shown: (path, expression) -> compiled expression of what is computed when it is shown.
        own: Generic path of a node -> indexes of the rules that run at it; those of a count at the parent.
        structure: Path of a repeat -> (index of a rule that sees its number or order, names it keeps).
        questions: By generic path.
        actions: Compiled value of each action of the form; None for a literal.
    """

    places: Mapping[str, Place]
    rules: tuple[Rule, ...]
    ordered: int
    dependents: Mapping[str, tuple[tuple[int, int], ...]]
    watchers: Mapping[str, tuple[str, ...]]
    shown: Mapping[tuple[str, str], Compiled]
    own: Mapping[str, tuple[int, ...]]
    structure: Mapping[str, tuple[tuple[int, int], ...]]
    questions: Mapping[str, Question]
    actions: tuple[Compiled | None, ...]


def build(form: Form) -> Graph:
    """Return the graph of a form.

    Raises:
        FormError: If rules depend on each other in a circle, or an expression is wrong; the node is named.
    """
    for fault in form_faults(form):
        raise FormError(_("{name}: {why}").format(name=fault.name, why=fault.message))
    places = _places(form)
    repeats = frozenset(place.names for place in places.values() if place.names and len(place.names) in place.repeats)
    maker = _Maker(places, repeats)
    reach = Reach(places)
    ordered = _sorted([*maker.rules(form)], reach)
    rules = (*ordered, *maker.late(form))
    dependents: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, rule in enumerate(rules):
        for path, keep in _seen(rule, reach):
            dependents[path].append((index, keep))
    watchers, shown = _watchers(form, maker, places, reach)
    return Graph(
        places,
        rules,
        len(ordered),
        {path: tuple(found) for path, found in dependents.items()},
        watchers,
        shown,
        _own(rules),
        {repeat.path: _structure(repeat.path, dependents) for repeat in form.repeats()},
        {question.path: question for question in form.questions()},
        tuple(maker.action(action) for action in form.actions),
    )


def _own(rules: Iterable[Rule]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, rule in enumerate(rules):
        path = rule.place.path.rpartition("/")[0] if rule.kind == COUNT else rule.place.path
        found[path].append(index)
    return {path: tuple(indexes) for path, indexes in found.items()}


def _structure(repeat: str, dependents: Mapping[str, list[tuple[int, int]]]) -> tuple[tuple[int, int], ...]:
    """Return what sees a repeat or anything in it; from outside of the instance that came or went."""
    most = repeat.count("/") - 1
    found: dict[int, int] = {}
    for path, readers in dependents.items():
        if path == repeat or path.startswith(repeat + "/"):
            for index, keep in readers:
                found[index] = min(keep, most, found.get(index, most))
    return tuple(found.items())


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one expression.

    Attributes:
        path: Generic path of the node.
        column: Name of the rule, as the column of an XLSForm is called.
        message: One sentence.
    """

    path: str
    column: str
    message: str

    @property
    def name(self) -> str:
        """Name of the question."""
        return self.path.rpartition("/")[2]


def form_faults(form: Form) -> Iterator[Fault]:
    """Yield what is wrong with the expressions of a form."""
    for path, column, expression in expressions(form):
        for message in faults(expression):
            yield Fault(path, column, message)


def expressions(form: Form) -> Iterator[tuple[str, str, str]]:
    """Yield (path, column, expression) of all rules, lists, counts and actions."""
    for bind in form.binds.values():
        for column in ("calculate", "relevant", *_SHOWN):
            if text := getattr(bind, column):
                yield bind.path, "calculation" if column == "calculate" else column, text
    for question in form.questions():
        if question.itemset is not None and question.itemset.nodeset:
            yield question.path, "choice_filter", question.itemset.nodeset
    yield from ((repeat.path, "repeat_count", repeat.count) for repeat in form.repeats() if repeat.count)
    yield from ((action.path, "trigger", action.value) for action in form.actions if action.value)


def _places(form: Form) -> dict[str, Place]:
    repeats = {repeat.path for repeat in form.repeats()}
    found: dict[str, Place] = {}

    def walk(node: Node, path: str, names: Names, depths: tuple[int, ...]) -> None:
        path, names = f"{path}/{node.local}", (*names, node.local)
        depths = (*depths, len(names)) if path in repeats else depths
        inner = node.elements()
        found.setdefault(path, Place(path, names, depths, not inner))
        for item in node.attributes:
            own = f"{path}/@{item.local}"
            if own in form.binds or any(action.path == own for action in form.actions):
                found.setdefault(own, Place(own, (*names, "@" + item.local), depths, leaf=True))
        for child in inner:
            walk(child, path, names, depths)

    for top in form.template.elements():
        walk(top, "", (), ())
    return found


class _Maker:
    def __init__(self, places: Mapping[str, Place], repeats: frozenset[Names]) -> None:
        self._places, self._repeats = places, repeats

    def compiled(self, expression: str, names: Names) -> tuple[Compiled, frozenset[Reference]]:
        """Return the closure of an expression at a node, and what it reads."""
        tree = parse(expression)
        here = bound(tree, names, self._repeats)
        return _later(here), frozenset(references(here, names))

    def loops(self, expression: str, names: Names) -> bool:
        """Say whether an expression computes on from the value of its own node."""
        if names[-1] not in expression:
            return False
        here = bound(parse(expression), names, self._repeats)
        return any(need.path == names for tree in _computing(here) for need in references(tree, names))

    def action(self, action: Action) -> Compiled | None:
        """Return the closure of the value that an action sets."""
        if not action.value:
            return None
        place = self._places.get(action.path)
        return self.compiled(action.value, place.names if place else ())[0]

    def rules(self, form: Form) -> Iterator[Rule]:
        """Yield calculations and relevances."""
        for bind in form.binds.values():
            place = self._places.get(bind.path)
            if place is None:
                continue  # a bind to a node that is not there: told by the check, harmless here
            for kind, expression in ((CALCULATE, bind.calculate), (RELEVANT, bind.relevant)):
                if expression:
                    loops = kind == CALCULATE and self.loops(expression, place.names)
                    yield Rule(place, kind, *self.compiled(expression, place.names), loops)

    def late(self, form: Form) -> Iterator[Rule]:
        """Yield counts of repeats, and lists of choices that depend on answers."""
        for repeat in form.repeats():
            if repeat.count and repeat.path in self._places:
                place = self._places[repeat.path]
                run, needs = self.compiled(repeat.count, place.names)
                yield Rule(place, COUNT, run, needs)
        for question in form.questions():
            itemset, place_or_none = question.itemset, self._places.get(question.path)
            if itemset is not None and itemset.nodeset and place_or_none is not None:
                run, needs = self.compiled(itemset.nodeset, place_or_none.names)
                needs = frozenset(need for need in needs if need.path != place_or_none.names)
                if needs:
                    yield Rule(place_or_none, CHOICES, run, needs)


def _later(tree: Expression) -> Compiled:
    """Return a closure that is made at its first run: most rules of a large form never run in one sitting."""
    made: list[Compiled] = []

    def run(context: Here) -> Value:
        if not made:
            made.append(compile_tree(tree))
        return made[0](context)

    return run


def _computing(tree: Expression) -> Iterator[Expression]:
    """Yield the parts of a calculation that change what they read; coalesce(), once() and if() hand it on."""
    if isinstance(tree, Call) and tree.name in {"coalesce", "once", "if"}:
        for argument in tree.arguments:
            if not isinstance(argument, Path):
                yield from _computing(argument)
    elif not isinstance(tree, Path):
        yield tree


class Reach:
    """Which places a reference reads; asked once per reference, for a form of a thousand questions has thousands."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._known: dict[tuple[Names, bool], tuple[Place, ...]] = {}

    def of(self, need: Reference) -> tuple[Place, ...]:
        """Return the places whose change a reference sees."""
        key = (need.path, need.deep)
        if key not in self._known:
            self._known[key] = tuple(self._found(need))
        return self._known[key]

    def _found(self, need: Reference) -> Iterator[Place]:
        target = self._places.get("/" + "/".join(need.path))
        if target is not None and target.leaf:
            yield target
            return
        is_repeat = target is not None and len(target.names) in target.repeats
        for place in self._places.values():
            if need.sees(place.names, is_repeat=is_repeat):
                yield place


def _seen(rule: Rule, reach: Reach) -> Iterator[tuple[str, int]]:
    """Yield (path, names kept) of every node whose change a rule sees."""
    keeps: dict[str, int] = {}
    for need in rule.needs:
        for place in reach.of(need):
            keeps[place.path] = min(need.keep, keeps.get(place.path, need.keep))
    if rule.kind != COUNT:
        keeps.pop(rule.place.path, None)
    yield from keeps.items()


def _sorted(rules: list[Rule], reach: Reach) -> list[Rule]:
    """Return the rules so that each stands behind those it reads from."""
    makers: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        makers[rule.place.path].append(rule)
    state: dict[int, int] = {}
    ordered: list[Rule] = []
    for first in rules:
        _visit(first, makers, reach, state, ordered)
    return ordered


def _visit(first: Rule, makers: Mapping[str, list[Rule]], reach: Reach, state: dict[int, int], out: list[Rule]) -> None:
    """Walk from a rule to what it reads, without recursion: chains of a thousand calculations are real."""
    trail: list[tuple[Rule, Iterator[Rule]]] = []

    def enter(rule: Rule) -> None:
        if state.get(id(rule)) == 0:
            names = [entry.place.names[-1] for entry, _sources in trail]
            circle = names[names.index(rule.place.names[-1]) :] if rule.place.names[-1] in names else names
            raise FormError(
                _("These rules depend on each other in a circle: {names}").format(
                    names=" → ".join([*circle, rule.place.names[-1]])
                )
            )
        if id(rule) not in state:
            state[id(rule)] = 0
            trail.append((rule, _sources(rule, makers, reach)))

    enter(first)
    while trail:
        rule, sources = trail[-1]
        following = next(sources, None)
        if following is not None:
            enter(following)
            continue
        trail.pop()
        state[id(rule)] = 1
        out.append(rule)


def _sources(rule: Rule, makers: Mapping[str, list[Rule]], reach: Reach) -> Iterator[Rule]:
    """Yield the rules that make what a rule reads: calculations of it, and relevances of it and around it."""
    for need in sorted(rule.needs, key=lambda need: need.path):
        if "**" in need.path:
            continue  # reads anything: settled by running again, not by order
        path = ""
        for name in need.path:
            path += "/" + name
            yield from (m for m in makers.get(path, ()) if m.kind == RELEVANT and m is not rule)
        yield from (m for m in makers.get(path, ()) if m.kind == CALCULATE and (m is not rule or rule.loops))
        if "*" in need.path:
            others = (place for place in reach.of(need) if place is not rule.place)
            yield from (m for place in others for m in makers.get(place.path, ()) if m.kind == CALCULATE)


def _watchers(
    form: Form, maker: _Maker, places: Mapping[str, Place], reach: Reach
) -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, str], Compiled]]:
    found: dict[str, set[str]] = defaultdict(set)
    shown: dict[tuple[str, str], Compiled] = {}
    for watched, expression in _displayed(form, places):
        if (watched, expression) in shown:
            continue
        run, needs = maker.compiled(expression, places[watched].names)
        shown[watched, expression] = run
        for seen in (place.path for need in needs for place in reach.of(need)):
            if seen != watched:
                found[seen].add(watched)
    return {path: tuple(sorted(watching)) for path, watching in found.items()}, shown


def _displayed(form: Form, places: Mapping[str, Place]) -> Iterator[tuple[str, str]]:
    """Yield (path, expression) of everything computed when it is shown."""
    for bind in form.binds.values():
        if bind.path in places:
            yield from ((bind.path, text) for name in _SHOWN if (text := getattr(bind, name)))
    for element in form.elements():
        if element.path not in places:
            continue
        if isinstance(element, Question) and element.itemset is not None and element.itemset.nodeset:
            yield element.path, element.itemset.nodeset
        bind_or_none: Bind | None = form.binds.get(element.path)
        texts = [*element.texts(), *(bind_or_none.message.by_language.values() if bind_or_none else ())]
        yield from ((element.path, text) for text in _outputs(texts))


def _outputs(texts: Iterable[Node]) -> Iterator[str]:
    for text in texts:
        for node in text.descendants():
            if node.local == "output" and (value := node.attribute("value") or node.attribute("ref")):
                yield value
