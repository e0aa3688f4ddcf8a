"""Pinned references, as the commands see them: through the socket in the data folder, or on an open folder."""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct

from apitrail.server.problems import Problem
from apitrail.store import Store
from apitrail.store.model import Pin

_REFERENCE = re.compile(r"([a-z_]{1,60}):(\S.{0,199})")
NOTE_LIMIT = 500


class PinWish(Struct):
    """What is to be kept, and why."""

    reference: str
    """`type:id`."""
    note: str = ""


class PinAnswer(Struct):
    """A pinned reference."""

    reference: str
    note: str
    pinned_at: datetime


class PinsAnswer(Struct):
    """All of them, oldest first."""

    pins: list[PinAnswer]


def listed(store: Store) -> PinsAnswer:
    """The pins."""
    return PinsAnswer([_answer(one) for one in store.pins()])


def put(store: Store, wish: PinWish) -> PinAnswer:
    """Pins a reference. Raises Problem for what is none."""
    kind, identity = _reference(wish.reference)
    if len(wish.note) > NOTE_LIMIT:
        raise Problem("is too long", field="note", value=len(wish.note), fix=f"Give at most {NOTE_LIMIT} characters.")
    return _answer(store.pin(kind, identity, wish.note))


def remove(store: Store, wish: PinWish) -> PinsAnswer:
    """Lets a reference go. Raises Problem for what is none or is not pinned."""
    if not store.unpin(*_reference(wish.reference)):
        raise Problem(
            "is not pinned",
            field="REFERENCE",
            value=wish.reference,
            fix="List the pins to see which are: apitrail pin list.",
            status=404,
        )
    return listed(store)


def _reference(text: str) -> tuple[str, str]:
    found = _REFERENCE.fullmatch(text.strip())
    if found is None or not found[2].isprintable():
        raise Problem(
            "is not a reference",
            field="REFERENCE",
            value=text,
            fix="Write it as type:id, like order:2611250CZ3ZJWF.",
        )
    return found[1], found[2]


def _answer(pin: Pin) -> PinAnswer:
    return PinAnswer(f"{pin.type}:{pin.id}", pin.note, pin.pinned_at)
