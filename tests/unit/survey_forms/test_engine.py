"""What an XLSForm client has to do while a form is filled in, one behaviour each."""

import csv
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from survey_forms import Context, FormError, Session, default_forms, load_form
from survey_forms.compile import xform
from survey_forms.definitions import path, workbook
from survey_forms.entities import applied, changes_of
from survey_forms.markdown import to_html
from survey_forms.reading import parse_form
from survey_forms.submission import opened, read, to_xml
from tests.conftest import SHARED

Make = Callable[..., Session]
FIXTURES = SHARED / "cases" / "forms"
HEAD = (
    '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
    'xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms" '
    'xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title>t</h:title><model>{model}</model>'
    "</h:head><h:body>{body}</h:body></h:html>"
)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """Return a maker of sessions of a form written as an XLSForm in markdown."""

    def make(survey: str, choices: str = "", settings: str = "", context: Context | None = None) -> Session:
        text = "\n".join(["| survey |", survey, *(["| choices |", choices] if choices else []), settings])
        path = tmp_path / "form.md"
        path.write_text(text, "utf-8")
        return Session(load_form(path), context=context or Context(language="en"))

    yield make
    load_form.cache_clear()


def xml_form(data: str, binds: str, body: str, more: str = "") -> Session:
    instance = f'<instance><data id="d">{data}</data></instance>'
    return Session(parse_form(HEAD.format(model=instance + more + binds, body=body)))


TREES = (
    "| | type | name | label | choice_filter |\n| | select_one region | r | R | |\n"
    "| | select_one city | c | C | region=${r} |"
)
CITIES = (
    "| | list_name | name | label | region |\n| | region | n | North | |\n| | region | s | South | |\n"
    "| | city | n1 | N1 | n |\n| | city | n2 | N2 | n |\n| | city | s1 | S1 | s |"
)


def test_a_choice_that_is_not_offered_any_more_is_cleared(made: Make) -> None:
    session = made(TREES, CITIES)
    session.answer("/data/r", "n")
    assert [choice.value for choice in session.choices("/data/c")] == ["n1", "n2"]
    session.answer("/data/c", "n2")
    changed = session.answer("/data/r", "s")
    assert session.value("/data/c") == ""
    assert {"/data/r", "/data/c"} <= changed


def test_a_stored_choice_is_not_taken_away_on_opening(made: Make) -> None:
    form = made(TREES, CITIES).form
    session = Session(form, {"r": "s", "c": "n1"})
    assert session.value("/data/c") == "n1"


REPEATS = (
    "| | type | name | label | calculation | repeat_count |\n| | integer | n | N | | |\n"
    "| | begin_repeat | r | R | | ${n} |\n| | integer | x | X | | |\n| | calculate | twice | | ${x} * 2 | |\n"
    "| | begin_repeat | s | S | | |\n| | integer | y | Y | | |\n| | calculate | both | | ${x} + ${y} | |\n"
    "| | end_repeat | | | | |\n| | calculate | inner | | sum(${y}) | |\n| | end_repeat | | | | |\n"
    "| | calculate | total | | sum(${x}) | |\n| | calculate | all | | sum(${y}) | |"
)


def test_rules_in_nested_repeats_know_their_own_instance(made: Make) -> None:
    session = made(REPEATS)
    session.answer("/data/n", "2")
    assert session.instances("/data/r") == ["/data/r[1]", "/data/r[2]"]
    session.answer("/data/r[1]/x", "10")
    session.answer("/data/r[2]/x", "20")
    inner = session.add_repeat("/data/r[2]/s")
    session.answer(f"{inner}/y", "3")
    assert session.value("/data/r[1]/twice") == "20"
    assert session.value(f"{inner}/both") == "23"
    assert [session.value(f"/data/r[{i}]/inner") for i in (1, 2)] == ["0", "3"]
    assert (session.value("/data/total"), session.value("/data/all")) == ("30", "3")


