"""The host's own rules (`apitrail.Rule`), applied: where in a text they hide something.

They are written in letters, so they look at what is read of a view, `apitrail.recorder.redaction.reading`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

from apitrail.exchange import Exchange
from apitrail.recorder.redaction import walk
from apitrail.recorder.redaction.layers import JSON_STRING, Span, decode
from apitrail.recorder.redaction.pairs import host_of
from apitrail.recorder.redaction.reading import Reading
from apitrail.recorder.redaction.whose import Platforms
from apitrail.recorder.rules import Rule

_OF_ESCAPES = re.compile(r"%|\\\\u|&#")
"""In a pattern: it is one of escapes, and looks at them as they are written, too."""
_FIELD = re.compile(r"([^=&]*+)=([^&#]*+)")


class Applied:
    """The rules that apply to one exchange, in a form to be used."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.names: list[str] = []
        self.headers: set[str] = set()
        self.paths: list[walk.Path] = []
        self.patterns: list[re.Pattern[str]] = []
        self.functions: list[Callable[[Exchange], Exchange]] = []
        self.keep: set[str] | None = None
        for rule in rules:
            if rule.name is not None:
                self.names.append(rule.name)
            elif rule.header is not None:
                self.headers.add(rule.header.lower())
            elif rule.json_path is not None:
                self.paths.append(walk.compiled(rule.json_path))
            elif rule.pattern is not None:
                self.patterns.append(re.compile(rule.pattern))
            elif rule.function is not None:
                self.functions.append(rule.function)
            elif rule.keep is not None:
                self.keep = (self.keep or set()) | {name.lower() for name in rule.keep}

    def body(self, read: Reading, shape: str) -> list[Span]:
        """What these rules hide of a body."""
        found = self.text(read)
        text = read.text
        if shape == "json":
            found += read.placed(self._json(text))
        elif self.keep is not None:
            found += read.placed(self._form(text, 0) if shape == "form" else _whole(text))
        elif self.paths and text.lstrip()[:1] in ("{", "["):
            found += read.placed(self._json(text))
        return found

    def text(self, read: Reading) -> list[Span]:
        """What the patterns hide of any text."""
        found = []
        for pattern in self.patterns:
            found += read.placed(_met(pattern, read.text))
            if read.written is not read.text and _OF_ESCAPES.search(pattern.pattern):
                found += read.placed(_met(pattern, read.written), written=True)
        return found

    def url(self, read: Reading) -> list[Span]:
        """What these rules hide of a URL: patterns, and strictly its query."""
        query = read.text.find("?")
        strict = self._form(read.text, query + 1) if self.keep is not None and query >= 0 else []
        return self.text(read) + read.placed(strict)

    def hides_header(self, name: str, standard: frozenset[str]) -> bool:
        """Whether the whole value of this header is hidden."""
        folded = name.lower()
        if folded in self.headers:
            return True
        return self.keep is not None and folded not in self.keep and folded not in standard

    def _json(self, text: str) -> list[Span]:
        found: list[Span] = []
        if not self.paths and self.keep is None:
            return found
        for leaf in walk.leaves(text):
            named = any(walk.fits(path, leaf.path) for path in self.paths)
            strict = self.keep is not None and _name(leaf.path) not in self.keep
            value = text[leaf.start : leaf.end]
            if not (named or strict) or not value or (not leaf.quoted and value in ("true", "false", "null")):
                continue
            if "\\" in value:
                value = decode(text, leaf.start, leaf.end, JSON_STRING).text
            found.append(Span(leaf.start, leaf.end, value, "" if leaf.quoted else '"', echoes=named))
        return found

    def _form(self, text: str, start: int) -> list[Span]:
        found = []
        for pair in _FIELD.finditer(text, start):
            if pair[2] and unquote_plus(pair[1]).lower() not in (self.keep or ()):
                found.append(Span(*pair.span(2), pair[2], echoes=False))
        return found


class OwnRules:
    """All rules of a host."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._known: dict[tuple[bool, ...], Applied] = {}
        self._platforms: Platforms | None = None
        if any(rule.platform is not None for rule in self._rules):
            from apitrail.recorder.platforms import PLATFORMS  # most programs have no such rule

            self._platforms = Platforms(PLATFORMS)

    def applied(self, exchange: Exchange) -> Applied | None:
        """Those for this exchange; None where there is none."""
        if not self._rules:
            return None
        which = self._which(exchange)
        if not any(which):
            return None
        known = self._known.get(which)
        if known is None:
            chosen = [rule for rule, applies in zip(self._rules, which, strict=True) if applies]
            known = self._known[which] = Applied(chosen)
        return known

    def _which(self, exchange: Exchange) -> tuple[bool, ...]:
        stated = exchange.stated
        platforms = self._platforms
        at = platforms.of(host_of(exchange.url), (stated and stated.platform) or "") if platforms else set()
        accounts = {
            account.id
            for account in ((stated.ec_integration, stated.shipping_integration) if stated else ())
            if account is not None
        }
        return tuple(
            (rule.platform is None or platforms is None or platforms.named(rule.platform) in at)
            and (rule.integration is None or rule.integration in accounts)
            for rule in self._rules
        )


def _met(pattern: re.Pattern[str], text: str) -> list[Span]:
    group = 1 if pattern.groups else 0
    return [Span(*match.span(group), match[group]) for match in pattern.finditer(text) if match[group]]


def _whole(text: str) -> list[Span]:
    return [Span(0, len(text), text, echoes=False)] if text.strip() else []


def _name(path: list[str]) -> str:
    """The nearest key above a leaf: items of a list go by the list's."""
    return next((part.lower() for part in reversed(path) if not part.isdigit()), "")


def rules_of(value: Any) -> tuple[Rule, ...]:
    """A setting as rules. Raises ValueError for what is none, or cannot be applied."""
    rules = tuple(value)
    for rule in rules:
        if not isinstance(rule, Rule):
            raise ValueError(f"redact holds {type(rule).__name__}: give apitrail.Rule(…)")
        if rule.json_path is not None:
            walk.compiled(rule.json_path)
        if rule.pattern is not None:
            try:
                re.compile(rule.pattern)
            except re.error as error:
                raise ValueError(f"pattern {rule.pattern!r} is not a regular expression: {error}") from error
    return rules
