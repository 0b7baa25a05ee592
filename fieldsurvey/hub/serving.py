"""Running a hub until it is told to stop."""

import sys
from pathlib import Path

from fieldsurvey.hub.admin import status
from fieldsurvey.i18n import _


def serve(folder: Path, host: str, port: int) -> None:
    """Serve a hub's folder; returns after SIGTERM or Ctrl+C, with the project file closed.

    Raises:
        InputRefused: If the folder is no hub.
    """
    import uvicorn

    from fieldsurvey.hub.app import make_app

    name = status(folder)["name"]
    config = uvicorn.Config(make_app(folder), host=host, port=port, log_level="warning", lifespan="on")
    sys.stderr.write(_("Hub {name} at http://{host}:{port}").format(name=name, host=host, port=port) + "\n")
    sys.stderr.flush()
    uvicorn.Server(config).run()
