"""A finding that is sent back returns the form record, where there is one and the person may."""

from pathlib import Path

import pytest
import shapely

from fieldsurvey.assess.returning import SentBack, record_of, send_back
from fieldsurvey.assess.review.remarks import returned_for
from fieldsurvey.assess.review.steps import take
from fieldsurvey.assess.rules import engine
from fieldsurvey.assess.rules.decisions import Choice, decisions
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.finding import Finding
from fieldsurvey.model.review import Step
from fieldsurvey.model.role import Person, Role
from fieldsurvey.store import Store
from tests.builders import add_community, make_project

ENGINEER = Person("李工", Role.REVIEWER)


def project(folder: Path, status: str = "complete") -> tuple[Store, Finding, str]:
    """Return a project with a pressure below its threshold, the finding and the record."""
    store = make_project(folder / "p.gpkg", forms=True)
    uid = add_community(store, "甲", code="1", household_count=10)
    record = store.create_record(
        "f04_water",
        {"community_uid": uid, "subject_uid": uid, "status": "complete", "pressure_top": 0.05, "main_material": "pe"},
    )
    engine.update(store)
    finding = next(one for one in store.findings() if one.threshold == "T-W4")
    store.save(record, {"status": status})
    return store, finding, record


def test_the_record_is_returned_with_the_remark(tmp_path: Path) -> None:
    store, finding, record = project(tmp_path)
    with store:
        assert send_back(store, ENGINEER, finding, "请复测末端水压") == SentBack(record)
        assert store.get(record).values["status"] == "returned"  # type: ignore[union-attr]
        assert [one.record_uid for one in returned_for(store)] == [record]
        assert decisions(store)[finding.key].choice is Choice.RETURNED


@pytest.mark.parametrize(
    ("role", "status", "said"),
    [
        (Role.SURVEYOR, "complete", "需要复核人权限，王工现为调查员"),
        (Role.REVIEWER, "draft", "“草稿”状态下不能"),
    ],
)
def test_where_it_cannot_be_returned_the_decision_alone_stands_and_says_why(
    tmp_path: Path, role: Role, status: str, said: str
) -> None:
    store, finding, record = project(tmp_path, status)
    with store:
        found = send_back(store, Person("王工", role), finding, "请复测")
        assert found.record == ""
        assert said in found.why_not
        assert "只退回了核查结果" in found.why_not
        assert store.get(record).values["status"] == status  # type: ignore[union-attr]
        assert decisions(store)[finding.key].choice is Choice.RETURNED


def test_who_lacks_the_right_is_told_who_has_it(tmp_path: Path) -> None:
    store, finding, record = project(tmp_path)
    with store:
        surveyor = Person("王工", Role.SURVEYOR)
        assert "“我的角色…”" in send_back(store, surveyor, finding, "请复测").why_not
        known = Person("王工", Role.SURVEYOR, is_known=True)
        assert "服务端管理员" in send_back(store, known, finding, "请复测").why_not
        take(store, ENGINEER, record, Step.ACCEPT)
        assert "李工" in send_back(store, surveyor, finding, "请复测").why_not
        assert store.get(record).values["status"] == "reviewed"  # type: ignore[union-attr]


def test_without_a_reason_nothing_changes(tmp_path: Path) -> None:
    store, finding, record = project(tmp_path)
    with store:
        with pytest.raises(InputRefused):
            send_back(store, ENGINEER, finding, " ")
        assert store.get(record).values["status"] == "complete"  # type: ignore[union-attr]
        assert not decisions(store)


def test_a_finding_of_the_map_goes_to_the_form_of_its_community(tmp_path: Path) -> None:
    store, finding, record = project(tmp_path)
    with store:
        pipe = shapely.to_wkb(shapely.Point(0, 0))
        of_map = Finding("R10", "T-W6", "community", finding.community, "", finding.community, finding.community,
                         finding.result, 1.0, 2.0, True, "", pipe, "x")  # fmt: skip
        assert record_of(store, of_map) == record
