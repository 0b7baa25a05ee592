"""The commands of `fieldsurvey hub quarantine`: what is held back, and what the administrator decides."""

import json
from typing import Annotated

import typer

from fieldsurvey.errors import UsageError
from fieldsurvey.hub.commands import HubFolder
from fieldsurvey.i18n import _

quarantine_app = typer.Typer(no_args_is_help=True, help="暂扣的修改 / edits held back")

Numbers = Annotated[list[int] | None, typer.Argument(metavar="RID", help="编号，见 list / numbers, see list")]
Everything = Annotated[bool, typer.Option("--all", help="全部 / everything")]


def _put(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is the terminal's voice


@quarantine_app.command("list")
def list_(
    folder: HubFolder,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="JSON 输出 / print JSON")] = False,
) -> None:
    """列出暂扣的修改及原因 / show what is held back, and why."""
    from fieldsurvey.hub import admin

    held = admin.status(folder).get("quarantine", [])
    if as_json:
        _put(json.dumps(held, ensure_ascii=False, indent=1))
        return
    for entry in held:
        _put(f"{entry['rid']} {entry['author']} {entry['at']} {entry['table']} {entry['uid'][:8]}: {entry['why']}")
    if not held:
        _put(_("Nothing is held back."))


@quarantine_app.command("release")
def release(folder: HubFolder, rids: Numbers = None, *, everything: Everything = False) -> None:
    """放行，使其生效 / let them take effect."""
    from fieldsurvey.hub import admin

    done = admin.decide(folder, _chosen(rids, everything), let_go=True)
    _put(_("{n} edits take effect now.").format(n=len(done)))


@quarantine_app.command("reject")
def reject(folder: HubFolder, rids: Numbers = None, *, everything: Everything = False) -> None:
    """驳回，保留但不生效 / keep them without effect."""
    from fieldsurvey.hub import admin

    done = admin.decide(folder, _chosen(rids, everything), let_go=False)
    _put(_("{n} edits stay without effect; whoever made them is told.").format(n=len(done)))


def _chosen(rids: list[int] | None, everything: bool) -> list[int] | None:
    """Return the numbers, None for everything.

    Raises:
        UsageError: If none was named.
    """
    if not rids and not everything:
        raise UsageError(_("Name the numbers, as the list shows them, or say --all."))
    return None if everything else rids
