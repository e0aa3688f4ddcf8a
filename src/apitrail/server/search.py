"""What a person types to find something, understood: the one language of the page, the API and the command line.

    260101ABCDEF12            an id: a whole word, in references and bodies; also with #, spaces, full-width digits,
                              and what labels it: 訂單編號：260101ABCDEF12, Order no. 260101ABCDEF12
    取號  timeout  2601*       any part of a body or of the platform's message
    "not in range"            exactly these words, in this order
    outcome:platform_error    a filter; `order:A-1001` is a reference of that type
    status:4xx  duration:>2s  a hundred of statuses (or `none`), calls that took longer
    path:/orders/cancel       a part of the address, after its host
    code:120202               the platform's own code, exactly (or `none`)
    -timeout  -action:stock.push   without

Nothing that is not understood is left out in silence: it is a `Misunderstood` that says why.
"""

from __future__ import annotations

import re
from typing import get_args

from msgspec import Struct

from apitrail.entry import Cause, Outcome
from apitrail.exchange import Direction
from apitrail.server.pasted import spaced, unlabelled, without
from apitrail.store.model import Term
from apitrail.store.widths import folded, half

FIELDS = {
    "action": "action",
    "ec": "ec_integration",
    "ec_integration": "ec_integration",
    "shipping": "shipping_integration",
    "shipping_integration": "shipping_integration",
    "outcome": "outcome",
    "platform": "platform",
    "cause": "cause",
    "direction": "direction",
    "merchant": "merchant",
    "source": "source",
    "method": "method",
    "status": "status",
    "path": "path",
    "code": "code",
    "reference": "reference",
}
"""What may stand before a colon, and the filter that it means."""
CLOSED: dict[str, tuple[str, ...]] = {
    "outcome": get_args(Outcome),
    "cause": get_args(Cause),
    "direction": get_args(Direction),
}
"""Filters that have these values and no others."""
REFERENCE_TYPES = (
    "order",
    "order_line",
    "shipment",
    "tracking",
    "package",
    "label",
    "sku",
    "product",
    "variant",
    "customer",
    "return",
    "refund",
    "pickup",
    "invoice",
    "request",
    "job",
    "batch",
    "transaction",
    "webhook",
    "manifest",
    "delivery",
    "rate",
    "location",
    "store",
    "fulfillment",
)
"""Types of references that may stand before a colon too. Others are written `reference:TYPE:ID`."""

TEXT_MAX = 500
TERMS_MAX = 12

_QUOTES = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "「": '"', "」": '"', "『": '"', "』": '"', "«": '"', "»": '"', "＂": '"'}
)
_PART = re.compile(r'(?P<without>-?)(?:(?P<field>[^\s":]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
STATUS = re.compile("[1-5]xx|[1-9][0-9]{2}|none")
_DURATION = re.compile(r">?([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m)?")
_MS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0}
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]*")
_SPELT = {"method": str.upper, "status": str.lower}
_KNOWN = frozenset((*FIELDS, "duration", *REFERENCE_TYPES))
"""What means a filter by whatever colon; anything else only by a half-width one: 系統錯誤：連線逾時 is text."""
_APART = re.compile(rf"(?<![^\s-])(?:{'|'.join(_KNOWN)}):(?P<off>\s+)(?=\S)", re.IGNORECASE)
_SIGN_APART = re.compile(r"#(?P<off>\s+)")
_EDGES = " \t,;.!?，。、；．！？"
_AS_TYPED = ("ec_integration", "shipping_integration", "merchant", "source", "reference")
"""Filters of ids: these are looked for in the width in which they were typed."""


class Misunderstood(Struct, frozen=True):
    """A part of the line, why it says nothing, and what to write instead."""

    part: str
    reason: str
    fix: str
    kind: str = ""
    """What is wrong, in a word: for who says it in another language."""
    names: str = ""
    """What could stand there instead, where that is a list; else a number that was exceeded, or a field."""


class Search(Struct, frozen=True, kw_only=True):
    """A line, understood."""

    text: tuple[Term, ...] = ()
    chosen: dict[str, tuple[str, ...]] = {}
    """Values by filter."""
    without: tuple[tuple[str, str], ...] = ()
    duration_over: float | None = None
    """Milliseconds."""
    misunderstood: tuple[Misunderstood, ...] = ()


def read(line: str) -> Search:
    """The line, understood as far as it can be."""
    return _Reader(line).read()


def written(found: Search) -> str:
    """The line that means the text and what must not be there; not what is chosen, which filters show better."""
    parts = [("-" if term.excluded else "") + _written(term) for term in found.text]
    parts += [f"-{field}:{_quoted(value)}" for field, value in found.without]
    return " ".join(parts)


