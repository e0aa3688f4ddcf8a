"""What the host keeps of a call that is over costs the recorder no memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
import urllib3

from apitrail import testing
from apitrail.recorder import capture
from apitrail.recorder.body import Gauge
from apitrail.recorder.capture import Capture

aiohttp = pytest.importorskip("aiohttp")
PIECE = b"label " * 1000


class Spooled:
    """A recorder whose worker has encoded everything at once."""

    body_limit = 1 << 20
    body_edge = 1000

    def __init__(self) -> None:
        self.gauge = Gauge(1 << 30)
        self.held: list[int] = []

    def take(self, captured: Any) -> None:
        """Called by the hooks."""
        assert isinstance(captured, Capture)
        self.held.append(captured.held())
        captured.release()

    def follow(self) -> None:
        """Called by the hooks."""


def pieces() -> Iterator[bytes]:
    yield from (PIECE, PIECE)


async def async_pieces() -> AsyncIterator[bytes]:
    for piece in pieces():
        yield piece


def by_httpx(url: str) -> list[Any]:
    with httpx.Client() as client:
        return [client.post(url, content=PIECE), client.post(url, content=pieces())]


def by_async_httpx(url: str) -> list[Any]:
    async def calling() -> list[Any]:
        async with httpx.AsyncClient() as client:
            return [await client.post(url, content=PIECE), await client.post(url, content=async_pieces())]

    return asyncio.run(calling())


def by_aiohttp(url: str) -> list[Any]:
    async def calling() -> list[Any]:
        async with aiohttp.ClientSession() as session:
            kept = [await session.post(url, data=PIECE), await session.post(url, data=async_pieces())]
            for answer in kept:
                await answer.read()
            return kept

    return asyncio.run(calling())


def by_requests(url: str) -> list[Any]:
    return [requests.post(url, data=PIECE, timeout=20), requests.post(url, data=pieces(), timeout=20)]


def by_urllib3(url: str) -> list[Any]:
    with urllib3.PoolManager() as pool:
        return [pool.request("POST", url, body=PIECE), pool.request("POST", url, body=pieces())]


@pytest.mark.parametrize("calls", [by_httpx, by_async_httpx, by_aiohttp, by_requests, by_urllib3])
def test_responses_that_the_host_keeps_hold_no_bodies_of_ours(
    calls: Callable[[str], list[Any]], platform: Any, log: testing.Log
) -> None:
    spooled = Spooled()
    capture.set_sink(spooled)
    kept = calls(f"{platform.url}/echo")
    assert platform.bodies == [PIECE, PIECE * 2]
    assert spooled.held == [2 * len(PIECE), 4 * len(PIECE)]
    assert (len(kept), spooled.gauge.bytes) == (2, 0)
