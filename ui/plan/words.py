"""The plan in words: cards, the story of one community, what the optimiser said. HTML where a browser shows it."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape

from fieldsurvey.i18n import N_, _, language, noted
from fieldsurvey.model.plan_tables import CLASSES, FUND_SOURCES
from fieldsurvey.plan.board import Comparison
from fieldsurvey.plan.money import LACKING, Money
from fieldsurvey.plan.problem import CLASS_ORDER, Candidate, Fund
from fieldsurvey.plan.versions import STATE_WORDS, Placement, Version
from ui import shown
from ui.plan.cards import Card
from ui.plan.loading import Desk

LEVELS: Mapping[int, str] = {
    1: N_("basic"),
    2: N_("basic + improvement"),
    3: N_("basic + improvement + upgrading"),
}
_SHORT_LEVELS = {0: "", 1: N_("basic"), 2: N_("to improvement"), 3: N_("to upgrading")}
_MOST_FUNDS = 3  # on a card


def in_language(pair: tuple[str, str]) -> str:
    """Return the name in the user's language."""
    return pair[0] if language().startswith("zh") else pair[1]


def wan(amount: float | Decimal) -> str:
    """Return money in words, 万元."""
    return _("{wan:,.2f} ×10,000 yuan").format(wan=amount)


def card(desk: Desk, candidate: Candidate, placed: Placement | None, money: Money) -> Card:
    """Return the card of a community."""
    uid, row = candidate.uid, desk.rows[candidate.uid]
    score, is_in = desk.scores.get(uid), placed is not None and placed.is_in
    level = placed.level if placed is not None and is_in else 0
    size = _("{n:,} households").format(n=candidate.households)
    return Card(
        uid,
        str(row["name"] or row["code"] or ""),
        str(row["district"] or ""),
        score.need if score is not None else None,
        _("{wan:,.0f} wan").format(wan=candidate.cost(level or len(CLASS_ORDER))),
        f"{size} · {_(_SHORT_LEVELS[level])}" if level else size,
        payers(desk, money.shares.get(uid, {})) if is_in else "",
        why(desk, uid, placed),
        placed is not None and placed.is_locked,
        candidate.is_urgent,
        uid in desk.question.excluded,
    )


def why(desk: Desk, uid: str, placed: Placement | None) -> str:
    """Return why a community is in or out, one sentence."""
    if uid in desk.question.excluded:
        return desk.question.excluded[uid]
    if placed is not None and placed.reason:
        return placed.reason
    told = (desk.shown.result if desk.shown else {}).get("out", {})
    return str(told.get(uid) or _("Not put into a year yet."))


def payers(desk: Desk, shares: Mapping[str, Decimal]) -> str:
    """Return who pays most, in words."""
    by_source = _by_source(desk.question.problem.funds, shares)
    whole = sum(by_source.values())
    if not whole:
        return ""
    ranked = sorted(by_source.items(), key=lambda item: (item[0] != LACKING, -item[1]))[:_MOST_FUNDS]
    return " · ".join(f"{source_word(source)} {100 * amount / whole:.0f}%" for source, amount in ranked)


def source_word(source: str) -> str:
    """Return the name of a funding source."""
    return _("lacking") if source == LACKING else in_language(FUND_SOURCES[source])


