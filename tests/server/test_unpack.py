"""Content codings are undone, and never to more than is allowed."""

from __future__ import annotations

import gzip
import sys
import zlib
from typing import Any

import pytest

from apitrail.server.problems import Problem
from apitrail.server.unpack import MOST_MEMBERS, unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DATA = b"the quick brown fox " * 100
LIMIT = len(DATA)


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


PACKERS: dict[str, tuple[str, Any]] = {
    "plain": ("", bytes),
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "gzip by its old name": ("X-Gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without zlib's header": ("deflate", raw_deflate),
    "zstd": ("zstd", zstd.compress),
}
COMPRESSED = {name: packer for name, packer in PACKERS.items() if packer[1] is not bytes}


@pytest.mark.parametrize(("coding", "pack"), PACKERS.values(), ids=PACKERS)
def test_every_coding_gives_back_the_bytes_up_to_exactly_the_limit(coding: str, pack: Any) -> None:
    assert unpack(pack(DATA), coding, LIMIT) == DATA


@pytest.mark.parametrize(("coding", "pack"), COMPRESSED.values(), ids=COMPRESSED)
def test_a_bomb_is_refused_as_too_large(coding: str, pack: Any) -> None:
    for size in (LIMIT + 1, 50_000_000):
        with pytest.raises(Problem) as caught:
            unpack(pack(bytes(size)), coding, LIMIT)
        assert caught.value.status == 413


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_one_after_the_other_count_together(coding: str) -> None:
    pack = PACKERS[coding][1]
    assert unpack(pack(b"one ") + pack(b"two"), coding, LIMIT) == b"one two"
    with pytest.raises(Problem) as caught:
        unpack(pack(DATA) + pack(b"!"), coding, LIMIT)
    assert caught.value.status == 413


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_without_end_are_refused_before_they_take_hours(coding: str) -> None:
    pack = PACKERS[coding][1]
    assert unpack(pack(b"") * (MOST_MEMBERS - 1) + pack(DATA), coding, LIMIT) == DATA
    with pytest.raises(Problem, match="members") as caught:
        unpack(pack(b"") * 100_000 + pack(DATA), coding, LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize(("coding", "pack"), COMPRESSED.values(), ids=COMPRESSED)
def test_what_ends_too_early_is_refused(coding: str, pack: Any) -> None:
    with pytest.raises(Problem) as caught:
        unpack(pack(DATA)[:-5], coding, LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
def test_what_is_something_else_is_refused(coding: str) -> None:
    with pytest.raises(Problem) as caught:
        unpack(b'{"exchanges": []}', coding, LIMIT)
    assert caught.value.status == 400


def test_a_coding_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(Problem) as caught:
        unpack(DATA, "br", LIMIT)
    assert (caught.value.status, caught.value.fault.value) == (415, "br")


@pytest.mark.parametrize("coding", ["", "gzip", "zstd", "deflate"])
def test_no_bytes_at_all_are_no_bytes(coding: str) -> None:
    assert unpack(b"", coding, LIMIT) == b""
