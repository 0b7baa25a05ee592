"""What rows are wanted, as data: conditions on columns, joined by and, or, not. The store makes them SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from fieldsurvey.model.schema import Column, ColumnType, Value


class Op(StrEnum):
    """How a value is compared. A blank passes only OTHER, LACKS and EMPTY."""

    EQUAL = "="
    OTHER = "≠"
    BELOW = "<"
    AT_MOST = "≤"
    ABOVE = ">"
    AT_LEAST = "≥"
    CONTAINS = "contains"
    LACKS = "lacks"
    BEGINS = "begins"
    EMPTY = "empty"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Compare:
    """One column against values; several values: any of them.

    Attributes:
        column: Column of the table.
        op: How.
        values: What with; none for EMPTY and FILLED.
        listed: Whether the column holds several codes with blanks between, of which one is meant.
    """

    column: str
    op: Op
    values: tuple[Value, ...] = ()
    listed: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """All parts hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = Compare | All | AnyOf | Not

# Columns that hold the uid of another record: what people call that record, by table.
REFERENCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "community_uid": (("community", "name"),),
    "building_uid": (("building", "name"),),
    "subject_uid": (("community", "name"), ("building", "name"), ("stairwell", "unit")),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column as people see it.

    Attributes:
        column: The column.
        choices: Code -> word; empty: anything may stand there.
        several: Whether it may hold several codes, with blanks between.
        is_fixed: Whether it cannot be changed in a table: computed, or kept by the program.
    """

    column: Column
    choices: Mapping[str, str] = field(default_factory=dict)
    several: bool = False
    is_fixed: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.column.type in {ColumnType.INTEGER, ColumnType.REAL} and not self.choices

    @property
    def refers(self) -> bool:
        """Whether it names another record."""
        return self.column.name in REFERENCES


@dataclass(frozen=True, slots=True)
class Sort:
    """By what rows are sorted; blanks come last either way.

    Attributes:
        column: Column of the table.
        is_descending: The largest first.
        codes: Codes in the order of their list; empty: by the value.
    """

    column: str
    is_descending: bool = False
    codes: tuple[str, ...] = ()
