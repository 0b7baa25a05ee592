"""The main window: rail, communities, map, forms; the state of the work in one line at the bottom."""

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QInputDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.settings import Settings
from fieldsurvey.store.backup import Backup
from fieldsurvey.store.verifying import verify_beside
from survey_forms.records import Subject
from ui import icon, shown, theme
from ui.actions import make_menus
from ui.around import Around
from ui.clock import ClockWatch
from ui.collecting import Collector
from ui.communities import CommunityPanel
from ui.desk import Desk, make_conflicts, make_exports, make_importer, make_plan, make_review, make_tables
from ui.finder.commands import commands_of
from ui.finder.controller import Finder
from ui.fitting import Room, StateLine
from ui.forms.controller import FormController
from ui.forms.list import FormsList
from ui.forms.panel import FormPanel
from ui.forms.returned import ReturnedNotes
from ui.forms.shelf import FormShelf
from ui.help.desk import HelpDesk
from ui.jobs import JobRunner
from ui.links import LinkLabel
from ui.map.picking import MapPicker
from ui.map.readout import SystemLabel, offer_menu
from ui.map.workspace import MapWorkspace
from ui.memory import Frugal
from ui.place import Place
from ui.project.describe import tip
from ui.project.holder import StoreHolder
from ui.project.opening import ProjectOpening
from ui.project.overview import Overview
from ui.project.session import ProjectSession
from ui.project.start import StartPage
from ui.remembered import Remembered
from ui.rest import Rest
from ui.sync.panel import SyncPanel
from ui.today.desk import TodayDesk
from ui.warming import Warming
from ui.workspaces import Workspaces

if TYPE_CHECKING:
    from ui.exports.panel import ExportPanel
    from ui.plan.panel import PlanPanel
    from ui.project.handover import Handover
    from ui.project.import_panel import ImportPanel
    from ui.review.panel import ReviewPanel

_BY_KEY = Qt.TextInteractionFlag.LinksAccessibleByKeyboard
_TROUBLE_MS = 15_000
_BELOW = 120  # px: the buttons below a sentence
_LEAST = (560, 320)  # px: 1366 x 768 at 200 % without what a task bar and a frame take
_SEARCH_MS = 1_200  # the pinyin of names can wait until the map is on the screen
_READ_LATER = ("ui.tables.panel", "ui.review.panel", "ui.plan.panel", "ui.exports.panel", "ui.project.import_panel")


