"""Everything that can be done in the window now, by name: for the command palette and the keyboard map."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from fieldsurvey.i18n import _
from layers.search import Index
from ui.finder.entry import Found, Group

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_MOST = 40  # lines of one group


@dataclass(frozen=True, slots=True)
class Commands:
    """What can be done, and how it is found.

    Attributes:
        groups: Under headings, in the order of the menus.
        index: Its names, with pinyin.
    """

    groups: list[Group]
    index: Index

    def fitting(self, text: str) -> list[Group]:
        """Return what fits to words: names, pinyin initials, full pinyin, English names."""
        if not text.strip():
            return self.groups
        entries = {id(entry): (group.heading, entry) for group in self.groups for entry in group.entries}
        found: dict[str, list[Found]] = {}
        for hit in self.index.find(text, _MOST):
            heading, entry = entries[int(hit.uid)]
            found.setdefault(heading, []).append(entry)
        return [Group(heading, chosen) for heading, chosen in found.items()]


def commands_of(window: "MainWindow") -> Commands:
    """Return every command of the window that can be used now."""
    groups = [
        Group(_("Workspaces"), list(_workspaces(window))),
        Group(_("Commands"), list(_actions(window))),
        Group(_("Recent projects"), list(_recent(window))),
    ]
    names = [(str(id(e)), e.title, _plain(e.detail)) for group in groups for e in group.entries]
    return Commands([group for group in groups if group.entries], Index(names))


def _plain(text: str) -> str:
    return text.replace(" ", "")


def _workspaces(window: "MainWindow") -> Iterable[Found]:
    if window.project.current is None:
        return
    for name in window.workspaces.names:
        button = window.findChild(QToolButton, f"rail_{name}")
        if isinstance(button, QToolButton):
            keys = shown_keys(button.shortcut())
            yield Found(button.text(), _("Workspace"), keys, partial(window.show_workspace, name))


def _actions(window: "MainWindow") -> Iterable[Found]:
    seen: set[str] = set()
    for action in actions_of(window):
        title = name_of(action)
        if action.isEnabled() and title not in seen:
            seen.add(title)
            yield Found(title, menu_of(action), shown_keys(action.shortcut()), action.trigger)


def actions_of(window: "MainWindow") -> list[QAction]:
    """Return every action with a name, in the order it was made; none of menus, separators or editors of text."""
    actions = window.findChildren(QAction)
    return [a for a in actions if a.text().strip() and a.menu() is None and not a.isSeparator()]


def menu_of(action: QAction) -> str:
    """Return the title of the menu an action is in, or the help of its tool bar button."""
    for place in action.associatedObjects():
        if isinstance(place, QMenu) and place.title():
            return plain_text(place.title())
    owner = action.parent()
    return owner.accessibleName() if isinstance(owner, QWidget) else ""


def _recent(window: "MainWindow") -> Iterable[Found]:
    for path in window.settings.recent:
        yield Found(Path(path).stem, path, "", partial(window.opening.open_project, Path(path)))


def name_of(action: QAction) -> str:
    """Return what an action is called; of one with a sign for a name, its help."""
    text = plain_text(action.text())
    return text if any(sign.isalpha() for sign in text) else action.toolTip().partition("(")[0].strip()


def plain_text(text: str) -> str:
    """Return a name without the mark of its access key."""
    return text.replace("&", "").strip()


def shown_keys(keys: QKeySequence) -> str:
    """Return keys as people write them."""
    return keys.toString(QKeySequence.SequenceFormat.NativeText)
