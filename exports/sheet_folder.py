"""Which file of a folder is the sheet of which community, so that a sheet made before a community was renamed is known.

The list lies in the folder itself: it goes where the folder goes. It is a help
and no more: a folder without it, or with a damaged one, is filled all the same.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LIST = ".fieldsurvey-sheets.json"


@dataclass(slots=True)
class SheetFolder:
    """A folder of sheets.

    Attributes:
        folder: Where it is.
        known: Uid of the community and template -> name of its file, and the SHA-256 of what was written.
    """

    folder: Path
    known: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "SheetFolder":
        """Return what the list of a folder says; nothing if it has none that can be read."""
        known: dict[str, tuple[str, str]] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            raw = json.loads((folder / LIST).read_text(encoding="utf-8"))
            known = {str(key): (Path(str(name)).name, str(sha)) for key, (name, sha) in raw.items()}
        return cls(folder, known)

    def settle(
        self, there: Mapping[str, tuple[Path, bool]], template: str, gone: Collection[str]
    ) -> tuple[list[Path], list[Path]]:
        """Note what was written; return what earlier exports left under other names: taken away, and still there.

        A file is taken away if nobody touched it since it was written here and
        its community has a new one. What a person signed or changed stays.

        Args:
            there: Uid -> file, and whether this export wrote it: one that was there may have been signed since.
            template: What kind of sheet.
            gone: Uids of communities that the project no longer has.
        """
        taken: list[Path] = []
        left: list[Path] = []
        for uid, (file, is_new) in there.items():
            old, sha = self.known.get(key := f"{uid}/{template}", (file.name, ""))
            self.known[key] = (file.name, _digest(file) if is_new else sha if old == file.name else "")
            earlier = self.folder / old
            if old == file.name or not earlier.is_file() or self._is_of_another(key, old):
                continue
            (taken if self._take_away(earlier, sha) else left).append(earlier)
        left += [self.folder / name for key, (name, _sha) in self.known.items() if key.partition("/")[0] in gone]
        self._write()
        return taken, sorted(file for file in set(left) if file.is_file())

    def uids(self, template: str) -> set[str]:
        """Return the communities that have a sheet of a template here."""
        return {uid for uid, _slash, kind in (key.partition("/") for key in self.known) if kind == template}

    def _is_of_another(self, key: str, name: str) -> bool:
        return any(name == other for each, (other, _sha) in self.known.items() if each != key)

    def _take_away(self, file: Path, sha: str) -> bool:
        if not sha or _digest(file) != sha:
            return False
        with contextlib.suppress(OSError):  # open in another program: it is told as left
            file.unlink()
            return True
        return False

    def _write(self) -> None:
        partial = self.folder / f"{LIST}.{os.getpid()}.part"
        with contextlib.suppress(OSError):
            text = json.dumps(self.known, ensure_ascii=False, indent=0, sort_keys=True)
            partial.write_text(text, encoding="utf-8")
            partial.replace(self.folder / LIST)


def _digest(file: Path) -> str:
    with contextlib.suppress(OSError):
        return hashlib.sha256(file.read_bytes()).hexdigest()
    return ""
