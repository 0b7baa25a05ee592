"""What the office needs to decide on one community: works and money, the households' will, the gates, a suggestion.

Everything is computed in fieldsurvey.assess; here it becomes words for the
sheet. It says 建议, never more: the decision is the bureau's.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from exports.sheet.answers import ReadsLabels
from exports.sheet.data import GateSeen, Proposal, Work
from exports.sheet.profile import text_of
from fieldsurvey.assess.cost import Estimate, Line, estimates
from fieldsurvey.assess.gates import Gate, GateState, barred_by, gates
from fieldsurvey.assess.readiness import Consent, consents
from fieldsurvey.assess.score import Score, scores
from fieldsurvey.i18n import speaking
from fieldsurvey.model.schema import Value

if TYPE_CHECKING:
    from fieldsurvey.store import Store

PLAN_FORM = "f23_plan_item"
_CHINESE = "zh_CN"
_STATES = {GateState.PASS: "通过", GateState.FAIL: "未通过", GateState.UNKNOWN: "待核"}
_CLASSES = {"base": "基础类", "improve": "完善类", "upgrade": "提升类"}


class Proposals:
    """Reads proposals; what is computed for the whole project is computed once, from the second community on."""

    def __init__(self, store: "Store", forms: ReadsLabels) -> None:
        self._store, self._forms = store, forms
        self._known: tuple[Mapping[str, Score], Mapping[str, list[Gate]]] | None = None

    @cached_property
    def _estimates(self) -> Mapping[str, Estimate]:
        return estimates(self._store)

    @cached_property
    def _consents(self) -> Mapping[str, Consent]:
        return consents(self._store)

    def _judged(self, uid: str) -> tuple[Score, list[Gate]]:
        """Return score and gates of a community: one sheet of a large project does not wait for all the others."""
        if self._known is None or uid not in self._known[0]:
            only = {uid} if self._known is None else None
            self._known = scores(self._store, only=only), gates(self._store, only)
        return self._known[0][uid], self._known[1][uid]

    def of(self, community: Mapping[str, Value]) -> Proposal:
        """Return the proposal of a community, in Chinese.

        Raises:
            InputRefused: If a parameter or price of the project makes no sense.
        """
        uid = str(community["uid"])
        with speaking(_CHINESE):
            cost, said = self._estimates.get(uid), self._consents.get(uid)
            score, passed = self._judged(uid)
            stale = tuple(dict.fromkeys(cost.warnings)) if cost else ()
            seen = tuple(GateSeen(gate.id, gate.title, _STATES[gate.state], gate.reason) for gate in passed)
        money = (cost.works_wan, cost.fees_wan, cost.reserve_wan, cost.total_wan) if cost and cost.lines else ()
        return Proposal(
            works=self._works(uid, cost.lines) if cost else (),
            sums=tuple(float(each) for each in money),
            unpriced=cost.problems if cost else (),
            stale=stale,
            consent=(said.asked, said.voted, said.agreed, said.households) if said else None,
            gates=seen,
            need=_rounded(score.need),
            readiness=_rounded(score.readiness),
            priority=_rounded(score.priority),
            urgent=score.urgent,
            advice=_advice(passed, seen, text_of(community["plan_year"])),
        )

    def _works(self, uid: str, lines: tuple[Line, ...]) -> tuple[Work, ...]:
        rows = {str(row["uid"]): row for row in self._store.select(PLAN_FORM, where={"community_uid": uid})}
        funds = self._forms.labels(PLAN_FORM).get("fund_src", {})
        return tuple(
            Work(
                name=" ".join(filter(None, (line.item_code, text_of(rows[line.uid].get("item_scope"))))),
                kind=_CLASSES.get(line.reno_class, line.reno_class),
                quantity=f"{line.quantity:,.10g}{line.unit}",
                price=line.price_yuan,
                amount=float(line.amount_wan),
                fund=funds.get(line.fund_src, line.fund_src),
            )
            for line in lines
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _advice(found: list[Gate], seen: tuple[GateSeen, ...], year: str) -> str:
    """Return the suggestion: what bars comes first, then what is open, then the year."""
    barred = barred_by(found)
    if barred is not None:
        reason = next(gate.reason for gate in seen if gate.id == barred.id)
        return f"建议暂不纳入：{barred.id} {reason}"
    open_ = [gate.id for gate in seen if gate.state == "待核"]
    target = f"纳入{year}年度计划" if year else "列入储备"
    return f"建议{target}" + (f"，先核实{'、'.join(open_)}" if open_ else "")
