"""The projects that were open last: when each was saved, how large it is, and which are no longer there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from ui import shown
from ui.widgets import button, titled

_PADDING = 28  # px: what a button keeps free beside its text
_MARGIN = 60  # px above and below
_MOST = (1 << 24) - 1  # px: no limit (QWIDGETSIZE_MAX)
_LOW = 190  # px: three projects where there is little room


@dataclass(frozen=True, slots=True)
class RecentProject:
    """How a project stands, as the folder tells it.

    Attributes:
        path: The project file.
        saved_ms: When it was last written; None if it is not there.
        size: Bytes of the file.
    """

    path: str
    saved_ms: int | None = None
    size: int = 0


def looked_up(paths: Iterable[str]) -> list[RecentProject]:
    """Return how projects stand; a network drive may take its time, so not in the GUI thread. Opens nothing."""
    return [_looked_up(Path(path)) for path in paths]


def _looked_up(path: Path) -> RecentProject:
    try:
        found = path.stat()
        newest = found.st_mtime
        log = path.with_name(path.name + "-wal")
        newest = max(newest, log.stat().st_mtime) if log.exists() else newest
    except OSError:
        return RecentProject(str(path))
    return RecentProject(str(path), round(newest * 1000), found.st_size)


def told(project: RecentProject) -> str:
    """Return the state of a project in words."""
    if project.saved_ms is None:
        return _("⚠ Not there: moved, deleted or not connected")
    when = shown.moment(project.saved_ms)
    return _("Saved {when} · {size}").format(when=when, size=shown.size(project.size))


class _Entry(QPushButton):
    """A button of two lines, each shortened in the middle where it does not fit."""

    def __init__(self, name: str, state: str) -> None:
        super().__init__()
        self._lines = name, state
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the lines to the new width."""
        super().resizeEvent(event)
        room, middle = self.width() - _PADDING, Qt.TextElideMode.ElideMiddle
        self.setText("\n".join(self.fontMetrics().elidedText(line, middle, room) for line in self._lines))


class RecentProjects(QWidget):
    """The list; a missing project can be taken out of it.

    Signals:
        chosen: (path) a project is to be opened.
        forget_wanted: (path) it is not to be listed any more.
    """

    WIDTH = 460  # px

    chosen = Signal(str)
    forget_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("recent_projects")
        self.setFixedWidth(self.WIDTH)
        inside = QWidget()
        self._lines = QVBoxLayout(inside)
        self._lines.setSpacing(8)
        self._lines.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addWidget(titled(_("Recent projects"), "heading"))
        layout.addWidget(area, 1)
        self.stand(is_low=False)
        self.hide()

    def stand(self, *, is_low: bool) -> None:
        """Take as much height as there is, or little: there is something else above or below."""
        margin = 0 if is_low else _MARGIN
        self.setContentsMargins(0, margin, 0, margin)
        self.setMinimumHeight(_LOW if is_low else 0)
        self.setMaximumHeight(_LOW if is_low else _MOST)

    def show_projects(self, projects: Sequence[RecentProject]) -> None:
        """Show other projects."""
        while self._lines.count() > 1:
            item = self._lines.takeAt(0)
            if item is not None and (line := item.widget()) is not None:
                line.deleteLater()
        for number, project in enumerate(projects):
            self._lines.insertWidget(number, self._line(number, project))
        self.setVisible(bool(projects))

    def _line(self, number: int, project: RecentProject) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        line.setMinimumHeight(58)
        path = Path(project.path)
        entry = _Entry(path.stem, told(project))
        entry.setObjectName(f"recent_{number}")
        entry.setAccessibleName(f"{path.stem}, {told(project)}")
        entry.setToolTip(project.path)
        entry.setMinimumHeight(56)
        entry.setStyleSheet("QPushButton { text-align: left; min-height: 40px; }")
        entry.clicked.connect(partial(self._choose, project.path))
        row.addWidget(entry, 1)
        if project.saved_ms is None:
            entry.setEnabled(False)
            row.addWidget(button(f"forget_{number}", _("Remove"), partial(self._forget, project.path)))
        return line

    def _choose(self, path: str, _checked: bool = False) -> None:
        self.chosen.emit(path)

    def _forget(self, path: str, _checked: bool = False) -> None:
        self.forget_wanted.emit(path)
