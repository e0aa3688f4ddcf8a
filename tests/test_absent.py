"""A package that is kept out is as if it were not installed, until it is let in again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from apitrail.absent import absent


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package that can be imported and is not yet."""
    name = "never_loaded_before"
    (tmp_path / f"{name}.py").write_text("there = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_what_is_kept_out_cannot_be_imported_and_can_be_afterwards(package: str) -> None:
    with absent(package), pytest.raises(ImportError):
        __import__(package)
    assert __import__(package).there


def test_it_is_let_in_again_after_an_error_too(package: str) -> None:
    with pytest.raises(OSError, match="broken"), absent(package):
        raise OSError("broken")
    assert __import__(package).there


def test_what_is_loaded_already_stays() -> None:
    with absent("json"):
        assert __import__("json") is json
    assert sys.modules["json"] is json


def test_a_server_loads_nothing_for_what_it_is_never_asked(tmp_path: Path) -> None:
    """A start would take a fifth longer: pyarrow and numpy for the engine, pydantic for Litestar and the commands."""
    code = """if True:
        import sys
        from pathlib import Path
        from apitrail.cli import commands
        from apitrail.profiles import Profiles
        from apitrail.server.app import create_app
        from apitrail.server.settings import Settings
        from apitrail.store import Writer, open_store
        folder = Path(sys.argv[1])
        store = open_store(folder)
        writer = Writer(store)
        create_app(store, writer, Profiles.load(), Settings(data=folder))
        print(*{name.partition(".")[0] for name in sys.modules})
        writer.close()
        store.close()
    """
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"chdb", "litestar", "typer"} <= loaded
    assert loaded.isdisjoint({"pyarrow", "numpy", "pandas", "pydantic"})
