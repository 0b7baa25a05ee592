"""Which rule depends on which answer, and in what order rules are computed.

References are read from the expressions once per form. An edit then pushes
the rules it touches on a heap by rank; only values that really change go on.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fieldsurvey.i18n import _
from survey_forms.errors import FormError
from survey_forms.expression.evaluate import Compiled, compiled
from survey_forms.expression.faults import faults
from survey_forms.expression.parser import Binary, Call, Expression, Negative, Path, Step, parse
from survey_forms.form import Bind, Form, Question

ANYTHING = "*"  # the dependency of an expression whose reach cannot be told: //x


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that changes other things: a calculation or a relevance.

    Attributes:
        path: Generic path of the node it is about.
        kind: "calculate" or "relevant".
        run: The compiled expression.
        needs: Generic paths it reads.
    """

    path: str
    kind: str
    run: Compiled
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Graph:
    """The rules of a form in an order in which each finds its inputs ready.

    Attributes:
        rules: In topological order.
        touched: Generic path -> indexes of rules to run when it changes.
        watchers: Generic path -> paths whose constraint, choices or other display depend on it.
    """

    rules: tuple[Rule, ...]
    touched: Mapping[str, tuple[int, ...]]
    watchers: Mapping[str, tuple[str, ...]]


def build(form: Form) -> Graph:
    """Return the graph of a form.

    Raises:
        FormError: If rules depend on each other in a circle, or an expression is wrong; the node is named.
    """
    rules = [rule for bind in form.binds.values() for rule in _rules(bind)]
    paths = [bind.path for bind in form.binds.values()] + [element.path for element in form.elements()]
    ordered = _sorted(rules)
    touched: dict[str, list[int]] = defaultdict(list)
    for index, rule in enumerate(ordered):
        for path in paths:
            if any(_reads(need, path) for need in rule.needs) and index not in touched[path]:
                touched[path].append(index)
    return Graph(tuple(ordered), {k: tuple(v) for k, v in touched.items()}, _watchers(form, paths))


def _rules(bind: Bind) -> Iterator[Rule]:
    for kind, expression in (("calculate", bind.calculate), ("relevant", bind.relevant)):
        if expression:
            yield Rule(bind.path, kind, checked(expression, bind.path), frozenset(references(expression, bind.path)))


def checked(expression: str, path: str) -> Compiled:
    """Return the compiled expression of a node.

    Raises:
        FormError: Naming the node.
    """
    for fault in faults(expression):
        raise FormError(_("{name}: {why}").format(name=path.rpartition("/")[2], why=fault))
    return compiled(expression)


def _reads(need: str, path: str) -> bool:
    """Say whether a reference sees a change at a path: it names it, a group around it, or a part of it."""
    return need in {ANYTHING, path} or path.startswith(need + "/") or need.startswith(path + "/")


def _sorted(rules: list[Rule]) -> list[Rule]:
    """Return the rules so that each stands behind those it reads from."""
    makers: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        makers[rule.path].append(rule)
    done: dict[tuple[str, str], int] = {}
    ordered: list[Rule] = []

    def visit(rule: Rule, trail: tuple[str, ...]) -> None:
        key = (rule.path, rule.kind)
        if done.get(key) == 1:
            return
        if done.get(key) == 0:
            names = " → ".join(path.rpartition("/")[2] for path in (*trail[trail.index(rule.path) :], rule.path))
            raise FormError(_("These rules depend on each other in a circle: {names}").format(names=names))
        done[key] = 0
        for maker in _sources(rule, makers):
            visit(maker, (*trail, rule.path))
        done[key] = 1
        ordered.append(rule)

    for rule in rules:
        visit(rule, ())
    return ordered


def _sources(rule: Rule, makers: Mapping[str, list[Rule]]) -> Iterator[Rule]:
    for need in sorted(rule.needs):
        for path in _with_ancestors(need):
            yield from (m for m in makers.get(path, ()) if (m.kind == "relevant" or path == need) and m is not rule)


def _with_ancestors(path: str) -> Iterator[str]:
    while path and path != ANYTHING:
        yield path
        path = path.rpartition("/")[0]


def _watchers(form: Form, paths: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for watched, expression in _shown(form):
        needs = references(expression, watched)
        for path in paths:
            if path != watched and any(_reads(need, path) for need in needs):
                found[path].add(watched)
    return {path: tuple(sorted(watching)) for path, watching in found.items()}


def _shown(form: Form) -> Iterator[tuple[str, str]]:
    """Yield (path, expression) of everything computed when it is shown."""
    for bind in form.binds.values():
        rules = [expression for expression in (bind.constraint, bind.required, bind.readonly) if expression]
        for expression in rules:
            checked(expression, bind.path)
            yield bind.path, expression
    for question in form.questions():
        if question.itemset is not None and question.itemset.nodeset:
            checked(question.itemset.nodeset, question.path)
            yield question.path, question.itemset.nodeset
        yield from ((question.path, expression) for expression in _outputs(question))


def _outputs(question: Question) -> Iterator[str]:
    texts = [node for words in (question.words, question.hint) for node in words.by_language.values()]
    for text in texts:
        yield from (node.attribute("value") for node in text.descendants() if node.local == "output")


def references(expression: str, context: str) -> set[str]:
    """Return the generic paths an expression reads, seen from the node at `context`."""
    try:
        tree = parse(expression)
    except FormError:
        return set()
    return set(_references(tree, context))


def _references(tree: Expression, context: str) -> Iterator[str]:
    if isinstance(tree, Binary):
        yield from _references(tree.left, context)
        yield from _references(tree.right, context)
    elif isinstance(tree, Negative):
        yield from _references(tree.operand, context)
    elif isinstance(tree, Call):
        for argument in tree.arguments:
            yield from _references(argument, context)
    elif isinstance(tree, Path):
        yield from _path_references(tree, context)


def _path_references(tree: Path, context: str) -> Iterator[str]:
    start = tree.start
    if start is not None and not isinstance(start, str):
        yield from _references(start, context)
        if not (isinstance(start, Call) and start.name == "current"):
            yield from _inside_list(tree.steps)
            return
    here = "" if start == "/" else context
    for step in tree.steps:
        following = _stepped(here, step)
        if following is None:
            yield ANYTHING
            return
        here = following
        for predicate in step.predicates:
            yield from _references(predicate, here)
    if here:
        yield here


def _inside_list(steps: tuple[Step, ...]) -> Iterator[str]:
    """Yield what filters on the items of a list read of the form itself: their absolute paths."""
    for step in steps:
        for predicate in step.predicates:
            yield from (found for found in _references(predicate, "") if found.count("/") > 1)


def _stepped(here: str, step: Step) -> str | None:
    """Return the path after a step; None where it cannot be told."""
    if step.axis in {"self", "attribute"}:
        return here
    if step.axis == "parent":
        return here.rpartition("/")[0]
    if step.axis == "child" and not step.test.endswith((")", "*")):
        return f"{here}/{step.test}"
    return here if step.axis == "child" else None
