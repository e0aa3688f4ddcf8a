"""What is patched, when, and that nothing stays behind."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import types
import urllib.request
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import requests
import urllib3

import apitrail
from apitrail import testing
from apitrail.recorder import clients, losses
from apitrail.recorder.clients import available
from apitrail.recorder.clients.patch import Patch

PLACES: tuple[tuple[type, str], ...] = (
    (http.client.HTTPConnection, "putrequest"),
    (http.client.HTTPConnection, "send"),
    (http.client.HTTPConnection, "getresponse"),
    (urllib.request.OpenerDirector, "open"),
    (urllib3.PoolManager, "urlopen"),
    (urllib3.HTTPConnectionPool, "urlopen"),
    (urllib3.HTTPSConnectionPool, "_validate_conn"),
    (requests.Session, "send"),
    (httpx.Client, "send"),
    (httpx.AsyncClient, "send"),
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (requests.adapters.HTTPAdapter, "send"),
)


def there() -> list[Any]:
    return [vars(owner)[name] for owner, name in PLACES]


def test_uninstrument_leaves_the_very_same_objects() -> None:
    before, finders = there(), list(sys.meta_path)
    with testing.recording():
        assert all(ours is not own for ours, own in zip(there(), before, strict=True))
    assert all(now is own for now, own in zip(there(), before, strict=True))
    assert sys.meta_path == finders


def test_instrumenting_twice_patches_once(log: testing.Log) -> None:
    once = there()
    assert apitrail.instrument() == available()
    assert all(now is before for now, before in zip(there(), once, strict=True))


def test_a_name_that_is_not_supported_is_named_with_what_is() -> None:
    with pytest.raises(ValueError, match="cannot record 'htpx'; it can record httpx, httpx2, aiohttp, requests"):
        apitrail.instrument("htpx")


def test_another_patch_on_top_of_ours_survives_and_ours_falls_silent() -> None:
    class Library:
        def send(self) -> str:
            return "sent"

    heard: list[str] = []

    def wrap(original: Any, patch: Patch) -> Any:
        def ours(self: Any) -> Any:
            if patch.on:
                heard.append("ours")
            return original(self)

        return ours

    own = vars(Library)["send"]
    patch = Patch(Library, "send", wrap)
    patch.install()
    below = vars(Library)["send"]
    Library.send = lambda self: heard.append("theirs") or below(self)  # type: ignore[method-assign, func-returns-value]
    assert Library().send() == "sent"
    patch.remove()
    assert Library().send() == "sent"
    assert heard == ["theirs", "ours", "theirs"]
    patch.install()
    Library().send()
    assert heard == ["theirs", "ours", "theirs", "theirs", "ours"]
    Library.send = below  # type: ignore[method-assign]
    patch.remove()
    assert vars(Library)["send"] is own


class Binding:
    """As wrapt's FunctionWrapper, which claims to be a function: who replaces methods by it is told of the instance."""

    def __init__(self, function: Any, heard: list[Any]) -> None:
        self._function = function
        self._heard = heard

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return types.FunctionType

    def __get__(self, instance: Any, owner: type) -> Any:
        self._heard.append(instance)
        return types.MethodType(self._function, instance)


def test_a_method_that_was_replaced_before_us_by_an_object_is_bound_to_its_instance() -> None:
    # So OpenTelemetry and ddtrace do it, and they mostly come first: `opentelemetry-instrument`, `ddtrace-run`.
    class Library:
        def send(self, what: str) -> tuple[Any, str]:
            return self, what

        mocked = Mock(return_value="mocked")

    heard: list[Any] = []
    own = Library.send = Binding(vars(Library)["send"], heard)  # type: ignore[assignment, method-assign]
    sending = Patch(Library, "send", lambda original, patch: lambda self, what: original(self, what))
    mocking = Patch(Library, "mocked", lambda original, patch: lambda self, what: original(self, what=what))
    sending.install()
    mocking.install()
    library = Library()
    assert (library.send("order"), heard) == ((library, "order"), [library])
    assert library.mocked("order") == "mocked"
    sending.remove()
    mocking.remove()
    assert vars(Library)["send"] is own
    Library.mocked.assert_called_once_with(what="order")  # as it is called in a class: without an instance


