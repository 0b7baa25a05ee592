"""Small real projects for tests: a test names only what it is about."""

from pathlib import Path

import shapely

from fieldsurvey.model.revision import Revision
from fieldsurvey.model.schema import Value
from fieldsurvey.paths import user_cache
from fieldsurvey.store import Store

_compiled: dict[str, bytes] = {}  # the forms that this process has compiled, by the name of their file in the cache


def square(x: float = 600_000.0, y: float = 3_340_000.0, side: float = 100.0) -> bytes:
    """Return the WKB of a square in EPSG:4547."""
    return bytes(shapely.to_wkb(shapely.box(x, y, x + side, y + side)))


def point(x: float = 600_050.0, y: float = 3_340_050.0) -> bytes:
    """Return the WKB of a point in EPSG:4547."""
    return bytes(shapely.to_wkb(shapely.Point(x, y)))


def make_project(path: Path, *, forms: bool = False) -> Store:
    """Return a new, empty project."""
    if forms:
        from fieldsurvey.projects import new_project

        _lend_forms()
        store = new_project(path)
        _compiled.update({file.name: file.read_bytes() for file in _forms() if file.name not in _compiled})
        return store
    return Store.create(path)


def _forms() -> list[Path]:
    return list((user_cache() / "forms").glob("*.xml"))


def _lend_forms() -> None:
    """Give the test's own home the forms that an earlier test compiled: they are named by their content."""
    folder = user_cache() / "forms"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in _compiled.items():
        (folder / name).write_bytes(data)


def add_community(store: Store, name: str = "枫叶山小区", **values: Value) -> str:
    """Add a community; return its uid."""
    return store.create_record("community", {"name": name, "code": name[:3], "geom": square(), **values})


def everything(store: Store) -> list[Revision]:
    """Return all revisions of a store."""
    return [r for origin in store.version_vector() for r in store.revisions_after(origin, 0, 1_000_000)]


def make_laptops(folder: Path, count: int = 2) -> list[Store]:
    """Return empty copies of one project."""
    return [Store.create(folder / f"laptop{n}.gpkg", project="f" * 32) for n in range(count)]


def exchange(*stores: Store) -> None:
    """Let every laptop have everything that any has."""
    for store in stores:
        for other in stores:
            if other is not store:
                store.ingest(everything(other))
