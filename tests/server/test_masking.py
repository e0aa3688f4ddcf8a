"""The key of the fingerprints: made once, kept, readable by its owner only."""

from __future__ import annotations

import gzip
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apitrail.exchange import Exchange, Recorder
from apitrail.recorder.redact import Redactor
from apitrail.server.identity import Namer
from apitrail.server.masking import KEY_FILE, fingerprint_key, masked
from apitrail.server.problems import Problem

URL = "https://api.carrier.example/x?access_token=hunter2hunter2hunter2"


def exchange(recorder: Recorder | None = None) -> Exchange:
    return Exchange(created_at=datetime(2026, 3, 9, tzinfo=UTC), method="GET", url=URL, recorder=recorder)


def test_the_key_is_made_once_even_by_many_at_the_same_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: fingerprint_key(tmp_path), range(32)))
    assert keys == {fingerprint_key(tmp_path)}
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_a_damaged_key_is_named_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(Problem, match="5 bytes instead of 32"):
        fingerprint_key(tmp_path)


def test_masking_what_is_masked_changes_nothing() -> None:
    redactor = Redactor(b"key")
    once = masked(exchange(), redactor)
    assert "hunter2hunter2" not in once.url
    assert masked(once, redactor) == once
    assert Namer().name(masked(once, redactor)) == Namer().name(once)


def test_only_what_a_recorder_signed_with_its_version_is_taken_as_masked() -> None:
    redactor = Redactor(b"key")
    assert masked(exchange(Recorder(id="r", version="0.1.0")), redactor).url == URL
    assert masked(exchange(Recorder(id="r", client="mine")), redactor).url != URL


def test_what_a_sender_left_compressed_is_undone_and_masked() -> None:
    given = exchange()
    given.request.body = gzip.compress(b'{"password": "hunter2hunter2"}')
    kept = masked(given, Redactor(b"key")).request.body
    assert kept.startswith(b'{"password": "masked~')


@pytest.mark.parametrize("content", [bytes(range(32)), bytes(range(32)).hex().encode() + b"\n"])
def test_several_servers_share_a_key_by_a_file(tmp_path: Path, content: bytes) -> None:
    shared = tmp_path / "shared"
    shared.write_bytes(content)
    assert fingerprint_key(tmp_path / "one", str(shared)) == bytes(range(32))
    assert not (tmp_path / "one").exists()


def test_a_shared_key_that_is_none_stops_the_start(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    with pytest.raises(Problem, match="cannot be read"):
        fingerprint_key(tmp_path, str(shared))
    for content in (b"", b"too short", b"\xff" * 64, b"zz" * 32):
        shared.write_bytes(content)
        with pytest.raises(Problem, match="holds no key"):
            fingerprint_key(tmp_path, str(shared))