class MainWindow(QMainWindow):
    """The window of one project.

    Signals:
        theme_changed: (name) another theme was chosen.
        community_chosen: (uid) a community is selected.
        language_chosen: (language) the window is to be made anew in another language.
    """

    theme_changed = Signal(str)
    community_chosen = Signal(str)
    language_chosen = Signal(str)

    def __init__(self, remembered: Settings) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle(_("Renovation survey"))
        self.setMinimumSize(*_LEAST)
        self.resize(QSize(1366, 740).boundedTo(self.screen().availableSize()))
        self.remembered = Remembered(remembered, self)
        self._is_closed = False
        self.rest = Rest(self)
        self.collector = Collector(self.rest, self)
        self.holder = StoreHolder()
        self.store_runner = JobRunner(self, "store", self.holder.may_pause)
        self.work_runner = JobRunner(self, "work")
        self.project = ProjectSession(self.store_runner, self.holder, self)
        self._search_later = QTimer(self, singleShot=True, interval=_SEARCH_MS)
        self._search_later.setObjectName("search_later")
        self._make_parts()
        self._lay_out()
        self.desk = Desk(self)
        make_menus(self)
        self._connect()
        self.place = Place(self)
        self.warming = Warming(self.workspaces, self.rest, self)
        self.canvas.first_drawn.connect(self.warming.start)
        self.clock = ClockWatch(self)
        self.frugal = Frugal(self.work_runner, self)
        self.clock.told.connect(self.tell_trouble)
        self.remembered.failed.connect(self._tell_trouble)
        self.show_start()

    @property
    def settings(self) -> Settings:
        """What this laptop remembers."""
        return self.remembered.now

    @property
    def importer(self) -> "ImportPanel":
        """The import workspace, made now if nobody has seen it."""
        return cast("ImportPanel", self.workspaces.page("import"))

    @property
    def review(self) -> "ReviewPanel":
        """The review workspace, made now if nobody has seen it."""
        return cast("ReviewPanel", self.workspaces.page("review"))

    @property
    def plan(self) -> "PlanPanel":
        """The plan workspace, made now if nobody has seen it."""
        return cast("PlanPanel", self.workspaces.page("plan"))

    @property
    def exports(self) -> "ExportPanel":
        """The export workspace, made now if nobody has seen it."""
        return cast("ExportPanel", self.workspaces.page("export"))

    def _make_parts(self) -> None:
        self.start = StartPage()
        self.start.person.setText(self.settings.name)
        self.opening = ProjectOpening(self.start, self.project, self.work_runner, self.remembered, self)
        self.communities = CommunityPanel()
        self.map_side = MapWorkspace(self.store_runner, self.work_runner, self.holder)
        self.canvas, self.legend = self.map_side.canvas, self.map_side.legend
        self.forms = FormsList()
        self.form_panel = FormPanel()
        self.form = FormController(self.form_panel, self.store_runner, self.holder, self.work_runner)
        self.form.places.use_map(MapPicker(self.canvas, lambda: self.map_side.crs), self.map_side.positioning)
        self.returned = ReturnedNotes(self.forms, self.store_runner, self.holder)
        self.shelf = FormShelf(self.forms, self.form, (self.store_runner, self.work_runner), self.holder)
        self.sync = SyncPanel(self.store_runner, self.work_runner, self.holder, self.settings)
        self.finder = Finder(self)
        self.help = HelpDesk(self)
        self.today = TodayDesk(self)

    def _lay_out(self) -> None:
        self.around = Around(self)
        self.right, self.columns = self.around.right, self.around.columns
        self.workspaces = Workspaces()
        for name, word, page in (
            ("today", _("Today"), self.today.make_page),
            ("map", _("Map"), self.columns),
            ("table", _("Table"), partial(make_tables, self)),
            ("import", _("Import"), partial(make_importer, self)),
            ("review", _("Review"), partial(make_review, self)),
            ("conflicts", _("Conflicts"), partial(make_conflicts, self)),
            ("plan", _("Plan"), partial(make_plan, self)),
            ("sync", _("Sync"), self.sync),
            ("export", _("Export"), partial(make_exports, self)),
        ):
            self.workspaces.add(name, word, page)
        self.whole = QStackedWidget()
        self.whole.setObjectName("page")
        self.start_room = Room(self.start)
        self.whole.addWidget(self.start_room)
        self.whole.addWidget(self.workspaces)
        self.setCentralWidget(self.help.tips.above(self.whole))
        self.workspaces.shown.connect(self.help.tips.show_for)
        self._make_status()

    def _make_status(self) -> None:
        self.told: dict[str, QLabel] = {}
        names = ("saved", "unsent", "conflicts", "person", "building", "position", "system", "pointer", "crs", "scale")
        self.system = SystemLabel(self.map_side.readout)
        with_links: dict[str, QLabel] = {"system": self.system, "conflicts": LinkLabel()}
        for name in names:
            self.told[name] = label = with_links.get(name) or QLabel()
            label.setObjectName(f"status_{name}")
        offer_menu(self.told["pointer"], self.map_side.readout)
        giving_way = ("crs", "person", "pointer", "system", "scale", "building", "position")
        self.setStatusBar(StateLine(list(self.told.values()), 6, [self.told[name] for name in giving_way]))

    def _connect(self) -> None:
        self.project.opened.connect(self._was_opened)
        self.project.changed.connect(self._show)
        self.project.map_ready.connect(self.canvas.show_project)
        self.project.map_building.connect(self._tell_building)
        self.project.backed_up.connect(self._verify_backup)
        self.project.backup_failed.connect(self._tell_trouble)
        self.opening.start_wanted.connect(self.show_start)
        self.opening.handed_over.connect(self._take_handover)
        self.opening.told.connect(self.tell_trouble)
        self.start.person_named.connect(self.name_person)
        self.start.said.connect(self._show_message, Qt.ConnectionType.QueuedConnection)
        self.communities.picked.connect(self._pick_community)
        self.communities.names_changed.connect(self._search_later.start)
        self._search_later.timeout.connect(self._prepare_search)
        self.communities.opened.connect(self.open_community)
        self.communities.wider_wanted.connect(self.finder.open_search)
        self.canvas.community_picked.connect(self.choose_community)
        self.canvas.community_opened.connect(self.open_community)
        self.canvas.settled.connect(self.project.look_at)
        self.map_side.failed.connect(self._tell_trouble)
        self.map_side.positioning.told.connect(self.told["position"].setText)
        self.map_side.readout.told.connect(self.told["pointer"].setText)
        self.map_side.readout.chosen.connect(self._remember_readout)
        self.map_side.readout.use(self.settings.readout)
        self.workspaces.shown.connect(self.system.show_for)
        self.canvas.scale_changed.connect(self._tell_scale)
        self.forms.chosen.connect(self.open_form)
        self.forms.sheet_wanted.connect(self._show_sheet)
        self.form.kept.connect(self.told["saved"].setText)
        self.around.connect_all()
        self.sync.synced.connect(self.project.refresh)
        self.sync.target_changed.connect(self._remember_hub)
        self.sync.conflicts_wanted.connect(partial(self.show_workspace, "conflicts"))
        self.told["conflicts"].setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse | _BY_KEY)
        self.told["conflicts"].linkActivated.connect(lambda _link: self.show_workspace("conflicts"))
        self.theme_changed.connect(self.canvas.set_theme)

    # --- projects ------------------------------------------------------------------------------------------------

    @Slot()
    def show_start(self) -> None:
        """Show the start page."""
        self.whole.setCurrentWidget(self.start_room)
        self.system.show_for("")

    @Slot()
    def _show_message(self) -> None:
        """Scroll to what the start page says, and to what can be done about it; called once it has its place."""
        self.start_room.ensureWidgetVisible(self.start.message, 0, _BELOW)

    @Slot(object)
    def _was_opened(self, now: Overview) -> None:
        self.start.progress.hide()
        self.start.say("")
        self.remembered.keep(self.settings.with_recent(now.path))
        self.setWindowTitle(f"{now.name} — {_('Renovation survey')}")
        self.whole.setCurrentWidget(self.workspaces)
        self.map_side.clear_project()
        self._show(now)
        self.show_workspace("map" if now.communities else "import")
        self.clock.compare(now.last_saved_ms)
        self.name_person(self.start.person.text().strip())  # typed, and left by opening a project at once
        self._sign()
        checking = self.work_runner.start(lambda control: verify_beside(now.path, control))  # made at the last closing
        checking.failed.connect(self._tell_trouble)

    @Slot(object)
    def _take_handover(self, handover: "Handover") -> None:
        """Look into the files that a new project begins with."""
        for file in handover.basemaps:
            self.map_side.basemaps.add_file(file)
        self.show_workspace("import")
        self.importer.add_files(list(handover.files))

    @Slot()
    def ask_person(self) -> None:
        """Ask who works on this laptop."""
        name, is_sure = QInputDialog.getText(self, _("My name …"), _("Your name"), text=self.settings.name)
        if is_sure:
            self.name_person(name.strip())

    @Slot(str)
    def name_person(self, name: str) -> None:
        """Remember who works here; edits made from now on bear the name."""
        if name and name != self.settings.name:
            self.remembered.change(name=name, login=name)
            self.start.person.setText(name)
            self._sign()

    def _sign(self) -> None:
        login, name = self.settings.login, self.settings.name

        def work(_control: JobControl) -> None:
            if self.holder.is_open:
                self.holder.sign(login, name)

        self.store_runner.start(work, quick=True)  # before the saves that come after it, which are quick too
        self.told["person"].setText(name or _("Name not given"))

    @Slot(object)
    def _verify_backup(self, made: Backup) -> None:
        """Check the copy, and put older ones away, beside the work."""
        if (now := self.project.current) is not None:
            job = self.work_runner.start(lambda control: verify_beside(now.path, control, made))
            job.failed.connect(self._tell_trouble)

    @Slot(object)
    def _tell_trouble(self, error: Exception) -> None:
        """Tell what went wrong beside the work, without stopping it."""
        if not isinstance(error, FieldSurveyError | OSError):
            raise error
        self.tell_trouble(str(error))

    @Slot(str)
    def tell_trouble(self, text: str) -> None:
        """Tell a sentence beside the work."""
        self.statusBar().showMessage(f"⚠ {text}", _TROUBLE_MS)

    @Slot(object)
    def _show(self, now: Overview) -> None:
        """Show a project in every part of the window."""
        self.communities.show_project(now)
        self.canvas.set_states(now.states)
        self.canvas.set_conditions(now.conditions)
        self.canvas.set_tips(lambda uid: tip(now, uid) if uid in now.communities else "")
        self.map_side.show_project(now)
        self.workspaces.show_project(now)
        if self.forms.uid in now.communities:
            self._show_community(self.forms.uid)
        self._tell(now)

    # --- communities and forms -----------------------------------------------------------------------------------

    @Slot(str)
    def choose_community(self, uid: str) -> None:
        """Select a community everywhere; it takes the place of what was told of another thing."""
        if self.map_side.side.currentWidget() is self.map_side.details:
            self.around.show_forms()
        self.communities.select(uid)
        self.canvas.select(uid)
        self._show_community(uid)
        self.community_chosen.emit(uid)

    @Slot(str)
    def _pick_community(self, uid: str) -> None:
        """Select a community that was picked elsewhere than on the map, which follows."""
        self.choose_community(uid)
        self.canvas.reveal(uid)

    @Slot(str)
    def open_community(self, uid: str) -> None:
        """Select a community and show it large, with its forms beside it."""
        self.around.show_forms()
        self.locate_community(uid)
        self.around.bring_panel()

    def locate_community(self, uid: str) -> None:
        """Select a community and show it large."""
        self.choose_community(uid)
        if self.form.current is None:
            self.columns.show_part(self.map_side)
        self.canvas.zoom_to(uid)

    @Slot()
    def _prepare_search(self) -> None:
        if self.work_runner.is_open:  # quick: a backup may be checked just now
            job = self.work_runner.start(self.communities.index.prepare, quick=True)
            job.succeeded.connect(self.communities.search_again)
            self.work_runner.start(commands_of(self).index.prepare)
        for room in _READ_LATER:  # else they are read at the first click
            self.work_runner.start(partial(_read, room))

    def _show_community(self, uid: str) -> None:
        now = self.project.current
        if now is None or uid not in now.communities:
            return
        self.forms.show_community(uid, now.communities[uid], now.progress[uid])
        self.around.arrange()

    @Slot(object)
    def open_form(self, subject: Subject, path: str = "") -> None:
        """Open a form beside the map; at the question of a path, else where the person was in it."""
        self.form.open(subject, path)

    @Slot(object)
    def open_record(self, subject: Subject, path: str = "") -> None:
        """Open a form, with its community beside it on the map; at the question of a path."""
        self.show_workspace("map")
        self.open_community(subject.community_uid)
        self.open_form(subject, path)

    @Slot(str)
    def _show_sheet(self, uid: str) -> None:
        self.show_workspace("export")
        self.exports.show_sheet(uid)

    @Slot(str, str)
    def _remember_hub(self, target: str, token: str) -> None:
        self.remembered.change(hub=target, token=token)

    @Slot(str)
    def _remember_readout(self, choice: str) -> None:
        self.remembered.change(readout=choice)

    # --- telling -------------------------------------------------------------------------------------------------

    def show_workspace(self, name: str, _checked: bool = False) -> None:
        """Show a workspace."""
        self.workspaces.show_workspace(name)

    def _tell(self, now: Overview) -> None:
        if now.last_saved_ms:
            at = shown.clock(now.last_saved_ms)
            self.told["saved"].setText(_("Saved {time}").format(time=at))
        self.told["unsent"].setText(_("To send {n}").format(n=now.unsent))
        told = _("Conflicts {n}").format(n=now.conflicts)
        self.told["conflicts"].setText(f'<a href="conflicts">⇄ {told}</a>' if now.conflicts else told)
        self.told["crs"].setText(_("CGCS2000 3° 114°") if now.crs == "EPSG:4547" else now.crs)
        self._tell_scale(self.canvas.view.scale)

    @Slot(object)
    def _tell_error(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        QMessageBox.warning(self, _("Renovation survey"), str(error))

    @Slot(int, int)
    def _tell_building(self, done: int, total: int) -> None:
        """Say that the map of a large project is still put in order; until then it is drawn from the file."""
        text = _("Preparing the map {percent} %").format(percent=100 * done // total) if done < total else ""
        self.told["building"].setText(text)

    @Slot(float)
    def _tell_scale(self, scale: float) -> None:
        self.told["scale"].setText(shown.scale(scale))

    # --- look and language ---------------------------------------------------------------------------------------

    def set_theme(self, name: str, _checked: bool = False) -> None:
        """Use another theme, and remember it."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.prepare(app, name, app.font().family())
            theme.dress(self, name, touch=self.settings.touch)
            icon.change_all(app)
        self.remembered.change(theme=name)
        self.theme_changed.emit(name)

    def set_language(self, language: str, _checked: bool = False) -> None:
        """Remember another language, and have the window made anew in it."""
        self.remembered.change(language=language)
        self.language_chosen.emit(language)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what was typed, close the file, stop the threads; once."""
        super().closeEvent(event)
        if self._is_closed:
            return
        self._is_closed = True
        self._search_later.stop()
        self.warming.stop()
        self.clock.stop()
        self.frugal.stop()
        self.collector.stop()
        self.form.flush()
        self.form.listening.close()
        self.remembered.change(splitter=self.columns.sizes())
        self.finder.close()
        self.help.close()
        self.opening.close()
        self.project.close()
        if self.workspaces.is_made("export"):
            self.exports.close_document()
        self.map_side.close()
        self.store_runner.finish()
        self.work_runner.close()
        self.remembered.close()


def _read(room: str, _control: JobControl) -> None:
    import_module(room)
