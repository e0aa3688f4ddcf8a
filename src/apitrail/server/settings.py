"""Every setting of the server, in one table: its flag, its environment variable, its documentation and what the
start-up block prints all come from the annotations of `Settings`.

A value is looked for as a flag, then in the environment (`APITRAIL_` and the name in capitals), then its default
holds. All three are read by the same parser, so that a wrong one is refused in the same words.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from apitrail.server.problems import Problem
from apitrail.store import MAX_SECONDS, MEMORY_LIMIT
from apitrail.store.retention import FOREVER, Keep

ENVIRONMENT_PREFIX = "APITRAIL_"

_UNITS = {"GiB": 1 << 30, "GB": 10**9, "MiB": 1 << 20, "MB": 10**6, "KiB": 1 << 10, "KB": 1000, "B": 1, "": 1}
_SIZE = re.compile(rf"(\d+)\s*({'|'.join(_UNITS)})", re.IGNORECASE)
_SIZE_UNITS = {name.lower(): factor for name, factor in _UNITS.items()}
_BYTES = "bytes, or with KiB, MiB, GiB, KB, MB, GB"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class Setting(Struct, frozen=True, kw_only=True):
    """What a person must know to change a setting."""

    about: str
    unit: str
    at_limit: str
    """What happens when the limit is reached or the value does not fit."""
    neighbour: str = ""
    """The setting to look at together with this one."""
    low: int | None = None
    high: int | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """How one server runs."""

    data: Annotated[
        Path,
        Setting(
            about="The data folder: the log itself (unless `store` is elsewhere), the key of the fingerprints of "
            "masked secrets, and the socket that the commands use. Made with mode 0700 if missing.",
            unit="folder",
            at_limit="One process owns it: a second one says so and ends.",
            neighbour="store",
        ),
    ] = Path("apitrail-data")
    host: Annotated[
        str,
        Setting(
            about="The address to listen on. Anything but a loopback address needs a read token to start.",
            unit="address or name",
            at_limit="An address that this machine does not have is refused at the start.",
            neighbour="require_token",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Setting(
            about="The TCP port to listen on; 0 takes a free one and prints it.",
            unit="port",
            at_limit="A port in use is refused at the start.",
            neighbour="host",
            low=0,
            high=65535,
        ),
    ] = 8700
    store: Annotated[
        str,
        Setting(
            about="Where the log is kept: empty for the engine within the server, with its files in the data folder; "
            "`clickhouse://user:password@host:8123/database` for a ClickHouse server, `clickhouse://user@host1,host2/"
            "database?cluster=NAME` for a cluster (see docs/scale.md), `clickhouses://` for TLS, with `ca=FILE` after "
            "the `?` for an authority of your own. User and password may stand in `APITRAIL_STORE_USER` and "
            "`APITRAIL_STORE_PASSWORD` instead, or the password in the file that `APITRAIL_STORE_PASSWORD_FILE` names.",
            unit="URL",
            at_limit="While it cannot be reached, recorders are told to keep what they have (503), and `/readyz` says "
            "why.",
            neighbour="data",
        ),
    ] = ""
    fingerprint_key_file: Annotated[
        str,
        Setting(
            about="A file with the key of the fingerprints of masked secrets, 32 bytes or as many in hex: for several "
            "servers on one log, which must have it in common. Empty: `fingerprint.key` in the data folder, made at "
            "the first start.",
            unit="file",
            at_limit="Without a readable key the server does not start. With another key, the same secret gets another "
            "fingerprint, and the same file imported again is stored again.",
            neighbour="store",
        ),
    ] = ""
    profiles: Annotated[
        str,
        Setting(
            about="A folder of platform profiles of your own, one subfolder per platform: they add to ours, or stand "
            "in the place of ours by the same name. Empty: ours alone. See docs/profiles.md.",
            unit="folder",
            at_limit="A profile that cannot be used stops the start with its file, its line and what to do. What is in "
            "the log stays as it was derived.",
        ),
    ] = ""
    link_templates: Annotated[
        tuple[str, ...],
        Setting(
            about="Where the pages of your own system are, by the type of a source or reference: "
            "`order=https://erp.example/orders/{id}`, `ec_account=https://erp.example/shops/{id}`. `{merchant}` and "
            "`{platform}` may stand beside `{id}`. Used where an entry, or the registered integration, has no link of "
            "its own.",
            unit="type=URL, by commas; a comma within a URL as %2C",
            at_limit="An address that is not http or https, or has an unknown placeholder, stops the start. Where "
            "{merchant} or {platform} is not known of an entry, there is no link.",
        ),
    ] = ()
    durable: Annotated[
        bool,
        Setting(
            about="Acknowledge a batch only when it is on the disk (fsync), so that it survives a power cut. Without, "
            "it survives the death of the process, but not of the machine.",
            unit="yes or no",
            at_limit="A batch waits for the disk before it is answered.",
            neighbour="data",
        ),
    ] = True
    memory: Annotated[
        int,
        Setting(
            about="How much memory the engine within the server may use.",
            unit=_BYTES,
            at_limit="A query that needs more ends with the advice to narrow its dates; nothing is lost.",
            neighbour="in_flight",
            low=256 << 20,
        ),
    ] = MEMORY_LIMIT
    readers: Annotated[
        int,
        Setting(
            about="How many queries run at once.",
            unit="queries",
            at_limit="Further ones wait for their turn.",
            neighbour="memory",
            low=1,
            high=64,
        ),
    ] = 4
    workers: Annotated[
        int | None,
        Setting(
            about="How many processes derive entries beside the server's own, each on a processor of its own and with "
            "about 50 MB. Empty: as many as there are processors, or none where there is but one. 0: the server does "
            "it by itself, which takes least memory.",
            unit="processes",
            at_limit="Further batches wait for the next that is free; see `in_flight`.",
            neighbour="in_flight",
            low=0,
            high=256,
        ),
    ] = None
    keep_success_bodies: Annotated[
        int,
        Setting(
            about="How many days the bodies of successful calls are kept. The entry itself, its references and its "
            "headers stay for `keep_entries`.",
            unit="days",
            at_limit="Bodies of the day before are removed, the whole day at once; the entry says that they have "
            "expired.",
            neighbour="keep_failure_bodies",
            low=1,
            high=FOREVER,
        ),
    ] = Keep().success_bodies
    keep_failure_bodies: Annotated[
        int,
        Setting(
            about="How many days the bodies of failed and partly failed calls are kept.",
            unit="days",
            at_limit="As with `keep_success_bodies`.",
            neighbour="keep_entries",
            low=1,
            high=FOREVER,
        ),
    ] = Keep().failure_bodies
    keep_entries: Annotated[
        int,
        Setting(
            about="How many days entries are kept, with their references.",
            unit="days",
            at_limit="The oldest day is removed as a whole. What is pinned stays.",
            neighbour="keep_integration",
            low=1,
            high=FOREVER,
        ),
    ] = Keep().entries
    keep_integration: Annotated[
        tuple[str, ...],
        Setting(
            about="Other times for single integrations, in the order of the three settings above: "
            "`ec:shopee-tw-01=30/180/800`, `shipping:ups-main=7/30/400`.",
            unit="side:id=days/days/days, by commas",
            at_limit="An entry of two integrations is kept as long as the longer says.",
            neighbour="keep_entries",
        ),
    ] = ()
    disk_budget: Annotated[
        int,
        Setting(
            about="How much disk the log may take; 0 for as much as there is. `apitrail stats` and the page Storage "
            "show when it will be met.",
            unit=_BYTES,
            at_limit="The oldest days go first, whole, and never today; what is pinned stays. What went is shown.",
            neighbour="keep_entries",
            low=0,
        ),
    ] = 0
    query_seconds: Annotated[
        int,
        Setting(
            about="How long one question to the log may take. Words in bodies over a long range take longest.",
            unit="seconds",
            at_limit="The question ends with the advice to narrow its dates (422).",
            neighbour="memory",
            low=1,
            high=600,
        ),
    ] = MAX_SECONDS
    export_limit: Annotated[
        int,
        Setting(
            about="How many entries one download (HAR, CSV, NDJSON) may hold.",
            unit="entries",
            at_limit="The newest are in it, and the page says how many are not. Narrow the dates for the others.",
            neighbour="query_seconds",
            low=1,
            high=10_000_000,
        ),
    ] = 100_000
    allow_host: Annotated[
        tuple[str, ...],
        Setting(
            about="Further host names by which a browser may read a loopback server without a token. Requests by "
            "other names are taken for an attack through the browser (DNS rebinding).",
            unit="host names, by commas",
            at_limit="A request by a name that is not listed needs a token.",
            neighbour="require_token",
        ),
    ] = ()
    require_token: Annotated[
        bool,
        Setting(
            about="Ask for a token to read on a loopback address too: for machines that several people use, and "
            "behind a proxy.",
            unit="yes or no",
            at_limit="Reading without a token or login is answered with 401.",
            neighbour="host",
        ),
    ] = False
    max_batch: Annotated[
        int,
        Setting(
            about="The largest batch that is taken, as sent and as unpacked.",
            unit=_BYTES,
            at_limit="A larger one is answered with 413; send smaller batches.",
            neighbour="max_exchanges",
            low=1 << 10,
        ),
    ] = 64 << 20
    max_exchanges: Annotated[
        int,
        Setting(
            about="How many exchanges one batch may hold.",
            unit="exchanges",
            at_limit="A larger batch is answered with 413; send smaller batches.",
            neighbour="max_batch",
            low=1,
        ),
    ] = 20_000
    in_flight: Annotated[
        int,
        Setting(
            about="How many bytes of batches, as sent, are worked on at once; never less than `max_batch`.",
            unit=_BYTES,
            at_limit="Further batches are answered with 429 and Retry-After; recorders keep them and come again.",
            neighbour="max_batch",
            low=1 << 10,
        ),
    ] = 128 << 20
    stop_timeout: Annotated[
        int,
        Setting(
            about="How long a stopping server waits for the requests that it has begun.",
            unit="seconds",
            at_limit="What is still running is cut off; recorders send unacknowledged batches again.",
            low=0,
            high=3600,
        ),
    ] = 20


class Row(Struct, frozen=True):
    """One setting as flags, environment, documentation and the start-up block need it."""

    name: str
    kind: Any
    """bool, int, str, Path or tuple."""
    default: Any
    setting: Setting

    @property
    def flag(self) -> str:
        """The flag of `apitrail serve`, as one types it."""
        dashed = self.name.replace("_", "-")
        return f"--{dashed}/--no-{dashed}" if self.kind is bool else f"--{dashed}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    def write(self, value: Any) -> str:
        """The value as a person would type it."""
        if self.kind is bool:
            return "yes" if value else "no"
        if self.kind is tuple:
            return ",".join(value)
        if self.setting.unit is _BYTES:
            return _write_size(value)
        return "" if value is None else str(value)

    def read(self, text: str, origin: str) -> Any:
        """The value of `text`. Raises Problem naming `origin` (the flag or variable) for what does not fit."""
        text = text.strip()
        if self.kind is bool:
            if text.lower() in _TRUE or text.lower() in _FALSE:
                return text.lower() in _TRUE
            raise Problem("is neither yes nor no", field=origin, value=text, fix="Write yes or no.")
        if self.kind is tuple:
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if self.kind is int:
            return None if not text and self.default is None else self._read_number(text, origin)
        if self.kind is Path:
            if not text:
                raise Problem("is empty", field=origin, fix="Name a folder.")
            return Path(text).expanduser()
        return text

    def _read_number(self, text: str, origin: str) -> int:
        sized = self.setting.unit is _BYTES
        match = _SIZE.fullmatch(text) if sized else re.fullmatch(r"(\d+)", text)
        low, high = self.setting.low or 0, self.setting.high
        write = self.write
        fits = f"from {write(low)}" if high is None else f"between {write(low)} and {write(high)}"
        if match is None:
            shape = "size such as 512MiB" if sized else "whole number"
            raise Problem(f"is not a {shape}", field=origin, value=text, fix=f"Give a {shape}, {fits}.")
        value = int(match[1]) * (_SIZE_UNITS[match[2].lower()] if sized else 1)
        if value < low or (high is not None and value > high):
            raise Problem("is out of range", field=origin, value=text, fix=f"Give a value {fits}.")
        return value


def rows() -> Iterator[Row]:
    """The table, in the order of `Settings`."""
    hints = get_type_hints(Settings, include_extras=True)
    for field in fields(Settings):
        kind, setting = get_args(hints[field.name])
        assert field.default is not NODEFAULT, field.name
        plain = int if kind == int | None else get_origin(kind) or kind
        yield Row(field.name, plain, field.default, setting)


def load(given: Mapping[str, object], environment: Mapping[str, str]) -> Settings:
    """The settings from flags (`given`: text as typed, or a bool, or a list of texts; None where not given) and the
    environment. Raises Problem for the first value that does not fit.
    """
    values: dict[str, Any] = {}
    for row in rows():
        flag = given.get(row.name)
        if isinstance(flag, bool):
            values[row.name] = flag
        elif isinstance(flag, list | tuple) and flag:
            values[row.name] = row.read(",".join(flag), row.flag)
        elif isinstance(flag, str):
            values[row.name] = row.read(flag, row.flag)
        elif row.variable in environment:
            values[row.name] = row.read(environment[row.variable], row.variable)
    return Settings(**values)


def workers(settings: Settings) -> int:
    """How many processes derive entries beside the server's own."""
    if settings.workers is not None:
        return settings.workers
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors if processors > 1 else 0


