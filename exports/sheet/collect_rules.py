"""Table 3 and the problem points of the map, from the findings of the rules engine."""

import gettext
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import shapely

from exports.sheet.data import RuleCheck, RuleProblem, RuleRow
from fieldsurvey.assess.rules import telling
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.decisions import Choice, Decision, decisions, rules_in_force
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.assess.rules.telling import Sum, measured_words, required_words, sums
from fieldsurvey.i18n import LOCALES
from fieldsurvey.model.finding import REASONS, Finding, Result

if TYPE_CHECKING:
    from fieldsurvey.store import Store

PRINTED = 24  # problem points of one sheet: more than a map of this size can carry; the rest is told
_HEATING = "F22"  # not usual in the south
_AT_ONCE = 3  # of one rule before another rule has its turn
_WORDS = {
    Result.PASS: "符合", Result.FAIL: "不符合", Result.UNCERTAIN: "待核", Result.REVIEW: "待核",
}  # fmt: skip
_WEIGHT = {"block": 0, "warn": 1, "info": 2}
_KINDS = {
    "building": "建筑", "hydrant": "消火栓", "internal_road": "内部道路", "stairwell": "单元", "water_line": "给水管线",
    "gas_line": "燃气管线", "power_line": "电力线路", "drain_line": "排水管线", "f13_illegal": "违法建设",
    "f19_pipe_point": "管线点", "f04_water": "供水设施", "community": "小区",
}  # fmt: skip
_NAMES = ("name", "code", "point_no", "building_no")  # columns that name a feature, the most telling first


def rule_check_of(store: "Store", community_uid: str, most: int = PRINTED) -> RuleCheck:
    """Return how the rules came out; without a run nothing but that there was none.

    Args:
        store: The project.
        community_uid: The community.
        most: At most so many problems.
    """
    if store.rule_state("signature") is None:
        return RuleCheck()
    rules, decided = rules_in_force(store), decisions(store)
    findings = store.findings(community_uid)
    recorded = [finding for finding in findings if finding.is_recorded]
    counted = [finding for finding in recorded if not _is_overridden(finding, decided)]
    silent = telling.unrecorded(findings)
    shown = _shown(counted, rules, most)
    names = _names(store, shown)
    return RuleCheck(
        version=rules.version,
        rows=tuple(_row(one, rules, silent) for one in sums(store.tallies(community_uid)) if _is_listed(one)),
        problems=tuple(_problem(n, finding, rules, names) for n, finding in enumerate(shown, 1)),
        total=len(counted),
        overridden=len(recorded) - len(counted),
        unrecorded=tuple(silent),
    )


def _is_listed(one: Sum) -> bool:
    """Say whether a rule has a row: what is asked only where its layer is there has none before it is tested."""
    return bool(one.tested) or not (one.rule.startswith("M") or one.rule == _HEATING)


def _shown(findings: Sequence[Finding], rules: RuleSet, most: int) -> list[Finding]:
    """Return what is printed: failures before doubts, heavy before light, and of every rule its worst."""
    seen: Counter[str] = Counter()
    ranked = []
    for finding in findings:  # worst first within a rule
        weight = finding.result is not Result.FAIL, _WEIGHT.get(rules[finding.threshold].enforce, 3)
        ranked.append(((weight[0], seen[finding.rule] // _AT_ONCE, weight[1]), weight, finding))
        seen[finding.rule] += 1
    chosen = sorted(ranked, key=lambda each: each[0])[:most]
    return [finding for _turn, _weight, finding in sorted(chosen, key=lambda each: each[1])]


def _is_overridden(finding: Finding, decided: Mapping[str, Decision]) -> bool:
    """Say whether an engineer has set the finding aside, and the data are still those that were judged."""
    made = decided.get(finding.key)
    return made is not None and made.choice is Choice.OVERRIDDEN and made.holds(finding)


def _row(one: Sum, rules: RuleSet, silent: Sequence[str]) -> RuleRow:
    """Return the row of a rule; a clause that nothing could be tested by is not cited."""
    tested = [t for t in rules.thresholds.values() if t.rule == one.rule and t.id not in silent]
    cited = dict.fromkeys(t.citation for t in tested if t.citation)
    return RuleRow(
        rule=one.rule,
        name=BY_ID[one.rule].zh,
        citation="；".join(cited),
        tested=one.tested,
        passed=one.counts.get(Result.PASS, 0),
        failed=one.counts.get(Result.FAIL, 0),
        open=one.counts.get(Result.UNCERTAIN, 0) + one.counts.get(Result.REVIEW, 0),
        result=_WORDS[one.result] if one.tested else "未核查",
    )


def _problem(number: int, finding: Finding, rules: RuleSet, names: Mapping[tuple[str, str], str]) -> RuleProblem:
    limit = rules[finding.threshold]
    name = names.get((finding.table, finding.subject), "")
    return RuleProblem(
        number=number,
        rule=finding.rule,
        name=limit.zh,
        citation=limit.citation,
        measured=measured_words(finding, rules),
        required=required_words(finding, rules),
        result=_WORDS[finding.result],
        reason=_chinese().gettext(REASONS[finding.reason]) if finding.reason else "",
        place=f"{_KINDS.get(finding.table, '')}{f' {name}' if name else ''}",
        point=_point(finding.place),
    )


def _point(place: bytes) -> tuple[float, float] | None:
    """Return easting and northing to the centimetre of a point on the place; None where there is none."""
    if not place:
        return None
    point = shapely.point_on_surface(shapely.from_wkb(place))
    return None if point.is_empty else (round(float(point.x), 2), round(float(point.y), 2))


def _names(store: "Store", findings: Sequence[Finding]) -> dict[tuple[str, str], str]:
    """Return what the features are called, by table and uid."""
    tables = store.tables()
    found = {}
    for finding in findings:
        known = tables.get(finding.table)
        columns = [name for name in _NAMES if known and any(column.name == name for column in known.columns)]
        if columns:
            rows = store.select(finding.table, columns, where={"uid": finding.subject}, limit=1)
            told = (str(row[column]) for row in rows for column in columns if row[column])
            found[finding.table, finding.subject] = next(told, "")
    return found


@cache
def _chinese() -> gettext.NullTranslations:
    """Return the words of the rules in Chinese: the sheet is Chinese in every language of the program."""
    return gettext.translation("rules", LOCALES, ["zh_CN"], fallback=True)
