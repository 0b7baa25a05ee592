"""Waiting for the network without keeping anybody waiting: cancel works at once, and short jobs are let in.

The thread that syncs also saves what is typed. While it waits for bytes it lets go every tenth of a second, so that
a hub that hangs holds up neither a save nor the cancel button.
"""

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from fieldsurvey.jobs import JobControl

_SLICE = 0.1  # seconds
_PIECE = 16 << 10  # bytes written between two looks


class PatientTransport(httpx.HTTPTransport):
    """An ordinary transport whose waits can be interrupted."""

    def __init__(self, trusted: ssl.SSLContext, control: JobControl) -> None:
        super().__init__(verify=trusted, trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(ssl_context=trusted, network_backend=_Backend(control))


class _Backend(httpcore.NetworkBackend):
    def __init__(self, control: JobControl) -> None:
        self._inner, self._control = httpcore.SyncBackend(), control

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect."""
        self._control.breathe()
        found = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(found, self._control)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, control: JobControl) -> None:
        self._inner, self._control = inner, control

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read, looking up between slices of time."""
        left = timeout
        while True:
            self._control.breathe()
            try:
                return self._inner.read(max_bytes, _SLICE if left is None else min(_SLICE, left))
            except httpcore.ReadTimeout:
                if left is not None:
                    left -= _SLICE
                    if left <= 0:
                        raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, looking up between pieces."""
        for start in range(0, len(buffer), _PIECE):
            self._control.breathe()
            self._inner.write(buffer[start : start + _PIECE], timeout)

    def close(self) -> None:
        """Close."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on under TLS."""
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._control)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own
        """Return what the stream below knows."""
        return self._inner.get_extra_info(info)
