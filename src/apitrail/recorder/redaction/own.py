"""The host's own rules (`apitrail.Rule`), applied: where in a text they hide something."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from apitrail.exchange import Exchange
from apitrail.recorder.redaction import walk
from apitrail.recorder.redaction.layers import Span
from apitrail.recorder.rules import Rule


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

    def body(self, text: str, shape: str) -> list[Span]:
        """What these rules hide of a body, seen as text."""
        found = self.text(text)
        if shape == "json":
            found += self._json(text)
        elif self.keep is not None:
            found += self._form(text, 0) if shape == "form" else _whole(text)
        elif self.paths and text.lstrip()[:1] in ("{", "["):
            found += self._json(text)
        return found

    def text(self, text: str) -> list[Span]:
        """What the patterns hide of any text."""
        found = []
        for pattern in self.patterns:
            group = 1 if pattern.groups else 0
            for match in pattern.finditer(text):
                start, end = match.span(group)
                if end > start:
                    found.append(Span(start, end, match[group]))
        return found

    def url(self, text: str) -> list[Span]:
        """What these rules hide of a URL: patterns, and strictly its query."""
        query = text.find("?")
        strict = self._form(text, query + 1) if self.keep is not None and query >= 0 else []
        return self.text(text) + strict

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
            found.append(Span(leaf.start, leaf.end, value, "" if leaf.quoted else '"', echoes=named))
        return found

    def _form(self, text: str, start: int) -> list[Span]:
        found = []
        for pair in re.compile(r"([^=&]*+)=([^&#]*+)").finditer(text, start):
            if pair[2] and pair[1].lower() not in (self.keep or ()):
                found.append(Span(*pair.span(2), pair[2], echoes=False))
        return found


class OwnRules:
    """All rules of a host."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._known: dict[tuple[bool, ...], Applied] = {}

    def applied(self, exchange: Exchange) -> Applied | None:
        """Those for this exchange; None where there is none."""
        if not self._rules:
            return None
        which = tuple(rule.applies(exchange) for rule in self._rules)
        if not any(which):
            return None
        known = self._known.get(which)
        if known is None:
            chosen = [rule for rule, applies in zip(self._rules, which, strict=True) if applies]
            known = self._known[which] = Applied(chosen)
        return known


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
