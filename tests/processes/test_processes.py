"""Every way in which hosts make processes, threads and tasks: no entry is lost, doubled or mixed with another."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.clients.conftest import Platform, platform
from tests.recorder.conftest import Server, server, until

__all__ = ["platform", "server"]

CALLS = 24


class Host:
    """Programs that share a spool, as those of one machine do."""

    def __init__(self, folder: Path, root: Path, server: Server, platform: Platform) -> None:
        self.root = root
        self.server = server
        self.running: list[subprocess.Popen[bytes]] = []
        self.output = folder / "output"
        self.environment = os.environ | {
            "APITRAIL_URL": server.url,
            "APITRAIL_SPOOL": str(folder / "spool"),
            "PLATFORM": platform.url,
            "BROKER": str(folder),
            "PYTHONWARNINGS": "ignore",
            "NO_PROXY": "*",
        }

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as out:
            started = subprocess.Popen(
                [sys.executable, *command],
                cwd=self.root,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(started)
        return started

    def run(self, code: str) -> None:
        started = self.start("-c", "from tests.processes.work import *\n" + code)
        assert started.wait(60) == 0, self.output.read_text()

    def stop(self, started: subprocess.Popen[bytes]) -> None:
        started.send_signal(signal.SIGTERM)
        started.wait(30)

    def assert_each_once(self, count: int = CALLS) -> None:
        """Each call is one entry, whole, with its own labels, numbered within its process without a hole."""
        until(lambda: len(self.server.stored) >= count, 20)
        found = list(self.server.stored.values())
        numbers = sorted(int(exchange.stated.source.id) for exchange in found)  # type: ignore[union-attr]
        assert numbers == list(range(count)), self.output.read_text()
        by_recorder: dict[str, list[int]] = {}
        for exchange in found:
            number = exchange.stated.source.id  # type: ignore[union-attr]
            assert exchange.url.endswith(f"?n={number}")
            assert exchange.request.body == f"order {number}".encode()
            assert exchange.response is not None
            assert exchange.response.body == exchange.request.body
            assert exchange.recorder is not None
            by_recorder.setdefault(exchange.recorder.id, []).append(exchange.recorder.sequence)
        for sequences in by_recorder.values():
            assert sorted(sequences) == list(range(1, len(sequences) + 1))


def end(running: list[subprocess.Popen[bytes]]) -> None:
    """Kill those that still run, each with its children."""
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def host(tmp_path: Path, pytestconfig: pytest.Config, server: Server, platform: Platform) -> Iterator[Host]:
    made = Host(tmp_path, pytestconfig.rootpath, server, platform)
    yield made
    end(made.running)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_threads(host: Host) -> None:
    host.run(f"""
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    list(pool.map(call, range({CALLS})))
""")
    host.assert_each_once()


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_multiprocessing(host: Host, way: str) -> None:
    host.run(f"""
import multiprocessing
if __name__ == "__main__":
    with multiprocessing.get_context("{way}").Pool(3) as pool:
        assert pool.map(call, range({CALLS})) == list(range({CALLS}))
        pool.close(); pool.join()
""")
    host.assert_each_once()


def test_children_that_leave_by_os_exit(host: Host) -> None:
    host.run(f"""
import os
call(0)
for number in range(1, {CALLS}):
    child = os.fork()
    if child == 0:
        call(number)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
""")
    host.assert_each_once()


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_tasks_of_both_event_loops_through_anyio(host: Host, loop: str) -> None:
    pytest.importorskip(loop)
    host.run(f"""
import anyio, httpx
async def one(client, number):
    with apitrail.action("order.get", source=("order", number)):
        answer = await client.post(f"{{os.environ['PLATFORM']}}/echo?n={{number}}", content=b"order %d" % number)
        assert answer.content == b"order %d" % number
async def main():
    async with httpx.AsyncClient(trust_env=False) as client, anyio.create_task_group() as group:
        for number in range({CALLS}):
            group.start_soon(one, client, number)
anyio.run(main, backend="{loop}")
""")
    host.assert_each_once()


def ask(port: int, count: int) -> None:
    def asking(numbers: range) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for number in numbers:
                assert session.get(f"http://127.0.0.1:{port}/?{number}", timeout=30).status_code == 200

    threads = [threading.Thread(target=asking, args=(range(first, count, 4),)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def until_open(port: int, started: subprocess.Popen[bytes], host: Host) -> None:
    def is_open() -> bool:
        assert started.poll() is None, host.output.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(is_open, 30)


@pytest.mark.parametrize("preload", [[], ["--preload"]], ids=["", "preload"])
def test_gunicorn_workers(host: Host, port: int, preload: list[str]) -> None:
    pytest.importorskip("gunicorn")
    # A worker that is told to end while it is being forked does not hear it, and is killed when its grace is over: such
    # a one has answered nothing yet.
    started = host.start(
        *("-m", "gunicorn", "-w", "3", "-b", f"127.0.0.1:{port}", "--no-control-socket", "--graceful-timeout", "8"),
        *preload,
        "tests.processes.work:app",
    )
    until_open(port, started, host)
    ask(port, CALLS)
    host.stop(started)
    host.assert_each_once()


def test_uvicorn_workers(host: Host, port: int) -> None:
    started = host.start("-m", "uvicorn", "--workers", "2", "--port", str(port), "tests.processes.work:asgi")
    until_open(port, started, host)
    ask(port, CALLS)
    host.stop(started)
    host.assert_each_once()


def test_celery_prefork(host: Host, tmp_path: Path) -> None:
    pytest.importorskip("celery")
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    started = host.start(
        *("-m", "celery", "-A", "tests.processes.tasks", "worker", "--pool", "prefork", "-c", "2"),
        *("--max-tasks-per-child", "7", "--without-heartbeat", "--without-gossip", "--without-mingle"),
    )
    host.run(f"""
from tests.processes import tasks
for number in range({CALLS}): tasks.call.delay(number)
""")
    until(lambda: len(host.server.stored) >= CALLS - 2, 60)
    host.stop(started)
    host.assert_each_once()


def test_rq_forks_for_each_job(host: Host, port: int, tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{port}"
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path), "--daemonize", "no"]
    with subprocess.Popen(["redis-server", *settings], stdout=subprocess.DEVNULL) as broker:
        try:
            until(lambda: answers(port), 30)
            host.run(f"""
from redis import Redis
from rq import Queue
queue = Queue(connection=Redis.from_url("{url}"))
for number in range(12): queue.enqueue(call, number)
""")
            started = host.start("-m", "rq.cli", "worker", "--burst", "-u", url)
            assert started.wait(60) == 0, host.output.read_text()
            host.assert_each_once(12)
        finally:
            broker.terminate()


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
