"""One layer as columns: what the map draws from, memory-mapped, no Python per vertex.

Coordinates are int32 millimetres from the layer's origin (±2,147 km), features
in Hilbert order so that neighbours on the ground are neighbours in the file.
"""

import json
import math
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.raw_types import Bytes, Floats, Ints

POINT, LINE, AREA = 0, 1, 2
BLOCK = 256  # features under one block box
_FEW_BLOCKS = 24  # blocks that are looked at one by one
_MOST = 2**31 - 1  # of int32
_COARSE = 4.0  # m, tolerance of the simplified level
_ALIGNED = 64  # bytes


@dataclass(frozen=True, slots=True)
class Columns:
    """One layer.

    Attributes:
        name: Table of the project.
        origin: East and north of the zero of the coordinates, m in the project CRS.
        uids: Shape (n,), 32 bytes each.
        klass: Style class per feature, shape (n,).
        boxes: minx, miny, maxx, maxy in mm, shape (n, 4).
        blocks: Boxes of BLOCK features each, shape (ceil(n / BLOCK), 4).
        xy: Vertices in mm, shape (v, 2); `coarse` the same, simplified.
        rings: First vertex of each ring or part, and the end, shape (r + 1,).
        features: First ring of each feature, and the end, shape (n + 1,).
        labels: Text per feature, shape (n,); empty if none has any.
        kind: POINT, LINE or AREA.
    """

    name: str
    origin: tuple[float, float]
    uids: Any
    klass: Bytes
    boxes: Ints
    blocks: Ints
    xy: Ints
    rings: Ints
    features: Ints
    coarse_xy: Ints
    coarse_rings: Ints
    coarse_features: Ints
    labels: Any
    kind: int = POINT

    def __len__(self) -> int:
        return len(self.klass)

    @property
    def is_area(self) -> bool:
        """True for areas, whose vertices are closed rings."""
        return bool(self.kind == AREA)

    def label(self, number: int) -> str:
        """Return the name of one feature; empty if it has none."""
        return str(self.labels[number]) if len(self.labels) else ""

    def visible(self, box: tuple[float, float, float, float]) -> Ints:
        """Return the indexes of features whose box touches minx, miny, maxx, maxy (m, project CRS)."""
        bounds = _whole(self.to_mm(box))
        hits = np.flatnonzero(_touch(self.blocks, *bounds))
        if len(hits) <= _FEW_BLOCKS:
            return self._among(hits.tolist(), bounds)
        index = self.of_blocks(hits)
        partly = ~_within(self.blocks[hits], *bounds)
        if not partly.any():
            return index
        doubtful = np.flatnonzero(np.repeat(partly, BLOCK)[: len(index)])
        keep = np.ones(len(index), bool)
        keep[doubtful] = _touch(self.boxes[index[doubtful]], *bounds)
        return index[keep]

    def of_blocks(self, blocks: Ints) -> Ints:
        """Return the indexes of all features of some blocks, ascending."""
        index = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        return index[: np.searchsorted(index, len(self))]

    def boxes_of(self, index: Ints) -> Ints:
        """Return the boxes of features, ascending: without a copy where they lie side by side."""
        if len(index) and index[-1] - index[0] + 1 == len(index):
            return self.boxes[index[0] : index[-1] + 1]
        return self.boxes[index]

    def _among(self, blocks: Sequence[int], bounds: tuple[int, int, int, int]) -> Ints:
        """Return the features of a few blocks that touch a box: slices, where gathering would cost more."""
        found = [np.empty(0, np.int64)]
        for block in blocks:
            first = block * BLOCK
            inside = np.flatnonzero(_touch(self.boxes[first : first + BLOCK], *bounds))
            if len(inside):
                found.append(inside + first)
        return np.concatenate(found) if len(found) > 2 else found[-1]

    def to_mm(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Return a box in the millimetres of this layer."""
        east, north = self.origin
        return (box[0] - east) * 1e3, (box[1] - north) * 1e3, (box[2] - east) * 1e3, (box[3] - north) * 1e3

    def centres(self, index: Ints) -> Floats:
        """Return box centres in m of the project CRS, shape (k, 2)."""
        middle = (self.boxes[index, :2].astype(float) + self.boxes[index, 2:]) / 2e3
        return np.asarray(middle + np.array(self.origin))

    def vertices(self, index: Ints, *, coarse: bool) -> tuple[Floats, Ints, Ints]:
        """Return vertices (mm, float), vertices per ring, and the feature (position in index) of each ring."""
        xy, rings, features = (
            (self.coarse_xy, self.coarse_rings, self.coarse_features)
            if coarse
            else (self.xy, self.rings, self.features)
        )
        first, last = features[index], features[index + 1]
        ring = _ranges(first, last)
        owner = np.repeat(np.arange(len(index)), last - first)
        counts = rings[ring + 1] - rings[ring]
        return xy[_ranges(rings[ring], rings[ring + 1])].astype(float), counts, owner


def _whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """Return a box in whole millimetres within int32: comparing with other numbers would copy every column first."""
    low = [max(min(math.ceil(value), _MOST), -_MOST) for value in box[:2]]
    high = [max(min(math.floor(value), _MOST), -_MOST) for value in box[2:]]
    return low[0], low[1], high[0], high[1]


def _touch(boxes: Ints, min_x: int, min_y: int, max_x: int, max_y: int) -> npt.NDArray[np.bool_]:
    """Say which boxes touch another."""
    hit = boxes[:, 0] <= max_x
    hit &= boxes[:, 2] >= min_x
    hit &= boxes[:, 1] <= max_y
    hit &= boxes[:, 3] >= min_y
    return hit


def _within(boxes: Ints, min_x: int, min_y: int, max_x: int, max_y: int) -> npt.NDArray[np.bool_]:
    """Say which boxes lie wholly in another."""
    inside = boxes[:, 0] >= min_x
    inside &= boxes[:, 2] <= max_x
    inside &= boxes[:, 1] >= min_y
    inside &= boxes[:, 3] <= max_y
    return inside


def _ranges(first: Ints, last: Ints) -> Ints:
    """Return the concatenated ranges first[i] … last[i] - 1."""
    counts = last - first
    total = int(counts.sum())
    if not total:
        return np.empty(0, np.int64)
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return np.asarray(starts + np.arange(total))


def build(name: str, geometries: Any, uids: Sequence[str], klass: Sequence[int], labels: Sequence[str]) -> Columns:  # noqa: ANN401
    """Return the columns of a layer from shapely geometries (no None), in Hilbert order."""
    boxes = shapely.bounds(geometries)
    origin = (float(np.floor(boxes[:, 0].min())), float(np.floor(boxes[:, 1].min())))
    order = np.argsort(hilbert((boxes[:, :2] + boxes[:, 2:]) / 2), kind="stable")
    geometries, boxes = geometries[order], boxes[order]
    mm = np.round((boxes - np.array([*origin, *origin])) * 1e3).astype(np.int32)
    fine = _exploded(geometries, origin)
    coarse = _exploded(shapely.simplify(geometries, _COARSE, preserve_topology=True), origin)
    return Columns(
        name, origin, np.array(uids, "S32")[order], np.array(klass, np.uint8)[order], mm, _blocks(mm), *fine, *coarse,
        np.array(labels, "U")[order] if any(labels) else np.empty(0, "U1"), _kind(geometries),
    )  # fmt: skip


def _kind(geometries: Any) -> int:  # noqa: ANN401
    return int(shapely.get_dimensions(geometries).max())


def _exploded(geometries: Any, origin: tuple[float, float]) -> tuple[Ints, Ints, Ints]:  # noqa: ANN401
    """Return vertices in mm, ring starts and feature starts."""
    parts, part_of = shapely.get_parts(geometries, return_index=True)
    if len(parts) and shapely.get_type_id(parts[0]) == 3:
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        part_of = part_of[ring_of]
    else:
        rings = parts
    xy, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    mm = np.round((xy - np.array(origin)) * 1e3).astype(np.int32)
    ring_starts = np.searchsorted(ring_of_vertex, np.arange(len(rings) + 1))
    feature_starts = np.searchsorted(part_of, np.arange(len(geometries) + 1))
    return mm, ring_starts.astype(np.int64), feature_starts.astype(np.int64)


def _blocks(boxes: Ints) -> Ints:
    starts = np.arange(0, len(boxes), BLOCK)
    low = np.minimum.reduceat(boxes[:, :2], starts, axis=0)
    high = np.maximum.reduceat(boxes[:, 2:], starts, axis=0)
    return np.hstack([low, high])


def hilbert(points: Floats, bits: int = 16) -> Ints:
    """Return the distance of points along a Hilbert curve over their extent, shape (n,).

    Source: C. Warren's non-recursive algorithm (Hacker's Delight, 2nd ed., section 16-1), vectorised.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = ((points - low) / np.maximum(high - low, 1e-9) * ((1 << bits) - 1)).astype(np.int64)
    x, y = scaled[:, 0].copy(), scaled[:, 1].copy()
    distance = np.zeros(len(points), np.int64)
    for shift in range(bits - 1, -1, -1):
        rx, ry = (x >> shift) & 1, (y >> shift) & 1
        distance += ((3 * rx) ^ ry) << (2 * shift)
        flip = (ry == 0) & (rx == 1)
        mask = (1 << shift) - 1
        x, y = np.where(flip, mask - (x & mask), x & mask), np.where(flip, mask - (y & mask), y & mask)
        swap = ry == 0
        x, y = np.where(swap, y, x), np.where(swap, x, y)
    return distance


