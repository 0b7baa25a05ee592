"""The command `fieldsurvey enroll`: this computer becomes known to a hub, by code or by file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from fieldsurvey.errors import InputRefused, UsageError
from fieldsurvey.i18n import _


def enroll(
    hub: Annotated[str, typer.Option(help="办公室端网址 / address of the hub")] = "",
    code: Annotated[str, typer.Option(help="一次性登记码 / one-time code")] = "",
    request: Annotated[Path | None, typer.Option(help="写申请文件 / write a request file")] = None,
    answer: Annotated[Path | None, typer.Option(help="读答复文件 / read the answer file")] = None,
    certificate: Annotated[Path | None, typer.Option(help="办公室端证书 PEM / the hub's certificate")] = None,
    fingerprint: Annotated[str, typer.Option(help="证书 SHA-256 指纹 / mark of the hub's certificate")] = "",
    name: Annotated[str, typer.Option(help="这台电脑的名称 / name of this computer")] = "",
) -> None:
    """登记这台电脑 / make this computer known to a hub, by code or by file."""
    from fieldsurvey.sync import enrolment
    from fieldsurvey.sync.session import enrol

    if request is not None:
        asked = enrolment.request_as_json(enrolment.new_request(name))
        request.write_text(json.dumps(asked, ensure_ascii=False), "utf-8")
        _put(str(request))
        return
    if not hub or not (code or answer):
        raise UsageError(_("Name the hub, and a code or an answer file; or write a request file."))
    pin = pin_for(hub, certificate, fingerprint, is_online=answer is None)
    if answer is not None:
        enrolment.accept(enrolment.read_file(answer), hub, pin)
    else:
        enrol(hub, code, pin=pin, name=name)
    _put(_("This computer is known to {hub}.").format(hub=hub))


def pin_for(hub: str, certificate: Path | None, fingerprint: str, *, is_online: bool = True) -> str:
    """Return the certificate to insist on, as the person named it; empty where an authority vouches for it.

    Raises:
        InputRefused: If nobody vouches for the certificate and none was named, or what was named is none.
    """
    from fieldsurvey.sync.certificates import look, pin_from_text, pin_of

    if fingerprint:
        return pin_from_text(fingerprint)
    if certificate is not None:
        return pin_of(certificate)
    shown = look(hub) if is_online else None
    if shown is not None and not shown.is_vouched:
        text = _(
            "No authority vouches for the certificate of {hub}. Compare its fingerprint with the office, "
            "then repeat the command with --fingerprint {mark}"
        )
        raise InputRefused(text.format(hub=hub, mark=shown.fingerprint))
    return ""


def insist_on(hub: str, fingerprint: str) -> None:
    """Accept this certificate, and no other, at an address from now on.

    Raises:
        InputRefused: If it is no fingerprint.
    """
    from fieldsurvey.sync.certificates import pin_from_text
    from fieldsurvey.sync.enrolment import trust

    trust(hub, pin_from_text(fingerprint))


def _put(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is the terminal's voice
