"""What an expression reads, told from its text alone, and how absolute paths are bound to a repeat instance.

A path is a tuple of names from the top, without instance numbers; "*" stands
for any one name and "**" for anything from there on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from survey_forms.expression.faults import parts
from survey_forms.expression.parser import Call, Expression, Path, Step

Names: TypeAlias = tuple[str, ...]
CURRENT = Call("current", ())
_PARENT = Step("parent", "node()")
_READS_OWN = {"string", "number", "string-length", "normalize-space"}


@dataclass(frozen=True, slots=True)
class Reference:
    """One path that an expression reads.

    Attributes:
        path: Names from the top.
        keep: How many leading names of the rule's own path it stays inside of; a change in another instance of a
            repeat beyond them is seen too.
        deep: Whether everything below a repeat counts, not only how many instances there are.
    """

    path: Names
    keep: int
    deep: bool = False

    def sees(self, changed: Names, *, is_repeat: bool) -> bool:
        """Say whether a change at a path is seen: it is ours, or below ours.

        Args:
            changed: Path of what changed.
            is_repeat: Whether our own path is a repeat; what is inside it then counts only if `deep`.
        """
        own = self.path
        if own and own[-1] == "**":
            return len(changed) >= len(own) - 1 and _fits(own[:-1], changed)
        if len(own) == len(changed):
            return _fits(own, changed)
        return len(own) < len(changed) and _fits(own, changed) and (self.deep or not is_repeat)


def _fits(pattern: Names, path: Names) -> bool:
    return all(want in {"*", name} for want, name in zip(pattern, path, strict=False))


def references(tree: Expression, names: Names) -> set[Reference]:
    """Return what an expression reads, seen from the node at `names`; its own value through "." is left out."""
    return set(_walk(tree, Reference(names, len(names)), names))


def _walk(tree: Expression, base: Reference | None, current: Names) -> Iterator[Reference]:
    if isinstance(tree, Path):
        yield from _of_path(tree, base, current)
        return
    if isinstance(tree, Call) and not tree.arguments and tree.name in _READS_OWN and base and base.path != current:
        yield base
    for part in parts(tree):
        yield from _walk(part, base, current)


def _of_path(tree: Path, base: Reference | None, current: Names) -> Iterator[Reference]:
    if tree.start is None and base is not None:
        if _moves(tree) or base.path != current:
            yield from _steps(tree.steps, base, current)
    elif tree.start == "/":
        yield from _steps(tree.steps, Reference((), 0), current)
    elif tree.start == CURRENT:
        if _moves(tree):
            yield from _steps(tree.steps, Reference(current, len(current)), current)
    else:
        yield from _of_list(tree, base, current)


def _moves(tree: Path) -> bool:
    """Say whether a path leads away from the node it starts at."""
    return any(step.axis != "self" or step.predicates for step in tree.steps)


def _of_list(tree: Path, base: Reference | None, current: Names) -> Iterator[Reference]:
    """Yield what is read by a path whose start is computed, or lies in a list outside the form."""
    if tree.start is not None and not isinstance(tree.start, str):
        deep = bool(tree.steps or tree.filters)
        yield from (replace(found, deep=found.deep or deep) for found in _walk(tree.start, base, current))
    for condition in tree.filters:
        yield from _walk(condition, None, current)
    yield from _predicates(tree.steps, current)


def _predicates(steps: tuple[Step, ...], current: Names) -> Iterator[Reference]:
    """Yield what filters read besides the items of a list outside the form."""
    for step in steps:
        for predicate in step.predicates:
            yield from _walk(predicate, None, current)


def _steps(steps: tuple[Step, ...], start: Reference, current: Names) -> Iterator[Reference]:
    here = start
    for step in steps:
        here = _stepped(here, step)
        for predicate in step.predicates:
            yield from _walk(predicate, here, current)
        if here.path and here.path[-1] == "**":
            break
    if here.path:
        yield here


def _stepped(here: Reference, step: Step) -> Reference:
    names = here.path
    if step.axis == "child" and not step.test.endswith(")"):
        return Reference((*names, step.test.rpartition(":")[2]), here.keep)
    if step.axis == "attribute":
        return Reference((*names, "@" + step.test.rpartition(":")[2]), here.keep)
    if step.axis == "parent":
        return Reference(names[:-1], min(here.keep, len(names) - 1))
    if step.axis == "self" or step.test == "text()":
        return here
    if step.axis in {"descendant", "descendant-or-self"}:
        return Reference((*names, "**"), here.keep)
    return Reference(("**",), 0)


def bound(tree: Expression, names: Names, repeats: frozenset[Names]) -> Expression:
    """Return an expression whose absolute paths into a repeat around `names` mean the current instance (JavaRosa)."""
    around = [names[:depth] for depth in range(len(names), 0, -1) if names[:depth] in repeats]
    return _Binder(names, around).bind(tree, None) if around else tree


class _Binder:
    def __init__(self, names: Names, around: list[Names]) -> None:
        self._names, self._around = names, around

    def bind(self, tree: Expression, start: Call | None) -> Expression:
        """Bind a tree; `start` is what relative paths start from: None the node itself, current() in a filter."""
        if isinstance(tree, Path):
            return self._path(tree, start)
        if isinstance(tree, Call):
            return self._call(tree, start)
        inner = {
            name: self.bind(getattr(tree, name), start) for name in ("left", "right", "operand") if hasattr(tree, name)
        }
        return replace(tree, **inner) if inner else tree  # type: ignore[arg-type]

    def _call(self, tree: Call, start: Call | None) -> Expression:
        if tree.name != "indexed-repeat":
            return Call(tree.name, tuple(self.bind(argument, start) for argument in tree.arguments))
        return Call(
            tree.name,
            tuple(
                self.bind(argument, start) if place and place % 2 == 0 else argument
                for place, argument in enumerate(tree.arguments)
            ),
        )

    def _path(self, tree: Path, start: Call | None) -> Expression:
        steps = tuple(
            replace(step, predicates=tuple(self.bind(predicate, CURRENT) for predicate in step.predicates))
            for step in tree.steps
        )
        if tree.start == "/":
            return self._absolute(steps, start)
        origin = tree.start if tree.start is None or isinstance(tree.start, str) else self.bind(tree.start, start)
        return Path(origin, tuple(self.bind(condition, CURRENT) for condition in tree.filters), steps)

    def _absolute(self, steps: tuple[Step, ...], start: Call | None) -> Path:
        leading: list[str] = []
        for step in steps:
            if step.axis != "child" or step.predicates or step.test.endswith((")", "*")):
                break
            leading.append(step.test.rpartition(":")[2])
        for repeat in self._around:
            if len(leading) > len(repeat) and tuple(leading[: len(repeat)]) == repeat:
                up = (_PARENT,) * (len(self._names) - len(repeat))
                return Path(start, (), (*up, *steps[len(repeat) :]))
        return Path("/", (), steps)
