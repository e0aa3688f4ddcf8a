"""The folder of the spool, and the key in it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apitrail.recorder.folder import fingerprint_key


def test_the_key_of_fingerprints_is_the_same_for_all_with_one_token_or_one_spool(tmp_path: Path) -> None:
    by_token = {fingerprint_key("t0k3n", tmp_path / name) for name in "ab"}
    by_spool = {fingerprint_key(None, tmp_path / "c") for _ in range(3)}
    assert len(by_token) == len(by_spool) == 1
    assert by_token != by_spool
    assert fingerprint_key(None, tmp_path / "d") not in by_spool


@contextmanager
def full_disk() -> Iterator[None]:
    """Files can be made, and take no byte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_the_key_that_is_there_is_used_and_else_nothing_is_left_behind(tmp_path: Path) -> None:
    with full_disk():
        assert len(fingerprint_key(None, tmp_path)) == 32
        assert list(tmp_path.iterdir()) == []
    key = fingerprint_key(None, tmp_path)
    with full_disk():
        assert fingerprint_key(None, tmp_path) == key
