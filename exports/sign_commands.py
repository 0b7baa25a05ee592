"""`fieldsurvey sign` and `fieldsurvey verify`: signatures on sheets, and whether a sheet still says what it said."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldsurvey.errors import UsageError
from fieldsurvey.i18n import _
from fieldsurvey.terminal import put, say

if TYPE_CHECKING:
    from exports.signing.keys import KeyFile, Token


def sign(
    file: Annotated[Path, typer.Argument(help="评估表等 .pdf / sheet")],
    key: Annotated[Path | None, typer.Option(help="证书文件 .p12 .pfx / certificate with key")] = None,
    place: Annotated[str, typer.Option("--as", help="签在哪里，如复核人、街道办盖章 / where")] = "",
    picture: Annotated[Path | None, typer.Option(help="印章或签名图片 / picture of seal or handwriting")] = None,
    timestamp: Annotated[str | None, typer.Option(help="时间戳服务地址 / time-stamp service; '' = 不用 / none")] = None,
    out: Annotated[Path | None, typer.Option(help="输出，默认 …_已签.pdf / output")] = None,
    token: Annotated[Path | None, typer.Option(help="U盾驱动库 PKCS#11 / driver library of a token")] = None,
    token_label: Annotated[str, typer.Option(help="U盾名称 / name of the token")] = "",
    certificate: Annotated[str, typer.Option(help="U盾中证书名称 / certificate in the token")] = "",
    *,
    places: Annotated[bool, typer.Option("--places", help="只列出可签之处 / only list the places")] = False,
) -> None:
    """电子签名（PAdES） / sign a sheet. 密码从终端或标准输入读取 / the password is asked for, or read from a pipe."""
    from exports.signing import sign as signing
    from fieldsurvey import settings

    if places:
        for each in signing.places(file):
            put("\t".join((each.label, _("signed") if each.is_signed else _("free"))))
        return
    url = settings.load()[0].timestamp_url if timestamp is None else timestamp
    lent = _key(key, token, token_label, certificate)
    made = signing.sign(file, lent, place=place, picture=picture, timestamp_url=url, out=out)
    put(str(made.out))
    say(_("{place}: signed by {name}.").format(place=made.place, name=made.name))
    if not made.has_time_stamp:
        say(_("Without a time stamp: the moment is that of this computer."))


def _key(path: Path | None, token: Path | None, label: str, certificate: str) -> "KeyFile | Token":
    from exports.signing.keys import KeyFile, Token

    if (path is None) == (token is None):
        raise UsageError(_("Please give either --key FILE.p12 or --token LIBRARY."))
    if path is not None:
        return KeyFile(path, _secret(_("Password of {file}: ").format(file=path.name)))
    assert token is not None  # noqa: S101 - one of both is there
    if not label or not certificate:
        raise UsageError(_("A token also needs --token-label and --certificate."))
    return Token(token, label, certificate, _secret(_("PIN of {label}: ").format(label=label)))


def _secret(prompt: str) -> str:
    """Ask for a password; it never stands on the command line, where other users of the machine could read it."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def verify(
    file: Annotated[Path, typer.Argument(help="评估表 .pdf / assessment sheet")],
    trust: Annotated[list[Path] | None, typer.Option(help="信任的签发机构证书 / trusted issuer's certificate")] = None,
) -> int:
    """核对评估表是否被改动，签名是否有效 / tell whether a sheet was changed and whether its signatures hold."""
    from exports.verify import verify

    found = verify(file, trust or ())
    put("\n".join(found.findings))
    return 0 if found.matches else 1


def add_sign_commands(app: typer.Typer) -> None:
    """Add the commands to `fieldsurvey`."""
    app.command("sign")(sign)
    app.command("verify")(verify)
