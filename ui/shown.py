"""Numbers, dates and units as people here write them: the one place that decides it for the screen."""

import re
from datetime import UTC, date, datetime

from fieldsurvey.i18n import _, language
from fieldsurvey.model.schema import Value

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_PLAIN_UNITS = {"年"}  # a year has no thousands
_TIGHT_UNITS = {"%", "°"}
_MEGA = 1_000_000


def number(value: float, unit: str = "", *, digits: int = 2) -> str:
    """Return a number with thousands and without idle zeros, its unit behind it.

    >>> number(12345.5, "㎡"), number(1986, "年"), number(3.0, "层"), number(62.5, "%")
    ('12,345.5 ㎡', '1986 年', '3 层', '62.5%')
    """
    if isinstance(value, int) or float(value).is_integer():
        text = str(int(value)) if unit in _PLAIN_UNITS else f"{int(value):,}"
    else:
        text = f"{value:,.{digits}f}".rstrip("0").rstrip(".")
    return f"{text}{'' if unit in _TIGHT_UNITS else ' '}{unit}".strip()


def fixed(value: float, digits: int) -> str:
    """Return a number with thousands and so many digits behind the point: amounts and measures in columns.

    >>> fixed(28390.5, 2), fixed(12.0, 1)
    ('28,390.50', '12.0')
    """
    return f"{value:,.{digits}f}"


def scale(value: float) -> str:
    """Return the scale of a map, as it stands on one.

    >>> scale(2000.4)
    '1:2000'
    """
    return f"1:{round(value)}"


def coordinate(value: float, digits: int = 2) -> str:
    """Return a plane coordinate, m: without thousands, so that it can be copied into other programs.

    >>> coordinate(3342741.449)
    '3342741.45'
    """
    return f"{value:.{digits}f}"


def east_north(east: float, north: float) -> str:
    """Return a place in a plane grid, m.

    >>> east_north(602829.389, 3344456.473)
    'E 602829.39  N 3344456.47'
    """
    return f"E {coordinate(east)}  N {coordinate(north)}"


def degrees(longitude: float, latitude: float) -> str:
    """Return a place in degrees, to a centimetre.

    >>> degrees(115.06802279, -30.2)
    '115.0680228°E  30.2000000°S'
    """
    return f"{abs(longitude):.7f}°{_side(longitude, 'EW')}  {abs(latitude):.7f}°{_side(latitude, 'NS')}"


def degrees_minutes_seconds(longitude: float, latitude: float) -> str:
    """Return a place in degrees, minutes and seconds, to three centimetres.

    >>> degrees_minutes_seconds(115.06802279, 30.2166666666)
    '115°04′04.882″E  30°13′00.000″N'
    """
    return f"{_angle(longitude)}{_side(longitude, 'EW')}  {_angle(latitude)}{_side(latitude, 'NS')}"


def _angle(value: float) -> str:
    minutes, thousandths = divmod(round(abs(value) * 3_600_000), 60_000)  # rounded first: 59.9996″ is the next minute
    return f"{minutes // 60}°{minutes % 60:02d}′{thousandths / 1000:06.3f}″"


def _side(value: float, sides: str) -> str:
    return sides[value < 0]


def money(wan: float) -> str:
    """Return 万元 in the large unit of the language, which the text around it names: 亿元 in Chinese, else billions.

    >>> money(283_900)  # 28.39 亿元
    '28.39'
    """
    return f"{wan / 10_000:.2f}" if language().startswith("zh") else f"{wan / 100_000:.3f}"


def size(count: int) -> str:
    """Return the size of a file.

    >>> size(850), size(30_820_000)
    ('1 kB', '30.8 MB')
    """
    return f"{count / 1e6:,.1f} MB" if count >= _MEGA else f"{max(1, round(count / 1e3)):,} kB"


def day(value: str | date, *, is_long: bool = False) -> str:
    """Return a day: 2026-11-29 in tables, 2026年11月29日 in sentences.

    >>> day("2026-11-29T02:32:05Z"), day("soon")
    ('2026-11-29', 'soon')
    """
    found = _DAY.match(value.isoformat() if isinstance(value, date) else value)
    if found is None:
        return str(value)
    if not is_long:
        return found[0]
    year, month, number_ = (int(part) for part in found.groups())
    if language().startswith("zh"):
        return f"{year}年{month}月{number_}日"
    return f"{number_} {date(year, month, number_):%B %Y}"


def moment(at: int | datetime, *, seconds: bool = False) -> str:
    """Return a moment, ms since 1970 or a datetime, on the clock of this laptop: 2026-11-29 10:32."""
    when = datetime.fromtimestamp(at / 1000, UTC) if isinstance(at, int) else at
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def short(at: int | datetime) -> str:
    """Return a moment of this year, for lists: 11-29 10:32."""
    return moment(at)[5:]


def clock(at: int | datetime, *, seconds: bool = True) -> str:
    """Return the time of a moment: 10:32:05."""
    return moment(at, seconds=seconds)[11:]


def cell(value: Value, unit: str = "") -> str:
    """Return a stored value as it stands in a table, without its unit; the head of the column has it."""
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number(value, unit, digits=4).removesuffix(unit).strip() if unit else number(value, digits=4)
    if _DAY.match(value) and "T" in value[10:11]:
        try:
            return moment(datetime.fromisoformat(value))
        except ValueError:
            return value
    return value
