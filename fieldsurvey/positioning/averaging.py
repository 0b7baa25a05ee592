"""One place out of many fixes, and whether it is good enough."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from fieldsurvey.i18n import _
from fieldsurvey.positioning.fixes import Fix, Quality

_OUTLIER = 3.5  # modified z-score (Iglewicz and Hoaglin, 1993)
_LEAST_SPREAD = 0.005  # m: below, differences are noise of the last digit
_RADIUS = 6_371_000.0  # m; only differences of some metres are scaled with it
_RANK = {Quality.FIXED: 4, Quality.FLOAT: 3, Quality.DIFFERENTIAL: 2, Quality.PPS: 2, Quality.SINGLE: 1}


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of several fixes.

    Attributes:
        lon, lat: WGS 84, degrees.
        height: m; None if no fix had one.
        used, rejected: Fixes in the mean, and outliers left out.
        quality: The worst among those used.
        hdop: Their median dilution of precision; None if none told it.
        satellites: The fewest that one of them used; None if none told them.
        spread: m, 1 sigma: how far they lie apart.
        began, ended: Moments of the first and last among them, UTC; None if the receiver did not tell the date.
        accuracy: m, 1 sigma: the larger of their spread and the median of what they state. Fixes of one minute
            share their errors, so their number does not make the mean better.
    """

    lon: float
    lat: float
    height: float | None
    used: int
    rejected: int
    quality: Quality
    accuracy: float
    hdop: float | None = None
    satellites: int | None = None
    spread: float = 0.0
    began: datetime | None = None
    ended: datetime | None = None


def average(fixes: Sequence[Fix]) -> Average | None:
    """Return the mean of fixes without outliers; None without fixes.

    Only fixes of the best quality among them count: a single fix must not spoil RTK ones.
    """
    if not fixes:
        return None
    best = max(_RANK.get(fix.quality, 0) for fix in fixes)
    good = [fix for fix in fixes if _RANK.get(fix.quality, 0) == best]
    lat = np.array([fix.lat for fix in good])
    lon = np.array([fix.lon for fix in good])
    north = np.radians(lat - np.median(lat)) * _RADIUS
    east = np.radians(lon - np.median(lon)) * _RADIUS * math.cos(math.radians(float(np.median(lat))))
    away = np.hypot(east - np.median(east), north - np.median(north))
    scale = max(float(np.median(away)) / 0.6745, _LEAST_SPREAD)
    kept = away / scale <= _OUTLIER
    taken = [fix for fix, keep in zip(good, kept, strict=True) if keep]
    heights = [fix.height for fix in taken if fix.height is not None]
    stated = [fix.accuracy for fix in taken if fix.accuracy is not None]
    hdops = [fix.hdop for fix in taken if fix.hdop is not None]
    times = [fix.at for fix in taken if fix.at is not None]
    spread = float(np.hypot(np.std(east[kept]), np.std(north[kept])))
    used = int(kept.sum())
    return Average(
        float(lon[kept].mean()),
        float(lat[kept].mean()),
        float(np.mean(heights)) if heights else None,
        used,
        len(fixes) - used,
        min((fix.quality for fix in taken), key=lambda q: _RANK.get(q, 0)),
        max(spread, float(np.median(stated)) if stated else 0.0),
        float(np.median(hdops)) if hdops else None,
        min((fix.satellites for fix in taken if fix.satellites is not None), default=None),
        spread,
        min(times, default=None),
        max(times, default=None),
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """What a project asks of a place.

    Attributes:
        accuracy: m, 1 sigma; 0 asks nothing.
        quality: The least quality: SINGLE, DIFFERENTIAL, FLOAT or FIXED.
    """

    accuracy: float = 5.0
    quality: Quality = Quality.SINGLE

    def refusal(self, quality: Quality, accuracy: float | None) -> str:
        """Return why a place is not good enough, in the user's language; empty if it is."""
        if _RANK.get(quality, 0) < _RANK.get(self.quality, 0):
            return _("This project asks for a better kind of fix. Wait, or check the correction service.")
        if self.accuracy and (accuracy is None or accuracy > self.accuracy):
            told = "?" if accuracy is None else f"{accuracy:.2f}"
            text = _("Accuracy ±{told} m; this project asks for ±{asked:g} m. Wait, or go where the sky is open.")
            return text.format(told=told, asked=self.accuracy)
        return ""


def gate_to_json(gate: Gate) -> str:
    """Return a gate as the text that is kept in the project."""
    return json.dumps({"accuracy": gate.accuracy, "quality": int(gate.quality)})


def gate_from_json(text: str) -> Gate:
    """Return the gate of a project; the usual one if the text is not of a gate."""
    try:
        raw = json.loads(text or "{}")
        return Gate(float(raw.get("accuracy", 5.0)), Quality(int(raw.get("quality", Quality.SINGLE))))
    except (ValueError, TypeError, AttributeError):
        return Gate()
