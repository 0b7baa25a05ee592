"""Conditions as a person types them: 敷设年份 < 1990 且 管材 = 灰口铸铁.

    condition := part { (或 | or) part }        part := term { (且 | and) term }
    term      := (非 | not) term | "(" condition ")" | column test
    test      := = ≠ < ≤ > ≥ value, 包含 value, 不包含 value, 开头是 value, 为空, 不为空, 属于 ( value, … )

A column is named by its label or its name, a choice by its word or its code.
Signs may be full-width; a value with 且 or 或 in it stands in quotes.
"""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.conditions import All, AnyOf, Compare, Condition, Field, Not, Op
from fieldsurvey.model.schema import ColumnType, Value

# Longer signs first: 不包含 must not be read as 包含.
_OPS: tuple[tuple[str, Op], ...] = (
    ("is not empty", Op.FILLED), ("is empty", Op.EMPTY), ("不为空", Op.FILLED), ("非空", Op.FILLED), ("为空", Op.EMPTY),
    ("does not contain", Op.LACKS), ("不包含", Op.LACKS), ("contains", Op.CONTAINS), ("包含", Op.CONTAINS),
    ("begins with", Op.BEGINS), ("开头是", Op.BEGINS),
    ("<=", Op.AT_MOST), (">=", Op.AT_LEAST), ("!=", Op.OTHER), ("<>", Op.OTHER), ("==", Op.EQUAL),
    ("≤", Op.AT_MOST), ("≥", Op.AT_LEAST), ("≠", Op.OTHER), ("<", Op.BELOW), (">", Op.ABOVE), ("=", Op.EQUAL),
    ("不大于", Op.AT_MOST), ("不小于", Op.AT_LEAST), ("不晚于", Op.AT_MOST), ("不早于", Op.AT_LEAST),
    ("小于", Op.BELOW), ("大于", Op.ABOVE), ("早于", Op.BELOW), ("晚于", Op.ABOVE),
    ("is not", Op.OTHER), ("is one of", Op.EQUAL), ("属于", Op.EQUAL), ("不是", Op.OTHER), ("is", Op.EQUAL),
    ("in", Op.EQUAL), ("是", Op.EQUAL),
)  # fmt: skip
_WIDE = str.maketrans(
    {"＝": "=", "＜": "<", "＞": ">", "！": "!", "（": "(", "）": ")", "，": ",", "、": ",", "　": " "}
)
_AND = re.compile(r"\s*(?:且|并且|&&?|\band\b)\s*", re.IGNORECASE)
_OR = re.compile(r"\s*(?:或者|或|\|\|?|\bor\b)\s*", re.IGNORECASE)
_NOT = re.compile(r"(?:非|not\b)\s*", re.IGNORECASE)
_END_OF_VALUE = re.compile(r"\s*(?:且|并且|或|&|\||\)|,|\s(?:and|or)\s|$)", re.IGNORECASE)
_QUOTED = re.compile(r"“([^”]*)”|\"([^\"]*)\"|'([^']*)'|「([^」]*)」")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_AWKWARD = re.compile(r"[且或&|(),，、（）\"“”'「」]|\sand\s|\sor\s|^\s|\s$", re.IGNORECASE)


def parse(text: str, fields: Mapping[str, Field]) -> Condition | None:
    """Return the condition that a text says; None for a blank one.

    Args:
        text: What was typed.
        fields: Columns by name.

    Raises:
        InputRefused: If it says none: what is wrong, where, what would be right.
    """
    if not text.strip():
        return None
    return _Reader(text.translate(_WIDE), fields).whole()


