"""The numbers of scores, gates, cost and plan: as shipped, as changed, and refused."""

from pathlib import Path

import pytest

from fieldsurvey.assess.parameters import parameters, shipped
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from tests.builders import make_project


@pytest.fixture
def store(office_store: Store) -> Store:
    return office_store


def test_weights_are_those_of_the_default_model() -> None:
    need = ("structure", "gas", "fire", "drainage", "water", "power", "access", "roads", "parking", "services",
            "security", "illegal", "cables")  # fmt: skip
    weights = [shipped()[f"weight.{part}"].value for part in need]
    assert weights == [15, 12, 13, 10, 8, 8, 8, 6, 6, 5, 4, 3, 2]
    ready = ("consent", "longterm", "committee", "money", "removal")
    assert sum(shipped()[f"weight.{part}"].value for part in ready) == 100


def test_shipped_values_lie_in_their_own_ranges() -> None:
    for parameter in shipped().values():
        assert parameter.checked(parameter.value) == parameter.value


def test_a_project_changes_a_number(store: Store) -> None:
    store.create_record("parameter", {"key": "weight.gas", "value": 20})
    assert parameters(store)["weight.gas"] == 20
    assert parameters(store)["weight.fire"] == 13


def test_a_project_without_the_table_has_the_shipped_numbers(tmp_path: Path) -> None:
    with make_project(tmp_path / "old.gpkg") as store:
        assert parameters(store) == {key: parameter.value for key, parameter in shipped().items()}


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("weight.gaz", 1, "weight.gaz"),
        ("weight.gas", -1, "0 到 100"),
        ("plan.floor", 1.5, "0 到 1"),
        ("plan.years", None, "—"),
        (None, 1, "—"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(store: Store, key: Value, value: Value, told: str) -> None:
    store.create_record("parameter", {"key": key, "value": value})
    with pytest.raises(InputRefused, match=told):
        parameters(store)