@pytest.mark.parametrize("count", ["", "1", "0", "-3"])
def test_a_smaller_count_takes_away_no_filled_instance(made: Make, count: str) -> None:
    session = made(REPEATS)
    session.answer("/data/n", "3")
    session.answer("/data/r[2]/x", "7")
    session.answer("/data/n", count)
    assert session.value("/data/r[2]/x") == "7"
    assert len(session.instances("/data/r")) == 2  # the blank third one went


def test_an_instance_is_copied_moved_and_removed(made: Make) -> None:
    session = made(
        "| | type | name | label | calculation |\n| | begin_repeat | r | R | |\n| | text | x | X | |\n"
        "| | calculate | p | | position(..) |\n| | end_repeat | | | |\n| | calculate | all | | join(' ', ${x}) |"
    )
    for text in "abc":
        session.answer(f"{session.add_repeat('/data/r')}/x", text)
    assert session.duplicate_repeat("/data/r[1]") == "/data/r[4]"
    assert session.value("/data/all") == "a b c a"
    assert session.move_repeat("/data/r[3]", 1) == "/data/r[1]"
    assert session.value("/data/all") == "c a b a"
    session.remove_repeat("/data/r[2]")
    assert session.value("/data/all") == "c b a"
    assert [session.value(f"/data/r[{i}]/p") for i in (1, 2, 3)] == ["1", "2", "3"]
    assert session.move_repeat("/data/r[1]", 9) == "/data/r[3]"
    assert session.value("/data/all") == "b a c"


def test_a_trigger_sets_a_value_that_can_be_changed_afterwards(made: Make) -> None:
    session = made(
        "| | type | name | label | calculation | trigger |\n| | integer | a | A | | |\n"
        "| | integer | b | B | ${a} * 10 | ${a} |"
    )
    session.answer("/data/a", "2")
    assert session.value("/data/b") == "20"
    session.answer("/data/b", "25")
    assert session.value("/data/b") == "25"
    session.answer("/data/a", "3")
    assert session.value("/data/b") == "30"


def test_defaults_fixed_and_computed_are_there_from_the_start(made: Make) -> None:
    session = made(
        "| | type | name | label | default | calculation |\n| | text | a | A | fixed | |\n"
        "| | text | b | B | concat(${a}, '!') | |\n| | begin_repeat | r | R | | |\n"
        "| | integer | n | N | position(..) * 2 | |\n| | end_repeat | | | | |\n| | calculate | c | | | once(${a}) |"
    )
    assert (session.value("/data/a"), session.value("/data/b"), session.value("/data/c")) == (
        "fixed",
        "fixed!",
        "fixed",
    )
    session.answer("/data/a", "other")
    assert (session.value("/data/b"), session.value("/data/c")) == ("fixed!", "fixed")
    session.add_repeat("/data/r")
    assert session.value(f"{session.add_repeat('/data/r')}/n") == "4"
    again = Session.restore(session.form, session.snapshot())
    assert again.snapshot() == session.snapshot()  # a draft that is opened again is not begun again


@pytest.mark.skipif(not FIXTURES.exists(), reason="the shared forms are not on this machine")
def test_actions_run_for_new_instances_but_not_for_those_of_the_form() -> None:
    folder = FIXTURES / "javarosa" / "org" / "javarosa" / "core" / "model" / "actions"
    session = Session(load_form(folder / "event-odk-new-repeat.xml"))
    session.answer("/data/my-toplevel-value", "5")
    first, second = session.add_repeat("/data/my-repeat"), session.add_repeat("/data/my-repeat")
    assert [session.value(f"{path}/defaults-to-position") for path in (first, second)] == ["1", "2"]
    assert session.value(f"{second}/defaults-to-toplevel") == "7"
    session.answer("/data/repeat-count", "3")
    assert session.value("/data/my-jr-count-repeat[3]/defaults-to-position-again") == "3"
    assert [session.value(f"/data/my-repeat-without-template[{i}]/my-value") for i in (1, 2)] == ["", ""]


