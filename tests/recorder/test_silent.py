"""Known secrets planted in every place of every form of body, and in recorded traffic, and searched for in what lies
on the disk and in what goes over the wire: none.

What comes of it in the store: tests/server/test_silent_store.py.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.recorder.planting import BODIES, exchange, recorded_in, searched
from tests.recordings import RECORDINGS

import apitrail
from apitrail.exchange import Exchange
from apitrail.recorder.redact import Redactor


@pytest.fixture
def recorded(configured: Any, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Record, then look at every file of the spool and every byte that the server gets."""
    wire: list[bytes] = []
    handler = server.RequestHandlerClass
    original = handler.judged

    def judging(self: Any, body: bytes) -> Any:
        wire.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        return original(self, body)

    monkeypatch.setattr(handler, "judged", judging)

    def record(exchanges: list[Exchange]) -> None:
        configured(url=None)
        for each in exchanges:
            apitrail.record(each)
        assert apitrail.flush(60)
        files = [path for path in (tmp_path / "spool").iterdir() if path.suffix != ".key"]
        assert sum(path.stat().st_size for path in files) > 1000
        for path in files:
            searched(path.read_bytes(), path.name)
        configured()
        assert apitrail.flush(60)
        assert len(server.stored) == len(exchanges)
        searched(b"".join(wire), "what was sent")

    return record


def test_no_secret_reaches_disk_or_wire_whatever_the_form_of_the_body(recorded: Any) -> None:
    recorded([exchange(text.encode(), kind) for kind, text in BODIES.values()])


@given(
    form=st.sampled_from(sorted(BODIES)),
    before=st.text(max_size=30),
    charset=st.sampled_from(["utf-8", "utf-16", "big5", "shift_jis"]),
    depth=st.integers(0, 3),
)
@example(form="form", before="¥", charset="shift_jis", depth=2)
@settings(max_examples=150)
def test_no_secret_is_left_whatever_stands_around_it(form: str, before: str, charset: str, depth: int) -> None:
    kind, text = BODIES[form]
    for _ in range(depth):
        kind, text = "application/json", json.dumps({"before": before, "inner": text}, ensure_ascii=False)
    body = text.encode(charset, "ignore")
    once = Redactor(b"key").exchange(exchange(body, kind))
    shown = [once.url, *(value for _, value in once.request.headers), once.error.text if once.error else ""]
    assert once.response is not None
    shown += [once.request.body.decode(charset, "ignore"), once.response.body.decode(charset, "ignore")]
    searched("\n".join(shown).encode("utf-8", "surrogatepass"), form)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_no_secret_planted_in_recorded_traffic_is_left(recorded: Any, recording: Path) -> None:
    recorded(recorded_in(recording))
