"""For any form and any edits: what rules make step by step is what they make from scratch."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from survey_forms import Session
from survey_forms.check import differing, fill_randomly
from survey_forms.reading import parse_form

HEAD = (
    '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
    'xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>t</h:title><model><instance><data id="d">{data}</data>'
    "</instance>{binds}</model></h:head><h:body>{body}</h:body></h:html>"
)
INPUTS = ["a", "b", "c"]
CALCULATED = ["x", "y", "z"]
# A question reads only those before it, so that generated rules never go in a circle.
OUTER = ["/data/a", "/data/b", "/data/c", "sum(/data/r/n)", "count(/data/r)", "sum(/data/r/s/m)", "count(/data/r/s)"]
INNER = [
    "../n",
    "/data/r/n",
    "position(..)",
    "/data/a",
    "sum(../s/m)",
    "count(../s)",
    "indexed-repeat(/data/r/n, /data/r, 1)",
]
DEEP = ["../m", "../../n", "/data/r/n", "position(..)", "position(../..)", "/data/r/s/m", "/data/b"]
SHAPES = ["{} + 1", "if({} > 2, {}, '')", "{} * 2 - {}", "concat({}, '-', {})", "coalesce({}, {})", "{}"]
TESTS = ["{} > 2", "{} = ''", "not({} < {})", "{} != {}", "true()"]


@st.composite
def expressions(draw: st.DrawFn, sources: list[str], shapes: list[str]) -> str:
    shape = draw(st.sampled_from(shapes))
    return shape.format(*(draw(st.sampled_from(sources)) for _hole in range(shape.count("{}")))).replace("<", "&lt;")


@st.composite
def forms(draw: st.DrawFn) -> str:
    known, binds = list(OUTER), []
    for name in CALCULATED:
        rule = draw(expressions(known, SHAPES))
        binds.append(f'<bind nodeset="/data/{name}" calculate="{rule}"/>')
        known.append(f"/data/{name}")
    binds.append(f'<bind nodeset="/data/c" type="int" relevant="{draw(expressions(["/data/a", "/data/b"], TESTS))}"/>')
    inner, deep = draw(expressions(INNER, SHAPES)), draw(expressions(DEEP, SHAPES))
    binds += [f'<bind nodeset="/data/r/k" calculate="{inner}"/>', f'<bind nodeset="/data/r/s/l" calculate="{deep}"/>']
    binds.append(f'<bind nodeset="/data/r/s" relevant="{draw(expressions(["../n", "/data/a"], TESTS))}"/>')
    binds.append(
        f'<bind nodeset="/data/r/n" type="int" relevant="{draw(expressions(["/data/a", "position(..)"], TESTS))}"/>'
    )
    counted = draw(st.sampled_from(["", ' jr:count="/data/b"', ' jr:count="count(/data/r)"']))
    data = "".join(f"<{name}/>" for name in [*INPUTS, *CALCULATED]) + "<r><n/><k/><s><m/><l/></s></r>"
    body = "".join(f'<input ref="/data/{name}"/>' for name in INPUTS)
    body += f'<repeat nodeset="/data/r"{counted}><input ref="/data/r/n"/>'
    body += '<repeat nodeset="/data/r/s"><input ref="/data/r/s/m"/></repeat></repeat>'
    return HEAD.format(data=data, binds="".join(binds), body=body)


@settings(max_examples=40, deadline=None)
@given(forms(), st.integers(0, 10_000))
def test_step_by_step_ends_where_starting_over_ends(xml: str, seed: int) -> None:
    form = parse_form(xml)
    session = Session(form)
    rng = random.Random(seed)
    for _round in range(3):
        fill_randomly(session, rng, 15)
        for path in ("/data/a", "/data/b"):
            session.answer(path, rng.choice(["", "0", "1", "3", "4"]))
        again = Session.restore(form, session.snapshot())
        assert differing(session, again) == []
        assert again.snapshot() == session.snapshot()


@settings(max_examples=20, deadline=None)
@given(forms(), st.integers(0, 10_000))
def test_running_everything_again_changes_nothing(xml: str, seed: int) -> None:
    session = Session(parse_form(xml))
    fill_randomly(session, random.Random(seed), 40)
    before = session.snapshot()
    session.engine.settle_all()
    assert session.snapshot() == before


REGIONS, CITIES = ("n", "s", "w"), ("n1", "n2", "s1", "w1", "w2")
LISTS = {
    "/data/top": "instance('g')/all/item",
    "/data/r/region": "instance('g')/all/item[name != /data/top]",
    "/data/r/city": "instance('c')/all/item[region = current()/../region]",
    "/data/r/s/pick": "instance('c')/all/item[region = current()/../../region and name != current()/../../city]",
    "/data/last": "instance('c')/all/item[name = /data/r/city]",
}


def _cascade() -> str:
    """Return a form whose lists depend on answers outside, beside and around them, in repeats inside repeats."""
    cities = "".join(f"<item><name>{city}</name><region>{city[0]}</region></item>" for city in CITIES)
    regions = "".join(f"<item><name>{name}</name></item>" for name in REGIONS)
    lists = f'<instance id="c"><all>{cities}</all></instance><instance id="g"><all>{regions}</all></instance>'
    top, region, city, pick, last = (
        f"<select1 ref='{path}'><itemset nodeset=\"{items}\"><value ref='name'/><label ref='name'/></itemset></select1>"
        for path, items in LISTS.items()
    )
    inner = f"<repeat nodeset='/data/r/s'>{pick}</repeat>"
    body = f"{top}<repeat nodeset='/data/r'>{region}{city}{inner}</repeat>{last}"
    return HEAD.format(data="<top/><r><region/><city/><s><pick/></s></r><last/>", binds=lists, body=body)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1_000_000))
def test_filtered_choices_are_those_of_starting_over_and_nothing_else_stays_chosen(seed: int) -> None:
    form = parse_form(_cascade())
    session, rng = Session(form), random.Random(seed)
    for _round in range(4):
        fill_randomly(session, rng, 12)
        again = Session.restore(form, session.snapshot())
        assert differing(session, again) == []
        for path in session.asked():
            offered = [choice.value for choice in session.choices(path)]
            assert offered == [choice.value for choice in again.choices(path)]
            assert session.value(path) in {"", *offered}, path