@pytest.mark.skipif(not FIXTURES.exists(), reason="the shared forms are not on this machine")
def test_a_place_is_set_when_a_question_changes() -> None:
    path = FIXTURES / "javarosa/org/javarosa/core/model/actions/setgeopoint-action-value-changed.xml"
    session = Session(load_form(path), context=Context(position=lambda: "30.2 115.04 20 3"))
    session.answer("/data/text", "here")
    assert session.value("/data/location") == "30.2 115.04 20 3"


def test_the_submission_before_can_be_read() -> None:
    last = '<instance id="__last-saved" src="jr://instance/last-saved"/>'
    action = '<setvalue event="odk-instance-first-load" ref="/data/a" value="instance(\'__last-saved\')/data/a"/>'
    xml = HEAD.format(
        model=f'<instance><data id="d"><a/></data></instance>{last}<bind nodeset="/data/a"/>{action}',
        body='<input ref="/data/a"/>',
    )
    form = parse_form(xml)
    assert Session(form).value("/data/a") == ""
    saved = Context(last_saved='<data id="d"><a>before</a></data>')
    assert Session(form, context=saved).value("/data/a") == "before"


LANGUAGES = (
    "| | type | name | label::English (en) | label::中文 (zh) | hint::English (en) | guidance_hint::English (en) "
    "| image::English (en) | calculation |\n"
    "| | text | who | Name | 姓名 | Full name | As in the passport | face.png | |\n"
    "| | note | hello | **Hello** ${who} | 你好 ${who} | | | | |\n"
    "| | select_one yn | s | S | 选 | | | | |\n| | calculate | chosen | | | | | | jr:choice-name(${s}, '${s}') |"
)
YES_NO = (
    "| | list_name | name | label::English (en) | label::中文 (zh) | image::English (en) |\n"
    "| | yn | y | Yes | 是 | y.png |"
)


def test_labels_hints_pictures_and_languages(made: Make) -> None:
    session = made(LANGUAGES, YES_NO)
    session.answer("/data/who", "Wang <b>")
    session.answer("/data/s", "y")
    assert session.label("/data/hello") == "**Hello** Wang <b>"
    assert to_html(session.label("/data/hello")) == "<b>Hello</b> Wang &lt;b&gt;"
    assert session.guidance("/data/who") == "As in the passport"
    assert session.media("/data/who") == {"image": "face.png"}
    assert session.choices("/data/s")[0].media == {"image": "y.png"}
    assert session.value("/data/chosen") == "Yes"
    session.switch("zh")
    assert (session.label("/data/hello"), session.label("/data/s")) == ("你好 Wang <b>", "选")
    assert session.value("/data/chosen") == "是"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Title\nline", "<h1>Title</h1>line"),
        ("a *b* _c_ d_e_f", "a <i>b</i> <i>c</i> d_e_f"),
        ("[x](https://example.org)", '<a href="https://example.org">x</a>'),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ('<span style="color:red">x</span>', '<span style="color:red">x</span>'),
        ('<span style="color:red;x:y">x</span>', "&lt;span style=&quot;color:red;x:y&quot;&gt;x&lt;/span&gt;"),
        ("- one\n- two", "<li>one</li><li>two</li>"),
    ],
)  # fmt: skip
def test_markdown_of_a_label_is_shown_safely(text: str, shown: str) -> None:
    assert to_html(text) == shown


def test_constraints_and_required_speak_with_answers_filled_in(made: Make) -> None:
    session = made(
        "| | type | name | label | constraint | constraint_message | required | required_message | read_only |\n"
        "| | integer | a | A | | | | | |\n| | integer | b | B | . >= ${a} | At least ${a} | ${a} > 3 | Needed | |\n"
        "| | text | c | C | | | | | ${a} = 1 |"
    )
    session.answer("/data/a", "5")
    assert session.error("/data/b") == "Needed"
    session.answer("/data/b", "4")
    assert session.error("/data/b") == "At least 5"
    assert [problem.kind for problem in session.problems()] == ["constraint"]
    session.answer("/data/a", "1")
    assert session.problems() == []
    assert session.readonly("/data/c")


