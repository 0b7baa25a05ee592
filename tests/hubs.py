"""A hub in a thread of the test, over real HTTP."""

import socket
import threading
from pathlib import Path
from typing import Self

import httpx
import uvicorn

from fieldsurvey.hub.app import make_app


class RunningHub(httpx.Client):
    """A client, and the hub that it talks to. Use it with `with`."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(make_app(folder), log_config=None, lifespan="on", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        super().__init__(base_url=self.url, trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            threading.Event().wait(0.01)
        super().__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        super().__exit__()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
