"""The command line: the place that puts the program together without a window.

Commands and exit codes are ARCHITECTURE section 8, which outside checks call.
Data goes to standard output, messages to standard error.
"""

from pathlib import Path
from typing import Annotated

import typer

from exports.layer_commands import add_layer_commands
from exports.paper_commands import add_paper_commands
from exports.sign_commands import add_sign_commands
from fieldsurvey.assess.review.command import review_app
from fieldsurvey.errors import FieldSurveyError, JobCancelled, UsageError
from fieldsurvey.hub.commands import hub_app
from fieldsurvey.hub.device_commands import device_app
from fieldsurvey.hub.quarantine_commands import quarantine_app
from fieldsurvey.i18n import _
from fieldsurvey.plan.command import plan_app
from fieldsurvey.sync.commands import enroll, insist_on
from fieldsurvey.terminal import AsJson, ProjectFile, put, put_json, say, terminal_control
from layers.grid_commands import crs_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="老旧小区改造外业调查 / FieldSurvey")
forms_app = typer.Typer(no_args_is_help=True, help="调查表 / survey forms")
export_app = typer.Typer(no_args_is_help=True, help="导出 / exports")
app.add_typer(forms_app, name="forms")
app.add_typer(hub_app, name="hub")
hub_app.add_typer(device_app, name="device")
hub_app.add_typer(quarantine_app, name="quarantine")
app.add_typer(export_app, name="export")
add_layer_commands(export_app)
add_paper_commands(export_app)
add_sign_commands(app)
app.add_typer(plan_app, name="plan")
app.add_typer(review_app, name="review")
app.add_typer(crs_app, name="crs")
app.command("enroll")(enroll)

