"""What is wrong with an expression that can be told before it runs."""

from collections.abc import Iterator
from functools import lru_cache

from survey_forms.errors import ExpressionError
from survey_forms.expression.evaluate import call_fault
from survey_forms.expression.parser import Binary, Call, Expression, Negative, Path, Text, parse
from survey_forms.expression.patterns import compiled_pattern


@lru_cache(maxsize=4096)
def faults(expression: str) -> tuple[str, ...]:
    """Return what is wrong with an expression, one sentence each.

    >>> faults("1 + 1"), len(faults("nosuch(1)")), len(faults("regex(., '(')")), len(faults("1 +"))
    ((), 1, 1, 1)
    """
    try:
        tree = parse(expression)
    except ExpressionError as error:
        return (str(error),)
    if "(" not in expression:
        return ()
    return tuple(fault for call in calls(tree) for fault in _of_call(call))


def _of_call(call: Call) -> Iterator[str]:
    if fault := call_fault(call):
        yield fault
    elif call.name == "regex" and isinstance(call.arguments[1], Text):
        try:
            compiled_pattern(call.arguments[1].value)
        except ExpressionError as error:
            yield str(error)


def calls(tree: Expression) -> Iterator[Call]:
    """Yield all calls of functions in a tree."""
    if isinstance(tree, Call):
        yield tree
    for part in parts(tree):
        yield from calls(part)


def parts(tree: Expression) -> Iterator[Expression]:
    """Yield the expressions directly inside a tree."""
    if isinstance(tree, Binary):
        yield from (tree.left, tree.right)
    elif isinstance(tree, Negative):
        yield tree.operand
    elif isinstance(tree, Call):
        yield from tree.arguments
    elif isinstance(tree, Path):
        if tree.start is not None and not isinstance(tree.start, str):
            yield tree.start
        yield from tree.filters
        for step in tree.steps:
            yield from step.predicates
