"""What holds in every framework, each in a process of its own, from the webhook to the server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.recorder.conftest import Server, server, until
from tests.webhooks.frameworks import ASGI, NEEDS, WSGI

__all__ = ["server"]


@pytest.fixture(params=[*WSGI, *ASGI])
def framework(
    request: pytest.FixtureRequest, server: Server, tmp_path: Path, pytestconfig: pytest.Config
) -> Iterator[str]:
    name = request.param
    if find_spec(NEEDS.get(name, name)) is None:
        pytest.skip(f"{name} is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.webhooks.frameworks", name, str(port), server.url, str(tmp_path / "spool")],
        cwd=pytestconfig.rootpath,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert running.poll() is None, running.stderr.read() if running.stderr else ""
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.communicate(timeout=20)


def test_a_webhook_is_recorded_with_the_labels_of_its_path(framework: str, server: Server) -> None:
    body = '{"ordersn":"2611239KQ4XW","名":"王"}'.encode()
    answer = httpx.post(f"{framework}/hooks/shopee?x=1", content=body, headers={"Content-Type": "application/json"})
    assert answer.content == body
    assert httpx.post(f"{framework}/other", content=b"no webhook").content == b"no webhook"
    assert httpx.post(f"{framework}/hooks/shopee/stream", content=b"s").content == b"one,two"
    crashed = httpx.post(f"{framework}/hooks/shopee/crash", content=b"c")
    assert crashed.status_code == 500

    until(lambda: len(server.stored) >= 3)
    found: dict[str, Any] = {exchange.url.rpartition("/")[2]: exchange for exchange in server.stored.values()}
    assert set(found) == {"shopee?x=1", "stream", "crash"}
    for exchange in found.values():
        assert exchange.direction == "inbound"
        assert exchange.stated.platform == "shopee"
        assert exchange.stated.ec_integration.id == "shopee-tw-01"
        assert exchange.recorder.process.endswith(" shop")
        assert not exchange.response or not exchange.response.incomplete
    whole = found["shopee?x=1"]
    assert whole.url == f"{framework}/hooks/shopee?x=1"
    assert whole.status == 200
    assert whole.request.body == whole.response.body == body
    assert found["stream"].response.body == b"one,two"
    assert found["crash"].status == 500


@pytest.mark.parametrize("framework", ["django-async"], indirect=True)
def test_a_view_that_is_cancelled_because_the_other_side_hung_up_gave_no_answer(framework: str, server: Server) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{framework}/hooks/shopee/hang", content=b"{}", timeout=0.5)
    until(lambda: server.stored)
    (exchange,) = server.stored.values()
    assert (exchange.status, exchange.response) == (None, None)
    assert exchange.error is not None
    assert exchange.error.type == "asyncio.exceptions.CancelledError"


@pytest.mark.parametrize("framework", ["django"], indirect=True)
def test_a_body_is_kept_that_a_middleware_before_ours_has_read_and_none_that_django_does_not_read(
    framework: str, server: Server
) -> None:
    httpx.post(f"{framework}/hooks/shopee?logged", content=b"one,two", headers={"X-Log": "yes"})
    httpx.post(f"{framework}/hooks/shopee?chunked", content=iter([b"one,", b"two"]))
    until(lambda: len(server.stored) == 2)
    assert {
        exchange.url.rpartition("?")[2]: (exchange.request.body, exchange.request.incomplete)
        for exchange in server.stored.values()
    } == {"logged": (b"one,two", False), "chunked": (b"", True)}