def test_an_order_by_chance_stays_while_the_form_is_open(made: Make) -> None:
    items = "\n".join(f"| | l | c{i} | C{i} |" for i in range(12))
    survey = "| | type | name | label | parameters |\n| | select_one l | {0} | S | randomize=true{1} |"
    session = made(survey.format("s", ""), f"| | list_name | name | label |\n{items}")
    once = [choice.value for choice in session.choices("/data/s")]
    assert once == [choice.value for choice in session.choices("/data/s")]
    assert sorted(once) == sorted(f"c{i}" for i in range(12))


def test_a_list_of_eight_thousand_is_filtered_within_a_frame(made: Make) -> None:
    rows = "".join(f"<item><name>{i}</name><label>{i}</label><of>{i % 1600}</of></item>" for i in range(8_000))
    listing = f'<instance id="l"><root>{rows}</root></instance>'.replace("<root>", "<list>").replace(
        "</root>", "</list>"
    )
    body = (
        '<input ref="/data/a"/><select1 ref="/data/b"><itemset nodeset="instance(\'l\')/list/item[of = /data/a]">'
        '<value ref="name"/><label ref="label"/></itemset></select1>'
    )
    session = xml_form("<a/><b/>", "", body, listing)
    session.answer("/data/a", "7")
    assert [choice.value for choice in session.choices("/data/b")] == ["7", "1607", "3207", "4807", "6407"]
    before = time.process_time()
    for key in range(50):
        session.answer("/data/a", str(key))
        assert len(session.choices("/data/b")) == 5
    assert (time.process_time() - before) / 50 < 0.016


@pytest.mark.skipif(not FIXTURES.exists(), reason="the shared forms are not on this machine")
def test_entities_are_created_and_updated() -> None:
    form = load_form(FIXTURES / "web-forms" / "entities" / "bind-attributes.xml")
    session = Session(form)
    session.answer("/data/new/new_full_name", "Wang")
    session.answer("/data/new/new_number", "12")
    (created,) = changes_of(session)
    assert (created.dataset, created.creates) == ("beneficiaries", True)
    assert dict(created.properties) == {"full_name": "Wang", "phone_number": "12"}
    items = applied([], created)
    assert (items[0]["label"], items[0]["__version"]) == ("Wang - 12", "1")
    second = Session(form, context=Context(lists={"beneficiaries": items}))
    second.answer("/data/beneficiary", created.id)
    assert second.value("/data/info/update_full_name") == "Wang"
    second.answer("/data/info/update_number", "13")
    (updated,) = changes_of(second)
    assert (updated.creates, updated.id) == (False, created.id)
    assert applied(items, updated)[0]["phone_number"] == "13"


def test_the_audit_log_tells_what_was_done() -> None:
    bind = '<bind nodeset="/data/meta/audit" type="binary" odk:track-changes="true"/>'
    session = xml_form("<a/><meta><audit/></meta>", bind, '<input ref="/data/a"/>')
    assert session.audit is not None
    session.answer("/data/a", "1")
    session.answer("/data/a", "2")
    head, start, first, second = session.audit.text().splitlines()
    assert head == "event,node,start,end,old-value,new-value"
    assert start.startswith("form start,")
    assert first.startswith("question,/data/a,")
    assert second.endswith(",1,2")


def test_a_circle_in_a_repeat_is_named() -> None:
    binds = '<bind nodeset="/data/r/a" calculate="../b + 1"/><bind nodeset="/data/r/b" calculate="../a + 1"/>'
    with pytest.raises(FormError, match=r"a → b → a|b → a → b"):
        xml_form("<r><a/><b/></r>", binds, '<repeat nodeset="/data/r"><input ref="/data/r/a"/></repeat>')


