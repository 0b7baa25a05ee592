"""Empty forms for paper days, one PDF for each form."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl


def blank_forms(out_dir: Path, form_ids: Sequence[str] | None = None, control: JobControl | None = None) -> list[Path]:
    """Write forms as empty sheets of paper; return the files.

    Args:
        out_dir: Folder, made if missing.
        form_ids: The default forms wanted, such as f09_fire; None: all.
        control: Progress and cancel.

    Raises:
        InputRefused: If a form is unknown; nothing is written then.
        OSError: If a file cannot be written; those before it are whole.
        JobCancelled: If the user stopped; finished files stay.
    """
    from exports.sheet.blank import render_blank
    from exports.sheet.collect import CHINA
    from exports.sheet.forms import CHINESE, form_of
    from survey_forms import default_forms

    known, control = sorted(default_forms()), control or JobControl()
    wanted = list(dict.fromkeys(form_ids)) if form_ids else known
    if unknown := [each for each in wanted if each not in known]:
        raise InputRefused(
            _("There is no form {name}. There are: {known}.").format(
                name=_(", ").join(unknown), known=_(", ").join(known)
            )
        )
    out_dir.mkdir(parents=True, exist_ok=True)
    written, day = [], datetime.now(CHINA).date().isoformat()
    for done, form_id in enumerate(wanted):
        control.step(done, len(wanted), form_id)
        form = form_of(form_id)
        if form is not None:
            path = out_dir / f"{form_id}_{form.title(CHINESE).replace('/', ' ')}_空白.pdf"
            render_blank(form, path, day)
            written.append(path)
    return written
