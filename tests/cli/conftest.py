"""The real program `apitrail`, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
APITRAIL = [sys.executable, "-m", "apitrail.cli"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path) -> Run:
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


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[[], str]]:
    """Starts a server on the folder; gives its URL."""
    begun: list[subprocess.Popen[str]] = []

    def start() -> str:
        process = subprocess.Popen(
            [*APITRAIL, "serve", "--data", str(folder), "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        begun.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[0] == "open":
                return line.split()[1]
        raise AssertionError(f"the server ended with {process.wait(5)}")

    yield start
    for process in begun:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()
