"""The public face: what it exports, and what importing it costs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import types

import apitrail


def test_all_is_what_is_there() -> None:
    public = {
        name
        for name, value in vars(apitrail).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", "").startswith("apitrail")
    }
    assert public - {"never_raise"} == set(apitrail.__all__)


def test_everything_public_says_what_it_is() -> None:
    assert all(getattr(apitrail, name).__doc__ for name in apitrail.__all__)


def test_importing_it_loads_nothing_that_it_does_not_need() -> None:
    code = "import sys, json, apitrail; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.check_output([sys.executable, "-c", code], text=True)))
    assert "msgspec" in loaded
    assert not loaded & {"sqlite3", "ssl", "http.client", "logging", "asyncio", "hashlib", "httpx", "requests"}
    assert not {name for name in loaded if name.startswith("apitrail.")} - {
        "apitrail.exchange",
        "apitrail.recorder",
        "apitrail.recorder.context",
        "apitrail.recorder.losses",
        "apitrail.recorder.rules",
    }


def test_recording_needs_msgspec_and_the_standard_library_only() -> None:
    code = """
import json, sys, tempfile, apitrail, apitrail.testing, apitrail.recorder.webhooks.asgi
with tempfile.TemporaryDirectory() as folder:
    apitrail.configure("http://127.0.0.1:9", "t", spool=folder, flush_at_exit=0)
    apitrail.not_sent("label.create", "no address")
    apitrail.flush(0.1)
known = set(sys.stdlib_module_names) | {"apitrail", "msgspec", "__main__"}
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} - known)))
"""
    others = json.loads(subprocess.check_output([sys.executable, "-I", "-c", code], text=True))
    # typing_extensions is taken by msgspec where it is there; the rest is how this test environment starts Python.
    assert [name for name in others if not name.startswith(("_", "typing_extensions", "sitecustomize"))] == []


def test_the_version_is_that_of_the_package() -> None:
    assert importlib.import_module("importlib.metadata").version("apitrail") == apitrail.__version__
