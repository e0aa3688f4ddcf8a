"""The program as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import APITRAIL

from apitrail import __version__
from apitrail.server.settings_text import rows


def test_it_tells_its_version(run: Any) -> None:
    assert run("version", data=False).stdout == f"{__version__}\n"


def test_serve_has_a_flag_for_every_setting(run: Any) -> None:
    shown = run("serve", "--help", data=False).stdout
    for row in rows():
        assert row.flag.partition("/")[0] in shown
        assert row.variable in shown


@pytest.mark.parametrize(
    "words", [("--help",), ("serve", "--help"), ("import", "--help"), ("token", "list", "--data", "nowhere")]
)
def test_what_needs_neither_engine_nor_pages_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    """Help, and a command that asks a server or finds no log."""
    code = (
        "import sys\n"
        f"sys.argv = ['apitrail', *{words!r}]\n"
        "from apitrail.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'litestar', 'uvicorn', 'chdb', 'clickhouse_connect', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_where_only_the_recorder_is_installed_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError(\"No module named 'typer'\", name='typer')")
    code = "from apitrail.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert "pip install 'apitrail[server]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_demo_without_its_client_libraries_says_what_to_install_as_its_document_does() -> None:
    code = "import sys; sys.modules['easypost'] = None; from apitrail.cli import main; sys.argv[1:] = ['demo']; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "easypost missing" in done.stderr
    install = "pip install '.[server,demo]'"
    assert f"from a checkout {install}" in done.stderr
    assert install in (Path(__file__).parents[2] / "docs" / "demo.md").read_text("utf-8")


def test_a_command_that_is_none_ends_with_2(run: Any) -> None:
    assert "No such command" in run("delete", data=False, fails=2).stderr


@pytest.mark.parametrize("group", [(), ("token",), ("integrations",), ("profile",), ("pin",)])
def test_the_list_of_commands_cuts_no_sentence(group: tuple[str, ...]) -> None:
    help_ = subprocess.run(
        [sys.executable, "-m", "apitrail.cli", *group, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    ).stdout
    assert "..." not in help_.partition("Commands:")[2]


def test_a_letter_that_the_terminal_does_not_have_ends_no_command(run: Any, log: Path) -> None:
    run("pin", "add", "order:許-1", "--note", "爭議")
    assert "order:\\u8a31-1" in run("pin", "list", PYTHONIOENCODING="iso8859-1").stdout


def test_an_argument_that_is_no_text_is_told(run: Any, log: Path) -> None:
    told = run("search", os.fsdecode(b"order:\xff"), fails=2).stderr
    assert "is no text" in told
    assert "Traceback" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_output_that_finds_no_room_is_told(log: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*APITRAIL, "stats", "--data", str(log)], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("token", "list"), ("token", "list", "--help"), ("stats",), ("stats", "--json")])
def test_into_a_pipe_that_nobody_reads_a_command_ends_quietly_as_the_signal_would_end_it(
    log: Path, words: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*APITRAIL, *words, "--data", str(log)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_where_standard_output_is_closed_a_command_does_its_work_and_prints_nothing(run: Any, log: Path) -> None:
    closed = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *APITRAIL, "pin", "add", "order:A-1", "--data", str(log)]
    assert subprocess.run(closed, check=False, timeout=60).returncode == 0
    assert "order:A-1" in run("pin", "list").stdout
