"""The real program `apitrail`, as a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
APITRAIL = [sys.executable, "-m", "apitrail.cli"]
HAR = Path(__file__).parents[1] / "end_to_end" / "orders.har"

EXCHANGES = [
    {
        "created_at": f"2026-03-09T06:00:0{number}Z",
        "method": "POST",
        "url": f"https://api.carrier.example/labels/{number}",
        "request": {
            "headers": [["X-Trace", f"t{number}"]],
            "text": f'{{"order":"A-100{number}","big":9223372036854775807123}}',
        },
        "status": status,
        "response": {"headers": [["Content-Type", "application/json"]], "text": text},
        "stated": {"action": action, "ec_integration": {"id": "shop-1", "name": "Shop 一"}},
    }
    for number, (status, action, text) in enumerate(
        [
            (200, "order.list", '{"sn":"260101ABCDEF12"}'),
            (503, "label.create", "尚未取號 \x1b[31m"),
            (200, "label.create", '{"tracking":"9400100000000000000000"}'),
        ]
    )
]


class Place(NamedTuple):
    """A log to ask."""

    folder: Path
    run: Run
    url: str | None
    """Of the server on it, where there is one."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "data"


@pytest.fixture
def log(folder: Path, new_data: Path) -> Path:
    """That folder, with a log that holds nothing."""
    return copied(new_data, folder)


@pytest.fixture(scope="session")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the calls of a HAR file, imported for the integration shop-7. Tests work on copies of it."""
    made = tmp_path_factory.mktemp("orders") / "data"
    runs_on(made)("import", str(HAR), "--ec-integration", "shop-7")
    return made


def copied(log: Path, to: Path) -> Path:
    """A copy of a data folder on which nothing runs."""
    return shutil.copytree(log, to, symlinks=True)


def runs_on(folder: Path) -> Run:
    """Runs `apitrail …` on the folder; with `fails` it must end so."""

    def call(*words: str, fails: int = 0, data: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        given = ["--data", str(folder)] if data else []
        done = subprocess.run(
            [*APITRAIL, *words, *given],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "error::ResourceWarning", "COLUMNS": "200", **env},
        )
        assert done.returncode == fails, done
        assert "Traceback" not in done.stderr
        return done

    return call


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[str]:
    """A server on the folder; its URL."""
    command = [*APITRAIL, "serve", "--data", str(folder), "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.split()[0] == "open":
                    yield line.split()[1]
                    break
            else:
                raise AssertionError(f"the server ended with {process.wait(5)}")
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs `apitrail …` on this test's folder: see `runs_on`."""
    return runs_on(folder)


@pytest.fixture
def serve(folder: Path, new_data: Path) -> Iterator[Callable[..., str]]:
    """Starts a server on the folder, whose log holds nothing where none is there yet; gives its URL."""
    with ExitStack() as begun:

        def start(*flags: str) -> str:
            if not folder.exists():
                copied(new_data, folder)
            return begun.enter_context(served(folder, *flags))

        yield start


@pytest.fixture
def beside(run: Run, serve: Any) -> str:
    """The URL of a server on this test's folder, which has three entries."""
    url: str = serve()
    send(url, new_token(run), EXCHANGES)
    return url


def new_token(run: Run) -> str:
    return run("token", "create").stdout.splitlines()[-1]


def send(url: str, token: str, exchanges: list[dict[str, Any]]) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{url}/api/v1/exchanges", json.dumps({"exchanges": exchanges}).encode(), headers)) as answer:
        assert json.load(answer)["stored"] == len(exchanges)


def urls(text: str) -> list[str]:
    return [json.loads(line)["url"].rpartition("/")[2] for line in text.splitlines()]
