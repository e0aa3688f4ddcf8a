"""HTTP to a server: by the Unix socket in its data folder, or by its URL."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from apitrail.server.problems import FaultAnswer, Problem
from apitrail.server.sockets import connect_unix

TIMEOUT_S = 120.0
"""A batch is answered when it is durable, which may take its time on a slow disk."""
PATIENCE_S = 60.0
"""How long a server that asks to wait (429, 503) is waited for."""
_WAIT_MOST_S = 5.0

T = TypeVar("T")


class Connection:
    """One kept connection. Not for several threads."""

    def __init__(self, wire: http.client.HTTPConnection, name: str, prefix: str = "", token: str = "") -> None:
        self._wire = wire
        self._name = name
        self._prefix = prefix
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        body: bytes | None = None,
        content_type: str = "application/json",
        query: str = "",
    ) -> T:
        """The answer's JSON as `kind`. `query` is the query string, encoded.

        Waits and sends again while the server asks for it, up to PATIENCE_S.

        Raises Problem with the server's own words, or where it cannot be reached.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            address = quote(path) + (f"?{query}" if query else "")
            status, retry_after, answer = self._send(method, address, body, content_type)
            if status == 200:
                return _decode(answer, kind, self._name)
            problem = _problem(status, answer, self._name)
            if status not in (429, 503) or time.monotonic() + retry_after > deadline:
                raise problem
            time.sleep(retry_after)

    def close(self) -> None:
        """Closes it."""
        self._wire.close()

    def _send(self, method: str, address: str, body: bytes | None, content_type: str) -> tuple[int, float, bytes]:
        headers = {**self._headers, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            self._wire.request(method, self._prefix + address, body, headers)
            response = self._wire.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._wire.close()
            raise Problem(
                f"the server does not answer ({error or type(error).__name__})",
                field="url",
                value=self._name,
                fix="Check whether it is running, then run the command again: nothing is stored twice.",
                status=503,
            ) from error
        return response.status, _wait(response.getheader("Retry-After")), answer


def to_folder(folder: Path) -> Connection | None:
    """A connection to the server that runs on this data folder; None where none does."""
    probe = connect_unix(folder, TIMEOUT_S)
    return None if probe is None else at_folder(folder, probe)


def at_folder(folder: Path, connected: socket.socket | None = None) -> Connection:
    """A connection to the server that will run on this data folder; each call says whether one does."""
    return Connection(_UnixConnection(folder, connected), f"the server on {folder}")


def to_url(url: str, token: str) -> Connection:
    """A connection to a server elsewhere. Raises Problem for what is not a URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in ("http", "https"):
        raise Problem(
            "is not the URL of a server", field="--url", value=url, fix="Write it as https://log.example:8700."
        )
    wire = (
        http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    )
    return Connection(wire, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.rstrip("/"), token)


class _UnixConnection(http.client.HTTPConnection):
    """http.client over a Unix socket."""

    def __init__(self, folder: Path, connected: socket.socket | None) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._folder = folder
        self._connected = connected

    def connect(self) -> None:
        """The first time by the connection that showed that a server is there."""
        found = self._connected or connect_unix(self._folder, TIMEOUT_S)
        self._connected = None
        if found is None:
            raise ConnectionRefusedError("none is running")
        self.sock = found


def _decode(answer: bytes, kind: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(answer, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Problem(
            f"this is not the answer of an Apitrail server ({error})",
            field="url",
            value=name,
            fix="Check what is listening there.",
        ) from error


def _problem(status: int, answer: bytes, name: str) -> Problem:
    try:
        fault = msgspec.json.decode(answer, type=FaultAnswer).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Problem(
            f"answered {status}", field="url", value=name, fix="Check what is listening there.", status=status
        )
    return Problem(fault.reason, field=fault.field, value=fault.value, fix=fault.fix, status=status)


def _wait(retry_after: Any) -> float:
    return min(float(retry_after), _WAIT_MOST_S) if str(retry_after).isdecimal() else 1.0
