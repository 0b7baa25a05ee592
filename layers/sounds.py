"""How Chinese names sound, for search by pinyin.

A child works it out and ends: the dictionary of pypinyin takes 57 MB, which a
window would keep as long as it is open.
"""

import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fieldsurvey.children import answer_of
from fieldsurvey.jobs import JobControl

_AS_WRITTEN = "\0"  # marks what is no Chinese character
_known: dict[str, tuple[str, str]] = {}


def learn(names: Iterable[str], control: JobControl | None = None) -> None:
    """Work out how names sound that are not known yet. From any thread: at worst it is done twice, with one result.

    Raises:
        JobCancelled: If the user stopped it.
    """
    unknown = sorted({name for name in names if not name.isascii()} - _known.keys())
    if not unknown:
        return
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-sounds-") as folder:
        asked, told = Path(folder, "names.json"), Path(folder, "sounds.json")
        asked.write_text(json.dumps(unknown), "utf-8")
        code, _answer = answer_of("layers.sounds", [str(asked), str(told)], control or JobControl())
        if code:  # there was no room for a child; there may be for the dictionary
            _known.update((name, _worked_out(name)) for name in unknown)
            return
        found = json.loads(told.read_text("utf-8"))
    _known.update((name, (initials, full)) for name, (initials, full) in zip(unknown, found, strict=True))


def sound_of(name: str) -> tuple[str, str]:
    """Return initials and full pinyin; what is not Chinese stands as it is; of a name that was not learned, nothing."""
    return (name, name) if name.isascii() else _known.get(name, ("", ""))


def _worked_out(name: str) -> tuple[str, str]:
    """Return initials and full pinyin.

    >>> _worked_out("重庆路A3")
    ('cqlA3', 'chongqingluA3')
    """
    from pypinyin import lazy_pinyin

    sounds = lazy_pinyin(name, errors=lambda other: _AS_WRITTEN + other)
    initials = "".join(sound[1:] if sound.startswith(_AS_WRITTEN) else sound[:1] for sound in sounds)
    return initials, "".join(sound.removeprefix(_AS_WRITTEN) for sound in sounds)


def main(arguments: list[str]) -> int:
    """Work as the child process: read names, write their sounds."""
    asked, told = arguments
    names = json.loads(Path(asked).read_text("utf-8"))
    Path(told).write_text(json.dumps([_worked_out(name) for name in names]), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
