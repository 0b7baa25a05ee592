"""Every number that scores, gates, estimates and plans are computed with: parameters.csv, read here.

A project changes a number by a row in its table `parameter`; the rest stays
as shipped. `mark` says how sure the source is: V read in the issuing body's
text, S read in a secondary source, C computed from such, P our own proposal.
Source of the rows: domain page sections 1.2, 1.4, 2.1, 4.2 and 4.3. The two
rates of 4.3 follow from an approved estimate of 8318 = 7406 + 669 + 242 万元:
669 / 7406 on the works, 242 / 8075 on works and fees.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, language
from fieldsurvey.model.plan_tables import PARAMETER
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store

_TABLE = Path(__file__).with_name("parameters.csv")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number and what it may be.

    Attributes:
        key: Stable name, such as weight.gas.
        value: The number as shipped.
        unit: Its unit as printed; empty for a pure number.
        low, high: The least and the greatest value that makes sense.
        mark: V, S, C or P.
        zh, en: What it is, in two languages.
    """

    key: str
    value: float
    unit: str
    low: float
    high: float
    mark: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        """What it is, in the user's language."""
        return self.zh if language().startswith("zh") else self.en

    def checked(self, value: Value) -> float:
        """Return the value as a number.

        Raises:
            InputRefused: If it is none, or lies outside low to high.
        """
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not self.low <= number <= self.high:
            text = _(
                "Parameter {key} ({label}) cannot be {value}: it must lie between {low:g} and {high:g}. "
                "Please correct it in the parameters."
            )
            shown = "—" if value is None else value
            raise InputRefused(text.format(key=self.key, label=self.label, value=shown, low=self.low, high=self.high))
        return number


@cache
def shipped() -> Mapping[str, Parameter]:
    """Return the parameters as shipped, in the order of the table."""
    with _TABLE.open(encoding="utf-8", newline="") as source:
        rows = [
            Parameter(
                row["key"], float(row["value"]), row["unit"], float(row["low"]), float(row["high"]),
                row["mark"], row["zh"], row["en"],
            )
            for row in csv.DictReader(source)
        ]  # fmt: skip
    return {row.key: row for row in rows}


def parameters(store: Store) -> Mapping[str, float]:
    """Return every number in force: as shipped, or as the project changed it; of two changes the later one counts.

    Raises:
        InputRefused: If the project names an unknown parameter or a value that makes no sense.
    """
    found = {key: parameter.value for key, parameter in shipped().items()}
    if PARAMETER.name in store.tables():
        for row in store.select(PARAMETER.name, ["key", "value"]):
            parameter = _known(row["key"])
            found[parameter.key] = parameter.checked(row["value"])
    return found


def _known(key: Value) -> Parameter:
    found = shipped().get(str(key))
    if found is None:
        text = _("There is no parameter {key}. Please correct or delete that row in the parameters.")
        raise InputRefused(text.format(key=key or "—"))
    return found
