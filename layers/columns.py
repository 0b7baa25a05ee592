"""One layer as columns: what the map draws from, memory-mapped, no Python per vertex.

Coordinates are int32 millimetres from the layer's origin (±2,147 km), features
in Hilbert order so that neighbours on the ground are neighbours in the file.
"""

import json
import math
import mmap
from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class Batch:
    """Some features of a layer that is built: shapely geometries (no None, none empty), and a value of each."""

    geometries: Any
    uids: Sequence[str]
    klass: Sequence[int]
    labels: Sequence[str]


def build(name: str, geometries: Any, uids: Sequence[str], klass: Sequence[int], labels: Sequence[str]) -> Columns:  # noqa: ANN401
    """Return the columns of a layer from shapely geometries (no None), in Hilbert order."""
    found = gathered(name, [Batch(geometries, uids, klass, labels)])
    if found is None:
        raise ValueError(name)
    return found


def gathered(name: str, batches: Iterable[Batch]) -> Columns | None:
    """Return the columns of a layer, in Hilbert order, from one batch of features after another; None if all are empty.

    A geometry object takes many times the memory of its numbers: no more of them than one batch are there at once.
    """
    parts: list[_Part] = []
    origin: tuple[float, float] | None = None
    for batch in batches:
        if len(batch.geometries):
            boxes = shapely.bounds(batch.geometries)
            origin = origin or (float(np.floor(boxes[:, 0].min())), float(np.floor(boxes[:, 1].min())))
            parts.append(_part_of(batch, boxes, origin))
    if origin is None:
        return None
    boxes = np.concatenate([part.boxes for part in parts])
    order = np.argsort(hilbert((boxes[:, :2].astype(float) + boxes[:, 2:]) / 2), kind="stable")
    boxes = boxes[order]
    fine, coarse = (_ordered([part.outlines[level] for part in parts], order) for level in (0, 1))
    labels = [label for part in parts for label in part.labels]
    return Columns(
        name, origin, np.concatenate([part.uids for part in parts])[order],
        np.concatenate([part.klass for part in parts])[order], boxes, _blocks(boxes), *fine, *coarse,
        np.array(labels, "U")[order] if any(labels) else np.empty(0, "U1"), max(part.kind for part in parts),
    )  # fmt: skip


_Outlines = tuple[Ints, Ints, Ints]  # vertices in mm, vertices of each ring, rings of each feature


@dataclass(frozen=True, slots=True)
class _Part:
    """What is kept of a batch; the outlines fine and coarse."""

    boxes: Ints
    uids: Any
    klass: Bytes
    labels: Sequence[str]
    outlines: tuple[_Outlines, _Outlines]
    kind: int


def _part_of(batch: Batch, boxes: Floats, origin: tuple[float, float]) -> _Part:
    mm = np.round((boxes - np.array([*origin, *origin])) * 1e3).astype(np.int32)
    coarse = shapely.simplify(batch.geometries, _COARSE, preserve_topology=True)
    outlines = _exploded(batch.geometries, origin), _exploded(coarse, origin)
    uids, klass = np.array(batch.uids, "S32"), np.array(batch.klass, np.uint8)
    return _Part(mm, uids, klass, batch.labels, outlines, _kind(batch.geometries))


def _ordered(outlines: Sequence[_Outlines], order: Ints) -> _Outlines:
    """Return vertices, ring starts and feature starts of all parts, features in another order."""
    xy, vertices, rings = (np.concatenate([part[level] for part in outlines]) for level in range(3))
    first_ring, first_vertex = _starts(rings), _starts(vertices)
    ring = _ranges(first_ring[order], first_ring[order + 1])
    return xy[_ranges(first_vertex[ring], first_vertex[ring + 1])], _starts(vertices[ring]), _starts(rings[order])


def _starts(counts: Ints) -> Ints:
    """Return where each begins, and the end."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def _kind(geometries: Any) -> int:  # noqa: ANN401
    return int(shapely.get_dimensions(geometries).max())


def _exploded(geometries: Any, origin: tuple[float, float]) -> _Outlines:  # noqa: ANN401
    """Return vertices in mm, vertices of each ring or part, and rings of each feature."""
    parts, part_of = shapely.get_parts(geometries, return_index=True)
    if len(parts) and shapely.get_type_id(parts[0]) == 3:
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        part_of = part_of[ring_of]
    else:
        rings = parts
    xy, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    mm = np.round((xy - np.array(origin)) * 1e3).astype(np.int32)
    vertices = np.bincount(ring_of_vertex, minlength=len(rings)).astype(np.int32)
    return mm, vertices, np.bincount(part_of, minlength=len(geometries)).astype(np.int32)


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
    arrays["blocks"] = np.asfortranarray(arrays["blocks"])  # each look-up goes through all of one side at a time
    east, north = told["origin"]
    return Columns(folder.name, (east, north), **arrays, kind=int(told["kind"]))


def _part(mapped: mmap.mmap, kind: str, shape: Sequence[int], place: int) -> Any:  # noqa: ANN401 - of any type
    if not (size := math.prod(shape)):
        return np.empty(shape, kind)
    return np.frombuffer(mapped, kind, size, place).reshape(shape)
