"""The project file: one GeoPackage that keeps every edit."""

from fieldsurvey.store.log import Fork, StaleReplica, Tampered
from fieldsurvey.store.media import Blob, Media
from fieldsurvey.store.restoring import Discarded
from fieldsurvey.store.store import Store
from fieldsurvey.store.values import Changes, Conflict, HistoryEntry, Ingested, Peer, Row, Token, Version
from fieldsurvey.store.windows import Statistics

__all__ = [
    "Blob", "Changes", "Conflict", "Discarded", "Fork", "HistoryEntry", "Ingested", "Media", "Peer", "Row",
    "StaleReplica", "Statistics", "Store", "Tampered", "Token", "Version",
]  # fmt: skip
