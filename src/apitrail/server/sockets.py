"""The two sockets of a server: TCP for the network, and a Unix socket in the data folder for the commands.

A path of a Unix socket may be 107 bytes long on Linux (103 elsewhere). A longer one is reached through the folder's
descriptor where the system shows those as paths (`/proc/self/fd`), for binding and for connecting alike.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apitrail.server.problems import Problem

SOCKET_FILE = "apitrail.sock"
_PATH_BYTES = 107 if sys.platform == "linux" else 103
_BACKLOG = 1024
_DESCRIPTORS = Path("/proc/self/fd")
_PROBE_S = 5.0


def allow_many() -> None:
    """Lets this process have as many files and connections as the system allows it; the usual 1,024 are few."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Problem where the address or port cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        # An answer is written in two parts, and without this the second waits for the client's acknowledgement of the
        # first: 40 ms. asyncio sets it on sockets that name their protocol, which these do not. Accepted ones inherit.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fix = "Stop what listens there, or choose another with --port (0 takes a free one)."
            raise Problem(f"is in use on {host}", field="port", value=port, fix=fix) from error
        if error.errno == errno.EACCES:
            raise Problem(
                "may not be used by this user", field="port", value=port, fix="Choose a port above 1023."
            ) from error
        raise Problem(
            f"cannot be listened on ({error.strerror or error})",
            field="host",
            value=host,
            fix="Give an address of this machine: 127.0.0.1, ::1, 0.0.0.0, or a name of it.",
        ) from error


def listen_unix(folder: Path) -> socket.socket:
    """A listening socket that only this user can reach. One left behind by a killed server is replaced.

    Raises Problem where another server answers on it, or where it cannot be made.
    """
    path = folder / SOCKET_FILE
    answering = connect_unix(folder, _PROBE_S)
    if answering is not None:
        answering.close()
        raise Problem(
            "is used by a server that is running",
            field="data",
            value=folder,
            fix="Stop that server, or give this one another folder.",
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            path.unlink()
        with _address(folder) as address:
            listener.bind(address)
        # Nobody can connect before listen(), so nobody slips in before the mode is set.
        path.chmod(0o600)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Problem(
            f"cannot hold a Unix socket ({error.strerror or error})",
            field="data",
            value=folder,
            fix="Use a folder on a local disk of this machine that this user may write to.",
        ) from error
    return listener


def connect_unix(folder: Path, timeout: float) -> socket.socket | None:
    """A connection to the server on this folder; None where none answers. Raises Problem for a path too long."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(timeout)
    try:
        with _address(folder) as address:
            client.connect(address)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        client.close()
        return None
    except PermissionError as error:
        client.close()
        raise Problem(
            "belongs to another user",
            field="data",
            value=folder,
            fix="Run this command as the user who runs the server.",
        ) from error
    except BaseException:
        client.close()
        raise
    return client


def remove_unix(folder: Path) -> None:
    """Takes the socket's file away; one that is gone already is fine."""
    with suppress(OSError):
        (folder / SOCKET_FILE).unlink()


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """What to bind or connect to: the socket's path, or a short one that leads to the same place."""
    path = str(folder.absolute() / SOCKET_FILE)
    if len(os.fsencode(path)) <= _PATH_BYTES:
        yield path
        return
    if not _DESCRIPTORS.is_dir():
        raise Problem(
            f"is too long for a Unix socket ({_PATH_BYTES} bytes with /{SOCKET_FILE})",
            field="data",
            value=folder,
            fix="Use a folder with a shorter path.",
        )
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"{_DESCRIPTORS}/{descriptor}/{SOCKET_FILE}"
    finally:
        os.close(descriptor)
