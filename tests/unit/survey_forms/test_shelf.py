"""Forms that people bring into a project: kept with their versions, filled in, exchanged."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exports import odk
from fieldsurvey.errors import InputRefused
from fieldsurvey.projects import install_forms, new_project
from fieldsurvey.store import Store
from fieldsurvey.sync.session import clone, sync
from survey_forms import Context, FormError, shelf
from survey_forms.carrying import carry_over, source_for
from survey_forms.layout import layout_of
from survey_forms.moving import ChangeKind, moved_up
from survey_forms.records import COMPLETE, DRAFT, Opened, Subject, open_form, save_record
from tests.builders import add_community

FIELDS = ["type", "name", "label", "calculation", "required", "choice_filter"]
ROWS = [
    ["text", "name", "姓名", "", "", ""],
    ["integer", "问题二", "人数", "", "", ""],
    ["begin repeat", "household", "户", "", "", ""],
    ["text", "door", "门牌", "", "", ""],
    ["begin group", "people", "人员", "", "", ""],
    ["begin repeat", "person", "人", "", "", ""],
    ["text", "door", "称呼", "", "", ""],
    ["integer", "age", "年龄", "", "", ""],
    ["end repeat", "", "", "", "", ""],
    ["end group", "", "", "", "", ""],
    ["calculate", "heads", "", "count(${person})", "", ""],
    ["end repeat", "", "", "", "", ""],
]


def sheet(rows: list[list[str]], version: str, form_id: str = "Census 2026") -> str:
    lines = ["| survey | | | | | | |", "| | " + " | ".join(FIELDS) + " |"]
    lines += ["| | " + " | ".join(row) + " |" for row in rows]
    lines += ["| choices | | | |", "| | list_name | name | label |", "| | yn | y | 是 |", "| | yn | n | 否 |"]
    lines += ["| settings | | | |", "| | form_id | version | form_title |", f"| | {form_id} | {version} | 入户普查 |"]
    return "\n".join(lines)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "one.gpkg") as store:
        yield store


Bring = Callable[..., shelf.Added]


@pytest.fixture
def bring(project: Store, tmp_path: Path) -> Bring:
    def added(rows: list[list[str]] = ROWS, version: str = "1", store: Store | None = None) -> shelf.Added:
        source = tmp_path / f"census{version}.md"
        source.write_text(sheet(rows, version), "utf-8")
        return shelf.add(store or project, shelf.prepare(source))

    return added


def filled(store: Store) -> tuple[Opened, str]:
    community = add_community(store)
    opened = open_form(store, Subject("form_census_2026_86295f", community, community))
    session = opened.session
    session.answer("/data/name", "张三")
    session.answer("/data/问题二", "7")
    for door, people in (("101", ("40", "8")), ("102", ("71",))):
        house = session.add_repeat("/data/household")
        session.answer(f"{house}/door", door)
        for age in people:
            person = session.add_repeat(f"{house}/people/person")
            session.answer(f"{person}/age", age)
    return opened, save_record(store, opened, COMPLETE)


def ages(opened: Opened) -> list[list[str]]:
    session = opened.session
    return [
        [session.value(f"{person}/age") for person in session.instances(f"{house}/people/person")]
        for house in session.instances("/data/household")
    ]


def test_a_form_with_repeats_in_repeats_is_kept_in_tables(project: Store, bring: Bring) -> None:
    assert bring().is_new
    _opened, uid = filled(project)
    (row,) = project.select("form_census_2026_86295f")
    assert [value for name, value in row.items() if name.startswith("q_")] == [7]
    houses = project.select("form_census_2026_86295f__household", order="ordinal")
    assert [(house["parent_uid"], house["door"], house["heads"]) for house in houses] == [
        (uid, "101", "2"),
        (uid, "102", "1"),
    ]
    people = project.select("form_census_2026_86295f__person")
    assert [(p["parent_uid"], p["ordinal"], p["age"]) for p in people] == [
        (houses[0]["uid"], 1, 40), (houses[0]["uid"], 2, 8), (houses[1]["uid"], 1, 71),
    ]  # fmt: skip


def test_repeats_in_repeats_are_opened_changed_and_saved_again(project: Store, bring: Bring) -> None:
    bring()
    opened, _uid = filled(project)
    again = open_form(project, opened.subject)
    assert ages(again) == [["40", "8"], ["71"]]
    again.session.remove_repeat("/data/household[1]/people/person[1]")
    again.session.answer(f"{again.session.add_repeat('/data/household[2]/people/person')}/age", "3")
    again.session.remove_repeat("/data/household[1]")
    save_record(project, again, COMPLETE)
    assert ages(open_form(project, opened.subject)) == [["71", "3"]]
    assert project.count("form_census_2026_86295f__person") == 2


@pytest.mark.parametrize("source", ["submissions", "Census 2026.csv", "Census 2026.xlsx"])
def test_an_own_form_travels_and_comes_back(project: Store, bring: Bring, tmp_path: Path, source: str) -> None:
    bring()
    filled(project)
    odk.export(project, "Census 2026", tmp_path / "out")
    with new_project(tmp_path / "two.gpkg") as other:
        bring(store=other)
        taken = odk.take(other, "Census 2026", tmp_path / "out" / "Census 2026" / source)
        assert (taken.created, taken.refused) == (1, ())
        again = odk.take(other, "Census 2026", tmp_path / "out" / "Census 2026" / source)
        assert (again.created, again.changed, again.unchanged) == (0, 0, 1)
        odk.export(other, "Census 2026", tmp_path / "back")
    for path in (tmp_path / "out").rglob("*.[cx][sm][vl]"):
        assert (tmp_path / "back" / path.relative_to(tmp_path / "out")).read_bytes() == path.read_bytes(), path


def test_a_newer_version_leaves_old_records_with_their_own(project: Store, bring: Bring) -> None:
    bring()
    opened, _uid = filled(project)
    assert bring([*ROWS, ["text", "more", "补充", "", "", ""]], "2").before == "1"
    again = open_form(project, opened.subject)
    assert again.session.form.version == "1"
    assert "/data/more" not in again.session.leaves()
    assert again.newer is not None
    assert again.newer.version == "2"
    assert ages(again) == [["40", "8"], ["71"]]


def test_moving_up_shows_what_changes_and_keeps_the_rest(project: Store, bring: Bring) -> None:
    bring()
    opened, uid = filled(project)
    rows = [row for row in ROWS if row[1] != "问题二"]
    rows = [["begin group", "about", "概况", "", "", ""], rows[0], ["end group", "", "", "", "", ""], *rows[1:]]
    bring([*rows, ["text", "more", "补充", "", "yes", ""]], "2")
    moved, changes = moved_up(open_form(project, opened.subject))
    assert {(change.kind, change.label, change.before) for change in changes} == {
        (ChangeKind.MOVED, "姓名", "张三"), (ChangeKind.DROPPED, "人数", "7"), (ChangeKind.NEW, "补充", ""),
        (ChangeKind.WRONG, "补充", ""),
    }  # fmt: skip
    save_record(project, moved, COMPLETE)
    again = open_form(project, opened.subject)
    assert again.newer is None
    assert again.record is not None
    assert again.record.uid == uid
    assert again.session.value("/data/about/name") == "张三"
    assert ages(again) == [["40", "8"], ["71"]]
    (row,) = project.select("form_census_2026_86295f")
    assert 7 in row.values(), "what the newer version does not ask stays in its column"


def test_the_same_version_with_other_content_is_refused(project: Store, bring: Bring) -> None:
    bring()
    assert not bring().is_new
    with pytest.raises(InputRefused, match="1"):
        bring(ROWS[:1])
    assert len(shelf.entries(project)) == 1


def test_a_form_with_a_wrong_rule_is_not_taken(project: Store, bring: Bring) -> None:
    with pytest.raises(FormError, match=r"bad"):
        bring([["calculate", "bad", "", "nonsense(1)", "", ""]])
    assert not shelf.entries(project)


def test_files_of_a_form_travel_with_it(project: Store, tmp_path: Path) -> None:
    (tmp_path / "trees.csv").write_text("name,label\noak,栎树\n", "utf-8")
    (tmp_path / "trees.md").write_text(
        sheet([["select_one_from_file trees.csv", "tree", "树种", "", "", ""]], "1", "trees"), "utf-8"
    )
    shelf.add(project, shelf.prepare(tmp_path / "trees.md"))
    (tmp_path / "trees.csv").unlink()
    community = add_community(project)
    opened = open_form(project, Subject("form_trees", community, community), Context())
    assert [(choice.value, choice.label) for choice in opened.session.choices("/data/tree")] == [("oak", "栎树")]


def test_names_of_columns_never_meet(project: Store, bring: Bring) -> None:
    long = "a" * 70
    rows = [["text", name, "x", "", "", ""] for name in ("A_b", "a_b", "甲", "乙", f"{long}1", f"{long}2", "status")]
    bring(rows)
    form = shelf.form_of(project, "Census 2026")
    columns = list(layout_of(form).columns.values())
    assert len({column.lower() for column in columns}) == len(rows)
    assert max(map(len, columns)) <= 50


def test_answers_of_the_stairwell_next_door_are_carried_over_and_marked(project: Store) -> None:
    community = add_community(project)
    building = project.create_record("building", {"community_uid": community, "name": "3栋", "floors": 6})
    one, two = (
        project.create_record("stairwell", {"community_uid": community, "building_uid": building, "unit": unit})
        for unit in ("1单元", "2单元")
    )
    first = open_form(project, Subject("f11_elevator", community, one))
    first.session.answer("/data/stair_type", "half")
    first.session.answer("/data/space_depth", "2.4")
    save_record(project, first, DRAFT)
    second = open_form(project, Subject("f11_elevator", community, two))
    second.session.answer("/data/space_depth", "3.1")
    source = source_for(project, second)
    assert source is not None
    assert source.name == "3栋 1单元"
    assert carry_over(second.session, source) == 1
    session = second.session
    assert [session.value(f"/data/{name}") for name in ("stair_type", "space_depth", "unit_no")] == [
        "half",
        "3.1",
        "2单元",
    ]
    assert [problem.path for problem in session.problems() if problem.kind == "carried"] == ["/data/stair_type"]
    save_record(project, second, DRAFT)
    again = open_form(project, second.subject)
    assert "3栋 1单元" in again.session.error("/data/stair_type"), "the mark outlives a draft"
    again.session.answer("/data/stair_type", "half")
    assert not again.session.error("/data/stair_type"), "entering the same answer confirms it"


def test_a_new_round_begins_with_the_answers_of_the_last(project: Store) -> None:
    community = add_community(project)
    last = open_form(project, Subject("f04_water", community, community))
    last.session.answer("/data/main_dn", "150")
    save_record(project, last, DRAFT)
    fresh = open_form(project, Subject("f04_water", community, community, "a" * 32))
    source = source_for(project, fresh)
    assert source is not None
    carry_over(fresh.session, source)
    assert fresh.session.value("/data/main_dn") == "150"
    fresh.session.confirm()
    assert not [problem for problem in fresh.session.problems() if problem.kind == "carried"]
    save_record(project, fresh, DRAFT)
    assert project.count("f04_water") == 2


def test_a_completed_form_adds_to_the_list_that_the_next_one_offers(project: Store, tmp_path: Path) -> None:
    (tmp_path / "trees.csv").write_text("name,label,species\nold,老樟,樟\n", "utf-8")
    plant = tmp_path / "plant.md"
    plant.write_text(
        "| survey | | | | |\n| | type | name | label | save_to |\n| | text | species | 树种 | species |\n"
        "| settings | | |\n| | form_id | version |\n| | plant | 1 |\n"
        "| entities | | |\n| | list_name | label |\n| | trees | ${species} |\n",
        "utf-8",
    )
    visit = tmp_path / "visit.md"
    visit.write_text(sheet([["select_one_from_file trees.csv", "tree", "树", "", "", ""]], "1", "visit"), "utf-8")
    for source in (plant, visit):
        shelf.add(project, shelf.prepare(source))
    community = add_community(project)
    planted = open_form(project, Subject("form_plant", community, community))
    planted.session.answer("/data/species", "栾树")
    save_record(project, planted, DRAFT)
    assert not [table for table in project.tables() if table == "survey_entity"], "a draft changes no list"
    for species in ("栾树", "栾树", "银杏"):
        again = open_form(project, planted.subject)
        again.session.answer("/data/species", species)
        save_record(project, again, COMPLETE)
    (row,) = project.select("survey_entity")
    assert (row["label"], row["version"]) == ("银杏", 2)
    asked = open_form(project, Subject("form_visit", community, community)).session
    assert [choice.label for choice in asked.choices("/data/tree")] == ["老樟", "银杏"]


def test_every_row_of_a_repeat_is_an_item_of_its_list(project: Store, tmp_path: Path) -> None:
    plant = tmp_path / "garden.md"
    plant.write_text(
        "| survey | | | | |\n| | type | name | label | save_to |\n| | text | garden | 园名 | gardens#title |\n"
        "| | begin_repeat | tree | 树 | |\n| | text | species | 树种 | trees#species |\n| | end_repeat | | | |\n"
        "| settings | | |\n| | form_id | version |\n| | garden | 1 |\n"
        "| entities | | | |\n| | list_name | label | repeat |\n| | trees | ${species} | ${tree} |\n"
        "| | gardens | ${garden} | |\n",
        "utf-8",
    )
    shelf.add(project, shelf.prepare(plant))
    community = add_community(project)
    opened = open_form(project, Subject("form_garden", community, community))
    opened.session.answer("/data/garden", "东园")
    for species in ("樟", "银杏"):
        opened.session.answer(opened.session.add_repeat("/data/tree") + "/species", species)
    save_record(project, opened, COMPLETE)
    again = open_form(project, opened.subject)
    again.session.answer(again.session.instances("/data/tree")[1] + "/species", "栾树")
    save_record(project, again, COMPLETE)
    rows = {(row["dataset"], row["label"], row["version"]) for row in project.select("survey_entity")}
    assert rows == {("gardens", "东园", 1), ("trees", "樟", 1), ("trees", "栾树", 2)}
    kept = [str(row["properties"]) for row in project.select("survey_entity", where={"dataset": "gardens"})]
    assert kept == ['{"title": "东园"}']
    odk.export(project, "garden", tmp_path / "out")
    (submission,) = (tmp_path / "out" / "garden" / "submissions").rglob("*.xml")
    text = submission.read_text("utf-8")
    for row in project.select("survey_entity"):
        assert f'dataset="{row["dataset"]!s}" create="1" id="{row["name"]!s}"' in text


def test_an_own_form_reaches_the_other_laptop_with_its_records(project: Store, bring: Bring, tmp_path: Path) -> None:
    bring()
    opened, _uid = filled(project)
    hub = str(tmp_path / "stick")
    Path(hub).mkdir()
    sync(project, hub)
    clone(hub, tmp_path / "other.gpkg")
    with Store.open(tmp_path / "other.gpkg") as other:
        install_forms(other)
        sync(other, hub)
        assert [title for table, _version, title, _count in shelf.listed(other) if table.startswith("form_")] == [
            "入户普查"
        ]
        assert ages(open_form(other, opened.subject)) == [["40", "8"], ["71"]]


def test_forms_without_an_id_are_told_apart_by_their_files(project: Store, tmp_path: Path) -> None:
    for name in ("灯", "lamps"):
        source = tmp_path / f"{name}.md"
        source.write_text(f"| survey | | | |\n| | type | name | label |\n| | text | {name} | x |\n", "utf-8")
        shelf.add(project, shelf.prepare(source))
    assert [entry.form_id for entry in shelf.entries(project)] == ["灯", "lamps"]
    assert "lamps" in shelf.form_of(project, "lamps").questions()[0].path
