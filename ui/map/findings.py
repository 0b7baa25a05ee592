"""Beside the map: what the checks found, each with its place and, where it is safe, its repair."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.assets import ASSET_BY_NAME
from layers.topology.check import check, mend
from layers.topology.data import from_store
from layers.topology.findings import Finding
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder

_MOST = 2_000


class FindingsPanel(QWidget):
    """The list of the checks.

    Signals:
        chosen: (Finding) the person went to one.
        failed: (Exception) the check or a repair did not succeed.
    """

    chosen = Signal(object)
    failed = Signal(object)

    def __init__(self, store_runner: JobRunner, work_runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self._store_runner, self._work_runner, self._holder = store_runner, work_runner, holder
        self.title = QLabel(_("Checks"))
        self.title.setProperty("role", "heading")
        self.title.setWordWrap(True)
        self.list = QListWidget()
        self.list.setObjectName("findings")
        self.list.setAccessibleName(_("Problems found"))
        self.list.setWordWrap(True)
        self.list.currentItemChanged.connect(self._choose)
        self.mend_one = self._button("mend_one", _("Mend this one"), self._mend_one)
        self.mend_all = self._button("mend_all", _("Mend all that is safe"), self._mend_all)
        self.again = self._button("check_again", _("Check again"), self.check)
        row = QHBoxLayout()
        row.addWidget(self.mend_one)
        row.addWidget(self.again)
        column = QVBoxLayout(self)
        for widget in (self.title, self.list):
            column.addWidget(widget)
        column.addLayout(row)
        column.addWidget(self.mend_all)
        self.show_findings([])

    def _button(self, name: str, text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.clicked.connect(slot)
        return button

    @Slot()
    def check(self) -> None:
        """Check the whole project; the window stays free meanwhile."""
        self.title.setText(_("Checking …"))

        def read(_control: JobControl) -> object:
            return from_store(self._holder.store) if self._holder.is_open else {}

        job = self._store_runner.start(read)
        job.succeeded.connect(self._judge)
        job.failed.connect(self.failed)

    @Slot(object)
    def _judge(self, data: dict[str, object]) -> None:
        job = self._work_runner.start(lambda control: check(data, control))  # type: ignore[arg-type]
        job.succeeded.connect(self.show_findings)
        job.failed.connect(self.failed)

    @Slot(object)
    def show_findings(self, findings: Sequence[Finding]) -> None:
        """List findings, those with a repair marked."""
        self.list.clear()
        for finding in findings[:_MOST]:
            label = ASSET_BY_NAME[finding.table].label if finding.table in ASSET_BY_NAME else finding.table
            mark = "🔧 " if finding.fix else ""
            item = QListWidgetItem(f"{mark}{finding.title} · {label}\n{finding.text}")
            item.setData(Qt.ItemDataRole.UserRole, finding)
            self.list.addItem(item)
        count = sum(finding.fix is not None for finding in findings)
        self.title.setText(_("{n} problems, {m} with a safe repair").format(n=len(findings), m=count))
        self.mend_all.setEnabled(count > 0)
        self.mend_one.setEnabled(False)

    @Slot(object)
    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            finding: Finding = item.data(Qt.ItemDataRole.UserRole)
            self.mend_one.setEnabled(finding.fix is not None)
            self.chosen.emit(finding)

    def findings(self) -> list[Finding]:
        """Return what is listed."""
        return [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]

    @Slot()
    def _mend_one(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._mend([item.data(Qt.ItemDataRole.UserRole)])

    @Slot()
    def _mend_all(self) -> None:
        self._mend(self.findings())

    def _mend(self, findings: Sequence[Finding]) -> None:
        job = self._store_runner.start(lambda _control: mend(self._holder.store, findings))
        job.succeeded.connect(self.check)
        job.failed.connect(self.failed)
