"""Descriptions of tables that come from outside: what a hub takes."""

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Table
from fieldsurvey.store.rows import table_from_json
from fieldsurvey.sync.wire import MAX_FIELDS

MAX_TABLES = 500
_NAME_LENGTH = 63  # of an identifier in PostgreSQL


def checked(definition: str) -> Table:
    """Return a table from its description.

    Raises:
        InputRefused: If it is none, or has names that no table may have.
    """
    try:
        table = table_from_json(definition)
        names = [column.name for column in table.columns]
        sound = len(names) < MAX_FIELDS and len(set(names)) == len(names) and all(map(_is_name, [table.name, *names]))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputRefused(_("A table description is damaged.")) from error
    if not sound:
        raise InputRefused(_("A table description is damaged."))
    return table


def _is_name(name: str) -> bool:
    return name.isidentifier() and name.isascii() and len(name) <= _NAME_LENGTH and not name.startswith("_")
