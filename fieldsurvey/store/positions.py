"""What is kept of a measured place: the record beside the feature that it became a part of."""

from collections.abc import Sequence

import numpy as np
import shapely

from fieldsurvey.model.position import FIX_RECORD
from fieldsurvey.model.schema import Value
from fieldsurvey.positioning.averaging import Average
from fieldsurvey.positioning.fixes import QUALITY_NAMES, Quality
from fieldsurvey.store import Store

Measured = tuple[tuple[float, float], Average]  # east and north in m in the project CRS, and how it was measured
_SAME = 1e-3  # m: the corner that was measured, and not one moved since
_BY_NAME = {quality.name.lower(): quality for quality in Quality}


def keep(store: Store, table: str, uid: str, geometry: shapely.Geometry, measured: Sequence[Measured]) -> int:
    """Keep how the corners of a feature were measured; return how many were. Call in the transaction that made it.

    Args:
        store: The project.
        table: Layer of the feature.
        uid: The feature.
        geometry: Its geometry: a measured place counts where one of its corners still is.
        measured: The places.
    """
    corners = shapely.get_coordinates(geometry)
    row = store.get(uid)
    community = uid if table == "community" else row.values.get("community_uid") if row is not None else None
    count = 0
    for place, found in measured:
        near = np.flatnonzero(np.hypot(*(corners - np.array(place)).T) <= _SAME)
        if not len(near):
            continue
        if FIX_RECORD.name not in store.tables():
            store.add_table(FIX_RECORD)
        corner = int(near[0]) + 1 if len(corners) > 1 else None
        values = {"community_uid": community, "feature_table": table, "feature_uid": uid, "corner": corner}
        store.create_record(FIX_RECORD.name, {**values, **values_of(found)})
        count += 1
    return count


def values_of(found: Average) -> dict[str, Value]:
    """Return the columns of a measured place."""
    return {
        "quality": found.quality.name.lower(), "accuracy": round(found.accuracy, 4), "hdop": found.hdop,
        "satellites": found.satellites, "used": found.used, "rejected": found.rejected,
        "spread": round(found.spread, 4), "lon": round(found.lon, 9), "lat": round(found.lat, 9),
        "height": None if found.height is None else round(found.height, 3),
        "began_at": found.began.isoformat(timespec="seconds") if found.began else None,
        "ended_at": found.ended.isoformat(timespec="seconds") if found.ended else None,
    }  # fmt: skip


def of_feature(store: Store, uid: str) -> list[dict[str, Value]]:
    """Return how the corners of a feature were measured, in the order of measuring; the newest of a point is last."""
    if FIX_RECORD.name not in store.tables():
        return []
    return store.select(FIX_RECORD.name, where={"feature_uid": uid})


def quality_name(code: Value) -> str:
    """Return the name of a kept kind of fix; not translated yet."""
    return QUALITY_NAMES.get(_BY_NAME.get(str(code), Quality.NONE), "")
