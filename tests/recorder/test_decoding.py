"""Content-Encoding undone: what servers really send, and what is only half there."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import pytest

from apitrail.recorder.body import Body, Cut, Gauge
from apitrail.recorder.decoding import NotDecodable, decoded, encodings_of
from apitrail.recorder.decompressors import MOST_AT_ONCE

BROTLI = brotli.Decompressor
TEXT = ("訂單 2611239KQ4XW " * 2000).encode()


def empty() -> Body:
    return Body(1_000_000, 1_000, Gauge(10**9))


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(data) + squeezer.flush()


def gzipped(data: bytes) -> bytes:
    """Always the same: processes that share the tests must all call a test of it by the same name."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("encodings", "encoded"),
    [
        (["gzip"], gzipped(TEXT)),
        (["x-gzip"], gzipped(TEXT)),
        (["gzip"], gzipped(TEXT[:500]) + gzipped(TEXT[500:])),
        (["gzip"], gzipped(TEXT) + b"\0" * 50),
        (["deflate"], zlib.compress(TEXT)),
        (["deflate"], raw_deflate(TEXT)),
        (["deflate", "gzip"], gzipped(zlib.compress(TEXT))),
    ],
)
def test_what_was_encoded_is_undone(encodings: list[str], encoded: bytes) -> None:
    assert decoded(Cut(encoded), encodings, empty, 10**9) == (Cut(TEXT), True)


def test_zstd_is_undone_where_a_module_is_there() -> None:
    zstd = pytest.importorskip("backports.zstd")
    assert decoded(Cut(zstd.compress(TEXT)), ["zstd"], empty, 10**9) == (Cut(TEXT), True)


@pytest.mark.parametrize("encodings", [["gzip"], ["deflate"]])
def test_a_body_that_breaks_off_keeps_what_came(encodings: list[str]) -> None:
    whole = gzip.compress(TEXT) if encodings == ["gzip"] else zlib.compress(TEXT)
    cut, complete = decoded(Cut(whole[:-20]), encodings, empty, 10**9)
    assert not complete
    assert cut.body
    assert TEXT.startswith(cut.body)


@pytest.mark.parametrize("encodings", [["gzip"], ["zstd"], ["br"], ["rot13"]])
def test_what_is_not_what_it_says_is_not_guessed_at(encodings: list[str]) -> None:
    with pytest.raises(NotDecodable):
        decoded(Cut(b"plain text"), encodings, empty, 10**9)


@pytest.mark.parametrize("broken", [gzipped(TEXT)[:-8] + b"no check", zlib.compress(TEXT)[:-4] + b"none"])
def test_a_body_with_a_wrong_check_is_kept_undone_for_its_secrets_to_be_seen(broken: bytes) -> None:
    encodings = ["gzip"] if broken.startswith(b"\x1f\x8b") else ["deflate"]
    assert decoded(Cut(broken), encodings, empty, 10**9) == (Cut(TEXT[:-1]), False)


def by_br(data: bytes) -> bytes:
    return brotli.compress(data, quality=5)  # type: ignore[no-any-return]


def by_zstd(data: bytes) -> bytes:
    return pytest.importorskip("backports.zstd").compress(data)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("encoding", "pack"), [("br", by_br), ("zstd", by_zstd)])
