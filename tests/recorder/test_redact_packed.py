"""Bodies that are still compressed: undone where they are text, so that their secrets are masked; else as they came."""

from __future__ import annotations

import gzip
import json
import random
import tarfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import brotli
import pytest

from apitrail.exchange import Exchange, Message
from apitrail.recorder.decoding import NOTE
from apitrail.recorder.redact import Redactor

SECRET = "s3cr3tVALUE9xyzQ1"
REDACTOR = Redactor(b"a key of the host's own", body_limit=100_000, body_edge=1_000)
ORDERS = json.dumps({"orders": [f"2611239KQ{n}" for n in range(400)], "password": SECRET, "z": "訂單"}).encode()
MASKED = ORDERS.replace(SECRET.encode(), REDACTOR.mask(SECRET).encode())


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def masked(body: bytes, declared: str = "", **rest: object) -> Message:
    headers = [("Content-Encoding", declared)] if declared else []
    given = Exchange(
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
        method="GET",
        url="https://a.example/x",
        response=Message(headers=headers, body=body, **rest),  # type: ignore[arg-type]
    )
    answer = REDACTOR.exchange(given).response
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("declared", "pack"),
    [
        ("", gzipped),
        ("", zlib.compress),
        ("", lambda data: zlib.compress(data, 9)),
        ("", lambda data: gzipped(gzipped(data))),
        ("", lambda data: gzipped(data.decode().encode("utf-16"))),
        ("identity", gzipped),
        ("gzip", gzipped),
        ("br", brotli.compress),
        ("br", lambda data: brotli.compress(gzipped(data))),
        ("deflate", gzipped),
    ],
)
def test_text_that_is_still_compressed_is_undone_and_masked(declared: str, pack: Callable[[bytes], bytes]) -> None:
    kept = masked(pack(ORDERS), declared)
    assert (kept.body.decode("utf-16").encode() if b"\0" in kept.body else kept.body) == MASKED
    assert not kept.incomplete
    assert NOTE in dict(kept.headers)


def test_a_compressed_body_without_a_secret_is_undone_too_for_it_can_be_read() -> None:
    assert masked(gzipped(b"sku,stock\r\nA-1,5\r\n")).body == b"sku,stock\r\nA-1,5\r\n"


def test_masking_what_was_undone_changes_nothing() -> None:
    kept = masked(gzipped(ORDERS))
    again = masked(kept.body)
    assert (again.body, again.headers) == (kept.body, [])


@pytest.mark.parametrize("packed", [gzipped(ORDERS), zlib.compress(ORDERS)])
@pytest.mark.parametrize("lost", [1, 9, 200])
def test_a_compressed_body_that_breaks_off_is_kept_up_to_there(packed: bytes, lost: int) -> None:
    kept = masked(packed[:-lost])
    assert kept.incomplete
    assert len(kept.body) > 32
    assert MASKED.startswith(kept.body[:-20])
    assert SECRET[:8].encode() not in kept.body


def test_the_head_of_a_compressed_body_over_the_limit_is_undone_and_its_tail_left_out() -> None:
    packed = gzip.compress(ORDERS, compresslevel=0)
    kept = masked(packed[:3000], tail=packed[-100:], size=9_000_000, sha256="of the packed", truncated=True)
    assert MASKED.startswith(kept.body)
    assert len(kept.body) > 2000
    assert (kept.tail, kept.sha256, kept.truncated) == (b"", None, True)


def archive() -> bytes:
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        entry = tarfile.TarInfo("label.bin")
        entry.size = 400
        tar.addfile(entry, BytesIO(bytes(range(200)) * 2))
    return made.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        archive(),
        gzipped(b"\x89PNG" + bytes(range(256))),
        b"\x1f\x8b\x08" + bytes(range(100)),
        b"\x78\x9c" + bytes(range(100)),
        b"\x28\xb5\x2f\xfd" + bytes(range(100)),
        gzipped(b"")[:12],
        "x^2 + 訂單".encode(),
        b"(no order)",
        "訂單 without end".encode("big5"),
    ],
)
def test_what_holds_no_text_or_only_looks_compressed_stays_as_it_came(body: bytes) -> None:
    assert masked(body) == Message(body=body)


@pytest.mark.parametrize("pack", [gzipped, zlib.compress, lambda data: gzipped(gzipped(data))])
def test_a_bomb_is_unfolded_no_further_than_a_few_times_what_is_kept(pack: Callable[[bytes], bytes]) -> None:
    kept = masked(pack(b"a " * 20_000_000))
    assert len(kept.body) + len(kept.tail) == 2_000
    assert kept.truncated
    assert kept.incomplete
    assert kept.size is not None
    assert kept.size < 2_000_000


def test_a_bomb_of_br_is_unfolded_no_further_either() -> None:
    kept = masked(brotli.compress(b"a " * 20_000_000, quality=5), "br")
    assert len(kept.body) + len(kept.tail) == 2_000
    assert kept.size is not None
    assert kept.size < 3_000_000


def test_bytes_of_any_kind_behind_the_mark_of_a_compression_are_never_an_error() -> None:
    dice = random.Random(26)
    packed = [gzipped(ORDERS), zlib.compress(ORDERS), brotli.compress(ORDERS)]
    for _ in range(300):
        broken = bytearray(dice.choice(packed))
        for _ in range(dice.randrange(1, 5)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        kept = masked(bytes(broken[: dice.randrange(1, len(broken))]), dice.choice(["", "br", "gzip", "zstd"]))
        assert SECRET.encode() not in kept.body


def test_the_code_of_a_login_that_is_sent_compressed_is_masked() -> None:
    given = Exchange(
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
        method="POST",
        url="https://a.example/x",
        request=Message(body=gzipped(f"grant_type=authorization_code&code={SECRET}".encode())),
    )
    assert SECRET.encode() not in REDACTOR.exchange(given).request.body
