"""Becoming known to a hub: a request signed by the device, an answer signed by the hub.

Over HTTP with a one-time code, or, where there is no network, as two small
files. What the hub answered is kept in the user's folder, by the hub's
address, never in a project.
"""

import json
import platform
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.sync import known_hubs
from fieldsurvey.sync.certificates import pin_of
from fieldsurvey.sync.keys import UNSIGNED, Signature, Signer, device_signer

_MAX_FILE = 64 << 10
_MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Request:
    """What a device asks for.

    Attributes:
        name: What people call it.
        signature: Its key, and proof that it has the secret half.
    """

    name: str
    signature: Signature = UNSIGNED

    def said(self) -> bytes:
        """Return what the signature covers."""
        return b"fieldsurvey enrol 1|" + self.name.encode()

    @property
    def is_signed(self) -> bool:
        """True if the device has the secret half of the key."""
        return self.signature.covers(self.said())


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub answers.

    Attributes:
        token: For every later request.
        login: The account.
        device: Key of the device that is meant.
        certificate: The hub's TLS certificate, PEM; empty where it has none of its own.
        signature: Of the hub.
    """

    token: str
    login: str
    device: str
    certificate: str = ""
    signature: Signature = UNSIGNED

    def said(self) -> bytes:
        """Return what the signature covers."""
        return f"fieldsurvey enrolled 1|{self.token}|{self.login}|{self.device}|{self.certificate}".encode()

    def signed(self, signer: Signer) -> Self:
        """Return the answer signed."""
        return replace(self, signature=signer.sign(self.said()))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What this computer knows of a hub.

    Attributes:
        token: For every request.
        key: The hub's public key, hex.
        pin: SHA-256 of the only certificate that it may show; empty: an ordinary authority vouches for it.
    """

    token: str
    key: str
    pin: str


def new_request(name: str = "") -> Request:
    """Return the request of this computer."""
    request = Request((name or platform.node() or "laptop")[:_MAX_NAME])
    return replace(request, signature=device_signer().sign(request.said()))


def request_as_json(request: Request) -> dict[str, Any]:
    """Return a request as JSON can hold it."""
    return {"v": 1, "name": request.name, **asdict(request.signature)}


def request_from_json(raw: Any) -> Request:  # noqa: ANN401 - whatever was sent
    """Undo request_as_json.

    Raises:
        InputRefused: If it is something else.
    """
    try:
        name = str(raw["name"])
        signature = Signature(str(raw["alg"]), str(raw["key"]), str(raw["sig"]))
    except (KeyError, TypeError) as error:
        raise InputRefused(_("This is no request for enrolment.")) from error
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise InputRefused(_("This is no request for enrolment."))
    return Request(name, signature)


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON can hold it."""
    return {"v": 1, **{name: value for name, value in asdict(answer).items() if name != "signature"},
            **asdict(answer.signature)}  # fmt: skip


def accept(raw: Any, hub: str, pin: str = "") -> Credentials:  # noqa: ANN401 - whatever was sent
    """Keep what a hub answered, for syncs with that address.

    Args:
        raw: The answer.
        hub: Address of the hub.
        pin: SHA-256 of the certificate that was confirmed; empty: that of the answer.

    Raises:
        InputRefused: If it is no answer, is not signed, or is for another device.
    """
    try:
        fields = {name: str(raw[name]) for name in ("token", "login", "device", "certificate")}
        answer = Answer(**fields, signature=Signature(str(raw["alg"]), str(raw["key"]), str(raw["sig"])))
    except (KeyError, TypeError) as error:
        raise InputRefused(_("This is no answer to a request for enrolment.")) from error
    if not answer.signature.covers(answer.said()):
        raise InputRefused(_("The answer is not signed by the hub that it names."))
    if answer.device != device_signer().key:
        raise InputRefused(_("The answer is for another computer."))
    if not pin and answer.certificate and hub.startswith("https:"):
        pin = pin_of(answer.certificate)
    found = Credentials(answer.token, answer.signature.key, pin)
    known_hubs.write({**known_hubs.read(), _name(hub): asdict(found)})
    return found


def trust(hub: str, pin: str) -> None:
    """Remember the certificate that a person has confirmed for an address."""
    known = known_hubs.read()
    known_hubs.write({**known, _name(hub): {"token": "", "key": "", **known.get(_name(hub), {}), "pin": pin}})


def credentials(hub: str) -> Credentials | None:
    """Return what this computer knows of a hub, None if it knows nothing."""
    raw = known_hubs.read().get(_name(hub))
    if raw is None:
        return None
    older = raw.get("certificate", "")  # as it was kept before pins
    return Credentials(raw["token"], raw["key"], raw.get("pin") or (pin_of(older) if older else ""))


def _name(hub: str) -> str:
    return hub.strip().rstrip("/")


def read_file(path: Path) -> Any:  # noqa: ANN401 - whatever is in it
    """Return the JSON of an enrolment file.

    Raises:
        InputRefused: If it cannot be read.
    """
    try:
        if path.stat().st_size > _MAX_FILE:
            raise InputRefused(_("{file} is no enrolment file.").format(file=path.name))
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputRefused(_("{file} is no enrolment file.").format(file=path.name)) from error
