"""What only aiohttp has: releasing without reading, compressed uploads, undecoded answers, cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

import apitrail
from apitrail import testing

aiohttp = pytest.importorskip("aiohttp")


def run(work: Callable[[Any], Awaitable[Any]], **settings: Any) -> Any:
    async def working() -> Any:
        async with aiohttp.ClientSession(**settings) as session:
            return await work(session)

    return asyncio.run(working())


def test_an_answer_that_is_released_unread_is_kept_as_far_as_it_came(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> int:
        async with session.post(f"{platform.url}/echo", data=b"label") as answer:
            return int(answer.status)

    assert run(work) == 200
    log.assert_recorded(count=1, status=200, error=None)


def test_header_names_are_plain_text_on_their_way(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        async with session.post(f"{platform.url}/echo", data=b"label", headers={"X-Shop": "1"}) as answer:
            await answer.read()

    run(work)
    exchange = log.assert_recorded(count=1)
    assert all(type(text) is str for pair in exchange.request.headers for text in pair)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(exchange), type=apitrail.Exchange) == exchange


def test_an_answer_that_is_not_decoded_for_the_host_is_decoded_for_the_log(
    platform: Any, log: testing.Log, text: str
) -> None:
    async def work(session: Any) -> bytes:
        async with session.get(f"{platform.url}/gzip") as answer:
            return bytes(await answer.read())

    assert run(work, auto_decompress=False).startswith(b"\x1f\x8b")
    response = log.assert_recorded(count=1).response
    assert response is not None
    assert response.body == text.encode()


def test_a_compressed_upload_is_captured_as_it_was_before(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        async with session.post(f"{platform.url}/status/200", data=b"label " * 500, compress="deflate") as answer:
            await answer.read()

    run(work)
    assert log.assert_recorded(count=1).request.body == b"label " * 500
    assert platform.bodies[0] != b"label " * 500


def test_multipart_is_captured_as_sent(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        form = aiohttp.FormData()
        form.add_field("order", "1")
        form.add_field("label", b"%PDF-1.7 label", filename="label.pdf")
        async with session.post(f"{platform.url}/status/200", data=form) as answer:
            await answer.read()

    run(work)
    exchange = log.assert_recorded(count=1)
    assert exchange.request.body == platform.bodies[0]
    assert b"%PDF-1.7 label" in exchange.request.body
    assert not exchange.request.incomplete


def test_a_cancelled_call_is_recorded_and_stays_cancelled(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        task = asyncio.create_task(session.get(f"{platform.url}/slow"))
        while not platform.bodies:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(work)
    assert log.assert_recorded(count=1, status=None, error="CancelledError").response is None


def test_calls_at_the_same_time_are_not_mixed(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        async def order(number: int) -> None:
            with apitrail.action("order.get", source=("order", number)):
                async with session.post(f"{platform.url}/echo?n={number}", data=b"order %d" % number) as answer:
                    assert await answer.read() == b"order %d" % number

        await asyncio.gather(*map(order, range(20)))

    run(work)
    for number in range(20):
        exchange = log.assert_recorded(count=1, source=("order", str(number)), status=200)
        assert exchange.url.endswith(f"?n={number}")
        assert exchange.response is not None
        assert exchange.request.body == exchange.response.body == b"order %d" % number


def test_an_answer_that_times_out_in_its_body_keeps_what_came(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        with pytest.raises(asyncio.TimeoutError):
            async with session.get(f"{platform.url}/events", timeout=aiohttp.ClientTimeout(total=0.3)) as answer:
                await answer.read()

    run(work)
    exchange = log.assert_recorded(count=1, status=200, error="Timeout")
    assert exchange.response is not None
    assert exchange.response.incomplete
    assert exchange.response.body.startswith(b"id: 0")


def test_a_call_made_while_the_failure_of_another_is_handled_has_not_failed(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        try:
            await session.get("http://127.0.0.1:9/primary")
        except aiohttp.ClientError:
            async with session.get(f"{platform.url}/events") as answer:
                await answer.content.read(3)

    run(work)
    log.assert_recorded(count=1, url="/primary", status=None, error="ClientConnectorError")
    log.assert_recorded(count=1, url="/events", status=200, error=None)


def test_a_call_that_fails_while_the_failure_of_another_is_handled_has_failed(platform: Any, log: testing.Log) -> None:
    async def work(session: Any) -> None:
        try:
            await session.get("http://127.0.0.1:9/primary")
        except aiohttp.ClientError:
            async with session.get(f"{platform.url}/events"):
                raise TimeoutError from None

    with pytest.raises(asyncio.TimeoutError):
        run(work)
    log.assert_recorded(count=1, url="/events", status=200, error="TimeoutError")
