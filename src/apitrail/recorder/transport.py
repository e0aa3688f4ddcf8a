"""Carries a batch to the server: by `http.client`, directly and not through the environment's proxies."""

from __future__ import annotations

import http.client
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

PATH = "/api/v1/exchanges"
ANSWER_LIMIT = 16 * 1024 * 1024


class Answer(NamedTuple):
    """What the server said."""

    status: int
    body: bytes
    retry_after: float | None = None


class Transport(Protocol):
    """Carries one batch. Raises OSError or http.client.HTTPException where no answer came."""

    def open(self) -> None:
        """Make sure that there is a connection."""

    def post(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send, and read the answer whole."""

    def close(self) -> None:
        """Close the connection."""


class HttpTransport:
    """One kept-alive connection to the server."""

    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port
        self._path = parts.path.rstrip("/") + PATH
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send; once more on a new connection where the kept one turns out to be closed."""
        kept = self._connection is not None
        try:
            return self._post(body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if not kept:
                raise
            return self._post(body, headers)

    def open(self) -> None:
        """Connect, unless a connection is kept."""
        try:
            connection = self._connection or self._connect()
            if connection.sock is None:
                connection.connect()
        except BaseException:
            self.close()
            raise

    def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            connection = self._connection or self._connect()
            connection.request("POST", self._path, body, headers)
            answer = connection.getresponse()
            content = answer.read(ANSWER_LIMIT)
            if answer.will_close or not answer.isclosed():
                self.close()
            return Answer(answer.status, content, _seconds(answer.getheader("Retry-After")))
        except BaseException:
            self.close()
            raise

    def _connect(self) -> http.client.HTTPConnection:
        if self._secure:
            self._connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=ssl.create_default_context()
            )
        else:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        return self._connection

    def close(self) -> None:
        """Close the connection; the next `post` opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in either of its forms (RFC 9110 §10.2.3)."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
