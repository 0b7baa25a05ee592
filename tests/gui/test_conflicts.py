"""The conflict desk in the real window: what two laptops did is shown in words and decided by a person."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldsurvey.store import Store
from fieldsurvey.sync.session import sync
from tests.builders import add_community, make_project
from ui.app import build
from ui.main_window import MainWindow


@pytest.fixture
def laptops(tmp_path: Path) -> tuple[Path, str, str]:
    """Return a project in which two laptops disagree: on the meters, and on whether a community is there."""
    (tmp_path / "stick").mkdir()
    stick = str(tmp_path / "stick")
    with make_project(tmp_path / "one.gpkg", forms=True) as one:
        first, second = add_community(one), add_community(one, "牧羊湖小区")
        water = one.create_record(
            "f04_water", {"community_uid": first, "subject_uid": first, "meter_mode": "household"}
        )
        with Store.create(tmp_path / "other.gpkg", project=one.project) as other:
            for store in (one, other):
                sync(store, stick)
            one.save(water, {"meter_mode": "shared"})
            other.save(water, {"meter_mode": "mixed"})
            one.delete(second)
            other.save(second, {"household_count": 77})
            for store in (one, other, one):
                sync(store, stick)
        assert one.conflict_count() == 2
    return tmp_path / "one.gpkg", water, second


@pytest.fixture
def window(qtbot: QtBot, laptops: tuple[Path, str, str]) -> Iterator[MainWindow]:
    found = build(laptops[0])
    qtbot.addWidget(found)
    found.show()
    found.show_workspace("sync")
    qtbot.waitUntil(lambda: found.findChild(QPushButton, "keep_record") is not None, timeout=20_000)
    yield found
    found.close()


def _click(qtbot: QtBot, window: MainWindow, name: str) -> None:
    button = window.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    with qtbot.waitSignal(window.project.changed, timeout=20_000):
        button.click()
    qtbot.waitUntil(lambda: window.findChild(QPushButton, name) is None, timeout=20_000)


def test_values_are_told_in_words_and_the_chosen_one_stands(
    qtbot: QtBot, window: MainWindow, laptops: tuple[Path, str, str]
) -> None:
    told = "\n".join(label.text() for label in window.sync.desk.findChildren(QLabel))
    assert "总表/合表" in told
    assert "shared" not in told
    _click(qtbot, window, "keep_meter_mode_0")
    window.close()
    with Store.open(laptops[0]) as store:
        row = store.get(laptops[1])
        assert row is not None
        assert row.values["meter_mode"] in {"shared", "mixed"}
        assert [conflict.field for conflict in store.conflicts()] == ["_deleted"]


@pytest.mark.parametrize(("button", "is_there"), [("keep_record", True), ("delete_record", False)])
def test_a_deletion_that_met_an_edit_is_decided(
    qtbot: QtBot, window: MainWindow, laptops: tuple[Path, str, str], button: str, is_there: bool
) -> None:
    _click(qtbot, window, button)
    window.close()
    with Store.open(laptops[0]) as store:
        assert (store.get(laptops[2]) is not None) is is_there
        assert [conflict.field for conflict in store.conflicts()] == ["meter_mode"]
