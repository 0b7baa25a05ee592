"""The rule set as data, what a project keeps of it, and what a change touches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from fieldsurvey.assess.rules import Result, default_rules, engine, report
from fieldsurvey.assess.rules.catalogue import RULES
from fieldsurvey.assess.rules.decisions import (
    Choice,
    change_log,
    change_rule,
    decide,
    decisions,
    rules_in_force,
    take_rules,
)
from fieldsurvey.assess.rules.ruleset import SHIPPED, read_rules, write_rules
from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind, Value
from fieldsurvey.store import Store
from fieldsurvey.store.library import sqlite3
from fieldsurvey.store.migrations import SCHEMA
from tests.builders import add_community, make_project, point, square

EAST, NORTH = 600_000.0, 3_340_000.0


def line(*xy: tuple[float, float]) -> bytes:
    return bytes(shapely.to_wkb(shapely.LineString([(EAST + x, NORTH + y) for x, y in xy])))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Yield a project with two communities side by side, far apart, and a street."""
    made = make_project(tmp_path / "p.gpkg")
    for k, name in enumerate(("甲小区", "乙小区")):
        x = 3000.0 * k
        uid = made.create_record(
            "community", {"name": name, "code": f"C{k}", "household_count": 24, "geom": square(EAST + x, NORTH)}
        )
        house: dict[str, Value] = {"community_uid": uid, "kind": "住宅", "household_count": 24, "floors": 6}
        made.create_record("building", {**house, "geom": square(EAST + x + 20, NORTH + 20, 12)})
        pipe: dict[str, Value] = {"community_uid": uid, "diameter_mm": 100, "geom": line((x, 19.5), (x + 90, 19.5))}
        made.create_record("water_line", pipe)
        made.create_record("hydrant", {"community_uid": uid, "state": "完好", "geom": point(EAST + x + 50, NORTH + 5)})
    made.create_record("road", {"width": 20.0, "geom": line((-100, -10), (4000, -10))})
    yield made
    made.close()


def snapshot(store: Store) -> tuple[object, object]:
    return store.findings(), {
        key: (t.community, sorted(t.counts.items()), t.worst, t.households) for key, t in store.tallies().items()
    }


# --- the rule set ------------------------------------------------------------------------------------------------


def test_every_threshold_belongs_to_a_rule_and_names_known_words() -> None:
    known = {rule.id for rule in RULES} | {"accuracy"}
    for threshold in default_rules().thresholds.values():
        assert threshold.rule in known
        assert all((threshold.zh, threshold.en, threshold.layers))
    assert {t.rule for t in default_rules().thresholds.values()} == known


def test_only_what_was_read_is_cited() -> None:
    for threshold in default_rules().thresholds.values():
        assert bool(threshold.citation) == (threshold.mark in {"V", "S"})
    assert default_rules()["T-F9"].citation == "GB 50974-2014 7.2.5, 7.3.2"
    assert default_rules()["T-G3.low"].citation == ""


def test_a_rule_set_survives_its_file(tmp_path: Path) -> None:
    changed = default_rules().changed("T-F8", 100, "block")
    write_rules(changed, tmp_path / "r.csv")
    assert read_rules(tmp_path / "r.csv") == changed


@pytest.mark.parametrize(
    ("old", "new", "line_number", "words"),
    [
        ("T-F8,R2", "T-F99,R2", 3, "T-F99"),
        ("T-F8,R2", "T-F9,R2", 3, "两次"),
        (",120,m", ",,m", 3, "—"),
        (",120,m", ",-1,m", 3, "-1"),
        (",120,m", ",nan,m", 3, "nan"),
        (",120,m", ",120,km", 3, "km"),
        ("2014,new,warn,S,hydrant;road;internal_road", "2014,new,maybe,S,hydrant", 3, "enforce"),
        ("id,rule,zh", "id,rule,ch", 1, "zh"),
    ],
)
def test_a_wrong_rule_file_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line_number: int, words: str
) -> None:
    text = SHIPPED.read_text("utf-8")
    assert old in text
    (tmp_path / "r.csv").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InputRefused, match=rf"r\.csv 第 {line_number} 行.*{words}"):
        read_rules(tmp_path / "r.csv")


