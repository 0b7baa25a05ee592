"""The commands of `fieldsurvey hub`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from fieldsurvey.errors import UsageError
from fieldsurvey.i18n import _
from fieldsurvey.model.role import Role

hub_app = typer.Typer(no_args_is_help=True, help="办公室端 / the office side")
user_app = typer.Typer(no_args_is_help=True, help="账号 / accounts")
hub_app.add_typer(user_app, name="user")

HubFolder = Annotated[Path, typer.Argument(metavar="DIR", help="数据文件夹 / data folder")]
Database = Annotated[
    str, typer.Option(help="PostgreSQL 地址 / address, postgresql://…", envvar="FIELDSURVEY_HUB_DATABASE")
]
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="登录名 / login")]
Areas = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        help="区县名、小区编码或 @账号（分到的小区），可多次 / district, community or @login (assigned)",
    ),
]


def _put(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is the terminal's voice


@hub_app.command("init")
def init(
    folder: HubFolder,
    name: str = "",
    database: Database = "",
    blobs: Annotated[str, typer.Option(help="s3://bucket/folder；默认文件夹 / default: a folder")] = "",
    s3_endpoint: Annotated[str, typer.Option(help="S3 服务地址 / address of the S3 service")] = "",
) -> None:
    """准备数据文件夹 / prepare a data folder."""
    from fieldsurvey.hub import admin

    admin.init(folder, name or folder.name, database=database, blobs=blobs, s3_endpoint=s3_endpoint)


@hub_app.command("serve")
def serve(
    folder: HubFolder,
    host: str = "127.0.0.1",
    port: int = 8765,
    certificate: Annotated[Path | None, typer.Option(help="TLS 证书 / certificate, PEM")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS 私钥 / key, PEM")] = None,
    *,
    tls: Annotated[bool, typer.Option("--tls", help="自制证书并显示指纹 / make a certificate, print its mark")] = False,
) -> None:
    """启动服务 / serve until stopped."""
    from fieldsurvey.hub import serving

    if (certificate is None) != (key is None):
        raise UsageError(_("Name certificate and key together."))
    given = serving.Tls(certificate, key) if certificate and key else None
    serving.serve(folder, host, port, given or (serving.own_tls(folder, host) if tls else None))


@user_app.command("add")
def user_add(folder: HubFolder, login: Login, name: str = "", role: Role = Role.SURVEYOR, scope: Areas = None) -> None:
    """新建账号并显示口令（只显示一次） / add an account and print its token once."""
    from fieldsurvey.hub import admin

    _put(admin.add_user(folder, login, name or login, role=role, areas=tuple(scope or ())))


@user_app.command("password")
def user_password(folder: HubFolder, login: Login) -> None:
    """设密码（从标准输入读取一行） / set a password, read from standard input."""
    from fieldsurvey.hub import admin
    from fieldsurvey.hub.accounts import Accounts

    password = (
        typer.prompt("密码 / password", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    Accounts(folder).set_password(login, password)
    admin.noted(folder, "password", login)


@user_app.command("change")
def user_change(
    folder: HubFolder,
    login: Login,
    role: Annotated[Role | None, typer.Option()] = None,
    scope: Areas = None,
    *,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="不限范围 / no limit of areas")] = False,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="停用、启用 / off, on")] = None,
) -> None:
    """改角色、范围，停用 / change role or areas, disable."""
    from fieldsurvey.hub import admin
    from fieldsurvey.hub.accounts import Accounts

    changes: dict[str, object] = {}
    changes |= {"role": role} if role else {}
    changes |= {"areas": tuple(scope or ())} if scope or everywhere else {}
    changes |= {"disabled": disabled} if disabled is not None else {}
    Accounts(folder).change(login, **changes)
    admin.noted(folder, "account changed", login, **{name: str(value) for name, value in changes.items()})


@hub_app.command("status")
def status(folder: HubFolder) -> None:
    """账号、数据与隔离区概况 / accounts, data and quarantine."""
    from fieldsurvey.hub import admin

    _put(json.dumps(admin.status(folder), ensure_ascii=False, indent=1))


@hub_app.command("backup")
def backup(folder: HubFolder, out: Annotated[Path, typer.Option(help="目标文件夹 / folder for the copy")]) -> None:
    """服务中备份并校验 / copy while serving, verified."""
    from fieldsurvey.hub.backup import backup as make_copy

    _put(str(make_copy(folder, out)))


@hub_app.command("restore")
def restore(folder: HubFolder, copy: Annotated[Path, typer.Argument(help="备份 / copy that backup made")]) -> None:
    """从备份恢复（先停服务） / put a copy back; stop serving first."""
    from fieldsurvey.hub.backup import restore as put_back

    aside = put_back(folder, copy)
    _put(_("Restored. Start the hub again; laptops bring what the copy lacks at their next sync."))
    if aside is not None:
        _put(_("The data from before is kept as {file}.").format(file=aside))


@hub_app.command("move")
def move(folder: HubFolder, database: Database) -> None:
    """迁到 PostgreSQL，逐项核对 / move into PostgreSQL, everything compared."""
    from fieldsurvey.hub.backup import move as carry_over

    moved = carry_over(folder, database)
    text = _("{n} revisions moved; rows, heads, states and quarantine are equal on both sides ({mark}).")
    _put(text.format(n=moved.revisions, mark=moved.digest.rows[:16]))