def told(field: Field, value: Value, shown: str) -> str:
    """Return the words that want a column to hold a value; parse() understands them.

    Args:
        field: The column.
        value: The value, None for blank.
        shown: The value as people see it.
    """
    if value is None or value == "":
        return f"{field.column.label} {_('is empty')}"
    sign = _("contains") if field.several else "="
    word = str(value) if field.is_number else shown
    return f"{field.column.label} {sign} " + (f"“{word}”" if _AWKWARD.search(word) else word)


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, fields: Mapping[str, Field]) -> None:
        self._text, self._at = text, 0
        self._fields = fields
        names = [(field.column.label.translate(_WIDE), field) for field in fields.values()]
        names += [(name, field) for name, field in fields.items()]
        self._names = sorted(names, key=lambda pair: -len(pair[0]))

    def whole(self) -> Condition:
        """Return the condition of the whole text."""
        found = self._any_of()
        self._skip()
        if self._at < len(self._text):
            raise _refused(_("“{rest}” is left over: join two conditions with 且 (and) or 或 (or)."), rest=self._rest())
        return found

    def _any_of(self) -> Condition:
        parts = [self._all()]
        while self._take(_OR):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._term()]
        while self._take(_AND):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _term(self) -> Condition:
        self._skip()
        if self._text.startswith("(", self._at):
            self._at += 1
            found = self._any_of()
            self._skip()
            if not self._text.startswith(")", self._at):
                raise _refused(_("A bracket is not closed: “)” is missing."))
            self._at += 1
            return found
        field = self._column()
        if field is not None:
            return self._test(field)
        if self._take(_NOT):
            return Not(self._term())
        raise self._no_column()

    def _column(self) -> Field | None:
        low = self._text.lower()
        for name, field in self._names:
            if low.startswith(name.lower(), self._at):
                self._at += len(name)
                return field
        return None

    def _no_column(self) -> InputRefused:
        word = (re.split(r"[\s<>=≤≥≠!]", self._rest(), maxsplit=1) or [""])[0]
        near = get_close_matches(word, [name for name, _field in self._names], 3, 0.4)
        if not word:
            return _refused(_("A condition is missing at the end. Example: {example}"), example=self._example())
        hint = _("Did you mean {names}?").format(names=_(", ").join(near)) if near else ""
        return _refused(_("There is no column “{word}” in this table. {hint}"), word=word, hint=hint)

    def _test(self, field: Field) -> Condition:
        self._skip()
        low = self._text.lower()
        for sign, op in _OPS:
            if low.startswith(sign, self._at):
                self._at += len(sign)
                return self._compared(field, op)
        text = _("After “{column}” a comparison is missing, such as = < > 包含 为空. Example: {example}")
        raise _refused(text, column=field.column.label, example=self._example())

    def _compared(self, field: Field, op: Op) -> Compare:
        name, listed = field.column.name, field.several
        if op in {Op.EMPTY, Op.FILLED}:
            return Compare(name, op)
        self._skip()
        if not self._text.startswith("(", self._at):
            return Compare(name, _fitting(field, op), self._value(field, op), listed)
        self._at += 1
        values: tuple[Value, ...] = ()
        while True:
            values += self._value(field, op)
            self._skip()
            if self._text.startswith(",", self._at):
                self._at += 1
            elif self._text.startswith(")", self._at):
                self._at += 1
                return Compare(name, _fitting(field, op), values, listed)
            else:
                raise _refused(_("A bracket is not closed: “)” is missing."))

    def _value(self, field: Field, op: Op) -> tuple[Value, ...]:
        """Return what a typed value means: for a word of a list all its codes."""
        word = self._word(field)
        if not word:
            text = _("After “{column} {sign}” a value is missing.")
            raise _refused(text, column=field.column.label, sign=op.value)
        if field.choices and op in {Op.EQUAL, Op.OTHER, Op.CONTAINS, Op.LACKS}:
            return self._codes(field, op, word)
        if field.is_number and op not in {Op.CONTAINS, Op.LACKS, Op.BEGINS}:
            return (self._number(field, word),)
        if field.column.type in {ColumnType.DATE, ColumnType.DATETIME} and (day := _DATE.fullmatch(word)):
            year, month, date = (int(part) for part in day.groups())
            return (f"{year:04}-{month:02}-{date:02}",)
        return (word,)

    def _codes(self, field: Field, op: Op, word: str) -> tuple[Value, ...]:
        exact = [code for code, label in field.choices.items() if word in {code, label}]
        if exact:
            return tuple(exact)
        if op in {Op.CONTAINS, Op.LACKS} and (part := [c for c, label in field.choices.items() if word in label]):
            return tuple(part)
        words = list(dict.fromkeys(field.choices.values()))
        listed = _(", ").join(words[:8]) + (" …" if len(words) > 8 else "")
        text = _("“{word}” is no choice of “{column}”. There are: {choices}")
        raise _refused(text, word=word, column=field.column.label, choices=listed)

    def _number(self, field: Field, word: str) -> float | int:
        plain = unicodedata.normalize("NFKC", word).replace(",", ".").replace(" ", "")
        plain = plain.removesuffix(unicodedata.normalize("NFKC", field.column.unit)) if field.column.unit else plain
        if _NUMBER.fullmatch(plain) is None:
            text = _("“{column}” holds numbers; “{word}” is none.")
            raise _refused(text, column=field.column.label, word=word)
        return float(plain) if "." in plain else int(plain)

    def _word(self, field: Field) -> str:
        self._skip()
        if quoted := _QUOTED.match(self._text, self._at):
            self._at = quoted.end()
            return next((part for part in quoted.groups() if part is not None), "")
        for label in sorted(field.choices.values(), key=len, reverse=True):
            end = self._at + len(label)
            if label and self._text.startswith(label.translate(_WIDE), self._at) and self._ends(end):
                self._at = end
                return label
        end = next(
            m.start() for at in range(self._at, len(self._text) + 1) if (m := _END_OF_VALUE.match(self._text, at))
        )
        word, self._at = self._text[self._at : end], end
        return word.strip()

    def _ends(self, at: int) -> bool:
        return _END_OF_VALUE.match(self._text, at) is not None

    def _take(self, pattern: re.Pattern[str]) -> bool:
        if (match := pattern.match(self._text, self._at)) is None:
            return False
        self._at = match.end()
        return True

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _rest(self) -> str:
        return self._text[self._at :].strip()

    def _example(self) -> str:
        number = next((field for field in self._fields.values() if field.is_number), None)
        if number is not None:
            return f"{number.column.label} < 1990"
        first = next(iter(self._fields.values()))
        return f"{first.column.label} = …"


def _refused(text: str, **parts: str) -> InputRefused:
    return InputRefused(text.format(**parts).strip())


def _fitting(field: Field, op: Op) -> Op:
    """Return how the store compares: part of a word of a list means the whole codes, a day all its moments."""
    if field.choices and not field.several:
        return {Op.CONTAINS: Op.EQUAL, Op.LACKS: Op.OTHER}.get(op, op)
    if field.column.type is ColumnType.DATETIME and op is Op.EQUAL:
        return Op.BEGINS
    return op
