"""`apitrail migrate`, from a data folder to a stand-in for a cluster (see `tests/store/clickhouse_http.py`)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import copied

STAND_IN = Path(__file__).parents[1] / "store" / "clickhouse_http.py"


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, str(STAND_IN), str(tmp_path / "clickhouse"), "keeper", "pw", "--cluster", "--doors", "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield ",".join(f"127.0.0.1:{port}" for port in process.stdout.readline().split())
        process.stdin.close()
        process.wait(30)


def test_a_folder_is_moved_to_a_cluster_and_a_second_run_finds_it_there(
    run: Any, hosts: str, folder: Path, orders: Path
) -> None:
    copied(orders, folder)
    run("pin", "add", "order:1")
    target = f"clickhouse://{hosts}/log?cluster=solo"
    who = {"APITRAIL_STORE_USER": "keeper", "APITRAIL_STORE_PASSWORD": "pw"}
    told = run("migrate", "--from", str(folder), "--to", target, data=False, **who).stdout
    assert "the same on both sides" in told
    assert "MISSING" not in told
    assert "fingerprint.key" in told
    entries = run("search", "--json").stdout
    run("search", "--json", "--store", target, "--data", str(folder / "none"), data=False, **who)
    again = run("migrate", "--from", str(folder), "--to", target, data=False, **who).stdout
    assert "of which 0 were moved now" in again
    there = run("search", "--json", "--store", target, "--data", str(folder / "none"), data=False, **who).stdout
    assert there == entries
    assert "order:1" in run("pin", "list", "--store", target, "--data", str(folder / "none"), data=False, **who).stdout


def test_what_cannot_be_a_move_is_said(run: Any, folder: Path, orders: Path, tmp_path: Path) -> None:
    said = run("migrate", "--from", str(folder), "--to", "clickhouse://h/log", data=False, fails=2).stderr
    assert f"--from '{folder}': is not there" in said
    folder.mkdir()
    said = run("migrate", "--from", str(folder), "--to", "clickhouse://h/log", data=False, fails=2).stderr
    assert f"--from '{folder}': holds no log" in said
    folder.rmdir()
    copied(orders, folder)
    said = run("migrate", "--from", str(folder), "--to", str(tmp_path / "other"), data=False, fails=2).stderr
    assert "is not an address of a store" in said
