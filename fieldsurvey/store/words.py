"""Words of a project: a full-text index beside it, in the cache of this user, kept up row by row.

Chinese has no spaces: of a run of characters every pair is a word, and the
last one alone, so that any part of a text is found by its pairs in a row.
FTS5: sqlite.org/fts5.html. The index holds only what can be read again from
the project; a damaged or older one is thrown away and made anew.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldsurvey.errors import FieldSurveyError, StoreBusy
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.paths import user_cache
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.library import journal_mode, sqlite3
from fieldsurvey.store.store import Store

_FORMAT = 4  # of the index; another one is made anew
_GOES_ON = 3  # letters or digits from which on a word may go on: half of all numbers begin with 1
_RENAMED = -1  # in place of a revision
_PART = 500  # rows between two steps
_CANDIDATES = 200  # hits of one kind among which the best are looked for
_OPENING = threading.Lock()
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[^\W_]+")
_DOC = "uid, tbl, kind, rev, community, owner, inside, title, body, place"
_TABLES = """
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE doc (id INTEGER PRIMARY KEY, uid TEXT NOT NULL, tbl TEXT NOT NULL, kind TEXT NOT NULL,
  rev INTEGER NOT NULL, community TEXT NOT NULL, owner TEXT NOT NULL, inside TEXT NOT NULL, title TEXT NOT NULL,
  body TEXT NOT NULL, place TEXT NOT NULL);
