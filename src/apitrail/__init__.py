"""Apitrail: record every call to e-commerce platforms and carriers, and every webhook they send.

    import apitrail

    apitrail.configure(url="http://127.0.0.1:8700", token="…")
    apitrail.instrument()

    with apitrail.integration(ec="shopee-tw-01", name="Shopee TW", platform="shopee"):
        with apitrail.action("order.list", source=("ec_account", "shopee-tw-01")):
            client.get("https://partner.shopeemobile.com/api/v2/order/get_order_list")

Importing this costs msgspec and little else; what records is loaded by `configure` or `instrument`, else by the first
`record`. Call one of the two where the program starts, before it makes threads and forks.
Nothing here but `configure` and `instrument` raises: the recorder never breaks the program that it is in.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any

from apitrail.exchange import (
    Exchange,
    Failure,
    Integration,
    Message,
    Reference,
    Source,
    Stated,
)
from apitrail.recorder.context import action, bind, current, integration
from apitrail.recorder.losses import never_raise
from apitrail.recorder.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apitrail.recorder.context import AnyIntegration, AnyReference, AnySource
    from apitrail.recorder.process import Stats

__version__ = "0.1.0"

__all__ = [
    "Exchange",
    "Failure",
    "Integration",
    "Message",
    "Reference",
    "Rule",
    "Source",
    "Stated",
    "action",
    "bind",
    "configure",
    "current",
    "flush",
    "instrument",
    "integration",
    "not_sent",
    "record",
    "stats",
    "uninstrument",
]


def configure(
    url: str | None = None,
    token: str | None = None,
    *,
    spool: str | PathLike[str] | None = None,
    body_limit: int | None = None,
    body_edge: int | None = None,
    spool_limit: int | None = None,
    in_flight_limit: int | None = None,
    flush_at_exit: float | None = None,
    redact_names: Iterable[str] | None = None,
    redact: Iterable[Rule] | None = None,
    personal: bool | None = None,
    service: str | None = None,
    **more: Any,
) -> None:
    """Set the recorder up; what is not given comes from the environment, else from the defaults.

    Every setting with its unit, and what happens at its limit: `apitrail.recorder.settings.SETTINGS`; `more` are
    those of that table that are not named here. Without a url, exchanges wait in the spool for a process that has one.

    Raises ValueError naming the setting, its value and what would be right.
    """
    from apitrail.recorder import process

    given: dict[str, Any] = {
        "url": url,
        "token": token,
        "spool": spool,
        "body_limit": body_limit,
        "body_edge": body_edge,
        "spool_limit": spool_limit,
        "in_flight_limit": in_flight_limit,
        "flush_at_exit": flush_at_exit,
        "redact_names": redact_names,
        "redact": redact,
        "personal": personal,
        "service": service,
    }
    process.configure(given | more)


def instrument(*names: str) -> list[str]:
    """Record the calls of these client libraries, or of every supported one; returns their names.

    Without names: those that are imported already at once, the others when they are imported. A library named here
    is imported. Calling it again adds to what was instrumented.

    Raises ValueError for a name that is not supported, and ImportError for one that is not installed.
    """
    from apitrail.recorder import clients, process

    process.recorder()
    return clients.instrument(names)


def uninstrument(*names: str) -> None:
    """Put back what `instrument` replaced, of these or of all."""
    from apitrail.recorder import clients

    clients.uninstrument(names)


@never_raise
def record(exchange: Exchange) -> None:
    """Record a call that no hook can see: another protocol, another process, a library that is not supported.

    `id` and `recorder` are filled in where they are empty, as are the labels that hold here where `stated` is None.
    The exchange is taken as it is now: do not change it afterwards.
    """
    from apitrail.recorder import capture, process

    if exchange.stated is None and current() is not None:
        from msgspec.structs import replace

        exchange = replace(exchange, stated=current())
    if isinstance(capture.sink, capture.Nowhere):
        process.recorder()
    capture.sink.take(exchange)


@never_raise
def not_sent(
    action: str,
    reason: str,
    *,
    source: AnySource | None = None,
    references: Iterable[AnyReference] | None = None,
    ec: AnyIntegration | None = None,
    shipping: AnyIntegration | None = None,
    name: str | None = None,
    platform: str | None = None,
    merchant: str | None = None,
    method: str = "NONE",
    url: str = "not-sent:",
    body: bytes | str = b"",
) -> None:
    """Record a call that was decided against before it was sent: no address, an unmapped SKU, a paused account.

    It has no status and no answer; `reason` is what people will read. `method`, `url` and `body` are those that the
    call would have had, where they are known. Labels that hold here are taken where they are not given.
    """
    from msgspec.structs import replace

    from apitrail.recorder.context import action as acting
    from apitrail.recorder.context import integration as account

    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    accounts = account(ec=ec, shipping=shipping, name=name, platform=platform, merchant=merchant)
    with accounts, acting(action, source=source, references=references):
        stated = replace(current() or Stated(), not_sent=reason)
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time.time_ns() // 1000)
    record(Exchange(created_at=now, method=method, url=url, request=Message(body=content), stated=stated))


def flush(timeout: float = 10.0) -> bool:
    """Wait until the server has acknowledged all that was recorded before this call, by this host's processes.

    Without a url: until it is in the spool. False after `timeout` seconds, or where the spool cannot be written; then
    nothing is lost, it is sent later. What the server refuses counts as acknowledged, and as a loss.
    """
    from apitrail.recorder import process

    return bool(never_raise(process.recorder().flush)(timeout))


def stats() -> Stats:
    """What the recorder of this process has done: recorded, waiting, sent, lost and why."""
    from apitrail.recorder import process

    return process.recorder().stats()
