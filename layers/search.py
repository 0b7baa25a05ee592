"""Search by Chinese name, full pinyin, pinyin initials or code, as fast as typing."""

from collections.abc import Iterable
from dataclasses import dataclass

_AS_WRITTEN = "\0"  # marks what is no Chinese character


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

    def prepare(self) -> list[_Entry]:
        """Work out the pinyin, once. From any thread: at worst it is done twice, with the same result."""
        if self._entries is None:
            self._entries = [_entry(uid, name, code) for uid, name, code in self.items]
        return self._entries

    def find(self, text: str, limit: int = 20) -> list[Hit]:
        """Return the best hits: exact, then beginning, then inside; name, then initials, then pinyin, then code."""
        wanted = text.strip().lower().replace(" ", "")
        if not wanted:
            return []
        ranked = [
            (rank, entry.hit.name, entry.hit) for entry in self.prepare() if (rank := _rank(entry, wanted)) is not None
        ]
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
    from pypinyin import lazy_pinyin

    sounds = lazy_pinyin(name, errors=lambda other: _AS_WRITTEN + other)
    initials = "".join(sound[1:] if sound.startswith(_AS_WRITTEN) else sound[:1] for sound in sounds)
    full = "".join(sound.removeprefix(_AS_WRITTEN) for sound in sounds)
    return _Entry(Hit(uid, name, code), (name.lower(), initials.lower(), full.lower(), code.lower()))