def run(code: str, tmp_path: Any) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env={"APITRAIL_SPOOL": str(tmp_path), "PATH": "", "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_library_is_not_imported_by_us_and_is_patched_when_the_host_does(tmp_path: Any) -> None:
    code = """
import sys, apitrail
assert {"httpx", "requests", "urllib3", "urllib.request", "http.client"} <= set(apitrail.instrument())
assert "httpx" not in sys.modules and "requests" not in sys.modules
import httpx, inspect
assert hasattr(httpx.HTTPTransport.handle_request, "__wrapped__")
assert type(httpx.__loader__).__name__ == "SourceFileLoader" and httpx.__spec__.loader is httpx.__loader__
assert inspect.getsource(httpx)
assert "requests" not in sys.modules
apitrail.uninstrument()
assert not hasattr(httpx.HTTPTransport.handle_request, "__wrapped__")
import requests
assert not hasattr(requests.adapters.HTTPAdapter.send, "__wrapped__")
assert all("apitrail" not in type(finder).__module__ for finder in sys.meta_path)
print("well")
"""
    assert run(code, tmp_path) == "well"


def test_a_library_that_has_two_names_is_recorded_once(tmp_path: Any) -> None:
    pytest.importorskip("httpx2")
    code = """
import apitrail, httpx2
httpx2.alias_httpx()
own = httpx2.HTTPTransport.handle_request
assert {"httpx", "httpx2"} <= set(apitrail.instrument())
import httpx
assert httpx is httpx2 and httpx.HTTPTransport.handle_request.__wrapped__ is own
apitrail.uninstrument()
assert httpx.HTTPTransport.handle_request is own
print("well")
"""
    assert run(code, tmp_path) == "well"


def test_a_library_that_is_named_is_imported_and_patched(tmp_path: Any) -> None:
    code = """
import apitrail
apitrail.instrument("requests")
import sys, requests
assert hasattr(requests.adapters.HTTPAdapter.send, "__wrapped__") and "httpx" not in sys.modules
print("well")
"""
    assert run(code, tmp_path) == "well"


def test_modules_of_the_standard_library_are_patched_when_they_are_imported(tmp_path: Any) -> None:
    code = """
import sys, apitrail
apitrail.instrument()
assert "urllib.request" not in sys.modules
import urllib.request, http.client
assert hasattr(http.client.HTTPConnection.send, "__wrapped__")
assert hasattr(urllib.request.OpenerDirector.open, "__wrapped__")
assert apitrail.stats().losses == {}
print("well")
"""
    assert run(code, tmp_path) == "well"


def test_a_urllib3_that_sends_in_a_way_of_its_own_is_told_of(tmp_path: Any) -> None:
    # urllib3-future lies in place of urllib3 once niquests is installed, and does without http.client.
    made = tmp_path / "urllib3"
    made.mkdir()
    (made / "__init__.py").write_text("")
    (made / "connection.py").write_text("class HTTPConnection: pass")
    (made / "poolmanager.py").write_text("class PoolManager:\n    def urlopen(self): pass")
    pools = "class HTTPConnectionPool:\n    def urlopen(self): pass\nclass HTTPSConnectionPool:\n"
    (made / "connectionpool.py").write_text(pools + "    def _validate_conn(self): pass\n    _prepare_proxy = 1")
    code = f"""
import sys, apitrail
from apitrail.recorder import losses
apitrail.instrument()
sys.path.insert(0, {str(tmp_path)!r})
import urllib3
(told,) = losses.ledger.unreported()
assert (told.reason, told.count) == ("instrument_failed", 1), told
assert "urllib3 is replaced by urllib3-future" in told.text
import http.client
assert hasattr(http.client.HTTPConnection.send, "__wrapped__")
try:
    apitrail.instrument("urllib3")
except ValueError as error:
    print(error)
"""
    assert run(code, tmp_path).startswith("urllib3 is replaced by urllib3-future here")


@pytest.mark.parametrize("odd", [None, types.ModuleType("aiohttp")])
def test_a_library_that_cannot_be_imported_keeps_no_other_from_being_recorded(
    monkeypatch: pytest.MonkeyPatch, odd: types.ModuleType | None
) -> None:
    monkeypatch.delitem(sys.modules, "apitrail.recorder.clients.aiohttp", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", odd)
    before = there()
    with testing.recording():
        assert "aiohttp" not in clients.installed()
        assert all(ours is not own for ours, own in zip(there(), before, strict=True))
    assert (testing.losses_so_far().get("instrument_failed", 0) > 0) == (odd is not None)
    losses.begin_anew()
