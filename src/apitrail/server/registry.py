"""The registered integrations: kept in the store, checked when they are put, and at hand for each batch and page."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from apitrail.profiles import Profiles, Registered
from apitrail.recorder.redact import Redactor
from apitrail.registration import Registration
from apitrail.server.batch import place_of
from apitrail.server.problems import Problem
from apitrail.store import Store, StoreError

log = logging.getLogger("apitrail.server")

REFRESH_S = 1.0
"""How long a registration that another process made may stay unnoticed."""
MANY = 10_000
"""Integrations of one request."""
BODY_LIMIT = 16 << 20
"""Bytes of one request."""

_HOST = re.compile(r"[\w-]+(\.[\w-]+)*")


class RegistrationWish(Registration, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An integration to register. It replaces an integration with the same `side` and `id`."""


class RegistrationsWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Integrations to register. Others stay as they are."""

    integrations: list[RegistrationWish]


class RegistrationsAnswer(Struct, frozen=True):
    """Registered integrations."""

    integrations: list[Registration]


class Registry:
    """What is registered, read from the store at most once per `REFRESH_S`. Safe to call from many threads."""

    def __init__(self, store: Store, profiles: Profiles, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._profiles = profiles
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._known: list[Registration] = []
        self._table: Registered | None = None

    def current(self) -> Registered:
        """The table as it is now. While the store does not answer, the last one that is known; raises StoreError
        where none is."""
        table = self._table
        if table is not None and self._fresh():
            return table
        # Only the first has to wait for the store: the others go on with what was known a second ago.
        if not self._lock.acquire(blocking=table is None):
            assert table is not None
            return table
        try:
            if self._table is not None and self._fresh():
                return self._table
            return self._refresh()
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Read anew on the next use: something was registered here."""
        with self._lock:
            self._read_at = None

    def _fresh(self) -> bool:
        return self._read_at is not None and self._clock() - self._read_at < REFRESH_S

    def _refresh(self) -> Registered:
        began = self._clock()
        try:
            found = self._store.registrations()
        except StoreError as error:
            if self._table is None:
                raise
            log.warning("the registered integrations cannot be read, so the last known are used: %s", error)
            self._read_at = began
            return self._table
        if self._table is None or found != self._known:
            self._table = self._profiles.registered(found)
            self._known = found
        self._read_at = began  # before the read: what is registered meanwhile is read again
        return self._table


def read_wishes(data: bytes) -> list[RegistrationWish]:
    """The integrations of a JSON document. Raises Problem naming the field that cannot be."""
    try:
        wishes = msgspec.json.decode(data, type=RegistrationsWish).integrations
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        field, reason = place_of(error)
        raise Problem(
            reason,
            field=field,
            fix='Send {"integrations": [{"id": "42", "side": "ec", "platform": "shopee", "accounts": ["123"]}]}; '
            "/docs has every field.",
        ) from error
    if len(wishes) > MANY:
        raise Problem(
            "are too many at once", field="$.integrations", value=len(wishes), fix=f"Send at most {MANY} at a time."
        )
    return wishes


def register(store: Store, redactor: Redactor, wishes: Sequence[RegistrationWish]) -> RegistrationsAnswer:
    """Keeps all of them or, where one cannot be, none. Raises Problem naming the field, StoreError."""
    checked = [_checked(f"$.integrations[{index}]", wish, redactor) for index, wish in enumerate(wishes)]
    seen: dict[tuple[str, str], int] = {}
    for index, one in enumerate(checked):
        first = seen.setdefault((one.side, one.id), index)
        if first != index:
            raise Problem(
                f"is that of $.integrations[{first}] too",
                field=f"$.integrations[{index}].id",
                value=one.id,
                fix="Name each integration once.",
            )
    store.register(checked)
    return RegistrationsAnswer(checked)


def registered(store: Store) -> RegistrationsAnswer:
    """All of them."""
    return RegistrationsAnswer(store.registrations())


def _checked(place: str, wish: RegistrationWish, redactor: Redactor) -> Registration:
    """The wish as it is kept: hosts in lower case, secrets among the settings masked."""
    for name in ("id", "name", "platform", "merchant"):
        _printable(f"{place}.{name}", getattr(wish, name))
    for index, account in enumerate(wish.accounts):
        if not account.strip() or account != account.strip():
            raise Problem(
                "is empty or has spaces around it",
                field=f"{place}.accounts[{index}]",
                value=account,
                fix="Write the account's id as the platform does.",
            )
    if wish.link and not (wish.link.lower().startswith(("https://", "http://")) and wish.link.isprintable()):
        raise Problem(
            "is not a web address",
            field=f"{place}.link",
            value=wish.link,
            fix="Write it as https://erp.example/shops/42.",
        )
    fields: dict[str, Any] = asdict(wish)
    fields["hosts"] = tuple(_host(f"{place}.hosts[{index}]", host) for index, host in enumerate(wish.hosts))
    fields["settings"] = {
        name: redactor.mask(value) if redactor.is_secret(name) else value for name, value in wish.settings.items()
    }
    return Registration(**fields)


def _host(place: str, host: str) -> str:
    name = host.strip().lower().rstrip(".")
    if not _HOST.fullmatch(name):
        raise Problem(
            "is not a host name", field=place, value=host, fix="Write it as shop.example: no scheme, no port, no path."
        )
    return name


def _printable(place: str, text: str) -> None:
    if not text.isprintable() or text != text.strip():
        raise Problem(
            "has spaces around it, or is not printable", field=place, value=text, fix="Write it as people read it."
        )