CANCELLED = 130  # what a shell expects of a program stopped by Ctrl+C


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; every known error becomes one sentence."""
    try:
        result = app(arguments, prog_name="fieldsurvey", standalone_mode=False)
    except FieldSurveyError as error:
        say(str(error))
        return error.exit_code
    except typer.TyperException as error:
        say(_("Wrong use: {why} See fieldsurvey --help.").format(why=error.format_message()))
        return UsageError.exit_code
    except (JobCancelled, KeyboardInterrupt, typer.Abort):
        say(_("Stopped. What was finished before is kept."))
        return CANCELLED
    return result if isinstance(result, int) else 0


@app.command()
def new(project: ProjectFile, crs: str = "EPSG:4547") -> None:
    """新建项目 / make a new project."""
    from fieldsurvey.projects import new_project

    new_project(project, crs=crs).close()


@app.command("import")
def import_(
    project: ProjectFile,
    files: list[Path],
    as_layer: Annotated[str | None, typer.Option("--as", help="目标图层 / target layer")] = None,
    crs: Annotated[str | None, typer.Option(help="坐标系 / CRS, EPSG:…, GCJ-02, BD-09")] = None,
    encoding: Annotated[str | None, typer.Option(help="编码 / encoding, GB18030 …")] = None,
    mapping: Annotated[Path | None, typer.Option(help="字段对应 JSON / field mapping")] = None,
    known: Annotated[str, typer.Option(help="已有要素 fill|update|insert|skip / features that are there")] = "fill",
    report: Annotated[Path | None, typer.Option(help="报告文件 .txt|.json / report file")] = None,
    *,
    repair: Annotated[bool, typer.Option(help="修复自相交的面 / mend areas")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查不写入 / write nothing")] = False,
    as_json: AsJson = False,
) -> int:
    """导入部门移交的文件 / import hand-over files."""
    from fieldsurvey.store import Store
    from layers.io.importer import run as run_import
    from layers.io.matching import named
    from layers.io.report import save

    rule = named(known)
    with Store.open(project) as store:
        reports = run_import(
            store,
            files,
            as_layer=as_layer,
            crs=crs,
            encoding=encoding,
            mapping=mapping,
            dry_run=dry_run,
            repair=repair,
            known=rule,
            control=terminal_control(),
        )
    if report is not None:
        save(reports, report)
    if as_json:
        put_json([found.as_json() for found in reports])
    else:
        for found in reports:
            put(found.as_text())
    return 3 if any(found.status == "refused" for found in reports) else 0


@app.command()
def topology(
    path: Annotated[Path, typer.Argument(metavar="PROJECT|FILE", help="项目或移交文件 / project or hand-over file")],
    *,
    fix: Annotated[bool, typer.Option("--fix", help="修复可安全修复的问题 / mend what is safe")] = False,
    as_json: AsJson = False,
) -> int:
    """拓扑与取值检查 / check geometry, connections and values; 1 if something is wrong."""
    from layers.topology import run

    findings, mended = run.check_path(path, terminal_control(), fix=fix)
    if as_json:
        put_json([run.as_json(finding) for finding in findings])
    else:
        for finding in findings:
            put(f"{finding.title}\t{finding.table} {finding.number}\t{finding.text}")
    say(_("{n} problems, {m} mended.").format(n=len(findings), m=mended))
    return 1 if findings else 0


@app.command()
def check(
    project: ProjectFile,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="先备份再修复 / back up, then repair")] = False,
    as_json: AsJson = False,
) -> int:
    """检查项目文件是否完整 / verify a project file."""
    from fieldsurvey.store.check import check as check_project

    report = check_project(project, repair=repair)
    if as_json:
        put_json(report.as_json())
    else:
        put(report.as_text())
    return 0 if report.is_whole else 1


@app.command()
def rules(
    project: ProjectFile,
    community: Annotated[str | None, typer.Option(help="小区编码 / community code")] = None,
    rule_set: Annotated[Path | None, typer.Option("--rule-set", help="采用规则表 .csv / take a rule file")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """按地图规则核查 / check the map rules: findings with measured and required values."""
    from fieldsurvey.assess.rules import report
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        found = report.run(store, community, rule_set, terminal_control())
    if as_json:
        put_json(found.as_json())
    else:
        put(found.as_text())


@app.command()
def restore(project: ProjectFile, backup: Annotated[Path, typer.Argument(help="备份文件 .gpkg / backup file")]) -> None:
    """从备份恢复，现有文件移到一旁 / put a backup in the place of a project, which is kept aside."""
    from fieldsurvey.store.backup import restore as put_back

    aside = put_back(backup, project)
    put(str(aside) if aside else str(project))


@forms_app.command("check")
def forms_check(
    file: Path,
    seed: Annotated[int, typer.Option(help="随机试填的种子 / seed of the trial")] = 0,
) -> int:
    """检查一个表单，并随机试填 / check any XLSForm or XForm, and fill it in at random."""
    from survey_forms.check import check as check_form

    found = check_form(file, seed)
    for finding in found:
        put(str(finding))
    problems = sum(finding.fatal for finding in found)
    put(_("{file}: {n} problems, {notes} notes").format(file=file.name, n=problems, notes=len(found) - problems))
    return 1 if problems else 0


@forms_app.command("add")
def forms_add(
    project: ProjectFile,
    file: Annotated[Path, typer.Argument(help="XLSForm .xlsx .xls .md .csv, XForm .xml")],
    per: Annotated[str, typer.Option(help="community | building | stairwell")] = "community",
) -> None:
    """把自有调查表加入项目 / add a form of one's own, or a newer version of it, to a project."""
    from fieldsurvey.store import Store
    from survey_forms.shelf import PER, add, prepare

    if per not in PER:
        raise UsageError(_("A record is about a community, a building or a stairwell."))
    prepared = prepare(file, terminal_control())
    with Store.open(project) as store:
        added = add(store, prepared, per)
    for note in added.notes:
        say(str(note))
    put(f"{added.entry.table}  {added.entry.version}  {added.entry.title}")


