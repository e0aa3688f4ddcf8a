"""The address of a ClickHouse server or cluster, taken apart.

`clickhouse://user:password@host1:8123,host2/database?cluster=NAME`; `clickhouses://` (also `https://`) for TLS. What
means something in an address is percent-encoded in it. User and password may come from the environment instead, where
they do not stand in a process list: `APITRAIL_STORE_USER`, `APITRAIL_STORE_PASSWORD`, or the path of a file that holds
the password, `APITRAIL_STORE_PASSWORD_FILE`. What the address says goes before the environment.

Options, after `?`: `cluster` (a name of the server's `remote_servers`), `ca` (a PEM file of the authority that signed
the servers' certificates, where the system does not know it), `quorum` (how many replicas must have an insert before it
is acknowledged; with `cluster` alone).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from apitrail.store.model import StoreError

SCHEMES = {"clickhouse": False, "http": False, "clickhouses": True, "https": True}
"""Scheme to TLS."""
EXAMPLE = "clickhouse://user:password@host:8123/database"
USER = "APITRAIL_STORE_USER"
PASSWORD = "APITRAIL_STORE_PASSWORD"  # noqa: S105, a variable's name
PASSWORD_FILE = "APITRAIL_STORE_PASSWORD_FILE"  # noqa: S105, the same
OPTIONS = ("cluster", "ca", "quorum")

# RFC 3986, appendix B, without a fragment. Python's own splitter takes one host: with several, of which one is an IPv6
# address, its later versions raise.
_PARTS = re.compile(r"([A-Za-z]+)://([^/?#]+)([^?#]*)(?:\?([^#]*))?")
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/?#,\s]+))(?::(\d{1,5}))?")


class Address(Struct, frozen=True):
    """Where a log is, and as whom to ask there."""

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    database: str
    user: str
    password: str
    cluster: str = ""
    ca: str = ""
    quorum: int = 0

    @property
    def secure(self) -> bool:
        """Whether by TLS."""
        return SCHEMES[self.scheme]

    @property
    def place(self) -> str:
        """For messages: without user and password."""
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{hosts}/{self.database}" + (f"?cluster={self.cluster}" if self.cluster else "")


def read(address: str, environment: Mapping[str, str]) -> Address:
    """The address. Raises StoreError, without the password in it."""
    shown = re.sub(r"//[^@/]*@", "//", address)
    parts = _PARTS.fullmatch(address.strip())
    scheme = parts[1].lower() if parts else ""
    if parts is None or scheme not in SCHEMES:
        raise StoreError(f"{shown}: this is not the address of a store. Write it as {EXAMPLE}")
    credentials, _, hosts = parts[2].rpartition("@")
    user, colon, password = credentials.partition(":")
    options = _options(shown, parts[4] or "")
    database = unquote(parts[3].strip("/")) or "apitrail"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", database):
        raise StoreError(
            f"{shown}: the database is {database!r}; its name may contain only letters, digits and underscores"
        )
    port = 8443 if SCHEMES[scheme] else 8123
    return Address(
        scheme,
        tuple(_host(shown, text, port) for text in hosts.split(",")),
        database,
        unquote(user) or environment.get(USER, "") or "default",
        unquote(password) if colon else _password(environment),
        options.get("cluster", ""),
        _ca(shown, options.get("ca", "")),
        _quorum(shown, options),
    )


def _host(shown: str, text: str, port: int) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    if found is None or not 0 < int(found[3] or port) < 1 << 16:
        raise StoreError(f"{shown}: {text!r} is not a host, with or without a port. Write the address as {EXAMPLE}")
    return found[1] or found[2], int(found[3] or port)


def _options(shown: str, query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in OPTIONS:
            raise StoreError(f"{shown}: {name!r} is not an option. Use one of: {', '.join(OPTIONS)}")
    if "cluster" in options and not re.fullmatch(r"[A-Za-z0-9_-]+", options["cluster"]):
        raise StoreError(
            f"{shown}: cluster is {options['cluster']!r}; it may contain only letters, digits, underscores and dashes"
        )
    return options


def _ca(shown: str, path: str) -> str:
    if path and not Path(path).is_file():
        raise StoreError(f"{shown}: ca is {path!r}, and this file does not exist. Name a PEM file")
    return path


def _quorum(shown: str, options: Mapping[str, str]) -> int:
    text = options.get("quorum", "0")
    if not re.fullmatch(r"\d", text) or (text != "0" and not options.get("cluster")):
        raise StoreError(f"{shown}: quorum is {text!r}; give a number of replicas (0 to 9), and the option cluster")
    return int(text)


def _password(environment: Mapping[str, str]) -> str:
    path = environment.get(PASSWORD_FILE, "")
    if not path or PASSWORD in environment:
        return environment.get(PASSWORD, "")
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{PASSWORD_FILE} is {path!r}, and this file cannot be read ({error}). Name a readable file"
        ) from error
