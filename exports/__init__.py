"""Files for others: assessment sheets, plan tables."""

from exports.batch import SheetsFailed, sheets
from exports.plan import plan_table
from exports.verify import Unreadable, Verification, verify

__all__ = ["SheetsFailed", "Unreadable", "Verification", "plan_table", "sheets", "verify"]