def test_a_wrong_rule_file_changes_nothing(store: Store, tmp_path: Path) -> None:
    text = SHIPPED.read_text("utf-8").replace(",150,m", ",99,m", 1).replace("R17.area,", "R99.area,")
    (tmp_path / "r.csv").write_text(text, "utf-8")
    with pytest.raises(InputRefused):
        take_rules(store, tmp_path / "r.csv")
    assert rules_in_force(store) == default_rules()
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputRefused, match="UTF-8"):
        take_rules(store, tmp_path / "b.csv")


@pytest.mark.usefixtures("one_moment")
def test_changes_of_rules_have_a_reason_and_a_log(store: Store) -> None:
    store.set_actor("wang", "王工")
    change_rule(store, "T-F8", "本市采用 100 m", 100.0)
    change_rule(store, "T-F8", "会议纪要", enforce="block")
    assert (rules_in_force(store).value("T-F8"), rules_in_force(store)["T-F8"].enforce) == (100.0, "block")
    last, first = change_log(store)
    assert (first.actor, first.old_value, first.value, first.note) == ("王工", 120.0, 100.0, "本市采用 100 m")
    assert (last.old_enforce, last.enforce, last.value) == ("warn", "block", None)
    assert rules_in_force(store).version != default_rules().version
    for value, note in ((-1.0, "x"), (5.0, " ")):
        with pytest.raises(InputRefused):
            change_rule(store, "T-F8", note, value)
    with pytest.raises(InputRefused, match="T-X"):
        change_rule(store, "T-X", "x", 1.0)


# --- findings in a project ---------------------------------------------------------------------------------------


def test_findings_are_kept_with_what_they_rest_on(store: Store) -> None:
    engine.update(store)
    found = [f for f in store.findings(rule="R7") if f.threshold == "T-W9.small"]
    assert [(f.result, f.measured, f.required) for f in found] == [(Result.FAIL, 0.5, 1.0)] * 2
    assert len({f.inputs for f in found}) == 2
    assert store.tallies()["R7", found[0].part].counts == {"fail": 1}


def test_nothing_is_judged_again_when_nothing_changed(store: Store) -> None:
    engine.update(store)
    assert engine.update(store).judged == {}


def test_one_moved_pipe_touches_its_community_only(store: Store) -> None:
    engine.update(store)
    pipe = store.select("water_line", ["community_uid"])[0]
    store.save(str(pipe["uid"]), {"geom": line((0, 18.9), (90, 18.9))})
    judged = engine.update(store).judged
    assert set(judged) == {"R7", "R8", "R9"}
    assert judged["R7"] == frozenset({str(pipe["community_uid"])})
    assert [f.subject for f in store.findings(rule="R7") if f.threshold == "T-W9.small"] == [
        str(row["uid"]) for row in store.select("water_line")[1:]
    ]


def test_step_by_step_gives_what_a_fresh_start_gives(store: Store) -> None:
    engine.update(store)
    uids = {
        table: [str(row["uid"]) for row in store.select(table)]
        for table in ("hydrant", "building", "road", "community")
    }
    steps = [
        lambda: store.delete(uids["hydrant"][0]),
        lambda: store.save(uids["building"][1], {"geom": square(EAST + 3020, NORTH + 19, 12)}),
        lambda: store.save(uids["building"][0], {"community_uid": uids["community"][1]}),
        lambda: store.create_record("gas_line", {"pipe_class": "中压", "geom": line((0, 21), (100, 21))}),
        lambda: store.save(uids["road"][0], {"width": 8.0}),
        lambda: store.undelete(uids["hydrant"][0]),
        lambda: change_rule(store, "T-W9.small", "试", 0.4),
        lambda: store.save(uids["community"][0], {"geom": square(EAST, NORTH, 150), "household_count": None}),
    ]
    for step in steps:
        step()
        engine.update(store)
        little_by_little = snapshot(store)
        store.put_findings({}, [], {}, {"signature": b"none"})
        engine.update(store)
        assert snapshot(store) == little_by_little


def test_a_question_of_the_project_s_own_is_judged_as_soon_as_its_table_is_there(store: Store) -> None:
    def reasons() -> list[tuple[str, float | None]]:
        return sorted((f.reason, f.measured) for f in store.findings(rule="F03") if f.threshold == "T-F14")

    engine.update(store)
    assert reasons() == [("not_recorded", None)] * 2
    names = ("community_uid", "subject_uid", "status")
    columns = (*(Column(name, ColumnType.TEXT, name, name) for name in names),
               Column("exit_height", ColumnType.REAL, "净高", "Height"))  # fmt: skip
    store.add_table(Table("form_exits", TableKind.FORM, "出口", "Exits", columns))
    engine.update(store)
    assert reasons() == [("no_record", None)] * 2
    first = str(store.select("community", order="code")[0]["uid"])
    uid = store.create_record("form_exits", {"community_uid": first, "status": "complete", "exit_height": 2.0})
    judged = engine.update(store).judged
    assert (judged["F03"], "R7" in judged) == (frozenset({first}), False)
    assert reasons() == [("", 2.0), ("no_record", None)]
    store.save(uid, {"exit_height": 2.1})
    engine.update(store)
    assert reasons() == [("no_record", None)]


