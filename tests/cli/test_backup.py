"""`apitrail backup` and `restore`, beside a server and without one, to a folder and to a bucket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.cli.conftest import copied

from apitrail.server.masking import KEY_FILE

KEYS = {"AWS_ACCESS_KEY_ID": "backup-key", "AWS_SECRET_ACCESS_KEY": "backup-secret"}


@pytest.fixture
def filled(folder: Path, orders: Path) -> Path:
    """This test's folder, with a log that has entries."""
    return copied(orders, folder)


@pytest.fixture(params=["without a server", "beside a server"])
def running(request: pytest.FixtureRequest, filled: Path, serve: Any) -> bool:
    """Whether a server runs on the log."""
    if request.param == "beside a server":
        serve()
        return True
    return False


def test_a_place_that_is_empty_is_not_the_folder_one_stands_in(
    run: Any, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands = tmp_path / "stands"
    stands.mkdir()
    monkeypatch.chdir(stands)
    assert "is empty" in run("backup", "", fails=2).stderr  # as `backup "$PLACE"` is without PLACE
    assert list(stands.iterdir()) == []


def test_a_folder_without_a_log_is_told_and_none_is_made_of_it(run: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    said = run("backup", str(tmp_path / "place"), "--data", str(wrong), data=False, fails=2).stderr
    assert f"data '{wrong}': holds no log" in said
    assert list(wrong.iterdir()) == []


def count(folder: Path) -> int:
    """What the log on a folder holds, by a server of its own."""
    code = (
        "import sys; from apitrail.store import open_store\n"
        "store = open_store(sys.argv[1]); print(store.span().entries); store.close()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_log_is_backed_up_listed_and_restored_with_its_key(
    run: Any, running: bool, tmp_path: Path, folder: Path
) -> None:
    place = tmp_path / "backups"
    run("backup", str(place))
    [name] = run("backups", str(place), data=False).stdout.splitlines()
    assert name.endswith("-full")
    again = tmp_path / "again"
    told = run("restore", f"{place}/{name}", "--data", str(again), data=False).stdout
    assert str(again) in told
    assert (again / KEY_FILE).read_bytes() == (folder / KEY_FILE).read_bytes()
    assert (again / KEY_FILE).stat().st_mode & 0o077 == 0
    assert place.stat().st_mode & 0o077 == 0
    entries = count(again)
    assert entries > 0
    assert told.startswith(f"{entries} entries, ")
    assert "not overwritten" in run("restore", f"{place}/{name}", "--data", str(again), data=False, fails=2).stderr


def test_backups_are_found_by_whoever_has_lost_the_log(run: Any, filled: Path, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "place"))
    [name] = run("backups", str(tmp_path / "place"), data=False).stdout.splitlines()
    assert run("restore", f"{tmp_path / 'place'}/{name}", "--data", str(tmp_path / "anew"), data=False).stdout


def test_a_place_that_cannot_be_made_is_named_with_what_to_give(run: Any, running: bool, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = run("backup", str(tmp_path / "file" / "place"), fails=2).stderr
    assert "the folder cannot be created" in said
    assert "does not answer" not in said


def test_a_restore_that_fails_leaves_no_key(run: Any, filled: Path, tmp_path: Path) -> None:
    place, again = tmp_path / "place", tmp_path / "again"
    run("backup", str(place))
    assert (place / KEY_FILE).is_file()
    said = run("restore", f"{place}/20200101T000000Z-full", "--data", str(again), data=False, fails=2).stderr
    assert "there is no complete backup" in said
    assert not (again / KEY_FILE).exists()


def test_what_is_no_backup_is_refused_with_what_to_give(run: Any, tmp_path: Path) -> None:
    said = run("restore", str(tmp_path), fails=2).stderr
    assert "is not the name of a backup" in said
    assert "apitrail backups PLACE" in said


def test_a_bucket_without_a_key_is_refused(run: Any, filled: Path) -> None:
    said = run("backup", "https://s3.example/bucket", fails=2, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="").stderr
    assert "AWS_ACCESS_KEY_ID" in said


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket of an S3-compatible server on this machine (moto: it speaks the protocol, it is not Amazon's)."""
    code = (
        "import boto3, sys, time\n"
        "from moto.server import ThreadedMotoServer\n"
        "server = ThreadedMotoServer(ip_address='127.0.0.1', port=0); server.start()\n"
        "host, port = server.get_host_and_port()\n"
        "url = f'http://127.0.0.1:{port}'\n"
        "boto3.client('s3', endpoint_url=url, region_name='us-east-1').create_bucket(Bucket='log-backups')\n"
        "print(f'{url}/log-backups/apitrail', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **KEYS},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield next(line.strip() for line in process.stdout if line.startswith("http"))
        process.stdin.close()
        process.wait(30)


def test_a_log_goes_to_a_bucket_and_comes_back(run: Any, serve: Any, bucket: str, filled: Path, tmp_path: Path) -> None:
    url = serve()
    said = run("backup", bucket, **KEYS).stdout
    assert KEY_FILE in said
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in said
    time.sleep(1)  # names tell seconds
    second = run("backup", bucket, **KEYS).stdout
    full, since = run("backups", bucket, data=False, **KEYS).stdout.splitlines()
    assert "new and copied" not in said
    assert re.match(r"\d+ files, [\d.]+ [KM]B, of which [\d.]+ [KM]?B are new and copied, in ", second)
    assert since.endswith(f"-since-{full.removesuffix('-full')}")
    again = tmp_path / "again"
    told = run("restore", f"{bucket}/{since}", "--data", str(again), data=False, **KEYS).stdout
    assert KEY_FILE in told
    with urlopen(f"{url}/api/v1/entries?limit=1") as answer:
        assert answer.status == 200
    assert count(again) > 0
