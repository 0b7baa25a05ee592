"""`fieldsurvey plan`: the three-year plan from the command line."""

from typing import Annotated

import typer

from fieldsurvey.i18n import _
from fieldsurvey.plan.problem import Plan, Status
from fieldsurvey.terminal import AsJson, ProjectFile, put, put_json, terminal_control

plan_app = typer.Typer(no_args_is_help=True, help="三年计划 / the three-year plan")


@plan_app.callback()
def plan() -> None:
    """三年计划 / the three-year plan."""


@plan_app.command()
def optimise(
    project: ProjectFile,
    as_json_: AsJson = False,
    save: Annotated[bool, typer.Option("--save", help="存为计划版本 / keep it as a version")] = False,
    seconds: Annotated[float, typer.Option(help="求解时限，秒 / time for the proof")] = 60.0,
) -> int:
    """在资金和能力允许的范围内求最优计划 / find the best plan that the money allows."""
    from fieldsurvey.plan.build import question
    from fieldsurvey.plan.explain import as_json
    from fieldsurvey.plan.greedy import greedy
    from fieldsurvey.plan.optimise import cost_of_locks
    from fieldsurvey.plan.optimise import optimise as solve
    from fieldsurvey.plan.saving import save as keep
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        asked = question(store)
        found, by_score = solve(asked.problem, terminal_control(), seconds=seconds), greedy(asked.problem)
        if save and found.status is not Status.INFEASIBLE:
            keep(store, asked, found, by_score.objective)
    answer = as_json(asked, found, by_score.objective)
    if found.status is not Status.INFEASIBLE:
        answer["cost_of_locks"] = cost_of_locks(asked.problem, found, terminal_control())
    put_json(answer) if as_json_ else put(_told(found, answer))
    return 1 if found.status is Status.INFEASIBLE else 0


def _told(plan: Plan, answer: dict[str, object]) -> str:
    if plan.status is Status.INFEASIBLE:
        return "\n".join([_("No plan can meet all demands. These cannot hold together:"), *plan.conflicts])
    text = _(
        "{communities} communities, {households} households, {total_wan} ×10,000 yuan; need-weighted households "
        "{objective} (by score alone {greedy_objective}), proven gap {gap:.2%}."
    )
    return "\n".join([text.format(**answer), *plan.binding])
