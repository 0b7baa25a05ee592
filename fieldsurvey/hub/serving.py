"""Running a hub until it is told to stop."""

import gc
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.errors import UsageError
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.tls import fingerprint, own_certificate
from fieldsurvey.i18n import _

_COLLECT_AFTER = 20_000  # objects more than there were; Python's own 700 are one batch of edits


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate and key in PEM form."""

    certificate: Path
    key: Path


def serve(folder: Path, host: str, port: int, tls: Tls | None = None) -> None:
    """Serve a hub's folder; returns after SIGTERM or Ctrl+C, with the data closed.

    Raises:
        InputRefused: If the folder is no hub, or the certificate is none.
    """
    import uvicorn

    from fieldsurvey.hub.app import make_app

    name = Accounts(folder).settings.name
    scheme = "https" if tls else "http"
    if tls:
        say(_("Fingerprint of the certificate (SHA-256): {mark}").format(mark=fingerprint(tls.certificate)))
    config = uvicorn.Config(
        make_app(folder),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        server_header=False,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=64 << 10,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    gc.freeze()  # what is there now stays; a collection that looks at less costs a busy hub 7 % less of its time
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
    line = _bound(host, port)
    say(_("Hub {name} at {scheme}://{host}:{port}").format(name=name, scheme=scheme, host=host, port=port))
    try:
        uvicorn.Server(config).run([line])
    finally:
        line.close()


def _bound(host: str, port: int) -> socket.socket:
    """Take the address, so that one that is in use is told in words.

    Raises:
        UsageError: If it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        text = _("The hub cannot serve at {host}:{port}: {why}. Choose another port with --port.")
        raise UsageError(text.format(host=host, port=port, why=getattr(error, "strerror", None) or error)) from error


def own_tls(folder: Path, host: str) -> Tls:
    """Return the certificate that the hub makes itself."""
    return Tls(*own_certificate(folder, host))


def say(text: str) -> None:
    """Print a message for the person at the terminal."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
