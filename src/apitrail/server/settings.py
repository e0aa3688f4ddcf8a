"""Every setting of the server, in one table: its flag, its environment variable, its documentation and what the
start-up block prints all come from the annotations of `Settings` (see `settings_text`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from msgspec import Struct

from apitrail.store import MAX_SECONDS, MEMORY_LIMIT
from apitrail.store.retention import FOREVER, Keep

BYTES = "bytes, or with KiB, MiB, GiB, KB, MB, GB"
"""The unit of settings that are sizes."""


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
            "masked secrets, and the socket that the commands use. Created with mode 0700 if it is missing.",
            unit="folder",
            at_limit="One process owns it: a second one reports this and ends.",
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
            "the `?` for an authority of your own. User and password may be given in `APITRAIL_STORE_USER` and "
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
            about="A file with the key of the fingerprints of masked secrets, 32 bytes or as many in hex. Several "
            "servers on one log must have the same key. Empty: `fingerprint.key` in the data folder, made at the first "
            "start.",
            unit="file",
            at_limit="Without a readable key the server does not start. With another key, the same secret gets another "
            "fingerprint, and the same file imported again is stored again.",
            neighbour="store",
        ),
    ] = ""
    profiles: Annotated[
        str,
        Setting(
            about="A folder of platform profiles of your own, one subfolder per platform: they are added to the "
            "built-in ones, or replace those of the same name. Empty: only the built-in ones. See docs/profiles.md.",
            unit="folder",
            at_limit="If a profile cannot be used, the server does not start and names the file, the line and what to "
            "do. What is in the log stays as it was derived.",
        ),
    ] = ""
    link_templates: Annotated[
        tuple[str, ...],
        Setting(
            about="The addresses of pages in your own system, one for each type of source or reference: "
            "`order=https://erp.example/orders/{id}`, `ec_account=https://erp.example/shops/{id}`. `{merchant}` and "
            "`{platform}` may be used beside `{id}`. Used if neither the entry nor the registered integration has a "
            "link of its own.",
            unit="type=URL, separated by commas; a comma within a URL as %2C",
            at_limit="With an address that is not http or https, or has an unknown placeholder, the server does not "
            "start. If an entry has no {merchant} or {platform}, there is no link.",
        ),
    ] = ()
    durable: Annotated[
        bool,
        Setting(
            about="Acknowledge a batch only when it is on the disk (fsync), so that it survives a power cut. Without "
            "this, it survives the end of the process, but not of the machine.",
            unit="yes or no",
            at_limit="A batch waits for the disk before it is answered.",
            neighbour="data",
        ),
    ] = True
    memory: Annotated[
        int,
        Setting(
            about="How much memory the engine within the server may use.",
            unit=BYTES,
            at_limit="A query that needs more is ended, with the advice to narrow its dates; nothing is lost.",
            neighbour="in_flight",
            low=256 << 20,
        ),
    ] = MEMORY_LIMIT
    readers: Annotated[
        int,
        Setting(
            about="How many queries run at once.",
            unit="queries",
            at_limit="Further queries wait for their turn.",
            neighbour="memory",
            low=1,
            high=64,
        ),
    ] = 4
    workers: Annotated[
        int | None,
        Setting(
            about="How many worker processes derive entries. Each uses one core and about 50 MB. Empty: one per core, "
            "or none if there is only one core. 0: the server derives them itself, which needs the least memory.",
            unit="processes",
            at_limit="Further batches wait until a process is free; see `in_flight`.",
            neighbour="in_flight",
            low=0,
            high=256,
        ),
    ] = None
    keep_success_bodies: Annotated[
        int,
        Setting(
            about="How many days the bodies of successful calls are kept. The entry itself, its references and its "
            "headers are kept for `keep_entries` days.",
            unit="days",
            at_limit="Older bodies are removed, a whole day at once; the entry says that they have expired.",
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
            at_limit="The oldest day is removed as a whole. Whatever is pinned stays.",
            neighbour="keep_integration",
            low=1,
            high=FOREVER,
        ),
    ] = Keep().entries
    keep_integration: Annotated[
        tuple[str, ...],
        Setting(
            about="Different times for single integrations, in the order of the three settings above: "
            "`ec:shopee-tw-01=30/180/800`, `shipping:ups-main=7/30/400`.",
            unit="side:id=days/days/days, separated by commas",
            at_limit="An entry of two integrations is kept for the longer time.",
            neighbour="keep_entries",
        ),
    ] = ()
    disk_budget: Annotated[
        int,
        Setting(
            about="How much disk space the log may take; 0 for as much as there is. `apitrail stats` and the page "
            "Storage show when the budget will be reached.",
            unit=BYTES,
            at_limit="The oldest days are removed first, as a whole, and never today; whatever is pinned stays. The "
            "removals are shown.",
            neighbour="keep_entries",
            low=0,
        ),
    ] = 0
    query_seconds: Annotated[
        int,
        Setting(
            about="How long one query may take. Words in bodies over a long range take longest.",
            unit="seconds",
            at_limit="The query is ended, with the advice to narrow its dates (422).",
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
            at_limit="It holds the newest, and the page says how many are missing. Narrow the dates to get the others.",
            neighbour="query_seconds",
            low=1,
            high=10_000_000,
        ),
    ] = 100_000
    allow_host: Annotated[
        tuple[str, ...],
        Setting(
            about="Further host names by which a browser may read a loopback server without a token. Requests to "
            "other names are treated as an attack through the browser (DNS rebinding).",
            unit="host names, separated by commas",
            at_limit="A request to a name that is not listed needs a token.",
            neighbour="require_token",
        ),
    ] = ()
    require_token: Annotated[
        bool,
        Setting(
            about="Require a token for reading on a loopback address, too: for machines that several people use, and "
            "behind a proxy.",
            unit="yes or no",
            at_limit="Reading without a token or login is answered with 401.",
            neighbour="host",
        ),
    ] = False
    max_batch: Annotated[
        int,
        Setting(
            about="The largest batch that is accepted, both as sent and as unpacked.",
            unit=BYTES,
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
            unit=BYTES,
            at_limit="Further batches are answered with 429 and Retry-After; recorders keep them and send them again.",
            neighbour="max_batch",
            low=1 << 10,
        ),
    ] = 128 << 20
    stop_timeout: Annotated[
        int,
        Setting(
            about="How long a stopping server waits for requests that it is still working on.",
            unit="seconds",
            at_limit="What is still running is cut off; recorders send unacknowledged batches again.",
            low=0,
            high=3600,
        ),
    ] = 20


def workers(settings: Settings) -> int:
    """How many processes derive entries beside the server's own."""
    if settings.workers is not None:
        return settings.workers
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors if processors > 1 else 0
