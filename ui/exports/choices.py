"""What is exported, of which community, for whom: the choices beside the preview."""

from pathlib import Path

from PySide6.QtCore import QDate, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from exports.products import BY_KEY, CRS_OFFERED, PRODUCTS, Choice, Product
from fieldsurvey.geo import local_grids
from fieldsurvey.i18n import _
from ui.project.overview import Overview
from ui.widgets import CommunityChoice, button, titled

_ROW = 36
_LIST_ROWS = 8
_DAYS = 7  # back: what a comparison begins with


class Choices(QWidget):
    """The choices.

    Signals:
        changed: () another product was chosen.
        altered: () anything was chosen.
    """

    changed = Signal()
    altered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._template, self._other = "", ""
        self.products = QListWidget()
        self.products.setObjectName("export_products")
        self.products.setAccessibleName(_("What to export"))
        for product in PRODUCTS:
            entry = QListWidgetItem(_(product.title))
            entry.setData(Qt.ItemDataRole.UserRole, product.key)
            size = entry.sizeHint()
            size.setHeight(_ROW)
            entry.setSizeHint(size)
            self.products.addItem(entry)
        self.products.setFixedHeight(_LIST_ROWS * _ROW + 6)
        self.community = CommunityChoice()
        self._codes: dict[str, str] = {}
        _as_field(self.community, "export_community")
        self.audience = _combo("export_audience", _("For whom"))
        self.audience.addItem(_("Outside: without pipes, power and gas"), False)
        self.audience.addItem(_("Internal: with pipes, power and gas"), True)
        self.personal = QCheckBox(_("With answers of residents (personal)"))
        self.personal.setObjectName("export_personal")
        self.personal.setMinimumHeight(_ROW)
        self.crs = _combo("export_crs", _("Coordinate system"))
        self._offer_systems()
        self.since = QDateEdit(QDate.currentDate().addDays(-_DAYS))
        self.since.setObjectName("export_since")
        self.since.setAccessibleName(_("Compare with what stood on"))
        self.since.setCalendarPopup(True)
        self.since.setDisplayFormat("yyyy-MM-dd")
        self.since.setMinimumHeight(_ROW)
        self.other = button("export_other", _("… or with an earlier file …"), self._choose_other)
        self.template = button("export_template", _("Choose the template …"), self._choose_template)
        self._lay_out()
        self.products.currentRowChanged.connect(self._product_changed)
        self.products.setCurrentRow(0)
        for signal in (
            self.changed, self.community.currentIndexChanged, self.audience.currentIndexChanged, self.personal.toggled,
        ):  # fmt: skip
            signal.connect(self.altered)

    def showEvent(self, event: QShowEvent) -> None:
        """Offer the grids that a person has on this computer by now."""
        self._offer_systems()
        super().showEvent(event)

    def _offer_systems(self) -> None:
        chosen = self.crs.currentData()
        self.crs.clear()
        for code in (*CRS_OFFERED, *local_grids.codes()):
            self.crs.addItem(code or _("That of the project"), code)
        self.crs.setCurrentIndex(max(self.crs.findData(chosen), 0))

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.products)
        self._asked: list[tuple[str, QWidget]] = []
        for asked, text, widget in (
            ("template", "", self.template),
            ("one", _("Community"), self.community),
            ("internal", _("For whom"), self.audience),
            ("personal", "", self.personal),
            ("crs", _("Coordinate system"), self.crs),
            ("since", _("Compare with what stood on"), self.since),
            ("since", "", self.other),
        ):
            if text:
                label = QLabel(text)
                label.setBuddy(widget)
                layout.addWidget(label)
                self._asked.append((asked, label))
            layout.addWidget(widget)
            self._asked.append((asked, widget))
        self.warning = titled("", "hint")
        layout.addWidget(self.warning)
        self.audience.currentIndexChanged.connect(self._warn)
        self.personal.toggled.connect(self._warn)

    @property
    def product(self) -> Product:
        """What is chosen."""
        return BY_KEY[self.products.currentItem().data(Qt.ItemDataRole.UserRole)]

    @property
    def code(self) -> str:
        """小区编码 of the community; empty: all."""
        return self._codes.get(self.community.uid, "")

    def choice(self) -> Choice:
        """Return what was chosen."""
        asks = self.product.asks
        return Choice(
            codes=(self.code,) if self.community.uid else None,
            is_internal=bool(self.audience.currentData()),
            personal=self.personal.isChecked() and "personal" in asks,
            crs=str(self.crs.currentData() or "") if "crs" in asks else "",
            since=self.since.date().toString(Qt.DateFormat.ISODate),
            other=Path(self._other) if self._other else None,
            template=self._template,
        )

    def show_project(self, now: Overview) -> None:
        """Offer the communities of a project."""
        if self.community.is_offering(now.communities):
            return
        self._codes = {uid: str(row["code"] or "") for uid, row in now.communities.items()}
        names = {
            uid: " ".join(str(row[name] or "") for name in ("name", "code")) for uid, row in now.communities.items()
        }
        is_first = self.community.count() < 2
        self.community.offer(now.communities, names, _("All communities"))
        if is_first:  # a sheet is shown at once
            self.community.choose(next(iter(names), ""))

    def choose(self, key: str, uid: str) -> None:
        """Choose a product and a community."""
        for row in range(self.products.count()):
            if self.products.item(row).data(Qt.ItemDataRole.UserRole) == key:
                self.products.setCurrentRow(row)
        self.community.choose(uid)

    @Slot()
    def _product_changed(self) -> None:
        asks = self.product.asks
        for asked, widget in self._asked:
            widget.setVisible(asked in asks)
        self._warn()
        self.changed.emit()

    @Slot()
    def _warn(self) -> None:
        """Say what an internal or personal file obliges to."""
        asks, told = self.product.asks, []
        if "internal" in asks and self.audience.currentData():
            told.append(_("Internal material: keep it safe, do not put it on a public map or web page."))
        if "personal" in asks and self.personal.isChecked():
            told.append(_("Personal data: pass them on and delete them as the rules say."))
        self.warning.setText(" ".join(told))
        self.warning.setVisible(bool(told))

    @Slot()
    def _choose_template(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("Choose the template …"), "", "TOML (*.toml)")
        if name:
            self._template = name
            self.template.setText(Path(name).name)
            self.altered.emit()

    @Slot()
    def _choose_other(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(
            self, _("An earlier file of this project"), "", "GeoPackage (*.gpkg)"
        )
        self._other = name
        self.other.setText(Path(name).name if name else _("… or with an earlier file …"))
        self.since.setEnabled(not name)


def _combo(name: str, title: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(title)
    _as_field(made, name)
    return made


def _as_field(made: QComboBox, name: str) -> None:
    made.setObjectName(name)
    made.setMinimumHeight(_ROW)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)


def as_primary(made: QPushButton) -> QPushButton:
    """Return a button in the look of the one thing to do next."""
    made.setProperty("role", "primary")
    return made
