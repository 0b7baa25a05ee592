"""`fieldsurvey export sheet|templates|records|lifts|problems|compare|report`: documents."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsurvey.i18n import labelled
from fieldsurvey.terminal import ProjectFile, put, say, terminal_control

Community = Annotated[str, typer.Option(help="小区编码 / community code")]
OutFolder = Annotated[Path, typer.Option(help="输出文件夹 / output folder")]


def export_sheet(
    project: ProjectFile,
    out: OutFolder,
    community: Annotated[list[str] | None, typer.Option(help="小区编码，默认全部 / community, default all")] = None,
    template: Annotated[
        str, typer.Option(help="评估表 | 申报表 | 审批表 | 模板文件.toml / shipped sheet or template file")
    ] = "评估表",
) -> None:
    """按模板出表 PDF / sheets from a template: words, columns, order and logo are the office's own."""
    from exports.batch import sheets
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        made = sheets(store, community or None, out, None, terminal_control(), template=template, tell=say)
    for path in made:
        put(str(path))


def export_templates(folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """抄出自带模板，供修改 / copies of the shipped templates, to be changed."""
    from exports.sheet.template import copies

    for path in copies(folder):
        put(str(path))


def export_records(
    project: ProjectFile,
    community: Community,
    out: OutFolder,
    form: Annotated[list[str] | None, typer.Option(help="表单，如 f04_water / form")] = None,
    *,
    personal: Annotated[bool, typer.Option("--personal", help="含居民记录 / with personal records")] = False,
    restricted: Annotated[bool, typer.Option("--restricted", help="含管线点、段 / with pipe records")] = False,
) -> None:
    """调查记录表 PDF，每条记录一份 / every record as a sheet of paper."""
    from exports.papers import record_sheets
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        for path in record_sheets(
            store, community, out, terminal_control(), forms=form or (), personal=personal, restricted=restricted
        ):
            put(str(path))


def export_lifts(
    project: ProjectFile,
    community: Community,
    out: OutFolder,
    *,
    outside: Annotated[bool, typer.Option("--outside", help="不含管线等内部资料 / without restricted layers")] = False,
) -> None:
    """加装电梯可行性初判表 PDF，每单元一份 / lift feasibility, one sheet per stairwell."""
    from exports.papers import lift_sheets
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        for path in lift_sheets(store, community, out, terminal_control(), restricted=not outside):
            put(str(path))


def export_problems(
    project: ProjectFile,
    out: OutFolder,
    community: Annotated[list[str] | None, typer.Option(help="小区编码，默认全部 / community, default all")] = None,
) -> None:
    """问题清单 PDF，附照片 / problem lists with photos."""
    from exports.papers import problem_lists
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        for path in problem_lists(store, community or None, out, terminal_control()):
            put(str(path))


def export_compare(
    project: ProjectFile,
    community: Community,
    out: Annotated[Path, typer.Option(help="输出 .pdf")],
    since: Annotated[str, typer.Option(help="与某日零时比，如 2026-10-01 / with that day's beginning")] = "",
    other: Annotated[Path | None, typer.Option("--with", help="与较早的项目文件比 / with an earlier file")] = None,
    rounds: Annotated[
        tuple[str, str] | None, typer.Option(help="比两轮调查，如 baseline acceptance / two survey rounds")
    ] = None,
) -> None:
    """数据对比表 PDF：改了什么、谁改的、何时 / what changed, by whom, when."""
    from exports.papers import comparison
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        put(str(comparison(store, community, out, terminal_control(), since=since, other=other, rounds=rounds)))


def export_report(
    project: ProjectFile,
    out: OutFolder,
    *,
    restricted: Annotated[bool, typer.Option("--restricted", help="含管线等 / with pipes, power, gas")] = False,
) -> int:
    """全市网页报告：一个文件夹，断网可看 / the city as web pages in one folder, offline."""
    from exports.report import city_report
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        made = city_report(store, out, terminal_control(), restricted=restricted)
    put(str(made.index))
    for sentence in (*made.left_out, *(labelled(name, why) for name, why in made.failed.items())):
        say(sentence)
    return 1 if made.failed else 0


def add_paper_commands(app: typer.Typer) -> None:
    """Add the commands to `fieldsurvey export`."""
    app.command("sheet")(export_sheet)
    app.command("templates")(export_templates)
    app.command("records")(export_records)
    app.command("lifts")(export_lifts)
    app.command("problems")(export_problems)
    app.command("compare")(export_compare)
    app.command("report")(export_report)
