"""`apitrail demo`: a server, sandbox platforms and a backend that calls them, until Ctrl-C.

Three children in the order in which data flows back: the server, the platforms, the backend. They stop in the
opposite order, so that the backend's last calls are shipped before the server goes. The log outlives the demo, in
the data folder; what else the demo keeps (token, spool, what the children wrote) lies in its folder `demo`.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from apitrail.demo.children import Child
from apitrail.demo.trade import ACCOUNTS

HOST = "127.0.0.1"
CLI = (sys.executable, "-m", "apitrail.cli")
CLIENTS = ("httpx", "requests", "easypost", "woocommerce")
START_S = 60.0
"""How long the server may take to answer for the first time: a large log on a slow disk takes its time."""


class CannotRun(Exception):
    """The demo cannot start or go on; the text says why and what to do."""


class Interrupted(Exception):
    """Somebody stopped the demo while it was starting."""


def demo(
    port: Annotated[int, typer.Option(help="Port of the server; 0 takes a free one.", min=0, max=65535)] = 8700,
    data: Annotated[Path, typer.Option(help="Data folder. It is kept, and used again by the next demo.")] = Path(
        ".demo"
    ),
    rate: Annotated[float, typer.Option(help="Calls per second, on average.", min=0.1, max=50)] = 3.0,
    seconds: Annotated[
        float | None, typer.Option("--for", help="End after this many seconds of steady traffic.", min=0)
    ] = None,
    calls: Annotated[int | None, typer.Option(help="End after this many calls of steady traffic.", min=0)] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Make each kind of call once, then only serve the page.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="The same seed makes the same traffic again. Default: a new one each time.")
    ] = None,
) -> None:
    """Show Apitrail working. A server with live sample traffic, on this machine alone, until Ctrl-C."""
    missing = [name for name in CLIENTS if find_spec(name) is None]
    if missing:
        typer.echo(
            f"apitrail demo: {', '.join(missing)} missing. Do this: pip install 'apitrail[server,demo]', "
            "from a checkout pip install '.[server,demo]'.",
            err=True,
        )
        raise typer.Exit(2)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    stage = Stage(data.absolute(), port, seed if seed is not None else secrets.randbelow(100_000), stop)
    try:
        stage.run(rate, 0 if once else seconds, calls, stay=once)
    except Interrupted:
        pass
    except CannotRun as error:
        typer.echo(f"apitrail demo: {error}", err=True)
        raise typer.Exit(1) from None
    finally:
        stage.strike()


class Stage:
    """The children, what they are told, and the folder of the demo."""

    def __init__(self, data: Path, port: int, seed: int, stop: threading.Event) -> None:
        self.data = data
        self.folder = data / "demo"
        self.port = port
        self.seed = str(seed)
        self.stop = stop
        """Set by a signal, and by the end of any child."""
        self.children: list[Child] = []

    def run(self, rate: float, seconds: float | None, calls: int | None, stay: bool) -> None:
        """Start all, then wait. `stay`: go on serving the page when the traffic has ended."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.port = free_port(self.port)
        url = f"http://{HOST}:{self.port}"
        typer.echo("Apitrail demo: starting the server, the sandbox platforms and the traffic …")

        command = [
            sys.executable,
            "-m",
            "apitrail.demo.tethered",
            "apitrail.cli",
            "serve",
            "--data",
            str(self.data),
            "--host",
            HOST,
            "--port",
            str(self.port),
        ]
        server = self.start("server", command)
        self.wait_for(lambda: answers(self.port), server)
        token = self.token()
        if not register(self.port, token):
            raise CannotRun(f"the server did not take the integrations:\n{server.last_words()}")

        command = [sys.executable, "-m", "apitrail.demo.sandbox", "--seed", self.seed]
        platforms = self.start("platforms", command, output=True)
        urls = platforms.line()
        if not urls:
            raise CannotRun(f"the sandbox platforms did not start:\n{platforms.last_words()}")

        command = [sys.executable, "-m", "apitrail.demo.traffic", "--seed", self.seed, "--rate", str(rate)]
        command += [] if seconds is None else ["--seconds", str(seconds)]
        command += [] if calls is None else ["--calls", str(calls)]
        told = {
            "APITRAIL_URL": url,
            "APITRAIL_TOKEN": token,
            "APITRAIL_SPOOL": str(self.folder / "spool"),
            "APITRAIL_DEMO_PLATFORMS": urls,
        }
        traffic = self.start("traffic", command, told)

        count = len(json.loads(urls))
        typer.echo(f"  page     {url}")
        typer.echo(f"  traffic  about {rate:g} calls a second to {count} sandbox platforms, seed {self.seed}")
        typer.echo(f"  data     {self.data} (kept; delete it to start afresh)")
        typer.echo("  stop     Ctrl-C")
        self.attend(traffic, stay)

    def attend(self, traffic: Child, stay: bool) -> None:
        """Wait for a signal, for the traffic to end as it was asked to, or for a child to fail."""
        while True:
            self.stop.wait()
            if traffic in self.children and traffic.code == 0:
                self.children.remove(traffic)
                traffic.stop()
                self.stop.clear()
                if stay:
                    continue
                return
            with suppress(Interrupted):
                self.check()
            return

    def strike(self) -> None:
        """Stop what runs: last started, first stopped."""
        if self.children:
            typer.echo("Apitrail demo: stopping …")
        while self.children:
            self.children.pop().stop()

    def start(self, name: str, command: list[str], told: dict[str, str] | None = None, output: bool = False) -> Child:
        self.check()
        child = Child(name, command, environment() | (told or {}), self.folder / f"{name}.log", output)
        self.children.append(child)
        child.watch(self.stop)
        return child

    def check(self) -> None:
        """Go on only while all children run and nobody has asked to stop."""
        for child in self.children:
            if child.code is not None:
                raise CannotRun(f"the {child.name} ended by itself, code {child.code}:\n{child.last_words()}")
        if self.stop.is_set():
            raise Interrupted

    def wait_for(self, ready: Callable[[], bool], child: Child) -> None:
        deadline = time.monotonic() + START_S
        while not ready():
            self.stop.wait(0.05)
            self.check()
            if time.monotonic() > deadline:
                raise CannotRun(f"the {child.name} did not answer in {START_S:g} s:\n{child.last_words()}")

    def token(self) -> str:
        """The token of an earlier demo, if the server still takes it, or a new one; kept for this user alone."""
        path = self.folder / "token"
        if path.exists():
            token = path.read_text().strip()
            if accepted(self.port, token):
                return token
        made = subprocess.run(  # noqa: S603 - our own command
            [*CLI, "token", "create", "--data", str(self.data)],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = made.stdout.split()
        if made.returncode != 0 or not lines:
            raise CannotRun(f"no token could be made:\n{made.stderr.strip() or made.stdout.strip()}")
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(lines[-1] + "\n")
        return lines[-1]


def environment() -> dict[str, str]:
    """Ours, less what would lead the demo astray: another server's settings, and proxies for loopback addresses."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APITRAIL_")}
    return kept | {"NO_PROXY": f"{HOST},localhost", "no_proxy": f"{HOST},localhost", "PYTHONUNBUFFERED": "1"}


def free_port(wanted: int) -> int:
    """The port, if nobody has it. 0 finds a free one. Raises CannotRun."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise CannotRun(
                f"port {wanted} cannot be used ({error.strerror}). Another demo may be running: stop it, or choose "
                f"another port with --port {wanted + 1 if wanted < 65535 else 0}"
            ) from None
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether the server is ready."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def accepted(port: int, token: str) -> bool:
    """Whether the server takes batches under this token. An empty batch asks without storing anything."""
    return _told(port, token, "POST", "/api/v1/exchanges", {"exchanges": []})


def register(port: int, token: str) -> bool:
    """Tell the server which integrations the backend has, as a host system does. Whether it took them."""
    known = [
        {
            "id": account.id,
            "name": account.name,
            "side": account.kind,
            "platform": account.platform,
            "accounts": [account.login],
            "merchant": account.merchant.id if account.merchant else "",
        }
        for account in ACCOUNTS
    ]
    return _told(port, token, "PUT", "/api/v1/integrations", {"integrations": known})


def _told(port: int, token: str, method: str, path: str, document: object) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(document), headers)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
