"""The grammar of XPath 1.0: from words to a tree of frozen values."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError
from survey_forms.expression.lexer import Kind, Word, words

MAX_LENGTH = 100_000  # characters; longer ones are an attack or a mistake
_MAX_DEPTH = 80  # parentheses in parentheses; real forms stay below 30
_MAX_CHAIN = 250  # operators in a row

AXES = frozenset({
    "ancestor", "ancestor-or-self", "attribute", "child", "descendant", "descendant-or-self", "following",
    "following-sibling", "namespace", "parent", "preceding", "preceding-sibling", "self",
})  # fmt: skip
NODE_TYPES = frozenset({"comment", "text", "processing-instruction", "node"})


@dataclass(frozen=True, slots=True)
class Number:
    """A number written out."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string written out."""

    value: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands: or and = != < <= > >= + - * div mod |."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path.

    Attributes:
        axis: One of AXES.
        test: A name, prefix:*, *, or node(), text(), comment(), processing-instruction(target).
        predicates: Filters, applied in order.
    """

    axis: str
    test: str
    predicates: tuple["Expression", ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A location path.

    Attributes:
        start: What the steps start from: None the context node, "/" the root, else an expression.
        filters: Predicates on the start expression.
        steps: The steps.
    """

    start: "Expression | str | None"
    filters: tuple["Expression", ...]
    steps: tuple[Step, ...]


Expression: TypeAlias = Number | Text | Binary | Negative | Call | Path

_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"=", "!="}),
    frozenset({"<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "div", "mod"}),
)
_RANKS = {operator: rank for rank, level in enumerate(_LEVELS) for operator in level}
_ANYWHERE = Step("descendant-or-self", "node()")


@lru_cache(maxsize=4096)
def parse(expression: str) -> Expression:
    """Return the tree of an expression.

    Raises:
        ExpressionError: If it is no XPath 1.0.
    """
    if len(expression) > MAX_LENGTH:
        raise ExpressionError(_("An expression is longer than {n} characters.").format(n=MAX_LENGTH))
    parser = _Parser(expression)
    tree = parser.level()
    parser.expect_end()
    return tree


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._words = words(expression)
        self._at = 0
        self._depth = 0

    @property
    def _now(self) -> Word:
        return self._words[self._at]

    def _next(self) -> Word:
        word = self._now
        self._at += 1
        return word

    def _is(self, *texts: str) -> bool:
        word = self._words[self._at]
        return word.text in texts and (word.kind is Kind.SYMBOL or word.kind is Kind.OPERATOR)

    def _expect(self, text: str) -> None:
        if not self._is(text):
            raise self._wrong()
        self._at += 1

    def expect_end(self) -> None:
        if self._now.kind is not Kind.END:
            raise self._wrong()

    def _wrong(self) -> ExpressionError:
        found = self._now.text or _("the end")
        return ExpressionError(
            _("{found} at position {at} was not expected in the expression {expression}").format(
                found=found, at=self._now.at + 1, expression=self._expression.strip()
            )
        )

    def level(self, least: int = 0) -> Expression:
        """Parse operators that bind at least so tightly, all left-associative."""
        self._deepen()
        left, chain = self._unary(), 0
        while (rank := self._rank()) >= least:
            chain += 1
            if chain > _MAX_CHAIN:
                raise ExpressionError(_("An expression is nested too deeply."))
            operator = self._next().text
            left = Binary(operator, left, self.level(rank + 1))
        self._depth -= 1
        return left

    def _deepen(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH * 2:
            raise ExpressionError(_("An expression is nested too deeply."))

    def _rank(self) -> int:
        """Return how tightly the operator that follows binds, -1 if none follows."""
        word = self._words[self._at]
        return _RANKS.get(word.text, -1) if word.kind is Kind.OPERATOR else -1

    def _unary(self) -> Expression:
        if self._is("-"):
            self._at += 1
            self._deepen()
            return Negative(self._unary())
        left = self._path()
        while self._is("|"):
            self._at += 1
            left = Binary("|", left, self._path())
        return left

    def _path(self) -> Expression:
        if self._is("/", "//"):
            return self._absolute()
        if self._starts_primary():
            return self._filtered()
        return Path(None, (), self._steps())

    def _absolute(self) -> Expression:
        if self._next().text == "//":
            return Path("/", (), (_ANYWHERE, *self._steps()))
        return Path("/", (), self._steps() if self._starts_step() else ())

    def _starts_step(self) -> bool:
        return self._now.kind is Kind.NAME or self._is(".", "..", "@")

    def _starts_primary(self) -> bool:
        if self._now.kind in {Kind.NUMBER, Kind.TEXT} or self._is("(", "$"):
            return True
        following = self._words[self._at + 1] if self._now.kind is Kind.NAME else None
        return following is not None and following.text == "(" and self._now.text not in NODE_TYPES

    def _filtered(self) -> Expression:
        start = self._primary()
        filters = self._predicates()
        steps: tuple[Step, ...] = ()
        if self._is("/", "//"):
            steps = (_ANYWHERE, *self._steps()) if self._next().text == "//" else self._steps()
        return Path(start, filters, steps) if filters or steps else start

    def _primary(self) -> Expression:
        word = self._next()
        if word.kind is Kind.NUMBER:
            return Number(float(word.text))
        if word.kind is Kind.TEXT:
            return Text(word.text)
        if word.text == "(":
            inner = self.level()
            self._expect(")")
            return inner
        if word.kind is not Kind.NAME:
            self._at -= 1
            raise self._wrong()
        return Call(word.text, self._arguments())

    def _arguments(self) -> tuple[Expression, ...]:
        self._expect("(")
        found: list[Expression] = []
        if not self._is(")"):
            found.append(self.level())
            while self._is(","):
                self._at += 1
                found.append(self.level())
        self._expect(")")
        return tuple(found)

    def _steps(self) -> tuple[Step, ...]:
        found = [self._step()]
        while self._is("/", "//"):
            if self._next().text == "//":
                found.append(_ANYWHERE)
            found.append(self._step())
        return tuple(found)

    def _step(self) -> Step:
        if self._is("."):
            self._at += 1
            return Step("self", "node()", self._predicates())
        if self._is(".."):
            self._at += 1
            return Step("parent", "node()", self._predicates())
        axis = "child"
        if self._is("@"):
            self._at += 1
            axis = "attribute"
        elif self._now.kind is Kind.NAME and self._words[self._at + 1].text == "::":
            axis = self._next().text
            self._at += 1
            if axis not in AXES:
                raise ExpressionError(_("There is no axis {name} in XPath.").format(name=axis))
        return Step(axis, self._test(), self._predicates())

    def _test(self) -> str:
        if self._now.kind is not Kind.NAME:
            raise self._wrong()
        name = self._next().text
        if name in NODE_TYPES and self._is("("):
            self._at += 1
            target = "" if self._is(")") else self._next().text
            self._expect(")")
            return f"{name}({target})"
        return name

    def _predicates(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while self._is("["):
            self._at += 1
            found.append(self.level())
            self._expect("]")
        return tuple(found)
