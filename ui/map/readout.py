"""What is told of the place under the pointer: in the system that this person chose on this computer."""

import html
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from fieldsurvey.geo.local_grids import PREFIX
from fieldsurvey.geo.readout import DEGREES, DMS, PROJECT, Way, choices, way_to
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from ui import shown
from ui.links import LinkLabel

if TYPE_CHECKING:
    from ui.map.workspace import MapWorkspace

NOWHERE = "—"
_WORDS = {
    PROJECT: N_("Project grid"),
    DEGREES: N_("Longitude, latitude (degrees)"),
    DMS: N_("Longitude, latitude (° ′ ″)"),
}
_SHORT = {PROJECT: N_("Project grid"), DEGREES: N_("Lon/lat"), DMS: N_("Lon/lat")}


class Readout(QObject):
    """Tells places in the chosen system.

    Signals:
        told: (text) the place under the pointer is told anew.
        changed: () another system is used, or is ready now.
        chosen: (choice) the person chose another system: to be remembered on this computer.
    """

    told = Signal(str)
    changed = Signal()
    chosen = Signal(str)

    def __init__(self, workspace: "MapWorkspace") -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.choice = PROJECT
        self._way: Way | None = Way(PROJECT, "")
        self._offered = [PROJECT, DEGREES, DMS]
        self.place: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """What the system is called, in short."""
        return _(_SHORT[self.choice]) if self.choice in _SHORT else self.choice.removeprefix(PREFIX)

    @property
    def trouble(self) -> str:
        """Why nothing can be told in the system; empty if it can."""
        return self._way.trouble if self._way is not None else ""

    def choose(self, choice: str) -> None:
        """Use another system from now on, on this computer."""
        self.use(choice)
        self.chosen.emit(choice)

    def use(self, choice: str) -> None:
        """Use a system; what it needs is loaded beside the window. One that there never was is the project's."""
        self.choice = choice if choice in _WORDS or choice.startswith(PREFIX) else PROJECT
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Look anew at the project's system, and at the grids that are there."""
        crs, choice = self._workspace.crs, self.choice
        self._way = Way(PROJECT, crs) if choice == PROJECT else None
        self._tell()
        self.changed.emit()

        def work(_control: JobControl) -> tuple[Way, list[str]]:
            return way_to(choice, crs), choices()

        if crs and self._workspace.work_runner.is_open:
            self._workspace.work_runner.start(work, quick=True).succeeded.connect(self._was_found)

    @Slot(object)
    def _was_found(self, found: tuple[Way, list[str]]) -> None:
        way, self._offered = found
        if (way.choice, way.source) == (self.choice, self._workspace.crs):
            self._way = way
            self._tell()
            self.changed.emit()

    @Slot(float, float)
    def move(self, east: float, north: float) -> None:
        """Tell another place."""
        self.place = east, north
        self._tell()

    def forget(self) -> None:
        """Tell no place: it was one of another project."""
        self.place = None
        self._tell()

    def _tell(self) -> None:
        self.told.emit(self.text(*self.place) if self.place is not None else "")

    def text(self, east: float, north: float) -> str:
        """Return a place of the project as it is told; a dash where the system has none, dots until it is loaded."""
        if self._way is None:
            return "…"
        found = self._way.at(east, north)
        if found is None:
            return NOWHERE
        writers = {DEGREES: shown.degrees, DMS: shown.degrees_minutes_seconds}
        return writers.get(self.choice, shown.east_north)(*found)

    @Slot()
    def copy(self) -> None:
        """Copy the coordinates as they are told."""
        text = self.text(*self.place) if self.place is not None else ""
        if text and text not in {NOWHERE, "…"}:
            QApplication.clipboard().setText(text)

    # --- choosing ------------------------------------------------------------------------------------------------

    def menu(self, parent: QWidget) -> QMenu:
        """Return the menu of the systems; it deletes itself when it is closed."""
        menu = QMenu(parent)
        menu.setObjectName("readout_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = QActionGroup(menu)
        for number, choice in enumerate(self._offered):
            if number == len(_WORDS):
                menu.addSeparator()
            action = QAction(_(_WORDS[choice]) if choice in _WORDS else choice.removeprefix(PREFIX), group)
            action.setObjectName(f"readout_{choice}")
            action.setCheckable(True)
            action.setChecked(choice == self.choice)
            action.triggered.connect(partial(self._choose, choice))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(_("Local grids …"), self._workspace.panels.show_grids)
        copy = menu.addAction(_("Copy coordinates"), self.copy)
        copy.setObjectName("readout_copy")
        copy.setEnabled(self.place is not None)
        return menu

    def _choose(self, choice: str, _checked: bool = False) -> None:
        self.choose(choice)

    def ask(self) -> None:
        """Open the menu of the systems over the map."""
        canvas = self._workspace.canvas
        self.menu(canvas).popup(canvas.mapToGlobal(canvas.rect().center()))


class SystemLabel(LinkLabel):
    """Names the system of the readout; a click, Enter or the right button opens the menu of systems."""

    def __init__(self, readout: Readout) -> None:
        super().__init__()
        self._readout, self._is_wanted = readout, False
        self.setAccessibleName(_("Coordinates shown as …"))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.linkActivated.connect(self._open)
        readout.changed.connect(self.show_system)
        offer_menu(self, readout)
        self.show_system()

    @Slot()
    def show_system(self) -> None:
        """Write which system it is."""
        self.setText(f'<a href="system">{html.escape(self._readout.name)} ▾</a>' if self._is_wanted else "")
        self.setToolTip(self._readout.trouble or _("Coordinates shown as …"))

    @Slot(str)
    def show_for(self, workspace: str) -> None:
        """Be there with the map, and out of the way elsewhere."""
        self._is_wanted = workspace == "map"
        self.show_system()

    @Slot(str)
    def _open(self, _link: str) -> None:
        self._readout.menu(self).popup(self.mapToGlobal(QPoint(0, 0)))


def offer_menu(widget: QWidget, readout: Readout) -> None:
    """Open the menu of the systems with the right button, or the key for it, over a widget."""

    def opened(spot: QPoint) -> None:
        readout.menu(widget).popup(widget.mapToGlobal(spot))

    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(opened)
