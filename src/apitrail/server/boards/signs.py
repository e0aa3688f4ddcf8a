"""One order, however its number is written: a shop's `#1001` is 1001 where a carrier is told of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from apitrail.store.trade import Latest, Mention

SIGN = "#"


def plain(number: str) -> str:
    """Without the sign."""
    return number.removeprefix(SIGN)


def ways(number: str) -> tuple[str, str]:
    """As it is written without the sign, and with it."""
    return plain(number), f"{SIGN}{plain(number)}"


def both_ways(wanted: Iterable[Latest]) -> list[Latest]:
    """Each number in both ways, once, in the order in which they come."""
    found: dict[tuple[str, str], Latest] = {}
    for one in wanted:
        for way in (one.id, *ways(one.id)):
            found.setdefault((one.type, way), Latest(one.type, way, one.last))
    return list(found.values())


def signed(mentions: Sequence[Mention]) -> list[Mention]:
    """The calls with the sign before each order's number that the same account writes with it elsewhere. A call that
    names no account means an order that has the sign, if there is one.
    """
    by: dict[str, set[str]] = {}
    for one in mentions:
        for number in {*one.orders, *one.of("order")}:
            if number.startswith(SIGN):
                by.setdefault(plain(number), set()).add(one.ec_integration)
    return [_signed(one, by) for one in mentions] if by else list(mentions)


def _signed(one: Mention, by: dict[str, set[str]]) -> Mention:
    def spelt(number: str) -> str:
        known = by.get(number)
        return f"{SIGN}{number}" if known and (not one.ec_integration or one.ec_integration in known) else number

    return replace(
        one,
        source_id=spelt(one.source_id) if one.source_type == "order" else one.source_id,
        references=tuple((kind, spelt(each) if kind == "order" else each) for kind, each in one.references),
        refused=tuple(map(spelt, one.refused)),
    )