@forms_app.command("list")
def forms_list(project: ProjectFile) -> None:
    """列出项目中的调查表 / list the forms of a project with their versions."""
    from fieldsurvey.store import Store
    from survey_forms.shelf import listed

    with Store.open(project) as store:
        for table, version, title, records in listed(store):
            put(f"{table}  {version}  {title}  {records}")


@forms_app.command("export")
def forms_export(folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """导出默认表单为 XLSForm / write the default forms as .xlsx."""
    from survey_forms.export import export_xlsx

    for path in export_xlsx(folder):
        put(str(path))


@forms_app.command("conformance")
def forms_conformance(cases: Annotated[Path, typer.Argument(metavar="CASES.json")]) -> int:
    """运行表达式对照用例 / run recorded expression cases."""
    from survey_forms.conformance import ENOUGH, run_cases, share

    groups = run_cases(cases)
    for group in groups:
        put(f"{group.name}: {group.passed}/{group.total}")
    collect, _share = share(run_cases(cases, as_recorded=False))
    put(_("With dates read as in ODK Collect in every case (our default): {counts}").format(counts=collect))
    counts, passed = share(groups)
    put(_("With dates read in each case as in the engine that recorded it: {counts}").format(counts=counts))
    return 0 if passed >= ENOUGH else 1


@app.command()
def sync(
    project: ProjectFile,
    hub: Annotated[str, typer.Option(help="URL | 文件夹 folder | 文件 file.fsx")],
    token: Annotated[str | None, typer.Option(envvar="FIELDSURVEY_TOKEN", help="口令 / token")] = None,
    fingerprint: Annotated[str, typer.Option(help="证书 SHA-256 指纹，以后都认它 / certificate to insist on")] = "",
) -> None:
    """与办公室同步 / exchange with the office."""
    from fieldsurvey.projects import install_forms
    from fieldsurvey.store import Store
    from fieldsurvey.sync.session import clone
    from fieldsurvey.sync.session import sync as exchange

    if fingerprint:
        insist_on(hub, fingerprint)
    if not project.exists():
        clone(hub, project, token=token, control=terminal_control())
    with Store.open(project) as store:
        install_forms(store)  # so that the forms judge what the exchange merges
        result = exchange(store, hub, token=token, control=terminal_control())
    for sentence in result.damaged:
        say(sentence)
    put(
        _("Sent {sent}, received {received}, photos sent {out}, photos received {back}, conflicts {conflicts}").format(
            sent=result.sent,
            received=result.received,
            out=result.blobs_sent,
            back=result.blobs_received,
            conflicts=result.conflicts,
        )
    )


@export_app.command("sheets")
def export_sheets(
    project: ProjectFile,
    out: Annotated[Path, typer.Option(help="输出文件夹 / output folder")],
    community: Annotated[list[str] | None, typer.Option(help="小区编码 / community code")] = None,
    limit: Annotated[int | None, typer.Option(help="最多几份 / at most")] = None,
) -> None:
    """评估表 PDF / assessment sheets."""
    from exports.batch import sheets
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        for path in sheets(store, community or None, out, limit, terminal_control(), tell=say):
            put(str(path))


@export_app.command("blank")
def export_blank(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    form: Annotated[list[str] | None, typer.Option(help="表单编号，如 f09_fire / form")] = None,
) -> None:
    """空白调查表 PDF / empty forms to print."""
    from exports.blank import blank_forms

    for path in blank_forms(folder, form, terminal_control()):
        put(str(path))


@export_app.command("odk")
def export_odk(
    project: ProjectFile,
    form: Annotated[str, typer.Option(help="表单，如 f04_water / form")],
    out: Annotated[Path, typer.Option(help="输出文件夹 / output folder")],
    split: Annotated[bool, typer.Option(help="多选题每个选项另成一列 0/1 / a 0/1 column for each choice")] = False,
) -> None:
    """调查记录为 ODK 提交（XML+附件）、CSV 和 XLSX / records as ODK submissions, CSV and XLSX."""
    from exports import odk
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        for path in odk.export(store, form, out, terminal_control(), split=split):
            put(str(path))


@export_app.command("qgis")
def export_qgis(project: ProjectFile, out: Annotated[Path, typer.Option(help="输出 .qgz")]) -> None:
    """QGIS 工程：中文字段名、选项名和子表关系 / a QGIS project with labels, value maps and relations."""
    from exports.qgis import project_file
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        put(str(project_file(store, out, terminal_control())))


@forms_app.command("import")
def forms_import(
    project: ProjectFile,
    source: Annotated[Path, typer.Argument(help="文件夹、.xml、.csv 或 .xlsx / folder or file")],
    form: Annotated[str, typer.Option(help="表单，如 f04_water / form")],
) -> int:
    """导入 ODK 提交 / import ODK submissions."""
    from exports import odk
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        taken = odk.take(store, form, source, terminal_control())
    for sentence in taken.refused:
        put(sentence)
    put(
        _("{created} new, {changed} changed, {unchanged} unchanged, {refused} refused").format(
            created=taken.created, changed=taken.changed, unchanged=taken.unchanged, refused=len(taken.refused)
        )
    )
    return 3 if taken.refused else 0


@export_app.command("plan")
def export_plan(project: ProjectFile, out: Annotated[Path, typer.Option(help="输出 .xlsx")]) -> None:
    """三年计划表 / three-year plan table."""
    from exports.plan import plan_table
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        plan_table(store, out, terminal_control())
    put(str(out))


@export_app.command("book")
def export_book(project: ProjectFile, out: Annotated[Path, typer.Option(help="输出 .pdf")]) -> int:
    """全市改造计划册 PDF / plan book of the city: summary, a chapter for each district, every sheet, index."""
    from exports.book import plan_book
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        made = plan_book(store, out, terminal_control())
    put(str(out))
    for sentence in made.told():
        say(sentence)
    return 1 if made.failed else 0


@export_app.command("dossier")
def export_dossier(
    project: ProjectFile,
    community: Annotated[str, typer.Option(help="小区编码 / community code")],
    out: Annotated[Path, typer.Option(help="输出 .zip")],
    *,
    personal: Annotated[bool, typer.Option("--personal", help="含居民记录 / with personal records")] = False,
    restricted: Annotated[bool, typer.Option("--restricted", help="含管线等 / with pipes, power, gas")] = False,
) -> None:
    """一小区一档案 ZIP / all on one community: sheet, map, photos, data, history."""
    from exports.dossier import dossier
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        made = dossier(store, community, out, terminal_control(), personal=personal, restricted=restricted)
    put(str(out))
    if made.left_out:
        say("\n".join([_("Left out:"), *made.left_out]))


@app.command()
def demo(
    project: Annotated[Path | None, typer.Option(help="写到哪里 / where to write the sample")] = None,
    tour: Annotated[
        Path | None, typer.Option(help="走一遍全流程，每步一图 / run the whole job, one picture a step")
    ] = None,
    *,
    no_window: Annotated[bool, typer.Option("--no-window", help="只写样例项目 / only write the sample")] = False,
) -> int:
    """打开样例项目 / open the sample project."""
    from fieldsurvey.paths import user_data
    from fieldsurvey.projects import sample_project

    if tour is not None:
        from ui.tour import run_tour

        return run_tour(tour)
    path = project or user_data() / "样例项目.gpkg"
    if project is not None or not path.exists():
        say(_("Building the sample project, once, about 20 seconds …"))
        sample_project(path, terminal_control()).close()
    if no_window:
        put(str(path))
        return 0
    from ui.app import run as run_window

    return run_window(path)


def commands() -> frozenset[str]:
    """Return the first words that are commands; anything else is a project to open."""
    group = typer.main.get_command(app)
    return frozenset(getattr(group, "commands", {}))
