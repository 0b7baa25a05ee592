"""A blank project with all forms and the tables of the office, made once and copied for every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store
from tests.builders import make_project


@pytest.fixture(scope="session")
def office_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("office") / "blank.gpkg"
    with make_project(path, forms=True) as store:
        install_tables(store)
    return path


@pytest.fixture
def office_store(office_project: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(Path(shutil.copy(office_project, tmp_path / "p.gpkg"))) as store:
        yield store
