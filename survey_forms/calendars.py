"""Dates in other calendars than the Gregorian, which forms keep: what the appearances of a date question ask for.

A calendar says of each of its years on which day it begins and how long its
months are; everything else follows. Days are counted as datetime.date does:
1 is 1 January of the year 1, Gregorian.

Sources: Reingold and Dershowitz, Calendrical Calculations, 4th edition (Coptic, Ethiopic, arithmetical Islamic
calendar of the civil epoch, and their epochs in that count); Borkowski, The Persian calendar for 3000 years, Earth,
Moon and Planets 74 (1996); Yan Naing Aye, Algorithm, program and calculation of Myanmar calendar (2013), third era.
The lengths of the months of Nepal are decided year by year and stand in a table.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from fieldsurvey.i18n import N_

Year = tuple[int, Sequence[tuple[int, int]]]  # first day, and (number, length in days) of each month
_PARTS = re.compile(r"(\d{1,4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?")


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar.

    Attributes:
        name: For people, in English.
        year: First day and months of a year.
        guess: The year a day lies in, or the one beside it.
        is_exact: Whether the guess is the year: where a year does not begin with its first month.
    """

    name: str
    year: Callable[[int], Year]
    guess: Callable[[int], int]
    is_exact: bool = False

    def day(self, year: int, month: int, day: int) -> date | None:
        """Return a date of this calendar as Gregorian; None if there is no such day."""
        try:
            begin, months = self.year(year)
            for number, length in months:
                if number == month and 1 <= day <= length:
                    found = date.fromordinal(begin + day - 1)
                    return found if self.parts(found) == (year, month, day) else None
                begin += length
        except (ValueError, OverflowError, LookupError):
            return None
        return None

    def parts(self, when: date) -> tuple[int, int, int] | None:
        """Return year, month and day of a Gregorian date; None where the calendar is not known."""
        fixed = when.toordinal()
        guess = self.guess(fixed)
        for year in [guess] if self.is_exact else [guess + 1, guess, guess - 1]:
            try:
                begin, months = self.year(year)
            except LookupError:
                continue
            if begin > fixed:
                continue
            for number, length in months:
                if fixed < begin + length:
                    return year, number, fixed - begin + 1
                begin += length
        return None

    def read(self, text: str) -> str:
        """Return a date as people write it in this calendar as the form keeps it; empty if it is none."""
        found = _PARTS.fullmatch(unicodedata.normalize("NFKC", text).strip())
        when = self.day(int(found[1]), int(found[2]), int(found[3])) if found else None
        return when.isoformat() if when else ""

    def show(self, iso: str) -> str:
        """Return a date that a form keeps in this calendar, year-month-day; empty if there is none."""
        try:
            parts = self.parts(date.fromisoformat(iso[:10]))
        except ValueError:
            return ""
        return "{}-{:02}-{:02}".format(*parts) if parts else ""


def _thirteen(epoch: int) -> Callable[[int], Year]:
    """Return the years of a calendar of twelve months of 30 days and a rest."""

    def year(number: int) -> Year:
        rest = 6 if number % 4 == 3 else 5
        return epoch + 365 * (number - 1) + number // 4, [*((month, 30) for month in range(1, 13)), (13, rest)]

    return year


def _guess(epoch: int, mean: float) -> Callable[[int], int]:
    return lambda fixed: math.floor((fixed - epoch) / mean) + 1


def _islamic(number: int) -> Year:
    last = 30 if (14 + 11 * number) % 30 < 11 else 29
    months = [*((month, 30 if month % 2 else 29) for month in range(1, 12)), (12, last)]
    return 227_015 + 354 * (number - 1) + (3 + 11 * number) // 30, months


def _buddhist(number: int) -> Year:
    firsts = [date(number - 543, month, 1).toordinal() for month in range(1, 13)]
    firsts.append(date(number - 542, 1, 1).toordinal())
    return firsts[0], [(month, after - before) for month, (before, after) in enumerate(pairwise(firsts), 1)]


_BREAKS = (-61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178)


def _nowruz(number: int) -> int:
    """Return the first day of a Persian year, by the years in which the rule of leap years breaks (Borkowski)."""
    leaps, start, jump = -14, _BREAKS[0], 0
    for following in _BREAKS[1:]:
        jump = following - start
        if number < following:
            break
        leaps += jump // 33 * 8 + jump % 33 // 4
        start = following
    else:
        raise LookupError(number)
    since = number - start
    leaps += since // 33 * 8 + (since % 33 + 3) // 4
    leaps += jump % 33 == 4 and jump - since == 4
    gregorian = number + 621
    return date(gregorian, 3, 20).toordinal() + leaps - (gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150)


def _persian(number: int) -> Year:
    begin = _nowruz(number)
    last = _nowruz(number + 1) - begin - 6 * 31 - 5 * 30
    return begin, [(month, 31 if month < 7 else 30 if month < 12 else last) for month in range(1, 13)]