def test_a_fault_in_br_or_zstd_keeps_what_stands_before_it_undone(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    dice = random.Random(26)
    orders = "".join(f"2611239K{dice.randrange(10**9)},password=s3cr3t{n}\n" for n in range(20_000)).encode()
    packed = pack(orders)
    at = len(packed) * 3 // 4
    cut, complete = decoded(Cut(packed[:at] + b"\xff" * 600), [encoding], empty, 10**9)
    assert not complete
    assert len(cut.body) > len(orders) // 2
    assert orders.startswith(cut.body[: len(orders) // 2])


@pytest.mark.parametrize(("encoding", "pack"), [("br", by_br), ("zstd", by_zstd)])
def test_br_and_zstd_that_break_off_keep_what_came(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    orders = "".join(f"{n * 7919 % 100_003}," for n in range(100_000)).encode()
    cut, complete = decoded(Cut(pack(orders)[:-9]), [encoding], empty, 10**9)
    assert not complete
    assert cut.body
    assert orders.startswith(cut.body)


@pytest.mark.parametrize(("encoding", "pack"), [("br", by_br), ("zstd", by_zstd)])
def test_what_stands_behind_the_end_of_br_or_zstd_is_padding(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    assert decoded(Cut(pack(TEXT) + b"\0" * 50), [encoding], empty, 10**9) == (Cut(TEXT), True)


def test_frames_of_zstd_may_follow_one_another() -> None:
    assert decoded(Cut(by_zstd(TEXT[:500]) + by_zstd(TEXT[500:])), ["zstd"], empty, 10**9) == (Cut(TEXT), True)


@pytest.mark.parametrize(("encoding", "pack"), [("br", by_br), ("zstd", by_zstd)])
def test_no_piece_of_a_bomb_is_much_larger_than_the_limit_of_one_call(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    class Measuring(Body):
        largest = 0

        def feed(self, chunk: bytes | bytearray | memoryview) -> None:
            self.largest = max(self.largest, len(chunk))
            super().feed(chunk)

    body = Measuring(1_000_000, 1_000, Gauge(10**9))
    _, complete = decoded(Cut(pack(b"\0" * 100_000_000)), [encoding], lambda: body, 10_000_000)
    assert not complete
    assert body.largest < 4 * MOST_AT_ONCE
    assert body.size < 20_000_000


class Unlimited:
    """A module for br as it was before 1.2: a call cannot be given a limit."""

    def __init__(self) -> None:
        self._made = BROTLI()
        self.given = 0

    def process(self, data: bytes) -> bytes:
        self.given = max(self.given, len(data))
        return self._made.process(data)  # type: ignore[no-any-return]

    def is_finished(self) -> bool:
        return self._made.is_finished()  # type: ignore[no-any-return]


def test_a_module_without_limits_is_given_a_few_bytes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Unlimited] = []

    def decompressor() -> Unlimited:
        made.append(Unlimited())
        return made[-1]

    monkeypatch.setattr(brotli, "Decompressor", decompressor)
    assert decoded(Cut(by_br(TEXT) + b"\0"), ["br"], empty, 10**9) == (Cut(TEXT), True)
    assert max(one.given for one in made) == 16


def test_encodings_without_end_are_not_undone() -> None:
    with pytest.raises(NotDecodable, match="5000 encodings"):
        decoded(Cut(gzip.compress(TEXT)), ["gzip"] * 5_000, empty, 10**9)


def test_a_small_answer_that_unfolds_into_a_huge_one_is_cut_and_then_left() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    cut, complete = decoded(Cut(bomb), ["gzip"], empty, 10_000_000)
    assert not complete
    assert cut.truncated
    assert len(cut.body) + len(cut.tail) == 2_000


def test_of_a_body_cut_while_encoded_the_head_is_undone_and_its_size_known_from_gzip() -> None:
    encoded = gzip.compress(bytes(i * 7 % 256 for i in range(100_000)), compresslevel=0)
    cut = Cut(encoded[:1_000], encoded[-1_000:], len(encoded), "hash of the encoded", truncated=True)
    result, complete = decoded(cut, ["gzip"], empty, 10**9)
    assert complete
    assert result.truncated
    assert result.size == 100_000
    assert result.tail == b""
    assert result.sha256 is None
    assert result.body == bytes(i * 7 % 256 for i in range(len(result.body)))


def test_encodings_are_read_as_they_are_written() -> None:
    assert encodings_of("GZip, identity ,br") == ["gzip", "br"]
    assert encodings_of("") == []
