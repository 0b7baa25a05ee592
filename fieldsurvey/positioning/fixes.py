"""From sentences to fixes: one for each moment the receiver speaks of."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum

from fieldsurvey.i18n import N_
from fieldsurvey.positioning.nmea import Sentence

_ROLLOVER = timedelta(weeks=1024)  # GPS week numbers have ten bits; old receivers fall back by so much
_EARLIEST = date(2010, 1, 1)  # no receiver in use speaks of an earlier day


class Quality(IntEnum):
    """How a fix was made (NMEA 0183, GGA field 6)."""

    NONE = 0
    SINGLE = 1
    DIFFERENTIAL = 2
    PPS = 3
    FIXED = 4
    FLOAT = 5
    ESTIMATED = 6
    MANUAL = 7
    SIMULATED = 8


QUALITY_NAMES: Mapping[Quality, str] = {
    Quality.NONE: N_("no fix"),
    Quality.SINGLE: N_("single"),
    Quality.DIFFERENTIAL: N_("differential"),
    Quality.PPS: N_("single"),
    Quality.FIXED: N_("RTK fixed"),
    Quality.FLOAT: N_("RTK float"),
    Quality.ESTIMATED: N_("estimated"),
    Quality.MANUAL: N_("estimated"),
    Quality.SIMULATED: N_("simulated"),
}
# Metres (1 sigma, horizontal) per unit of HDOP where the receiver sends no GST: usual figures of handbooks.
_RANGE_ERROR = {
    Quality.SINGLE: 3.0, Quality.DIFFERENTIAL: 1.0, Quality.PPS: 2.0, Quality.FIXED: 0.02, Quality.FLOAT: 0.3,
}  # fmt: skip
_NAVIGATION_MODES = {"A": 1, "D": 2, "P": 3, "R": 4, "F": 5, "E": 6, "M": 7, "S": 8}  # RMC and GNS


@dataclass(frozen=True, slots=True)
class Fix:
    """Where the receiver was.

    Attributes:
        lon, lat: WGS 84, degrees.
        at: Moment in UTC; None until the receiver has told the date.
        quality: How it was made.
        height: Height over the ellipsoid's geoid as the receiver computes it, m.
        satellites: Satellites in use.
        hdop: Dilution of precision.
        sigma: Horizontal standard deviation as the receiver states it (GST), m.
        speed: m/s.
        course: Degrees from true north.
    """

    lon: float
    lat: float
    at: datetime | None = None
    quality: Quality = Quality.SINGLE
    height: float | None = None
    satellites: int | None = None
    hdop: float | None = None
    sigma: float | None = None
    speed: float | None = None
    course: float | None = None

    @property
    def accuracy(self) -> float | None:
        """Horizontal accuracy, m (1 sigma): what the receiver states, else from HDOP; None if nothing tells."""
        if self.sigma is not None:
            return self.sigma
        error = _RANGE_ERROR.get(self.quality)
        return None if error is None or self.hdop is None else self.hdop * error


@dataclass(frozen=True, slots=True)
class _Found:
    """What one sentence says."""

    clock: time | None = None
    day: date | None = None
    place: tuple[float, float] | None = None
    others: Mapping[str, object] = field(default_factory=dict)
    is_valid: bool = True
    is_main: bool = False
    quality: Quality = Quality.SINGLE


class Assembler:
    """Puts the sentences of one moment together."""

    def __init__(self) -> None:
        self._clock: time | None = None
        self._day: date | None = None
        self._day_of: time | None = None  # the time of day at which the day was told
        self._fix: Fix | None = None
        self._is_valid = True

    def take(self, sentence: Sentence) -> Fix | None:
        """Take a sentence; return the fix of the moment before if a new moment begins."""
        read = _READERS.get(sentence.kind)
        if read is None:
            return None
        try:
            found = read(sentence.fields)
        except (ValueError, IndexError, OverflowError):
            return None
        done = self._turn(found.clock) if found.clock is not None else None
        if found.day is not None:
            self._day, self._day_of = found.day, found.clock or self._clock
        self._is_valid &= found.is_valid
        if found.place is not None or (self._fix is not None and found.others):
            self._add(found)
        return done

    def _add(self, found: _Found) -> None:
        """Add what a sentence says; the place is that of GGA, which has the most digits and the quality."""
        if self._fix is None and found.place is not None:
            self._fix = Fix(*found.place, quality=found.quality)
        elif self._fix is not None and found.place is not None and found.is_main:
            self._fix = replace(self._fix, lon=found.place[0], lat=found.place[1])
        if self._fix is not None:
            self._fix = replace(self._fix, **dict(found.others))  # type: ignore[arg-type]

    def flush(self) -> Fix | None:
        """Return the fix of the last moment: no more sentences come."""
        fix, self._fix = self._fix, None
        is_valid, self._is_valid = self._is_valid, True
        if fix is None or not is_valid or fix.quality is Quality.NONE:
            return None
        return replace(fix, at=self._moment())

    def _turn(self, clock: time) -> Fix | None:
        """Begin another moment, past midnight on another day."""
        if clock == self._clock:
            return None
        done = self.flush()
        if self._day is not None and self._clock is not None and _seconds(self._clock) - _seconds(clock) > 43_200:
            self._day += timedelta(days=1)
        self._clock = clock
        return done

    def _moment(self) -> datetime | None:
        if self._day is None or self._clock is None:
            return None
        return datetime.combine(self._day, self._clock, UTC)


def _gga(fields: tuple[str, ...]) -> _Found:
    quality = Quality(int(fields[5] or 0))
    others: dict[str, object] = {"quality": quality}
    others.update(_counts(fields))
    place = _place(fields[1:5])
    return _Found(_clock(fields[0]), None, place, others, quality is not Quality.NONE and place is not None, True)


def _counts(fields: tuple[str, ...]) -> dict[str, object]:
    """Return satellites, HDOP and height: GGA and GNS have them in the same fields."""
    others: dict[str, object] = {}
    if fields[6]:
        others["satellites"] = int(fields[6])
    if fields[7]:
        others["hdop"] = float(fields[7])
    if fields[8]:
        others["height"] = float(fields[8])
    return others


def _gns(fields: tuple[str, ...]) -> _Found:
    modes = [_NAVIGATION_MODES.get(mode, 0) for mode in fields[5]]
    quality = Quality(max((mode for mode in modes if mode), default=0))
    others = _counts(fields)
    place = _place(fields[1:5])
    return _Found(_clock(fields[0]), None, place, others, quality is not Quality.NONE and place is not None)


def _rmc(fields: tuple[str, ...]) -> _Found:
    others: dict[str, object] = {}
    if fields[6]:
        others["speed"] = float(fields[6]) * 1852 / 3600
    if fields[7]:
        others["course"] = float(fields[7])
    is_valid = fields[1] == "A" and (len(fields) < 12 or fields[11] != "N")
    mode = _NAVIGATION_MODES.get(fields[11] if len(fields) > 11 else "A", 1)
    place = _place(fields[2:6])
    return _Found(
        _clock(fields[0]), _day(fields[8]), place, others, is_valid and place is not None, quality=Quality(mode)
    )


def _gll(fields: tuple[str, ...]) -> _Found:
    place = _place(fields[0:4])
    return _Found(_clock(fields[4]), None, place, {}, fields[5] == "A" and place is not None)


def _gst(fields: tuple[str, ...]) -> _Found:
    if not fields[5] or not fields[6]:
        return _Found(_clock(fields[0]))
    return _Found(_clock(fields[0]), others={"sigma": math.hypot(float(fields[5]), float(fields[6]))})


def _zda(fields: tuple[str, ...]) -> _Found:
    clock = _clock(fields[0])
    if not fields[3]:
        return _Found(clock)
    return _Found(clock, _rolled(date(int(fields[3]), int(fields[2]), int(fields[1]))))


_READERS: Mapping[str, Callable[[tuple[str, ...]], _Found]] = {
    "GGA": _gga, "GNS": _gns, "RMC": _rmc, "GLL": _gll, "GST": _gst, "ZDA": _zda,
}  # fmt: skip


def _clock(text: str) -> time | None:
    if not text:
        return None
    whole, _dot, part = text.partition(".")
    return time(int(whole[0:2]), int(whole[2:4]), min(int(whole[4:6]), 59), int((part + "000000")[:6]))


def _day(text: str) -> date | None:
    if len(text) != 6 or not text.isdigit():
        return None
    day, month, year = int(text[0:2]), int(text[2:4]), int(text[4:6])
    return _rolled(date(2000 + year if year < 80 else 1900 + year, month, day))


def _rolled(day: date) -> date:
    while day < _EARLIEST:
        day += _ROLLOVER
    return day


def _place(fields: tuple[str, ...]) -> tuple[float, float] | None:
    """Return longitude and latitude; None where fields are empty, impossible, or the zeros of a cold start."""
    if not all(fields):
        return None
    lat, lon = _degrees(fields[0], 2), _degrees(fields[2], 3)
    if lat > 90 or lon > 180 or (lat == 0 and lon == 0) or fields[1] not in "NS" or fields[3] not in "EW":
        return None
    return (-lon if fields[3] == "W" else lon), (-lat if fields[1] == "S" else lat)


def _degrees(text: str, digits: int) -> float:
    whole, minutes = int(text[:digits]), float(text[digits:])
    if minutes >= 60:
        raise ValueError(text)
    return whole + minutes / 60


def _seconds(clock: time) -> float:
    return clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6


def fixes(sentences: Iterable[Sentence]) -> Iterator[Fix]:
    """Yield the fixes of a whole log."""
    assembler = Assembler()
    for sentence in sentences:
        if (fix := assembler.take(sentence)) is not None:
            yield fix
    if (last := assembler.flush()) is not None:
        yield last
