"""What the values of one column are together, beside the table."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.model.conditions import Field
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Statistics
from ui import shown
from ui.tables.columns import shown_value
from ui.widgets import closable, titled

_ROW = 36  # px


class StatisticsPanel(QWidget):
    """Count, sum, mean, extremes and the most frequent values.

    Signals:
        closed: () the person closed it.
        value_wanted: (value) only the rows with this value are wanted.
    """

    closed = Signal()
    value_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("table_statistics")
        self.title = titled("", "heading")
        self.facts = QLabel()
        self.facts.setObjectName("statistics_facts")
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts.setWordWrap(True)
        self.list = QTableWidget(0, 2)
        self.list.setObjectName("statistics_values")
        self.list.setAccessibleName(_("Most frequent values"))
        self.list.setHorizontalHeaderLabels([_("Most frequent values"), _("Rows")])
        self.list.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.verticalHeader().hide()
        self.list.verticalHeader().setDefaultSectionSize(_ROW)
        self.list.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.list.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.list.setTabKeyNavigation(False)
        self.list.activated.connect(lambda index: self.value_wanted.emit(self._values[index.row()]))
        self._values: list[Value] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 0)
        column.addLayout(closable(self.title, "statistics_close", self.closed))
        column.addWidget(self.facts)
        column.addWidget(self.list, 1)
        column.addWidget(titled(_("Enter or a double click on a value shows only its rows."), "hint"))

    def show_column(self, field: Field, found: Statistics, names: Mapping[str, str]) -> None:
        """Show what was worked out."""
        self.title.setText(_("Statistics: {column}").format(column=field.column.label))
        unit = field.column.unit
        blank = found.rows - found.filled
        lines = [
            _("Rows {n}").format(n=shown.number(found.rows)),
            _("Filled in {n}, blank {blank}").format(n=shown.number(found.filled), blank=shown.number(blank)),
            _("Different values {n}").format(n=shown.number(found.distinct)),
        ]
        if field.is_number and isinstance(found.least, int | float) and isinstance(found.most, int | float):
            lines += [_("Smallest {value}").format(value=shown.number(found.least, unit))]
            lines += [_("Largest {value}").format(value=shown.number(found.most, unit))]
            lines += [_("Mean {value}").format(value=shown.number(found.mean or 0.0, unit))]
            if unit != _YEARS:
                lines += [_("Sum {value}").format(value=shown.number(found.sum or 0.0, unit))]
        self.facts.setText("\n".join(lines))
        self._values = [value for value, _count in found.frequent]
        self.list.setRowCount(len(found.frequent))
        for row, (value, count) in enumerate(found.frequent):
            text = shown_value(field, value, names) or _("(blank)")
            number = QTableWidgetItem(shown.number(count))
            number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.setItem(row, 0, QTableWidgetItem(text))
            self.list.setItem(row, 1, number)


_YEARS = "年"  # the sum of years says nothing
