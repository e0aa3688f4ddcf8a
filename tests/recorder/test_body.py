"""Bodies as they pass: whole, cut, counted."""

from __future__ import annotations

import hashlib
import random

import pytest

from apitrail.recorder.body import MANY_CHUNKS, Body, Cut, Gauge


def fed(chunks: list[bytes], limit: int = 100, edge: int = 10, gauge: Gauge | None = None) -> Body:
    body = Body(limit, edge, gauge or Gauge(10**9))
    for chunk in chunks:
        body.feed(chunk)
    return body


def test_nothing_is_an_empty_body() -> None:
    assert fed([]).taken() == Cut(b"")


def test_a_body_up_to_the_limit_is_whole_and_not_hashed() -> None:
    assert fed([b"x" * 60, b"y" * 40]).taken() == Cut(b"x" * 60 + b"y" * 40)


def test_a_body_in_one_piece_is_only_referred_to() -> None:
    whole = b"x" * 100
    body = Body(100, 10, Gauge(10**9))
    body.refer_to(whole)
    assert body.taken().body is whole


def test_what_may_change_later_is_copied() -> None:
    whole = bytearray(b"before")
    body = fed([])
    body.feed(whole)
    whole[:] = b"after!"
    assert body.taken().body == b"before"


def test_many_small_chunks_are_joined() -> None:
    chunks = [b"%d," % number for number in range(5 * MANY_CHUNKS)]
    body = fed(chunks, limit=10**9)
    assert body.taken().body == b"".join(chunks)
    assert len(body._chunks) <= MANY_CHUNKS


@pytest.mark.parametrize("seed", range(20))
def test_however_it_is_cut_up_ends_size_and_hash_are_those_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    whole = chance.randbytes(chance.randrange(0, 400))
    chunks, rest = [], whole
    while rest:
        size = chance.randrange(1, 60)
        chunks.append(rest[:size])
        rest = rest[size:]
    taken = fed(chunks).taken()
    at_once = Body(100, 10, Gauge(10**9))
    at_once.refer_to(whole)
    assert at_once.taken() == taken
    if len(whole) <= 100:
        assert taken == Cut(whole)
    else:
        assert taken == Cut(whole[:10], whole[-10:], len(whole), hashlib.sha256(whole).hexdigest(), truncated=True)


def test_without_an_edge_only_size_and_hash_are_kept() -> None:
    taken = fed([b"x" * 80, b"y" * 80], edge=0).taken()
    assert (taken.body, taken.tail, taken.size, taken.truncated) == (b"", b"", 160, True)


def test_a_body_that_begins_again_forgets_what_it_had() -> None:
    body = fed([b"x" * 300])
    body.clear()
    body.feed(b"again")
    assert body.taken() == Cut(b"again")


def test_the_gauge_holds_what_living_bodies_hold() -> None:
    gauge = Gauge(10**9)
    first, second = fed([b"x" * 60], gauge=gauge), fed([b"y" * 500, b"z" * 500], gauge=gauge)
    assert gauge.bytes == first.held + second.held
    assert first.held == 60
    assert second.held <= 30
    first.clear()
    assert gauge.bytes == second.held
    del second
    del first
    assert gauge.bytes == 0


def test_when_memory_is_full_bodies_are_cut_before_their_limit() -> None:
    gauge = Gauge(50)
    body = fed([b"x" * 30, b"y" * 30], gauge=gauge)
    assert body.taken() == Cut(
        b"x" * 10, b"y" * 10, 60, hashlib.sha256(b"x" * 30 + b"y" * 30).hexdigest(), truncated=True
    )


def test_ends_that_meet_are_a_whole_body() -> None:
    gauge = Gauge(0)
    assert fed([b"a" * 15, b"b" * 6], gauge=gauge).taken().truncated
    assert fed([b"a" * 15], gauge=gauge).taken() == Cut(b"a" * 15)
