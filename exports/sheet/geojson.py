"""The geometry of the map figure as GeoJSON, to be attached to the sheet."""

import json
from functools import lru_cache

import numpy as np
import shapely

from exports.sheet.data import SheetData


def map_geojson(data: SheetData) -> bytes:
    """Return boundary and items as a GeoJSON collection in the project CRS, coordinates to the centimetre.

    RFC 7946 knows WGS 84 only; the member "crs" (GeoJSON 2008) names the
    project's own system instead, as survey offices expect.
    """
    shapes = [("community", data.name, "", data.map.boundary)] if data.map.boundary else []
    shapes += [(layer, item.label, item.kind, item.wkb) for layer, items in data.map.layers.items() for item in items]
    wkbs = np.array([wkb for _layer, _label, _kind, wkb in shapes], dtype=object)
    rounded = shapely.transform(shapely.from_wkb(wkbs), lambda points: points.round(2))
    geometries = shapely.to_geojson(rounded).tolist()
    features = ",".join(
        f'{{"type":"Feature","properties":{_properties(*shape[:3])},"geometry":{geometry}}}'
        for shape, geometry in zip(shapes, geometries, strict=True)
    )
    return f'{{"type":"FeatureCollection","crs":{_json(data.map.crs)},"features":[{features}]}}'.encode()


@lru_cache(maxsize=4096)
def _properties(layer: str, label: str, kind: str) -> str:
    """Return the properties as JSON; most pieces of a network have the same."""
    return _json({"layer": layer, "label": label, "kind": kind})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
