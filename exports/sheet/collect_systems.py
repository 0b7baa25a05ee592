"""Table 2 and the lift votes, from the records."""

from collections import Counter
from collections.abc import Sequence

from exports.sheet import wording
from exports.sheet.answers import Answers, ReadsLabels, plain_number
from exports.sheet.data import LiftVote, System
from exports.sheet.records import Record
from exports.sheet.systems import LIFT, OTHERS, SYSTEMS, SystemWords
from fieldsurvey.assess.progress import CONDITIONS

_PASSED = {"1": "yes", "true": "yes", "yes": "yes", "0": "no", "false": "no", "no": "no"}


def systems_of(records: Sequence[Record], forms: ReadsLabels) -> tuple[System, ...]:
    """Return one row for each system; what has no record says so."""
    rows = [_system(words, [r for r in records if r.form_id == words.form_id], forms) for words in SYSTEMS]
    return (*rows, *_others(records))


def _system(words: SystemWords, records: Sequence[Record], forms: ReadsLabels) -> System:
    if not records:
        number = words.form_id.split("_")[0]
        missing = f"{number} {forms.title(words.form_id)}".strip()
        return System(words.name, words.form_id, wording.NOT_SURVEYED.format(form=" " + missing))
    newest = records[-1]
    is_lift = words is LIFT
    summary = _lift_summary(records) if is_lift else _summary(words, newest)
    problems = _counted_problems(words, records) if is_lift else _problems(words, newest)
    return System(
        name=words.name,
        form_id=words.form_id,
        summary=_sentence([*summary, *_remarks(newest, len(records), is_lift=is_lift)]),
        problems=_sentence(problems),
        advice=_sentence(_advice(records if is_lift else [newest])),
        grade=_grade(records),
        date=newest.day,
        status=newest.status,
    )


def _summary(words: SystemWords, record: Record) -> list[str]:
    return [phrase for template in words.summary if (phrase := record.answers.phrase(template))]


def _problems(words: SystemWords, record: Record) -> list[str]:
    return [text for problem in words.problems if (text := record.answers.problem(problem))]


def _remarks(record: Record, count: int, *, is_lift: bool) -> list[str]:
    """Return what a reader must know of the record itself."""
    notes = [wording.STATUS_NOTES[record.status]] if record.status in wording.STATUS_NOTES else []
    if count > 1 and not is_lift:
        notes.append(f"共有{count}份记录，此为最近一份")
    return [f"（{'；'.join(notes)}）"] if notes else []


def _lift_summary(records: Sequence[Record]) -> list[str]:
    results = Counter(word for record in records if (word := record.answers.words("result")))
    return [f"已调查{len(records)}个单元", *(f"{result}{count}个" for result, count in results.items())]


def _counted_problems(words: SystemWords, records: Sequence[Record]) -> list[str]:
    counted = Counter(text for record in records for text in _problems(words, record))
    return [f"{text}（{count}个单元）" for text, count in counted.items()]


def _advice(records: Sequence[Record]) -> list[str]:
    """Return suggested actions and urgencies, each once, as they were recorded."""
    actions = dict.fromkeys(
        word for record in records for word in record.answers.words("reno_suggest").split("、") if word
    )
    urgencies = dict.fromkeys(word for record in records if (word := record.answers.words("urgency")))
    return [part for part in ("、".join(actions), "、".join(urgencies)) if part]


def _grade(records: Sequence[Record]) -> str:
    """Return the worst condition recorded: a danger anywhere must be seen (domain page 3.0)."""
    recorded = {code for record in records for code in record.answers.codes("overall_cond")}
    return next((code for code in CONDITIONS if code in recorded), "")


def _sentence(parts: Sequence[str]) -> str:
    text = "；".join(part for part in parts if part)
    return text.replace("；（", "（") + "。" if text else ""


def _others(records: Sequence[Record]) -> list[System]:
    """Return one row that names the systems without any record."""
    present = {record.form_id.split("_")[0] for record in records}
    absent = [f"{name}（缺{form}）" for name, form in OTHERS if form not in present]
    return [System("其他", "", f"未调查：{'、'.join(absent)}。")] if absent else []


def lift_votes(records: Sequence[Record]) -> tuple[LiftVote, ...]:
    """Return the vote of each stairwell with a record of f11, in the order of the records."""
    return tuple(lift_vote(record.answers) for record in records if record.form_id == LIFT.form_id)


def lift_vote(answers: Answers) -> LiftVote:
    """Return the vote that a record of f11 tells."""
    place = " ".join(filter(None, (answers.words("building_no"), answers.words("unit_no"))))
    passed = answers.raw("vote_ok")
    return LiftVote(
        place=place or "未登记",
        owners=(
            _whole(answers.raw("owners_total")),
            _whole(answers.raw("owners_voted")),
            _whole(answers.raw("owners_agree")),
        ),
        areas=(_real(answers.raw("area_total")), _real(answers.raw("area_voted")), _real(answers.raw("area_agree"))),
        passes=_PASSED.get(plain_number(passed).lower(), "") if passed is not None else "",
        result=answers.words("result"),
    )


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
