"""Files for others: assessment sheets, plan tables."""

from exports.batch import SheetsFailed, sheets
from exports.plan import plan_table

__all__ = ["SheetsFailed", "plan_table", "sheets"]
