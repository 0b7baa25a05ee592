"""The files that belong together under one name, such as the parts of a shapefile, in either case of letters."""

from pathlib import Path


def of(path: Path, suffix: str) -> Path | None:
    """Return the part with that suffix; None if it is missing."""
    same = path.with_suffix(suffix)
    if same.exists():
        return same
    wanted = same.name.lower()
    return next((part for part in sorted(path.parent.iterdir()) if part.name.lower() == wanted), None)
