"""The sandbox platforms as the demo runs them, and the receiver of their webhooks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from apitrail.demo.director import Director
from apitrail.demo.receiver import Receiver


@pytest.fixture(scope="session")
def platforms() -> Iterator[dict[str, str]]:
    """Each platform's base URL. The process ends by itself when its standard input is closed."""
    command = [sys.executable, "-m", "apitrail.demo.sandbox", "--seed", "7", "--latency", "0-0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(10) == 0
        assert process.stderr.read() == b""


@pytest.fixture(scope="session")
def director(platforms: dict[str, str]) -> Director:
    return Director(platforms)


@pytest.fixture
def receiver() -> Iterator[str]:
    """The receiver of webhooks; the base URL to which an account's id is appended."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        server = uvicorn.Server(uvicorn.Config(Receiver(), log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks"
        server.should_exit = True
        thread.join()
