"""The office's tables in a project."""

from fieldsurvey.model.plan_tables import PLAN_TABLES
from fieldsurvey.store import Store


def install_tables(store: Store) -> None:
    """Make the office's tables where they are missing, and columns that they have gained."""
    have = store.tables()
    for table in PLAN_TABLES:
        if have.get(table.name) != table:
            store.add_table(table)
