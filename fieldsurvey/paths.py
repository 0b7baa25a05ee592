"""Where the program keeps its own files, as the operating system wants it."""

import os
from pathlib import Path

from platformdirs import PlatformDirs


def _dirs() -> PlatformDirs:
    return PlatformDirs("FieldSurvey", appauthor=False)


def user_data() -> Path:
    """Return the folder for data of this user (device identity, sample project); FIELDSURVEY_HOME overrides it."""
    home = os.environ.get("FIELDSURVEY_HOME")
    return _made(Path(home) / "data" if home else Path(_dirs().user_data_dir))


def user_cache() -> Path:
    """Return the folder for what can be built again (side-cars, compiled forms)."""
    home = os.environ.get("FIELDSURVEY_HOME")
    return _made(Path(home) / "cache" if home else Path(_dirs().user_cache_dir))


def media_folder(project: Path) -> Path:
    """Return the folder beside a project that holds its photos."""
    return project.with_name(project.stem + ".media")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
