"""Answers of a record as words: labels for codes, figures without needless digits."""

from collections.abc import Mapping
from string import Formatter
from typing import Protocol

from exports.sheet.systems import Problem
from fieldsurvey.model.schema import Value

Labels = Mapping[str, Mapping[str, str]]  # column -> code -> label


class ReadsLabels(Protocol):
    """Where labels come from: the installed forms."""

    def labels(self, form_id: str) -> Labels:
        """Return the labels of the coded columns of a form, in Chinese."""

    def title(self, form_id: str) -> str:
        """Return the Chinese title of a form, empty if it is not installed."""


class Answers:
    """One record, read by the names of its questions."""

    def __init__(self, row: Mapping[str, Value], labels: Labels) -> None:
        self._row, self._labels = row, labels

    def raw(self, field: str) -> Value:
        """Return the stored value; None if it is blank or there is no such question."""
        value = self._row.get(field)
        if value is None:  # a question inside a group has the group's name before its own
            value = next((self._row[name] for name in self._row if name.endswith("_" + field)), None)
        return None if value == "" else value

    def codes(self, field: str) -> list[str]:
        """Return the codes of a choice, several for select_multiple."""
        value = self.raw(field)
        return str(value).split() if value is not None else []

    def words(self, field: str) -> str:
        """Return the answer as printed; empty if there is none."""
        value = self.raw(field)
        if value is None:
            return ""
        known = self._labels.get(field)
        if known is None:
            return plain_number(value)
        return "、".join(_short(known.get(code, code)) for code in self.codes(field))

    def phrase(self, template: str) -> str:
        """Return a phrase with its braces filled in; empty if one of the answers is blank."""
        fields = [field for _text, field, _spec, _conversion in Formatter().parse(template) if field]
        filled = {field: self.words(field) for field in fields}
        return template.format(**filled) if all(filled.values()) else ""

    def options(self, field: str) -> tuple[tuple[str, bool], ...]:
        """Return all choices of a question with a tick for those chosen."""
        chosen = self.codes(field)
        return tuple((_short(label), code in chosen) for code, label in self._labels.get(field, {}).items())

    def problem(self, problem: Problem) -> str:
        """Return the words of a problem that the record tells; empty if it does not."""
        value = self.raw(problem.field)
        if problem.above is not None:
            is_above = isinstance(value, int | float) and value > problem.above
            return problem.phrase.format(value=plain_number(value)) if is_above else ""
        known = self._labels.get(problem.field, {})
        held = [_short(known.get(code, code)) for code in self.codes(problem.field) if problem.holds(code)]
        return problem.phrase.format(value="、".join(held)) if held else ""


def plain_number(value: Value) -> str:
    """Return a value as text; whole figures without a point.

    >>> plain_number(2.0), plain_number(0.125), plain_number("x")
    ('2', '0.125', 'x')
    """
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def with_unit(value: Value, unit: str) -> str:
    """Return a figure with thousands marks, at most two decimals, and unit; empty if it is not a figure.

    >>> with_unit(32708.2, "㎡"), with_unit(436, "户"), with_unit(None, "㎡")
    ('32,708.2㎡', '436户', '')
    """
    if not isinstance(value, int | float):
        return ""
    figure = f"{value:,.2f}".rstrip("0").rstrip(".")
    return figure + unit


def _short(label: str) -> str:
    """Return a label in the marks of running text."""
    return label.replace("(", "（").replace(")", "）")
