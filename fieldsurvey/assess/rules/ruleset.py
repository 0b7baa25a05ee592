"""The thresholds of the map rules: a table that an engineer can read and change, ruleset.csv.

Each row is one number with its source. `mark` says how sure the source is:
V read in the issuing body's text, S read in a secondary source, G general
knowledge, P our own proposal. Only V and S rows may be printed as a citation.
Source of the rows: domain page sections 3.1 to 3.17.
"""

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, language

SHIPPED = Path(__file__).with_name("ruleset.csv")
EDITION = "2026-12.3"  # of the shipped table: raised when a row of it changes
APPLIES, ENFORCE, MARKS = ("new", "retrofit", "advice"), ("block", "warn", "info"), ("V", "S", "G", "P")
_CITED = frozenset("VS")
ACCURACY = "accuracy"
_LISTS = ("layers", "inputs")
_OPTIONAL = frozenset({"inputs"})  # rule files of earlier editions do not have it


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number of the rule set.

    Attributes:
        id: Stable name, such as T-W8.small.
        rule: The rule that uses it (`catalogue.py`); "accuracy" for the declared accuracy of a layer.
        zh, en: What it is, in two languages.
        value: The number.
        unit: Its unit as printed.
        standard, clause, edition: Where it stands.
        applies_to: new, retrofit or advice.
        enforce: block, warn or info.
        mark: V, S, G or P.
        layers: Tables the test needs.
        inputs: What it needs of them, as form.question or layer.column.
    """

    id: str
    rule: str
    zh: str
    en: str
    value: float
    unit: str
    standard: str = ""
    clause: str = ""
    edition: str = ""
    applies_to: str = "advice"
    enforce: str = "info"
    mark: str = "P"
    layers: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What it is, in the user's language."""
        return self.zh if language().startswith("zh") else self.en

    @property
    def citation(self) -> str:
        """Standard and clause as they may be printed; empty for what was not read in a source."""
        return f"{self.standard} {self.clause}".strip() if self.mark in _CITED else ""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All thresholds in force.

    Attributes:
        thresholds: By id, in the order of the table.
    """

    thresholds: Mapping[str, Threshold] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Threshold:
        """Return a threshold by id."""
        return self.thresholds[key]

    def value(self, key: str) -> float:
        """Return the number of a threshold."""
        return self.thresholds[key].value

    def accuracy(self, *tables: str) -> float:
        """Return the accuracy of a distance between features of the tables, m: their declared ones, added in squares.

        Source: law of propagation of variances for independent errors.
        """
        return math.hypot(*(self.value(_accuracy_of(table)) for table in tables))

    @property
    def version(self) -> str:
        """The edition of the table and, in eight digits, what its numbers are now."""
        text = repr([(t.id, t.value, t.enforce) for t in self.thresholds.values()])
        return f"{EDITION}+{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def changed(self, key: str, value: float | None = None, enforce: str | None = None) -> "RuleSet":
        """Return a rule set with another number or weight of one threshold.

        Raises:
            InputRefused: If there is no such threshold, or the value makes no sense.
        """
        now = self.thresholds.get(key)
        if now is None:
            raise InputRefused(_("There is no rule {id}.").format(id=key))
        made = replace(now, value=now.value if value is None else value, enforce=enforce or now.enforce)
        if not (math.isfinite(made.value) and made.value >= 0) or made.enforce not in ENFORCE:
            raise InputRefused(
                _("{value} is no value for {id}: a number of 0 or more in {unit} is needed.").format(
                    value=value, id=key, unit=now.unit
                )
            )
        return RuleSet({**self.thresholds, key: made})


def _accuracy_of(table: str) -> str:
    known = {"internal_road": "A-road", "road": "A-road", "stairwell": "A-building"}
    name = known.get(table, f"A-{table}")
    return name if name in default_rules().thresholds else "A-point"


@cache
def default_rules() -> RuleSet:
    """Return the shipped rule set."""
    found = [_parsed(line, row, {}) for line, row in _lines(SHIPPED.read_text("utf-8"), SHIPPED.name)]
    return RuleSet({threshold.id: threshold for threshold in found})


def read_rules(path: Path) -> RuleSet:
    """Read a rule file: rows of the shipped table with other numbers; rows that it lacks stay as shipped.

    Raises:
        InputRefused: Naming file and line, if the file is no such table, names an unknown or repeated id, or holds a
            value that makes no sense. Nothing of it is used then.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(_("{file} cannot be read as a UTF-8 table.").format(file=path.name)) from error
    shipped = default_rules().thresholds
    found: dict[str, Threshold] = {}
    for line, row in _lines(text, path.name):
        threshold = _parsed(line, row, shipped, path.name)
        if threshold.id in found:
            raise _wrong(path.name, line, _("{id} is there twice").format(id=threshold.id))
        found[threshold.id] = threshold
    return RuleSet({key: found.get(key, was) for key, was in shipped.items()})


def write_rules(rules: RuleSet, path: Path) -> None:
    """Write a rule set as a table that read_rules reads back."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _names(), lineterminator="\n")
    writer.writeheader()
    for threshold in rules.thresholds.values():
        lists = {name: ";".join(getattr(threshold, name)) for name in _LISTS}
        writer.writerow({**asdict(threshold), "value": f"{threshold.value:g}", **lists})
    path.write_text(out.getvalue(), "utf-8")


def _names() -> list[str]:
    return [entry.name for entry in fields(Threshold)]


def _lines(text: str, name: str) -> Iterable[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), restval="")
    missing = [column for column in _names() if column not in {*(reader.fieldnames or ()), *_OPTIONAL}]
    if missing:
        raise _wrong(name, 1, _("the column {column} is missing").format(column=missing[0]))
    for row in reader:
        yield reader.line_num, {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}


def _parsed(line: int, row: Mapping[str, str], known: Mapping[str, Threshold], file: str = SHIPPED.name) -> Threshold:
    was = known.get(row["id"])
    if known and was is None:
        raise _wrong(file, line, _("there is no rule {id}").format(id=row["id"] or "—"))
    try:
        value = float(row["value"])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise _wrong(file, line, _("{text} is no number of 0 or more").format(text=row["value"] or "—"))
    if was is not None and row["unit"] != was.unit:
        raise _wrong(
            file, line, _("{id} is in {unit}, not in {other}").format(id=was.id, unit=was.unit, other=row["unit"])
        )
    for column, allowed in (("applies_to", APPLIES), ("enforce", ENFORCE), ("mark", MARKS)):
        if row[column] not in allowed:
            words = _("{column} must be one of {allowed}").format(column=column, allowed=_(", ").join(allowed))
            raise _wrong(file, line, words)
    texts = {name: row[name] for name in _names() if name not in {"value", *_LISTS}}
    lists = {name: tuple(filter(None, row.get(name, "").split(";"))) for name in _LISTS}
    if was is not None and "inputs" not in row:
        lists["inputs"] = was.inputs
    return Threshold(**texts, value=value, **lists)  # type: ignore[arg-type]


def _wrong(file: str, line: int, what: str) -> InputRefused:
    text = _("{file}, line {line}: {what}. The rules stay as they are.")
    return InputRefused(text.format(file=file, line=line, what=what))
