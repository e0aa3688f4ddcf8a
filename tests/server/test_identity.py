"""Ids: UUIDv7 by the time of the call, made from the content where there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apitrail.exchange import Exchange
from apitrail.server.identity import Namer, milliseconds, time_of

AT = datetime(2026, 3, 9, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))


def exchange(**changes: object) -> Exchange:
    return Exchange(**{"created_at": AT, "method": "GET", "url": "https://a.test/", **changes})  # type: ignore[arg-type]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)))
def test_an_id_is_a_uuidv7_of_the_calls_time(at: datetime) -> None:
    name = Namer().name(exchange(created_at=at))
    made = UUID(name)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert time_of(name) == milliseconds(at)


def test_the_same_content_has_the_same_id() -> None:
    assert Namer().name(exchange()) == Namer().name(exchange())


def test_other_content_has_another_id() -> None:
    assert Namer().name(exchange()) != Namer().name(exchange(method="POST"))


def test_the_same_call_twice_in_a_file_has_two_ids_and_the_same_two_again() -> None:
    def names() -> list[str]:
        namer = Namer()
        return [namer.name(exchange()) for _ in range(3)]

    assert len(set(names())) == 3
    assert names() == names()