CREATE UNIQUE INDEX doc_tbl ON doc (tbl, uid);
CREATE INDEX doc_uid ON doc (uid);
CREATE VIRTUAL TABLE word USING fts5(kind, title, body, place, content='', tokenize='unicode61 remove_diacritics 0')
"""


@dataclass(frozen=True, slots=True)
class Source:
    """What of a table can be found.

    Attributes:
        table: The table.
        kind: Under which heading its rows are listed; letters only.
        titles: Columns whose values name the row.
        texts: Column -> its label, for values that are found as they are.
        coded: Column -> (label, code -> words), for values that people know by their words.
        owner: Column with the record a row belongs to; empty: it is one itself.
        places: What a row lies in -> its name, for rows that are found by it together with something else.
        inside: Column that says what a row lies in.
    """

    table: str
    kind: str
    titles: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    coded: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    owner: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    inside: str = "community_uid"

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        extra = ("community_uid", self.inside, *filter(None, (self.owner,)))
        return list(dict.fromkeys((*self.titles, *self.texts, *self.coded, *extra)))

    def document(self, row: Mapping[str, Value]) -> tuple[str, str]:
        """Return the title and the lines of a row."""
        title = " ".join(str(row[name]) for name in self.titles if row.get(name))
        lines = [f"{label}: {row[name]!s}" for name, label in self.texts.items() if row.get(name)]
        for name, (label, words) in self.coded.items():
            if row.get(name):
                lines.append(f"{label}: {'、'.join(words.get(code, code) for code in str(row[name]).split())}")
        return title, "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Found:
    """One row found.

    Attributes:
        kind: Heading of its source.
        table, uid: The row.
        community: Its community, empty if it has none.
        owner: The record it belongs to, where it is a row of a list in a form.
        title: What it is called.
        place: What it lies in.
        line: The line of its text that fits, empty if the title does.
    """

    kind: str
    table: str
    uid: str
    community: str
    owner: str
    title: str
    place: str
    line: str


def place_of(store_path: Path, language: str) -> Path:
    """Return where the index of a project is kept."""
    mark = hashlib.sha256(str(store_path.absolute()).encode()).hexdigest()[:16]
    folder = user_cache() / "words"
    folder.mkdir(exist_ok=True)
    return folder / f"{mark}-{language}.db"


def tokens(text: str) -> list[str]:
    """Return the words of a text in their order.

    >>> tokens("屋面漏水 HS-012A")
    ['屋面', '面漏', '漏水', '水', 'hs', '012a']
    """
    found: list[str] = []
    for run in _RUN.findall(text):
        for part in _split(run.lower()):
            if _HAN.fullmatch(part):
                found += [part[at : at + 2] for at in range(len(part))]
            else:
                found.append(part)
    return found


def _split(run: str) -> Iterator[str]:
    """Yield the Chinese and the other parts of a run of letters: 3栋 is two."""
    at = 0
    for match in _HAN.finditer(run):
        if match.start() > at:
            yield run[at : match.start()]
        yield match.group()
        at = match.end()
    if at < len(run):
        yield run[at:]


def query(text: str) -> str:
    """Return what FTS5 looks for: every part that stands between spaces, each as a phrase whose last word may go on.

    The name of the community alone does not find everything in it.

    >>> query("屋面漏水 125")
    '{title body place} : "屋面 面漏 漏水" AND {title body place} : "125" *'
    """
    phrases = [_phrase(words) for part in text.split() if (words := tokens(part))]
    columns = "title body" if len(phrases) == 1 else "title body place"
    return " AND ".join(f"{{{columns}}} : {phrase}" for phrase in phrases)


def _phrase(words: list[str]) -> str:
    if len(words) > 1 and len(words[-1]) == 1 and len(words[-2]) == 2 and words[-2].endswith(words[-1]):
        words = words[:-1]  # the end of what was typed need not be the end of the text
    goes_on = len(words[-1]) == 1 if _HAN.fullmatch(words[-1]) else len(words[-1]) >= _GOES_ON
    return f'"{" ".join(words)}"{" *" if goes_on else ""}'


class Words:
    """The index of one project, open. It belongs to the thread that made it.

    Several may be open at once: one thread brings it up to date, another asks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = self._opened()

    def _opened(self) -> Connection:
        """Open the file; throw away what is damaged or of another format.

        One at a time: a file that another thread is just making has no format
        yet, and would be thrown away under its hands.
        """
        with _OPENING:
            return self._found_or_made()

    def _found_or_made(self) -> Connection:
        if (found := self._found()) is not None:
            return found
        self.discard()
        connection = Connection(self._path)
        self._prepare(connection)
        with connection.transaction():
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO state VALUES ('format', ?)", (str(_FORMAT),))
        return connection

    def _found(self) -> Connection | None:
        """Return the index that is there; None, and nothing left open, if it is damaged or of another format."""
        connection = Connection(self._path)
        try:
            self._prepare(connection)
            if connection.scalar("SELECT value FROM state WHERE key = 'format'") == str(_FORMAT):
                return connection
        except StoreBusy:
            connection.close()
            raise
        except (FieldSurveyError, sqlite3.Error):
            pass  # a damaged one is made anew
        connection.close()
        return None

    @staticmethod
    def _prepare(connection: Connection) -> None:
        connection.execute(f"PRAGMA journal_mode={journal_mode()}")
        connection.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is read again
        connection.execute("PRAGMA cache_size=-8192")

    def discard(self) -> None:
        """Delete the files of the index."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- keeping up ----------------------------------------------------------------------------------------------

    def update(self, store: Store, sources: Iterable[Source], control: JobControl | None = None) -> int:
        """Bring the index up to the state of the project; return how many rows were read.

        Raises:
            JobCancelled: If the user stopped it; what was read so far stays.
        """
        control = control or JobControl()
        sources = list(sources)
        read = sum(self._update_table(store, source, control) for source in sources)
        self._forget_tables({source.table for source in sources})
        return read

    def _update_table(self, store: Store, source: Source, control: JobControl) -> int:
        mark = hashlib.sha256(store.row_print(source.table) + repr(source).encode()).hexdigest()
        key = f"table {source.table}"
        state = dict(self._db.rows("SELECT key, value FROM state WHERE key IN (?, ?)", (key, f"shape {source.table}")))
        if state.get(key) == mark:
            return 0
        shape = hashlib.sha256(repr(replace(source, places={})).encode()).hexdigest()
        if state.get(f"shape {source.table}") != shape:
            self._forget(source.table, None)
            self._note(f"shape {source.table}", shape)
        there = {uid: rev for uid, rev, _community in store.row_versions(source.table)}
        known = self._known(source)
        gone = [uid for uid in known if uid not in there]
        fresh = [uid for uid, rev in there.items() if known.get(uid) != rev]
        self._forget(source.table, [*gone, *(uid for uid in fresh if uid in known)])
        have = {column.name for column in store.tables()[source.table].columns}
        columns = [name for name in source.columns if name in have]
        for first in range(0, len(fresh), _PART):
            control.step(first, len(fresh), source.table)
            self._write(source, store.row_values(source.table, fresh[first : first + _PART], columns), there)
        self._note(key, mark)
        return len(fresh)

    def _known(self, source: Source) -> dict[str, int]:
        """Return the revision of every row of a table in the index; none where what it lies in has another name now."""
        sql = "SELECT uid, rev, inside, place FROM doc WHERE tbl = ?"
        return {
            uid: rev if source.places.get(inside, "") == place else _RENAMED
            for uid, rev, inside, place in self._db.each(sql, (source.table,))
        }

    def _note(self, key: str, value: str) -> None:
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, value))

    def _write(self, source: Source, rows: Sequence[Mapping[str, Value]], revs: Mapping[str, int]) -> None:
        with self._db.transaction():
            for row in rows:
                uid = str(row["uid"])
                title, body = source.document(row)
                owner = str(row.get(source.owner) or "") if source.owner else ""
                community = uid if source.table == "community" else self._community(row, owner)
                inside = str(row.get(source.inside) or community)
                place = source.places.get(inside, "")
                values = (uid, source.table, source.kind, revs[uid], community, owner, inside, title, body, place)
                self._db.execute(f"INSERT INTO doc ({_DOC}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
                self._db.execute(
                    "INSERT INTO word (rowid, kind, title, body, place) VALUES (last_insert_rowid(), ?, ?, ?, ?)",
                    (source.kind, *map(_spaced, (title, body, place))),
                )

    def _community(self, row: Mapping[str, Value], owner: str) -> str:
        """Return the community of a row; that of a row of a list is the one of its record, which was read before."""
        known = row.get("community_uid") or (
            owner and self._db.scalar("SELECT community FROM doc WHERE uid = ?", (owner,))
        )
        return str(known or "")

    def _forget(self, table: str, uids: Sequence[str] | None) -> None:
        """Take rows out of the index; None: all of the table."""
        columns = "SELECT id, kind, title, body, place FROM doc WHERE tbl = ?"
        with self._db.transaction():
            if uids is None:
                rows = self._db.rows(columns, (table,))
            else:
                rows = [row for uid in uids for row in self._db.rows(f"{columns} AND uid = ?", (table, uid))]
            for number, kind, *texts in rows:
                self._db.execute(
                    "INSERT INTO word (word, rowid, kind, title, body, place) VALUES ('delete', ?, ?, ?, ?, ?)",
                    (number, kind, *map(_spaced, texts)),
                )
                self._db.execute("DELETE FROM doc WHERE id = ?", (number,))

    def _forget_tables(self, there: set[str]) -> None:
        for (table,) in self._db.rows("SELECT DISTINCT tbl FROM doc"):
            if table not in there:
                self._forget(table, None)

    # --- asking --------------------------------------------------------------------------------------------------

    def find(self, text: str, kinds: Sequence[str], limit: int = 20) -> dict[str, list[Found]]:
        """Return the best rows of each kind: those whose title fits, shorter ones first."""
        wanted = query(text)
        if not wanted:
            return {}
        found = {}
        for kind in kinds:
            listed = "d.kind, d.tbl, d.uid, d.community, d.owner, d.title, d.place, d.body"
            sql = f"SELECT {listed} FROM word w JOIN doc d ON d.id = w.rowid WHERE word MATCH ? LIMIT ?"
            asked = f"kind : {kind} AND {wanted}"
            rows = [_found(row, text) for row in self._db.rows(sql, (asked, _CANDIDATES))]
            if rows:
                found[kind] = sorted(rows, key=_order(text))[:limit]
        return found


def _spaced(text: str) -> str:
    return " ".join(tokens(text))


def _found(row: Sequence[str], text: str) -> Found:
    *head, body = row
    parts = text.lower().split()
    fits = (line for line in body.splitlines() if any(part in line.lower() for part in parts))
    kind, table, uid, community, owner, title, place = head
    return Found(kind, table, uid, community, owner, title, place, next(fits, ""))


def _order(text: str) -> Callable[[Found], tuple[bool, bool, int, str]]:
    wanted = text.strip().lower()

    def key(found: Found) -> tuple[bool, bool, int, str]:
        title = found.title.lower()
        return wanted not in title, not title.startswith(wanted), len(title), title

    return key