def _by_source(funds: Iterable[Fund], shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    sources, found = {fund.key: fund.source for fund in funds}, dict[str, Decimal]()
    for key, amount in shares.items():
        source = sources.get(key, LACKING)
        found[source] = found.get(source, Decimal(0)) + amount
    return found


def story(desk: Desk, uid: str, money: Money) -> str:
    """Return all about one community in the plan, as HTML."""
    candidate, placed = desk.question.everybody[uid], desk.placed.get(uid)
    score = desk.scores.get(uid)
    lines = [f"<h3>{escape(str(desk.rows[uid]['name']))}</h3>", f"<p>{escape(why(desk, uid, placed))}</p>"]
    if score is not None:
        need = "?" if score.need is None else f"{score.need:.1f}"
        ready = "?" if score.readiness is None else f"{score.readiness:.1f}"
        text = _("Need {need}, readiness {ready}, answered {share:.0%}.")
        lines.append(f"<p>{text.format(need=need, ready=ready, share=score.completeness)}</p>")
        lines += [f"<p>⚠ {escape(sentence)}</p>" for sentence in score.urgent]
    rows = [
        (in_language(CLASSES[name]), wan(amount))
        for name in CLASS_ORDER
        if (amount := sum(cost for purpose, cost in candidate.costs.items() if purpose.reno_class == name))
    ]
    lines.append(table(_("Cost"), [*rows, (_("Together"), wan(candidate.cost(len(CLASS_ORDER))))]))
    names = {fund.key: fund.name for fund in desk.question.problem.funds}
    paid = [(names.get(key, _("lacking")), wan(amount)) for key, amount in money.shares.get(uid, {}).items()]
    if paid:
        lines.append(table(_("Who pays"), paid))
    cost = (desk.shown.result if desk.shown else {}).get("cost_of_locks", {}).get(uid)
    if cost is not None:
        text = _("Without this lock {n} more need-weighted households could be served.")
        lines.append(f"<p>{text.format(n=cost)}</p>")
    return "".join(lines)


def result(desk: Desk) -> str:
    """Return what the optimiser said about the version that is shown, as HTML."""
    version = desk.shown
    lines = [f"<p>⚠ {escape(text)}</p>" for text in desk.question.problems[:5]]
    if stale := sum(map(len, desk.question.warnings.values())):
        text = _("{n} plan items use a price past its validity; they are named under Scores and costs.")
        lines.append(f"<p>⚠ {escape(text.format(n=stale))}</p>")
    if version is None or not version.result:
        hint = _("This plan was not computed. Press “Find the best plan”.")
        return "".join([*lines, f"<p>{hint}</p>"])
    said = version.result
    text = _(
        "{objective} need-weighted households are served; by score alone {greedy_objective}. Proven gap {gap:.2%}."
    )
    told = text.format(
        objective=said.get("objective", 0), greedy_objective=said.get("greedy_objective", 0), gap=said.get("gap", 0.0)
    )
    lines.append(f"<p>{told}</p>")
    lines.append(_listed(_("What binds"), said.get("binding", ())))
    worth = sorted(said.get("per_million", {}).items(), key=lambda item: -item[1])
    worth_text = _("{n:.1f} more households")
    lines.append(table(_("One more million of"), [(name, worth_text.format(n=value)) for name, value in worth]))
    locks = said.get("cost_of_locks", {})
    names = {uid: str(row["name"]) for uid, row in desk.rows.items()}
    costs = sorted(locks.items(), key=lambda item: -item[1])[:20]
    lines.append(table(_("What locks cost (households)"), [(names.get(uid, "?"), shown.number(n)) for uid, n in costs]))
    return "".join(lines)


def locked(version: Version, approved_by: str, drifted: Sequence[str]) -> str:
    """Return the four locked numbers of a version with their provenance, as HTML."""
    four = version.numbers
    if four is None:
        return ""
    sources = {
        name: _("ledger {ledger}, missing {missing}, survey differs {survey_differs}").format(**counts)
        for name, counts in four.sources.items()
    }
    rows = [
        (_("Communities"), shown.number(four.communities)),
        (_("Buildings"), noted(shown.number(four.buildings), sources.get("buildings", ""))),
        (_("Households"), noted(shown.number(four.households), sources.get("households", ""))),
        (_("Floor area (m²)"), noted(shown.fixed(four.area_sqm, 2), sources.get("area_sqm", ""))),
    ]
    lines = [table(_("Locked {when}").format(when=four.locked_at[:16].replace("T", " ")), rows)]
    if approved_by:
        told = _("Approved by {name}.").format(name=approved_by)
        lines.append(f"<p>{escape(told)}</p>")
    if drifted:
        text = _("Changed since they were locked: {names}")
        lines.append(f"<p>⚠ {escape(text.format(names='、'.join(drifted[:8])))}</p>")
    return "".join(lines)


def comparison(desk: Desk, found: Comparison, one: str, two: str) -> str:
    """Return how two versions differ, as HTML."""
    before, after = found.before, found.after
    sums = [
        (_("Communities"), shown.number(before.communities), shown.number(after.communities)),
        (_("Households"), shown.number(before.households), shown.number(after.households)),
        (_("Cost"), shown.fixed(before.cost_wan, 2), shown.fixed(after.cost_wan, 2)),
        (_("Need-weighted households"), shown.number(before.served), shown.number(after.served)),
    ]
    rows = [
        (str(desk.rows[d.uid]["name"]) if d.uid in desk.rows else "?", _place(d.before), _place(d.after))
        for d in found.differences
    ]
    head = _("Left: {a}. Right: {b}.").format(a=one, b=two)
    same = _("The two versions put every community into the same year.")
    differing = _("{n} communities differ").format(n=len(rows))
    return f"<p>{escape(head)}</p>" + table(_("Sums"), sums) + (table(differing, rows) if rows else f"<p>{same}</p>")


def _place(place: tuple[int, int] | None) -> str:
    return _("out") if place is None else f"{place[0]} · {_(_SHORT_LEVELS[place[1]])}"


def version_name(version: Version) -> str:
    """Return a version as the list of versions shows it."""
    return f"{version.name} · {_(STATE_WORDS[version.state])}"


def table(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table of names and figures as HTML; nothing without rows."""
    if not rows:
        return ""
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{'' if n == 0 else ' align=right'} style='padding:2px 6px 2px 0'>{escape(cell)}</td>"
            for n, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<p><b>{escape(title)}</b></p><table width='100%'>{body}</table>"


def _listed(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p><b>{escape(title)}</b></p><ul>{items}</ul>" if lines else ""
