"""`fieldsurvey review`: the review for scripts."""

from collections.abc import Iterable
from typing import Annotated

import typer

from fieldsurvey.assess.progress import State
from fieldsurvey.assess.review.people import person_here
from fieldsurvey.assess.review.queue import WAITING, Item, queue
from fieldsurvey.assess.review.remarks import Pin
from fieldsurvey.assess.review.steps import take, take_community
from fieldsurvey.errors import InputRefused, UsageError
from fieldsurvey.i18n import _, labelled
from fieldsurvey.model.review import Step
from fieldsurvey.settings import load
from fieldsurvey.store import Store
from fieldsurvey.terminal import AsJson, ProjectFile, put, put_json, say

review_app = typer.Typer(no_args_is_help=True, help="审核 / the review")
_Records = Annotated[list[str], typer.Argument(metavar="RECORD|COMMUNITY…", help="记录或小区编号 / uids or codes")]
_Remark = Annotated[str, typer.Option("--remark", help="意见 / what is to be done")]
_Field = Annotated[str, typer.Option("--field", help="题目列名 / column of the question")]


@review_app.command("list")
def list_(
    project: ProjectFile,
    state: Annotated[list[str] | None, typer.Option(help="complete|reviewed|returned|approved|superseded")] = None,
    community: Annotated[str | None, typer.Option(help="小区编码 / code")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """待审核的记录和小区 / what waits for the review."""
    if unknown := set(state or ()) - set(State):
        raise UsageError(_("There is no state {name}.").format(name=min(unknown)))
    with Store.open(project, read_only=True) as store:
        found = queue(store, [State(each) for each in state] if state else WAITING)
        if community is not None:
            uid = _community(store, community)
            found = [item for item in found if item.community_uid == uid]
    if as_json:
        put_json([_as_json(item) for item in found])
    else:
        for item in found:
            told = (item.uid, str(item.state), item.form_id or "community", item.community, item.person, item.saved_at)
            put("\t".join(told))


@review_app.command("accept")
def accept(project: ProjectFile, records: _Records) -> int:
    """复核通过 / accept records or whole communities."""
    return _take_all(project, records, Step.ACCEPT, ())


@review_app.command("return")
def return_(project: ProjectFile, records: _Records, remark: _Remark, field: _Field = "") -> int:
    """退回外业 / return records or communities with a remark."""
    return _take_all(project, records, Step.RETURN, [Pin(remark, field)])


@review_app.command("approve")
def approve(project: ProjectFile, records: _Records) -> int:
    """批准并锁定 / approve and lock."""
    return _take_all(project, records, Step.APPROVE, ())


@review_app.command("revise")
def revise(project: ProjectFile, records: _Records, remark: _Remark) -> int:
    """对已批准的开启修订 / open what is approved for a new revision."""
    return _take_all(project, records, Step.SUPERSEDE, [Pin(remark)])


def _take_all(project: ProjectFile, records: Iterable[str], step: Step, pins: Iterable[Pin]) -> int:
    """Take a step with each; return 1 if one of them was refused, and say why."""
    settings, _trouble = load()
    refused = 0
    with Store.open(project) as store:
        if settings.name:
            store.set_actor(settings.login or settings.name, settings.name)
        for name in records:
            try:
                put(f"{name}\t{_take(store, name, step, list(pins), settings.role)}")
            except InputRefused as error:
                refused += 1
                say(labelled(name, error))
    return int(refused > 0)


def _take(store: Store, name: str, step: Step, pins: list[Pin], role: str) -> str:
    person = person_here(store, role)
    row = store.get(name)
    if row is not None and row.table != "community":
        return str(take(store, person, name, step, remarks=pins))
    return str(take_community(store, person, _community(store, name), step, remarks=pins))


def _community(store: Store, name: str) -> str:
    for column in ("uid", "code"):
        rows = store.select("community", ["code"], where={column: name}, limit=1)
        if rows:
            return str(rows[0]["uid"])
    raise InputRefused(_("There is no record and no community {name} in the project.").format(name=name))


def _as_json(item: Item) -> dict[str, object]:
    return {
        "uid": item.uid, "form": item.form_id, "state": str(item.state), "community": item.community_uid,
        "community_name": item.community, "district": item.district, "subject": item.subject_uid,
        "person": item.person, "saved_at": item.saved_at, "conflict": item.is_disputed,
    }  # fmt: skip
