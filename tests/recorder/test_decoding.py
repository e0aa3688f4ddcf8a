"""Content-Encoding undone: what servers really send, and what is only half there."""

from __future__ import annotations

import gzip
import zlib

import pytest

from apitrail.recorder.body import Body, Cut, Gauge
from apitrail.recorder.decoding import NotDecodable, decoded, encodings_of

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
