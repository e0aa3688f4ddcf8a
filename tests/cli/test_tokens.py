"""`apitrail token` works on a folder whether a server runs on it or not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

SECRET = re.compile(r"at_[0-9A-Za-z]{43}")


@pytest.fixture(params=["without a server", "beside a server"])
def place(request: pytest.FixtureRequest, serve: Any) -> str | None:
    """The URL of the server on the folder, where there is one."""
    return serve() if request.param == "beside a server" else None


def test_a_token_is_made_listed_and_revoked(run: Any, place: str | None, folder: Path) -> None:
    made = run("token", "create", "--name", "shop 訂單", "--scope", "read").stdout.splitlines()
    assert str(folder.resolve()) in made[0], "who forgets --data sees it"
    assert SECRET.fullmatch(made[-1]), "the secret is the last line"
    assert SECRET.fullmatch(run("token", "create").stdout.splitlines()[-1])
    listed = run("token", "list").stdout
    assert "shop 訂單" in listed
    assert made[-1] not in listed
    [line] = [line for line in listed.splitlines() if "shop" in line]
    assert "valid" in line
    identifier = line.split()[0]
    assert identifier in made[0]
    for _ in range(2):  # once more changes nothing
        assert "is revoked" in run("token", "revoke", identifier).stdout
    assert "revoked 2" in run("token", "list").stdout
    assert "there is no such token" in run("token", "revoke", "nothing", fails=2).stderr


def test_a_token_made_without_a_server_counts_when_one_starts(run: Any, serve: Any) -> None:
    secret = run("token", "create").stdout.splitlines()[-1]
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    with urlopen(Request(f"{serve()}/api/v1/exchanges", b'{"exchanges": []}', headers)) as answer:
        assert answer.status == 200


def test_a_command_waits_for_a_server_that_is_just_starting(run: Any, log: Path) -> None:
    run("token", "create")
    code = (
        "import sys, time\n"
        "from apitrail.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
        "store.close()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "open\n"
    waiting = subprocess.Popen(
        [sys.executable, "-m", "apitrail.cli", "token", "list", "--data", str(log)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(2)
    holder.communicate("\n", timeout=30)
    listed, _ = waiting.communicate(timeout=30)
    assert "valid" in listed
    assert (waiting.returncode, holder.returncode) == (0, 0)


@pytest.mark.parametrize("words", [("token", "list"), ("token", "revoke", "x")])
def test_a_slip_in_the_folders_name_makes_no_empty_log(run: Any, folder: Path, words: tuple[str, ...]) -> None:
    assert str(folder) in run(*words, fails=2).stderr
    assert not folder.exists()


def test_a_scope_that_is_none_is_refused(run: Any) -> None:
    assert "One of: ingest, read." in run("token", "create", "--scope", "admin", fails=2).stderr
