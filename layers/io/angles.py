"""Numbers and angles in the notations that offices write them in."""

import re
import unicodedata

_MARKS = str.maketrans({
    "º": "°", "˚": "°", "゜": "°", "ﾟ": "°", "′": "'", "’": "'", "‘": "'", "`": "'", "´": "'", "＇": "'",
    "″": '"', "”": '"', "“": '"', "＂": '"', "〞": '"', "：": ":",
})  # fmt: skip
_NAMED = re.compile(r"^(?:经度|纬度|lon(?:gitude)?|lat(?:itude)?)[:=\s]*", re.IGNORECASE)
_ANGLE = re.compile(
    r"^(?:([NSEW北南东西])[经纬]?[:\s]*)?([-+]?\d+(?:\.\d+)?)"
    r"(?:\s*[°度d:\- ]\s*(\d+(?:\.\d+)?)(?:\s*['分m:\- ]\s*(\d+(?:\.\d+)?))?)?"
    r"[°度d'分m\"秒s\- ]*(?:([NSEW北南东西])[经纬]?)?$"
)
_FRACTION_BEHIND = re.compile(r"(\d)([°'\"])\.(\d+)")  # 24″.50, as on old sheets
_NEGATIVE = {"S", "W", "南", "西"}
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_UNIT = re.compile(r"\s*(?:m|米|公尺)$", re.IGNORECASE)


def degrees(text: str) -> float:
    """Return an angle in degrees from decimal degrees or degrees-minutes-seconds; NaN if it is neither.

    >>> round(degrees("114°53′47.824″"), 6), degrees("30.5"), degrees("no")
    (114.896618, 30.5, nan)
    >>> degrees("东经114度30分"), degrees("S30-30-0"), degrees("114°75′")
    (114.5, -30.5, nan)
    >>> degrees("114º30'0''"), degrees("东经：114°30′0″"), degrees("114°29′60″.0"), degrees("E 114 30 00")
    (114.5, 114.5, nan, 114.5)
    """
    try:
        return float(text if "_" not in text else "")
    except ValueError:
        pass
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS).strip().replace("''", '"')
    plain = _FRACTION_BEHIND.sub(r"\1.\3\2", _NAMED.sub("", plain))
    try:
        return float(plain)
    except ValueError:
        pass
    if _DECIMAL_COMMA.fullmatch(plain):
        return float(plain.replace(",", "."))
    match = _ANGLE.match(plain)
    if match is None:
        return float("nan")
    whole, minutes, seconds = (float(match[i] or 0) for i in (2, 3, 4))
    if minutes >= 60 or seconds >= 60:
        return float("nan")
    sign = -1 if match[2].startswith("-") or match[1] in _NEGATIVE or match[5] in _NEGATIVE else 1
    return sign * (abs(whole) + minutes / 60 + seconds / 3600)


def number(value: object) -> float:
    """Return a cell as a number; NaN if it is none.

    >>> number("3,342,741.451"), number("600146,644"), number("3 342 741.451"), number("600146.644米"), number("待定")
    (3342741.451, 600146.644, 3342741.451, 600146.644, nan)
    """
    if value is None or isinstance(value, int | float):
        return float("nan") if value is None else float(value)
    try:
        return float(value) if isinstance(value, str) and "_" not in value else _spelled(str(value))
    except ValueError:
        return _spelled(str(value))


def _spelled(text: str) -> float:
    """Return a number written with blanks, commas, full-width digits or a unit; NaN if it is none."""
    plain = _UNIT.sub("", "".join(unicodedata.normalize("NFKC", text).split()))
    if _DECIMAL_COMMA.fullmatch(plain) and not _GROUPED.fullmatch(plain):
        plain = plain.replace(",", ".")
    try:
        return float(plain.replace(",", "").replace("_", "?"))
    except ValueError:
        return float("nan")
