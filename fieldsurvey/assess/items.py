"""The catalogue of works: items.csv, read here. Source: domain page 1.3."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fieldsurvey.i18n import language

_TABLE = Path(__file__).with_name("items.csv")


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of works.

    Attributes:
        code: Such as B01.
        reno_class: base, improve or upgrade.
        units: Units it is measured in.
        zh, en: What it is, in two languages.
    """

    code: str
    reno_class: str
    units: tuple[str, ...]
    zh: str
    en: str

    @property
    def label(self) -> str:
        """What it is, in the user's language."""
        return self.zh if language().startswith("zh") else self.en


@cache
def items() -> Mapping[str, Item]:
    """Return the catalogue by code, in its order."""
    with _TABLE.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    return {
        row["code"]: Item(row["code"], row["reno_class"], tuple(row["unit"].split(";")), row["zh"], row["en"])
        for row in rows
    }
