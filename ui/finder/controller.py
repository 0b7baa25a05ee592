"""The search over everything (Ctrl+F) and the command palette (Ctrl+K) of the window."""

from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Slot

from fieldsurvey.assess.needed import FORMS
from fieldsurvey.i18n import _, language
from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.schema import TableKind
from fieldsurvey.store import Store
from fieldsurvey.store.words import Found as Row
from layers.search import Hit, Index
from survey_forms.definitions import title
from survey_forms.records import Subject
from survey_forms.searching import ANSWER, ASSET, BUILDING, PLACE, asked_at
from ui.finder.box import FinderBox
from ui.finder.commands import Commands, commands_of
from ui.finder.entry import Found, Group
from ui.finder.search import Answer, SearchEngine

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_MOST = 8  # lines of one group
_MANY = frozenset(form.form_id for form in FORMS if form.many)


class Finder(QObject):
    """Finds what was asked for, and goes there."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.engine = SearchEngine(window.store_runner, window.holder, window.project, self)
        self.engine.ready.connect(self._index_ready)
        self.engine.progressed.connect(self._tell_progress)
        self.search = FinderBox("finder", _("Search everything"), _("Name, initials, code, address, answer"), window)
        self.search.typed.connect(self._ask)
        self.palette = FinderBox("palette", _("Commands"), _("Command, workspace, project, community"), window)
        self.palette.typed.connect(self._ask_command)
        self._commands: Commands | None = None

    # --- everything ----------------------------------------------------------------------------------------------

    def open_search(self, text: str | bool = "") -> None:
        """Search communities, buildings, addresses and answers; with words to begin with, or none (a menu's False)."""
        if self._window.project.current is None:
            self.open_palette()
            return
        self.search.say("" if self.engine.is_ready else _("The index is being brought up to date …"))
        self.engine.update()
        self.search.ask(text if isinstance(text, str) else "")

    @Slot(str)
    def _ask(self, text: str) -> None:
        communities = self._window.communities.index
        self.engine.ask(text, self._answered, partial(_found, communities))

    @Slot()
    def _index_ready(self) -> None:
        self.search.say(_("↑ ↓ choose · Enter goes there · Esc closes"))
        if self.search.isVisible():
            self._ask(self.search.line.text())

    @Slot(int, int)
    def _tell_progress(self, done: int, total: int) -> None:
        self.search.say(_("The index is being brought up to date: {done}/{total}").format(done=done, total=total))

    @Slot(object)
    def _answered(self, result: object) -> None:
        text, hits, rows = cast("tuple[str, list[Hit], Answer]", result)
        groups = [
            Group(_("Communities"), self._communities(hits, rows.get(PLACE, []))),
            Group(_("Buildings and units"), [self._asset(row) for row in rows.get(BUILDING, [])[:_MOST]]),
            Group(_("Answers"), [self._answer(row) for row in rows.get(ANSWER, [])[:_MOST]]),
            Group(_("Other features"), [self._asset(row) for row in rows.get(ASSET, [])[:_MOST]]),
        ]
        self.search.show_groups(text, [group for group in groups if group.entries])

    def _communities(self, hits: list[Hit], rows: list[Row]) -> list[Found]:
        """Return the communities found by name, then those by address or number."""
        named = {hit.uid: Found(hit.name, self._where(hit.uid), hit.code, self._go(hit.uid)) for hit in hits}
        others = [row for row in rows if row.uid not in named]
        return [*named.values(), *(Found(r.title, r.line, "", self._go(r.uid)) for r in others)][:_MOST]

    def _where(self, uid: str) -> str:
        now = self._window.project.current
        values = now.communities.get(uid, {}) if now else {}
        return " ".join(str(values.get(name) or "") for name in ("district", "subdistrict")).strip()

    def _name(self, uid: str) -> str:
        now = self._window.project.current
        return str(now.communities.get(uid, {}).get("name") or "") if now else ""

    def _asset(self, row: Row) -> Found:
        label = ASSET_BY_NAME[row.table].label
        detail = " · ".join(filter(None, (row.place or self._name(row.community), row.line)))
        return Found(row.title or label, detail, label, partial(self._show_asset, row))

    def _answer(self, row: Row) -> Found:
        name = self._form_name(row.table.split("__")[0], row.community)
        detail = " · ".join(filter(None, (row.place, name)))
        return Found(row.line or name, detail, "", partial(self._open_record, row))

    def _form_name(self, form: str, community: str) -> str:
        now = self._window.project.current
        own = now.progress[community].beside.get(form) if now and community in now.progress else None
        return title(form, language()) or (own.title if own else "") or form

    # --- going there ---------------------------------------------------------------------------------------------

    def _go(self, uid: str) -> partial[None]:
        return partial(self.show_community, uid)

    def show_community(self, uid: str) -> None:
        """Show a community on the map, with its forms beside it."""
        self._window.show_workspace("map")
        self._window.open_community(uid)

    def _show_asset(self, row: Row) -> None:
        window = self._window
        window.show_workspace("map")
        if row.community:
            window.choose_community(row.community)
        if window.canvas.zoom_to_feature(row.table, row.uid):
            window.canvas.select_features(frozenset({(row.table, row.uid)}))
            window.canvas.setFocus()

    def _open_record(self, row: Row) -> None:
        job = self._window.store_runner.start(lambda _control: _place(self._window.holder.store, row), quick=True)
        job.succeeded.connect(self._record_found)

    @Slot(object)
    def _record_found(self, place: object) -> None:
        if place is not None:
            subject, path = cast("tuple[Subject, str]", place)
            self._window.open_record(subject, path)

    # --- commands ------------------------------------------------------------------------------------------------

    @Slot()
    def open_palette(self) -> None:
        """Offer every command, workspace, recent project and community."""
        self._commands = commands_of(self._window)
        self.palette.say(_("↑ ↓ choose · Enter does it · Esc closes"))
        self.palette.ask()

    @Slot(str)
    def _ask_command(self, text: str) -> None:
        commands, communities = self._commands, self._window.communities.index
        if commands is not None:
            is_open = self._window.project.current is not None

            def look(words: str) -> object:
                commands.index.prepare()
                return commands.fitting(words), _found(communities, words) if is_open else []

            self.engine.ask("", partial(self._commands_found, text), lambda _none: look(text))

    def _commands_found(self, text: str, result: object) -> None:
        _empty, found, _rows = cast("tuple[str, tuple[list[Group], list[Hit]], Answer]", result)
        groups, hits = found
        places = [Found(hit.name, self._where(hit.uid), hit.code, self._go(hit.uid)) for hit in hits]
        self.palette.show_groups(text, [*groups, *([Group(_("Communities"), places)] if places else [])])

    def close(self) -> None:
        """Stop; call before the store thread is stopped."""
        self.engine.close()


def _place(store: Store, row: Row) -> tuple[Subject, str] | None:
    """Return which form holds a row that was found, and at which of its questions. Runs in the store thread.

    None if the record is gone.
    """
    subject = _subject(store, row)
    return None if subject is None else (subject, asked_at(store, row.table, row.uid, row.line))


def _subject(store: Store, row: Row) -> Subject | None:
    """Return which form holds a row that was found; of a list in a form, the form around it."""
    table, uid = row.table, row.uid
    tables = store.tables()
    found = store.get(uid)
    while found is not None and tables[table].kind is TableKind.REPEAT:
        table, uid = tables[table].parent, str(found.values["parent_uid"])
        found = store.get(uid)
    if found is None:
        return None
    values = found.values
    return Subject(table, str(values["community_uid"]), str(values["subject_uid"]), uid if table in _MANY else "")


def _found(communities: Index, words: str) -> list[Hit]:
    """Search in the thread that may wait until the pinyin is known: right after the project was opened."""
    communities.prepare()
    return communities.find(words, _MOST)
