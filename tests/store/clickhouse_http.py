"""A stand-in for a ClickHouse server: its HTTP interface, with the real engine (chDB) behind it.

No server binary can be installed where the tests run. What is imitated is the HTTP shell only: how a statement,
its parameters and settings come in, and how answers, summaries and errors go out. What happens to the data is
ClickHouse's own doing.

With a cluster, the engine is told of one by the name `solo`, of one shard that is itself: tables that are Distributed
over it, what is asked of all its replicas, and tokens of inserts are then the engine's own doing too. What the engine
in a process cannot do is left out of each statement: `ON CLUSTER` (there is no queue of such statements), Replicated
(there is no Keeper; the tables are plain, and remember the tokens of inserts as replicated ones do) and waiting for
replicas. Replication, more shards than one, and users are not covered.

Run as a program, with options; it prints a port for each of its doors. It reads commands, one a line: `shut N` (a door
answers no more), `deaf N` (it does what it is told, and breaks off instead of answering), `open N`. It ends when its
standard input does.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import ssl
import sys
import threading
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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
    "prefer_localhost_replica",  # the only replica is this process, which listens on no port of the engine's own
}
INSERT = re.compile(r"(INSERT INTO .*\))\s+FORMAT\s+(\w+)\s*", re.DOTALL)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*$", re.IGNORECASE)

CLUSTER = """<clickhouse>
  <tcp_port>9000</tcp_port>
  <remote_servers><solo><shard><internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica></shard></solo></remote_servers>
  <macros><shard>1</shard><replica>one</replica></macros>
  <merge_tree><non_replicated_deduplication_window>1000</non_replicated_deduplication_window></merge_tree>
</clickhouse>"""
ON_CLUSTER = re.compile(r" ON CLUSTER `\w+`")
REPLICATED = re.compile(r"ENGINE = Replicated(\w+)\('[^']*', '\{replica\}'(?:, )?")


class Shell(BaseHTTPRequestHandler):
    """One request. Each has a connection of its own to the engine, as each has a context of its own in a server."""

    protocol_version = "HTTP/1.1"
    folder = ""
    authorization = ""
    door: Door

    def do_GET(self) -> None:
        """A ping, or a statement in the address."""
        self.answer(b"")

    def do_POST(self) -> None:
        """A statement, with data or parameters in the body."""
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def answer(self, body: bytes) -> None:
        """Run the statement and send what the engine says."""
        if self.door.state == "shut":
            self.close_connection = True
            return
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
        statement = REPLICATED.sub(r"ENGINE = \1(", ON_CLUSTER.sub("", statement))
        if statement.startswith("SYSTEM SYNC REPLICA"):
            self.reply(200, b"")
            return
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
        if self.door.state == "deaf":
            self.close_connection = True
            return
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


class Door:
    """One port. `state` is open, shut or deaf."""

    def __init__(self, folder: str, authorization: str, tls: ssl.SSLContext | None) -> None:
        self.state = "open"
        shell = type("ShellOfDoor", (Shell,), {"folder": folder, "authorization": authorization, "door": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), shell)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("--doors", type=int, default=1)
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--certificate", default="", help="PEM: key and chain; the doors speak TLS")
    options = parser.parse_args()
    folder = options.folder
    if options.cluster:
        config = Path(folder).with_name("cluster.xml")
        config.write_text(CLUSTER)
        folder += f"?config-file={config}"
    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)
    authorization = "Basic " + base64.b64encode(f"{options.user}:{options.password}".encode()).decode()
    keep = chdb.connect(folder)
    doors = [Door(folder, authorization, tls) for _ in range(options.doors)]
    sys.stdout.write(" ".join(str(door.server.server_port) for door in doors) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        state, number = line.split()
        doors[int(number)].state = state
        sys.stdout.write("done\n")
        sys.stdout.flush()
    for door in doors:
        door.server.shutdown()
    keep.close()


if __name__ == "__main__":
    main()
