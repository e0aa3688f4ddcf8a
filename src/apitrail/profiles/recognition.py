"""Whose exchange it is: by what the caller stated, by host, else by what only that platform sends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from apitrail.profiles.facts import Facts
from apitrail.profiles.routes import segments_of
from apitrail.profiles.schema import File, Recognise

_CAPTURE = re.compile(r"\{([a-z_]+)\}")


class _Signature:
    """What tells a platform on any host."""

    __slots__ = ("fields", "header", "name", "path", "query", "root", "value")

    def __init__(self, name: str, rule: Recognise) -> None:
        self.name = name
        self.path = tuple("" if part.startswith("{") else part for part in segments_of(rule.path.lower()))
        header, _, value = rule.header.partition(":")
        self.header = header.strip().lower()
        self.value = re.compile(value.strip(), re.IGNORECASE).search if value.strip() else None
        self.query = tuple(rule.query)
        self.root = rule.root
        self.fields = tuple(tuple(field.split(".")) for field in rule.fields)

    def fits(self, facts: Facts, segments: list[str]) -> bool:
        if self.path and not _within(self.path, segments):
            return False
        if self.header and not self._headed(facts):
            return False
        if self.query:
            query = facts.query()
            for name in self.query:
                if name not in query:
                    return False
        if self.fields:
            data = facts.request()[1]
            if not all(_holds(data, way) for way in self.fields):
                return False
        return not self.root or any(
            self.root in (_root(facts, side), facts.root(side)) for side in ("request", "response")
        )

    def _headed(self, facts: Facts) -> bool:
        for headers in (facts.request_headers(), facts.response_headers()):
            said = headers.get(self.header)
            if said is not None and (self.value is None or self.value(said) is not None):
                return True
        return False


def _holds(data: Any, way: tuple[str, ...]) -> bool:
    """Whether a body has a field, at the top or below."""
    for name in way:
        if type(data) is not dict or name not in data:
            return False
        data = data[name]
    return True


def _within(wanted: tuple[str, ...], segments: list[str]) -> bool:
    """Whether `wanted` follow each other somewhere in the path; an empty one is any segment."""
    for start in range(len(segments) - len(wanted) + 1):
        if all(not one or one == segments[start + at] for at, one in enumerate(wanted)):
            return True
    return False


def _root(facts: Facts, side: str) -> str:
    form, data = facts.request() if side == "request" else facts.response()
    return next(iter(data), "") if form == "xml" else ""


class Recognition:
    """Tables from hosts, path segments, headers and roots to platforms."""

    def __init__(self, files: Iterable[File]) -> None:
        self._hosts: dict[str, str] = {}
        self._patterns: list[tuple[str, str, str, str]] = []
        self._names: dict[str, str] = {}
        self._by_segment: dict[str, list[_Signature]] = {}
        self._by_header: dict[str, list[_Signature]] = {}
        self._others: list[_Signature] = []
        for file in files:
            self._add(file)

    def _add(self, file: File) -> None:
        for name in (file.name, file.label, *file.aliases):
            self._names.setdefault(fold(name), file.name)
        for host in file.hosts:
            found = _CAPTURE.search(host)
            if found is None:
                self._hosts[host.lower()] = file.name
            else:
                self._patterns.append((host[: found.start()].lower(), host[found.end() :].lower(), found[1], file.name))
        for rule in file.recognise:
            signature = _Signature(file.name, rule)
            literal = next((part for part in signature.path if part), "")
            if literal:
                self._by_segment.setdefault(literal, []).append(signature)
            elif signature.header:
                self._by_header.setdefault(signature.header, []).append(signature)
            else:
                self._others.append(signature)

    def named(self, name: str) -> str | None:
        """The profile of a platform by any of its names; case and punctuation do not matter."""
        return self._names.get(fold(name))

    def host(self, facts: Facts) -> str | None:
        """By host; sets what the host's pattern captured."""
        host = facts.host
        name = self._hosts.get(host)
        if name is None:
            for before, after, captured, owner in self._patterns:
                if host.startswith(before) and host.endswith(after) and len(host) > len(before) + len(after):
                    facts.captures[captured] = host[len(before) : len(host) - len(after)]
                    return owner
        return name

    def signature(self, facts: Facts) -> str | None:
        """By what only that platform sends."""
        segments = segments_of(facts.path.lower())
        for segment in segments:
            for signature in self._by_segment.get(segment, ()):
                if signature.fits(facts, segments):
                    return signature.name
        if self._by_header:
            for headers in (facts.request_headers(), facts.response_headers()):
                for name in headers:
                    for signature in self._by_header.get(name, ()):
                        if signature.fits(facts, segments):
                            return signature.name
        for signature in self._others:
            if signature.fits(facts, segments):
                return signature.name
        return None


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A platform's name without what people write differently: `T-Cat`, `tcat` and `T_CAT` are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
