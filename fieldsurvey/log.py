"""The log file: what a supporter needs, in the user's own folder."""

import logging
import logging.handlers

from fieldsurvey.paths import user_data

_BYTES, _FILES = 1 << 20, 3


def start_log() -> None:
    """Write messages of level INFO and up to a file that never grows beyond a few MiB."""
    place = user_data() / "fieldsurvey.log"
    handler = logging.handlers.RotatingFileHandler(place, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
