"""The appearance search(): choices out of a CSV beside the form, narrowed down by other answers.

Source: ODK documentation, "Using the search() appearance": search(file), or search(file, how, columns, text), or
that with a column and a value that it must have; how is contains, startswith, endswith or matches. The choices that
are written in the form name the columns of value and label; those with a number as name are offered besides.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from fieldsurvey.i18n import _
from survey_forms.errors import FormError
from survey_forms.expression.parser import Text, parse
from survey_forms.form import Itemset

_CALL = re.compile(r"\bsearch\s*\(")
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_WAYS = {
    "contains": "contains({column}, {text})",
    "startswith": "starts-with({column}, {text})",
    "endswith": "ends-with({column}, {text})",
    "matches": "{column} = {text}",
}
_NUMBERS = (1, 4, 6)  # how many arguments there may be


def without(appearance: str) -> tuple[str, str]:
    """Return an appearance without its search(), and what stands between its brackets; empty if there is none.

    >>> without("minimal search('a', 'matches', 'b', concat(/c, ')')) w4")
    ('minimal w4', "'a', 'matches', 'b', concat(/c, ')')")
    """
    found = _CALL.search(appearance)
    if found is None:
        return appearance, ""
    inside = _pieces(appearance[found.end() :])[0]
    end = found.end() + len(inside) + 1
    return " ".join(f"{appearance[: found.start()]} {appearance[end:]}".split()), inside.strip()


def _pieces(text: str) -> tuple[str, list[str]]:
    """Return a text up to the bracket that closes it, and its parts between commas outside of brackets and quotes."""
    depth, quote, parts, begin = 0, "", list[str](), 0
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            if depth == 0:
                return text[:at], [*parts, text[begin:at].strip()]
            depth -= 1
        elif sign == "," and depth == 0:
            parts.append(text[begin:at].strip())
            begin = at + 1
    return text, [*parts, text[begin:].strip()]


def file_of(inside: str) -> str:
    """Return the file that search() names; empty if it names none."""
    first = _pieces(inside)[1][0]
    found = parse(first) if first else None
    stem = found.value if isinstance(found, Text) else ""
    return stem if not stem or stem.lower().endswith(".csv") else f"{stem}.csv"


def searched(inside: str, written: Itemset) -> Itemset:
    """Return the choices of a question with search().

    Args:
        inside: What stands between its brackets.
        written: The choices in the form, which name the columns.

    Raises:
        FormError: If its arguments are wrong, or no choice names the columns.
    """
    parts = _pieces(inside)[1]
    columns = [(code, words) for code, words in written.listed if not code.lstrip("-").isdecimal()]
    fixed = tuple((code, words) for code, words in written.listed if code.lstrip("-").isdecimal())
    if len(parts) not in _NUMBERS or not file_of(inside):
        raise FormError(_("search() takes a file, or four or six arguments, not {n}.").format(n=len(parts)))
    if not columns:
        raise FormError(_("search() needs a choice whose name and label are columns of its file."))
    value, words = columns[0]
    conditions = [f"[{_narrowed(parts[1:4])}]"] if len(parts) > 1 else []
    if len(parts) == _NUMBERS[-1]:
        conditions.append(f"[{_literal(parts[4])} = {_from_here(parts[5])}]")
    list_name = file_of(inside).rpartition(".")[0]
    label = ",".join(piece.strip() for piece in words.plain("").split(","))
    nodeset = f"instance('{list_name}')/*/item{''.join(conditions)}"
    return replace(written, nodeset=nodeset, value=value, label=label, listed=fixed, itext=False)


def _narrowed(parts: Sequence[str]) -> str:
    how, columns = _literal(parts[0]), _literal(parts[1])
    if how not in _WAYS:
        raise FormError(_("search() does not know {name}: contains, startswith, endswith or matches.").format(name=how))
    text = _folded(_from_here(parts[2]))
    ways = (_WAYS[how].format(column=_folded(name.strip()), text=text) for name in columns.split(","))
    return " or ".join(ways)


def _folded(expression: str) -> str:
    """Return an expression without regard to capitals, as Collect searches."""
    return f"translate({expression}, '{_UPPER}', '{_LOWER}')"


def _literal(text: str) -> str:
    found = parse(text)
    if not isinstance(found, Text):
        raise FormError(_("search() needs a text in quotes instead of {text}.").format(text=text))
    return found.value


def _from_here(text: str) -> str:
    """Return a path that is relative to the question so that it can stand in the filter of a list."""
    return f"current()/{text}" if text.startswith(".") else text
