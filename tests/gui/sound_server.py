"""A sound server of its own for a test: a microphone that hears a tone, and a loudspeaker that nobody hears."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Qt hides the monitors of sinks, so the tone reaches it through a source of its own.
_MODULES = (
    "module-null-sink sink_name=quiet",
    "module-sine sink=quiet frequency=440",
    "module-remap-source master=quiet.monitor source_name=mic source_properties=device.description=Mic",
)


@contextmanager
def sound_server(folder: Path) -> Iterator[dict[str, str]]:
    """Run a private PulseAudio; yield the environment in which programs find it and nothing else.

    The test is skipped where there is no PulseAudio, or it does not start (as in a container without permissions).
    """
    program = shutil.which("pulseaudio")
    if program is None:
        pytest.skip("PulseAudio is not installed on this machine")
    folder.mkdir(mode=0o700, exist_ok=True)
    socket = folder / "native"
    own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_SERVER": f"unix:{socket}"}
    environment = {**os.environ, **own}
    loaded = [
        f"--load={module}" for module in (*_MODULES, f"module-native-protocol-unix socket={socket} auth-anonymous=1")
    ]
    flags = ["--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"]
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen([program, "-n", *flags, *loaded], stdout=log, stderr=log, env=environment)
        try:
            while not socket.exists():
                try:
                    server.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                pytest.skip(f"PulseAudio does not start here: {(folder / 'log.txt').read_text()[-300:]}")
            yield environment
        finally:
            server.kill()
            server.wait()
