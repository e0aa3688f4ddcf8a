"""`apitrail doctor` says in plain words what is wrong; beside a healthy application it says that all is well."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

import apitrail
from apitrail.recorder.doctor import Finding, examined, spoken
from apitrail.recorder.settings import Settings


def wrong(settings: Settings) -> list[Finding]:
    return [finding for finding in examined(settings) if not finding.well]


def settings(url: str | None, spool: Path, **more: Any) -> Settings:
    return Settings(url=url, token="t0k3n", spool=str(spool), **more)


@pytest.fixture
def used(configured: Callable[..., Any], server: Any, tmp_path: Path) -> Settings:
    """Of an application that has recorded and sent something."""
    configured()
    apitrail.not_sent("label.create", "no address")
    assert apitrail.flush(20)
    return settings(server.url, tmp_path / "spool")


def test_beside_a_healthy_application_all_is_well(used: Settings) -> None:
    assert wrong(used) == []
    assert any("accepts what this recorder sends" in finding.what for finding in examined(used))


def test_a_server_that_is_away_is_told_with_what_becomes_of_the_exchanges(used: Settings, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        away = settings(f"http://127.0.0.1:{probe.getsockname()[1]}", tmp_path / "spool")
        [finding] = [one for one in wrong(away) if "reached" in one.what]
    assert "Connection refused" in finding.what
    assert "wait in the spool" in finding.fix


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((401, b"{}", {}), "refuses the token"),
        ((403, b"{}", {}), "refuses the token"),
        ((503, b"{}", {}), "not ready"),
        ((400, b'{"error":{"reason":"schema 9"}}', {}), "does not understand this recorder"),
        ((200, b"<html>welcome</html>", {}), "not as an Apitrail server does"),
        ((404, b"", {}), "not as an Apitrail server does"),
    ],
)
def test_what_the_server_says_is_told_in_words(used: Settings, server: Any, reply: Any, said: str) -> None:
    server.replies.append(reply)
    [finding] = wrong(used)
    assert said in finding.what
    assert finding.fix


def test_a_clock_that_is_off_is_told(used: Settings, server: Any) -> None:
    then = formatdate(time.time() - 90, usegmt=True)
    server.replies.append((200, b'{"stored": 0, "duplicates": 0}', {"Date": then}))
    [finding] = wrong(used)
    assert "clock is 90 s ahead" in finding.what or "clock is 89 s ahead" in finding.what


def test_a_spool_that_cannot_be_made_is_told(server: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    [finding] = wrong(settings(server.url, tmp_path / "file" / "spool"))
    assert finding.what.startswith(f"spool is {tmp_path / 'file' / 'spool'}, the folder ")
    assert "cannot be created" in finding.what
    assert "APITRAIL_SPOOL" in finding.fix


def test_where_nothing_was_recorded_it_asks_for_the_two_lines(server: Any, tmp_path: Path) -> None:
    [finding] = wrong(settings(server.url, tmp_path / "new"))
    assert "nothing has been recorded" in finding.what
    assert "apitrail.instrument()" in finding.fix


def test_an_application_of_the_standard_library_alone_is_well_once_it_has_recorded(
    used: Settings, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apitrail.recorder.clients.available", lambda: ["urllib.request", "http.client"])
    assert wrong(used) == []
    assert "no HTTP client library" in wrong(settings(server.url, tmp_path / "new"))[0].what


def test_what_only_the_application_was_told_is_found_in_its_spool(used: Settings, tmp_path: Path, server: Any) -> None:
    server.replies.append((401, b"{}", {}))
    unknowing = Settings(spool=used.spool)
    assert wrong(unknowing) == []
    server.replies.append((401, b"{}", {}))
    assert any(f"{server.url} needs a token, which" in finding.what for finding in examined(unknowing))


def test_what_an_application_cannot_send_is_told_with_what_it_met(
    configured: Callable[..., Any], server: Any, tmp_path: Path
) -> None:
    recorder = configured(service="shop")
    server.replies += [(401, b"{}", {})] * 50
    apitrail.not_sent("label.create", "no address")
    assert not apitrail.flush(0.5)
    recorder.close()
    server.replies.clear()
    [finding] = wrong(Settings(spool=str(tmp_path / "spool")))
    assert finding.what.startswith(f"shop has been unable to send to {server.url} since ")
    assert "set a valid token" in finding.what


def test_that_another_server_is_meant_than_the_application_sends_to_is_told(used: Settings, server: Any) -> None:
    assert used.spool is not None
    found = wrong(settings(f"https{server.url[4:]}", Path(used.spool)))
    assert found[0].what.startswith(f"nothing has been recorded yet for https{server.url[4:]}")
    assert found[1].what.endswith("does not use TLS")
    others = list(examined(settings(None, Path(used.spool))))
    assert any(f" has been sending to {server.url} since " in one.what for one in others)


def test_an_address_with_the_path_that_the_recorder_adds_is_told(server: Any, tmp_path: Path) -> None:
    server.replies.append((404, b"", {}))
    [_, finding] = wrong(settings(f"{server.url}/api/v1/exchanges", tmp_path / "new"))
    assert "Leave out /api/v1/exchanges" in finding.fix


def test_damaged_and_full_disks_are_told(used: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spool" / "spool-1.db.damaged-20260101T000000-1").write_bytes(b"x")
    usage = os.statvfs(tmp_path)
    assert usage.f_bavail > 0
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5 << 20}))
    assert [finding.what.split(" ")[0] for finding in wrong(used)] == ["1", "the"]


def test_exchanges_that_wait_for_long_are_told(
    configured: Callable[..., Any], server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(url=None)
    apitrail.record(
        apitrail.Exchange(created_at=datetime(2026, 1, 1, tzinfo=UTC), method="GET", url="http://a.example/")
    )
    assert apitrail.flush(20)
    [finding] = [one for one in wrong(settings(server.url, tmp_path / "spool")) if "wait" in one.what]
    assert finding.what.startswith("1 exchange of processes without a url is waiting in ")


def test_the_program_needs_the_recorder_alone_and_its_end_tells(server: Any, tmp_path: Path) -> None:
    code = """
import sys
for name in ("typer", "rich", "litestar"): sys.modules[name] = None
sys.argv = ["apitrail", "doctor"]
from apitrail.cli import main
main()
"""
    environment = os.environ | {"APITRAIL_URL": server.url, "APITRAIL_SPOOL": str(tmp_path / "new")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "WRONG  nothing has been recorded yet" in done.stdout
    assert f"ok     {server.url} accepts what this recorder sends" in done.stdout


@pytest.mark.parametrize(("seconds", "said"), [(40, "40 s"), (180, "3 min"), (56_876, "16 h"), (400_000, "5 days")])
def test_how_long_exchanges_wait_is_told_as_one_says_it(seconds: float, said: str) -> None:
    assert spoken(seconds) == said
