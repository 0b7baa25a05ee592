"""sqlite-utils, imported without what it does not need here.

The library imports pandas whenever it is installed, which would double the
time to the first window; it works the same without.
"""

import sys

_hidden = "pandas" not in sys.modules
if _hidden:
    sys.modules["pandas"] = None  # type: ignore[assignment]
try:
    from sqlite_utils import Database, Migrations
finally:
    if _hidden:
        del sys.modules["pandas"]

__all__ = ["Database", "Migrations"]