_ARRAYS = (
    "uids", "klass", "boxes", "blocks", "xy", "rings", "features", "coarse_xy", "coarse_rings", "coarse_features",
    "labels",
)  # fmt: skip


def save(columns: Columns, folder: Path) -> None:
    """Write the arrays of a layer into one file that can be memory-mapped, and a list of what lies where in it."""
    folder.mkdir(parents=True, exist_ok=True)
    listed: dict[str, tuple[str, tuple[int, ...], int]] = {}  # type, shape and place in bytes of each
    with (folder / "arrays.bin").open("wb") as file:
        for name in _ARRAYS:
            array: Any = np.ascontiguousarray(getattr(columns, name))
            file.write(bytes(-file.tell() % _ALIGNED))
            listed[name] = (array.dtype.str, array.shape, file.tell())
            file.write(array.reshape(-1).view(np.uint8).data)
    told = {"origin": columns.origin, "kind": columns.kind, "arrays": listed}
    (folder / "arrays.json").write_text(json.dumps(told), "utf-8")


def load(folder: Path) -> Columns:
    """Map the arrays of a layer: one file, because opening each for itself kept the window waiting.

    Raises:
        OSError: If they are not there.
        KeyError, ValueError: If they are not whole.
    """
    told = json.loads((folder / "arrays.json").read_text("utf-8"))
    with (folder / "arrays.bin").open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = {name: _part(mapped, *told["arrays"][name]) for name in _ARRAYS}
    east, north = told["origin"]
    return Columns(folder.name, (east, north), **arrays, kind=int(told["kind"]))


def _part(mapped: mmap.mmap, kind: str, shape: Sequence[int], place: int) -> Any:  # noqa: ANN401 - of any type
    if not (size := math.prod(shape)):
        return np.empty(shape, kind)
    return np.frombuffer(mapped, kind, size, place).reshape(shape)
