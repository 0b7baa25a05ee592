"""The review for scripts: what waits, and each step, with the exit codes of the command line."""

import json
from pathlib import Path

import pytest

from fieldsurvey import cli, settings
from fieldsurvey.assess.review.remarks import returned_for
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from tests.builders import add_community, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    monkeypatch.setenv("FIELDSURVEY_HOME", str(tmp_path / "home"))
    settings.save(Settings(name="赵科", login="zhao", role="approver"))
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        community = add_community(store)
        uid = store.create_record(
            "f04_water", {"community_uid": community, "subject_uid": community, "status": "complete"}
        )
    return tmp_path / "p.gpkg", uid


def _status(path: Path, uid: str) -> object:
    with Store.open(path, read_only=True) as store:
        row = store.get(uid)
        assert row is not None
        return row.values["status"]


def test_what_waits_is_listed_accepted_approved_and_revised(
    project: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path, uid = project
    assert cli.run(["review", "list", str(path), "--json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)
    assert (item["uid"], item["form"], item["state"]) == (uid, "f04_water", "complete")
    for command, status in (("accept", "reviewed"), ("approve", "approved")):
        assert cli.run(["review", command, str(path), uid]) == 0
        assert _status(path, uid) == status
    assert cli.run(["review", "revise", str(path), uid, "--remark", "水表已换"]) == 0
    assert _status(path, uid) == "superseded"


def test_a_return_carries_its_remark_and_what_is_refused_ends_with_one(
    project: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path, uid = project
    assert cli.run(["review", "return", str(path), uid, "--remark", "请复测", "--field", "pressure_top"]) == 0
    with Store.open(path, read_only=True) as store:
        (back,) = returned_for(store)
    assert [(t.remark.field, t.remark.text, t.remark.person) for t in back.threads] == [
        ("pressure_top", "请复测", "赵科")
    ]
    capsys.readouterr()
    assert cli.run(["review", "approve", str(path), uid, "枫叶山"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert "退回" in told[0]


def test_an_unknown_state_and_an_unknown_community_are_told(project: tuple[Path, str]) -> None:
    path, _uid = project
    assert cli.run(["review", "list", str(path), "--state", "done"]) == 2
    assert cli.run(["review", "accept", str(path), "没有"]) == 1
