"""Card numbers, by their issuers' first digits and the check digit (ISO/IEC 7812-1): no name is needed.

One in ten numbers of sixteen digits passes the check, and shops are full of such numbers. So digits that stand under
a name of the trade's identifiers (`order_id`, `tracking_number`) are none; written in groups they always are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.recorder.redaction.layers import Span
from apitrail.recorder.redaction.shapes import AFTER_ESCAPE
from apitrail.recorder.secrets import parts, words

_DIGITS = bytes.maketrans(b"123456789-", b"000000000 ")
_PLAIN, _BY_FOUR, _AMEX = b"0" * 15, b"0000 0000 0000 0000", b"0000 000000 00000"
_LONG = re.compile(rb"0{15,}+")
_ESCAPED = 5
"""Digits that an escape may end with, and one: behind `%22` and `\\u0022` a number begins that has more before it."""
_CARD = re.compile(
    rf"(?:(?<![\w.\-])|{AFTER_ESCAPE})"
    r"(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|35\d\d|6011|6[45]\d\d)"
    r"(?P<gap>[ \-]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{4}"
    r"|3[47]\d\d(?P<amex>[ \-]?)\d{6}(?P=amex)\d{5})(?![\w\-]|\.\d)",
    re.ASCII,
)
_QUOTE, _BLANK = r"(?:(?:\\{0,8}[\"'])|%2[27])?", r"(?:[ \t\r\n+]|%20)*+"
_NAME = re.compile(rf"([\w.\-]{{1,60}}+){_QUOTE}{_BLANK}(?::|=|>|%3[ADad]){_BLANK}{_QUOTE}\Z")
_BACK = 96
IDENTIFIERS = words(
    "id ids sn gid uid guid order orders tracking waybill parcel shipment consignment barcode gtin ean upc isbn jan "
    "sku item product variant listing serial invoice reference ref batch lot shop store seller time timestamp date "
    "created updated phone tel mobile nonce sequence msgid cursor offset"
)
"""Parts of names whose values are no cards."""


def spans(text: str) -> list[Span]:
    """Every card number in the text."""
    flat = text.encode("latin-1", "replace").translate(_DIGITS)
    if _PLAIN not in flat and _BY_FOUR not in flat and _AMEX not in flat:
        return []
    found = (_CARD.match(text, place) for place in _places(flat))
    return [
        Span(*match.span(), match[0])
        for match in found
        if match and checks(match[0]) and (match["gap"] or match["amex"] or not _identifies(text, match.start()))
    ]


def _places(flat: bytes) -> Iterator[int]:
    """Where a card's number may begin. To search for the number itself takes ten times as long: it looks back first."""
    for digits in _LONG.finditer(flat):
        yield from range(digits.start(), min(digits.start() + _ESCAPED, digits.end() - 14))
    for grouped in (_BY_FOUR, _AMEX):
        at = flat.find(grouped)
        while at >= 0:
            yield at
            at = flat.find(grouped, at + 1)


def checks(number: str) -> bool:
    """Whether the last digit is the right one for the others (Luhn)."""
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = (2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _identifies(text: str, at: int) -> bool:
    name = _NAME.search(text, max(0, at - _BACK), at)
    return name is not None and not IDENTIFIERS.isdisjoint(parts(name[1]))
