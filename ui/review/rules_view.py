"""The rule set as a table: an engineer changes a number or its weight, with a reason; every change is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QListWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.assess.rules import RuleSet, Threshold
from fieldsurvey.assess.rules.decisions import RuleEdit
from fieldsurvey.assess.rules.ruleset import write_rules
from fieldsurvey.i18n import N_, _
from ui import shown
from ui.widgets import button, titled

COLUMNS = (
    N_("Number"), N_("What it limits"), N_("Value"), N_("Unit"), N_("Applies to"), N_("Weight"), N_("Source"),
    N_("Certainty"),
)  # fmt: skip
WORDS = {
    "new": N_("new buildings"),
    "retrofit": N_("renovation"),
    "advice": N_("advice"),
    "block": N_("must be solved"),
    "warn": N_("warning"),
    "info": N_("for information"),
    "V": N_("V, original text"),
    "S": N_("S, secondary source"),
    "G": N_("G, general knowledge"),
    "P": N_("P, own proposal"),
}
VALUE, WEIGHT = 2, 5
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class RulesModel(QAbstractTableModel):
    """Thresholds; value and weight can be edited.

    Signals:
        edited: (id, value or None, weight or None).
        refused: (text) what was typed is no value.
    """

    edited = Signal(str, object, object)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Threshold] = ()

    def show_rules(self, rules: RuleSet) -> None:
        """Show a rule set."""
        self.beginResetModel()
        self._rows = list(rules.thresholds.values())
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of thresholds."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the name of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _(COLUMNS[section])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return a cell in words; the number right-aligned."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == VALUE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _needed(row)
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole}:
            return None
        source = row.citation or (_("not checked, not cited") if row.standard else "—")
        words = (_(WORDS[row.applies_to]), _(WORDS[row.enforce]), source, _(WORDS[row.mark]))
        return (row.id, row.label, f"{row.value:.10g}", row.unit, *words)[index.column()]

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Value and weight can be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in {VALUE, WEIGHT} else flags

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: ANN401
        """Pass on what was typed; the table shows it once it is saved."""
        row, text = self._rows[index.row()], str(value).strip()
        if role != Qt.ItemDataRole.EditRole or text == self.data(index):
            return False
        if index.column() == WEIGHT:
            weights = {_(WORDS[name]): name for name in ("block", "warn", "info")} | {
                n: n for n in ("block", "warn", "info")
            }
            if text not in weights:
                self.refused.emit(_("Please enter one of: {words}").format(words=_(", ").join(list(weights)[:3])))
                return False
            self.edited.emit(row.id, None, weights[text])
            return True
        try:
            self.edited.emit(row.id, float(text.replace(",", ".")), None)
        except ValueError:
            self.refused.emit(_("{text} is no number.").format(text=text))
            return False
        return True


class RulesView(QWidget):
    """The rule set with its change log.

    Signals:
        change_wanted: (id, value or None, weight or None, reason).
        file_chosen: (Path) a rule file is to be taken.
    """

    change_wanted = Signal(str, object, object, str)
    file_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rules_view")
        self._rules: RuleSet | None = None
        self.model = RulesModel(self)
        self.model.edited.connect(self._ask_reason)
        self.model.refused.connect(self.say)
        self.table = QTableView()
        self.table.setObjectName("rules_table")
        self.table.setAccessibleName(_("Rule set"))
        self.table.setModel(self.model)
        self.table.setAlternatingRowColors(True)
        self.table.verticalHeader().setDefaultSectionSize(36)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.version = titled("", "hint")
        self.message = titled("", "error")
        self.log = QListWidget()
        self.log.setObjectName("rules_log")
        self.log.setAccessibleName(_("Changes of the rules"))
        self.log.setMaximumHeight(150)
        buttons = QHBoxLayout()
        buttons.addWidget(self.version, 1)
        buttons.addWidget(button("rules_read", _("Read a rule file …"), self._choose_file))
        buttons.addWidget(button("rules_write", _("Write a rule file …"), self._write_file))
        layout = QVBoxLayout(self)
        layout.addLayout(buttons)
        layout.addWidget(self.message)
        layout.addWidget(self.table, 1)
        layout.addWidget(titled(_("Changes of the rules"), "heading"))
        layout.addWidget(self.log)
        self.message.hide()

    def show_rules(self, rules: RuleSet, log: Sequence[RuleEdit]) -> None:
        """Show a rule set and what was changed in it."""
        self._rules = rules
        self.model.show_rules(rules)
        hint = _("Rule set {version}. Double click a value or a weight to change it; you will be asked for the reason.")
        self.version.setText(hint.format(version=rules.version))
        self.log.clear()
        self.log.addItems([_told(edit) for edit in log] or [_("Nothing was changed in this project.")])
        self.message.hide()

    @Slot(str)
    def say(self, text: str) -> None:
        """Show what is wrong."""
        self.message.setText(f"⚠ {text}")
        self.message.show()

    @Slot(str, object, object)
    def _ask_reason(self, key: str, value: object, weight: object) -> None:
        reason, is_sure = QInputDialog.getText(self, _("Change a rule"), _("Reason for changing {id}").format(id=key))
        if is_sure:
            self.change_wanted.emit(key, value, weight, reason)

    @Slot()
    def _choose_file(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("Read a rule file …"), "", "CSV (*.csv)")
        if name:
            self.file_chosen.emit(Path(name))

    @Slot()
    def _write_file(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, _("Write a rule file …"), "rules.csv", "CSV (*.csv)")
        if name and self._rules is not None:
            try:
                write_rules(self._rules, Path(name))
            except OSError as error:
                self.say(_("{file} cannot be written: {why}").format(file=Path(name).name, why=error.strerror))


def _needed(row: Threshold) -> str:
    """Return what a threshold is tested by, and of which edition it is."""
    lines = [row.label, _("Rule {rule}, edition {edition}").format(rule=row.rule, edition=row.edition or "—")]
    return "\n".join([*lines, _("Needs: {inputs}").format(inputs=_(", ").join(row.inputs))])


def _told(edit: RuleEdit) -> str:
    at = shown.moment(edit.at_ms)
    changes = []
    if edit.value is not None:
        changes.append(f"{edit.old_value:.10g} → {edit.value:.10g}")
    if edit.enforce is not None:
        before = _(WORDS[edit.old_enforce]) if edit.old_enforce else "—"
        changes.append(f"{before} → {_(WORDS[edit.enforce])}")
    return f"{at}  {edit.actor}  {edit.rule_id}  {_(', ').join(changes)}  {edit.note}"