def milliseconds(text: str) -> float | None:
    """A duration as one types it: `1500`, `1.5s`, `>2m`; None for what is none."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _MS[match[2] or "ms"] if match else None


def _written(term: Term) -> str:
    return term.value if read(term.value).text == (Term(term.value, whole=term.whole),) else f'"{term.value}"'


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"\s", value) else value


class _Reader:
    def __init__(self, line: str) -> None:
        self._typed = without(unlabelled(line.translate(_QUOTES).strip()), _SIGN_APART)
        self._text: list[Term] = []
        self._chosen: dict[str, tuple[str, ...]] = {}
        self._without: list[tuple[str, str]] = []
        self._over: float | None = None
        self._wrong: list[Misunderstood] = []

    def read(self) -> Search:
        line = self._typed
        if len(line) > TEXT_MAX:
            reason = f"is longer than {TEXT_MAX} characters"
            self._not(line[:40] + "…", reason, "Look for less at once.", "long", str(TEXT_MAX))
        elif line.count('"') % 2:
            part = line[line.rindex('"') :]
            self._not(part, "has a quotation mark that is not closed", 'Write "these words".', "open_quote")
        elif number := spaced(line):
            self._text.append(Term(number, whole=True))
        else:
            self._typed = without(line, _APART)
            for match in _PART.finditer(half(self._typed)):
                self._part(match)
        if len(self._text) > TERMS_MAX:
            reason = f"has more than {TERMS_MAX} words"
            self._not(line[:40] + "…", reason, "Look for fewer, or put them in quotes.", "many", str(TERMS_MAX))
        return Search(
            text=tuple(dict.fromkeys(self._text)),
            chosen=self._chosen,
            without=tuple(dict.fromkeys(self._without)),
            duration_over=self._over,
            misunderstood=tuple(self._wrong),
        )

    def _not(self, part: str, reason: str, fix: str, kind: str, names: str = "") -> None:
        self._wrong.append(Misunderstood(part, reason, fix, kind, names))

    def _part(self, match: re.Match[str]) -> None:
        """A part of the line as it is in half width; what was typed stands at the same place."""
        part, phrase, word = (self._at(match, name) for name in (0, "phrase", "word"))
        field, without = match["field"], bool(match["without"])
        if field is not None and self._is_text(match):
            begin = self._typed[match.start("field") : match.end("field") + 1]
            self._word(part, begin + word, without)
        elif field is not None:
            self._field(part, field.lower(), phrase or word, without)
            return
        elif word:
            self._word(part, word, without)
        if match["phrase"] is not None:
            self._phrase(part, phrase, without)

    def _at(self, match: re.Match[str], name: str | int) -> str:
        return self._typed[slice(*match.span(name))] if match[name] is not None else ""

    def _is_text(self, match: re.Match[str]) -> bool:
        """Whether what stands before a colon is no field: 12:30, https://…, 錯誤：逾時."""
        known = match["field"].lower() in _KNOWN
        full_width = self._typed[match.end("field")] != ":"
        return match["field"].isdigit() or (match["word"] or "").startswith("//") or (full_width and not known)

    def _phrase(self, part: str, phrase: str, without: bool) -> None:
        if not phrase.strip():
            reason = "has nothing between its quotation marks"
            self._not(part, reason, "Write words there, or leave them out.", "empty_quotes")
        else:
            self._text.append(Term(phrase, excluded=without))

    def _word(self, part: str, word: str, without: bool) -> None:
        plain = word.strip(_EDGES)
        plain = plain[1:] if plain[:1] in ("#", "＃") else plain
        stars = plain.strip("*＊")
        if not stars.strip("-－"):
            self._not(part, "is not a word", "Write what to look for after it.", "no_word")
        elif "*" in stars:
            self._not(part, "has a * within", "Put * before or after a part of a word only.", "star")
        else:
            whole = stars == plain and bool(_ID.fullmatch(half(plain))) and any(char.isdigit() for char in plain)
            self._text.append(Term(stars, whole=whole, excluded=without))

    def _field(self, part: str, field: str, value: str, without: bool) -> None:
        if field == "duration":
            self._duration(part, value, without)
            return
        name = FIELDS.get(field)
        if name is None and field in REFERENCE_TYPES:
            name, value = "reference", f"{field}:{value[1:] if value[:1] in ('#', '＃') else value}"
        if name not in _AS_TYPED:
            value = folded(value)
        if name is None:
            known = ", ".join((*FIELDS, *REFERENCE_TYPES))
            reason = f"begins with {field}: which is not a filter"
            self._not(part, reason, f'One of {known}; or put it in quotes: "{part}".', "no_filter", ", ".join(FIELDS))
        elif name in CLOSED and value not in CLOSED[name]:
            self._not(part, f"is no {name}", f"One of: {', '.join(CLOSED[name])}.", "no_value", ", ".join(CLOSED[name]))
        elif name == "status" and not STATUS.fullmatch(value.lower()):
            self._not(part, "is not a status", "Like 404, 4xx, or none.", "no_value", "404, 4xx, none")
        elif without:
            self._without.append((name, _SPELT.get(name, str)(value)))
        else:
            value = _SPELT.get(name, str)(value)
            self._chosen[name] = tuple(dict.fromkeys((*self._chosen.get(name, ()), value)))

    def _duration(self, part: str, value: str, without: bool) -> None:
        over = milliseconds(folded(value))
        if over is None or without:
            self._not(part, "is not a duration", "Like duration:>2s or duration:>500ms.", "no_value", ">2s, >500ms")
        else:
            self._over = over
