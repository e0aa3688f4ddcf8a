"""Run all sandbox platforms in one process, each on a loopback port of its own.

`python -m apitrail.demo.sandbox` prints one line, `{"platform": "http://127.0.0.1:port", …}`, when all of them answer,
and runs until its standard input is closed or it is told to stop: it does not outlive the demo.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import Iterator

import uvicorn

from apitrail.demo.lifeline import stop_requested
from apitrail.demo.sandbox.easypost import EasyPost
from apitrail.demo.sandbox.momo import Momo
from apitrail.demo.sandbox.shopee import Shopee
from apitrail.demo.sandbox.shopify import Shopify
from apitrail.demo.sandbox.tcat import TCat
from apitrail.demo.sandbox.ups import Ups
from apitrail.demo.sandbox.web import Platform
from apitrail.demo.sandbox.woocommerce import WooCommerce

PLATFORMS: tuple[type[Platform], ...] = (Shopee, Shopify, WooCommerce, Momo, EasyPost, Ups, TCat)
GRACE_S = 2


class _Server(uvicorn.Server):
    """Leaves signals to the process, which runs several servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(seed: str, latency: tuple[float, float]) -> None:
    servers, sockets, urls = [], [], {}
    for platform in PLATFORMS:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            platform(seed, latency), log_level="warning", access_log=False, lifespan="off",
            timeout_graceful_shutdown=GRACE_S, server_header=False,
        )  # fmt: skip
        servers.append(_Server(config))
        sockets.append(listener)
        urls[platform.name] = f"http://127.0.0.1:{listener.getsockname()[1]}"
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener])) for server, listener in zip(servers, sockets, strict=True)
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.01)
    print(json.dumps(urls), flush=True)  # noqa: T201 - this line is how the demo learns the ports
    await stop_requested()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m apitrail.demo.sandbox", description=__doc__)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--latency", default="0.01-0.06", help="shortest and longest answer time, seconds")
    asked = parser.parse_args()
    low, high = (float(part) for part in asked.latency.split("-"))
    asyncio.run(serve(asked.seed, (low, high)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
