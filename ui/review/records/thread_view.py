"""Remarks and steps as a short talk, newest last."""

from collections.abc import Mapping, Sequence

from fieldsurvey.assess.review.remarks import Thread
from fieldsurvey.i18n import _, labelled, noted
from fieldsurvey.model.review import STEP_WORDS, Step
from fieldsurvey.model.schema import Value
from ui.words import moment

_MOST = 6  # lines


def talk(threads: Sequence[Thread], steps: Sequence[Mapping[str, Value]]) -> str:
    """Return who said and did what, the last lines of it."""
    lines: list[tuple[str, str]] = []
    for thread in threads:
        said = labelled(thread.remark.person, thread.remark.text)
        lines.append((thread.remark.at, f"↩ {noted(said, '' if thread.is_open else _('settled'))}"))
        lines += [(answer.at, f"   ↳ {labelled(answer.person, answer.text)}") for answer in thread.answers]
    for step in steps:
        if step["step"] in set(Step):
            told = labelled(step["person"] or "", _(STEP_WORDS[Step(str(step["step"]))]))
            batch = f"{_('batch and sample')} {step['batch']!s}" if step["batch"] else ""
            lines.append((str(step["at"]), f"✓ {noted(told, batch)}"))
    lines.sort(key=lambda line: line[0])
    return "\n".join(f"{moment(at)}  {text}" for at, text in lines[-_MOST:])
