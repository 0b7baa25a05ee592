"""The findings in groups, so that thousands of them do not drown: by rule and community, worst first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from fieldsurvey.assess.rules import Result, telling
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.ruleset import ENFORCE
from fieldsurvey.i18n import N_, _
from ui import shown
from ui.plan.tables import Head, RowsView
from ui.review.loading import OPEN, UNRECORDED, Desk
from ui.review.rules_view import WORDS
from ui.widgets import button, titled

_RESULTS = (Result.FAIL, Result.UNCERTAIN, Result.REVIEW)
_WAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "both": (N_("by rule and community"), ("rule", "community")),
    "community": (N_("by community"), ("community",)),
    "rule": (N_("by rule"), ("rule",)),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that belong together.

    Attributes:
        rule, community: What they have in common; empty: they differ in it.
        counts: Result -> how many.
        open: How many nobody has decided.
        first: Number of the worst one in the desk.
        weight: block, warn or info: the strictest among those that fail, else among all.
    """

    rule: str
    community: str
    counts: Mapping[Result, int]
    open: int
    first: int
    weight: str


def grouped(desk: Desk, by: tuple[str, ...]) -> list[Group]:
    """Return the findings in groups: what must be solved first, then by the number of open failures.

    Args:
        desk: The findings, worst first within a rule.
        by: Columns of the desk: rule, community or both.
    """
    if not len(desk.findings):
        return []
    silent = desk.columns["rule"] == UNRECORDED
    communities = np.where(silent, "", _column(desk, "community", by))  # one group, folded, at the end
    keys = np.char.add(np.char.add(np.where(silent, UNRECORDED, _column(desk, "rule", by)), "|"), communities)
    _unique, firsts, numbers = np.unique(keys, return_index=True, return_inverse=True)
    weights = np.array([ENFORCE.index(desk.rules[one.threshold].enforce) for one in desk.findings])
    failed = desk.columns["result"] == str(Result.FAIL)
    ranks = np.where(failed, weights, weights + len(ENFORCE))
    strictest = np.full(len(firsts), 2 * len(ENFORCE))
    np.minimum.at(strictest, numbers, ranks)
    counts = {result: np.bincount(numbers, desk.columns["result"] == str(result)) for result in _RESULTS}
    left = np.bincount(numbers, desk.columns["decision"] == OPEN)
    open_failures = np.bincount(numbers, failed & (desk.columns["decision"] == OPEN))
    order = np.lexsort((firsts, -left, -open_failures, strictest, silent[firsts]))
    return [
        Group(
            UNRECORDED if silent[firsts[n]] else str(desk.columns["rule"][firsts[n]]) if "rule" in by else "",
            str(communities[firsts[n]]),
            {result: int(count[n]) for result, count in counts.items()},
            int(left[n]),
            int(firsts[n]),
            ENFORCE[int(strictest[n]) % len(ENFORCE)],
        )
        for n in order.tolist()
    ]


def _column(desk: Desk, name: str, by: tuple[str, ...]) -> np.ndarray:
    return desk.columns[name] if name in by else np.full(len(desk.findings), "", dtype=str)


class GroupsView(QWidget):
    """The groups as a table; opening one shows its findings.

    Signals:
        opened: (rule, community) the findings of a group are wanted; empty: all.
    """

    opened = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("finding_groups")
        self._desk: Desk | None = None
        self._name: Callable[[str], str] = str
        self.way = QComboBox()
        self.way.setAccessibleName(_("Group the findings"))
        for key, (text, _by) in _WAYS.items():
            self.way.addItem(_(text), key)
        self.table = RowsView(
            "group_table",
            _("Groups of findings"),
            (
                Head(_("Weight"), 110), Head(_("Rule"), 190), Head(_("Community"), 170),
                *(Head(_(telling.RESULTS[result]), 88, "{:,}") for result in _RESULTS),
                Head(_("Undecided"), 88, "{:,}"), Head(_("The worst one"), 0),
            ),
        )  # fmt: skip
        self.told = titled("", "hint")
        top = QHBoxLayout()
        top.addWidget(self.way)
        top.addWidget(self.told, 1)
        top.addWidget(button("group_open", _("Show these findings"), self._open))
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        self.way.currentIndexChanged.connect(self._fill)
        self.table.opened.connect(self._open)

    def show_desk(self, desk: Desk, name: Callable[[str], str]) -> None:
        """Show the groups of findings.

        Args:
            desk: The findings.
            name: Returns the name of a community.
        """
        self._desk, self._name = desk, name
        self._fill()

    @Slot()
    def _fill(self) -> None:
        desk = self._desk
        if desk is None:
            return
        groups = grouped(desk, _WAYS[str(self.way.currentData())][1])
        self.table.show_rows([(f"{one.rule}|{one.community}", self._cells(desk, one)) for one in groups])
        text = _("{n} findings in {groups} groups; what must be solved and fails most stands first.")
        self.told.setText(text.format(n=shown.number(desk.recorded), groups=shown.number(len(groups))))

    def _cells(self, desk: Desk, one: Group) -> list[str | float | int | None]:
        rule = f"{one.rule} {BY_ID[one.rule].label}" if one.rule in BY_ID else _("all rules")
        rule = _("Not recorded in this project") if one.rule == UNRECORDED else rule
        is_one = one.rule != UNRECORDED and "community" in _WAYS[str(self.way.currentData())][1]
        place = self._name(one.community) if is_one else _("all communities")
        worst = telling.sentence(desk.findings[one.first], desk.rules)
        return [_(WORDS[one.weight]), rule, place, *one.counts.values(), one.open, worst]

    @Slot()
    def _open(self, _key: str = "") -> None:
        rule, _sign, community = self.table.key().partition("|")
        self.opened.emit(rule, community)