def test_a_stopped_run_leaves_the_findings_as_they_were(store: Store) -> None:
    engine.update(store)
    before = snapshot(store)
    store.save(str(store.select("water_line")[0]["uid"]), {"diameter_mm": 300})
    control = JobControl()
    control.cancel()
    with pytest.raises(JobCancelled):
        engine.update(store, control)
    assert snapshot(store) == before
    assert engine.update(store).judged


# --- decisions ---------------------------------------------------------------------------------------------------


def test_a_decision_needs_a_reason_and_ends_when_the_data_change(store: Store) -> None:
    engine.update(store)
    finding = next(f for f in store.findings(rule="R7") if f.threshold == "T-W9.small")
    for choice in (Choice.OVERRIDDEN, Choice.RETURNED):
        with pytest.raises(InputRefused):
            decide(store, finding, choice, "  ")
    decide(store, finding, Choice.RETURNED, "请现场复测")
    decide(store, finding, Choice.OVERRIDDEN, "已加套管")
    made = decisions(store)[finding.key]
    assert (made.choice, made.reason, made.holds(finding)) == (Choice.OVERRIDDEN, "已加套管", True)
    assert [entry.values["decision"] for entry in store.history(finding.key)] == ["returned", "overridden"]
    store.save(finding.subject, {"geom": line((0, 19.6), (90, 19.6))})
    engine.update(store)
    again = next(f for f in store.findings(rule="R7") if f.key == finding.key)
    assert not made.holds(again)


def test_decisions_travel_and_rivals_become_a_conflict(store: Store, tmp_path: Path) -> None:
    engine.update(store)
    finding = store.findings(rule="R7")[0]
    store.copy_to(tmp_path / "other.gpkg")
    with Store.open(tmp_path / "other.gpkg") as other:
        decide(other, finding, Choice.ACCEPTED)
        decide(store, finding, Choice.OVERRIDDEN, "已加套管")
        for origin in other.version_vector():
            store.ingest(other.revisions_after(origin, 0, 1000))
    assert {conflict.field for conflict in store.conflicts(finding.key)} >= {"decision"}


# --- the command and the file ------------------------------------------------------------------------------------


def test_the_report_names_measured_required_and_place(store: Store) -> None:
    found = report.run(store, "C0", None, JobControl()).as_json()
    rules = {row["rule"]: row for row in found["rules"]}
    assert [name for name in rules if name.startswith("R")] == [f"R{n}" for n in range(1, 18)]
    assert rules["R16"] | {"name": ""} == rules["R16"] | {"name": "", "tested": 0, "result": "needs_review"}
    one = next(row for row in found["findings"] if row["threshold"] == "T-W9.small")
    assert (one["measured"], one["required"], one["comparison"], one["unit"]) == (0.5, 1.0, ">=", "m")
    assert one["place"]["type"] == "LineString"
    assert one["citation"] == ""  # the source of this number was not read
    assert all(row["community"] == "C0" for row in found["findings"])
    with pytest.raises(InputRefused, match="C9"):
        report.run(store, "C9", None, JobControl())


def test_a_file_of_the_schema_before_gets_the_tables(tmp_path: Path) -> None:
    make_project(tmp_path / "p.gpkg").close()
    raw = sqlite3.connect(tmp_path / "p.gpkg")
    for table in ("_finding", "_tally", "_rule_state"):
        raw.execute(f"DROP TABLE {table}")
    raw.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_findings'")
    raw.execute("UPDATE _meta SET value = 3 WHERE key = 'schema'")
    raw.commit()
    raw.close()
    with Store.open(tmp_path / "p.gpkg") as store:
        add_community(store)
        engine.update(store)
        assert store.findings()
    raw = sqlite3.connect(tmp_path / "p.gpkg")
    assert raw.execute("SELECT value FROM _meta WHERE key = 'schema'").fetchone() == (SCHEMA,)
    raw.close()