# The last digits of the lengths (29 to 32 days) of the months, from 2000 on, as Nepal's almanac committee
# (Panchanga Nirnayak Samiti) published them; two independent collections of them agree on all but 2082.
_NEPAL_FIRST, _NEPAL_BEGIN = 2000, date(1943, 4, 14).toordinal()
_NEPAL_LENGTHS = (
    "021210009091 112111090900 112210090900 121210009901 021210009091 112111090900 112210090900 121210009901 "
    "111211900991 112111090900 112210090900 121210009901 111211900900 112111090900 112210090900 121210009901 "
    "111211900900 112111090900 121210090900 121210009091 111211090900 112111090900 121210009900 121210009091 "
    "111211090900 112111090900 121210009901 021210009091 112111090900 112120090900 121210009901 021210009091 "
    "112111090900 112210090900 121210009901 021211900991 112111090900 112210090900 121210009901 111211900900 "
    "112111090900 112210090900 121210009901 111211900900 112111090900 121210090900 121210009901 111211090900 "
    "112111090900 121210009900 121210009091 111211090900 112111090900 121210009900 121210009091 112111090900 "
    "112120090900 121210009901 021210009091 112111090900 112210090900 121210009901 111211909091 112111090900 "
    "112210090900 121210009901 111211900991 112111090900 112210090900 121210009901 111211900900 112111090900 "
    "121210090900 121210009901 111211090900 112111090900 121210009900 121210009091 111211090900 112111090900 "
    "121210009900 121210009091 112111090900 112111090900 112110009000 121201009000 021210009000"
)
_NEPAL = _NEPAL_LENGTHS.split()


def _nepal(number: int) -> Year:
    place = number - _NEPAL_FIRST
    if not 0 <= place < len(_NEPAL):
        raise LookupError(number)
    before = sum(_days(row) for row in _NEPAL[:place])
    return _NEPAL_BEGIN + before, [(month, _length(sign)) for month, sign in enumerate(_NEPAL[place], 1)]


def _length(sign: str) -> int:
    return 29 if sign == "9" else 30 + int(sign)


def _days(row: str) -> int:
    return sum(map(_length, row))


_SOLAR, _LUNAR = 1_577_917_828 / 4_320_000, 1_577_917_828 / 53_433_336  # days of a year and of a month (Thandeikta)
_MYANMAR_BEGIN = 1_954_168.050623  # Julian day on which the year 0 began
_JULIAN = 1_721_425  # Julian day number of day 0 of our count
_EXTRA_MONTHS, _DELAY = 8, -0.5  # of the third era
_THIRD_ERA = 1312  # 1950; years before follow other rules
_DELAYED = {1377: 1}  # the calendar board moved this full moon
_WITHOUT_RULE = frozenset({1344, 1345})  # the calendar board decided otherwise than the rule


def _watat(number: int) -> tuple[bool, int]:
    """Return whether a Myanmar year has a second Waso, and the Julian day of the full moon of that month."""
    least = (_SOLAR / 12 - _LUNAR) * (12 - _EXTRA_MONTHS)
    excess = _SOLAR * (number + 3739) % _LUNAR
    excess += _LUNAR if excess < least else 0
    moon = _SOLAR * number + _MYANMAR_BEGIN - excess + 4.5 * _LUNAR + _DELAY
    has_second = excess >= _LUNAR - (_SOLAR / 12 - _LUNAR) * _EXTRA_MONTHS
    return has_second != (number in _WITHOUT_RULE), math.floor(moon + 0.5) + _DELAYED.get(number, 0)


def _myanmar(number: int) -> Year:
    """Return a Myanmar year: months 1 to 12, 0 the first Waso of a long year, 13 and 14 late Tagu and late Kason."""
    if number < _THIRD_ERA:
        raise LookupError(number)
    is_long, moon = _watat(number)
    back = next(years for years in (1, 2, 3) if years == 3 or _watat(number - years)[0])
    last_moon = _watat(number - back)[1]
    is_longest = is_long and (moon - last_moon) % 354 // 31 > 0
    begin = last_moon + 354 * back - 102 - _JULIAN
    lengths = {month: 29 if month % 2 else 30 for month in range(1, 13)}
    lengths[3] += is_longest
    order = [1, 2, 3, *([0] if is_long else []), *range(4, 13)]
    return begin, [*((month, lengths.get(month, 30)) for month in order), (13, 29), (14, 30)]


def _myanmar_year(fixed: int) -> int:
    return math.floor((fixed + _JULIAN - 0.5 - _MYANMAR_BEGIN) / _SOLAR)


_COPTIC, _ETHIOPIC, _ISLAMIC = 103_605, 2_796, 227_015  # first days of their years 1
CALENDARS: Mapping[str, Calendar] = {
    "coptic": Calendar(N_("Coptic"), _thirteen(_COPTIC), _guess(_COPTIC, 365.25)),
    "ethiopian": Calendar(N_("Ethiopian"), _thirteen(_ETHIOPIC), _guess(_ETHIOPIC, 365.25)),
    "islamic": Calendar(N_("Islamic"), _islamic, _guess(_ISLAMIC, 10_631 / 30)),
    "buddhist": Calendar(N_("Buddhist"), _buddhist, lambda fixed: date.fromordinal(fixed).year + 543),
    "persian": Calendar(N_("Persian"), _persian, lambda fixed: date.fromordinal(fixed).year - 621),
    "bikram-sambat": Calendar(N_("Bikram Sambat"), _nepal, lambda fixed: date.fromordinal(fixed).year + 57),
    "myanmar": Calendar(N_("Myanmar"), _myanmar, _myanmar_year, is_exact=True),
}


def calendar_of(appearance: str) -> Calendar | None:
    """Return the calendar that a question asks for; None: the Gregorian.

    Source: XLSForm reference, appearances of date.
    """
    return next((CALENDARS[word] for word in appearance.split() if word in CALENDARS), None)
