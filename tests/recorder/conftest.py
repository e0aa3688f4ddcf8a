"""A server that takes batches as told, over a real socket, and a recorder that is this test's own."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

import apitrail
from apitrail.exchange import Exchange, Loss
from apitrail.recorder import capture, losses, process


class Batch(msgspec.Struct):
    exchanges: list[Exchange]
    losses: list[Loss] = []


Reply = tuple[int, bytes, dict[str, str]]


class Server(ThreadingHTTPServer):
    """Answers with the replies it was given, in turn, then stores: exchanges by id, as the real one does."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ingesting)
        self.replies: list[Reply] = []
        self.tokens: list[str | None] = []
        self.backlogs: list[str | None] = []
        self.requests = 0
        self.sizes: list[int] = []
        self.received: list[str] = []
        """Ids as they came, again and again."""
        self.stored: dict[str, Exchange] = {}
        self.losses: list[Loss] = []
        self.refuse: Callable[[Exchange], str | None] = lambda exchange: None
        self.most = 10_000
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Recorders are killed in these tests."""


class Ingesting(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            status, answer, headers = self.judged(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def judged(self, body: bytes) -> Reply:
        server = self.server
        server.requests += 1
        server.tokens.append(self.headers["Authorization"])
        server.backlogs.append(self.headers["Apitrail-Backlog"])
        if server.replies:
            return server.replies.pop(0)
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        batch = msgspec.msgpack.decode(body, type=Batch)
        server.sizes.append(len(batch.exchanges))
        if len(batch.exchanges) > server.most:
            return 413, b'{"error":{"reason":"too large"}}', {}
        stored = duplicates = 0
        refused = []
        for index, exchange in enumerate(batch.exchanges):
            reason = server.refuse(exchange)
            if reason:
                refused.append({"index": index, "field": "$.url", "value": "", "reason": reason, "fix": ""})
                continue
            server.received.append(exchange.id)
            duplicates += exchange.id in server.stored
            stored += exchange.id not in server.stored
            server.stored[exchange.id] = exchange
        server.losses += batch.losses
        answer = {"stored": stored, "duplicates": duplicates, "refused": refused}
        return 200, json.dumps(answer).encode(), {"Content-Type": "application/json"}


def until(true: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something to become true; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


FORKING = "ignore:This process:DeprecationWarning"
"""Since 3.12 Python warns of a fork in a program of several threads, which one that records is."""


class Program:
    """A host program of its own, in its own process."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.started: list[subprocess.Popen[str]] = []

    def start(self, code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", FORKING, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={
                "PATH": "",
                "HOME": str(self.folder),
                "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
                **self.environment,
            },
        )
        self.started.append(process)
        return process

    def run(self, code: str) -> str:
        process = self.start(code)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert err == ""
        return out


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield serving
        finally:
            serving.shutdown()
            thread.join()


@pytest.fixture
def configured(server: Server, tmp_path: Path) -> Iterator[Callable[..., process.ProcessRecorder]]:
    """`configured(**settings)` gives this test a recorder of its own."""

    def configure(**settings: Any) -> process.ProcessRecorder:
        losses.begin_anew()
        given: dict[str, Any] = {
            "url": server.url,
            "token": "t0k3n",
            "spool": tmp_path / "spool",
            "linger": 0.01,
            "flush_at_exit": 0,
        }
        apitrail.configure(**(given | settings))
        return process.recorder()

    yield configure
    if process._recorder is not None:
        process._recorder.close()
        process._recorder = None
    capture.set_sink(capture.Nowhere())
    losses.begin_anew()


@pytest.fixture
def program(server: Server, tmp_path: Path) -> Iterator[Program]:
    made = Program(
        tmp_path,
        {"APITRAIL_URL": server.url, "APITRAIL_TOKEN": "t0k3n", "APITRAIL_SPOOL": str(tmp_path / "spool")},
    )
    yield made
    for process_ in made.started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process_.pid, signal.SIGKILL)  # with its children
        process_.communicate()


@pytest.fixture
def wait() -> Callable[..., None]:
    return until
