"""Chunked bodies, whatever the pieces in which they pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.recorder.clients.framing import Unchunked


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    extension=st.sampled_from([b"", b";name=value"]),
    trailer=st.sampled_from([b"", b"Expires: never\r\n"]),
)
def test_the_chunks_come_out_whatever_the_pieces(
    chunks: list[bytes], cuts: list[int], extension: bytes, trailer: bytes
) -> None:
    framed = b"".join(b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    framed += b"0\r\n" + trailer + b"\r\n"
    out: list[bytes] = []
    taking = Unchunked(out.append)
    at = index = 0
    while at < len(framed):
        assert not taking.ended
        taking(framed[at : at + cuts[index % len(cuts)]])
        at += cuts[index % len(cuts)]
        index += 1
    assert b"".join(out) == b"".join(chunks)
    assert taking.ended


def test_a_whole_chunk_is_not_copied() -> None:
    out: list[bytes] = []
    taking = Unchunked(out.append)
    taking(b"5\r\n")
    chunk = bytes(range(5))
    taking(chunk)
    assert out[0] is chunk


def test_what_is_no_chunk_is_told_once_and_then_left_alone() -> None:
    out: list[bytes] = []
    taking = Unchunked(out.append)
    with pytest.raises(ValueError, match="invalid literal"):
        taking(b"zz\r\nabc")
    taking(b"3\r\nabc\r\n")
    assert out == []


def test_a_size_below_zero_is_no_chunk() -> None:
    taking = Unchunked(lambda piece: None)
    with pytest.raises(ValueError, match="below zero"):
        taking(b"-5\r\nhello\r\n")  # it would be waited for for ever, in the caller's thread
    taking(b"0\r\n\r\n")
