"""Layers between the child process that reads files and ours: plain numbers, texts and WKB.

Nothing that could run code crosses over (no pickle): the child has opened a
file that nobody trusts.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from layers.io.raw import RawLayer
from layers.io.report import FileReport, Status
from layers.io.report import Warning as Told


def save(layers: Sequence[RawLayer], folder: Path) -> list[dict[str, Any]]:
    """Write layers into a folder; return what load() needs to find them."""
    return [_save(layer, folder / str(number)) for number, layer in enumerate(layers)]


def load(saved: Sequence[dict[str, Any]]) -> list[RawLayer]:
    """Return the layers that save() wrote.

    Raises:
        ValueError, OSError, KeyError: If the child wrote something else.
    """
    return [_load(each) for each in saved]


def _save(layer: RawLayer, stem: Path) -> dict[str, Any]:
    found: dict[str, Any] = {
        "stem": str(stem), "name": layer.name, "crs": layer.crs, "target": layer.target, "drawn": layer.drawn,
        "spatial": layer.geometries is not None, "fields": [], "drawn_as": [],
    }  # fmt: skip
    if layer.geometries is not None:
        _save_shapes(layer.geometries, stem)
        for row, shape in layer.drawn_as.items():
            found["drawn_as"].append([row, shapely.to_wkb(shape, hex=True)])
    for number, (name, values) in enumerate(layer.fields.items()):
        found["fields"].append([name, _save_column(values, Path(f"{stem}-{number}"))])
    return found


def _save_shapes(geometries: Any, stem: Path) -> None:  # noqa: ANN401 - numpy array
    blobs = shapely.to_wkb(geometries, include_srid=False)
    lengths = np.array([-1 if blob is None else len(blob) for blob in blobs], np.int64)
    np.save(f"{stem}.lengths.npy", lengths)
    Path(f"{stem}.wkb").write_bytes(b"".join(blob for blob in blobs if blob is not None))


def _load_shapes(stem: str) -> Any:  # noqa: ANN401 - numpy array
    lengths = np.load(f"{stem}.lengths.npy", allow_pickle=False).tolist()
    data = Path(f"{stem}.wkb").read_bytes()
    blobs: list[bytes | None] = []
    at = 0
    for length in lengths:
        blobs.append(None if length < 0 else data[at : at + length])
        at += max(length, 0)
    return np.asarray(shapely.from_wkb(np.array(blobs, object)), object)


def _save_column(values: Sequence[object], path: Path) -> str:
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {float}:
        np.save(f"{path}.npy", np.array([np.nan if value is None else value for value in values], float))
        return f"{path}.npy"
    Path(f"{path}.json").write_text(json.dumps(values, ensure_ascii=False, default=str), "utf-8")
    return f"{path}.json"


def _load_column(path: str) -> list[object]:
    if path.endswith(".npy"):
        return [None if value != value else value for value in np.load(path, allow_pickle=False).tolist()]  # noqa: PLR0124 - NaN
    values = json.loads(Path(path).read_text("utf-8"))
    if not isinstance(values, list):
        raise TypeError(path)
    return values


def _load(saved: dict[str, Any]) -> RawLayer:
    layer = RawLayer(str(saved["name"]), crs=str(saved["crs"]), target=str(saved["target"]), drawn=bool(saved["drawn"]))
    layer.fields = {str(name): _load_column(str(path)) for name, path in saved["fields"]}
    if saved["spatial"]:
        layer.geometries = _load_shapes(str(saved["stem"]))
        layer.drawn_as = {int(row): shapely.from_wkb(text) for row, text in saved["drawn_as"]}
    return layer


def report_to(report: FileReport, told: dict[str, Any]) -> None:
    """Take over into a report what the child wrote into its own."""
    report.status = Status(told["status"])
    for name in ("crs", "crs_how", "encoding", "encoding_how", "error"):
        setattr(report, name, str(told[name] or ""))
    report.warnings += [Told(str(each["code"]), str(each["message"])) for each in told["warnings"]]
    report.notes += [Told(str(each["code"]), str(each["message"])) for each in told["notes"]]
