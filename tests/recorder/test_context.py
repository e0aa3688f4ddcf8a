"""Labels: nesting, decorators, tasks, threads, and that they never fail the host."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

import apitrail
from apitrail import Integration, Reference, Source, Stated
from apitrail.recorder import losses


@pytest.fixture(autouse=True)
def fresh_ledger() -> None:
    losses.begin_anew()


def action_now() -> str | None:
    stated = apitrail.current()
    return stated.action if stated is not None else None


def test_there_is_nothing_outside() -> None:
    assert apitrail.current() is None


def test_inner_wins_field_by_field_and_inherits_the_rest() -> None:
    with (
        apitrail.integration(ec="shop-1", name="Shop", platform="shopee", merchant="M1"),
        apitrail.action("order.list", source=("ec_account", "shop-1"), references=[("order", "1")]),
    ):
        with apitrail.action("order.get", source=("order", "1", "#1", "https://oms.example/1")):
            assert apitrail.current() == Stated(
                action="order.get",
                platform="shopee",
                ec_integration=Integration("shop-1", "Shop"),
                merchant="M1",
                source=Source("order", "1", "#1", "https://oms.example/1"),
                references=[Reference("order", "1")],
            )
        with apitrail.integration(merchant="M2"):
            stated = apitrail.current()
            assert stated is not None
            assert (stated.merchant, stated.platform, stated.action) == ("M2", "shopee", "order.list")
        assert action_now() == "order.list"
    assert apitrail.current() is None


def test_another_account_does_not_inherit_the_platform() -> None:
    with apitrail.integration(ec="shop-1", platform="shopee"), apitrail.integration(shipping="ups-1"):
        stated = apitrail.current()
    assert stated is not None
    assert stated.platform is None
    assert stated.ec_integration == Integration("shop-1")
    assert stated.shipping_integration == Integration("ups-1")


def test_accounts_sources_and_references_come_in_several_forms() -> None:
    with (
        apitrail.integration(ec=("shop-1", "Shop"), shipping=Integration("ups-1", "UPS")),
        apitrail.action("label.create", source=Source("order", "1"), references=[Reference("sku", "A"), ("order", 7)]),
    ):
        stated = apitrail.current()
    assert stated is not None
    assert stated.ec_integration == Integration("shop-1", "Shop")
    assert stated.shipping_integration == Integration("ups-1", "UPS")
    assert stated.source == Source("order", "1")
    assert stated.references == [Reference("sku", "A"), Reference("order", "7")]


def test_an_error_inside_passes_and_the_labels_end() -> None:
    with pytest.raises(KeyError, match="theirs"), apitrail.action("order.get"):
        raise KeyError("theirs")
    assert apitrail.current() is None


def test_a_scope_may_be_entered_again_while_it_is_entered() -> None:
    scope = apitrail.action("outer")
    with scope:
        with apitrail.action("inner"), scope:
            assert action_now() == "outer"
        assert action_now() == "outer"
    assert apitrail.current() is None


def test_a_function_keeps_its_name_and_gets_its_labels() -> None:
    @apitrail.action("order.get")
    def fetch(number: int) -> tuple[int, str | None]:
        """Docs."""
        return number, action_now()

    assert fetch(3) == (3, "order.get")
    assert (fetch.__name__, fetch.__doc__) == ("fetch", "Docs.")
    assert apitrail.current() is None


def test_an_async_function_stays_one_and_keeps_its_labels_over_awaits() -> None:
    @apitrail.action("order.get")
    async def fetch() -> str | None:
        await asyncio.sleep(0)
        return action_now()

    assert inspect.iscoroutinefunction(fetch)
    assert asyncio.run(fetch()) == "order.get"


def test_a_generator_has_its_labels_and_its_consumer_has_its_own() -> None:
    seen: list[str | None] = []

    @apitrail.action("order.list")
    def pages() -> Generator[str | None, str, str]:
        got = yield action_now()
        seen.append(got)
        try:
            yield action_now()
        except ValueError:
            seen.append(action_now())
            yield "caught"
        return "done"

    with apitrail.action("consumer"):
        walking = pages()
        assert next(walking) == "order.list"
        assert action_now() == "consumer"
        assert walking.send("sent") == "order.list"
        assert walking.throw(ValueError()) == "caught"
        with pytest.raises(StopIteration) as stopped:
            next(walking)
        assert stopped.value.value == "done"
        assert action_now() == "consumer"
    assert seen == ["sent", "order.list"]


def test_a_generator_that_is_closed_early_cleans_up_under_its_labels() -> None:
    seen: list[str | None] = []

    @apitrail.action("order.list")
    def pages() -> Generator[int, None, None]:
        try:
            yield 1
            yield 2
        finally:
            seen.append(action_now())

    walking = pages()
    next(walking)
    walking.close()
    assert seen == ["order.list"]
    assert apitrail.current() is None


def test_an_async_generator_has_its_labels_and_its_consumer_has_its_own() -> None:
    @apitrail.action("order.list")
    async def pages() -> AsyncGenerator[str | None, None]:
        yield action_now()
        await asyncio.sleep(0)
        yield action_now()

    async def consuming() -> list[tuple[str | None, str | None]]:
        return [(page, action_now()) async for page in pages()]

    assert asyncio.run(consuming()) == [("order.list", None)] * 2


def test_tasks_have_labels_of_their_own_and_inherit_those_they_began_under() -> None:
    async def one(number: int) -> tuple[str | None, str | None]:
        with apitrail.action(f"action.{number}"):
            await asyncio.sleep(0)
            stated = apitrail.current()
            assert stated is not None
            return stated.action, stated.platform

    async def several() -> list[tuple[str | None, str | None]]:
        with apitrail.integration(platform="momo"):
            return await asyncio.gather(*map(one, range(5)))

    assert asyncio.run(several()) == [(f"action.{number}", "momo") for number in range(5)]


def test_threads_start_without_labels_and_bind_carries_them() -> None:
    with ThreadPoolExecutor(4) as pool, apitrail.action("stock.push"):
        assert pool.submit(action_now).result() is None
        bound = apitrail.bind(lambda number: (number, action_now()))
        assert list(pool.map(bound, range(20))) == [(number, "stock.push") for number in range(20)]
        assert pool.submit(action_now).result() is None


def test_bind_keeps_the_labels_of_where_it_was_called() -> None:
    with apitrail.action("then"):
        bound = apitrail.bind(action_now)
    with apitrail.action("now"):
        assert bound() == "then"
        assert action_now() == "now"


def test_bind_outside_of_any_labels_carries_none() -> None:
    bound = apitrail.bind(action_now)
    with apitrail.action("now"):
        assert bound() is None


@pytest.mark.parametrize(
    "source", [(), ("order",), ("order", None), ("order", ""), 5, "abc", ("a", "b", "c", "d", "e"), [None, None]]
)
def test_a_source_that_cannot_be_used_is_left_out_and_counted(source: Any) -> None:
    with apitrail.action("label.create", source=source):
        assert apitrail.current() == Stated(action="label.create")
    assert losses.ledger.counts() == {"label_ignored": 1}


def test_labels_that_are_too_long_are_cut_to_what_the_server_takes() -> None:
    with apitrail.integration(ec="x" * 500, merchant="m" * 500), apitrail.action("a" * 500):
        stated = apitrail.current()
    assert stated is not None
    assert stated.ec_integration is not None
    assert {len(stated.ec_integration.id), len(stated.merchant or ""), len(stated.action or "")} == {200}


def test_the_structs_are_cut_and_made_text_as_other_forms_are_for_what_is_refused_is_lost() -> None:
    long: Any = "x" * 500
    number: Any = 987
    account = Integration(long, long)
    source, reference = Source("order", number, long, f"https://erp.example/{long * 5}"), Reference(long, number)
    with apitrail.integration(ec=account), apitrail.action("order.get", source=source, references=[reference]):
        stated = apitrail.current()
    assert stated is not None
    assert msgspec.convert(msgspec.to_builtins(stated), Stated) == stated
    assert stated.source is not None
    assert (stated.source.id, stated.references) == ("987", [Reference("x" * 200, "987")])
    assert losses.ledger.counts() == {}


def test_a_label_whose_text_fails_is_left_out() -> None:
    class Failing:
        def __str__(self) -> str:
            raise RuntimeError("theirs")

    with apitrail.integration(platform=Failing()):  # type: ignore[arg-type]
        assert apitrail.current() == Stated()
    assert losses.ledger.counts() == {"label_ignored": 1}
