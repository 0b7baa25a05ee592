"""How tables of a project are described: names, types, labels in two languages.

The same description makes the SQL table, the Chinese column alias that QGIS
shows, the import mapping, the labels on screen and the columns of exports.
"""

from dataclasses import dataclass
from enum import StrEnum

from fieldsurvey.i18n import language

GEOMETRY_GROUP = "geom"  # the geometry column, and the merge group of what is measured with it
Value = str | int | float | bytes | None


class ColumnType(StrEnum):
    """GeoPackage column types in use (OGC 12-128r17, table 1). JSON is text with a MIME type in gpkg_data_columns."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    REAL = "REAL"
    DATE = "DATE"
    DATETIME = "DATETIME"
    JSON = "JSON"


class GeometryType(StrEnum):
    """Geometry types in use. Lines and areas are always multi: hand-over files mix both."""

    POINT = "POINT"
    MULTILINESTRING = "MULTILINESTRING"
    MULTIPOLYGON = "MULTIPOLYGON"


class TableKind(StrEnum):
    """What a table holds."""

    ASSET = "asset"
    FORM = "form"
    REPEAT = "repeat"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: SQL name, [a-z][a-z0-9_]*; stable for ever.
        type: Storage type.
        zh: Chinese label, as on paper.
        en: English label.
        unit: Unit as printed (㎡, m, 万元), empty if none.
        group: Merge group: columns of one group change as one register. The geometry belongs to the group "geom".
    """

    name: str
    type: ColumnType
    zh: str
    en: str
    unit: str = ""
    group: str = ""

    @property
    def label(self) -> str:
        """The label in the user's language."""
        return self.zh if language().startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Table:
    """One table that a user can see.

    Attributes:
        name: SQL name, [a-z][a-z0-9_]*.
        kind: What it holds.
        zh: Chinese label.
        en: English label.
        columns: Own columns. fid, geom, uid and _rev come with every table.
        geometry: Geometry type; None for a table without places.
        parent: For a repeat, the table its rows belong to.
    """

    name: str
    kind: TableKind
    zh: str
    en: str
    columns: tuple[Column, ...]
    geometry: GeometryType | None = None
    parent: str = ""

    @property
    def label(self) -> str:
        """The label in the user's language."""
        return self.zh if language().startswith("zh") else self.en

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises:
            KeyError: If there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def groups(self) -> dict[str, frozenset[str]]:
        """Return, for every column in a merge group, the columns of its group."""
        members: dict[str, set[str]] = {GEOMETRY_GROUP: {GEOMETRY_GROUP}} if self.geometry else {}
        for column in self.columns:
            if column.group and (column.group != GEOMETRY_GROUP or self.geometry):
                members.setdefault(column.group, set()).add(column.name)
        return {name: frozenset(names) for names in members.values() if len(names) > 1 for name in names}
