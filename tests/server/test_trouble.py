"""What the server says when something behind it fails. The application is the real one, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from apitrail.entry import Incoming
from apitrail.exchange import Exchange
from apitrail.profiles import NOBODY, Profiles, Registered
from apitrail.server.app import create_app
from apitrail.server.settings import Settings
from apitrail.server.tokens import TokenWish, create
from apitrail.store import Store, Writer, open_store

PATH = "/api/v1/exchanges"
Make = Callable[..., dict[str, Any]]


class BreakingProfiles(Profiles):
    """Fails on one path, as a mistake of ours would."""

    def incoming(
        self, x: Exchange, *, received_at: datetime | None = None, registered: Registered = NOBODY
    ) -> Incoming:
        if "/broken" in x.url:
            raise RuntimeError(f"cannot derive {x.url}")
        return super().incoming(x, received_at=received_at, registered=registered)


@contextmanager
def running(folder: Path) -> Iterator[tuple[httpx.Client, Store, Writer]]:
    """The application on a port, with its store and writer in hand."""
    store = open_store(folder)
    writer = Writer(store)
    secret = create(store, TokenWish("ingest")).secret
    app = create_app(store, writer, BreakingProfiles.load(), Settings(data=folder))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": f"Bearer {secret}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            yield client, store, writer
    finally:
        server.should_exit = True
        thread.join(30)
        writer.close()
        store.close()


def test_trouble_behind_the_server_is_said_and_costs_nothing(tmp_path: Path, an_exchange: Make, caplog: Any) -> None:
    with running(tmp_path) as (client, store, writer):
        # A mistake in our own code costs the exchange that met it, and not the batch; its text stays out of the log.
        batch = {"exchanges": [an_exchange(), an_exchange(url="https://a.test/broken?phone=0912345678"), an_exchange()]}
        answer = client.post(PATH, json=batch).json()
        assert (answer["stored"], [one["index"] for one in answer["refused"]]) == (2, [1])
        assert "RuntimeError at" in caplog.text
        assert "0912345678" not in caplog.text

        # The writer is closed first when a server stops: what comes then is kept by its sender.
        writer.close()
        answer = client.post(PATH, json={"exchanges": [an_exchange()]})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert "stopping" in answer.json()["error"]["reason"]
        assert client.get("/readyz").status_code == 200

        store.close()
        del client.headers["Authorization"]
        for path in ("/readyz", "/api/v1/entries", "/api/v1/facets"):
            answer = client.get(path)
            assert answer.status_code == 503, path
            assert "closed" in answer.json()["error"]["reason"]
            assert "Retry-After" in answer.headers
        assert client.get("/healthz").status_code == 200
