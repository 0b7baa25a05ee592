"""The photos of a project as records: when and where each was taken, where it looks, what is drawn on it.

Answers of forms name a photo by its SHA-256 and nothing else; what belongs to
the photo itself is here once, travels with sync, and is a layer of points.
"""

import numpy as np
import shapely

from fieldsurvey.geo import crs
from fieldsurvey.model.assets import PHOTO
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.marks import Mark, from_json, to_json
from fieldsurvey.model.schema import Value
from fieldsurvey.store.photos import Photo
from fieldsurvey.store.store import Store


def enter(store: Store, sha256: str, name: str, photo: Photo, community_uid: str) -> bool:
    """Make the record of a photo, if there is none yet; say whether it was new to the project."""
    _prepare(store)
    if _find(store, sha256):
        return False
    values: dict[str, Value] = {
        "sha256": sha256,
        "community_uid": community_uid,
        "file_name": name,
        "taken": photo.taken or None,
        "direction": photo.direction,
        "width": photo.size[0],
        "height": photo.size[1],
    }
    if photo.position is not None:
        longitude, latitude = (np.array([degrees]) for degrees in photo.position)
        x, y = crs.transform(longitude, latitude, crs.CGCS2000, store.crs)
        if np.isfinite(x[0]) and np.isfinite(y[0]):
            values["geom"] = bytes(shapely.to_wkb(shapely.Point(float(x[0]), float(y[0]))))
    store.create_record("photo", values, scope=scope_of(community_uid))
    return True


def marks_of(store: Store, sha256: str) -> tuple[Mark, ...]:
    """Return what is drawn on a photo."""
    if PHOTO.name not in store.tables():
        return ()
    rows = store.select(PHOTO.name, ["marks"], where={"sha256": sha256})
    return from_json(str(rows[0]["marks"] or "")) if rows else ()


def marks_in(store: Store, community_uid: str) -> dict[str, tuple[Mark, ...]]:
    """Return what is drawn on the photos of a community, by fingerprint; photos with nothing on them are left out."""
    if PHOTO.name not in store.tables():
        return {}
    rows = store.select(PHOTO.name, ["sha256", "marks"], where={"community_uid": community_uid})
    return {str(row["sha256"]): from_json(str(row["marks"])) for row in rows if row["marks"]}


def draw_on(store: Store, sha256: str, marks: tuple[Mark, ...], community_uid: str) -> None:
    """Keep what a person drew on a photo, in the place of what was drawn before."""
    _prepare(store)
    text = to_json(marks) or None
    uid = _find(store, sha256)
    if uid:
        store.save(uid, {"marks": text})
    else:
        values: dict[str, Value] = {"sha256": sha256, "community_uid": community_uid, "marks": text}
        store.create_record(PHOTO.name, values, scope=scope_of(community_uid))


def _prepare(store: Store) -> None:
    if PHOTO.name not in store.tables():
        store.add_table(PHOTO)


def _find(store: Store, sha256: str) -> str:
    rows = store.select(PHOTO.name, ["uid"], where={"sha256": sha256})
    return str(rows[0]["uid"]) if rows else ""
