"""One table of settings, and errors that name the setting."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import apitrail
from apitrail.recorder.settings import SETTINGS, Settings, default_spool_folders, settings_from


def test_the_table_and_the_values_are_the_same_settings() -> None:
    fields = {one.name: one.default for one in msgspec.structs.fields(Settings)}
    assert fields == {setting.name: setting.default for setting in SETTINGS}


def test_what_configure_takes_is_in_the_table() -> None:
    names = {setting.name for setting in SETTINGS}
    assert set(inspect.signature(apitrail.configure).parameters) - {"more"} <= names


def test_every_setting_says_its_unit_and_what_it_does() -> None:
    assert all(setting.unit and setting.meaning.endswith(".") for setting in SETTINGS)


def test_what_is_given_wins_over_the_environment_and_that_over_the_default() -> None:
    environment = {"APITRAIL_URL": "http://from.environment", "APITRAIL_TOKEN": "e", "APITRAIL_SPOOL": "/spool"}
    settings = settings_from({"url": "https://given.example/", "body_limit": None}, environment)
    assert (settings.url, settings.token, settings.spool) == ("https://given.example", "e", "/spool")
    assert settings.body_limit == 5 * 1024 * 1024


def test_a_url_that_was_read_from_a_file_is_taken_without_the_lines_end() -> None:
    assert settings_from({}, {"APITRAIL_URL": "https://logs.example/\n"}).url == "https://logs.example"


def test_an_empty_variable_is_as_none() -> None:
    assert settings_from({}, {"APITRAIL_URL": "", "APITRAIL_TOKEN": ""}) == Settings()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"body_limit": "5 MB"}, "body_limit is '5 MB': give a number of bytes"),
        ({"body_limit": -1}, "body_limit is -1"),
        ({"body_limit": True}, "body_limit is True"),
        ({"spool_limit": 0}, "spool_limit is 0"),
        ({"flush_at_exit": float("nan")}, "flush_at_exit is nan"),
        ({"flush_at_exit": -1}, "flush_at_exit is -1"),
        ({"redact_names": "pin"}, r"redact_names is 'pin': give a list of names, such as \['pin'\]"),
        ({"url": "127.0.0.1:8700"}, "url is '127.0.0.1:8700': it must be like http://127.0.0.1:8700"),
        ({"url": "ftp://logs.example"}, "it must be like"),
        ({"url": "http://logs.example:87000"}, "url is 'http://logs.example:87000': .* a port is at most 65535"),
        ({"url": "http://logs.example:0"}, "a port is at most 65535"),
        ({"url": "http://[::1"}, "url is .* it must be like"),
        ({"url": "http://logs.example/ x"}, "url is .* without user, password and blanks"),
        ({"timeout": 0}, "timeout is 0: give a number of seconds above 0"),
        ({"url": 5}, "url is 5: give URL as a string"),
        ({"token": "a\nb"}, "token holds characters that no HTTP header may carry"),
        ({"body_limit": 1000}, "head and tail together must fit into body_limit"),
        ({"bodylimit": 1000}, "apitrail has no setting 'bodylimit'; it has url, token"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        settings_from(given, {})


def test_an_error_shows_neither_token_nor_password() -> None:
    for given in ({"url": "http://user:s3cr3t@logs.example"}, {"url": "http:/x?token=s3cr3t"}, {"token": "s3cr3t\0"}):
        with pytest.raises(ValueError, match=r"url|token") as raised:
            settings_from(given, {})
        assert "s3cr3t" not in str(raised.value)


def test_the_spool_lies_with_the_users_state_else_with_the_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    first, second = default_spool_folders()
    assert first == Path("/state/apitrail")
    assert second.name.startswith("apitrail-")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/ann")
    assert default_spool_folders()[0] == Path("/home/ann/.local/state/apitrail")


def test_a_program_has_the_name_by_which_it_was_started(tmp_path: Path) -> None:
    says = "from apitrail.recorder.settings import program_name\nprint(program_name())\n"
    (tmp_path / "shop").mkdir()
    for name in ("shop/__init__.py", "shop/__main__.py", "shop/orders.py", "fetch.py"):
        (tmp_path / name).write_text(says)
    for arguments, names in (
        (["-m", "shop"], ["shop", "shop"]),  # as the package is imported, and as it runs
        (["-m", "shop.orders"], ["shop.orders", "orders.py"]),
        (["fetch.py"], ["fetch.py"]),
        (["-c", says], ["python"]),
    ):
        ran = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert ran.stdout.split() == names
