"""The filters that only the entries themselves tell: merchant, source, method, status, path, duration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apitrail.entry import Entry
from apitrail.exchange import Reference, Source
from apitrail.store import Filter, Store, Term

Make = Callable[..., Entry]

ADDRESS = "https://a.test/orders/Cancel?n=1"


@pytest.fixture
def ids(either: Store, make: Make) -> dict[str, str]:
    """The ids of three unlike entries, by name."""
    made = {
        "post": make(
            0,
            method="POST",
            url=ADDRESS,
            status=404,
            outcome="request_error",
            merchant="m-1",
            duration_ms=80.0,
            code="E-7",
        ),
        "slow": make(1, method="GET", status=200, source=Source("order", "A-1"), duration_ms=2500.0),
        "mute": make(2, method="GET", status=None, source=Source("shipment", "A-1"), duration_ms=1000.0),
    }
    either.write(list(made.values()))
    return {entry.id: name for name, entry in made.items()}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"method": ("POST",)}, ["post"]),
        ({"merchant": ("m-1", "m-2")}, ["post"]),
        ({"merchant": ("m-2",)}, []),
        ({"status": ("404",)}, ["post"]),
        ({"status": ("4xx", "none")}, ["mute", "post"]),
        ({"status": ("2xx",)}, ["slow"]),
        ({"source": ("A-1",)}, ["mute", "slow"]),
        ({"source": ("order:A-1",)}, ["slow"]),
        ({"duration_over": 1000.0}, ["slow"]),
        ({"path": ("/orders/cancel",)}, ["post"]),
        ({"path": ("N=1",)}, ["post"]),
        ({"path": ("a.test",)}, []),
        ({"code": ("E-7",)}, ["post"]),
        ({"code": ("e-7",)}, []),
        ({"code": ("none",)}, ["mute", "slow"]),
        ({"without": (("code", "E-7"),)}, ["mute", "slow"]),
        ({"without": (("path", "cancel"),)}, ["mute", "slow"]),
        ({"without": (("status", "none"), ("method", "POST"))}, ["slow"]),
        ({"without": (("merchant", "m-1"),)}, ["mute", "slow"]),
        ({"without": (("source", "order:A-1"),)}, ["mute", "post"]),
    ],
)
def test_each_narrows_the_list_and_the_counts_alike(
    either: Store, ids: dict[str, str], asked: dict[str, Any], names: list[str]
) -> None:
    which = Filter(**asked)
    assert [ids[row.id] for row in either.page(which).entries] == names
    assert sum(option.count for option in either.facets(which).outcome) == len(names)
    assert sum(sum(bar.outcomes.values()) for bar in either.histogram(which).bars) == len(names)


def test_failures_are_found_by_their_address_too(either: Store, make: Make) -> None:
    failed = make(0, url=ADDRESS, outcome="request_error", code="E-7")
    either.write([failed, make(1, url=ADDRESS), make(2, outcome="request_error")])
    which = Filter(path=("/orders/cancel", "/none"), code=("E-7",), outcome=("request_error", "platform_error"))
    assert [row.id for row in either.page(which).entries] == [failed.id]


def test_directions_are_counted(either: Store, make: Make) -> None:
    either.write([make(0), make(1, direction="inbound"), make(2, direction="inbound")])
    counted = either.facets(Filter(direction=("outbound",))).direction
    assert [(option.id, option.count) for option in counted] == [("inbound", 2), ("outbound", 1)]


@pytest.mark.parametrize(
    ("since", "until", "found"), [(0, 0, 1), (1, None, 0), (None, -1, 0), (-1, 1, 1), (-400_000, 400_000, 1)]
)
def test_what_is_looked_up_by_its_second_is_within_the_range_to_the_microsecond(
    either: Store, make: Make, since: int | None, until: int | None, found: int
) -> None:
    at = datetime(2026, 8, 1, 9, 30, 15, 400_000, UTC)
    either.write([make(at, references=[Reference("order", "A-100100")])])
    ends = {"since": since, "until": until}
    which: dict[str, Any] = {name: at + timedelta(microseconds=tick) for name, tick in ends.items() if tick is not None}
    for asked in (
        Filter(reference=("A-100100",), **which),
        Filter(text=(Term("A-100100", whole=True),), **which),
    ):
        assert len(either.page(asked).entries) == found
        assert sum(option.count for option in either.facets(asked).outcome) == found
