"""Search by Chinese name, full pinyin, pinyin initials or code, as fast as typing."""

from collections.abc import Iterable
from dataclasses import dataclass

from fieldsurvey.jobs import JobControl
from layers.sounds import learn, sound_of


@dataclass(frozen=True, slots=True)
class Hit:
    """One place found."""

    uid: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class _Entry:
    hit: Hit
    keys: tuple[str, ...]  # name, initials, full pinyin, code; best first


class Index:
    """The names of a project."""

    def __init__(self, items: Iterable[tuple[str, str, str]]) -> None:
        """Take (uid, name, code) of everything that can be found; the pinyin is worked out by prepare()."""
        self.items = list(items)
        self._entries: list[_Entry] | None = None

    def __len__(self) -> int:
        return len(self.items)

    @property
    def is_ready(self) -> bool:
        """Say whether the pinyin is known."""
        return self._entries is not None or not self.items

    def prepare(self, control: JobControl | None = None) -> list[_Entry]:
        """Work out the pinyin, once. From any thread: at worst it is done twice, with the same result.

        Raises:
            JobCancelled: If the user stopped it.
        """
        if self._entries is None:
            learn((name for _uid, name, _code in self.items), control)
            self._entries = self._as_known()
        return self._entries

    def _as_known(self) -> list[_Entry]:
        return [_entry(uid, name, code) for uid, name, code in self.items]

    def find(self, text: str, limit: int = 20) -> list[Hit]:
        """Return the best hits: exact, then beginning, then inside; name, then initials, then pinyin, then code.

        Until prepare() is done, those by pinyin are missing.
        """
        wanted = text.strip().lower().replace(" ", "")
        if not wanted:
            return []
        entries = self._entries or self._as_known()
        ranked = [(rank, entry.hit.name, entry.hit) for entry in entries if (rank := _rank(entry, wanted)) is not None]
        ranked.sort(key=lambda item: (item[0], len(item[1]), item[1]))
        return [hit for _rank, _name, hit in ranked[:limit]]


def _rank(entry: _Entry, wanted: str) -> int | None:
    best: int | None = None
    for place, key in enumerate(entry.keys):
        at = key.find(wanted)
        if at < 0:
            continue
        how = 0 if key == wanted else 1 if at == 0 else 2
        rank = how * 10 + place
        best = rank if best is None else min(best, rank)
    return best


def _entry(uid: str, name: str, code: str) -> _Entry:
    initials, full = sound_of(name)
    return _Entry(Hit(uid, name, code), (name.lower(), initials.lower(), full.lower(), code.lower()))
