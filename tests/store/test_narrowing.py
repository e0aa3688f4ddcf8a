"""The filters that only the entries themselves tell: merchant, source, method, status, duration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apitrail.entry import Entry
from apitrail.exchange import Source
from apitrail.store import Filter, Store

Make = Callable[..., Entry]


@pytest.fixture
def ids(either: Store, make: Make) -> dict[str, str]:
    """The ids of three unlike entries, by name."""
    made = {
        "post": make(0, method="POST", status=404, merchant="m-1", duration_ms=80.0),
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


def test_directions_are_counted(either: Store, make: Make) -> None:
    either.write([make(0), make(1, direction="inbound"), make(2, direction="inbound")])
    counted = either.facets(Filter(direction=("outbound",))).direction
    assert [(option.id, option.count) for option in counted] == [("inbound", 2), ("outbound", 1)]
