"""Registered integrations: what was put last is read, and survives."""

from __future__ import annotations

from pathlib import Path

from apitrail.registration import Registration
from apitrail.store import open_store


def shop(identifier: str, side: str = "ec", **more: object) -> Registration:
    return Registration(id=identifier, side=side, platform="shopee", **more)  # type: ignore[arg-type]


def test_the_last_of_one_side_and_id_is_read_and_others_stay(tmp_path: Path) -> None:
    whole = shop(
        "1", name="茶 House", accounts=("7", "8"), hosts=("a.example",), merchant="M", link="https://erp.example/1",
        enabled=False, settings={"Stock": "每 5 分鐘"},
    )  # fmt: skip
    store = open_store(tmp_path)
    try:
        assert store.registrations() == []
        store.register([])
        store.register([shop("1", name="Old"), shop("2"), shop("1", "shipping")])
        for _ in range(3):
            store.register([shop("1", name="Between")])
            store.register([whole])
        assert store.registrations() == [whole, shop("2"), shop("1", "shipping")]
    finally:
        store.close()
    again = open_store(tmp_path)
    try:
        assert again.registrations() == [whole, shop("2"), shop("1", "shipping")]
    finally:
        again.close()
