"""The commands of `fieldsurvey hub device`, and the exchange of a hub with a stick."""

import json
from pathlib import Path
from typing import Annotated

import typer

from fieldsurvey.hub.commands import HubFolder, Login, hub_app
from fieldsurvey.i18n import _

device_app = typer.Typer(no_args_is_help=True, help="设备 / devices")


def _put(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is the terminal's voice


@device_app.command("code")
def code(folder: HubFolder, login: Login) -> None:
    """发一次性登记码 / print a code with which one device may enrol, once, within three days."""
    from fieldsurvey.hub.accounts import Accounts
    from fieldsurvey.hub.devices import Devices

    _put(Devices(folder, Accounts(folder)).new_code(login))


@device_app.command("admit")
def admit(
    folder: HubFolder,
    login: Login,
    request: Annotated[Path, typer.Argument(help="申请文件 / request file")],
    answer: Annotated[Path, typer.Argument(help="答复文件 / answer file")],
) -> None:
    """用文件登记（无网络） / enrol a device by file, without a network."""
    from fieldsurvey.hub.accounts import Accounts
    from fieldsurvey.hub.devices import Devices
    from fieldsurvey.sync.enrolment import answer_as_json, read_file, request_from_json

    asked = request_from_json(read_file(request))
    given = Devices(folder, Accounts(folder)).admit(asked, login)
    answer.write_text(json.dumps(answer_as_json(given)), "utf-8")
    _put(_("Enrolled: {name}").format(name=asked.name))


@device_app.command("list")
def list_(folder: HubFolder) -> None:
    """列出设备 / list the devices."""
    from fieldsurvey.hub.accounts import Accounts
    from fieldsurvey.hub.devices import Devices

    for device in Devices(folder, Accounts(folder)).all():
        _put(f"{device.key[:16]} {device.login} {device.name}" + (" ×" if device.revoked else ""))


@device_app.command("revoke")
def revoke(folder: HubFolder, device: Annotated[str, typer.Argument(help="名称或密钥 / name or key")]) -> None:
    """停用设备 / refuse a device from now on."""
    from fieldsurvey.hub.accounts import Accounts
    from fieldsurvey.hub.devices import Devices

    _put(_("Revoked: {name}").format(name=Devices(folder, Accounts(folder)).revoke(device).name))


@hub_app.command("exchange")
def exchange(folder: HubFolder, target: Annotated[str, typer.Argument(help="文件夹或 .fsx / folder or file")]) -> None:
    """与U盘交换并写回执 / exchange with a stick; what it brought is confirmed in the file that goes back."""
    from fieldsurvey.hub.files import exchange as run

    result = run(folder, target)
    for sentence in result.damaged:
        _put(sentence)
    _put(_("Received {received}, written {sent}").format(received=result.received, sent=result.sent))
