"""A stand-in for a ClickHouse server: its HTTP interface, with the real engine (chDB) behind it.

No server binary can be installed where the tests run. What is imitated is the HTTP shell only: how a statement,
its parameters and settings come in, and how answers, summaries and errors go out. What happens to the data is
ClickHouse's own doing. Replication, users and a cluster's tables are not covered.

Run as a program with a folder, a user and a password; it prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

# What the interface itself understands; all other parameters are settings of the statement.
OWN = {
    "database",
    "query",
    "default_format",
    "session_id",
    "query_id",
    "client_protocol_version",
    "compress",
    "decompress",
    "enable_http_compression",
    "wait_end_of_query",
    "send_progress_in_http_headers",
    "http_headers_progress_interval_ms",
    "buffer_size",
    "role",
    "quota_key",
}
INSERT = re.compile(r"(INSERT INTO .*\))\s+FORMAT\s+(\w+)\s*", re.DOTALL)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*$", re.IGNORECASE)


class Shell(BaseHTTPRequestHandler):
    """One request. Each has a connection of its own to the engine, as each has a context of its own in a server."""

    protocol_version = "HTTP/1.1"
    folder = ""
    authorization = ""

    def do_GET(self) -> None:
        """A ping, or a statement in the address."""
        self.answer(b"")

    def do_POST(self) -> None:
        """A statement, with data or parameters in the body."""
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def answer(self, body: bytes) -> None:
        """Run the statement and send what the engine says."""
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get("Authorization") != self.authorization:
            self.reply(403, b"Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)", code=516)
            return
        if self.headers.get_content_type() == "multipart/form-data":
            given |= form(self.headers["Content-Type"], body)
            body = b""
        statement = given.get("query", "")
        if "query" not in given:
            first, _, rest = body.partition(b"\n")
            whole = not INSERT.fullmatch(first.decode())  # data begins on the line after an insert's FORMAT
            statement, body = (body.decode(), b"") if whole else (first.decode(), rest)
        connection: Any = chdb.connect(self.folder)
        try:
            if "database" in given:
                connection.query(f"USE `{given['database']}`")
            for name, value in given.items():
                if name not in OWN and not name.startswith("param_"):
                    connection.query(f"SET {name} = '{value}'")
            insert = INSERT.fullmatch(statement)
            if insert:
                stream = connection.send_insert(insert[1], insert[2])
                stream.append(body)
                rows = stream.finish().rows_written
                self.reply(200, b"", summary={"written_rows": str(rows)})
                return
            params = {name.removeprefix("param_"): value for name, value in given.items() if name[:6] == "param_"}
            result = connection.query(statement, "TabSeparated", params=params)
            summary = {"read_rows": str(result.rows_read()), "read_bytes": str(result.bytes_read())}
            shape = FORMAT.search(statement)
            self.reply(200, result.bytes() or b"", shape=shape[1] if shape else "TabSeparated", summary=summary)
        except RuntimeError as error:
            text = str(error)
            code = re.search(r"Code: (\d+)", text)
            self.reply(500, text[text.find("Code: ") :].encode(), code=int(code[1]) if code else 0)
        finally:
            connection.close()

    def reply(
        self, status: int, body: bytes, *, shape: str = "", summary: dict[str, str] | None = None, code: int = 0
    ) -> None:
        """Send an answer, or an error with its code."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        if shape:
            self.send_header("X-ClickHouse-Format", shape)
        if summary:
            self.send_header("X-ClickHouse-Summary", json.dumps(summary))
        if code:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing: standard error is for what goes wrong."""


def form(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a multipart form."""
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields[name] = payload.decode()
    return fields


def main(folder: str, user: str, password: str) -> None:
    """Serve until standard input ends."""
    Shell.folder = folder
    Shell.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    keep = chdb.connect(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shell)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()
    keep.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
