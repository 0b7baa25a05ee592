"""Laws of the review, whatever people try in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from fieldsurvey.model.review import (
    LOCKED,
    NEEDS,
    STEPS,
    WITH_REASON,
    ReviewState,
    Step,
    community_state,
    may_write,
    next_state,
    refusal,
)
from fieldsurvey.model.role import Person, Role

_S = ReviewState
people = st.builds(
    Person,
    st.sampled_from(["小李", "王工", ""]),
    st.sampled_from(Role),
    st.one_of(st.none(), st.frozensets(st.integers(1, 3))),
)
acts = st.lists(st.tuples(people, st.sampled_from(Step), st.integers(0, 3), st.sampled_from(["", " ", "复测"])))


@given(acts)
def test_nothing_is_approved_that_nobody_reviewed_and_nothing_approved_changes_but_by_an_approver(
    tried: list[tuple[Person, Step, int, str]],
) -> None:
    state, was_reviewed = _S.DRAFT, False
    for person, step, area, reason in tried:
        told = refusal(person, state, step, area, reason)
        if told:
            assert "\n" not in told
            continue
        after = STEPS[state, step]
        if state is LOCKED:
            assert (step, after) == (Step.SUPERSEDE, _S.SUPERSEDED)
            assert person.role.covers(Role.APPROVER)
        if after is LOCKED:
            assert was_reviewed
            assert person.role.covers(Role.APPROVER)
        if step in WITH_REASON:
            assert reason.strip()
        assert not area or person.works_in(area)
        assert person.role.covers(NEEDS[step])
        assert may_write(person.role, after)
        was_reviewed = after is _S.REVIEWED
        state = after


@given(st.sampled_from(ReviewState), st.sampled_from(Step), st.integers(0, 3))
def test_whoever_may_do_something_every_higher_role_may_too(state: ReviewState, step: Step, area: int) -> None:
    allowed = [not refusal(Person("某", role), state, step, area, "复测") for role in Role]
    assert allowed == sorted(allowed)
    assert any(allowed) is (next_state(state, step) is not None)


def test_every_state_can_be_reached_and_left() -> None:
    assert set(STEPS.values()) == set(ReviewState)
    assert {before for before, _step in STEPS} == set(ReviewState)


@given(st.one_of(st.none(), st.sampled_from(ReviewState)), st.one_of(st.none(), st.sampled_from(ReviewState)))
def test_records_alone_never_approve_a_community(own: ReviewState | None, records: ReviewState | None) -> None:
    found = community_state(own, records)
    assert (found is LOCKED) is (own is LOCKED)
    if own in {None, _S.SUBMITTED, _S.REVIEWED, _S.DRAFT}:
        assert found is (_S.REVIEWED if records is LOCKED else records)
