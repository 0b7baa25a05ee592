"""The hub answers anything in the way it says at /openapi.json, and never with an error of its own."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from fieldsurvey.hub import admin
from fieldsurvey.model.role import Role
from tests.hubs import RunningHub

_EXAMPLES = 8  # per operation
_CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "hub"
    admin.init(folder, "办公室")
    return folder


def test_the_hub_keeps_to_its_description(hub: Path) -> None:
    token = admin.add_user(hub, "boss", "主任", role=Role.ADMINISTRATOR)
    tried = 0
    with RunningHub(hub) as client:
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
        for result in schema.get_all_operations():
            assert isinstance(result, Ok)
            operation = result.ok()
            strategy = operation.as_strategy() | operation.as_strategy(
                generation_mode=schemathesis.GenerationMode.NEGATIVE
            )

            @settings(
                max_examples=_EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=strategy)
            def fuzz(case: schemathesis.Case[Any]) -> None:
                nonlocal tried
                tried += 1
                case.call_and_validate(
                    base_url=client.url, headers={"Authorization": f"Bearer {token}"}, checks=_CHECKS, timeout=20
                )

            fuzz()
    assert tried > _EXAMPLES * 10


def test_a_batch_of_any_bytes_is_refused_with_a_sentence(hub: Path) -> None:
    token = admin.add_user(hub, "wang", "王工")
    with RunningHub(hub) as client:

        @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.binary(max_size=300))
        def fuzz(data: bytes) -> None:
            answer = client.post("/v1/push", content=data, headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, list(answer.json())) == (422, ["error"])

        fuzz()
