"""Empty forms on paper: everything that is asked is there, with room to write."""

from pathlib import Path

import pypdfium2
import pytest

from exports.blank import blank_forms
from exports.sheet.forms import CHINESE, form_of, labels_of
from fieldsurvey.errors import InputRefused
from survey_forms import default_forms
from survey_forms.form import Kind

UNASKED = (Kind.NOTE, Kind.CALCULATE)


def _text(pdf: Path) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return "".join("".join(pages).split())


@pytest.mark.parametrize("form_id", ["f01_community", "f09_fire", "f11_elevator", "f18_willingness"])
def test_every_question_and_choice_is_printed(form_id: str, tmp_path: Path) -> None:
    (path,) = blank_forms(tmp_path, [form_id])
    text, form = _text(path), form_of(form_id)
    assert form is not None
    asked = [each for each in form.questions() if each.kind not in UNASKED and not each.bind.calculate]
    missing = [each.name for each in asked if "".join(each.label(CHINESE).split()) not in text]
    choices = [label for each in asked for label in labels_of(form_id, CHINESE).get(each.name, {}).values()]
    assert missing == []
    assert [label for label in choices if "".join(label.split()) not in text] == []


def test_all_forms_are_written_whole(tmp_path: Path) -> None:
    written = blank_forms(tmp_path / "paper")
    assert len(written) == len(default_forms())
    assert sorted(written) == sorted((tmp_path / "paper").iterdir())  # and nothing half written beside them


def test_the_paper_is_archival_and_says_which_version_it_is(tmp_path: Path) -> None:
    (path,) = blank_forms(tmp_path, ["f09_fire"])
    form = form_of("f09_fire")
    assert form is not None
    page = pytest.importorskip("page")
    for profile in ("3a", "ua1"):
        report = page.validate_pdf(path, profile=profile)
        assert not [(failure.rule_id, failure.message) for failure in report.failures]
    assert f"版本{form.version}" in _text(path)


def test_an_unknown_form_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="f99"):
        blank_forms(tmp_path / "paper", ["f09_fire", "f99"])
    assert not (tmp_path / "paper").exists()
