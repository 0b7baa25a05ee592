"""Settings of this user on this laptop, in one small file that is always whole."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from fieldsurvey.i18n import LANGUAGES
from fieldsurvey.paths import user_data

SCHEMA = 1
THEMES = ("light", "dark", "sun")
_MAX_RECENT = 8
_TEXTS = ("hub", "token", "certificate", "seal_picture", "timestamp_url", "table", "geometry", "place_day",
          "body_font", "title_font", "readout")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How the tables of one project were left.

    Attributes:
        columns: Table -> its columns, as they were chosen and ordered.
        widths: Table -> column -> its width, px, where a person has changed it.
        splitters: Name of a splitter -> the sizes of its parts, px.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    widths: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    splitters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is remembered between two starts.

    Attributes:
        language: One of LANGUAGES.
        theme: One of THEMES.
        touch: Whether targets are large enough for fingers and gloves.
        recent: Project files opened last, newest first.
        hub: Where was synced last: URL, folder or file.
        token: Token for that hub.
        login, name: Who works on this laptop.
        certificate, seal_picture: Files that were signed with last; no password and no key is kept.
        timestamp_url: Time-stamp service for signatures (RFC 3161); empty: none.
        body_font, title_font: The office's own typefaces (仿宋, 小标宋) for the papers; empty: ours.
        role: What that person is in the review where no hub says it (model.role.Role).
        splitter: Widths of the three columns of the main window, px; empty: as the screen is.
        away: Which of them are put away: "list", "panel".
        table: The table that was looked at last.
        columns: Table -> its columns, as they were chosen last in any project, for projects where nobody chose yet.
        looks: Project file -> how its tables were left.
        geometry: Place and size of the window, as Qt packs them, in base64.
        place: Where the person was: project, workspace, community, form, subject, record; empty: nowhere.
        place_day: The day (ISO) on which the person was there.
        tips: Tips on first use that were put away.
        readout: In which system the map tells places (geo.readout); of a local grid its name, never its parameters.
    """

    language: str = LANGUAGES[0]
    theme: str = THEMES[0]
    touch: bool = False
    recent: tuple[str, ...] = ()
    hub: str = ""
    token: str = ""
    login: str = ""
    name: str = ""
    certificate: str = ""
    seal_picture: str = ""
    timestamp_url: str = ""
    body_font: str = ""
    title_font: str = ""
    role: str = ""
    splitter: tuple[int, ...] = ()
    away: tuple[str, ...] = ()
    table: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looks: Mapping[str, Look] = field(default_factory=dict)
    geometry: str = ""
    place: tuple[str, ...] = ()
    place_day: str = ""
    tips: tuple[str, ...] = ()
    readout: str = "project"

    def with_recent(self, project: Path) -> Self:
        """Return the settings with a project at the top of the recent ones."""
        path = str(project.absolute())
        return replace(self, recent=(path, *(other for other in self.recent if other != path))[:_MAX_RECENT])

    def with_look(self, project: str, look: Look) -> Self:
        """Return the settings with how the tables of a project were left; projects no longer listed are forgotten."""
        kept = {path: found for path, found in self.looks.items() if path in self.recent}
        return replace(self, looks={**kept, project: look})


def load() -> tuple[Settings, str]:
    """Return the settings, and what was wrong with their file: empty if nothing.

    A file that cannot be read is set aside, not overwritten.
    """
    place = _place()
    if not place.exists():
        return Settings(), ""
    try:
        raw: dict[str, Any] = json.loads(place.read_text("utf-8"))
        return _checked(raw), ""
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        aside = place.with_suffix(".broken.json")
        place.replace(aside)
        return Settings(), f"{aside.name}: {error}"


def save(settings: Settings) -> None:
    """Write the settings: the old file or the new one, never half."""
    place = _place()
    temporary = place.with_suffix(".tmp")
    temporary.write_text(json.dumps({"schema": SCHEMA, **asdict(settings)}, ensure_ascii=False, indent=1), "utf-8")
    temporary.replace(place)


def _place() -> Path:
    return user_data() / "settings.json"


def _checked(raw: dict[str, Any]) -> Settings:
    known = {entry.name: raw[entry.name] for entry in fields(Settings) if entry.name in raw}
    for name in ("tips", "recent", "splitter", "away", "place"):
        if name in known:
            known[name] = tuple(known[name])
    if "columns" in known:
        known["columns"] = {str(table): tuple(map(str, names)) for table, names in known["columns"].items()}
    if "looks" in known:
        known["looks"] = {str(project): _look(found) for project, found in known["looks"].items()}
    settings = Settings(**known)
    if settings.language not in LANGUAGES or settings.theme not in THEMES:
        raise ValueError(f"{settings.language}, {settings.theme}")
    if not all(isinstance(text, str) for text in _texts(settings)):
        raise TypeError(", ".join(("recent", "place", "tips", "away", *_TEXTS)))
    if not isinstance(settings.touch, bool):
        raise TypeError("touch")
    return settings


def _look(raw: dict[str, Any]) -> Look:
    return Look(
        {str(table): tuple(map(str, names)) for table, names in raw["columns"].items()},
        {str(table): {str(c): int(px) for c, px in found.items()} for table, found in raw["widths"].items()},
        {str(name): tuple(map(int, sizes)) for name, sizes in raw["splitters"].items()},
    )


def _texts(settings: Settings) -> tuple[object, ...]:
    return (
        *settings.recent,
        *settings.place,
        *settings.tips,
        *settings.away,
        *(getattr(settings, name) for name in _TEXTS),
    )
