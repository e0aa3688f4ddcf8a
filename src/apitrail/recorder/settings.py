"""What can be set in the recorder, in one table.

`SETTINGS` is what the docs and `configure` speak of: name, default, unit, environment variable, and what happens
at the limit. `Settings` holds the values of one process; a test keeps the two together.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


SAID = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False, "off": False}


class Setting(NamedTuple):
    """One row of the table."""

    name: str
    default: object
    unit: str
    environment: str | None
    meaning: str
    """What it does, what happens at the limit, and why the default is what it is."""


SETTINGS = (
    Setting("url", None, "URL", "APITRAIL_URL", "The address of the server. Without one, exchanges wait in the spool."),
    Setting(
        "token",
        None,
        "text",
        "APITRAIL_TOKEN",
        "Sent to the server as a bearer token. If it is refused, the spool is kept.",
    ),
    Setting(
        "spool",
        None,
        "folder",
        "APITRAIL_SPOOL",
        "Where exchanges wait. Default: apitrail under $XDG_STATE_HOME or ~/.local/state; if that cannot be "
        "written, a folder for this user under the temporary folder.",
    ),
    Setting(
        "body_limit",
        5 * MIB,
        "bytes",
        None,
        "A body up to this size is kept whole. Of a larger one, head and tail (`body_edge` each), true size and "
        "SHA-256 are kept. The default has room for pages of orders and for labels as PDF.",
    ),
    Setting(
        "body_edge",
        256 * KIB,
        "bytes",
        None,
        "How much is kept of each end of a body over `body_limit`: the beginning shows what it is, the end how it "
        "ended.",
    ),
    Setting(
        "spool_limit",
        GIB,
        "bytes",
        None,
        "The largest size of encoded exchanges in the spool. Beyond it, the oldest are dropped and counted as "
        "`spool_full`. The default holds some 100,000 calls with 4 KB each way, that is, hours of an outage.",
    ),
    Setting(
        "durable",
        False,
        "yes or no",
        "APITRAIL_DURABLE",
        "A call returns only when its exchange is in the spool and on the disk (fsync), so that none is lost by a kill "
        "or a power cut. Each call waits for the disk, some milliseconds, and five seconds at most: more than most "
        "programs would accept.",
    ),
    Setting(
        "in_flight_limit",
        32 * MIB,
        "bytes",
        None,
        "How much is held in memory between a call and the spool. Beyond it, bodies are cut to their ends, and "
        "exchanges are dropped and counted as `in_flight_full`. Even a small container can spare the default.",
    ),
    Setting(
        "flush_at_exit",
        3.0,
        "seconds",
        None,
        "How long the interpreter's exit may wait for the server. Whatever is not sent by then stays in the spool, "
        "so that a restart need not wait for a server that is away.",
    ),
    Setting(
        "redact_names",
        (),
        "names",
        None,
        "Names of headers, parameters and fields to mask in addition to the known ones.",
    ),
    Setting(
        "redact",
        (),
        "rules",
        None,
        "Your own rules, `apitrail.Rule`: by name, header, JSON path, regular expression or function, or as the only "
        "fields to keep.",
    ),
    Setting(
        "personal",
        False,
        "yes or no",
        "APITRAIL_PERSONAL",
        "Also mask personal data: the fields that the profiles of platforms declare, in calls to those platforms. "
        "Off by default, because whoever searches for a customer's order needs these data.",
    ),
    Setting(
        "service",
        None,
        "text",
        "APITRAIL_SERVICE",
        "The name of this program in the log. Default: its file name, or the package of `python -m`.",
    ),
    Setting(
        "linger",
        0.05,
        "seconds",
        None,
        "How long the worker collects exchanges before it spools them together: one wake-up and one commit for many.",
    ),
    Setting(
        "batch_bytes",
        MIB,
        "bytes",
        None,
        "The largest size of encoded exchanges in one request, though never less than one exchange. Proxies often "
        "accept no more.",
    ),
    Setting(
        "batch_exchanges",
        1000,
        "exchanges",
        None,
        "The largest number in one request, so that little has to be sent again.",
    ),
    Setting(
        "timeout",
        10.0,
        "seconds",
        None,
        "How long one request to the server may take; after that, the recorder waits and sends it again. Even a busy "
        "server answers sooner.",
    ),
)


class Settings(Struct, frozen=True, kw_only=True):
    """The values of one process."""

    url: str | None = None
    token: str | None = None
    spool: str | None = None
    body_limit: int = 5 * MIB
    body_edge: int = 256 * KIB
    spool_limit: int = GIB
    durable: bool = False
    in_flight_limit: int = 32 * MIB
    flush_at_exit: float = 3.0
    redact_names: tuple[str, ...] = ()
    redact: tuple[Any, ...] = ()
    personal: bool = False
    service: str | None = None
    linger: float = 0.05
    batch_bytes: int = MIB
    batch_exchanges: int = 1000
    timeout: float = 10.0


def settings_from(given: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """What was given, else the environment, else the default.

    Raises ValueError naming the setting, its value and what would be right: this runs at start-up, where an error
    is cheap. Nothing later raises.
    """
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        value = given.get(setting.name)
        if value is None and setting.environment:
            value = environment.get(setting.environment) or None
        if value is not None:
            values[setting.name] = _checked(setting, value)
    unknown = set(given) - {setting.name for setting in SETTINGS}
    if unknown:
        raise ValueError(
            f"apitrail has no setting {sorted(unknown)[0]!r}; it has {', '.join(s.name for s in SETTINGS)}"
        )
    settings = Settings(**values)
    if 2 * settings.body_edge > settings.body_limit:
        raise ValueError(
            f"body_edge is {settings.body_edge} bytes: head and tail together must fit into body_limit, "
            f"{settings.body_limit} bytes. Give a body_edge of at most {settings.body_limit // 2}."
        )
    return settings


def _checked(setting: Setting, value: Any) -> Any:
    name = setting.name
    if name == "redact_names":
        if isinstance(value, str):
            raise ValueError(f"redact_names is {value!r}: give a list of names, such as [{value!r}]")
        return tuple(str(one) for one in value)
    if name == "redact":
        from apitrail.recorder.redaction.own import rules_of  # dear to import, and most programs have none

        return rules_of(value)
    if isinstance(setting.default, bool):
        if isinstance(value, str) and value.lower() in SAID:
            return SAID[value.lower()]
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}: give True or False, in the environment yes or no")
        return value
    if isinstance(setting.default, (int, float)):
        least = 1 if setting.unit in ("bytes", "exchanges") and name != "body_edge" else 0
        if name == "timeout" and value == 0:
            raise ValueError("timeout is 0: give a number of seconds above 0, for the server needs some to answer")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < float("inf"):
            raise ValueError(f"{name} is {value!r}: give a number of {setting.unit}, {least} or more")
        return int(value) if isinstance(setting.default, int) else float(value)
    if name == "spool":
        return os.fspath(Path(value).expanduser())
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}: give {setting.unit} as a string")
    if name == "url":
        return _checked_url(value)
    if name == "token" and not (value.isascii() and value.isprintable()):
        raise ValueError("token holds characters that no HTTP header may carry: give it as the server printed it")
    return value


def _checked_url(value: str) -> str:
    value = value.strip()  # as it is where it was read from a file
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, half an IPv6 address
        whole = False
    if not whole or "@" in parts.netloc or " " in value or not value.isprintable():
        # Where it may carry a password or a token, the value is not shown.
        shown = "must" if "@" in value or "?" in value else f"is {value!r}: it must"
        raise ValueError(
            f"url {shown} be like http://127.0.0.1:8700 or https://logs.example.com, without user, password and "
            "blanks, and a port is at most 65535"
        )
    return value.rstrip("/")


def default_spool_folders() -> list[Path]:
    """Where the spool may lie, best first. The second is for accounts without a home that can be written."""
    state = os.environ.get("XDG_STATE_HOME")
    home = Path(state) if state else Path("~/.local/state").expanduser()
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    try:
        shared = tempfile.gettempdir()
    except FileNotFoundError:  # nothing at all can be written, as in a container whose disk is read only
        shared = "/tmp"  # noqa: S108 - named, not used
    return [home / "apitrail", Path(shared) / f"apitrail-{owner}"]


def program_name() -> str:
    """The file name of the running program: `gunicorn`, `manage.py`, the package of `python -m`; `python` for none."""
    given = sys.argv[0] if getattr(sys, "argv", None) else ""
    if given == "-m":  # while the package that is run is imported; later it is the path of its __main__.py
        asked = sys.orig_argv
        module = asked[asked.index("-m") + 1] if "-m" in asked[:-1] else ""
        return module.removesuffix(".__main__") or "python"
    if given in ("", "-c"):
        return "python"
    path = Path(given)
    return path.parent.name if path.name == "__main__.py" and path.parent.name else path.name
