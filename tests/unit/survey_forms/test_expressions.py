"""Expressions against answers recorded from other engines."""

import contextlib
import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from survey_forms import Context, Session, load_form
from survey_forms.conformance import ENOUGH, run_cases, share
from survey_forms.errors import ExpressionError, FormError
from survey_forms.expression.evaluate import World, evaluate
from survey_forms.expression.faults import faults
from survey_forms.expression.functions import shuffled
from survey_forms.expression.nodes import Node, parse_xml, string_value
from tests.conftest import SHARED

CASES = SHARED / "cases" / "xpath" / "cases.json"


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not on this machine")
def test_recorded_cases_agree() -> None:
    assert share(run_cases(CASES))[1] >= ENOUGH


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("/data/a = '5' and not(/data/b = '')", True),
        ("if(/data/a > 4, 'big', 'small')", "big"),
        ("selected(/data/c, 'y')", True),
        ("count(/data/*)", 3.0),
        ("round(-2.5)", -3.0),
        ("concat('a', 1 div 2)", "a0.5"),
        ("coalesce('', /data/b)", "x"),
        ("date('2026-11-24') > date('2026-11-23')", True),
    ],
)
def test_an_expression_has_its_value(expression: str, value: object) -> None:
    document = parse_xml(b"<data><a>5</a><b>x</b><c>x y</c></data>")
    assert evaluate(expression, document) == value


LONG = "<list>" + "".join(f"<item><name>n{i}</name><of>g{i % 7}</of></item>" for i in range(6000)) + "</list>"


def test_a_long_list_is_looked_up_and_gives_what_searching_gives() -> None:
    tree = parse_xml(LONG.encode())
    calls: list[str] = []

    def index(parent: Node, key: str) -> dict[str, list[Node]]:
        calls.append(key)
        found: dict[str, list[Node]] = {}
        for item in parent.children:
            found.setdefault(string_value(item.named(key)[0]), []).append(item)
        return found

    here = parse_xml(b"<data><g>g3</g></data>")
    expression = "instance('l')/list/item[of = current()/data/g]"
    fast = evaluate(expression, here, World(instances={"l": tree}, index=index))
    assert fast == evaluate(expression, here, World(instances={"l": tree}))
    assert calls == ["of"]
    assert isinstance(fast, list)
    assert len(fast) == 857


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("regex('abc', '^\\p{L}+$')", True),
        ("regex('12', '^[[:digit:]]{2}$')", True),
        ("pulldata('l', 'of', 'name', 'n8')", "g1"),
        ("pulldata('l', 'of', 'name', 'nobody')", ""),
        ("indexed-repeat(/data/a, /data, 1)", "5"),
        ("geofence('0.5 0.5', '0 0;0 1;1 1;1 0;0 0')", True),
        ("intersects('0 0;1 1;0 1;1 0')", True),
        ("intersects('0 0;1 0;1 1;0 1;0 0')", False),
        ("1 and1", True),
        ("concat('(', 'b')", "(b"),
    ],
)
def test_the_function_library(expression: str, value: object) -> None:
    document = parse_xml(b"<data><a>5</a></data>")
    got = evaluate(expression, document, World(instances={"l": parse_xml(LONG.encode())}))
    assert (string_value(got[0]) if isinstance(got, list) else got) == value


def test_a_pattern_that_would_run_for_ever_is_stopped() -> None:
    document = parse_xml(b"<data/>")
    before = time.process_time()
    with contextlib.suppress(ExpressionError):
        evaluate(f"regex('{'a' * 60}!', '^(a|aa|a?a)+b?(a*)*c$')", document)
    assert time.process_time() - before < 2


@pytest.mark.parametrize("expression", ["nosuch(1)", "concat('a'", "regex(., '[')", "substr('a')", "/a/foo::b"])
def test_what_is_wrong_is_told_before_it_runs(expression: str) -> None:
    assert len(faults(expression)) == 1


def test_a_seeded_order_is_that_of_every_client() -> None:
    """The order that ODK Web Forms recorded for six items and the seed 42."""
    tree = parse_xml(b"<r>" + b"".join(b"<i>%c</i>" % c for c in b"ABCDEF") + b"</r>")
    assert "".join(string_value(node) for node in shuffled(tree.children[0].elements(), 42)) == "AFCBDE"


@pytest.mark.parametrize("xml", ["<a>" * 300 + "</a>" * 300, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "<a><b></a>"])
def test_hostile_xml_is_refused(xml: str) -> None:
    with pytest.raises(FormError):
        parse_xml(xml)


@pytest.mark.parametrize(("dates", "days"), [("", "11682"), ("web", "11681.666666666666")])
def test_a_form_chooses_how_dates_count(tmp_path: Path, dates: str, days: str) -> None:
    source = tmp_path / "form.md"
    source.write_text(
        "| survey | | | | |\n| | type | name | label | calculation |\n| | date | d | Date | |\n"
        "| | calculate | n | | number(${d}) |\n"
        f"| settings | | |\n| | form_id | attribute::dates |\n| | f{dates} | {dates} |\n",
        "utf-8",
    )
    shanghai = timezone(timedelta(hours=8))
    session = Session(load_form(source), context=Context(now=datetime(2026, 11, 24, tzinfo=shanghai)))
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Shanghai"
    time.tzset()
    try:
        session.answer("/data/d", "2001-12-26")
        assert session.value("/data/n") == days
    finally:
        os.environ.pop("TZ", None) if before is None else os.environ.update(TZ=before)
        time.tzset()
