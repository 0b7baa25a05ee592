"""What a project file keeps besides records: persons, drafts, settings, the list of files."""

import json
from collections.abc import Iterable
from zlib import crc32

from fieldsurvey.clock import MillisClock
from fieldsurvey.model.revision import dump
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.media import Blob


class Journal:
    """The part of a Store that is no record. Its fields are set by Store."""

    _db: Connection
    _clock: MillisClock
    _actor: tuple[int, str, str]

    @property
    def actor(self) -> tuple[int, str, str]:
        """Number, login and name of the person whose edits these are."""
        return self._actor

    def set_actor(self, login: str, name: str) -> None:
        """Set the person whose edits follow; the number is the same on every laptop."""
        number = crc32(login.encode()) if login else 0
        if (number, login, name) != self._actor:
            with self._db.transaction():
                self._db.execute("INSERT OR REPLACE INTO _actor VALUES (?, ?, ?)", (number, login, name))
                self._db.execute("INSERT OR REPLACE INTO _setting VALUES ('actor', ?)", (dump([login, name]),))
            self._actor = (number, login, name)

    def actors(self) -> list[tuple[int, str, str]]:
        """Return every person known."""
        return [(int(row[0]), row[1], row[2]) for row in self._db.rows("SELECT id, login, name FROM _actor")]

    def add_actors(self, actors: Iterable[tuple[int, str, str]]) -> None:
        """Remember the persons of other replicas."""
        with self._db.transaction():
            self._db.many("INSERT OR IGNORE INTO _actor VALUES (?, ?, ?)", list(actors))

    def put_draft(self, key: str, payload: str) -> None:
        """Keep the unsaved state of a form, durably. Never synced."""
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _draft VALUES (?, ?, ?)", (key, payload, self._clock()))

    def draft(self, key: str) -> tuple[str, int] | None:
        """Return the kept state of a form and when it was kept (ms), or None."""
        row = self._db.one("SELECT payload, at_ms FROM _draft WHERE key = ?", (key,))
        return None if row is None else (str(row[0]), int(row[1]))

    def drafts(self) -> list[str]:
        """Return the keys of all kept states."""
        return [row[0] for row in self._db.rows("SELECT key FROM _draft ORDER BY at_ms DESC, key")]

    def drop_draft(self, key: str) -> None:
        """Forget the kept state of a form."""
        with self._db.transaction():
            self._db.execute("DELETE FROM _draft WHERE key = ?", (key,))

    def setting(self, key: str, default: str = "") -> str:
        """Return a setting of this copy of the project."""
        found = self._db.scalar("SELECT value FROM _setting WHERE key = ?", (key,))
        return default if found is None else str(found)

    def set_setting(self, key: str, value: str) -> None:
        """Keep a setting of this copy of the project."""
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _setting VALUES (?, ?)", (key, value))

    def note_blob(self, blob: Blob, *, have: bool) -> None:
        """Remember a file of the media folder."""
        with self._db.transaction():
            row = (blob.sha256, blob.size, blob.name, blob.mime, int(have))
            self._db.execute("INSERT OR REPLACE INTO _blob VALUES (?, ?, ?, ?, ?)", row)

    def blobs(self, *, whole: bool = False) -> list[Blob]:
        """Return every file the project knows, or only those that are here whole."""
        where = " WHERE have" if whole else ""
        return [
            Blob(*row) for row in self._db.rows(f"SELECT sha256, size, name, mime FROM _blob{where} ORDER BY sha256")
        ]

    def blob(self, sha256: str) -> Blob | None:
        """Return what the project knows of a file."""
        row = self._db.one("SELECT sha256, size, name, mime FROM _blob WHERE sha256 = ?", (sha256,))
        return Blob(*row) if row else None

    def _last_actor(self) -> tuple[str, str]:
        login, name = json.loads(self.setting("actor", '["", ""]'))
        return str(login), str(name)
