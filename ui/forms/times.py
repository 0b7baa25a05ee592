"""Dates and times: typed in any usual way, picked from a calendar, cleared."""

import re
import unicodedata

from PySide6.QtCore import QDate, QDateTime, Qt
from PySide6.QtGui import QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from survey_forms import Kind, Question
from survey_forms.calendars import calendar_of
from ui.forms.base import Editor

_PARTS = re.compile(r"(\d{4})\s*[-./年]?\s*(\d{1,2})?\s*[-./月]?\s*(\d{1,2})?\s*日?")
_CLOCK = re.compile(r"(\d{1,2})\s*[:时点]\s*(\d{1,2})\s*(?:[:分]\s*(\d{1,2}))?\s*[分秒]?")
_BARE_CLOCK = re.compile(r"(\d{2})(\d{2})")
_NO_DATE = "?"
_SHOWN = {"year": 4, "month-year": 7, "day": 10}


def unit_of(appearance: str) -> str:
    """Return what a date question asks for: "year", "month-year" or "day"."""
    return next((unit for unit in ("year", "month-year") if unit in appearance.split()), "day")


def read_date(text: str, unit: str = "day") -> str:
    """Return a typed date as the form keeps it; what cannot be read stays as it is, to be told.

    >>> read_date("2026.9.5"), read_date("２０２６年９月５日"), read_date("1986", "year"), read_date("1986")
    ('2026-09-05', '2026-09-05', '1986-01-01', '1986')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _PARTS.fullmatch(plain)
    if found is None:
        return plain
    year, month, day = found.groups()
    if (month is None and unit != "year") or (day is None and unit == "day"):
        return plain
    return f"{year}-{int(month or 1):02}-{int(day or 1):02}"


def read_time(text: str) -> str:
    """Return a typed time as the form keeps it; what cannot be read stays as it is.

    >>> read_time("9:30"), read_time("０９３０"), read_time("9点5分"), read_time("x")
    ('09:30', '09:30', '09:05', 'x')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _CLOCK.fullmatch(plain) or _BARE_CLOCK.fullmatch(plain)
    if found is None:
        return plain
    parts = [piece for piece in found.groups() if piece is not None]
    return ":".join(f"{int(piece):02}" for piece in parts)


def read_moment(text: str) -> str:
    """Return a typed date and time as the form keeps it.

    >>> read_moment("2026/9/5 9:30"), read_moment("2026-09-05")
    ('2026-09-05T09:30', '2026-09-05')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    date, _gap, time = plain.replace("T", " ", 1).partition(" ")
    return f"{read_date(date)}T{read_time(time)}" if time else plain


class MomentEditor(Editor):
    """A line for a date, a time or both, with a button that fills in now or opens the calendar."""

    def __init__(self, question: Question) -> None:
        box = QWidget()
        self.line = QLineEdit()
        super().__init__(box, self.line)
        self._kind, self._unit = question.kind, unit_of(question.appearance)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        self.button = QToolButton()
        self.button.setMinimumSize(36, 36)
        layout.addWidget(self.button)
        self._shown = ""
        self.line.textEdited.connect(self._typed)

    def _typed(self, text: str) -> None:
        self._shown = self._read(text)
        self.edited.emit(self._shown)

    def _read(self, text: str) -> str:
        if self._kind is Kind.TIME:
            return read_time(text)
        return read_moment(text) if self._kind is Kind.DATETIME else read_date(text, self._unit)

    def show_text(self, text: str) -> None:
        """Show an answer, leaving alone what is being typed."""
        if text and text == self._shown and self.line.text():
            return
        self._shown = text
        shown = text.replace("T", " ", 1)
        if self._kind is Kind.DATE and QDate.fromString(text, Qt.DateFormat.ISODate).isValid():
            shown = text[: _SHOWN[self._unit]]
        if self.line.text() != shown:
            self.line.setText(shown)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing; the text stays readable."""
        self.line.setReadOnly(readonly)
        self.button.setEnabled(not readonly)

    def _put(self, text: str) -> None:
        self._shown = ""
        self.show_text(text)
        self.edited.emit(text)


class DateEditor(MomentEditor):
    """A date that can be typed or picked, and cleared; only a year or a month where the form asks no more."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.line.setPlaceholderText("2026-11-24"[: _SHOWN[self._unit]])
        self.button.setText("▾")
        self.button.setAccessibleName(_("Choose a date"))
        self.button.clicked.connect(self._open)
        self.button.setVisible("no-calendar" not in question.appearance and self._unit == "day")
        self._calendar: QCalendarWidget | None = None

    def _open(self) -> None:
        if self._calendar is None:
            self._calendar = QCalendarWidget(self.widget)
            self._calendar.setWindowFlags(Qt.WindowType.Popup)
            self._calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
            plain = QTextCharFormat()
            self._calendar.setWeekdayTextFormat(Qt.DayOfWeek.Saturday, plain)
            self._calendar.setWeekdayTextFormat(Qt.DayOfWeek.Sunday, plain)
            self._calendar.clicked.connect(self._picked)
        date = QDate.fromString(self._shown or self.line.text(), Qt.DateFormat.ISODate)
        self._calendar.setSelectedDate(date if date.isValid() else QDate.currentDate())
        self._calendar.move(self.widget.mapToGlobal(self.widget.rect().bottomLeft()))
        self._calendar.show()

    def _picked(self, date: QDate) -> None:
        if self._calendar is not None:
            self._calendar.hide()
        self._put(date.toString(Qt.DateFormat.ISODate))


class CalendarDateEditor(DateEditor):
    """A date of another calendar: typed there as year-month-day, kept and told as the Gregorian one."""

    def __init__(self, question: Question) -> None:
        found = calendar_of(question.appearance)
        if found is None:
            raise ValueError(question.appearance)
        self._calendar_of_form = found
        super().__init__(question)
        self.line.setPlaceholderText(found.show(QDate.currentDate().toString(Qt.DateFormat.ISODate)))
        self.told = QLabel()
        self.told.setProperty("role", "hint")
        box, self.widget = self.widget, QWidget()
        column = QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(box)
        column.addWidget(self.told)
        self._tell()

    def _read(self, text: str) -> str:
        """Return the Gregorian date; what is none of this calendar is marked, lest it be taken for a Gregorian one."""
        plain = text.strip()
        return (self._calendar_of_form.read(plain) or _NO_DATE + plain) if plain else ""

    def _typed(self, text: str) -> None:
        super()._typed(text)
        self._tell()

    def show_text(self, text: str) -> None:
        """Show an answer, leaving alone what is being typed."""
        if text and text == self._shown and self.line.text():
            return
        self._shown = text
        self.line.setText(self._calendar_of_form.show(text) or text.removeprefix(_NO_DATE))
        self._tell()

    def _tell(self) -> None:
        name = _(self._calendar_of_form.name)
        is_date = QDate.fromString(self._shown, Qt.DateFormat.ISODate).isValid()
        told = _("{calendar} calendar · Gregorian {date}").format(calendar=name, date=self._shown)
        self.told.setText(told if is_date else _("{calendar} calendar: year-month-day").format(calendar=name))


class TimeEditor(MomentEditor):
    """A time, or date and time, with a button for the present moment."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        is_time = question.kind is Kind.TIME
        self.line.setPlaceholderText("09:30" if is_time else "2026-11-24 09:30")
        self._format = "HH:mm" if is_time else "yyyy-MM-ddTHH:mm"
        self.button.setText(_("Now"))
        self.button.clicked.connect(self._now)

    def _now(self) -> None:
        self._put(QDateTime.currentDateTime().toString(self._format))