def test_a_submission_comes_back_as_it_was(made: Make) -> None:
    session = made(REPEATS)
    session.answer("/data/n", "2")
    session.answer("/data/r[2]/x", "20")
    session.answer(f"{session.add_repeat('/data/r[2]/s')}/y", "<3>")
    text = to_xml(session, "uuid:1")
    again = opened(session.form, read(text))
    assert again.answers() == session.answers()
    assert again.value("/data/r[2]/s[1]/y") == "<3>"
    assert to_xml(again, "uuid:1", read(text)) == text


# --- the default forms -----------------------------------------------------------------------------------------------


def _names(part: str, *, notes: bool = True) -> list[str]:
    with path("f01_community").with_name(f"{part}.csv").open(encoding="utf-8") as source:
        return [r["name"] for r in csv.DictReader(source) if r["name"] and (notes or r["type"] != "note")]


def test_all_forms_of_the_domain_page_are_there() -> None:
    books = {name: workbook(name) for name in default_forms()}
    assert len(books) == 23
    common = [_names(part) for part in ("_header", "_footer")]
    own = [name for name in books for name in _names(name, notes=False)]
    assert (len(own), len(common[0]), len(common[1])) == (465, 7, 11)
    lists = {row["list_name"] for book in books.values() for row in book["choices"]}
    assert len(lists) == 76


@pytest.mark.parametrize("form", list(default_forms()))
def test_every_text_of_a_default_form_stands_in_both_languages(form: str) -> None:
    book = workbook(form)
    for row in [*book["survey"], *book["choices"]]:
        for kind in ("label", "hint", "constraint_message"):
            texts = [bool(row.get(f"{kind}::{language}")) for language in ("中文 (zh)", "English (en)")]
            assert texts[0] == texts[1], row
    assert len({row["name"] for row in book["survey"] if row.get("name")}) == len(
        [row for row in book["survey"] if row.get("name")]
    )


@pytest.mark.skipif(not (SHARED / "domain").exists(), reason="the domain page is not on this machine")
def test_a_standard_is_cited_only_where_the_domain_page_has_it() -> None:
    import re

    page = (SHARED / "domain" / "domain.md").read_text("utf-8")
    cited = re.compile(r"(?:GB|JGJ|CJJ)(?:/T)? ?\d+(?:-\d{4})?")
    for form in default_forms():
        for row in workbook(form)["survey"]:
            for standard in cited.findall(row.get("hint::中文 (zh)", "")):
                assert standard in page, (form, row["name"], standard)


def test_a_refused_interview_asks_nothing_more() -> None:
    session = Session(
        load_form(default_forms()["f18_willingness"]), context=Context(datetime(2026, 11, 24, tzinfo=UTC))
    )
    session.answer("/data/privacy_ok", "no")
    header = {"community_id", "survey_round", "surveyor", "survey_date", "gps", "privacy_ok", "start", "end"}
    assert {path.rpartition("/")[2] for path in session.asked()} <= header


def test_a_plan_item_computes_its_amount() -> None:
    session = Session(load_form(default_forms()["f23_plan_item"]))
    session.answer("/data/quantity", "350")
    session.answer("/data/unit_price", "1200")
    assert session.value("/data/amount") == "42"


def test_a_cached_form_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyxform.xls2xform

    source = default_forms()["f22_heating"]
    first = xform(source)
    monkeypatch.setattr(pyxform.xls2xform, "convert", None)
    assert xform(source) == first


@pytest.mark.parametrize(
    ("expression", "kind", "stored"),
    [
        ("'abc'", "int", None), ("1 div 0", "int", None), ("10000000000000000000000", "int", None),
        ("'abc'", "decimal", None), ("7 div 2", "int", 3), ("7 div 2", "decimal", 3.5),
    ],
)  # fmt: skip
def test_a_calculation_that_is_no_number_leaves_its_column_blank(
    made: Make, expression: str, kind: str, stored: float | None
) -> None:
    head = "| | type | name | label | calculation | bind::type |\n| | text | t | T | | |\n"
    session = made(f"{head}| | calculate | c | | {expression} | {kind} |")
    assert session.answers()[0]["c"] == stored
