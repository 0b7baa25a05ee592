"""Tiles of services in the network, kept on the disk: asked for once, and there without network the next time."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from layers.viewport import Box

_TRIES_AT_ONCE = 4
_PAUSE = 60.0  # s until a tile that failed is asked for again
_LARGEST = 4_000_000  # bytes of one tile


def tile_address(kind: str, place: str, layer: str, matrix: str, zoom: int, column: int, row: int, box: Box) -> str:
    """Return the address of a tile, without its key.

    Source: domain page 5.4 for WMTS as Tianditu speaks it; OGC 06-042 for WMS.
    """
    mark = "&" if "?" in place else "?"
    if kind == "wmts":
        return (
            f"{place}{mark}SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default"
            f"&TILEMATRIXSET={matrix}&FORMAT=tiles&TILEMATRIX={zoom}&TILEROW={row}&TILECOL={column}"
        )
    if kind == "wms":
        corners = ",".join(f"{value:.3f}" for value in box)
        return (
            f"{place}{mark}SERVICE=WMS&REQUEST=GetMap&VERSION=1.1.1&LAYERS={layer}&STYLES=&SRS=EPSG:3857"
            f"&BBOX={corners}&WIDTH=256&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE"
        )
    flipped = (1 << zoom) - 1 - row
    return (
        place.replace("{z}", str(zoom))
        .replace("{x}", str(column))
        .replace("{y}", str(row))
        .replace("{-y}", str(flipped))
    )


class Fetcher:
    """Gets tiles from the disk, and from the network into it.

    Attributes:
        is_offline: Nothing is asked of the network while this is set.
    """

    def __init__(self, folder: Path, arrived: Callable[[], None] = lambda: None) -> None:
        """Begin.

        Args:
            folder: Where tiles are kept.
            arrived: Called, in another thread, when a tile that was asked for has come.
        """
        self._folder, self._arrived = folder, arrived
        self.is_offline = True
        self._asked: dict[str, float] = {}
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._closing = threading.Event()

    def get(self, address: str, key: str = "") -> bytes | None:
        """Return a tile that is on the disk; else ask for it, unless offline, and return None."""
        place = self._place(address)
        try:
            return place.read_bytes()
        except OSError:
            pass
        if not self.is_offline and not self._closing.is_set():
            self._ask(address, key, place)
        return None

    def _place(self, address: str) -> Path:
        name = hashlib.sha256(address.encode()).hexdigest()
        return self._folder / name[:2] / name

    def _ask(self, address: str, key: str, place: Path) -> None:
        import time

        with self._lock:
            if time.monotonic() - self._asked.get(address, -_PAUSE) < _PAUSE:
                return
            self._asked[address] = time.monotonic()
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_TRIES_AT_ONCE, thread_name_prefix="tiles")
            self._pool.submit(self._fetch, address, key, place)

    def _fetch(self, address: str, key: str, place: Path) -> None:
        import httpx

        if self._closing.is_set():
            return
        mark = "&" if "?" in address else "?"
        try:
            answer = httpx.get(f"{address}{mark}tk={key}" if key else address, timeout=10, follow_redirects=True)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL):
            return  # shown as a gap; asked for again after a pause
        if not answer.headers.get("content-type", "").startswith("image/") or len(answer.content) > _LARGEST:
            return
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_suffix(".part")
            part.write_bytes(answer.content)
            part.replace(place)
        except OSError:
            return
        if not self._closing.is_set():
            self._arrived()

    def close(self) -> None:
        """Ask for nothing more, and wait for what is under way."""
        self._closing.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
