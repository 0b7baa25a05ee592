"""A new project from what the departments hand over: a few pages, and each but the first may be passed over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QSpinBox,
    QVBoxLayout,
    QWidget,
    QWizard,
    QWizardPage,
)

from fieldsurvey.i18n import _
from fieldsurvey.plan.begin import PriceBase
from ui.project.import_panel import FILTER
from ui.widgets import Writing, button, titled

_MERIDIANS = {4545: 108, 4546: 111, 4547: 114, 4548: 117, 4549: 120}  # CGCS2000, three-degree zones (EPSG)
_HERE = "EPSG:4547"
_RASTERS = frozenset({".mbtiles", ".tif", ".tiff", ".vrt"})
_FORMS = frozenset({".xlsx", ".xls", ".xml"})
_FORM_FILTER = "*.xlsx *.xls *.xml"
_YEARS = 3


@dataclass(frozen=True, slots=True)
class Handover:
    """What a project begins with.

    Attributes:
        path: The project file to be made.
        name: Name of the project.
        crs: Its reference system.
        files: Files of communities, buildings, networks, ledgers.
        basemaps: Base maps.
        forms: Survey forms of one's own.
        people: (account, name) of those who survey.
        years: Years of the plan.
        prices: The price base.
    """

    path: Path
    name: str
    crs: str
    files: Sequence[Path] = ()
    basemaps: Sequence[Path] = ()
    forms: Sequence[Path] = ()
    people: Sequence[tuple[str, str]] = ()
    years: Sequence[int] = ()
    prices: PriceBase = field(default_factory=PriceBase)


class FileList(QWidget):
    """Files that are dropped or chosen; Delete takes one out."""

    def __init__(self, name: str, label: str, filters: str) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self._filters = filters
        self.list = QListWidget()
        self.list.setObjectName(name)
        self.list.setAccessibleName(label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(button(f"{name}_add", _("Add files …"), self._choose))
        column.addWidget(self.list, 1)

    @property
    def files(self) -> list[Path]:
        """The files, in the order they came."""
        return [Path(self.list.item(row).data(Qt.ItemDataRole.UserRole)) for row in range(self.list.count())]

    def add(self, files: Sequence[Path]) -> None:
        """Take files; those that are there already stay once."""
        known = set(self.files)
        for file in files:
            if file not in known:
                self.list.addItem(file.name)
                item = self.list.item(self.list.count() - 1)
                item.setData(Qt.ItemDataRole.UserRole, str(file))
                item.setToolTip(str(file))

    @Slot()
    def _choose(self) -> None:
        names, _filter = QFileDialog.getOpenFileNames(self, _("Add files …"), "", f"{_('Files')} ({self._filters})")
        self.add([Path(name) for name in names])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the files that are dropped."""
        self.add([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the chosen file out."""
        if event.key() == Qt.Key.Key_Delete and self.list.currentRow() >= 0:
            self.list.takeItem(self.list.currentRow())
            return
        super().keyPressEvent(event)


class _Basis(QWizardPage):
    """Name, place on the disk, reference system."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.setTitle(_("Name and place"))
        self.setSubTitle(_("Only this page is needed; everything else can come later."))
        self.name = QLineEdit()
        self.name.setObjectName("handover_name")
        self.name.setPlaceholderText(_("For example: Huangshigang 2026"))
        self.folder = QLineEdit(str(folder))
        self.folder.setObjectName("handover_folder")
        self.folder.setAccessibleName(_("Folder"))
        self.crs = QComboBox()
        self.crs.setObjectName("handover_crs")
        self.crs.setEditable(True)
        for code, meridian in _MERIDIANS.items():
            self.crs.addItem(
                _("EPSG:{code} · CGCS2000 3-degree zone, {m}°E").format(code=code, m=meridian), f"EPSG:{code}"
            )
        self.crs.setCurrentIndex(self.crs.findData(_HERE))
        self.told = titled("", "error")
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(button("handover_browse", _("Choose …"), self._choose))
        fields = QFormLayout(self)
        fields.addRow(_("Name of the project"), self.name)
        fields.addRow(_("Folder"), place)
        fields.addRow(_("Coordinate system"), self.crs)
        fields.addRow(self.told)
        for edit in (self.name, self.folder):
            edit.textChanged.connect(self._changed)

    @property
    def path(self) -> Path:
        """The project file that is to be made."""
        plain = "".join(sign if sign not in '<>:"/\\|?*' else "_" for sign in self.name.text().strip())
        return Path(self.folder.text().strip()) / f"{plain}.gpkg"

    @property
    def code(self) -> str:
        """The reference system: one of the list, or what was typed."""
        at = self.crs.findText(self.crs.currentText())
        return str(self.crs.itemData(at)) if at >= 0 else self.crs.currentText().strip()

    @Slot()
    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, _("Folder"), self.folder.text())
        if name:
            self.folder.setText(name)

    @Slot()
    def _changed(self) -> None:
        self.told.setText(self._trouble())
        self.completeChanged.emit()

    def _trouble(self) -> str:
        if not self.name.text().strip():
            return ""
        if not self.path.parent.is_dir():
            return _("The folder {folder} does not exist.").format(folder=self.path.parent)
        if self.path.exists():
            return _("{file} exists already. Choose another name, or open it.").format(file=self.path.name)
        return ""

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Say whether the project can be made."""
        return bool(self.name.text().strip()) and not self._trouble()


def _page(title: str, text: str, *parts: QWidget) -> QWizardPage:
    page = QWizardPage()
    page.setTitle(title)
    page.setSubTitle(text)
    column = QVBoxLayout(page)
    for part in parts:
        column.addWidget(part, 1)
    return page


class _Plan(QWizardPage):
    """Years of the plan and price base."""

    def __init__(self) -> None:
        super().__init__()
        self.setTitle(_("Plan years and prices"))
        self.setSubTitle(
            _("The years of the plan, and the unit prices that estimates are made with. Both can come later.")
        )
        year = datetime.now().astimezone().year
        self.first, self.count = QSpinBox(), QSpinBox()
        for name, spin, low, high, value in (
            ("first", self.first, 2000, 2100, year + 1),
            ("count", self.count, 0, 10, _YEARS),
        ):
            spin.setObjectName(f"handover_{name}")
            spin.setRange(low, high)
            spin.setValue(value)
            spin.setMinimumHeight(40)
        self.region, self.month, self.file = QLineEdit(), QLineEdit(), QLineEdit()
        self.region.setObjectName("handover_region")
        self.month.setObjectName("handover_month")
        self.month.setPlaceholderText("2026-01")
        self.file.setObjectName("handover_prices")
        row = QHBoxLayout()
        row.addWidget(self.file, 1)
        row.addWidget(button("handover_prices_choose", _("Choose …"), self._choose))
        fields = QFormLayout(self)
        fields.addRow(_("First year"), self.first)
        fields.addRow(_("Number of years"), self.count)
        fields.addRow(_("Prices (CSV)"), row)
        fields.addRow(_("Region of the prices"), self.region)
        fields.addRow(_("Month of the prices"), self.month)

    @Slot()
    def _choose(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("Prices (CSV)"), "", "CSV (*.csv)")
        if name:
            self.file.setText(name)

    @property
    def prices(self) -> PriceBase:
        """The price base."""
        text = self.file.text().strip()
        return PriceBase(Path(text) if text else None, self.region.text().strip(), self.month.text().strip())


class HandoverWizard(QWizard):
    """Asks for what is there.

    Signals:
        wanted: (Handover) the project is to be made.
    """

    wanted = Signal(object)

    def __init__(self, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("handover")
        self.setWindowTitle(_("New project from hand-over files"))
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOption(QWizard.WizardOption.HaveFinishButtonOnEarlyPages)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.resize(760, 560)
        for which, text in (
            (QWizard.WizardButton.NextButton, _("Next")),
            (QWizard.WizardButton.BackButton, _("Back")),
            (QWizard.WizardButton.FinishButton, _("Make the project")),
            (QWizard.WizardButton.CancelButton, _("Cancel")),
        ):
            self.setButtonText(which, text)
        self.basis = _Basis(folder)
        self.files = FileList("handover_files", _("Hand-over files"), f"{FILTER} *.mbtiles *.tif *.tiff *.vrt")
        self.forms = FileList("handover_forms", _("Survey forms"), _FORM_FILTER)
        self.people = Writing()
        self.people.setObjectName("handover_people")
        self.people.setAccessibleName(_("People"))
        self.people.setTabChangesFocus(True)
        self.people.setPlaceholderText(_("One person a line: name, or name and account of the hub"))
        self.plan = _Plan()
        about_files = _(
            "Boundaries, buildings, networks, ledgers, base maps: drop them here. "
            "Nothing is taken in before you see what was found."
        )
        about_forms = _("The default forms are in every project. Drop forms of your own here (XLSForm or XForm).")
        for page in (
            self.basis,
            _page(_("Hand-over files"), about_files, self.files),
            _page(_("Survey forms"), about_forms, self.forms),
            _page(_("People"), _("Those who survey can be given communities later."), self.people),
            self.plan,
        ):
            page.setFinalPage(True)  # what follows can be passed over
            self.addPage(page)
        self.accepted.connect(self._done)

    def handover(self) -> Handover:
        """Return what was said."""
        files = self.files.files
        maps = [file for file in files if file.suffix.lower() in _RASTERS]
        return Handover(
            self.basis.path,
            self.basis.name.text().strip(),
            self.basis.code,
            [file for file in files if file not in maps],
            maps,
            self.forms.files,
            people_in(self.people.toPlainText()),
            range(self.plan.first.value(), self.plan.first.value() + self.plan.count.value()),
            self.plan.prices,
        )

    @Slot()
    def _done(self) -> None:
        self.wanted.emit(self.handover())


def people_in(text: str) -> list[tuple[str, str]]:
    r"""Return (account, name) of every line: a name alone is both.

    >>> people_in("李工 li\n\n王工")
    [('li', '李工'), ('王工', '王工')]
    """
    found = []
    for line in text.splitlines():
        parts = line.replace(",", " ").replace("，", " ").split()
        if parts:
            found.append((parts[1] if len(parts) > 1 else parts[0], parts[0]))
    return found
