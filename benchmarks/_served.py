"""A server as a user starts it: `avatar serve` in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from avatar.errors import EngineError

START_S = 600
"""The longest wait for it, on a machine that may be busy."""


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[str]:
    """The address of a server on a data folder of its own, once it is ready; it ends with the block.

    Args:
        folder: is made where it is not there; the server's log is written there.
        environment: variables beside those of this process.

    Raises:
        EngineError: it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", "from avatar.cli import main; main()", "serve", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        variables = os.environ | {"AVATAR_DATA_DIR": str(folder)} | environment
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(process, f"http://127.0.0.1:{port}", folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{address}/healthz", timeout=5):  # noqa: S310 - our own server
                return
        except (URLError, TimeoutError):
            time.sleep(0.2)
    told = log.read_text(encoding="utf-8", errors="replace")[-1000:]
    raise EngineError(f"The server did not start: {told}", f"服务器没有启动:{told}")
