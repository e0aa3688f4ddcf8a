"""The folder of the spool, and the key in it."""

from __future__ import annotations

from pathlib import Path

from apitrail.recorder.folder import fingerprint_key


def test_the_key_of_fingerprints_is_the_same_for_all_with_one_token_or_one_spool(tmp_path: Path) -> None:
    by_token = {fingerprint_key("t0k3n", tmp_path / name) for name in "ab"}
    by_spool = {fingerprint_key(None, tmp_path / "c") for _ in range(3)}
    assert len(by_token) == len(by_spool) == 1
    assert by_token != by_spool
    assert fingerprint_key(None, tmp_path / "d") not in by_spool
