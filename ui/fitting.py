"""What makes the window usable on small screens and with large letters: parts that fold, rows that break, rooms."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from ui.edges import Edge

_LEAST_ROOM = QSize(240, 120)  # px


class Room(QScrollArea):
    """Holds a page: all of it while there is room, else what can be scrolled to."""

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self.setProperty("role", "room")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(page)

    def minimumSizeHint(self) -> QSize:
        """Return little: the page is scrolled."""
        return _LEAST_ROOM

    def sizeHint(self) -> QSize:
        """Return what the page would like."""
        page: QWidget | None = self.widget()
        return _LEAST_ROOM if page is None else page.sizeHint()


class Columns(QWidget):
    """Parts side by side; where the room is too narrow, as many neighbours as fit, the others one click (F6) away.

    Around a main part the others can be put away, by the tab on the edge that
    they share with it, and come back by the same tab or when they are wanted.

    Signals:
        folded: () other parts are seen.
        put_away: () a part was put away or came back.
        alone_changed: (is_alone) a part was given the whole width, or the others have their places again.

    Attributes:
        splitter: Holds the parts.
        edges: The tabs, by number of the part that they put away.
    """

    folded = Signal()
    put_away = Signal()
    alone_changed = Signal(bool)

    def __init__(
        self, name: str, parts: Sequence[tuple[str, QWidget, int]], sizes: Sequence[int], main: int | None = None
    ) -> None:
        """Lay parts side by side.

        Args:
            name: Name of the splitter, for tests.
            parts: Word, widget and least comfortable width (px) of each.
            sizes: Widths while all are seen, px.
            main: Number of the part that takes what the others leave; they can be put away. None: none can.
        """
        super().__init__()
        self._parts = [part for _word, part, _least in parts]
        self._least = [least for _word, _part, least in parts]
        self._sizes = list(sizes)
        self._main = main
        self._away: set[int] = set()
        self._current, self._alone = 0, False
        self._is_all = True
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName(name)
        self.splitter.setChildrenCollapsible(False)
        for part, least in zip(self._parts, self._least, strict=True):
            part.setMinimumWidth(max(part.minimumWidth(), least))
            self.splitter.addWidget(part)
        self.splitter.setSizes(self._sizes)
        self._bar = QWidget()
        self._buttons = QButtonGroup(self)
        self._fill_bar(name, [word for word, _part, _least in parts])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self.splitter, 1)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        self._key = QShortcut(QKeySequence("F6"), self, self._turn_on, context=context)
        self.edges: dict[int, Edge] = {}
        if main is not None:
            self._add_edges(name, main, [word for word, _part, _least in parts])

    def _fill_bar(self, name: str, words: Sequence[str]) -> None:
        self._bar.setObjectName(f"{name}_parts")
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(4, 0, 4, 2)
        for number, word in enumerate(words):
            button = QPushButton(word)
            button.setObjectName(f"{name}_part_{number}")
            button.setCheckable(True)
            button.setToolTip(_("{word} (F6: the next one)").format(word=word))
            self._buttons.addButton(button, number)
            row.addWidget(button)
        row.addStretch(1)
        self._buttons.idClicked.connect(self._turn)
        self._bar.hide()

    def _add_edges(self, name: str, main: int, words: Sequence[str]) -> None:
        self.splitter.setStretchFactor(main, 1)
        self._parts[main].installEventFilter(self)  # the tabs stand on its edges
        for number, word in enumerate(words):
            if number != main:
                self.edges[number] = edge = Edge(word, self, is_left=number < main)
                edge.setObjectName(f"{name}_edge_{number}")
                edge.clicked.connect(partial(self._clicked_edge, number))

    # --- what is seen --------------------------------------------------------------------------------------------

    def show_part(self, part: QWidget) -> None:
        """See to it that a part is seen."""
        self._turn(self._parts.index(part))

    def set_alone(self, part: QWidget, *, alone: bool) -> None:
        """Give a part the whole width, or the others their places again."""
        self._sizes = list(self.sizes())
        before, self._alone = self._alone, alone
        self._turn(self._parts.index(part))
        if before != alone:
            self.alone_changed.emit(alone)

    @property
    def is_alone(self) -> bool:
        """Whether one part was given the whole width."""
        return self._alone

    def is_away(self, part: QWidget) -> bool:
        """Say whether a part was put away."""
        return self._parts.index(part) in self._away

    def set_away(self, part: QWidget, *, away: bool) -> None:
        """Put a part away, or bring it back, as wide as it was."""
        number = self._parts.index(part)
        if away == (number in self._away):
            return
        self._sizes = list(self.sizes())
        had_focus = part.isAncestorOf(QApplication.focusWidget() or self)
        self._away ^= {number}
        if self._current in self._away and self._main is not None:
            self._current = self._main
        self._arrange()
        self._spread()
        if away and had_focus and self._main is not None:
            self._parts[self._main].setFocus()
        self.put_away.emit()

    def _clicked_edge(self, number: int, _checked: bool = False) -> None:
        self.set_away(self._parts[number], away=number not in self._away)

    def sizes(self) -> tuple[int, ...]:
        """Return the widths while all parts are seen, px."""
        now, needs, wanted = self.splitter.sizes(), self._needs(), self._wanted()
        is_true = all(now[number] >= needs[number] for number in wanted)  # not before it was seen
        if self._alone or not self._is_all or not is_true:
            return tuple(self._sizes)
        return tuple(now[number] if number in wanted else kept for number, kept in enumerate(self._sizes))

    def _wanted(self) -> list[int]:
        return [number for number in range(len(self._parts)) if number not in self._away]

    def _turn(self, number: int) -> None:
        if number in self._away:
            self.set_away(self._parts[number], away=False)
        self._current = number
        self._arrange()

    def _turn_on(self) -> None:
        if not self._is_all:
            wanted = self._wanted()
            self._turn(wanted[(wanted.index(self._current) + 1) % len(wanted)])
            self._parts[self._current].setFocus()
            if not self._parts[self._current].hasFocus():
                self._parts[self._current].focusNextChild()

    def _needs(self) -> list[int]:
        pairs = zip(self._parts, self._least, strict=True)
        return [max(part.minimumSizeHint().width(), least) for part, least in pairs]

    def _seen(self) -> set[int]:
        """Return which parts fit: the current one, then those to its right, then those to its left."""
        seen = {self._current}
        if self._alone:
            return seen
        needs, wanted = self._needs(), self._wanted()
        at, room = wanted.index(self._current), self.width() - needs[self._current]
        for side in (wanted[at + 1 :], wanted[:at][::-1]):
            for number in side:
                rest = room - needs[number] - self.splitter.handleWidth()
                if rest < 0:
                    break
                room = rest
                seen.add(number)
        return seen

    def _arrange(self) -> None:
        seen = self._seen()
        is_all = seen == set(self._wanted())
        if self._is_all and not is_all:
            self._sizes = list(self.sizes())
        is_other = any(part.isHidden() == (number in seen) for number, part in enumerate(self._parts))
        for number, part in enumerate(self._parts):
            part.setHidden(number not in seen)
        is_back = is_all and not self._is_all
        self._is_all = is_all
        if is_back:
            self._spread()
        self._bar.setHidden(is_all or self._alone)
        self._key.setEnabled(not is_all)  # of columns within columns only those that are folded
        self._buttons.button(self._current).setChecked(True)
        self._place_edges()
        if is_other:
            self.folded.emit()

    def _spread(self) -> None:
        """Give the parts their widths, and the main one the rest."""
        sizes, seen = list(self._sizes), self._wanted()
        if self._main is not None:
            others = sum(sizes[number] for number in seen if number != self._main)
            rest = self.width() - others - self.splitter.handleWidth() * (len(seen) - 1)
            sizes[self._main] = max(rest, self._needs()[self._main])
        self.splitter.setSizes(sizes)

    # --- size ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return room for the widest part alone."""
        hints = [part.minimumSizeHint() for part in self._parts]
        height = max(hint.height() for hint in hints) + self._bar.minimumSizeHint().height()
        return QSize(max(self._needs()), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold or unfold."""
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        """Fold or unfold when a part wants another width."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the tabs on the edges of the main part."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide}:
            self._place_edges()
        return super().eventFilter(watched, event)

    def _place_edges(self) -> None:
        if self._main is None:
            return
        main = self._parts[self._main]
        box = QRect(main.mapTo(self, QPoint(0, 0)), main.size())
        for number, edge in self.edges.items():
            is_away = number in self._away
            edge.show_state(is_away=is_away)
            edge.setVisible(not self._alone and not main.isHidden() and (is_away or not self._parts[number].isHidden()))
            left = box.left() if number < self._main else box.right() + 1 - edge.width()
            edge.move(left, box.center().y() - edge.height() // 2)
            edge.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives the others their places again."""
        if event.key() == Qt.Key.Key_Escape and self._alone:
            self.set_alone(self._parts[self._current], alone=False)
        else:
            super().keyPressEvent(event)


class BreakingRow(QWidget):
    """Widgets in a row that breaks into further rows where the room is narrow, as words do.

    A widget that places its children, and no layout: the items of a layout
    written in Python are deleted by Qt while Python still holds them.
    """

    def __init__(self, spacing: int = 6) -> None:
        super().__init__()
        self._parts: list[QWidget] = []
        self._spacing = spacing
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add(self, *parts: QWidget) -> None:
        """Take widgets at the end."""
        for part in parts:
            part.setParent(self)
        self._parts += parts

    def heightForWidth(self, width: int) -> int:
        """Return the height at a width."""
        return self._place(width, is_real=False)

    def sizeHint(self) -> QSize:
        """Return the size of one unbroken row."""
        sizes = [part.sizeHint() for part in self._shown()]
        width = sum(size.width() for size in sizes) + self._spacing * max(len(sizes) - 1, 0)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSizeHint(self) -> QSize:
        """Return the size of the largest part."""
        least = QSize(0, 0)
        for part in self._shown():
            least = least.expandedTo(_size_of(part))
        return least

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the parts."""
        super().resizeEvent(event)
        self._place(self.width(), is_real=True)

    def event(self, event: QEvent) -> bool:
        """Place the parts anew when one wants another size, comes or goes."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place(self.width(), is_real=True)
        return done

    def _shown(self) -> list[QWidget]:
        return [part for part in self._parts if not part.isHidden()]

    def _place(self, room: int, *, is_real: bool) -> int:
        left, top, height = 0, 0, 0
        for part in self._shown():
            size = _size_of(part)
            if left > 0 and left + size.width() > room:
                left, top, height = 0, top + height + self._spacing, 0
            if is_real:
                part.setGeometry(QRect(QPoint(left, top), size))
            left += size.width() + self._spacing
            height = max(height, size.height())
        return top + height


def _size_of(part: QWidget) -> QSize:
    return part.sizeHint().expandedTo(part.minimumSizeHint()).expandedTo(part.minimumSize())


class StateLine(QStatusBar):
    """The state of the work in one line; what matters least gives way where the window is narrow."""

    def __init__(self, labels: Sequence[QLabel], first_right: int, giving_way: Sequence[QLabel]) -> None:
        """Make the line.

        Args:
            labels: What it tells, from the left.
            first_right: Index of the first one that stands at the right end.
            giving_way: Those that give way, the first first.
        """
        super().__init__()
        self._labels, self._giving_way = list(labels), list(giving_way)
        for number, label in enumerate(labels):
            (self.addPermanentWidget if number >= first_right else self.addWidget)(label)
        self._right = list(labels[first_right:])
        self.messageChanged.connect(self._fit_message)

    def minimumSizeHint(self) -> QSize:
        """Return no width: labels give way."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide what does not fit."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Hide what does not fit any more when a text grows."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and not self.currentMessage():
            self._fit()
        return done

    @Slot(str)
    def _fit_message(self, text: str) -> None:
        """Let what stands at the right give way to a message that would be cut, until the message is gone."""
        if not text:
            self._fit()
            return
        room = self.width() - self.fontMetrics().horizontalAdvance(text) - 3 * self._gap
        for label in [one for one in self._giving_way if one in self._right]:
            if room < sum(one.sizeHint().width() + self._gap for one in self._right if not one.isHidden()):
                label.hide()

    def _fit(self) -> None:
        wide = {label: label.sizeHint().width() + self._gap for label in self._labels}
        lacking = sum(wide.values()) + self._gap - self.width()
        for label in self._giving_way:
            label.setHidden(lacking > 0)
            lacking -= wide[label]

    _gap = 8  # px between two labels
