"""A kept draft knows what was on the screen when the form was opened, and how often numbers had been given anew."""

from dataclasses import replace
from pathlib import Path

from fieldsurvey.store.values import Token
from survey_forms.records import Subject, keep_draft, open_form
from tests.builders import add_community, make_project


def test_a_draft_keeps_the_era_of_what_was_seen(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        community = add_community(store)
        values = {"community_uid": community, "subject_uid": community, "meter_mode": "household"}
        uid = store.create_record("f04_water", values)
        opened = open_form(store, Subject("f04_water", community, community))
        assert opened.record is not None
        assert opened.record.token.era == store.era
        later = replace(opened.record, token=Token(opened.record.token.state, 3))
        keep_draft(store, replace(opened, record=later), opened.session.snapshot())
        again = open_form(store, Subject("f04_water", community, community))
        assert again.record is not None
        assert (again.record.uid, again.record.token.era) == (uid, 3)