def changed(settings: Settings) -> list[tuple[str, str]]:
    """(name, value) of the settings that differ from their default, a password within a URL masked."""
    return [
        (row.name, re.sub(r"(://[^:/@]*:)[^@]*@", r"\1***@", row.write(getattr(settings, row.name))))
        for row in rows()
        if getattr(settings, row.name) != row.default
    ]


def as_markdown() -> str:
    """The table of docs/settings.md."""
    lines = []
    for row in rows():
        setting = row.setting
        shown = f"`{row.write(row.default)}`" if row.write(row.default) else "empty"
        lines += [f"### `{row.name}`", "", setting.about, ""]
        lines += [f"- Flag: `{row.flag}`, environment: `{row.variable}`", f"- Default: {shown} ({setting.unit})"]
        if setting.low is not None or setting.high is not None:
            low = f"from {row.write(setting.low)}" if setting.low is not None else ""
            high = f"up to {row.write(setting.high)}" if setting.high is not None else ""
            lines.append(f"- Allowed: {' '.join(part for part in (low, high) if part)}")
        lines.append(f"- At the limit: {setting.at_limit}")
        if setting.neighbour:
            lines.append(f"- See also: `{setting.neighbour}`")
        lines.append("")
    return "\n".join(lines)


def _write_size(value: int) -> str:
    for name, factor in _UNITS.items():
        if factor > 1 and value and value % factor == 0:
            return f"{value // factor}{name}"
    return str(value)
